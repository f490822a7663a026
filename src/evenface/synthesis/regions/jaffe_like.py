"""Simulation of a JAFFE-like set: Japanese women posing in a laboratory, small grey pictures."""

from evenface.synthesis.regions._region import STUDIO, Region
from evenface.synthesis.style import Style

JAFFE_LIKE = Region(
    name="jaffe_like",
    about="Simulation of ten Japanese women posing seven expressions before a camera, in grey.",
    source="Lyons, Akamatsu, Kamachi and Gyoba, Coding facial expressions with Gabor wavelets, FG 1998",
    reasons={
        "style": "Japanese display rules allow anger, contempt and disgust less than North American ones, and "
        "happiness and surprise less than Canadian ones (Safdar et al., Can. J. Behav. Sci. 41, 2009). East Asian "
        "observers expect intensity in the eyes for fear, disgust and anger (Jack et al., PNAS 109, 2012). How much, "
        "is our choice.",
        "people": "ten Japanese women (Lyons et al. 1998); their ages are our choice",
        "emotions": "pictures of each class (Lyons et al. 1998)",
        "parameters": "frontal, 8-bit grey (Lyons et al. 1998); how far heads and lights vary is our choice",
    },
    style=Style(
        intensity=("normal", 0.7, 0.15),
        strength={
            "angry": {"*": 0.85, "upper": 1.15, "lower": 0.85},
            "disgust": {"*": 0.85, "upper": 1.15, "lower": 0.85},
            "contempt": {"*": 0.85},
            "fear": {"upper": 1.1, "lower": 0.75},
            "happy": {"*": 0.9},
            "surprise": {"*": 0.9},
        },
        spread=0.15,
    ),
    people={"ethnicity": {"asian": 1}, "gender": {"female": 1}, "age": {"20-39": 1}},
    emotions={"angry": 30, "disgust": 29, "fear": 32, "happy": 31, "neutral": 30, "sad": 31, "surprise": 30},
    parameters={
        **STUDIO,
        "grey": ("fixed", 1),
        "glasses": ("fixed", 0),
        "noise": ("uniform", 0.02, 0.1),
    },
    picture=(256, 256),
    subjects=10,
    images=213,
)
