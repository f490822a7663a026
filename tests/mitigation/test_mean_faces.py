"""Mean faces: quotients by hand, and what stays as it is."""

import numpy as np
import torch

from evenface.mitigation._mean_faces import MeanFaces
from evenface.mitigation._mitigation import Batch, Task


def batch(values: list[float], labels: list[int], codes: list[list[int]]) -> Batch:
    n, attributes = len(values), torch.tensor(codes)
    pixels = torch.tensor(values).view(n, 1, 1, 1).expand(n, 3, 40, 40).clone()
    y = torch.tensor(labels)
    nothing = torch.zeros(n, 0)
    return Batch(pixels, nothing, y, attributes[:, 0], attributes, nothing, torch.arange(n), 0, 1)


def made(levels: tuple[int, ...] = (3,)) -> MeanFaces:
    names = {f"a{i}": tuple("abc"[:n]) for i, n in enumerate(levels)}
    return MeanFaces(Task(("happy", "sad", "fear"), (), np.zeros(0, int), np.zeros(0, int), 40, 8, names))


def test_a_face_is_changed_by_the_quotient_of_mean_faces_of_shared_expressions() -> None:
    faces = made()
    # Each expression counts alike, however many faces show it; fear is shown by level 0 alone and does not count.
    seen = [(0.1, 0, 0)] * 5 + [(0.3, 1, 0)] * 20 + [(0.9, 2, 0)] * 30 + [(0.5, 0, 2)] * 6 + [(0.7, 1, 2)] * 5
    for part in (seen[::2], seen[1::2]):
        values, labels, codes = zip(*part, strict=True)
        faces.follow(batch(list(values), list(labels), [[code] for code in codes]))
    given = batch([0.25, 0.5, 0.25, 0.25, 0.9], [0, 2, 0, 0, 0], [[0], [2], [-1], [0], [0]])
    found = faces.changed(given, torch.tensor([[2], [0], [2], [-1], [2]]))
    quotient = (0.6 + 0.02) / (0.2 + 0.02)
    expected = torch.tensor([0.25 * quotient, 0.5 / quotient, 0.25, 0.25, 1.0])
    torch.testing.assert_close(found, expected.view(5, 1, 1, 1).expand(5, 3, 40, 40))


def test_levels_that_share_too_few_faces_leave_a_face_as_it_is() -> None:
    faces = made()
    faces.follow(batch([0.1] * 20 + [0.9] * 4, [0] * 24, [[0]] * 20 + [[1]] * 4))
    given = batch([0.3, 0.4], [0, 1], [[0], [1]])
    torch.testing.assert_close(faces.changed(given, torch.tensor([[1], [0]])), given.pixels)
    torch.testing.assert_close(faces.changed(given, torch.tensor([[2], [2]])), given.pixels)


def test_several_attributes_are_changed_at_once() -> None:
    faces = made((2, 2))
    values, codes = (
        [0.2] * 9 + [0.4] * 9 + [0.3] * 9 + [0.6] * 9,
        [[0, 0]] * 9 + [[1, 0]] * 9 + [[0, 1]] * 9 + [[1, 1]] * 9,
    )
    faces.follow(batch(values, [0] * 36, codes))
    given = batch([0.2], [0], [[0, 0]])
    by_hand = 0.2 * (0.5 + 0.02) / (0.25 + 0.02) * (0.45 + 0.02) / (0.3 + 0.02)
    found = faces.changed(given, torch.tensor([[1, 1]]))
    torch.testing.assert_close(found, torch.full_like(found, by_hand))


def test_laid_out_by_channel_the_same_is_found() -> None:
    plain, by_channel = made(), made().to(memory_format=torch.channels_last)
    given = batch([0.1] * 9 + [0.6] * 9, [0] * 18, [[0]] * 9 + [[1]] * 9)
    other = 1 - given.attributes
    for faces in (plain, by_channel):
        faces.follow(given)
    torch.testing.assert_close(by_channel.changed(given, other), plain.changed(given, other))
