"""Geometry of a face: landmarks with the head's turn and size taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evenface.faces.landmarks import Landmarks

_LIPS = (
    "61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 "
    "78 95 88 178 87 14 317 402 318 324 308 191 80 81 82 13 312 311 310 415"
)
_EYES = (
    "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246 "
    "362 382 381 380 374 373 390 249 263 466 388 387 386 385 384 398"
)
_BROWS = "70 63 105 66 107 55 65 52 53 46 300 293 334 296 336 285 295 282 283 276"
_REST = (
    "1 2 4 5 6 168 195 197 98 327 48 278 129 358 50 280 205 425 36 266 152 148 377 176 400 200 199 18 164 117 346 "
    "118 347 119 348 101 330 123 352 116 345 9 8 193 417 122 351 188 412 114 343 217 437 126 355 142 371 57 287 43 "
    "273 106 335 182 406 83 313 202 422 212 432 216 436 206 426 92 322 165 391 167 393"
)
POINTS = tuple(int(number) for number in f"{_LIPS} {_EYES} {_BROWS} {_REST}".split())
"""Points of MediaPipe's mesh on lips, eyes, brows, nose, cheeks and chin. Our choice."""
_OUTER_EYES = (33, 263)


def frontal(landmarks: Landmarks) -> NDArray[np.float32]:
    """Give `POINTS` as they would be if the head looked at the viewer (face, point, 3); see `upright`."""
    return upright(landmarks)[:, POINTS]


def upright(landmarks: Landmarks) -> NDArray[np.float32]:
    """Give all landmarks as they would be if the head looked at the viewer.

    Returns:
        (face, landmark, 3): x to the right, y up and z towards the viewer, from the mean of all landmarks, in distances
        between the outer corners of the eyes. NaN where no face was found.
    """
    points = landmarks.points * np.array([1, -1, -1], np.float32)
    turned = (points - points.mean(1, keepdims=True)) @ landmarks.turn
    apart = np.linalg.norm(turned[:, _OUTER_EYES[0]] - turned[:, _OUTER_EYES[1]], axis=1)
    return np.asarray(turned / apart[:, None, None], np.float32)
