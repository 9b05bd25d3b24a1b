"""What people say of generated pictures: a page that asks them, and what comes out of their answers."""
