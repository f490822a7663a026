"""Predictor: pictures in, a table of answers out, with a row and a reason for each face that gets none.

What is answered is the expression that people would see in the face, as its model's data had it labelled; not what the
person feels. The table is what `evenface audit` reads.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenface.core.errors import SettingsError
from evenface.faces.detectors import DETECTORS
from evenface.faces.face import Detector, Image
from evenface.faces.video import Tracker
from evenface.serve.answering import Answering, Floats, Read
from evenface.serve.base_rates import BaseRates
from evenface.serve.cued import Cues
from evenface.serve.loading import Model, load
from evenface.serve.looking import NO_FACE, Looker, Seen
from evenface.serve.sources import Shown, pictures
from evenface.serve.table import Answer, table

if TYPE_CHECKING:
    import polars as pl

BATCH = 32
"""Faces that a model is shown at a time."""
THRESHOLD = 0.4
_MOST_KEPT = 2**28  # bytes of pixels that wait to be drawn on


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
        self.batch, self._answering = batch, Answering(self.model, threshold, base_rates)
        make: Callable[[], Detector] = DETECTORS.get(detector) if isinstance(detector, str) else detector
        self.cues = Cues(cues, batch)
        self._looker = Looker(self.model.size, make, self.cues, workers)
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="expressions")  # while more faces are looked for
        self._finish = weakref.finalize(self, _close, self._looker, self._reading, self.cues)

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

        name: str = self._answering.base_rates
        if name == "estimated":
            answers, name = self._answering.estimated(list(answers))
        rows = table(answers, self.model.classes, self.cues)
        return rows if name == "trained" else rows.with_columns(base_rates=pl.lit(name))

    def picture(self, image: Image, name: str = "image") -> pl.DataFrame:
        """Answer for every face of one picture in memory, (row, column, 3) uint8 RGB; at once, in this thread."""
        seen = self._looker.look(Shown(name, image), keep=False)
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
        for seen in self._looker.looked(shown, keep):
            waiting.append(seen)
            faces += len(seen.chips)
            kept += 0 if seen.image is None else seen.image.nbytes
            if faces >= self.batch or len(waiting) >= 2 * self.batch or kept >= _MOST_KEPT:
                yield waiting
                waiting, faces, kept = [], 0, 0
        if waiting:
            yield waiting

    def _answered(self, seen: list[Seen], read: Read, trackers: dict[str, Tracker]) -> list[tuple[Seen, list[Answer]]]:
        done, start = [], 0
        for each in seen:
            tracks: Sequence[int | None] = [None] * len(each.faces)
            if each.shown.video is not None and each.reason in (None, NO_FACE):
                tracks = trackers.setdefault(each.shown.video, Tracker()).follow([face.box for face in each.faces])
            mine = slice(start, start + len(each.faces))
            start += len(each.faces)
            unread = () if each.faces else self.cues.unread(each.reason or NO_FACE)
            done.append((each, self._answering.answers(each, (read[0][mine], read[1][mine]), tracks, unread)))
        return done

    def _read(self, seen: list[Seen]) -> Read:
        """Give what the model and the cues say of all faces of some pictures."""
        scores = self._scores([chip for each in seen for chip in each.chips])
        cuts = [cut for each in seen for cut in each.cuts]
        return scores, self.cues.read(cuts) if self.cues.cues else [()] * len(cuts)

    def _scores(self, chips: list[Image]) -> Floats:
        """Give (face, class) probabilities that sum to one, a batch at a time."""
        if not chips:
            return np.empty((0, len(self.model.classes)))
        parts = [
            self.model.probabilities(np.stack(chips[i : i + self.batch])) for i in range(0, len(chips), self.batch)
        ]
        return self._answering.scores(np.concatenate(parts))


def _close(looker: Looker, reading: ThreadPoolExecutor, cues: Cues) -> None:
    reading.shutdown(cancel_futures=True)
    looker.close()
    cues.close()
