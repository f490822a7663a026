"""The table of detectors: name -> "module:Class". A class takes no arguments and is a `faces.face.Detector`."""

from evenface.core.registry import Registry
from evenface.faces.face import Detector

DETECTORS: Registry[type[Detector]] = Registry(
    "detector",
    {
        "mediapipe": "evenface.faces.detectors.mediapipe:MediaPipe",
        "windows": "evenface.faces.detectors.windows:Windows",
    },
    hint="Add one: docs/PREDICT.md#add-a-detector.",
)
