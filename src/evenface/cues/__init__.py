"""Cues: what can be read from a face. This page is THE TABLE of them.

A cue reads chips, or clips of chips, and gives named channels, whether each face could be read, and how sure it is. A
new cue is one file and one line (CONTRIBUTING.md#cue).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenface.core.registry import Registry

if TYPE_CHECKING:
    from evenface.cues._cue import Cue

#: Name -> the class of a cue, which is made without arguments.
CUES: Registry[type[Cue]] = Registry(
    "cue",
    {
        "macro": "evenface.cues.macro:Macro",
        "macro_full": "evenface.cues.macro:MacroFull",
        "image_features": "evenface.cues.image_features:ImageFeatures",
        "action_units": "evenface.cues.action_units:ActionUnits",
        "micro": "evenface.cues.micro:Micro",
        "micro_plus": "evenface.cues.micro:MicroPlus",
        "head_pose": "evenface.cues.head_pose:HeadPose",
        "gaze": "evenface.cues.gaze:Gaze",
        "geometry": "evenface.cues.geometry:Geometry",
        "vgg11": "evenface.cues.vgg11:VGG11",
        "squeezenet": "evenface.cues.squeezenet:SqueezeNet",
    },
    hint="Add one: CONTRIBUTING.md#cue",
)
DOWNLOADED = ("vgg11", "squeezenet")
"""Cues whose weights torchvision must download."""
DEFAULT = tuple(name for name in CUES if name not in DOWNLOADED)
"""Cues that are read where none is named."""
