"""Simulation of pictures from the web, as in RAF-DB or FER: many people, lights, poses and cameras."""

from evenface.synthesis.regions._region import OPEN_WORLD, Region
from evenface.synthesis.style import Style

WILD = Region(
    name="wild",
    about="Simulation of faces in pictures from the web, with the shares of emotions and people of RAF-DB.",
    source="Li, Deng and Du, Reliable crowdsourcing and deep locality-preserving learning, CVPR 2017",
    reasons={
        "style": "annotators of web pictures disagree often, and many faces show two emotions (Barsoum et al., "
        "arXiv:1608.01041; Li et al. 2017): intensity varies widely, some faces are mixed or talk. How much, is our "
        "choice.",
        "people": "RAF-DB: about 52 % women, 77 % Caucasian, 15 % Asian, 8 % African American; ages rounded by us; "
        "that every picture shows another person is our choice",
        "emotions": "test pictures of each class in RAF-DB (Li et al. 2017)",
        "parameters": "our choice",
    },
    style=Style(
        intensity=("normal", 0.72, 0.2),
        spread=0.18,
        asymmetry=0.08,
        resting=0.06,
        gaze=0.18,
        talking=0.1,
        mixed=0.12,
    ),
    people={
        "ethnicity": {"caucasian": 77, "asian": 15, "african": 8},
        "gender": {"female": 55, "male": 45},
        "age": {"4-19": 18, "20-39": 62, "40-69": 17, "70+": 3},
    },
    emotions={
        "surprise": 329, "fear": 74, "disgust": 160, "happy": 1185, "sad": 478, "angry": 162, "neutral": 680,
    },
    parameters=OPEN_WORLD,
    picture=(100, 100),
    subjects=15339,
    images=15339,
)  # fmt: skip
