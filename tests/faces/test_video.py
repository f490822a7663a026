from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evenface.core.errors import InputError, SettingsError
from evenface.faces import video as module
from evenface.faces.decode import UnreadablePictureError, decode
from evenface.faces.video import Tracker, Video

Make = Callable[[Path, int], Path]


@pytest.fixture
def make() -> Make:
    """Write a video of grey frames that grow brighter by 5 each."""
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")

    def write(path: Path, frames: int) -> Path:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
        for number in range(frames):
            writer.write(np.full((48, 64, 3), 5 * number, np.uint8))
        writer.release()
        return path

    return write


def test_one_frame_in_so_many_with_its_time(make: Make, tmp_path: Path) -> None:
    video = Video(make(tmp_path / "a.avi", 12), every=5)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == [0, 5, 10]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.5, 1])
    assert [round(float(frame.image.mean()) / 5) for frame in frames] == [0, 5, 10]
    assert frames[0].image.shape == (48, 64, 3)
    assert video.fault is None


def grey_in_the_middle(path: Path) -> int:
    return round(float(decode(path).mean()) / 5)


def test_the_middle_frame_stands_for_a_video(make: Make, tmp_path: Path) -> None:
    path = make(tmp_path / "a.avi", 21)
    assert decode(path).shape == (48, 64, 3)
    assert grey_in_the_middle(path) == 10
    assert grey_in_the_middle(make(tmp_path / "one.avi", 1)) == 0
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "in/a.avi")
    assert grey_in_the_middle(Path(f"{tmp_path}/a.zip!/in/a.avi")) == 10
    content = make(path, 40).read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])  # its end, and more than its second half
    assert 0 < grey_in_the_middle(path) < 20


def test_flash_video_is_read(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    av = pytest.importorskip("av", reason="PyAV writes Flash video without a word")
    with av.open(str(tmp_path / "a.flv"), "w") as made:
        stream = made.add_stream("flv", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(21):
            shown = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 5 * number, np.uint8), "rgb24")
            made.mux(stream.encode(shown))
        made.mux(stream.encode())
    assert cv2.VideoCapture(str(tmp_path / "a.flv")).isOpened()
    assert decode(tmp_path / "a.flv").mean() == pytest.approx(50, abs=6)


def test_what_has_no_middle_frame_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.mp4", "a.mp4")
    inside = Path(f"{tmp_path}/a.zip!/a.mp4")
    for path, reason in {
        tmp_path / "a.mp4": "not a video that can be read",
        tmp_path / "b.mp4": "no such file",
        inside: "not a video that can be read",
        inside.with_name("b.mp4"): "cannot be read in its archive",
    }.items():
        with pytest.raises(UnreadablePictureError, match=reason):
            decode(path)

    def old(*_: object) -> None:
        raise cv2.error("no overload")

    monkeypatch.setattr(cv2, "VideoCapture", old)
    with pytest.raises(UnreadablePictureError, match="this OpenCV cannot read"):
        decode(inside)


def test_it_stops_where_it_is_told(make: Make, tmp_path: Path) -> None:
    video = Video(make(tmp_path / "a.avi", 12), every=1, seconds=0.45)
    assert [frame.index for frame in video.frames()] == [0, 1, 2, 3, 4]
    assert video.fault is None


def test_a_broken_tail_is_told_after_the_good_frames(make: Make, tmp_path: Path) -> None:
    path = make(tmp_path / "a.avi", 40)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    video = Video(path, every=5)
    assert len(list(video.frames())) >= 3
    assert video.fault is None or "breaks off" in video.fault


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(InputError, match="cannot be read as video"):
        next(Video(tmp_path / "a.mp4").frames())
    with pytest.raises(InputError, match="There is no video"):
        next(Video(tmp_path / "b.mp4").frames())


