"""Asking how, and seeing the frame in which it is done (LEGO)."""
