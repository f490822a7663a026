import io
from typing import Any

import pytest
from rich.console import Console

from evenface.report.probe import validate_probe, write
from evenface.report.probe.charts import figures
from evenface.report.probe.rows import blocks, tables
from evenface.report.probe.terminal import render


def leak(probe: str, measure: str, value: float | None, verdict: str) -> dict[str, Any]:
    band = {"low": None, "high": None, "chance": 0.5, "chance_low": 0.45, "chance_high": 0.55, "p": 0.1}
    return {"probe": probe, "measure": measure, "value": value, **band, "permutations": 20, "verdict": verdict}


@pytest.fixture
def found() -> dict[str, Any]:
    base = {"features": 4, "attribute": "gender", "given": None, "faces": 600, "people": 600}
    base |= {"left_out": 0, "levels": ["f", "m"], "entropy": 1.0, "chance_accuracy": 0.5, "undefined": None}
    rows = (("pixels", 0.9, "read"), ("latent", 0.5, "not_read"), ("logits", 0.5, "no_power"))
    readings = [
        {"run": "a<b", "place": place} | base | {"measures": [leak("linear", "accuracy", value, verdict)]}
        for place, value, verdict in rows
    ]
    about = {"run": "a<b", "net": "vae", "mitigation": "erm", "classes": ["happy", "sad"], "size": 16}
    about |= {"weights_sha256": "0", "faces_sha256": "0", "faces": 600, "places": ["pixels", "latent", "logits"]}
    about["not_drawn"] = "so"
    settings = {"split": "test", "by": ["gender"], "given_expression": False, "layers": False}
    drawn = {"run": "a<b", "explained": [0.5, 0.2], "points": [[0.0, 1.0], [2.0, 0.5]], "expression": [0, 1]}
    return {
        "schema": "evenface.probe/1",
        "evenface": "0",
        "versions": {},
        "settings": settings | {"all_probes": False, "permutations": 20, "seed": 0, "level": 0.95},
        "warnings": [{"code": "few_faces", "message": "few"}],
        "summary": ["a<b: nothing."],
        "runs": [about],
        "attributes": [{"attribute": "gender", "levels": ["f", "m"], "provenance": "generated"}],
        "readings": readings,
        "maps": [drawn | {"attributes": {"gender": [0, -1]}}],
    }


def test_the_schema_holds_and_faults_are_named(found) -> None:
    assert validate_probe(found) == []
    found["readings"][0]["place"] = "elsewhere"
    found["readings"][1]["measures"] = []
    assert len(validate_probe(found)) == 2


def test_all_forms_are_written(found, tmp_path) -> None:
    written = write(found, tmp_path, sheets={"a<b": b"png"})
    assert [path.name for path in written] == ["probe.html", "probe.json", "sheet-a-b.png"]
    page = written[0].read_text("utf-8")
    assert "a<b" not in page
    assert "data:image/png;base64,cG5n" in page


def test_bits_of_every_probe_and_the_description_length_are_shown(found) -> None:
    latent = found["readings"][1]["measures"]
    latent += [leak(probe, "bits", value, "read") for probe, value in (("linear", 0.1), ("mlp", 0.6), ("knn", 0.5))]
    latent.append(leak("linear", "mdl", 0.09, "read"))
    (block,) = blocks(found)
    accuracy, bits = tables(block)
    assert accuracy.head == ("Place", "Run", "Linear", "MLP", "k-NN")
    assert bits.title == "gender: bits of 1.00"
    assert bits.head == ("Place", "Run", "Linear", "MLP", "k-NN", "MDL")
    assert [cell.split(" (")[0] for cell in bits.rows[1][2:]] == ["◆ .10", "◆ .60", "◆ .50", "◆ .09"]
    assert bits.rows[0][2:] == ("–", "–", "–", "–")


def test_places_of_all_nets_are_shown_in_the_order_of_reading(found) -> None:
    about, first = found["runs"][0], found["readings"][0]
    found["runs"] = [about | {"run": "b", "places": ["pixels", "stem", "latent", "logits", "answers"]}]
    found["runs"].append(about | {"run": "c", "places": ["pixels", "stages.0", "latent", "head.0", "logits"]})
    found["readings"] = [first | {"run": r["run"], "place": place} for r in found["runs"] for place in r["places"]]
    (block,) = blocks(found)
    places = list(dict.fromkeys(reading["place"] for reading in block.readings))
    assert places == ["pixels", "stem", "stages.0", "latent", "head.0", "logits", "answers"]


def test_each_verdict_has_its_mark(found) -> None:
    drawn = figures(found)
    assert [len(drawn["leaks"]), len(drawn["maps"])] == [1, 2]
    body = drawn["leaks"][0].body
    assert all(f'class="{style}"' in body for style in ("worst", "dot", "open", "band"))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(render(found))
    text = console.export_text()
    assert "◆ 90.0" in text
    assert "· 50.0" in text
    assert "? 50.0" in text
