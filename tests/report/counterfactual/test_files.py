"""The written forms: what they hold, what they escape, and what is said where pictures are missing."""

import json
import re
from html.parser import HTMLParser
from io import StringIO

import polars as pl
import pytest
from PIL import Image
from rich.console import Console

from evenface.audit.counterfactual import counterfactual
from evenface.core.errors import InputError, UnknownNameError
from evenface.report.counterfactual import validate_counterfactual, write
from evenface.report.counterfactual.files import to_html
from evenface.report.counterfactual.terminal import render


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def without_images(folder, **columns) -> pl.DataFrame:
    return pl.read_parquet(folder / "predictions.parquet").with_columns(**columns)


def test_files_are_written_and_the_same_each_time(found, folder, tmp_path) -> None:
    one, two = (write(found.data, tmp_path / name, images=folder) for name in "ab")
    assert [path.name for path in one] == ["counterfactual.html", "counterfactual.json", "counterfactual.md"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert validate_counterfactual(json.loads(one[1].read_text("utf-8"))) == []


def test_the_page_asks_nothing_of_a_network_and_runs_nothing(found, folder) -> None:
    text = to_html(found.data, folder)
    page = Page(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    sources = [attrs["src"] for _, attrs in page.tags if "src" in attrs]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "<script>alert" not in text
    assert not re.search(r"https?://", text)


def test_faces_that_flipped_stand_side_by_side(found, folder) -> None:
    assert len(found["examples"]) >= 3
    text = to_html(found.data, folder)
    assert text.count("<img ") == 2 * len(found["examples"])
    families = [each["family"] for each in found["examples"]]
    assert len(set(families)) == len(families)
    assert all(each["from"] != each["to"] for each in found["examples"])


def test_pictures_that_are_missing_or_broken_are_told(found, folder, tmp_path) -> None:
    assert "could not be read; the first: there is no file" in to_html(found.data, tmp_path)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    for name, said in (("bad.png", "no picture that can be read"), ("huge.png", "9000 x 9000 pixels")):
        table = without_images(folder, image=pl.lit(name))
        assert said in to_html(counterfactual(table, resamples=100).data, tmp_path)
    table = without_images(folder).drop("image")
    assert "names no pictures" in to_html(counterfactual(table, resamples=100).data, tmp_path)


def test_markdown_escapes_names(found, tmp_path) -> None:
    (path,) = write(found.data, tmp_path, ["md"])
    text = path.read_text("utf-8")
    assert "<script>" not in text
    assert "## Each change as a whole" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) > 3 for line in table)


def test_terminal_keeps_to_eighty_columns(found) -> None:
    out = StringIO()
    Console(file=out, width=80).print(render(found.data))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("image_seed" in line for line in lines)


def test_without_control_noise_is_said_to_be_unknown(folder) -> None:
    table = without_images(folder).filter(pl.col("changed") != "image_seed")
    found = counterfactual(table, resamples=100)
    assert found["baseline"] == {"attribute": None, "flip": None}
    assert "rendering noise is not known" in " ".join(found.summary)
    assert "is not known" in to_html(found.data, None)


def test_nothing_changed_is_said(folder, tmp_path) -> None:
    table = without_images(folder, predicted=pl.lit("happy"))
    found = counterfactual(table, resamples=100)
    assert "No answer changed at all." in found.summary
    assert not found["transitions"]
    assert not found["examples"]
    assert validate_counterfactual(found.data) == []
    write(found.data, tmp_path)


def test_faults_of_the_folder_and_format(found, tmp_path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'html'"):
        write(found.data, tmp_path, ["htm"])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write"):
        write(found.data, tmp_path / "file")


def test_a_page_of_names_never_says_more_than_numbers(found) -> None:
    said = " ".join(found.summary).casefold()
    assert not re.search(r"\b(fair|unbiased|bias-free|discriminat\w+)\b", said)
