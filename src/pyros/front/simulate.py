"""`simulate`: a whole night through the real processes, with simulators, at many times real speed."""

from __future__ import annotations

import argparse
import os
import time
import tomllib
from datetime import date
from pathlib import Path

import ephemeris
from pyros import config as configuration
from pyros.clock import RealClock
from pyros.config import CONFIG_VARIABLE, ROOT
from pyros.config.loading import data_folder
from pyros.front import checks
from pyros.front.errors import CannotDo
from pyros.simulation import instance, scenarios

DEFAULT_SPEED = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As in design §7."""
    parser.epilog = "example: ./pyrosrun.sh simulate --scenario storm --seed 7 --report night.json"
    parser.add_argument(
        "--night",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="local date of the evening (default: tonight at the site)",
    )
    parser.add_argument(
        "--speed", type=float, default=DEFAULT_SPEED, metavar="N", help=f"times real speed (default {DEFAULT_SPEED:g})"
    )
    parser.add_argument(
        "--scenario", default="burst", metavar="NAME", help=f"one of {', '.join(scenarios.names())} (default burst)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of weather, noise and the burst's time (default 1)"
    )
    parser.add_argument("--alert", type=Path, metavar="FILE", help="a VOEvent of your own, re-dated to the night")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.json",
        help="where the report is written (default: in the simulation's folder)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the night; 0 only if every invariant held and nothing went wrong."""
    try:
        scenario = scenarios.find(options.scenario)
    except KeyError as error:
        raise CannotDo(str(error.args[0]), 2) from error
    if not 1 <= options.speed <= 2000:
        raise CannotDo(f"--speed {options.speed:g}: give a number from 1 to 2000", 2)
    if options.alert is not None and not options.alert.is_file():
        raise CannotDo(f"--alert {options.alert}: there is no such file", 2)
    main = configuration.load(options.config)
    main_secrets = configuration.load_secrets(options.config)
    folder = data_folder(main, options.config)
    checks.require(
        [
            checks.fixture(main),
            checks.writable_data_folder(folder),
            checks.database(main, main_secrets),
            checks.broker(main),
            checks.free_port(main.web.host, main.web.port, "[web] port"),
        ]
    )
    begun = time.monotonic()
    site = site_of(main.observatory.fixture)
    night = options.night or ephemeris.night_date(site, RealClock().now())
    ports = instance.free_ports(main.devices.first_port)
    place = folder / "simulations" / f"{night}-{scenario.name}-{options.seed}-{RealClock().now():%Y%m%dT%H%M%S}"
    path = instance.make(
        place, main, main_secrets, night=night, scenario=scenario.simulators, seed=options.seed, ports=ports
    )
    os.environ[CONFIG_VARIABLE] = str(path)
    import django

    django.setup()
    from pyros.simulation.running import SimulatedNight

    asked = SimulatedNight(
        night=night, site=site, scenario=scenario, speed=options.speed, seed=options.seed, alert=options.alert,
        report_file=options.report, place=place, ports=ports, begun_s=begun,
    )  # fmt: skip
    return asked.run()


def site_of(fixture: str) -> ephemeris.Site:
    """The site of an observatory's fixture, read without a database."""
    row = tomllib.loads((ROOT / "fixtures" / f"{fixture}.toml").read_text(encoding="utf-8"))["site"]
    return ephemeris.Site(row["name"], row["latitude_deg"], row["longitude_deg"], row["elevation_m"])
