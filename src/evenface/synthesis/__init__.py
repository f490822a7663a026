"""Faces we control: 3D faces whose every parameter is set, drawn as images, with the truth about each in a table."""
