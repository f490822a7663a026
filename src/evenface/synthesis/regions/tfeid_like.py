"""Simulation of a TFEID-like set: Taiwanese models posing at two intensities, in colour."""

from evenface.synthesis.regions._region import STUDIO, Region
from evenface.synthesis.style import Style

TFEID_LIKE = Region(
    name="tfeid_like",
    about="Simulation of 40 Taiwanese models posing eight expressions at two intensities, frontal, in colour.",
    source="Chen and Yen, Taiwanese Facial Expression Image Database, National Yang-Ming University, 2007",
    reasons={
        "style": "each expression was posed strongly and slightly (Chen and Yen 2007), by models, hence evenly; "
        "intensity in the eyes for fear, disgust and anger after Jack et al. (PNAS 109, 2012). How much, is our "
        "choice.",
        "people": "40 models, 20 of them men (Chen and Yen 2007); their ages are our choice",
        "emotions": "each model posed eight expressions (Chen and Yen 2007)",
        "parameters": "colour; of its views from 0 and 45 degrees (Chen and Yen 2007) the frontal ones are simulated",
    },
    style=Style(
        intensity=("one_of", 0.95, 1, 0.5, 1),
        strength={name: {"upper": 1.1, "lower": 0.9} for name in ("angry", "disgust", "fear")},
        spread=0.1,
        asymmetry=0.05,
    ),
    people={"ethnicity": {"asian": 1}, "gender": {"female": 20, "male": 20}, "age": {"20-39": 1}},
    emotions=dict.fromkeys(("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise"), 1),
    parameters={**STUDIO, "noise": ("uniform", 0, 0.03)},
    picture=(480, 600),
    subjects=40,
    images=7200,
)
