"""Search: settings of each method, by the same number of trials for each, on validation faces of one suite alone.

Multi-objective (accuracy up, gap down) by Optuna (Akiba et al., KDD 2019), whose trials are kept in SQLite: a search
that was stopped goes on. The first trial is the default of the method, so that a search never takes it out of play.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenface.benchmark.cell import Cell, run_trial
from evenface.benchmark.jobs import Job, Pool, bound
from evenface.core.config import toml_text
from evenface.core.errors import InputError, SettingsError, needs
from evenface.core.writing import write_files

if TYPE_CHECKING:
    from optuna import Study, Trial

STORE = "search.sqlite3"
WINNERS = "winners.toml"
_SEED = 0
_REFUSED = "refused"  # marks a trial whose settings cannot be trained, unlike one that was killed
_ASKED = "asked"  # what the trials of a study rest on


def search(cells: Sequence[Cell], trials: int, pool: Pool, out: Path, tell: Any) -> dict[str, dict[str, Any]]:
    """Search the settings of each method, and write the winners.

    Args:
        cells: One of each method, with the suite and the seed of the search.
        trials: Of each method, those of an earlier part of the search among them.
        pool: Where they run.
        out: Folder of the benchmark, for the store and the winners.
        tell: Called with trials done, trials in all and a word.

    Returns:
        Method -> key path -> value.

    Raises:
        SettingsError: Optuna is not installed, or the folder holds a search that rests on something else.
    """
    with needs("The search", "evenface[benchmark]"):
        import optuna
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    storage = f"sqlite:///{(out / STORE).resolve()}"
    studies = {}
    for number, cell in enumerate(cells):
        study = optuna.create_study(
            study_name=f"{cell.prepared.suite.name}/{cell.method.name}",
            storage=storage,
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
        _same(study, cell, out)
        # Another seed for each part of a search that was stopped, else it would draw the same settings again.
        seed = _SEED + 1000 * number + len(study.get_trials(deepcopy=False))
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(3, trials // 2))
        for left in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):  # of a search that was killed
            study.tell(left.number, state=optuna.trial.TrialState.FAIL)
        studies[cell.method.name] = study
    for done, ((name, trial), value) in enumerate(pool.run(_asked(cells, studies, trials)), 1):
        if value is None:
            trial.set_user_attr(_REFUSED, True)
            studies[name].tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            studies[name].tell(trial, value)
        tell(done, len(cells) * trials, f"search {name}")
    found = {name: _winner(study) for name, study in studies.items()}
    _write(out, cells[0].prepared.suite.name, trials, found)
    return {name: each["settings"] for name, each in found.items()}


def _same(study: Study, cell: Cell, out: Path) -> None:
    """Refuse to go on with trials of other faces, protocol or settings."""
    now = cell.asked
    then = study.user_attrs.get(_ASKED, now)
    if other := sorted(key for key in {*now, *then} if now.get(key) != then.get(key)):
        raise SettingsError(
            f"{out / STORE} holds a search of {study.study_name} that differs in {', '.join(other)}. Give the same "
            "settings, or another folder with --out."
        )
    study.set_user_attr(_ASKED, now)


def _asked(cells: Sequence[Cell], studies: Mapping[str, Study], trials: int) -> Iterator[tuple[tuple[str, Trial], Job]]:
    """Ask each study in turn for its next trial, until each has had as many as it is to have."""
    for number in range(trials):
        for cell in cells:
            study = studies[cell.method.name]
            had = [each for each in study.get_trials(deepcopy=False) if each.values or _REFUSED in each.user_attrs]
            if len(had) > number:
                continue
            trial = study.ask()
            space = cell.method.space() if number else {}
            chosen = {key: _suggest(trial, key, span) for key, span in space.items()}
            trial.set_user_attr("settings", chosen)
            yield (cell.method.name, trial), bound(run_trial, replace(cell, chosen=chosen))


def _suggest(trial: Trial, key: str, span: Any) -> Any:
    if span.choices:
        return trial.suggest_categorical(key, list(span.choices))
    return trial.suggest_float(key, span.low, span.high, log=span.log)


def _winner(study: Study) -> dict[str, Any]:
    """Take the trial of highest accuracy less gap; where all failed, the default."""
    ended = [trial for trial in study.get_trials(deepcopy=False) if trial.values is not None]
    if not ended:
        return {"settings": {}, "trials": 0}
    best = max(ended, key=lambda trial: trial.values[0] - trial.values[1])
    told = {"accuracy": round(best.values[0], 4), "gap": round(best.values[1], 4)}
    return {"settings": best.user_attrs["settings"], "trials": len(ended), "trial": best.number, **told}


def _write(out: Path, suite: str, trials: int, found: Mapping[str, Any]) -> None:
    """Write winners, and keep those of methods that were not searched now, if they are of the same suite."""
    path = out / WINNERS
    told = _read(path) if path.is_file() else {}
    kept = told["methods"] if told.get("suite") == suite else {}
    text = toml_text({"suite": suite, "trials": trials, "methods": {**kept, **found}})
    write_files(out, {WINNERS: text.encode()}, "the winners of the search")


def read_winners(path: Path) -> dict[str, dict[str, Any]]:
    """Read what a search chose: method -> key path -> value.

    Raises:
        InputError: The file cannot be read as such.
    """
    return {name: dict(each["settings"]) for name, each in _read(path)["methods"].items()}


def _read(path: Path) -> dict[str, Any]:
    """Read a file of winners whole, once it is known to be one."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        for each in told["methods"].values():
            dict(each["settings"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} holds no winners of a search ({error}). `--search` writes them.") from error
    return told
