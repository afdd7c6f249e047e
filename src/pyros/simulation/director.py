"""The director of a simulated night: keeps the clock, sends the burst, kills processes, tells what happens."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notices import vtp
from pyros import current
from pyros.clock import SharedClock
from pyros.journal.following import Follower
from pyros.journal.models import Entry
from pyros.simulation.burst import Burst
from pyros.simulation.scenarios import Kill
from pyros.watcher.supervising import Watcher

ALERT_SPEED = 1.0
ALERT_AT_MOST_REAL_S = 60.0
"""Around an alert the clock runs at real speed until its first image is written, but not longer than this."""
APPROACH_REAL_S = 0.7
"""Time constant of the slowing down before an alert."""
AFTER_SUNRISE = timedelta(hours=2)
"""A night that has not ended by then has failed."""
DRAIN_REAL_S = 60.0


@dataclass
class Plan:
    """What the director has to do."""

    night_start: datetime
    night_end: datetime
    sunrise: datetime
    speed: float
    burst: Burst | None
    kills: tuple[Kill, ...] = ()

    def kill_at(self, kill: Kill) -> datetime:
        """The moment of a kill."""
        return self.night_start + (self.night_end - self.night_start) * kill.at_share


@dataclass
class Record:
    """What the director saw, for the report."""

    burst_sent_ns: int | None = None
    slow_real_s: float = 0.0
    killed: list[dict[str, object]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ended: bool = False


class VtpBroker:
    """A VOEvent broker on a thread of its own, as the outside world would have it."""

    def __init__(self, receive_port: int, broadcast_port: int, clock: SharedClock) -> None:
        self._receive_port = receive_port
        self._broker = vtp.Broker(
            "ivo://pyros.simulation/broker", clock, receive_port=receive_port, broadcast_port=broadcast_port
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vtp broker", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._broker.start(), self._loop).result(10)

    def stop(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._broker.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def send(self, raw: bytes) -> bool:
        """Submit a notice as an author does; tells whether it was acknowledged."""
        return bool(vtp.send_blocking("127.0.0.1", self._receive_port, raw).accepted)


class Director:
    """Called at each look of the watcher (`tick`) until the night is over."""

    def __init__(
        self,
        plan: Plan,
        clock: SharedClock,
        watcher: Watcher,
        broker: VtpBroker,
        show_burst: Callable[[Burst], None],
        tell: Callable[[str], None],
    ) -> None:
        self.record = Record()
        self._plan, self._clock, self._watcher, self._broker = plan, clock, watcher, broker
        self._show_burst, self._tell = show_burst, tell
        self._follower = Follower(after_id=0)
        self._burst_sent_s: float | None = None
        self._burst_left = plan.burst
        self._kills_left = list(plan.kills)
        self._alert_runs: set[int] = set()

    def tick(self) -> bool:
        """One look; False when the night is over."""
        now = current.clock().now()
        for entry in self._follower.look():
            self._note(entry)
        self._accelerate()
        if self._burst_left is not None:
            self._approach(self._burst_left, self._seconds_to(self._burst_left))
        if self._burst_sent_s is not None and time.monotonic() - self._burst_sent_s > ALERT_AT_MOST_REAL_S:
            self._full_speed()
        for kill in list(self._kills_left):
            if now >= self._plan.kill_at(kill):
                self._kills_left.remove(kill)
                self._kill(kill)
        if now > self._plan.sunrise + AFTER_SUNRISE:
            self.record.problems.append("the night did not end within two hours after sunrise")
            return False
        return not self.record.ended

    def _accelerate(self) -> None:
        """Towards the night's speed, doubling at each look: leases that were given in slow seconds must not lapse
        before they are renewed (once the roof closed because the mode's lease of a minute passed in 0.2 s)."""
        near = self._burst_left is not None and self._seconds_to(self._burst_left) < self._plan.speed * APPROACH_REAL_S
        if self._burst_sent_s is None and not near and self._clock.speed < self._plan.speed:
            self._clock.set_speed(min(self._plan.speed, 2 * self._clock.speed))

    def _seconds_to(self, burst: Burst) -> float:
        return (burst.send_at - current.clock().now()).total_seconds()

    def _approach(self, burst: Burst, left_s: float) -> None:
        """Slow down by and by: no program may think a peer late because the seconds suddenly became longer."""
        speed = max(ALERT_SPEED, min(self._plan.speed, left_s / APPROACH_REAL_S))
        if speed < self._clock.speed:
            self._clock.set_speed(speed)
        if left_s <= 0:
            self._send_burst(burst)

    def _send_burst(self, burst: Burst) -> None:
        self._burst_left = None
        self._show_burst(burst)
        self._burst_sent_s = time.monotonic()
        self.record.burst_sent_ns = time.monotonic_ns()
        self._tell(f"a burst: {burst.ivorn} (the clock slows down to real time, so that latencies are true)")
        if not self._broker.send(burst.raw):
            self.record.problems.append("the VOEvent broker did not take the notice")

    def _full_speed(self) -> None:
        if self._burst_sent_s is None:
            return
        self.record.slow_real_s += time.monotonic() - self._burst_sent_s
        self._burst_sent_s = None
        self._tell(f"the clock runs {self._plan.speed:g} times again")

    def _kill(self, kill: Kill) -> None:
        child = next(c for c in self._watcher.children if c.spec.name == kill.process)
        if child.pid is None or not child.alive():
            self.record.problems.append(f"{kill.process} was not running when it should have been killed")
            return
        os.killpg(child.pid, signal.SIGKILL)
        self.record.killed.append({"process": kill.process, "time": current.clock().now().isoformat()})
        self._tell(f"kill -9 {kill.process}")

    def _note(self, entry: Entry) -> None:
        if (
            entry.verb == "image.stored"
            and self._burst_sent_s is not None
            and entry.data.get("run") in self._alert_runs
        ):
            self._full_speed()
        elif entry.verb == "run.started" and entry.data.get("kind") == "ALERT":
            self._alert_runs.add(int(entry.subject.split(":")[1]))
        elif entry.verb == "alert.decided" and entry.data["code"] != "OBSERVE_NOW" and self._burst_sent_s is not None:
            self._full_speed()
        elif entry.verb == "night.ended":
            self.record.ended = True
        words = describe(entry)
        if words:
            self._tell(f"{entry.time:%H:%M:%S}  {words}")


def describe(entry: Entry) -> str:
    """An entry in words for the progress; empty for what is not worth a line."""
    data = entry.data
    match entry.verb:
        case "night.step":
            return f"{data['step'].replace('_', ' ').lower()}: {data['why']}"
        case "schedule.made":
            bound = data["bound"]
            of_bound = f", {data['value'] / bound:.1%} of the bound" if bound else ""
            number = entry.subject.split(":")[1]
            counts = f"{data['planned']} planned, {data['rejected']} not{of_bound}"
            return f"schedule {number}: {counts} ({data['cause'][:60]})"
        case "run.started":
            return f"begins sequence {data['sequence']} ({data['kind'].lower()}, epoch {data['epoch']})"
        case "run.ended":
            reason = f": {data['reason']}" if data["reason"] else ""
            return f"ends sequence {data['sequence']}: {data['state'].lower()}{reason}"
        case "alert.decided":
            return f"decision: {data['code'].replace('_', ' ').lower()}: {data['sentence']}"
        case "guardian.verdict":
            reasons = "; ".join(r["sentence"] for r in data["reasons"])
            return f"safety {data['safety']}{': ' + reasons if reasons else ''}"
        case "alarm.raised":
            return f"ALARM {data['sentence']}"
        case "gonogo.polled":
            return "" if data["go"] else f"no-go before {data['before']}: {'; '.join(data['against'])}"
        case "night.ended":
            return "the night is over"
        case _:
            return ""
