"""`python -m guardian --config FILE.json`: run the guardian."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from guardian.configuration import EXAMPLE, load
from guardian.errors import ConfigurationError
from guardian.process import AlreadyRunning, GuardianProcess

BAD_INPUT = 2
NOT_DONE = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m guardian",
        description="Watch weather, power and links, close the roof when it is not safe, keep the PLC's heartbeat.",
        epilog="example: python -m guardian --example > guardian.json && python -m guardian --config guardian.json",
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--config", type=Path, metavar="FILE.json", help="run with this configuration")
    choice.add_argument("--example", action="store_true", help="print an example configuration and end")
    choice.add_argument("--check", type=Path, metavar="FILE.json", help="check a configuration and end")
    options = parser.parse_args(arguments)
    if options.example:
        print(json.dumps(EXAMPLE, indent=2))
        return 0
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s %(levelname)s %(message)s")
    try:
        configuration = load(options.check or options.config)
        if options.check:
            print("ok")
            return 0
        guardian = GuardianProcess(configuration, configuration.make_clock())
    except ConfigurationError as error:
        return _complain(error, BAD_INPUT)
    except (OSError, AlreadyRunning) as error:
        return _complain(error, BAD_INPUT if isinstance(error, FileNotFoundError) else NOT_DONE)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: guardian.stop())
    guardian.run()
    return 0


def _complain(error: Exception, code: int) -> int:
    print(f"guardian: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
