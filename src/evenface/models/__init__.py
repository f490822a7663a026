"""Models: what reads an expression from a face. Nets that can be trained are in `nets`."""
