"""Training of any network: one process or many, resumable at any moment, with a record of how it went."""
