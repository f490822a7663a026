"""Messages: what was got, what is allowed, the nearest name, the next step."""

import pytest

from evenface.core import errors
from evenface.core.errors import EvenfaceError, SettingsError, UnknownNameError, did_you_mean, needs


def test_unknown_name_says_got_nearest_allowed_and_next() -> None:
    error = UnknownNameError("metric", "acuracy", ["f1_macro", "accuracy"], "Add one: CONTRIBUTING.md#metric")
    assert str(error) == (
        "Unknown metric 'acuracy'. Did you mean 'accuracy'? Available: accuracy, f1_macro. "
        "Add one: CONTRIBUTING.md#metric"
    )
    assert (error.kind, error.name, error.available) == ("metric", "acuracy", ("accuracy", "f1_macro"))


def test_unknown_name_without_a_hint_ends_cleanly() -> None:
    assert str(UnknownNameError("cue", "x", ["gaze"])) == "Unknown cue 'x'. Available: gaze."


@pytest.mark.parametrize(
    ("name", "expected"),
    [("GAZE", " Did you mean 'Gaze'?"), ("gase", " Did you mean 'Gaze'?"), ("zzz", ""), ("", "")],
)
def test_nearest_name_ignores_letter_case(name: str, expected: str) -> None:
    assert did_you_mean(name, ["Gaze", "action_units"]) == expected


def test_did_you_mean_of_nothing_is_empty() -> None:
    assert did_you_mean("gaze", []) == ""


@pytest.mark.parametrize(("brings", "named"), [("evenface[models]", "'evenface[models]'"), ("pillow", "pillow")])
def test_a_library_that_is_not_there_is_named_with_what_it_is_for_and_what_brings_it(brings: str, named: str) -> None:
    with pytest.raises(SettingsError) as told, needs("Training", brings):
        import a_library_that_is_not_there  # noqa: F401
    assert str(told.value) == (
        f"Training needs a_library_that_is_not_there, which is not installed: pip install {named}"
    )


def test_every_error_can_be_caught_as_one() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert len(kinds) >= 4
    assert all(issubclass(kind, EvenfaceError) for kind in kinds)
