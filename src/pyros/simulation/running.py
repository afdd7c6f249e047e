"""Running one simulated night: prepare, start every process, direct, drain, check, report."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import ephemeris
import notices
from apps.routine_manager.models import Sequence
from devicelink.link import DeviceLink
from pyros import current
from pyros.addresses import simulated_port
from pyros.clock import SharedClock, iso
from pyros.config import load_secrets, locate
from pyros.front.errors import CannotDo
from pyros.front.prepare import prepare
from pyros.front.start import build_watcher
from pyros.operations import demo, process_files
from pyros.simulation import burst as bursts
from pyros.simulation import report
from pyros.simulation.burst import Burst
from pyros.simulation.director import Director, Plan, VtpBroker
from pyros.simulation.instance import Ports
from pyros.simulation.scenarios import Scenario
from pyros.simulation.servers import begin_anew
from pyros.watcher.supervising import Watcher

BEFORE_SUNSET = timedelta(minutes=25)
"""The simulated night begins this long before sunset: cameras are cooled, biases and darks taken."""
UP_REAL_S = 60.0
DRAIN_REAL_S = 60.0


@dataclass(frozen=True)
class SimulatedNight:
    """One simulated night, from the empty folder to the report. `current.config()` is the simulation's own by now."""

    night: date
    site: ephemeris.Site
    scenario: Scenario
    speed: float
    seed: int
    alert: Path | None
    report_file: Path | None
    place: Path
    ports: Ports
    begun_s: float

    def run(self) -> int:
        """Run it and report; 0 only if every invariant held and nothing went wrong.

        Raises:
            CannotDo: it can't be begun, or it was stopped.
        """
        config, site = current.config(), self.site
        span = ephemeris.night(site, self.night)
        if span.sun_set is None or span.sun_rise is None or span.nautical_dusk is None or span.nautical_dawn is None:
            raise CannotDo(f"on {self.night} the night is not dark at {site.name}: choose another --night", 2)
        burst = self._burst(span.nautical_dusk, span.nautical_dawn)
        current.run_folder().mkdir(parents=True)
        clock = SharedClock.create(current.data_folder() / config.clock.file, span.sun_set - BEFORE_SUNSET, 1.0)
        self._tell(
            f"The night of {self.night} at {site.name}, {self.speed:g} times real speed: {self.scenario.sentence}."
        )
        if burst is not None:
            self._tell(f"The burst at {burst.send_at:%H:%M} UTC: {burst.story}.")
        self._prepare()
        watcher = build_watcher(self._tell)
        broker = VtpBroker(self.ports.vtp_receive, self.ports.vtp_broadcast, clock)
        plan = Plan(span.nautical_dusk, span.nautical_dawn, span.sun_rise, self.speed, burst, self.scenario.kills)
        director = Director(plan, clock, watcher, broker, self._show_burst, self._tell)
        stopped: list[bool] = []

        def stop(*_: object) -> None:
            stopped.append(True)
            watcher.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        broker.start()
        with watcher.lock():
            watcher.start_all()
            self._wait_until_up(watcher)
            self._tell(f"Live: http://{config.web.host}:{config.web.port}/")

            def meanwhile() -> bool:
                if director.tick():
                    return True
                clock.set_speed(min(self.speed, 60.0))
                self._drain(watcher)
                return False

            watcher.run(meanwhile)
        broker.stop()
        if stopped:
            raise CannotDo("the simulation was stopped before the night was over", 130)
        return self._report(plan, director, watcher)

    def _burst(self, start: datetime, end: datetime) -> Burst | None:
        if not self.scenario.burst and self.alert is None:
            return None
        try:
            return bursts.choose(self.site, start, end, self.seed, self.alert)
        except (bursts.Unseen, notices.NoticeRefused) as error:
            raise CannotDo(f"--alert: {error}", 2) from error

    def _prepare(self) -> None:
        """The simulation's own database, observatory, requests and process files."""
        self._tell("Preparing the simulated observatory …")
        begin_anew(current.config(), load_secrets(locate()))
        prepare()
        current.set_process_name("director")
        process_files.bin_detectors()
        submitted = demo.submit_demo_requests(self.night)
        process_files.write()
        self._tell(f"{submitted} requests of demonstration programs are submitted.")

    def _wait_until_up(self, watcher: Watcher) -> None:
        """Until every process that has a heartbeat has given it."""
        end = time.monotonic() + UP_REAL_S
        while time.monotonic() < end:
            watcher.look()
            if all(c.heartbeat_age_s() is not None for c in watcher.children if c.spec.heartbeat_real_s):
                return
            time.sleep(0.1)
        late = [c.spec.name for c in watcher.children if c.spec.heartbeat_real_s and c.heartbeat_age_s() is None]
        watcher.stop_all()
        raise CannotDo(f"{', '.join(late)} did not come up within {UP_REAL_S:.0f} s: see {self.place}/data/logs")

    def _drain(self, watcher: Watcher) -> None:
        """Let the last images be reduced and linked."""
        end = time.monotonic() + DRAIN_REAL_S
        while report.unfinished() and time.monotonic() < end:
            watcher.look()
            time.sleep(0.2)

    def _show_burst(self, burst: Burst) -> None:
        """Put the burst's fading counterpart on the simulated sky."""
        with DeviceLink("127.0.0.1", simulated_port("sky"), current.clock(), "sky") as sky:
            sky.wait_up(10.0)
            sky.request(
                "SET", name="burst", ra=burst.ra_deg, dec=burst.dec_deg, t0=iso(burst.trigger_time), mag_100s=14.5
            )

    def _report(self, plan: Plan, director: Director, watcher: Watcher) -> int:
        record = director.record
        if not record.ended:
            record.problems.append("the night did not end")
        checked = report.invariants(self.speed)
        found_alerts = report.alerts(record.burst_sent_ns)
        if plan.burst is not None and not found_alerts:
            record.problems.append("the burst's notice made no alert")
        record.problems += report.logged_errors(current.data_folder() / "logs")
        good = record.ended and not record.problems and all(c.held for c in checked)
        wall_s = time.monotonic() - self.begun_s
        document = {
            "night": self.night.isoformat(),
            "scenario": self.scenario.name,
            "seed": self.seed,
            "speed": self.speed,
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
            "folder": str(self.place),
        }
        target = self.report_file or self.place / "report.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(target.name + ".tmp")
        temporary.write_text(json.dumps(document, indent=1, default=str))
        temporary.replace(target)
        self._summarise(document, target)
        return 0 if good else 1

    def _summarise(self, document: dict[str, Any], target: Path) -> None:
        print()
        print(f"The night took {document['wall_s']:.0f} s.")
        for alert in document["alerts"]:
            decision = alert["decision"]
            total = alert["latencies_ms"].get("sent_to_slew_ordered_total")
            slew = f"; slew ordered {total:.0f} ms after the notice was sent" if total is not None else ""
            print(
                f"Alert {alert['id']}: {decision['code'] if decision else 'no decision'}, "
                f"{alert['images']} images{slew}."
            )
        print("Sequences: " + ", ".join(f"{n} {state.lower()}" for state, n in document["sequences"].items()) + ".")
        for camera, states in document["images"].items():
            print(f"Images of {camera}: " + ", ".join(f"{n} {state.lower()}" for state, n in states.items()) + ".")
        print(f"Shutter open during {document['open_shutter_fraction']:.0%} of the dark time.")
        for row in document["invariants"]:
            print(f"  {'held  ' if row['held'] else 'BROKEN'} {row['id']:9} {row['detail']}")
        for problem in document["problems"]:
            print(f"PROBLEM: {problem}")
        data = self.place / "data"
        print(f"Pictures and products: {data / 'PRODUCED_DATA'}")
        print(f"Handed over: {data / 'EXTERNAL_ENTITIES'}")
        print(f"Report: {target}")
        print(f"Pages of this night: ./pyrosrun.sh start --pages --config {self.place / 'pyros.toml'}")

    def _tell(self, sentence: str) -> None:
        print(sentence, flush=True)


def _sequence_counts() -> dict[str, int]:
    return dict(Counter(Sequence.objects.values_list("state", flat=True)))
