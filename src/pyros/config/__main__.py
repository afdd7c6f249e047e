"""`python -m pyros.config`: the reference of `pyros.toml` in Markdown, made from the same words as the file itself."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any, get_args, get_origin, get_type_hints

from pyros.config.schema import Config
from pyros.config.writing import toml

_HEAD = """# Configuration: `pyros.toml`

Made by `python -m pyros.config > docs/reference/configuration.md`; do not edit by hand.

What changes from site to site. Every table and key may be left out: the default then holds. A wrong key or value is
refused at the start with the file, the key and what was expected. `secrets.toml`, beside it and readable by its owner
alone (mode 0600), holds `django_secret_key`, `database_password`, `broker_password` and `admin_password`.
The observatory itself (site, telescopes, devices, filters) is data: loaded from `fixtures/`, edited in the admin.
"""
_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def reference() -> str:
    """The whole page, ending with a line end."""
    hints = get_type_hints(Config)
    parts = [_HEAD]
    for table in dataclasses.fields(Config):
        parts.append(f"## [{table.name}]\n")
        parts.append("| key | meaning | default | allowed |")
        parts.append("|---|---|---|---|")
        kinds = get_type_hints(hints[table.name])
        defaults = hints[table.name]()
        for item in dataclasses.fields(hints[table.name]):
            default = toml(getattr(defaults, item.name))
            parts.append(
                f"| `{item.name}` | {item.metadata['help']} | `{default}` | {_allowed(item, kinds[item.name])} |"
            )
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def _allowed(item: dataclasses.Field[Any], kind: Any) -> str:
    if choices := item.metadata["choices"]:
        return ", ".join(f"`{toml(choice)}`" for choice in choices)
    words = "list of texts" if get_origin(kind) is list and get_args(kind) == (str,) else _KINDS[kind]
    low, high = item.metadata["low"], item.metadata["high"]
    return words if low is None else f"{words}, {low:.15g} to {high:.15g}"


def main() -> int:
    """Print the reference."""
    argparse.ArgumentParser(
        prog="python -m pyros.config",
        description="Print the reference of pyros.toml in Markdown.",
        epilog="example: python -m pyros.config > docs/reference/configuration.md",
    ).parse_args()
    sys.stdout.write(reference())
    return 0


if __name__ == "__main__":
    sys.exit(main())
