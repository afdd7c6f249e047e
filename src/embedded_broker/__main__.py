"""`python -m embedded_broker`: look into a broker file."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from datetime import datetime
from typing import Any

from embedded_broker.admin import dead_messages, discard_dead, queue_status, requeue_dead
from embedded_broker.errors import BadBrokerAddress, BrokerUnavailable
from pyros.clock import iso

EXAMPLE = "example: python -m embedded_broker dead /var/lib/pyros/broker.sqlite3 --requeue 17"


def main(arguments: list[str] | None = None) -> int:
    """Answer on standard output, a JSON object a line. Exit code 2: bad input; 1: could not be done."""
    parser = argparse.ArgumentParser(prog="python -m embedded_broker", description=__doc__, epilog=EXAMPLE)
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="the queues: ready and held messages, consumers", epilog=EXAMPLE)
    status.add_argument("file", metavar="FILE", help="absolute path of the broker file")
    dead = commands.add_parser("dead", help="the messages that no one gets any more, and why", epilog=EXAMPLE)
    dead.add_argument("file", metavar="FILE", help="absolute path of the broker file")
    what = dead.add_mutually_exclusive_group()
    what.add_argument("--requeue", type=int, metavar="ID", help="put this one back into its queue")
    what.add_argument("--discard", type=int, metavar="ID", help="remove this one for good")
    options = parser.parse_args(arguments)
    try:
        for line in _answer(options):
            print(json.dumps(dataclasses.asdict(line), default=_plain))
    except BadBrokerAddress as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokerUnavailable, KeyError) as error:
        print(error.args[0], file=sys.stderr)
        return 1
    return 0


def _answer(options: argparse.Namespace) -> list[Any]:
    if options.command == "status":
        return list(queue_status(options.file))
    if options.requeue is not None:
        requeue_dead(options.file, options.requeue)
        return []
    if options.discard is not None:
        discard_dead(options.file, options.discard)
        return []
    return list(dead_messages(options.file))


def _plain(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    sys.exit(main())
