"""Near copies: which made copies of real faces `evenface data check` finds, by thumbnails and by the embedding.

    python benchmarks/near_copies.py FOLDER --faces 3000 --sheet pairs.png

FOLDER holds pictures of faces, such as FER+'s `FER2013Valid` or FairFace's `val`. From each of the first 300 a copy of
each kind is made. Printed are the share of copies found; how many pairs are found among the real pictures, which the
sheet shows for people to say whether they are copies; and pictures embedded per second.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from evenface.datasets.near import cells, centred, near_pairs, thumbnails
from evenface.datasets.quality import ALIKE, NEAR
from evenface.models.copies import CopyVectors

MADE = 300
SHOWN = 40
Grey = NDArray[np.uint8]


def cropped(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    side = image.width * (1 - share)
    x, y = rng.uniform(0, image.width - side, 2)
    return image.resize(image.size, Image.Resampling.BICUBIC, box=(x, y, x + side, y + side))


def turned(image: Image.Image, degrees: float) -> Image.Image:
    """Turn, and cut the empty corners off."""
    angle = np.deg2rad(abs(degrees))
    margin = image.width * (1 - 1 / (np.cos(angle) + np.sin(angle))) / 2
    box = (margin, margin, image.width - margin, image.width - margin)
    return image.rotate(degrees, Image.Resampling.BICUBIC).resize(image.size, Image.Resampling.BICUBIC, box=box)


def recoded(image: Image.Image, quality: int) -> Image.Image:
    packed = io.BytesIO()
    image.save(packed, "jpeg", quality=quality)
    return Image.open(packed).convert("L")


def relit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    brighter = ImageEnhance.Brightness(image).enhance(rng.choice([0.6, 1.4]))
    return ImageEnhance.Contrast(brighter).enhance(rng.choice([0.6, 1.4]))


def everything(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return recoded(relit(turned(cropped(ImageOps.mirror(image), 0.05, rng), rng.choice([-4, 4])), rng), 50)


KINDS: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "JPEG of quality 30": lambda image, rng: recoded(image, 30),
    "brightness and contrast, 0.6 or 1.4 times": relit,
    "mirrored": lambda image, rng: ImageOps.mirror(image),
    "cropped by 5 %": lambda image, rng: cropped(image, 0.05, rng),
    "cropped by 10 %": lambda image, rng: cropped(image, 0.10, rng),
    "cropped by 15 %": lambda image, rng: cropped(image, 0.15, rng),
    "turned by 3 degrees": lambda image, rng: turned(image, rng.choice([-3, 3])),
    "turned by 6 degrees": lambda image, rng: turned(image, rng.choice([-6, 6])),
    "turned by 10 degrees": lambda image, rng: turned(image, rng.choice([-10, 10])),
    "mirrored and cropped by 10 %": lambda image, rng: cropped(ImageOps.mirror(image), 0.10, rng),
    "mirrored, cropped by 5 %, turned by 4 degrees, relit, JPEG of 50": everything,
}


def read(folder: Path, count: int) -> Grey:
    """Give some pictures of a folder (picture, 48, 48)."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".png", ".jpg"))
    chosen = np.random.default_rng(1).permutation(len(paths))[:count]
    size, how = (CopyVectors.size,) * 2, Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.open(paths[i]).convert("L").resize(size, how, reducing_gap=3.0)) for i in chosen])


def thumbs(grey: Grey) -> NDArray[np.float32]:
    return thumbnails(np.stack([cells(Image.fromarray(each)) for each in grey]))


def likeness(views: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of each picture and its counterpart, or that one's mirror image: the larger."""
    return np.einsum("pf,vpf->vp", views, others).max(0)


def show(grey: Grey, pairs: NDArray[np.int64], value: NDArray[np.float32], out: Path) -> None:
    page = Image.new("L", (1500, 95 * -(-len(pairs) // 10)), 255)
    draw = ImageDraw.Draw(page)
    for k, ((one, two), alike) in enumerate(zip(pairs.tolist(), value.tolist(), strict=True)):
        x, y = k % 10 * 150, k // 10 * 95
        for n, which in enumerate((one, two)):
            page.paste(Image.fromarray(grey[which]).resize((72, 72)), (x + 73 * n, y))
        draw.text((x, y + 74), f"{alike:.2f}", fill=0)
    page.save(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=int, default=3000)
    parser.add_argument("--sheet", type=Path, help="PNG of the pairs that the embedding alone finds, least alike first")
    asked = parser.parse_args()
    embed, grey = CopyVectors(), read(asked.folder, asked.faces)
    begun = time.perf_counter()
    views = embed(grey)
    speed = len(grey) / (time.perf_counter() - begun)
    mean = views.mean((0, 1))
    views = centred(views, mean)
    small = thumbs(grey)
    print("| copies | thumbnails | embedding |\n|---|---|---|")
    for kind, change in KINDS.items():
        rng = np.random.default_rng(2)
        copies = np.stack([np.asarray(change(Image.fromarray(each), rng)) for each in grey[:MADE]])
        by_thumbnail = ((small[:MADE] * thumbs(copies)).sum(1) >= NEAR).mean()
        by_vectors = (likeness(centred(embed(copies)[0], mean), views[:, :MADE]) >= ALIKE).mean()
        print(f"| {kind} | {by_thumbnail:.0%} | {by_vectors:.0%} |")
    known = {tuple(pair) for pair in near_pairs(small, NEAR)[0].tolist()}
    pairs = np.unique(np.concatenate([near_pairs(views[0], ALIKE, other)[0] for other in views]), axis=0)
    new = np.array([pair for pair in pairs.tolist() if tuple(pair) not in known], np.int64).reshape(-1, 2)
    counts = f"{len(known):,} pairs by thumbnails, {len(pairs):,} by the embedding, {len(new):,} of them by it alone"
    print(f"\n{len(grey):,} real pictures: {counts}; {speed:,.0f} pictures/s embedded.")
    if asked.sheet is not None and len(new):
        value = likeness(views[0, new[:, 0]], views[:, new[:, 1]])
        order = np.argsort(value)[:SHOWN]
        show(grey, new[order], value[order], asked.sheet)


if __name__ == "__main__":
    main()
