"""How the numbers were made, and what they cannot say: the report's standing text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from evenface.report.words import COARSE, Findings

LIMITS = (
    "The labels say which expression people saw in a face. They are perceived expressions, not what a person felt.",
    "A gap between groups can come from the model, from the labels, from the photos or from how groups were "
    "sampled; this audit cannot tell which.",
    "“Within chance” is not “equal”: it means that this sample could not tell. The smallest detectable gap says "
    "what could have been missed.",
    "Groups are only as good as the attributes behind them. Annotated or estimated gender, race and age are other "
    "people's or a model's reading of a face.",
    "The result holds for these faces and this model version. Faces met in use may differ from them.",
)
LAW = (
    "Intended use: research on, and quality control of, models that name perceived facial expressions. Not "
    "intended: decisions about a person.",
    "In the European Union, Regulation (EU) 2024/1689 (AI Act) prohibits systems that infer emotions of people at "
    "work and in education, except for medical "
    "or safety reasons (Article 5(1)(f)); whoever uses an emotion recognition system elsewhere must inform the "
    "people exposed to it (Article 50(3)).",
)

NULLS = {
    "face": {
        "any": "groups exchanged among all faces",
        "within_true": "groups exchanged within each true class",
        "within_predicted": "groups exchanged within each answer",
    },
    "subject": {
        "any": "groups exchanged among persons",
        "within_true": "the same rates in all groups within each true class, faces of a person as alike as they are",
        "within_predicted": "the same rates in all groups within each answer, faces of a person as alike as they are",
    },
}
"""How chance tables are drawn, by what is exchanged and what the metric conditions on."""


def methods(found: Findings) -> list[str]:
    """Say in plain words how intervals, chance levels and verdicts were made, with this audit's settings."""
    s = found.audit["settings"]
    unit = "persons (all faces of one person move together)" if s["unit"] == "subject" else "faces"
    return [
        "Everything is computed from counts of faces per group, true class and answer, or from the probabilities "
        "given.",
        f"A group's {found.level} interval is Wilson's score interval at the number of independent faces that the "
        "metric's variance amounts to. Simultaneous intervals (thin lines) cover all groups of a grouping at once.",
        f"The chance level of a gap comes from {s['permutations']:,} draws of tables in which groups do not matter to "
        f"{unit}, in the way that each metric's table entry names. In {found.level} of such draws, where no true "
        "difference exists, the gap stays within it.",
        f"A gap's {found.level} interval holds the true gaps that would not make the one seen unlikely, judged by "
        f"those draws and {s['resamples']:,} resamples of {unit}. Noise alone spreads groups apart, so a gap tends to "
        "look larger than it is and may even lie above its own interval.",
        "p is the share of chance draws at least as extreme as what was seen. The corrected p accounts for all gaps of "
        "its family over all groupings (max-T). Families are headline differences, other gaps of whole groups, gaps of "
        "single classes, and pairs: each by itself calls something larger than chance where nothing is in about "
        f"{100 * found.alpha:.2g} % of audits.",
        f"A gap is called larger than chance explains if its corrected p is below {found.alpha:.2g}. Otherwise it is "
        "within chance; but too little data to tell, if it is beyond chance on its own though not after correction, if "
        f"even a difference of {100 * COARSE:g} % of the metric's range would have been missed, or if nothing could be "
        "computed.",
        "The smallest detectable gap is the true gap that this sample would have shown with 80 % power in a comparison "
        "of its own; after correction for many comparisons it must be larger. Noise adds to a true gap, so it may be "
        "smaller than the chance level.",
        f"Groups with fewer than {s['min_group']} answered faces are shown and marked (†), but left out of gaps. An "
        "undefined value is a dash, never a zero.",
    ]


def command(found: Findings) -> str:
    """The command that makes this audit again."""
    s = found.audit["settings"]
    parts = ["evenface", "audit", found.audit["input"]["source"], "--by", ",".join(s["by"])]
    parts += [*_options(s["asked"]), "--cross", s["cross"], "--min-group", s["min_group"]]
    parts += ["--min-rate", s["min_rate"], "--resamples", s["resamples"], "--seed", s["seed"]]
    return " ".join(shlex.quote(str(part)) for part in parts)


def _options(asked: Mapping[str, Any]) -> Iterator[str]:
    """What was asked for, as options of the command; what only Python can say is left out."""
    for name, value in asked.items():
        if name == "provenance":
            for origin in sorted(set(value.values())):
                if origin != "unknown":
                    yield from (f"--{origin}", ",".join(k for k, v in value.items() if v == origin))
        elif isinstance(value, dict) and name in ("bins", "error_rates"):
            for key, inner in value.items():
                if not isinstance(inner, dict):
                    text = ",".join(f"{x:g}" for x in inner) if isinstance(inner, list) else inner
                    yield from ("--bins" if name == "bins" else "--estimator", f"{key}={text}")
        elif isinstance(value, str | list):
            yield from (f"--{name}", value if isinstance(value, str) else ",".join(map(str, value)))
