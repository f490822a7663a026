import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from evenface.core.errors import InputError, SettingsError
from evenface.core.manifest import Manifest
from evenface.synthesis import run, stretch
from evenface.synthesis.plan import Plan
from evenface.synthesis.run import generate
from evenface.synthesis.spec import Spec

SPEC = Spec(count=25, size=16, people=10, splits={"train": 0.6, "test": 0.4})


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten faces a stretch, drawn four at a time, so that a few faces make several."""
    monkeypatch.setattr(stretch, "PER_SHARD", 10)
    monkeypatch.setattr("evenface.synthesis.store.PER_SHARD", 10)
    monkeypatch.setattr(stretch, "_BATCH", 4)


def files_of(folder: Path) -> dict[str, str]:
    """Hash of every file but about.json, which holds times."""
    found = {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "about.json"}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


def picture(source: Path | bytes) -> np.ndarray:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return np.asarray(image)


def test_a_set_is_images_and_their_truth(draw: Callable, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = generate(SPEC, tmp_path / "a" / "set", workers=1, draw=draw, progress=lambda *now: told.append(now))
    assert (made.rows, made.made) == (25, 25)
    manifest = made.manifest()
    assert manifest.frame.equals(Plan(SPEC).table())
    pixels = draw(manifest.frame, 16)
    for name, drawn in zip(manifest.frame["image"], pixels, strict=True):
        np.testing.assert_array_equal(picture(made.folder / name), drawn)
    assert told[0] == (0, 25) and told[-1] == (25, 25) and [n for n, _ in told] == sorted(n for n, _ in told)
    assert Spec.load(made.folder / "spec.toml") == SPEC
    assert {path.name for path in made.folder.iterdir()} == {"images", "manifest.parquet", "spec.toml", "about.json"}
    about = json.loads((made.folder / "about.json").read_text())
    assert about["plan_sha256"] == Plan(SPEC).sha256 and about["schema"] == "evenface.generated/1"
    assert set(about["seconds"]) == {"wall", "plan", "draw", "write"}


@pytest.mark.parametrize("store", ["files", "parquet", "webdataset"])
def test_the_same_bytes_whatever_the_stretch_and_batch(
    store: str, draw: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SPEC.model_copy(update={"store": store})
    one = generate(spec, tmp_path / "one", workers=1, draw=draw)
    monkeypatch.setattr(stretch, "_BATCH", 3)
    two = generate(spec, tmp_path / "two", workers=1, draw=draw)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    if store == "files":
        monkeypatch.setattr(stretch, "PER_SHARD", 7)
        assert (
            generate(spec, tmp_path / "three", workers=1, draw=draw).about["pixels_sha256"]
            == (one.about["pixels_sha256"])
        )
        assert files_of(tmp_path / "one") == files_of(tmp_path / "three")
    assert one.about["pixels_sha256"] == two.about["pixels_sha256"]


def test_the_same_bytes_from_several_processes(draw: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(sys.modules[draw.__module__].__file__).parent
    monkeypatch.undo()
    monkeypatch.syspath_prepend(folder)
    draw = import_module("fake_renderer").draw
    spec = SPEC.model_copy(update={"count": 300})
    one, two = (generate(spec, tmp_path / str(workers), workers=workers, draw=draw) for workers in (1, 2))
    assert one.about["pixels_sha256"] == two.about["pixels_sha256"]
    assert files_of(one.folder) == files_of(two.folder)


def test_shards_hold_truth_and_pictures(draw: Callable, tmp_path: Path) -> None:
    truth = Plan(SPEC).table()
    pixels = draw(truth, 16)
    parquet = generate(SPEC.model_copy(update={"store": "parquet"}), tmp_path / "p", workers=1, draw=draw)
    rows = pl.read_parquet(parquet.folder / "shards" / "00001.parquet")
    assert rows["face"].to_list() == truth["face"][10:20].to_list()
    np.testing.assert_array_equal(picture(rows["image_bytes"][3]), pixels[13])
    assert parquet.manifest().frame["shard"].unique(maintain_order=True).to_list() == [
        f"shards/{i:05d}.parquet" for i in range(3)
    ]
    tars = generate(SPEC.model_copy(update={"store": "webdataset"}), tmp_path / "w", workers=1, draw=draw)
    with tarfile.open(tars.folder / tars.manifest().frame["shard"][-1]) as tar:
        names = tar.getnames()
        assert names[:3] == ["0000020.png", "0000020.cls", "0000020.json"] and len(names) == 15
        said = json.load(tar.extractfile("0000024.json"))
        assert tar.extractfile("0000024.cls").read().decode() == str(truth["label"][24])
    assert said["skin_tone"] == truth["skin_tone"][24] and said["emotion"] == truth["emotion"][24]


def test_jpeg_is_written_if_asked_for(draw: Callable, tmp_path: Path) -> None:
    made = generate(SPEC.model_copy(update={"image": "jpeg", "count": 5}), tmp_path, workers=1, draw=draw)
    images = [(tmp_path / name).read_bytes() for name in made.manifest().frame["image"]]
    assert {image[:3] for image in images} == {b"\xff\xd8\xff"}


class Stops:
    """A renderer that is stopped after some batches."""

    def __init__(self, draw: Callable, batches: int, error: BaseException) -> None:
        self.draw, self.left, self.error, self.faces = draw, batches, error, 0

    def __call__(self, faces: pl.DataFrame, size: int) -> np.ndarray:
        if not self.left:
            raise self.error
        self.left -= 1
        self.faces += faces.height
        return self.draw(faces, size)


@pytest.mark.parametrize("store", ["files", "parquet"])
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(store: str, draw: Callable, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"store": store})
    whole = generate(spec, tmp_path / "whole", workers=1, draw=draw)
    with pytest.raises(KeyboardInterrupt):
        generate(spec, tmp_path / "stopped", workers=1, draw=Stops(draw, 4, KeyboardInterrupt()))
    assert not (tmp_path / "stopped" / "manifest.parquet").exists()
    for path in (tmp_path / "stopped" / "images").rglob("*.png"):
        assert picture(path).shape == (16, 16, 3)
    (tmp_path / "stopped" / ("images/000" if store == "files" else "shards") / ".half.png.x").write_bytes(b"half")
    counting = Stops(draw, 99, KeyboardInterrupt())
    again = generate(spec, tmp_path / "stopped", workers=1, draw=counting)
    assert (again.made, counting.faces, again.rows) == (15, 15, 25)
    assert files_of(tmp_path / "stopped") == files_of(tmp_path / "whole")
    assert again.about["pixels_sha256"] == whole.about["pixels_sha256"]
    done = generate(spec, tmp_path / "stopped", workers=1, draw=Stops(draw, 0, KeyboardInterrupt()))
    assert done.made == 0 and done.about == again.about


def test_what_another_version_drew_is_drawn_again(
    draw: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stretch, "__version__", "0.0.1")
        generate(SPEC, tmp_path, workers=1, draw=Stops(draw, 4, KeyboardInterrupt()))
    assert generate(SPEC, tmp_path, workers=1, draw=draw).made == 25


def test_a_folder_of_another_spec_is_left_alone(draw: Callable, tmp_path: Path) -> None:
    generate(SPEC, tmp_path, workers=1, draw=draw)
    before = files_of(tmp_path)
    other = Spec(**SPEC.model_dump() | {"size": 32, "parameters": {"yaw": 3}})
    with pytest.raises(SettingsError) as caught:
        generate(other, tmp_path, workers=1, draw=draw)
    assert "size: 16 there, 32 now" in str(caught.value)
    assert "parameters.yaw.value: 'not set' there, 3.0 now" in str(caught.value)
    assert files_of(tmp_path) == before


def test_a_folder_of_other_things_is_left_alone(draw: Callable, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="holds files, but no set of faces"):
        generate(SPEC, tmp_path, workers=1, draw=draw)
    with pytest.raises(InputError, match="it is not a folder"):
        generate(SPEC, tmp_path / "thesis.tex", workers=1, draw=draw)
    with pytest.raises(InputError, match="Cannot write to"):
        generate(SPEC, tmp_path / "thesis.tex" / "below", workers=1, draw=draw)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_is_told_and_leaves_nothing_half(
    draw: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(out: Path, name: str, image: bytes) -> None:
        if name.endswith("7.png"):
            raise OSError(28, "No space left on device")
        written(out, name, image)

    written = stretch.write_image
    monkeypatch.setattr(stretch, "write_image", full)
    with pytest.raises(InputError, match=r"No space left on device\. What is there is whole"):
        generate(SPEC, tmp_path, workers=1, draw=draw)
    monkeypatch.undo()
    assert not (tmp_path / "manifest.parquet").exists()
    assert generate(SPEC, tmp_path, workers=1, draw=draw).rows == 25


def test_a_bias_that_cannot_be_had_is_told_before_anything_is_written(draw: Callable, tmp_path: Path) -> None:
    bias = {"kind": "stereotypical", "emotion": "sad", "group": {"age": "70+"}, "strength": 1}
    with pytest.raises(SettingsError, match="to exchange"):
        generate(Spec(count=30, attributes={"age": ["4-19"]}, biases=[bias]), tmp_path / "set", draw=draw)
    assert not (tmp_path / "set").exists()


def test_what_is_missing_to_draw_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str, *rest: object, **more: object) -> object:
        if name.startswith("evenface.synthesis.render"):
            raise ModuleNotFoundError("No module named 'warp'", name="warp")
        return real(name, *rest, **more)

    real = __builtins__["__import__"]
    monkeypatch.setitem(__builtins__, "__import__", none)
    with pytest.raises(SettingsError, match=r"pip install 'evenface\[synthesis\]'"):
        run.renderer()


def test_families_are_whole(draw: Callable, tmp_path: Path) -> None:
    design = {"kind": "counterfactual", "change": {"age": [20, 50, 80]}}
    made = generate(Spec(count=20, size=16, design=design), tmp_path, workers=1, draw=draw)
    assert (made.rows, made.about["faces"], made.about["asked"]) == (18, 18, 20)
    assert isinstance(made.manifest(), Manifest)
