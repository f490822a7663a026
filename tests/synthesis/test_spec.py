from collections.abc import Callable
from pathlib import Path

import pytest

from evenface.core.errors import SettingsError
from evenface.synthesis.spec import Spec

FULL = """
version = 1
name = "full"
seed = 7
count = 120
size = 48
people = 30
looks = "linked"
emotions = ["happy", "sad", "neutral"]
regions = { wild = 3, jaffe_like = 1 }
image = "jpeg"
quality = 80
store = "parquet"

[splits]
train = 0.8
test = 0.2

[design]
kind = "natural"

[attributes]
gender = ["female", "male"]
age = { "20-39" = 3, "70+" = 1 }

[parameters]
glasses = "clear"
jpeg = 80
yaw = { low = -10, high = 10 }
exposure = { mean = 0, sd = 0.2 }
hair_style = { choices = ["bun", "bob"], shares = [1, 2] }

[[biases]]
kind = "missing"
attribute = "age"
rate = 0.1

[[biases]]
kind = "annotator"
group = { gender = "male" }
emotion = "sad"
says = "neutral"
rate = 0.5
splits = ["train"]
"""
Write = Callable[[str], Path]


def test_a_spec_reads_and_writes_all_it_can_say(spec_file: Write, tmp_path: Path) -> None:
    spec = Spec.load(spec_file(FULL))
    assert spec.regions == {"wild": 3, "jaffe_like": 1} and spec.attributes["gender"] == {"female": 1, "male": 1}
    assert [bias.kind for bias in spec.biases] == ["missing", "annotator"]
    again = tmp_path / "again.toml"
    again.write_text(spec.to_toml())
    assert Spec.load(again) == spec


def test_options_come_before_the_file(spec_file: Write) -> None:
    spec = Spec.load(spec_file(FULL), ["count=5", "design=regional", "parameters.yaw.high=20", "biases=[]"])
    assert (spec.count, spec.design.kind, spec.parameters["yaw"].high, spec.biases) == (5, "regional", 20, ())


def test_defaults_are_those_of_the_design() -> None:
    assert Spec().labels.name == "FER2013" and Spec().looks_used == "independent"
    natural = Spec(design="natural")
    assert natural.labels.name == "RAF-DB" and natural.looks_used == "linked"
    assert natural.shares("ethnicity") == [0.08, 0.15, 0.77, 0]
    assert Spec(emotions=["sad", "happily_surprised"]).labels.names == ("sad", "happily_surprised")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 2", "version: is of a newer evenface; update it, or write the spec for version 1"),
        ("count = 0", "count: Input should be greater than or equal to 1"),
        ("size = 8", "size: "),
        ("seed = -1", "seed: "),
        ("people = 0", "people: "),
        ("quality = 101", "quality: "),
        ('name = "../x"', "name: "),
        ("cuont = 5", "cuont: unknown key. Did you mean 'count'?"),
        ('emotions = ["hapy"]', "emotions.hapy: is not known. Did you mean 'happy'?"),
        ("emotions = []", "emotions: "),
        ('emotions = ["sad", "sad"]', "emotions: sad is listed twice"),
        ('regions = ["wyld"]', "regions.wyld: is not known. Did you mean 'wild'?"),
        ("regions = { wild = 0 }", "regions: all shares are 0"),
        ("regions = { wild = -1 }", "regions.wild: "),
        ("regions = []", "regions: "),
        ('splits = ["tain"]', "splits.tain: is not known. Did you mean 'train'?"),
        ('[attributes]\nrace = ["asian"]', "attributes.race: is no attribute"),
        ('[attributes]\nage = ["20-30"]', "attributes.age.20-30: is not known. Did you mean '20-39'?"),
        ("[attributes]\nage = []", "attributes.age: "),
        ("[parameters]\nyaww = 3", "parameters.yaww: is no parameter. Did you mean 'yaw'?"),
        ("[parameters]\nyaw = 300", "parameters.yaw.value: 300 is out of range. Allowed: -90 to 90"),
        ("[parameters]\nyaw = { low = 9, high = -9 }", "parameters.yaw: low 9 is above high -9"),
        ("[parameters]\nyaw = { low = -91, high = 95 }", "parameters.yaw.low: -91 is out of range"),
        ('[parameters]\nglasses = "darck"', "'darck' is not possible. Did you mean 'dark'?"),
        ("[parameters]\nage = 30", "parameters.age: is drawn from [attributes], emotions and seed"),
        ('[parameters]\n"action:jawOpn" = 1', "is drawn from [attributes]"),
        ('[design]\nkind = "x"', "design.kind: Unknown design 'x'"),
        ("design = 3", "design: "),
        ('store = "zip"', "store: "),
    ],
)
def test_a_spec_says_what_it_cannot_be(text: str, said: str, spec_file: Write) -> None:
    with pytest.raises(SettingsError) as caught:
        Spec.load(spec_file(text))
    assert said in str(caught.value)


def test_all_faults_are_told_together(spec_file: Write) -> None:
    text = 'count = 0\nemotions = ["hapy"]\n[parameters]\nyaww = 3\nyaw = 300\n[[biases]]\nkind = "missing"\nrte = 1'
    with pytest.raises(SettingsError, match="7 faults") as caught:
        Spec.load(spec_file(text))
    for part in ("count", "hapy", "yaww", "300", "rte", "attribute: is required", "rate: is required"):
        assert part in str(caught.value)
