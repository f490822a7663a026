from __future__ import annotations

from typing import Any

from evenface.report import charts, page
from evenface.report.prose import LAW, LIMITS, command, methods
from evenface.report.words import Findings


def test_the_command_quotes_what_a_shell_would_run(audit: dict[str, Any]) -> None:
    audit["input"]["source"] = "a b; rm -rf $HOME.csv"
    audit["settings"]["asked"] = {"label": "label", "bins": {"age": [0, 20, 40, 60]}}
    line = command(Findings(audit))
    assert "'a b; rm -rf $HOME.csv'" in line
    assert "--by gender,race,age --label label --bins age=0,20,40,60 --cross 1 --min-group 50" in line


def test_methods_name_the_settings(audit: dict[str, Any]) -> None:
    audit["settings"] |= {"unit": "subject", "resamples": 2500, "min_group": 17}
    text = " ".join(methods(Findings(audit)))
    assert all(
        part in text
        for part in (
            "2,500 resamples of persons (all faces of one person move together)",
            "fewer than 17",
            "below 0.05",
            "max-T",
        )
    )


def test_the_limits_say_perceived_and_name_the_law() -> None:
    assert "perceived expressions, not what a person felt" in " ".join(LIMITS)
    assert all(article in " ".join(LAW) for article in ("2024/1689", "5(1)(f)", "50(3)"))


def test_how_chance_is_drawn_is_told_as_it_is_where_persons_are_known(audit: dict[str, Any]) -> None:
    faces = page.render(Findings(audit), charts.figures(Findings(audit)))
    audit["settings"]["unit"] = "subject"
    persons = page.render(Findings(audit), charts.figures(Findings(audit)))
    assert "groups exchanged within each true class" in faces
    assert "exchanged within each" not in persons
    assert "the same rates in all groups within each true class" in persons
