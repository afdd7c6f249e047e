"""`simulate`: a whole night through the real processes, with simulators, at many times real speed."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pyros import config as configuration
from pyros.clock import RealClock, SharedClock
from pyros.config import CONFIG_VARIABLE
from pyros.config.loading import data_folder
from pyros.front import checks
from pyros.front.errors import CannotDo
from pyros.simulation import instance, scenarios

DEFAULT_SPEED = 300.0
BEFORE_SUNSET = timedelta(minutes=25)
"""The simulated night begins this long before sunset: cameras are cooled, biases and darks taken."""
UP_REAL_S = 60.0
DRAIN_REAL_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As in design §7."""
    parser.epilog = "example: ./pyrosrun.sh simulate --scenario storm --seed 7 --report night.json"
    parser.add_argument("--night", type=date.fromisoformat, metavar="YYYY-MM-DD", help="local date of the evening (default: tonight at the site)")
    parser.add_argument("--speed", type=float, default=DEFAULT_SPEED, metavar="N", help=f"times real speed (default {DEFAULT_SPEED:g})")
    parser.add_argument("--scenario", default="burst", metavar="NAME", help=f"one of {', '.join(scenarios.names())} (default burst)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of weather, noise and the burst's time (default 1)")
    parser.add_argument("--alert", type=Path, metavar="FILE", help="a VOEvent of your own, re-dated to the night")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="where the report is written (default: in the simulation's folder)")


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
    folder = data_folder(main, options.config)
    checks.require([checks.writable_data_folder(folder), checks.free_port(main.web.host, main.web.port, "[web] port")])
    begun = time.monotonic()
    night = options.night or _tonight(main)
    ports = instance.free_ports(main.devices.first_port)
    place = folder / "simulations" / f"{night}-{scenario.name}-{options.seed}-{RealClock().now():%Y%m%dT%H%M%S}"
    path = instance.make(place, main, night=night, scenario=scenario.simulators, seed=options.seed, ports=ports)
    os.environ[CONFIG_VARIABLE] = str(path)
    return _Simulation(options, scenario, night, place, ports, begun).run()


def _tonight(main: configuration.Config) -> date:
    import ephemeris

    site = _site(main.observatory.fixture)
    return ephemeris.night_date(site, RealClock().now())


