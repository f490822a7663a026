"""Stand-in."""
from evenface.synthesis.prototypes import EXPRESSIONS as EMOTIONS
from evenface.synthesis.style import Style
from dataclasses import dataclass, field
@dataclass
class Region:
    """R."""
    style: Style
    laws: dict
REGIONS = {"wild": Region(Style(("uniform", .4, 1)), {"yaw": ("normal", 0, 15), "exposure": ("normal", 0, .4)}), "studio": Region(Style(), {})}
