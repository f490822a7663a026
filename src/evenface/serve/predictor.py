"""Predictor: pictures in, a table of answers out, with a row and a reason for each face that gets none.

What is answered is the expression that people would see in the face, as its model's data had it labelled; not what the
person feels. The table is what `evenface audit` reads.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError, UnknownNameError, needs
from evenface.cues._cue import CueReading
from evenface.faces.align import align
from evenface.faces.decode import UnreadablePictureError
from evenface.faces.detectors import DETECTORS
from evenface.faces.face import Detector, Face, Image, area
from evenface.faces.video import Tracker
from evenface.models import macro
from evenface.models.packed import read_safetensors
from evenface.serve.base_rates import KINDS, BaseRates, estimate, rebased, told
from evenface.serve.cued import Cues
from evenface.serve.sources import Shown, pictures
from evenface.serve.table import Answer, table

if TYPE_CHECKING:
    import polars as pl

BATCH = 32
"""Faces that a model is shown at a time."""
THRESHOLD = 0.4
NO_FACE = "no face found"
_MOST_KEPT = 2**28  # bytes of pixels that wait to be drawn on
Read = tuple[NDArray[np.float64], list[tuple[CueReading, ...]]]
"""Of some faces: (face, class) probabilities that sum to one, and what each cue read of each face."""
_LET_GO = UnreadablePictureError("pixels", "let go of once they were looked at")


class Model(Protocol):
    """Reads expressions from chips."""

    classes: tuple[str, ...]
    size: int

    def probabilities(self, chips: Image) -> NDArray[np.float32]:
        """Give (face, class) calibrated probabilities for (face, size, size, 3) uint8 chips."""


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


class Predictor:
    """A detector and a model, ready to answer.

    Example:
        `Predictor("macro").predict(["photos/"])` gives one row per face.
    """

    def __init__(
        self,
        weights: str | Path | Model = "macro",
        *,
        detector: str | Callable[[], Detector] = "windows",
        threshold: float = THRESHOLD,
        workers: int | None = None,
        batch: int = BATCH,
        cues: Sequence[str] = (),
        base_rates: BaseRates = "trained",
    ) -> None:
        """Load the model; detectors are loaded when the first picture comes.

        Args:
            weights: Name of weights that ship, a file, or a model itself.
            detector: A name in DETECTORS, or what makes a detector.
            threshold: An answer whose highest probability is below it is not given; 0-1.
            workers: Pictures that are decoded and searched at once; as many as there are processors if None.
            batch: Faces that the model is shown at a time. The answers do not depend on it.
            cues: Names of cues that are read from the same faces, each as a still photo.
            base_rates: How frequent expressions are held to be: as where the model learnt, all alike, or as estimated
                from all faces of a table, without labels (`serve.base_rates`).

        Raises:
            SettingsError: The threshold is no probability, a number is below one, what a cue needs is not installed, or
                other base rates are asked for and the model does not say how frequent expressions were where it learnt.
            UnknownNameError: There is no such detector or cue, or there are no such base rates.
            InputError: A model file of a cue is missing.
        """
        if not 0 <= threshold <= 1:
            raise SettingsError(f"The threshold is {threshold}; it must be a probability, from 0 to 1.")
        if batch < 1 or (workers is not None and workers < 1):
            raise SettingsError(f"batch is {batch} and workers {workers}; both must be at least 1.")
        self.model = load(weights) if isinstance(weights, str | Path) else weights
        self.threshold, self.batch = threshold, batch
        self.base_rates, self._trained = base_rates, _shares(self.model, base_rates)
        self._make: Callable[[], Detector] = DETECTORS.get(detector) if isinstance(detector, str) else detector
        self.cues = Cues(cues, batch)
        self._own = threading.local()
        self._detectors: list[Detector] = []
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="faces")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="expressions")  # while more faces are looked for
        self._finish = weakref.finalize(self, _close, self._pool, self._reading, self._detectors, self.cues)
        self._ahead = 4 * (workers or os.cpu_count() or 1)

    def predict(self, sources: Sequence[str | Path], *, every: int = 5, seconds: float | None = None) -> pl.DataFrame:
        """Answer for every face of every source.

        Args:
            sources: As `serve.sources.pictures` takes them.
            every: One frame in so many of a video.
            seconds: Where to stop in each video or camera.

        Returns:
            The table of `serve.table`, in the order of the sources; in a picture the largest face comes first.

        Raises:
            InputError: A source does not exist or holds nothing to look at; or base rates are to be estimated from too
                few faces.
        """
        return self.tabulated(answer for _, found in self.stream(pictures(sources, every, seconds)) for answer in found)

    def tabulated(self, answers: Iterable[Answer]) -> pl.DataFrame:
        """Lay answers of `stream` out as the table of `serve.table`, under the base rates that were asked for.

        Raises:
            InputError: Base rates are to be estimated from too few faces.
        """
        import polars as pl

        name: str = self.base_rates
        if name == "estimated":
            answers, name = self._estimated(list(answers))
        rows = table(answers, self.model.classes, self.cues)
        return rows if name == "trained" else rows.with_columns(base_rates=pl.lit(name))

    def picture(self, image: Image, name: str = "image") -> pl.DataFrame:
        """Answer for every face of one picture in memory, (row, column, 3) uint8 RGB; at once, in this thread."""
        seen = self._look(Shown(name, image), keep=False)
        return self.tabulated(self._answered([seen], self._read([seen]), {})[0][1])

    def stream(self, shown: Iterable[Shown], *, keep: bool = False) -> Iterator[tuple[Seen, list[Answer]]]:
        """Give each picture with its answers, in order, as they come; a few pictures are in memory at once.

        Base rates that are to be estimated are not known before the last picture: here the answers are as the model
        learnt them, and `tabulated` does the rest.

        Args:
            shown: The pictures.
            keep: Whether to keep each picture's pixels, to draw on them.
        """
        trackers: dict[str, Tracker] = {}
        asked: deque[tuple[list[Seen], Future[Read]]] = deque()
        for seen in self._gathered(shown, keep):
            asked.append((seen, self._reading.submit(self._read, seen)))
            if len(asked) > 1:
                first, read = asked.popleft()
                yield from self._answered(first, read.result(), trackers)
        for first, read in asked:
            yield from self._answered(first, read.result(), trackers)

    def close(self) -> None:
        """Stop the workers and let go of their detectors; what is forgotten is closed when the program ends."""
        self._finish()

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _gathered(self, shown: Iterable[Shown], keep: bool) -> Iterator[list[Seen]]:
        """Give the pictures that are read together: those of a batch of faces, or fewer where memory asks for it."""
        waiting: list[Seen] = []
        faces = kept = 0
        for seen in self._looked(shown, keep):
            waiting.append(seen)
            faces += len(seen.chips)
            kept += 0 if seen.image is None else seen.image.nbytes
            if faces >= self.batch or len(waiting) >= 2 * self.batch or kept >= _MOST_KEPT:
                yield waiting
                waiting, faces, kept = [], 0, 0
        if waiting:
            yield waiting

    def _looked(self, shown: Iterable[Shown], keep: bool) -> Iterator[Seen]:
        """Look at pictures in several threads, and give them in their order."""
        pending: deque[Future[Seen]] = deque()
        for each in shown:
            pending.append(self._pool.submit(self._look, each, keep))
            if len(pending) >= self._ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def _look(self, shown: Shown, keep: bool) -> Seen:
        try:
            image = shown.pixels()
        except UnreadablePictureError as error:
            return Seen(shown, [], [], [], error.reason, None)
        faces, chips = [], []
        for face in self._detector().detect(image):
            try:
                chips.append(align(image, face.landmarks, self.model.size))
            except ValueError:  # its points give no place to cut from: no face that can be read
                continue
            faces.append(face)
        if shown.one is not None and faces:
            best = max(range(len(faces)), key=lambda i: _prominence(faces[i], image))
            faces, chips = [faces[best]], [chips[best]]
        cuts = [self.cues.cut(image, face) for face in faces]
        if not isinstance(shown.content, Path):
            shown = replace(shown, content=_LET_GO)
        return Seen(shown, faces, chips, cuts, None if faces else NO_FACE, image if keep else None)

    def _detector(self) -> Detector:
        """Give this thread's own detector."""
        if not hasattr(self._own, "detector"):
            self._own.detector = self._make()
            self._detectors.append(self._own.detector)
        detector: Detector = self._own.detector
        return detector

    def _answered(self, seen: list[Seen], read: Read, trackers: dict[str, Tracker]) -> list[tuple[Seen, list[Answer]]]:
        done, start = [], 0
        for each in seen:
            tracks: Sequence[int | None] = [None] * len(each.faces)
            if each.shown.video is not None and each.reason in (None, NO_FACE):
                tracks = trackers.setdefault(each.shown.video, Tracker()).follow([face.box for face in each.faces])
            mine = slice(start, start + len(each.faces))
            start += len(each.faces)
            done.append((each, self._answers(each, (read[0][mine], read[1][mine]), tracks)))
        return done

    def _read(self, seen: list[Seen]) -> Read:
        """Give what the model and the cues say of all faces of some pictures."""
        scores = self._scores([chip for each in seen for chip in each.chips])
        cuts = [cut for each in seen for cut in each.cuts]
        return scores, self.cues.read(cuts) if self.cues.cues else [()] * len(cuts)

    def _scores(self, chips: list[Image]) -> NDArray[np.float64]:
        """Give (face, class) probabilities that sum to one, a batch at a time."""
        if not chips:
            return np.empty((0, len(self.model.classes)))
        parts = [
            self.model.probabilities(np.stack(chips[i : i + self.batch])) for i in range(0, len(chips), self.batch)
        ]
        scores = np.concatenate(parts).astype(np.float64)
        scores /= scores.sum(1, keepdims=True)
        if self.base_rates == "uniform":
            scores = rebased(scores, self._trained, np.full(len(self._trained), 1 / len(self._trained)))
        return scores

    def _estimated(self, answers: list[Answer]) -> tuple[list[Answer], str]:
        """Give answers under the base rates that are estimated from all of them, and these in words."""
        faces = [place for place, answer in enumerate(answers) if answer.scores is not None]
        scores = np.array([answers[place].scores for place in faces]).reshape(-1, len(self._trained))
        rates, count = estimate(scores, self._trained)
        for place, row in zip(faces, rebased(scores, self._trained, rates), strict=True):
            predicted, reason = self._said(row)
            answers[place] = replace(answers[place], scores=row, predicted=predicted, reason=reason)
        return answers, told(self.model.classes, rates, count)

    def _said(self, row: NDArray[np.float64]) -> tuple[str | None, str | None]:
        """Give the likeliest class, or why there is no answer."""
        best = int(row.argmax())
        if row[best] >= self.threshold:
            return self.model.classes[best], None
        return None, f"not sure: {row[best]:.2f} at most, below {self.threshold:g}"

    def _answers(self, seen: Seen, read: Read, tracks: Sequence[int | None]) -> list[Answer]:
        shown, frame = seen.shown, seen.shown.about.get("frame")
        place = shown.name if frame is None else f"{shown.name}@{frame}"
        if not seen.faces:
            name = shown.one or (f"{place}#0" if frame is not None or seen.shown.video is None else f"{place}@end#0")
            unread = self.cues.unread(seen.reason or NO_FACE)
            return [Answer(name, shown.name, shown.about, None, None, None, None, seen.reason, unread)]
        answers = []
        for number, (face, row, cues, track) in enumerate(zip(seen.faces, *read, tracks, strict=True), start=1):
            predicted, reason = self._said(row)
            answers.append(
                Answer(
                    shown.one or f"{place}#{number}",
                    shown.name,
                    shown.about,
                    face,
                    track,
                    row,
                    predicted,
                    reason,
                    cues,
                )
            )
        return answers


