"""The program language: types, parser, printer, JSON and flattening."""
