"""Generators: descriptions of clips in, programs out."""
