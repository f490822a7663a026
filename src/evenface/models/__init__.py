"""Models: what reads an expression from a face."""
