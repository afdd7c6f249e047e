"""The text of a new `pyros.toml`: every key with its meaning, commented out at its default."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

from pyros.config.schema import Config

_HEAD = """# PyROS: what changes from site to site. Every key is optional; a line beginning with '#' shows the default.
# Passwords stand in secrets.toml beside this file. Meaning of every key: docs/reference/configuration.md
"""


def document(changes: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """The text of a configuration file; `changes` (table → key → value) stand uncommented."""
    changes = changes or {}
    lines = [_HEAD]
    for table in dataclasses.fields(Config):
        lines.append(f"[{table.name}]")
        for item in dataclasses.fields(cast(Any, table.default_factory)):
            made = item.default is dataclasses.MISSING
            default = cast(Any, item.default_factory)() if made else item.default
            meaning = item.metadata["help"]
            if choices := item.metadata["choices"]:
                meaning += f" ({', '.join(choices)})"
            lines.append(f"# {meaning}")
            chosen = changes.get(table.name, {})
            if item.name in chosen:
                lines.append(f"{item.name} = {toml(chosen[item.name])}")
            else:
                lines.append(f"# {item.name} = {toml(default)}")
        lines.append("")
    return "\n".join(lines)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
    return str(value)