def _shares(model: Model, base_rates: str) -> NDArray[np.float64]:
    """Give how frequent each class was where a model learnt; of no use where base rates stay as they are."""
    if base_rates not in KINDS:
        raise UnknownNameError("base rates", base_rates, KINDS)
    shares = getattr(model, "shares", None)  # a model of the user's own need not say
    if shares is None and base_rates != "trained":
        raise SettingsError(
            f"Base rates cannot be {base_rates!r}: this model does not say how frequent expressions were where it "
            "learnt. The weights that ship do, and runs of `evenface train` of this version. Use 'trained'."
        )
    return np.empty(0) if shares is None else np.asarray(shares, np.float64)


def _close(pool: ThreadPoolExecutor, reading: ThreadPoolExecutor, detectors: list[Detector], cues: Cues) -> None:
    for each in (pool, reading):
        each.shutdown(cancel_futures=True)
    for detector in detectors:
        detector.close()
    detectors.clear()
    cues.close()


def load(weights: str | Path) -> Model:
    """Load a model by the name of its weights, or from a file or a folder that `evenface train` wrote.

    Raises:
        InputError: There is no such file, or it holds something else.
        SettingsError: What runs them is not installed.
    """
    path = Path(weights)
    if str(weights) in macro.WEIGHTS or not path.exists():
        return macro.load(weights)
    path = path / "weights.safetensors" if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"There are no weights {path}.")
    if "evenface" not in read_safetensors(path.read_bytes(), str(path))[1]:
        return macro.load(path)
    with needs(str(path), "evenface[models]"):
        from evenface.models.trained import TrainedModel
    return TrainedModel(path)


def _prominence(face: Face, image: Image) -> float:
    """Tell how much a face is what its picture shows: large, and near the middle."""
    height, width = image.shape[:2]
    away = np.hypot((face.box[0] + face.box[2]) / width - 1, (face.box[1] + face.box[3]) / height - 1)
    return area(face.box) * float(np.exp(-2 * away**2))
