"""Models that are not ours: a Python function, an ONNX file, a command or a server on this machine reads faces.

A model gets pictures and nothing else: not the labels, not the attributes, not even the pictures' own names. What it
answers is not trusted: every answer is held against what an answer can be before it becomes a row of predictions.
"""
