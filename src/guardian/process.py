"""The process around the pure core: gathers, decides, commands, writes; twice a second, whatever is broken."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from devicelink.grammar import Value
from ephemeris import sun_altitude_deg
from guardian import status as status_file
from guardian.alarms import Alarm, still_active
from guardian.closing import Action, Mount, Switches
from guardian.configuration import Address, Configuration
from guardian.errors import GuardianError, StatusUnavailable
from guardian.files import EventLog, write_whole
from guardian.peers import News, Peer
from guardian.readings import Reading, Rejection, examine_status
from guardian.remembering import Memory
from guardian.requests import RequestReader
from guardian.status import GuardianStatus
from guardian.tick import Inputs, Outputs, event, tick
from guardian.verdict import Reason
from guardian.vocabulary import Enclosure, Safety, Severity
from pyros.clock import Clock, patience

_log = logging.getLogger("guardian")

PERIOD_REAL_S = 0.5
PERIOD_FAST_REAL_S = 0.1
"""The loop's period under a clock that runs fast."""


class AlreadyRunning(GuardianError):
    """Another guardian holds this status file: stop it first. Two would contradict each other."""


class GuardianProcess:
    """One guardian. `run` returns after `stop`; both are for the main program or a test."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self._configuration = configuration
        self._policy = configuration.policy
        self._clock = clock
        self._stopping = False
        self._pause = threading.Event()  # never set; its wait is real time, for a loop that paces itself
        for path in (configuration.status_path, configuration.events_path, configuration.request_path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(configuration.status_path.with_name(configuration.status_path.name + ".lock"))
        self._events = EventLog(configuration.events_path)
        self._requests = RequestReader(configuration.request_path, self._policy.timing.mode_longest_s)
        self._plc = self._peer(configuration.plc)
        self._stations = [self._peer(address) for address in configuration.stations]
        self._mount = None if configuration.mount is None else self._peer(configuration.mount)
        self._memory = self._remember()
        self._status_problem: str | None = None
        self._last: GuardianStatus | None = None
        self._troubles: dict[str, str | None] = {}

    def run(self) -> None:
        """Turn until stopped. An unforeseen error ends the process: heartbeats stop and the PLC closes the roof."""
        self._note("started", {"pid": os.getpid(), "alarms": sorted(self._memory.alarms)})
        for peer in self._peers():
            peer.start()
        try:
            while not self._stopping:
                self.turn()
                self._pause.wait(self._period_real_s())
        finally:
            for peer in self._peers():
                peer.stop()
            self._say_goodbye()
            self._lock.close()

    def stop(self) -> None:
        """End `run` within a period; safe in a signal handler (a plain flag: setting an Event there can deadlock).

        The roof is the PLC's then: it closes when the heartbeats stay away.
        """
        self._stopping = True

    def turn(self) -> Outputs:
        """One turn of the loop."""
        seen = self._look()
        self._memory, outputs = tick(self._policy, self._memory, seen)
        for action in outputs.commands:
            self._command(action)
        self._plc.order("HEARTBEAT")
        self._last = outputs.status
        self._publish(outputs.status)
        for line in outputs.events:
            self._events.append(line)
        self._events.flush()
        _tell(outputs)
        return outputs

    # --- seeing --------------------------------------------------------------------------------------------------

    def _look(self) -> Inputs:
        plc = self._plc.collect()
        readings: list[Reading] = []
        rejections: list[Rejection] = []
        self._examine(self._plc, plc, readings, rejections)
        for station in self._stations:
            self._examine(station, station.collect(), readings, rejections)
        mount = None if self._mount is None else self._mount.collect()
        if self._mount is not None and mount is not None:
            self._note_news(self._mount, mount)
        site = self._configuration.site
        now_s, now_unix_s = self._clock.monotonic(), self._clock.unix_s()
        floor_s = patience(self._clock, 0.0)
        contact_allowed_s = max(self._policy.timing.plc_lost_after_s, floor_s)
        return Inputs(
            now_s=now_s,
            now_unix_s=now_unix_s,
            sun_altitude_deg=lambda unix_s: sun_altitude_deg(site, unix_s),
            readings=readings,
            rejections=rejections,
            plc_contact_s=plc.contact_s,
            switches=_switches(plc, now_s, contact_allowed_s),
            mount=_mount_state(mount, now_s, contact_allowed_s),
            request=self._requests.read(now_s, now_unix_s),
            complaints=tuple(self._complaints()),
            software_floor_s=floor_s,
            heartbeat_counter=plc.answered.get("HEARTBEAT", 0),
            pid=os.getpid(),
        )

    def _examine(self, peer: Peer, news: News, readings: list[Reading], rejections: list[Rejection]) -> None:
        self._note_news(peer, news)
        for snapshot in news.snapshots:
            believed, rejected = examine_status(peer.name, snapshot.values, snapshot.asked_s)
            readings.extend(believed)
            rejections.extend(rejected)

    def _note_news(self, peer: Peer, news: News) -> None:
        for answer in news.answers:
            if answer.verb != "HEARTBEAT":
                self._note("command_ended", {"device": peer.name, "verb": answer.verb, "outcome": answer.outcome})
        is_up = news.trouble is None
        if self._troubles.get(peer.name, "") != (None if is_up else "down"):
            self._troubles[peer.name] = None if is_up else "down"
            self._note("link", {"device": peer.name, "up": is_up, "trouble": news.trouble})

    def _complaints(self) -> list[Alarm]:
        found = (
            ("request_ignored", self._requests.problem),
            ("events_not_written", self._events.problem),
            ("status_not_written", self._status_problem),
        )
        return [Alarm(key, Severity.WARNING, problem) for key, problem in found if problem is not None]

    # --- doing ---------------------------------------------------------------------------------------------------

    def _command(self, action: Action) -> None:
        if action is Action.CLOSE:
            self._note("command", {"device": self._plc.name, "verb": "CLOSE"})
            self._plc.order("CLOSE")
        elif self._mount is not None:
            self._note("command", {"device": self._mount.name, "verb": "PARK"})
            self._mount.order("ABORT", _abort_arguments)
            self._mount.order("PARK", _park_arguments)

    def _publish(self, status: GuardianStatus) -> None:
        try:
            write_whole(self._configuration.status_path, status_file.to_document(status), durable=False)
        except OSError as error:
            self._status_problem = f"{self._configuration.status_path}: {error.strerror or error}"
        else:
            self._status_problem = None

    def _note(self, kind: str, data: Mapping[str, object]) -> None:
        self._events.append(event(kind, data, self._clock.unix_s(), self._clock.monotonic()))

    def _say_goodbye(self) -> None:
        """A last status that nobody can take for safe, so that the others need not wait for it to grow old."""
        self._note("stopped", {"pid": os.getpid()})
        self._events.flush()
        if self._last is None:
            return
        reason = Reason("guardian_stopped", "the guardian is stopped", "guardian")
        self._publish(
            replace(
                self._last,
                safety=Safety.UNSAFE,
                reasons=(reason,),
                desired=Enclosure.CLOSE,
                explanation="closed because the guardian is stopped",
                running=False,
            )
        )

    # --- beginnings ----------------------------------------------------------------------------------------------

    def _peer(self, address: Address) -> Peer:
        return Peer(address.name, address.host, address.port, self._clock, self._period_real_s)

    def _peers(self) -> list[Peer]:
        return [self._plc, *self._stations, *([] if self._mount is None else [self._mount])]

    def _period_real_s(self) -> float:
        return PERIOD_REAL_S if self._clock.speed <= 2.0 else PERIOD_FAST_REAL_S

    def _remember(self) -> Memory:
        try:
            former = status_file.read(self._configuration.status_path)
        except StatusUnavailable:
            former = None
        try:
            with self._configuration.events_path.open(encoding="utf-8", errors="replace") as lines:
                alarms = still_active(lines)
        except FileNotFoundError:
            alarms = {}
        return Memory.initial(self._clock.monotonic(), self._clock.unix_s(), former=former, alarms=alarms)


def _switches(plc: News, now_s: float, allowed_s: float) -> Switches | None:
    """The limit switches as read last. A PLC that is connected and silent leaves them unknown, not as they were."""
    if plc.last is None or plc.contact_s is None:
        return None
    if now_s - plc.contact_s > allowed_s:
        return Switches(None, None)
    return Switches(_truth(plc.last.get("open_switch")), _truth(plc.last.get("closed_switch")))


def _mount_state(mount: News | None, now_s: float, allowed_s: float) -> Mount:
    if mount is None:
        return Mount.NONE
    if mount.last is None or mount.contact_s is None or now_s - mount.contact_s > allowed_s:
        return Mount.UNKNOWN
    parked = _truth(mount.last.get("parked"))
    return Mount.UNKNOWN if parked is None else Mount.PARKED if parked else Mount.NOT_PARKED


def _truth(value: Value | None) -> bool | None:
    return bool(value) if value in (0, 1) else None


def _is_parking(mount: Mapping[str, Value]) -> bool:
    return mount.get("activity") in ("PARKING", "PARKED") or mount.get("parked") == 1


def _abort_arguments(mount: Mapping[str, Value]) -> Mapping[str, Value] | None:
    return {} if mount.get("moving") == 1 and not _is_parking(mount) else None


def _park_arguments(mount: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """The owner's own epoch: the guardian parks in its name and takes the mount from nobody."""
    if _is_parking(mount):
        return None
    epoch = mount.get("epoch", 0)
    return {"epoch": epoch if isinstance(epoch, int) else 0}


def _lock(path: Path) -> IO[str]:
    """Be the only guardian of these files. The kernel frees the lock when the process ends, however it ends."""
    handle = path.open("w", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise AlreadyRunning(f"another guardian is running on {path}") from None
    return handle


def _tell(outputs: Outputs) -> None:
    for line in outputs.events:
        data = line["data"]
        if line["kind"] in ("alarm_raised", "alarm_cleared") and isinstance(data, Mapping):
            level = logging.ERROR if data["severity"] == Severity.CRITICAL else logging.WARNING
            _log.log(level, "%s %s: %s", line["kind"], data["key"], data["sentence"])
