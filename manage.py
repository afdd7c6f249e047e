#!/usr/bin/env python
"""Django's command line for PyROS. `--config FILE` names another pyros.toml than the one beside this file."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Run a management command; 2 when the configuration is wrong."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    os.environ["DJANGO_SETTINGS_MODULE"] = "pyros.settings"
    from pyros.config import CONFIG_VARIABLE, ConfigError

    if "--config" in arguments:
        at = arguments.index("--config")
        if at + 1 == len(arguments):
            print("--config needs a file, e.g. --config pyros.toml", file=sys.stderr)
            return 2
        os.environ[CONFIG_VARIABLE] = str(Path(arguments[at + 1]).resolve())
        del arguments[at : at + 2]
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(arguments)
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        print(f"{error}. Run ./install.py (or any ./pyrosrun.sh command) to make the environment.", file=sys.stderr)
        return 1
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