def test_settings_that_cannot_be_used_are_told() -> None:
    with pytest.raises(SettingsError, match="every is 0"):
        Video(Path("a.mp4"), every=0)
    with pytest.raises(SettingsError, match="camera has no end"):
        Video(0)


class Camera:
    """Stands in for OpenCV's capture of a camera: frames without end, a tenth of a second each by its own clock."""

    def __init__(self, source: object) -> None:
        self.source, self.taken, self.released = source, 0, False

    def isOpened(self) -> bool:
        return self.source == 0

    def get(self, _: int) -> float:
        return -1.0

    def grab(self) -> bool:
        self.taken += 1
        return True

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        return True, np.dstack([np.full((48, 64), value, np.uint8) for value in (self.taken, 0, 255)])

    def release(self) -> None:
        self.released = True


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[Camera]:
    """Cameras that were opened; the clock is that of the last one."""
    cv2 = pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    opened: list[Camera] = []

    def capture(source: object) -> Camera:
        opened.append(Camera(source))
        return opened[-1]

    monkeypatch.setattr(cv2, "VideoCapture", capture)
    monkeypatch.setattr(module.time, "monotonic", lambda: opened[-1].taken / 10)
    return opened


def test_a_camera_is_read_by_the_clock_and_let_go_of(cameras: list[Camera]) -> None:
    video = Video(0, every=2, seconds=0.65)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == [0, 2, 4]
    assert [frame.time_s for frame in frames] == pytest.approx([0.1, 0.3, 0.5])
    assert frames[1].image[0, 0].tolist() == [255, 0, 3]  # RGB, upright and contiguous
    assert video.fault is None
    assert cameras[0].released


def test_a_camera_is_let_go_of_when_the_reader_stops_early(cameras: list[Camera]) -> None:
    reader = Video(0, seconds=60).frames()
    next(reader)
    reader.close()
    assert cameras[0].released


def test_a_camera_that_is_not_there_is_told(cameras: list[Camera]) -> None:
    with pytest.raises(InputError, match="There is no camera 3, or another program"):
        next(Video(3, seconds=1).frames())
    assert cameras[0].released


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_h264_as_phones_write_it(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("cv2", reason="video is read with OpenCV, which the extra evenface[predict] brings")
    av = pytest.importorskip("av", reason="OpenCV writes no H.264; PyAV does")
    path = tmp_path / f"a.{kind}"
    with av.open(str(path), "w") as made:
        try:
            stream = made.add_stream("libx264", rate=10)
        except (ValueError, av.error.FFmpegError):
            pytest.skip("this PyAV has no encoder for H.264")
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(12):
            shown = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8), "rgb24")
            made.mux(stream.encode(shown))
        made.mux(stream.encode())
    video = Video(path, every=5)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == [0, 5, 10]
    assert [float(frame.image.mean()) for frame in frames] == pytest.approx([0, 100, 200], abs=6)
    assert video.fault is None


def test_a_face_that_stays_keeps_its_number_and_a_new_one_gets_another() -> None:
    tracker = Tracker()
    assert tracker.follow([(0, 0, 10, 10), (50, 0, 60, 10)]) == [0, 1]
    assert tracker.follow([(51, 1, 61, 11), (1, 0, 11, 10)]) == [1, 0]
    assert tracker.follow([(100, 0, 110, 10)]) == [2]


def test_a_face_may_be_missed_for_a_while_and_not_for_long() -> None:
    tracker = Tracker()
    tracker.follow([(0, 0, 10, 10)])
    for _ in range(3):
        assert tracker.follow([]) == []
    assert tracker.follow([(0, 0, 10, 10)]) == [0]
    for _ in range(4):
        tracker.follow([])
    assert tracker.follow([(0, 0, 10, 10)]) == [1]


def test_two_faces_never_share_a_number() -> None:
    tracker = Tracker()
    tracker.follow([(0, 0, 10, 10)])
    assert sorted(tracker.follow([(0, 0, 10, 10), (1, 0, 11, 10)])) == [0, 1]
