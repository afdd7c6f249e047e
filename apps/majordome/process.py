"""The majordome's process: gather what is known, take a step, carry the orders out, again and again.

It follows the journal, so that an alert's request is seen within some 10 ms of its commit; otherwise it turns
twenty times a real second. Killed at any moment, it begins again from the database and the devices.
"""

from __future__ import annotations

import logging
import time

from apps.devices.models import Telescope
from apps.devices.safety import SafetyView, request_path
from apps.devices.safety import view as safety_view
from apps.majordome import calibrations, candidates
from apps.majordome import night as nights
from apps.majordome.automaton import RUN_OVERRUN_S, Candidate, Enclosure, Inputs, State, Step, step
from apps.majordome.carrying_out import CarriesOut
from apps.majordome.hardware import Hardware
from apps.majordome.models import Control, Night, OperatingMode
from apps.majordome.views_of_runs import active_run, must_stop, same_burst, waiting_alert
from apps.observation_manager import runs
from guardian import requests as guardian_requests
from guardian.vocabulary import OperatingMode as GuardianMode
from pyros import current
from pyros.clock import patience
from pyros.journal.following import Follower
from pyros.process import Process

log = logging.getLogger(__name__)

TURN_REAL_S = 0.05
TELL_GUARDIAN_REAL_S = 1.0
MODE_HOLDS_S = 60.0
SWEEP_REAL_S = 1.0
FIRST_READINGS_REAL_S = 5.0
OVERRUN_REAL_S = 30.0
MOST_STEPS_A_TURN = 6
"""Steps that follow each other at once (end a run, begin the next, order its slew) before the journal is looked at."""


class Majordome:
    """The night automaton of one telescope with all it holds."""

    def __init__(self, telescope: Telescope) -> None:
        self.telescope = telescope
        self.hardware = Hardware.of(telescope)
        self.control, _ = Control.objects.get_or_create(
            telescope=telescope, defaults={"mode": current.config().night.operating_mode}
        )
        self.night: Night = nights.ensure(telescope)
        self.acts = CarriesOut(self.night, self.hardware)
        self.state = State(step=_resumed(self.night))
        self._told_guardian_s = self._swept_s = float("-inf")

    def run(self, process: Process) -> None:
        """Until asked to stop."""
        follower = Follower()
        self.hardware.start()
        self.hardware.wait_for_readings(FIRST_READINGS_REAL_S)  # a restart must not take “not read yet” for bad news
        calibrations.ensure_request(self.telescope, self.night.date)
        try:
            while not process.stopping:
                self.turn()
                process.beat()
                follower.wait(TURN_REAL_S)
        finally:
            self.hardware.stop()

    def turn(self) -> None:
        """One turn: tell the guardian the mode, step until nothing is left to do, sweep."""
        now = time.monotonic()
        if now - self._told_guardian_s > TELL_GUARDIAN_REAL_S:
            self._told_guardian_s = now
            self._tell_guardian()
        for _ in range(MOST_STEPS_A_TURN):
            self.state, orders = step(self.state, self._inputs())
            for order in orders:
                self.acts.do(order)
            if not orders:
                break
        if now - self._swept_s > SWEEP_REAL_S:
            self._swept_s = now
            self._sweep()
        self._next_night()

    def _inputs(self) -> Inputs:
        clock = current.clock()
        now, now_s = clock.now(), clock.monotonic()
        sun_altitude_deg, sun_rising = nights.sun(self.telescope, now)
        safety = safety_view()
        found = active_run(self.telescope, now)
        run, view = found if found else (None, None)
        mount = self.hardware.mount.reading
        alert = waiting_alert(now)
        idle = view is None
        observing = idle and self.state.step is Step.OBSERVING
        return Inputs(
            now_s=now_s,
            sun_altitude_deg=sun_altitude_deg,
            sun_rising=sun_rising and not nights.is_before(self.night, now),
            open_allowed=safety.open_allowed,
            safety_sentence=safety.sentence,
            enclosure=self._enclosure(safety),
            mount_ready=mount is not None,
            mount_parked=mount is not None and mount.at_park,
            mount_moving=mount is not None and mount.slewing,
            cameras_ready=self.hardware.cameras_ready(),
            automatic=self.control.mode == OperatingMode.AUTOMATIC,
            paused=self.control.paused,
            run=view,
            slew_done_run_id=self.acts.slew_done(),
            slew_failed=self.acts.slew_failed(),
            alert=alert,
            alert_is_same_burst=run is not None and alert is not None and same_burst(run, alert),
            stop_sequences=frozenset({run.sequence_id}) if run is not None and must_stop(run) else frozenset(),
            next_planned=self._next_planned(now_s) if observing else None,
            flats=self._calibration(calibrations.FLATS, needs_sky=True) if self.state.step is Step.FLATS else None,
            biases_darks=self._closed_calibration(Step.EVENING_CALIBRATION),
            morning=self._closed_calibration(Step.MORNING_CALIBRATION),
            overrun_allowed_s=patience(clock, RUN_OVERRUN_S, OVERRUN_REAL_S),
            switch_allowed=run is None
            or (now - run.started_at).total_seconds() >= current.config().night.switch_interval_s,
        )

    def _enclosure(self, safety: SafetyView) -> Enclosure:
        """By the roof's own link; while that is silent, by the switches that the guardian reads from the PLC."""
        own = Enclosure(self.hardware.enclosure())
        return Enclosure(safety.shutter) if own is Enclosure.UNKNOWN else own

    def _next_planned(self, now_s: float) -> Candidate | None:
        now = current.clock().now()
        ends = self.night.night_end or now
        return candidates.next_planned(self.telescope, self.night.date, now, ends, self.acts.refused, now_s)

    def _closed_calibration(self, during: Step) -> Candidate | None:
        return self._calibration(calibrations.BIASES_DARKS, needs_sky=False) if self.state.step is during else None

    def _calibration(self, name: str, *, needs_sky: bool) -> Candidate | None:
        return candidates.calibration(self.telescope, self.night.date, name, needs_sky=needs_sky)

    def _tell_guardian(self) -> None:
        """Renew the mode's lease: a majordome that dies is a mode that lapses, and a roof that closes."""
        self.control = Control.objects.get(telescope=self.telescope)
        clock = current.clock()
        guardian_requests.write(
            request_path(),
            mode=GuardianMode(self.control.mode),
            mode_valid_until_unix_s=clock.unix_s() + patience(clock, MODE_HOLDS_S, 10.0),
            emergency_stop=self.control.emergency_stop,
        )

    def _sweep(self) -> None:
        found = active_run(self.telescope, current.clock().now())
        if found is not None:
            self.acts.kick_albums(found[0])
        runs.orphaned_images(self.telescope)

    def _next_night(self) -> None:
        """After the end of a night, at noon, the next one begins."""
        if self.state.step is not Step.ENDED:
            return
        night = nights.ensure(self.telescope)
        if night.pk != self.night.pk:
            self.night = night
            self.acts = CarriesOut(night, self.hardware)
            self.state = State()
            calibrations.ensure_request(self.telescope, night.date)


def _resumed(night: Night) -> Step:
    """The step of a night that was under way, so that a restart goes on where it was."""
    return Step.ENDED if night.ended_at else Step(night.step)
