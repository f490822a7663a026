"""Looking at pictures, several at once: which faces are in each, cut out as the model and the cues are shown them."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evenface.faces.align import align
from evenface.faces.decode import UnreadablePictureError
from evenface.faces.face import Detector, Face, Image, area
from evenface.serve.cued import Cues
from evenface.serve.sources import Shown

NO_FACE = "no face found"
_LET_GO = UnreadablePictureError("pixels", "let go of once they were looked at")


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture with the faces found in it.

    Attributes:
        shown: The picture; of one that came as pixels, all but these.
        faces: The faces found, the largest first.
        chips: (face, size, size, 3), one for each.
        cuts: For each face what each cue is shown.
        reason: Why there are none.
        image: The pixels, if they were to be kept.
    """

    shown: Shown
    faces: list[Face]
    chips: list[Image]
    cuts: list[tuple[Image, ...]]
    reason: str | None
    image: Image | None


class Looker:
    """Finds faces and cuts them out; each of its threads has its own detector, made when its first picture comes."""

    def __init__(self, size: int, make: Callable[[], Detector], cues: Cues, workers: int | None) -> None:
        """Start without a picture.

        Args:
            size: Rows and columns of the chips.
            make: Gives a detector.
            cues: What else is shown the faces.
            workers: Pictures at once; as many as there are processors if None.
        """
        self._size, self._make, self._cues = size, make, cues
        self._own = threading.local()
        self._detectors: list[Detector] = []
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="faces")
        self._ahead = 4 * (workers or os.cpu_count() or 1)

    def looked(self, shown: Iterable[Shown], keep: bool) -> Iterator[Seen]:
        """Look at pictures in several threads, and give them in their order."""
        pending: deque[Future[Seen]] = deque()
        for each in shown:
            pending.append(self._pool.submit(self.look, each, keep))
            if len(pending) >= self._ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def look(self, shown: Shown, keep: bool) -> Seen:
        """Look at one picture in this thread; `keep` says whether its pixels are kept."""
        try:
            image = shown.pixels()
        except UnreadablePictureError as error:
            return Seen(shown, [], [], [], error.reason, None)
        faces, chips = [], []
        for face in self._detector().detect(image):
            try:
                chips.append(align(image, face.landmarks, self._size))
            except ValueError:  # its points give no place to cut from: no face that can be read
                continue
            faces.append(face)
        if shown.one is not None and faces:
            best = max(range(len(faces)), key=lambda i: _prominence(faces[i], image))
            faces, chips = [faces[best]], [chips[best]]
        cuts = [self._cues.cut(image, face) for face in faces]
        if not isinstance(shown.content, Path):
            shown = replace(shown, content=_LET_GO)
        return Seen(shown, faces, chips, cuts, None if faces else NO_FACE, image if keep else None)

    def close(self) -> None:
        """Stop the threads and let go of their detectors."""
        self._pool.shutdown(cancel_futures=True)
        for detector in self._detectors:
            detector.close()
        self._detectors.clear()

    def _detector(self) -> Detector:
        """Give this thread's own detector."""
        if not hasattr(self._own, "detector"):
            self._own.detector = self._make()
            self._detectors.append(self._own.detector)
        detector: Detector = self._own.detector
        return detector


def _prominence(face: Face, image: Image) -> float:
    """Tell how much a face is what its picture shows: large, and near the middle."""
    height, width = image.shape[:2]
    away = np.hypot((face.box[0] + face.box[2]) / width - 1, (face.box[1] + face.box[3]) / height - 1)
    return area(face.box) * float(np.exp(-2 * away**2))
