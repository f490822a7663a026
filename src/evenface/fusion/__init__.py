"""Fusion: from what several cues say of a face to one answer, with the weight each cue got; and studies of transfer.

The weight of a cue is what a fusion gave it. Whether the answer rests on it is another question; deletion asks it.
"""