def _site(fixture: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import tomllib

    import ephemeris
    from pyros.config import ROOT

    row = tomllib.loads((ROOT / "fixtures" / f"{fixture}.toml").read_text(encoding="utf-8"))["site"]
    return ephemeris.Site(row["name"], row["latitude_deg"], row["longitude_deg"], row["elevation_m"])


class _Simulation:
    """One simulated night, from the empty folder to the report."""

    def __init__(
        self, options: argparse.Namespace, scenario: scenarios.Scenario, night: date, place: Path, ports: instance.Ports, begun: float
    ) -> None:
        self._options, self._scenario, self._night = options, scenario, night
        self._place, self._ports, self._begun = place, ports, begun
        self._terminal = sys.stdout.isatty()

    def run(self) -> int:
        import ephemeris
        from pyros import current
        from pyros.simulation import burst as bursts
        from pyros.simulation.director import Director, Plan, VtpBroker

        config = current.config()
        site = _site(config.observatory.fixture)
        span = ephemeris.night(site, self._night)
        if span.sun_set is None or span.sun_rise is None or span.nautical_dusk is None or span.nautical_dawn is None:
            raise CannotDo(f"on {self._night} the night is not dark at {site.name}: choose another --night", 2)
        burst = self._burst(bursts, site, span)
        current.run_folder().mkdir(parents=True)
        clock = SharedClock.create(current.data_folder() / config.clock.file, span.sun_set - BEFORE_SUNSET, 1.0)
        self._tell(f"The night of {self._night} at {site.name}, {self._options.speed:g} times real speed: {self._scenario.sentence}.")
        if burst is not None:
            self._tell(f"The burst at {burst.send_at:%H:%M} UTC: {burst.story}.")
        self._prepare()
        from pyros.front.start import build_watcher

        watcher = build_watcher(self._tell)
        broker = VtpBroker(self._ports.vtp_receive, self._ports.vtp_broadcast, clock)
        plan = Plan(span.nautical_dusk, span.nautical_dawn, span.sun_rise, self._options.speed, burst, self._scenario.kills)
        director = Director(plan, clock, watcher, broker, self._show_burst, self._tell)
        stopped = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: (stopped.append(True), watcher.stop()))
        broker.start()
        with watcher.lock():
            watcher.start_all()
            self._wait_until_up(watcher)
            self._tell(f"Live: http://{config.web.host}:{config.web.port}/")
            clock.set_speed(self._options.speed)

            def meanwhile() -> bool:
                if director.tick():
                    return True
                clock.set_speed(min(self._options.speed, 60.0))
                self._drain(watcher)
                return False

            watcher.run(meanwhile)
        broker.stop()
        if stopped:
            raise CannotDo("the simulation was stopped before the night was over", 130)
        return self._report(plan, director, watcher)

    def _burst(self, bursts: Any, site: Any, span: Any) -> Any:
        import notices

        if not self._scenario.burst and self._options.alert is None:
            return None
        try:
            return bursts.choose(site, span.nautical_dusk, span.nautical_dawn, self._options.seed, self._options.alert)
        except (bursts.Unseen, notices.NoticeRefused) as error:
            raise CannotDo(f"--alert: {error}", 2) from error

    def _prepare(self) -> None:
        """The simulation's own database, observatory, requests and process files."""
        from pyros.front.prepare import prepare

        self._tell("Preparing the simulated observatory …")
        prepare()
        from pyros import current
        from pyros.operations import demo, process_files

        current.set_process_name("director")
        process_files.bin_detectors()
        submitted = demo.submit_demo_requests(self._night)
        process_files.write()
        self._tell(f"{submitted} requests of demonstration programs are submitted.")

    def _wait_until_up(self, watcher: Any) -> None:
        """Until every process that has a heartbeat has given it."""
        end = time.monotonic() + UP_REAL_S
        while time.monotonic() < end:
            watcher.look()
            if all(c.heartbeat_age_s() is not None for c in watcher.children if c.spec.heartbeat_real_s):
                return
            time.sleep(0.1)
        late = [c.spec.name for c in watcher.children if c.spec.heartbeat_real_s and c.heartbeat_age_s() is None]
        watcher.stop_all()
        raise CannotDo(f"{', '.join(late)} did not come up within {UP_REAL_S:.0f} s: see {self._place}/data/logs")

    def _drain(self, watcher: Any) -> None:
        """Let the last images be reduced and linked."""
        from pyros.simulation.report import unfinished

        end = time.monotonic() + DRAIN_REAL_S
        while unfinished() and time.monotonic() < end:
            watcher.look()
            time.sleep(0.2)

    def _show_burst(self, burst: Any) -> None:
        """Put the burst's fading counterpart on the simulated sky."""
        from devicelink.link import DeviceLink
        from pyros import current
        from pyros.addresses import simulated_port
        from pyros.clock import iso

        with DeviceLink("127.0.0.1", simulated_port("sky"), current.clock(), "sky") as sky:
            sky.wait_up(10.0)
            sky.request("SET", name="burst", ra=burst.ra_deg, dec=burst.dec_deg, t0=iso(burst.trigger_time), mag_100s=14.5)

    def _report(self, plan: Any, director: Any, watcher: Any) -> int:
        from pyros import current
        from pyros.simulation import report

        record = director.record
        if not record.ended:
            record.problems.append("the night did not end")
        checked = report.invariants(self._options.speed)
        found_alerts = report.alerts(record.burst_sent_ns)
        if plan.burst is not None and not found_alerts:
            record.problems.append("the burst's notice made no alert")
        good = record.ended and not record.problems and all(c.held for c in checked)
        wall_s = time.monotonic() - self._begun
        document = {
            "night": self._night.isoformat(),
            "scenario": self._scenario.name,
            "seed": self._options.seed,
            "speed": self._options.speed,
            "wall_s": round(wall_s, 1),
            "slow_real_s": round(record.slow_real_s, 1),
            "exit": 0 if good else 1,
            "alerts": found_alerts,
            "sequences": _sequence_counts(),
            "images": report.images(),
            "open_shutter_fraction": report.open_shutter_fraction(plan.night_start, plan.night_end),
            "schedule": report.schedule(),
            "invariants": [vars(c) for c in checked],
            "restarts": {c.spec.name: c.restarts for c in watcher.children},
            "killed": record.killed,
            "products": report.products(),
            "problems": record.problems,
            "folder": str(self._place),
        }
        target = self._options.report or self._place / "report.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(target.name + ".tmp")
        temporary.write_text(json.dumps(document, indent=1, default=str))
        temporary.replace(target)
        self._summarise(document, target)
        assert current.data_folder().exists()
        return 0 if good else 1

    def _summarise(self, document: dict[str, Any], target: Path) -> None:
        print()
        print(f"The night took {document['wall_s']:.0f} s.")
        for alert in document["alerts"]:
            decision = alert["decision"]
            total = alert["latencies_ms"].get("sent_to_slew_ordered_total")
            slew = f"; slew ordered {total:.0f} ms after the notice was sent" if total is not None else ""
            print(f"Alert {alert['id']}: {decision['code'] if decision else 'no decision'}, {alert['images']} images{slew}.")
        print("Sequences: " + ", ".join(f"{n} {state.lower()}" for state, n in document["sequences"].items()) + ".")
        for camera, states in document["images"].items():
            print(f"Images of {camera}: " + ", ".join(f"{n} {state.lower()}" for state, n in states.items()) + ".")
        print(f"Shutter open during {document['open_shutter_fraction']:.0%} of the dark time.")
        for row in document["invariants"]:
            print(f"  {'held  ' if row['held'] else 'BROKEN'} {row['id']:9} {row['detail']}")
        for problem in document["problems"]:
            print(f"PROBLEM: {problem}")
        data = self._place / "data"
        print(f"Pictures and products: {data / 'PRODUCED_DATA'}")
        print(f"Handed over: {data / 'EXTERNAL_ENTITIES'}")
        print(f"Report: {target}")
        print(f"Pages of this night: ../pyrosrun.sh start --pages --config {self._place}/pyros.toml")

    def _tell(self, sentence: str) -> None:
        print(sentence, flush=True)


def _sequence_counts() -> dict[str, int]:
    from collections import Counter

    from apps.routine_manager.models import Sequence

    return dict(Counter(Sequence.objects.values_list("state", flat=True)))


