"""Settings: what one run was asked to do, checked before it starts and saved with its result.

CLI beats file beats default. A file is TOML; a dot in a key path enters a section: `audit.seed`.
An unknown key is an error, and all faults are reported together.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from evenface.core.errors import SettingsError, UnknownNameError, did_you_mean
from evenface.core.registry import Registry


class Fault(NamedTuple):
    """One thing wrong with settings: the key path (empty for the whole) and a sentence."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


class InvalidSettings(SettingsError, ValueError):  # noqa: N818
    """Settings that cannot be used; `faults` holds everything found wrong.

    It is a `ValueError` too so that pydantic gathers the faults of nested sections instead of stopping at the first.
    """

    def __init__(self, faults: Iterable[Fault], where: str) -> None:
        self.faults, self.where = tuple(faults), where
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"{count} in {where}:", *map(str, self.faults)]))


class Settings(BaseModel):
    """Base of all settings: frozen, typed, and strict about names.

    A subclass lists its fields, with a `Literal` for each choice; a field may itself be a `Settings`.

    Raises:
        InvalidSettings: On construction, with every fault; it is a `SettingsError`.

    Example:
        >>> class Draws(Settings):
        ...     resamples: int = 1000
        >>> Draws(resample=10)
        Traceback (most recent call last):
        ...
        evenface.core.config.InvalidSettings: 1 fault in Draws:
          resample: unknown key. Did you mean 'resamples'? Allowed: resamples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, ser_json_inf_nan="strings")

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InvalidSettings(_faults(error, type(self)), type(self).__name__) from None

    @classmethod
    def load(cls, path: str | Path | None = None, overrides: Iterable[str] = ()) -> Self:
        """Read settings from a TOML file, then apply what the command line says.

        Args:
            path: The file; None leaves every field at its default.
            overrides: `"section.key=value"`, later ones win. A value is read as TOML (`3`, `true`, `[1, 2]`) where it
                is TOML, otherwise as text, so `by=gender` needs no quotes.

        Raises:
            SettingsError: The file cannot be read or is not TOML.
            InvalidSettings: Unknown keys and unfit values, of the file and of the command line together.
        """
        values = _read(Path(path)) if path is not None else {}
        faults, spoken = [], set()
        for override in overrides:
            key, _, text = override.partition("=")
            spoken.add(keys := tuple(key.strip().split(".")))
            if fault := _override(values, keys, text.strip(), override):
                faults.append(fault)
        try:
            settings = cls(**values)
        except InvalidSettings as error:
            faults += error.faults
        if faults:
            said = [f._replace(message=f"{f.message} (command line)") if f.path in spoken else f for f in faults]
            raise InvalidSettings(said, str(path) if path is not None else "the command line") from None
        return settings

    def to_json(self) -> str:
        """Write the resolved settings, defaults included, as JSON with two-space indents."""
        return self.model_dump_json(indent=2)

    def to_toml(self) -> str:
        """Write the resolved settings, defaults included, as TOML that `load` reads back to the same settings.

        TOML has no null: a field that is None is left out, and must have None as its default.

        Raises:
            SettingsError: The text would not read back to the same settings.
        """
        text = toml_text(self.model_dump(mode="json", exclude_none=True))
        if type(self)(**tomllib.loads(text)) != self:
            raise SettingsError(f"{type(self).__name__} cannot be written as TOML without loss: {self!r}.")
        return text


def options_of(table: Registry[Any]) -> Callable[[Any], Any]:
    """Read a TOML table with a `kind`, or the kind alone, as the settings of that plug-in: its `Options`, or itself.

    Use it in a field's type: `Annotated[SerializeAsAny[Settings], BeforeValidator(options_of(NETS))]`.
    """

    def read(given: Any) -> Any:
        if isinstance(given, str):
            given = {"kind": given}
        if not isinstance(given, Mapping):
            return given
        try:
            kind = table.get(str(given.get("kind", "")))
        except UnknownNameError as error:
            raise InvalidSettings([Fault(("kind",), str(error))], "the settings") from error
        return getattr(kind, "Options", kind)(**given)

    return read


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"Cannot read settings {path}: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error


def parse_override(override: str) -> tuple[str, Any]:
    """Read `"section.key=value"` as key path and value, as `Settings.load` does.

    Raises:
        SettingsError: It is not of that form.
    """
    key, equals, text = override.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise SettingsError(f"{override!r} is not of the form section.key=value.")
    return key.strip(), _value(text.strip())


def _override(values: dict[str, Any], keys: tuple[str, ...], text: str, override: str) -> Fault | None:
    """Set one value in place, or say why it cannot be."""
    if "=" not in override or not all(keys):
        return Fault((), f"{override!r} is not of the form section.key=value.")
    for depth, key in enumerate(keys[:-1], start=1):
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            return Fault(keys[:depth], f"is a value, not a section, so {override!r} cannot be set.")
    values[keys[-1]] = _value(text)
    return None


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Turn pydantic's findings into ours, those of nested sections flattened into one list."""
    faults = []
    for found in error.errors(include_url=False):
        path, cause = found["loc"], found.get("ctx", {}).get("error")
        if isinstance(cause, InvalidSettings):
            faults += [Fault((*path, *inner.path), inner.message) for inner in cause.faults]
        elif found["type"] == "extra_forbidden":
            allowed = tuple(model.model_fields)
            near = did_you_mean(str(path[-1]), allowed)
            faults.append(Fault(path, f"unknown key.{near} Allowed: {', '.join(allowed)}."))
        elif found["type"] == "missing":
            faults.append(Fault(path, "is required, but was not given."))
        else:
            message = str(cause) if cause is not None else found["msg"]
            faults.append(Fault(path, f"{message.removesuffix('.')}, got {found['input']!r}."))
    return faults


def toml_text(table: Mapping[str, Any]) -> str:
    """Write plain values as TOML, tables as sections."""
    return "\n".join(_sections(table)).strip() + "\n"


def _sections(table: Mapping[str, Any], path: str = "") -> Iterable[str]:
    """Yield the lines of a TOML table, its plain values before its sections."""
    yield from (f"{_key(k)} = {_toml(v)}" for k, v in table.items() if not isinstance(v, dict))
    for key, value in table.items():
        if isinstance(value, dict):
            inner = f"{path}.{_key(key)}" if path else _key(key)
            yield f"\n[{inner}]"
            yield from _sections(value, inner)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(k)} = {_toml(v)}' for k, v in value.items())}}}"
    if isinstance(value, float):
        return repr(value)  # JSON has no inf and nan, TOML does
    # JSON's strings, numbers and booleans are TOML's, but for the one control character JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
