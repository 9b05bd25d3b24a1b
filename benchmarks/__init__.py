"""Figures: `python -m benchmarks`."""
