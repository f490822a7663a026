"""Photo: what a camera makes of the light that reaches it: tone, blur, noise, few pixels, grey, JPEG."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from evenface.synthesis.mesh import Columns

Floats = NDArray[np.float32]

_KNEE = 0.80  # above this light is compressed, so that bright skin keeps its shape instead of turning white
_GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)


def develop(light: Floats, values: Columns) -> NDArray[np.uint8]:
    """Turn light (face, row, column, 3) into pixels; 1 is white."""
    light = _compressed(light)
    grey = values["grey"].astype(np.float32)[:, None, None, None]
    if grey.any():
        light = light + ((light @ _GREY)[..., None] - light) * grey
    for i in np.flatnonzero(values["blur"] > 0):
        light[i] = _blurred(light[i], values["blur"][i] * 0.05 * light.shape[1])
    for i in np.flatnonzero(values["low_resolution"] > 1):
        light[i] = _fewer_pixels(light[i], values["low_resolution"][i])
    picture = _srgb(light)
    for i in np.flatnonzero(values["noise"] > 0):
        picture[i] += _noise(picture.shape[1:], values["image_seed"][i], grey[i, 0, 0, 0]) * (0.12 * values["noise"][i])
    pixels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    for i in np.flatnonzero(values["jpeg"] > 0):
        pixels[i] = _through_jpeg(pixels[i], int(values["jpeg"][i]))
    return pixels


def _compressed(light: Floats) -> Floats:
    over = np.maximum(light - _KNEE, 0)
    return np.asarray(np.minimum(light, _KNEE) + (1 - _KNEE) * (1 - np.exp(-over / (1 - _KNEE))), np.float32)


def _srgb(light: Floats) -> Floats:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-8) ** np.float32(1 / 2.4) - 0.055)


def _blurred(picture: Floats, deviation: float) -> Floats:
    """Convolve with a Gaussian, along rows and then along columns; edges are repeated."""
    size = picture.shape[0]
    reach = max(1, int(np.ceil(3 * deviation)))
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / max(deviation, 1e-3)) ** 2)
    spread = np.zeros((size, size))  # as a matrix: a product costs less than a sum of shifted pictures
    rows = np.arange(size)[:, None]
    np.add.at(spread, (rows, np.clip(rows + steps, 0, size - 1)), weights / weights.sum())
    matrix = spread.astype(np.float32)
    down = (matrix @ picture.reshape(size, -1)).reshape(picture.shape)
    return np.asarray(np.matmul(matrix, down), np.float32)


def _fewer_pixels(picture: Floats, times: float) -> Floats:
    """Average down to a picture `times` smaller, and bring it back without adding detail."""
    from PIL import Image

    size = picture.shape[0]
    small = max(4, round(size / times))
    channels = []
    for c in range(3):
        image = Image.fromarray(np.ascontiguousarray(picture[..., c]), mode="F")
        image = image.resize((small, small), Image.Resampling.BOX).resize((size, size), Image.Resampling.BICUBIC)
        channels.append(np.asarray(image))
    return np.clip(np.stack(channels, -1), 0, 1)


def _noise(shape: tuple[int, ...], seed: float, grey: float) -> Floats:
    """Noise of deviation 1: the same in all channels as far as the picture is grey."""
    coloured = np.random.Generator(np.random.SFC64(int(seed))).standard_normal(shape, np.float32)
    return np.asarray(coloured + (coloured[..., :1] - coloured) * grey, np.float32)


def _through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))
