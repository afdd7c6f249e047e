"""Carrying orders out: each order of the automaton becomes database changes and device commands.

Every method is idempotent, returns at once (long motions go on as operations that the next steps look at), and
never talks to a device inside a transaction.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from typing import Any

from django.db import close_old_connections, transaction

from apps.devices import links
from apps.devices.safety import view as safety_view
from apps.majordome import automaton as a
from apps.majordome import calibrations, gonogo
from apps.majordome import night as nights
from apps.majordome.candidates import constraints_hold
from apps.majordome.hardware import Hardware
from apps.majordome.models import Night
from apps.majordome.views_of_runs import same_burst
from apps.observation_manager import album, runs
from apps.observation_manager.models import AlbumRun, Run, RunState
from apps.observation_manager.tasks import kick_analysis
from apps.routine_manager import ledger
from apps.routine_manager import services as requests
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.scheduler import services as scheduler
from devicelink.errors import DeviceError
from pyros import current
from pyros.celery import send_kick
from pyros.clock import patience, real_unix_s
from pyros.journal.writing import append
from pyros.statetable import TransitionRefused

log = logging.getLogger(__name__)

POINTING_ERROR_ARCSEC = 60.0
"""A slew that ends farther from the target than this is repeated (behaviours B5)."""
NO_GO_PAUSE_S = 60.0
FAULT_PAUSE_S = 720.0
"""A sequence that ended by a fault is not tried again at once: others may be served meanwhile (behaviours B1)."""
REPEAT_S = 10.0
"""A motion that ended without the switches agreeing is ordered again after this (behaviours A8)."""
KICK_AGAIN_REAL_S = 3.0
RUN_LOCALLY_REAL_S = 8.0
"""An album that no worker has claimed after this is run by the majordome itself (broker or workers are away)."""
INITIALISE_S = 60.0


class CarriesOut:
    """Holds the operations that are under way."""

    def __init__(self, night: Night, hardware: Hardware) -> None:
        self.night = night
        self.hardware = hardware
        self.refused: dict[int, float] = {}
        self.slew_run_id: int | None = None
        self._slew: Any = None
        self._slew_error = ""
        self._operations: dict[str, Any] = {}
        self._begun_s: dict[str, float] = {}
        self._kicked: dict[int, float] = {}
        self._unclaimed_since: dict[int, float] = {}
        self._devices_asked_s = float("-inf")

    # What the automaton asks about ---------------------------------------------------------------------------------

    def slew_done(self) -> int | None:
        """The run whose slew has ended on target."""
        return self.slew_run_id if self._slew is not None and self._slew.done and not self._slew_problem() else None

    def slew_failed(self) -> str:
        """Why the last slew failed; empty while it goes on or when it is on target."""
        if self._slew is None:
            return self._slew_error
        return self._slew_problem() if self._slew.done else ""

    def _slew_problem(self) -> str:
        try:
            result = self._slew.wait(0.0)
        except DeviceError as error:
            return str(error)
        if result.error_arcsec > POINTING_ERROR_ARCSEC:
            return f"{result.error_arcsec:.0f} arcsec from the target, more than {POINTING_ERROR_ARCSEC:g}"
        return ""

    # Orders --------------------------------------------------------------------------------------------------------

    def do(self, order: a.Order) -> None:
        """Carry one order out."""
        getattr(self, f"_{_METHODS[type(order)]}")(order)

    def _enter_step(self, order: a.EnterStep) -> None:
        with transaction.atomic():
            Night.objects.filter(pk=self.night.pk).update(step=order.step)
            append(f"night:{self.night.pk}", "night.step", {"step": order.step, "why": order.why})

    def _initialize_devices(self, order: a.InitializeDevices) -> None:
        now_s = current.clock().monotonic()
        if now_s - self._devices_asked_s < 5.0 * max(1.0, current.clock().speed / 5):
            return
        self._devices_asked_s = now_s
        self.hardware.begin_cooling()
        for watched in (self.hardware.mount, self.hardware.dome):
            try:
                links.link(watched.device).initialise(INITIALISE_S)
            except DeviceError as error:
                log.info("%s is not ready yet: %s", watched.device, error)

    def _open_roof(self, order: a.OpenRoof) -> None:
        if not gonogo.poll(self.night, "opening", safety_view(), self.hardware):
            return
        with transaction.atomic():
            append(f"device:{self.hardware.dome.device.pk}", "roof.open_ordered", {"epoch": self.hardware.epoch()})
        self._begin("roof", lambda: links.link(self.hardware.dome.device).open_shutter(epoch=self.hardware.epoch()))

    def _close_roof(self, order: a.CloseRoof) -> None:
        self._begin(
            "roof",
            lambda: links.link(self.hardware.dome.device).close_shutter(),
            verb="roof.close_ordered",
            again="closing",
        )

    def _park(self, order: a.Park) -> None:
        self._begin(
            "mount",
            lambda: links.link(self.hardware.telescope).park(epoch=self.hardware.epoch()),
            verb="mount.park_ordered",
            again="parking",
        )

    def _begin(self, what: str, begin: Any, *, verb: str = "", again: str = "") -> None:
        """Begin a motion unless the same one is under way."""
        before, running = self._operations.get(what, ("", None))
        now_s = current.clock().monotonic()
        if again and before == again:
            just_now = now_s - self._begun_s[what] < patience(current.clock(), REPEAT_S, 1.0)
            if just_now or not running.done:
                return
        try:
            operation = begin()
        except DeviceError as error:
            log.warning("%s: %s", what, error)
            return
        self._operations[what] = (again or "opening", operation)
        self._begun_s[what] = now_s
        if verb:
            with transaction.atomic():
                append(f"night:{self.night.pk}", verb, {})

    def _abort_exposures(self, order: a.AbortExposures) -> None:
        self.hardware.abort_exposures()

    def _start_run(self, order: a.StartRun) -> None:
        begun_ns = time.monotonic_ns()
        sequence = Sequence.objects.select_related("request", "telescope").get(pk=order.sequence_id)
        telescope = self.hardware.telescope
        urgent = sequence.request.kind == Request.Kind.ALERT
        if sequence.ra_deg is not None and not urgent and not self._go(sequence):
            return
        if sequence.request.kind == Request.Kind.CALIBRATION and sequence.name == calibrations.FLATS:
            sun_altitude_deg, _ = nights.sun(telescope, current.clock().now())
            calibrations.expose_flats_for(sequence, sun_altitude_deg)
        interruption = runs.Interruption(order.cause, order.interrupting) if order.interrupting else None
        interrupted = Run.objects.filter(telescope=telescope, state=RunState.ACTIVE).first()
        try:
            with transaction.atomic():
                if sequence.state != SequenceState.EXPECTED:
                    SEQUENCE.move(sequence, SequenceState.EXPECTED)
                run = runs.start_run(sequence=sequence, telescope=telescope, interrupting=interruption)
                if interrupted is not None:
                    self._plan_rest(interrupted, cancel=same_burst(interrupted, sequence.pk))
        except (TransitionRefused, runs.TelescopeBusy) as refusal:
            log.info("not begun: %s", refusal)
            return
        if run.sequence.ra_deg is not None:
            self._slew_order(run, begun_ns)  # in the same tick: nothing stands between decision and motion
        self.kick_albums(run)

    def _go(self, sequence: Sequence) -> bool:
        checked = constraints_hold(sequence, self.hardware.telescope, current.clock().now())
        go = gonogo.poll(self.night, "slew", safety_view(), self.hardware, [("target", checked.ok, checked.sentence)])
        if not go:
            self.refused[sequence.pk] = current.clock().monotonic() + NO_GO_PAUSE_S
        return go

    def _slew_again(self, order: a.Slew) -> None:
        run = Run.objects.select_related("sequence").get(pk=order.run_id)
        if self.slew_run_id == run.pk and self._slew is not None and not self._slew.done:
            return
        self._slew_order(run, time.monotonic_ns())

    def _slew_order(self, run: Run, begun_ns: int) -> None:
        mount = links.link(self.hardware.telescope)
        self.slew_run_id, self._slew, self._slew_error = run.pk, None, ""
        try:
            state = self.hardware.mount.reading
            if state is None or state.at_park:
                mount.unpark(epoch=run.epoch).wait(10.0)
            self._slew = mount.slew_to_coordinates(run.sequence.ra_deg, run.sequence.dec_deg, epoch=run.epoch)
        except DeviceError as error:
            self._slew_error = str(error)
            log.warning("slew of %s: %s", run, error)
            return
        ordered_ns = time.monotonic_ns()
        with transaction.atomic():
            append(
                f"run:{run.pk}",
                "run.slew_ordered",
                {
                    "sequence": run.sequence_id,
                    "epoch": run.epoch,
                    "ra_deg": run.sequence.ra_deg,
                    "dec_deg": run.sequence.dec_deg,
                    "begun_ns": begun_ns,
                    "ordered_ns": ordered_ns,
                },
            )

    def _mark_on_target(self, order: a.MarkOnTarget) -> None:
        runs.on_target(run=Run.objects.get(pk=order.run_id))

    def _end_run(self, order: a.EndRun) -> None:
        run = Run.objects.select_related("sequence__request").get(pk=order.run_id)
        with transaction.atomic():
            runs.end_run(run=run, interruption=runs.Interruption(order.cause, order.sentence) if order.cause else None)
            self._plan_rest(run, cancel=order.cancel)
        if order.cause == "fault":
            self.refused[run.sequence_id] = current.clock().monotonic() + FAULT_PAUSE_S
        kind = run.sequence.request.kind
        if kind == Request.Kind.CALIBRATION:
            send_kick("apps.analyzer.tasks.make_masters", run.sequence_id)
        else:
            send_kick("apps.analyzer.tasks.exchange_run", run.pk)

    def _plan_rest(self, run: Run, *, cancel: bool = False) -> None:
        """What an interrupted sequence still lacks is planned anew; a cancelled one's time comes back."""
        sequence = Sequence.objects.select_related("request").get(pk=run.sequence_id)
        if sequence.state != SequenceState.INTERRUPTED:
            return
        if cancel:
            SEQUENCE.move(sequence, SequenceState.CANCELLED)
            ledger.settle(sequence=sequence, used_s=0.0)
        else:
            SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED)
        requests.refresh_state(sequence.request)

    def _want_schedule(self, order: a.WantSchedule) -> None:
        if self.night.night_start is None or self.night.night_end is None:
            log.info("the Sun does not go low enough tonight: no science is planned")
            return
        with transaction.atomic():
            append(
                f"night:{self.night.pk}",
                "night.schedule_wanted",
                {
                    "night": self.night.date.isoformat(),
                    "start": self.night.night_start.isoformat(),
                    "end": self.night.night_end.isoformat(),
                },
            )

    def _end_night(self, order: a.EndNight) -> None:
        scheduler.archive(node=self.hardware.telescope.site.node, night=self.night.date)
        with transaction.atomic():
            if Night.objects.filter(pk=self.night.pk, ended_at__isnull=True).update(ended_at=current.clock().now()):
                append(f"night:{self.night.pk}", "night.ended", {"night": self.night.date.isoformat()})

    # Albums --------------------------------------------------------------------------------------------------------

    def kick_albums(self, run: Run) -> None:
        """Ask the workers for each album of a run that nobody executes; do it here when nobody answers."""
        now = time.monotonic()
        for album_run in AlbumRun.objects.filter(run=run, state=RunState.ACTIVE, lease_until_s__lt=real_unix_s()):
            since = self._unclaimed_since.setdefault(album_run.pk, now)
            last = self._kicked.get(album_run.pk)
            if last is not None and now - last < KICK_AGAIN_REAL_S:
                continue
            self._kicked[album_run.pk] = now
            there = send_kick("apps.observation_manager.tasks.execute_album", album_run.pk)
            if not there or now - since > RUN_LOCALLY_REAL_S:
                log.warning("no worker takes album %s: the majordome executes it itself", album_run.pk)
                threading.Thread(target=_execute_here, args=(album_run.pk,), daemon=True).start()


def _execute_here(album_run_id: int) -> None:
    try:
        album.execute(album_run_id, owner=f"majordome:{uuid.uuid4().hex[:8]}", stored=kick_analysis)
    finally:
        close_old_connections()


_METHODS: dict[type[Any], str] = {
    a.EnterStep: "enter_step",
    a.InitializeDevices: "initialize_devices",
    a.OpenRoof: "open_roof",
    a.CloseRoof: "close_roof",
    a.Park: "park",
    a.StartRun: "start_run",
    a.Slew: "slew_again",
    a.MarkOnTarget: "mark_on_target",
    a.EndRun: "end_run",
    a.AbortExposures: "abort_exposures",
    a.WantSchedule: "want_schedule",
    a.EndNight: "end_night",
}
