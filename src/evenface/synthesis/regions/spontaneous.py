"""Simulation of expressions that are felt and not posed: weak, brief and even, before a camera in a room."""

from evenface.synthesis.regions._region import STUDIO, Region
from evenface.synthesis.style import Style

SPONTANEOUS = Region(
    name="spontaneous",
    about="Simulation of spontaneous expressions of people who watch something: weak, between neutral and marked.",
    source="Mavadati, Mahoor, Bartlett, Trinh and Cohn, DISFA: a spontaneous facial action intensity database, 2013",
    reasons={
        "style": "low intensities are the rule in spontaneous faces (Mavadati et al. 2013); felt smiles are more "
        "even between the sides than deliberate ones (Ekman, Hager and Friesen, Psychophysiology 18, 1981) and raise "
        "the cheek (Ekman, Davidson and Friesen, JPSP 58, 1990). How much, is our choice.",
        "people": "our choice: all alike often",
        "emotions": "our choice: half neutral, as most frames of such video are",
        "parameters": "frontal video in a room: our choice",
    },
    style=Style(
        intensity=("uniform", 0.15, 0.6),
        strength={"happy": {"AU06": 1.2}},
        chance={"happy": {"AU06": 1.5}},
        spread=0.2,
        asymmetry=0.03,
        resting=0.06,
        gaze=0.15,
        talking=0.05,
    ),
    people={
        "ethnicity": {"african": 1, "asian": 1, "caucasian": 1, "mixed": 1},
        "gender": {"female": 1, "male": 1},
        "age": {"20-39": 2, "40-69": 1},
    },
    emotions={"neutral": 7, "happy": 2, "surprise": 1, "sad": 1, "angry": 1, "disgust": 1, "fear": 1},
    parameters={**STUDIO, "yaw": ("normal", 0, 8), "pitch": ("normal", 0, 6), "roll": ("normal", 0, 4)},
    picture=(1024, 768),
    subjects=27,
    images=130000,
)
