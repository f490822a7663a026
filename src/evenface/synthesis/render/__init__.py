"""Render: from a table of faces to their pictures.

The route of a batch: parameters -> heads (`mesh.py`) -> what is built around them (`scene.py`) -> camera (`camera.py`)
-> which triangle each sample sees, and which the light meets first (`raster.py`) -> light of each sample (`shade.py`)
-> pixels, with what a camera does to them (`photo.py`).
"""
