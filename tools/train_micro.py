"""Make the weights of the cues `micro` and `micro_plus` from generated clips; measure them on people not trained on.

    python tools/train_micro.py FOLDER [--stills FACES]

FOLDER keeps what was drawn. FACES is the folder of `tools/train_action_units.py`: its faces are the still photos that
`micro_plus` learns from besides. Writes src/evenface/models/weights/micro.safetensors and micro_plus.safetensors, and
FOLDER/micro.json with every number of the card.

Clips of `micro-more` show 400 people, as those of the suite `micro-v1` but of another seed and with more smiles and
surprises, so that the three classes are about as many. Nobody of `micro-v1` is among them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional

from evenface.cues._score import score
from evenface.cues.micro import MERGED, PLUS, THREE
from evenface.faces.align import align
from evenface.faces.landmarks import Landmarker
from evenface.models.micro_net import FRAMES, SIZE, MicroNet, flow, normalised
from evenface.synthesis.plan import Plan
from evenface.synthesis.render.draw import render
from evenface.synthesis.suites import load_spec

SETS = {
    "micro_v1": [],
    "micro_more": [
        "count=110000", "people=400", "seed=1005", "design.base=natural", 'name="micro-more"',
        "emotions={angry=1,disgust=1,fear=1,sad=1,happy=2.6,surprise=2.6,neutral=1.6}",
    ],
}  # fmt: skip
PIXELS = 96
GREY = np.array([0.299, 0.587, 0.114], np.float32)
FIVE = ((33, 133), (362, 263), (1,), (61,), (291,))  # eyes, nose and corners of the mouth among 478 points
FOLDS, EPOCHS, FOLD_EPOCHS = 3, 16, 10
Data = tuple[Tensor, Tensor, Tensor]


def clips_of(name: str, folder: Path) -> tuple[NDArray[np.uint8], pl.DataFrame]:
    """Draw the clips of a set from onset to offset, cut at the face of their first frame."""
    kept = folder / f"{name}_clips.npy"
    if not kept.is_file():
        truth = shown(Plan(load_spec("micro-v1", SETS[name])))
        landmarker, made, about = Landmarker(), [], []
        for _, clip in truth.group_by("clip", maintain_order=True):
            pixels = render(clip, PIXELS)
            found = landmarker.read(pixels[:1])
            if found.found[0]:
                five = np.array([found.points[0, list(at), :2].mean(0) for at in FIVE], np.float64) * PIXELS
                at = np.rint(np.linspace(0, len(pixels) - 1, FRAMES)).astype(int)
                made.append(np.rint(np.stack([align(pixels[i], five, SIZE) @ GREY for i in at])).astype(np.uint8))
                about.append(clip.select("clip", "subject", "emotion").head(1))
        landmarker.close()
        np.save(kept, np.stack(made))
        pl.concat(about).write_parquet(folder / f"{name}_clips.parquet")
    return np.load(kept), pl.read_parquet(folder / f"{name}_clips.parquet")


def shown(plan: Plan) -> pl.DataFrame:
    """Give the frames in which something shows; of a clip in which nothing does, 0.16 to 0.44 s in its middle."""
    truth, moving = plan.table(0, plan.rows), pl.col("phase") != "neutral"
    half = 4 + (pl.col("clip").hash(1) % 8).cast(pl.Int64)
    middle = (pl.col("frame") - pl.len().over("clip") // 2).abs() <= half
    return truth.filter(pl.when(moving.any().over("clip")).then(moving).otherwise(middle))


def data_of(clips: NDArray[np.uint8], emotions: pl.Series, classes: tuple[str, ...]) -> tuple[Data, NDArray[np.bool_]]:
    """Give flow, middle frame and class of each clip that is of one of the classes, and which those are."""
    names = [MERGED.get(emotion, "") for emotion in emotions]
    known = np.array([name in classes for name in names])
    moved, still = [], []
    with torch.inference_mode():
        for part in torch.from_numpy(clips[known]).split(32):
            seen = normalised(part.float())
            moved.append(flow(seen))
            still.append(seen[:, FRAMES // 2, None] / 32)
    target = torch.tensor([classes.index(name) for name, ok in zip(names, known, strict=True) if ok])
    return (torch.cat(moved), torch.cat(still), target), known


def fit(data: Data, classes: int, epochs: int, seed: int = 0) -> MicroNet:
    """Train a net; clips are mirrored, shifted, and their movement made a little stronger or weaker."""
    torch.manual_seed(seed)
    moved, still, target = data
    net, batch = MicroNet(classes), 32
    optimiser = torch.optim.AdamW(net.parameters(), 4e-3, weight_decay=0.05)
    steps = epochs * (len(target) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    counts = torch.bincount(target, minlength=classes).float()
    for _ in range(epochs):
        net.train()
        for rows in torch.randperm(len(target)).split(batch)[: len(target) // batch]:
            seen = changed(moved[rows], still[rows])
            loss = functional.cross_entropy(
                net.judged(*seen), target[rows], counts.sum() / counts / classes, label_smoothing=0.05
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def changed(moved: Tensor, still: Tensor) -> tuple[Tensor, Tensor]:
    """Change a batch a little; three in ten middle frames are left out."""
    count = len(moved)
    if torch.rand(()) < 0.5:
        moved = moved.flip(-1) * torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1, 1)
        still = still.flip(-1)
    moved = moved * (0.7 + 0.6 * torch.rand(count, 1, 1, 1, 1)) + 0.02 * torch.randn_like(moved)
    still = still * (0.9 + 0.2 * torch.rand(count, 1, 1, 1)) * (torch.rand(count, 1, 1, 1) > 0.3)
    down, right = (int(by) for by in torch.randint(-1, 2, (2,)))
    return moved.roll((down, right), (-2, -1)), still.roll((4 * down, 4 * right), (-2, -1))


@torch.inference_mode()
def answers(net: MicroNet, data: Data) -> NDArray[np.int64]:
    """Give the most probable class of each clip."""
    return net.judged(data[0], data[1]).argmax(1).numpy()


def scores(true: NDArray[np.int64], answer: NDArray[np.int64], classes: tuple[str, ...]) -> dict[str, Any]:
    """Give UF1 and UAR with intervals over clips, each of which counts as a person of its own."""
    found = score(true, answer, np.arange(len(true)), classes)
    return {
        "clips": found.clips,
        **{name: [round(x, 3) for x in each] for name, each in (("UF1", found.uf1), ("UAR", found.uar))},
        "true_by_answer": found.counts[:, :-1].tolist(),
    }


def by_people(data: Data, fold: NDArray[np.int64], classes: tuple[str, ...], epochs: int) -> dict[str, Any]:
    """Measure on each fold of people what a net says that was trained on the others; fold -1 is always learnt from."""
    said = np.full(len(fold), -1)
    for out in range(fold.max() + 1):
        held, rest = torch.tensor(np.flatnonzero(fold == out)), torch.tensor(np.flatnonzero(fold != out))
        net = fit(tuple(each[rest] for each in data), len(classes), epochs, out)  # type: ignore[arg-type]
        said[held] = answers(net, tuple(each[held] for each in data))  # type: ignore[arg-type]
    asked = fold >= 0
    return scores(data[2].numpy()[asked], said[asked], classes)


def one_person_out(data: Data, test: Data, subjects: pl.Series, classes: tuple[str, ...]) -> dict[str, Any]:
    """Measure on each person of `test` a net that was trained on all others, and on `data`."""
    person = subjects.rank("dense").to_numpy().astype(np.int64) - 1
    both = tuple(torch.cat(pair) for pair in zip(data, test, strict=True))
    return by_people(both, np.concatenate([np.full(len(data[2]), -1), person]), classes, EPOCHS)  # type: ignore[arg-type]


def stills_of(folder: Path) -> tuple[NDArray[np.uint8], pl.DataFrame]:
    """Give the faces of `train_action_units.py` that show emotions as still clips, and their truth."""
    from PIL import Image

    truth = pl.read_parquet(folder / "units.parquet")
    chips = np.load(folder / "units_chips.npy", mmap_mode="r")
    rows = truth.with_row_index("row").head(len(chips)).filter(~pl.col("free"))
    small = [
        np.asarray(Image.fromarray(chips[row]).resize((SIZE, SIZE), Image.Resampling.BICUBIC)) for row in rows["row"]
    ]
    grey = np.rint(np.stack(small) @ GREY).astype(np.uint8)
    return np.repeat(grey[:, None], FRAMES, 1), rows


def ship(net: MicroNet, name: str, classes: tuple[str, ...]) -> str:
    """Write weights in half precision, and give their hash."""
    packed = save(
        {key: value.half() if value.is_floating_point() else value for key, value in net.state_dict().items()},
        {"classes": json.dumps(classes)},
    )
    (Path(__file__).parents[1] / f"src/evenface/models/weights/{name}.safetensors").write_bytes(packed)
    return hashlib.sha256(packed).hexdigest()


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stills", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.process_time()
    more, truth = clips_of("micro_more", given.folder)
    suite, suite_truth = clips_of("micro_v1", given.folder)
    data, known = data_of(more, truth["emotion"], THREE)
    test, tested = data_of(suite, suite_truth["emotion"], THREE)
    out: dict[str, Any] = {}

    def tell(key: str, value: Any) -> None:
        out[key] = value
        (given.folder / "micro.json").write_text(json.dumps(out, indent=1))
        print(f"{time.process_time() - begun:.0f} s", key, value, flush=True)

    net = fit(data, 3, EPOCHS)
    tell("micro_sha256", ship(net, "micro", THREE))
    tell("micro on micro-v1", scores(test[2].numpy(), answers(net, test), THREE))
    people = suite_truth.filter(tested)["subject"]
    tell("micro on micro-v1, leaving one person out", one_person_out(data, test, people, THREE))
    photos, photo_truth = stills_of(given.stills)
    held = photo_truth["subject"].str.tail(1).is_in(list("159")).to_numpy()
    photo, _ = data_of(photos[held], photo_truth.filter(held)["emotion"], THREE)
    tell("micro on still photos", scores(photo[2].numpy(), answers(net, photo), THREE))
    wide, _ = data_of(more, truth["emotion"], PLUS)
    seen, _ = data_of(photos[~held], photo_truth.filter(~held)["emotion"], PLUS)
    plus = fit(tuple(torch.cat(pair) for pair in zip(wide, seen, strict=True)), 4, EPOCHS)  # type: ignore[arg-type]
    tell("micro_plus_sha256", ship(plus, "micro_plus", PLUS))
    for what, clips, about in (
        ("micro-v1", suite, suite_truth),
        ("still photos", photos[held], photo_truth.filter(held)),
    ):
        part, _ = data_of(clips, about["emotion"], PLUS)
        tell(f"micro_plus on {what}", scores(part[2].numpy(), answers(plus, part), PLUS))
    fold = truth["subject"].str.slice(1).cast(pl.Int64).to_numpy()[known] % FOLDS
    tell("micro, folds of people", by_people(data, fold, THREE, FOLD_EPOCHS))
    mixed = data[2][torch.from_numpy(np.random.default_rng(0).permutation(len(fold)))]
    tell("micro, labels permuted", by_people((data[0], data[1], mixed), fold, THREE, FOLD_EPOCHS // 2))


if __name__ == "__main__":
    main()
