"""Simulation of a CK+-like set: North American adults posing on instruction, mostly grey video frames."""

from evenface.synthesis.regions._region import STUDIO, Region
from evenface.synthesis.style import Style

CKPLUS_LIKE = Region(
    name="ckplus_like",
    about="Simulation of 123 mostly Euro-American adults posing expressions at their peak, mostly in grey.",
    source="Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews, The Extended Cohn-Kanade Dataset (CK+), CVPRW 2010",
    reasons={
        "style": "directed facial action tasks, of which those that fit the prototype of an emotion were kept (Lucey "
        "et al. 2010), hence strong and even; North American display rules are the reference (Safdar et al. 2009)",
        "people": "18 to 50 years, 69 % women, 81 % Euro-American, 13 % Afro-American, 6 % others (Lucey et al. "
        "2010)",
        "emotions": "labelled sequences: 45 angry, 18 contempt, 59 disgust, 25 fear, 69 happy, 28 sad, 83 surprise; "
        "one neutral frame a person is our choice",
        "parameters": "frontal, 640 x 490 or 480, mostly 8-bit grey (Lucey et al. 2010); the share of grey is our "
        "choice",
    },
    style=Style(intensity=("normal", 0.92, 0.08), spread=0.08, asymmetry=0.06),
    people={
        "ethnicity": {"caucasian": 81, "african": 13, "mixed": 4, "asian": 2},
        "gender": {"female": 69, "male": 31},
        "age": {"4-19": 10, "20-39": 75, "40-69": 15},
    },
    emotions={
        "neutral": 123, "angry": 45, "contempt": 18, "disgust": 59, "fear": 25, "happy": 69, "sad": 28, "surprise": 83,
    },
    parameters={
        **STUDIO,
        "grey": ("some", 0.9, 0, 1, 1),
        "noise": ("uniform", 0.03, 0.12),
        "blur": ("uniform", 0, 0.05),
    },
    picture=(640, 490),
    subjects=123,
    images=593,
)  # fmt: skip
