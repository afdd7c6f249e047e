"""`python -m simulators`: runs the simulated observatory, all of it or some devices."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators import configuration as conf
from simulators import scenario
from simulators.example import example
from simulators.faults import FaultError
from simulators.host import Host, PortTaken

BAD_INPUT = 2

_EPILOG = """example:
  python -m simulators --example > simulators.json
  python -m simulators --config simulators.json --scenario storm
  python -m simulators --config simulators.json --only mount vis1

A line `ready NAME PORT` is printed for each device that listens. SIGTERM or Ctrl-C stops all.
Exit code 2: something in the configuration or a port in use; the reason is on standard error."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators",
        description="Simulated telescope, cameras, roof, PLC, weather, sky and catalogue, over loopback sockets.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, metavar="FILE.json", help="start the devices of this configuration")
    what.add_argument("--example", action="store_true", help="print a full example configuration")
    what.add_argument("--list-scenarios", action="store_true", help="print the scenarios that come with the simulators")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="start these devices alone")
    parser.add_argument("--scenario", metavar="NAME|FILE", help="play this scenario instead of the configuration's")
    parser.add_argument("--verbose", action="store_true", help="tell on standard error what happens")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if options.example:
        print(json.dumps(example(), indent=2))
        return 0
    if options.list_scenarios:
        for name in scenario.names():
            print(f"{name:14} {scenario.load(name).get('description', '')}")
        return 0
    try:
        configuration = conf.read(options.config)
        if options.scenario is not None:
            configuration = conf.with_scenario(configuration, options.scenario)
        asyncio.run(_serve(configuration, options.only))
    except (conf.ConfigurationError, scenario.ScenarioError, FaultError, PortTaken) as error:
        print(f"simulators: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


async def _serve(configuration: conf.Configuration, only: Sequence[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    host = Host(configuration, conf.make_clock(configuration.clock), only)
    try:
        await host.start(lambda name, port: print(f"ready {name} {port}", flush=True))
        await stop.wait()
    finally:
        await host.stop()


if __name__ == "__main__":
    sys.exit(main())
