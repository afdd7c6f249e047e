"""`python -m pyros.front COMMAND …`: finds the command, turns its errors into sentences and exit codes.

Exit codes: 0 done, 1 could not be done, 2 wrong arguments or configuration.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from pyros.config import CONFIG_VARIABLE, ROOT, ConfigError
from pyros.front.errors import CannotDo

COMMANDS = {
    "simulate": "run a whole night through the real processes, with simulators, at many times real speed",
    "test": "run every test and check of the code",
    "start": "run the observatory",
    "stop": "stop it, in order",
    "status": "say what runs",
    "watch": "a live view of the night in the terminal",
    "bench": "run the benchmarks",
    "shell": "a Python shell with the observatory's models",
    "check": "check configuration, disk, ports and services, with remedies",
}
DEFAULT_CONFIG = ROOT / "pyros.toml"
HIDDEN = ("prepare", "data-folder")


def main(arguments: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(
        prog="./pyrosrun.sh",
        description="PyROS, the control system of a robotic observatory.",
        epilog="example: ./pyrosrun.sh simulate --scenario storm   (each command has --help)",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, help_text in COMMANDS.items():
        _add(commands.add_parser(name, help=help_text, description=help_text), name)
    for name in HIDDEN:
        _add(commands.add_parser(name), name)
    chosen = parser.parse_args(arguments)
    if chosen.config != DEFAULT_CONFIG and not chosen.config.exists():
        remedy = f"check --config, or make it with ./install.py --config {chosen.config}"
        print(f"there is no configuration {chosen.config}: {remedy}", file=sys.stderr)
        return 2
    os.environ[CONFIG_VARIABLE] = str(chosen.config.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "pyros.settings"
    try:
        return int(_module(chosen.command).run(chosen))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except CannotDo as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _add(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="configuration (default: pyros.toml)"
    )
    _module(name).add_arguments(parser)


def _module(name: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"pyros.front.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
