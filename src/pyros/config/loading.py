"""Reading `pyros.toml` and `secrets.toml`, refusing what is wrong in words."""

from __future__ import annotations

import dataclasses
import difflib
import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pyros.config import schema

ROOT = Path(__file__).resolve().parents[3]
"""The checkout: where manage.py stands."""

CONFIG_VARIABLE = "PYROS_CONFIG"
"""How a parent process tells its children the configuration file (set by us, never by a person)."""


class ConfigError(Exception):
    """The configuration can't be used. The text names file, key, value and what was expected."""


@dataclass(frozen=True)
class Secrets:
    """`secrets.toml` (mode 0600): what must be in neither git nor logs."""

    django_secret_key: str = ""
    database_password: str = ""
    broker_password: str = "guest"
    admin_password: str = ""


def locate() -> Path:
    """The configuration file of this process: the one its parent named, else `pyros.toml` in the checkout."""
    return Path(os.environ.get(CONFIG_VARIABLE) or ROOT / "pyros.toml")


def load(path: Path) -> schema.Config:
    """The checked configuration of a file; defaults where the file is missing or silent.

    Raises:
        ConfigError: not TOML, an unknown table or key, or a value of the wrong type or range.
    """
    tables = _read_toml(path)
    known = {f.name: f for f in dataclasses.fields(schema.Config)}
    parsed: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in known:
            raise ConfigError(f"{path}: unknown table [{name}]; expected one of {_names(known, name)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} = {table!r} stands outside a table; expected a table [{name}]")
        parsed[name] = _table(path, name, table, get_type_hints(schema.Config)[name])
    return schema.Config(**parsed)


def load_secrets(config_path: Path) -> Secrets:
    """The secrets beside a configuration file; empty ones where there is no such file.

    Raises:
        ConfigError: unreadable, an unknown key, or readable by others than its owner.
    """
    path = config_path.with_name("secrets.toml")
    if not path.exists():
        return Secrets()
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(f"{path}: mode {mode:04o} lets others read it; expected 0600 (run: chmod 600 {path})")
    values = _read_toml(path)
    for name, value in values.items():  # checked here, because a message must not show a secret
        if name in Secrets.__dataclass_fields__ and not isinstance(value, str):
            raise ConfigError(f"{path}: {name} is no text; expected a text in quotes")
    return _table(path, "", values, Secrets)  # type: ignore[no-any-return]


def data_folder(config: schema.Config, config_path: Path) -> Path:
    """The absolute data folder of a configuration."""
    return (config_path.parent / config.observatory.data_folder).resolve()


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error


def _table(path: Path, table: str, values: dict[str, Any], kind: type) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    hints = get_type_hints(kind)
    checked = {}
    for name, value in values.items():
        full = f"[{table}] {name}" if table else name
        if name not in fields:
            raise ConfigError(f"{path}: unknown key {full}; expected one of {_names(fields, name)}")
        checked[name] = _value(path, full, value, hints[name], fields[name].metadata)
    return kind(**checked)


def _value(path: Path, full: str, value: Any, hint: Any, metadata: Any) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wanted = get_origin(hint) or hint
    if type(value) is not wanted or (wanted is list and not all(type(v) is get_args(hint)[0] for v in value)):
        raise ConfigError(f"{path}: {full} = {value!r}; expected {_type_words(hint)}")
    if (choices := metadata.get("choices")) and value not in choices:
        raise ConfigError(f"{path}: {full} = {value!r}; expected one of {', '.join(choices)}")
    low, high = metadata.get("low"), metadata.get("high")
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{path}: {full} = {value!r}; expected a number from {low:.15g} to {high:.15g}")
    return value


def _type_words(hint: Any) -> str:
    if get_origin(hint) is list:
        return f'a list of texts, e.g. ["{"127.0.0.1:8099"}"]'
    return {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}[hint]


def _names(known: dict[str, Any], wrong: str) -> str:
    near = difflib.get_close_matches(wrong, known, n=1)
    names = ", ".join(sorted(known))
    return f"{names} (did you mean {near[0]}?)" if near else names
