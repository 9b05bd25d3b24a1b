"""egoprog: egocentric video in, action programs out."""

__version__ = "0.1.0"
