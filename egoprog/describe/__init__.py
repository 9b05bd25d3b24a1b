"""The five extractors and the text H_IC that they make."""
