"""Simulation of a TFED-like set: young and older Chinese adults posing in a studio, in colour."""

from evenface.synthesis.regions._region import STUDIO, Region
from evenface.synthesis.style import Style

TFED_LIKE = Region(
    name="tfed_like",
    about="Simulation of 110 young and older Chinese adults posing expressions in a studio, in colour.",
    source="Yang et al., Tsinghua facial expression database, PLoS ONE 15(4) e0231304, 2020",
    reasons={
        "style": "East Asian observers expect intensity in the eyes for fear, disgust and anger (Jack et al., PNAS "
        "109, 2012), and the viewers of the set named 79 % of its expressions as meant (Yang et al. 2020), hence "
        "weaker and less even than prototypes. How much, is our choice.",
        "people": "110 Chinese women and men, young and older (Yang et al. 2020); the shares are our choice",
        "emotions": "each person posed every expression (Yang et al. 2020); `content`, not being ours, is left out",
        "parameters": "colour, frontal; how much anything varies, and the size of the pictures, is our choice",
    },
    style=Style(
        intensity=("normal", 0.75, 0.15),
        strength={name: {"upper": 1.1, "lower": 0.85} for name in ("angry", "disgust", "fear")},
        spread=0.15,
    ),
    people={
        "ethnicity": {"asian": 1},
        "gender": {"female": 1, "male": 1},
        "age": {"20-39": 57, "40-69": 43},
    },
    emotions=dict.fromkeys(("neutral", "happy", "angry", "disgust", "surprise", "fear", "sad"), 110),
    parameters={**STUDIO, "background_level": ("uniform", 0.6, 0.9)},
    picture=(512, 640),
    subjects=110,
    images=880,
)
