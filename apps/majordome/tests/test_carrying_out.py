"""Orders carried out: database, journal and the simulated mount and roof over the wire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.alert_manager import services as alerts
from apps.alert_manager.tests.support import update, wakeup
from apps.devices import links
from apps.devices.models import Device, Telescope
from apps.devices.tests.support import Guardian
from apps.majordome import automaton as a
from apps.majordome import carrying_out
from apps.majordome import night as nights
from apps.majordome.carrying_out import CarriesOut
from apps.majordome.hardware import Hardware
from apps.majordome.models import GoNoGo
from apps.observation_manager.models import Run, RunState
from apps.observation_manager.tests.support import simulated, submitted
from apps.routine_manager.composing import PlanDraft
from apps.routine_manager.models import Sequence, SequenceState
from pyros import current
from pyros.clock import SharedClock
from pyros.journal.models import Entry
from simulators.tests.support import Running, content

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
ONE = {"vis1": [PlanDraft(exposure_s=60, images=4, filter_name="r")]}
"""253 s: 5 s acquisition and 4 × (60 s + 2 s readout of the simulated camera)."""
WAIT_REAL_S = 20.0


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    shared = SharedClock.create(tmp_path / "clock", NIGHT, 200.0)
    with current.use_clock(shared):
        yield shared


@pytest.fixture
def acts(
    observatory: Telescope, clock: SharedClock, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CarriesOut]:
    """The hands of a majordome under an open roof, with cold cameras; no workers take the albums."""
    monkeypatch.setattr(carrying_out, "send_kick", lambda *_: True)
    devices = content()["devices"]
    devices["plc"]["heartbeat_loss_s"] = 1e6
    with simulated(clock, devices=devices) as running:
        _open(running)
        hardware = Hardware.of(Telescope.objects.get())
        hardware.start()
        hardware.begin_cooling()
        made = CarriesOut(nights.ensure(observatory), hardware)
        until(lambda: hardware.enclosure() == "OPEN" and hardware.mount.reading is not None)
        monkeypatch.setattr(hardware, "cameras_ready", lambda: True)
        guardian.says()
        yield made
        hardware.stop()


def _open(running: Running) -> None:
    Device.objects.filter(name="plc").update(host="127.0.0.1", port=running.ports["plc"])
    links.connected(Device.objects.get(name="plc")).heartbeat()
    links.connected(Device.objects.get(name="roof")).open_shutter(epoch=0).wait(4000.0)


def until(so) -> None:
    """Wait for what a device does."""
    end = time.monotonic() + WAIT_REAL_S
    while not so():
        assert time.monotonic() < end, f"not within {WAIT_REAL_S:g} s"
        time.sleep(0.005)


def planned(**fields: object) -> Sequence:
    sequence = submitted(ONE, **fields)
    Sequence.objects.filter(pk=sequence.pk).update(state="PLANNED", moon_distance_min_deg=0.0)
    sequence.refresh_from_db()
    return sequence


def start(acts: CarriesOut, sequence: Sequence, interrupting: str = "", cause: str = "") -> Run:
    acts.do(a.StartRun(sequence.pk, interrupting, cause))
    return Run.objects.latest("pk")


def burst() -> Sequence:
    return Sequence.objects.filter(request__kind="ALERT").latest("pk")


def test_a_run_is_begun_and_the_mount_slews_in_the_same_order(acts: CarriesOut) -> None:
    run = start(acts, planned())
    assert Entry.objects.filter(verb="run.slew_ordered", subject=f"run:{run.pk}").count() == 1
    until(lambda: acts.slew_done() == run.pk)
    state = links.link(acts.hardware.telescope).state()
    assert (state.right_ascension_deg, state.declination_deg) == pytest.approx((23.4621, 30.6602), abs=0.01)
    assert not acts.slew_failed()
    acts.do(a.Slew(run.pk))
    acts.do(a.MarkOnTarget(run.pk))
    assert Run.objects.get().on_target_at is not None


def test_a_burst_interrupts_what_runs_and_its_rest_is_planned_anew(acts: CarriesOut) -> None:
    """Behaviours D1."""
    routine = start(acts, planned())
    alerts.receive(wakeup(), via="test")
    run = start(acts, burst(), "interrupted for a burst", "alert")
    routine.refresh_from_db()
    assert (routine.state, routine.sequence.state) == (RunState.INTERRUPTED, SequenceState.TO_BE_PLANNED)
    assert run.epoch == routine.epoch + 1
    assert GoNoGo.objects.count() == 1, "the routine run was polled; no poll delays a burst"
    until(lambda: acts.slew_done() == run.pk)


def test_pointing_anew_gives_the_rest_of_the_old_position_up(acts: CarriesOut) -> None:
    """Behaviours D10."""
    alerts.receive(wakeup(), via="test")
    first = start(acts, burst(), "interrupted for a burst", "alert")
    alerts.receive(update(20.0, 32.0), via="test")
    second = start(acts, burst(), "interrupted for a burst", "alert")
    assert first.pk != second.pk
    assert Sequence.objects.get(pk=first.sequence_id).state == SequenceState.CANCELLED


def test_the_first_of_two_bursts_is_planned_anew(acts: CarriesOut) -> None:
    alerts.receive(wakeup(), via="test")
    first = start(acts, burst(), "interrupted for a burst", "alert")
    alerts.receive(wakeup(60.0, 30.0, burst_id="sb26112102"), via="test")
    start(acts, burst(), "interrupted for a burst", "alert")
    assert Sequence.objects.get(pk=first.sequence_id).state == SequenceState.TO_BE_PLANNED


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ({"cause": "weather", "sentence": "humidity 92 %"}, SequenceState.TO_BE_PLANNED),
        ({"cause": "operator", "sentence": "the system was paused"}, SequenceState.TO_BE_PLANNED),
        ({"cause": "operator", "sentence": "retracted", "cancel": True}, SequenceState.CANCELLED),
    ],
    ids=["weather", "pause", "retraction"],
)
def test_what_becomes_of_an_ended_run(acts: CarriesOut, order: dict, state: str) -> None:
    """A pause costs nobody his observation; a retraction ends it for good and gives its time back."""
    run = start(acts, planned())
    acts.do(a.EndRun(run.pk, **order))
    sequence = Sequence.objects.get(pk=run.sequence_id)
    assert sequence.state == state
    assert sequence.reserved_s == (0.0 if state == SequenceState.CANCELLED else 253.0)
    acts.do(a.EndRun(run.pk, **order))
    assert Entry.objects.filter(verb="run.ended").count() == 1


def test_after_a_fault_a_sequence_is_left_alone_for_twelve_minutes(acts: CarriesOut, clock: SharedClock) -> None:
    """Behaviours B1: 12 min, as RTS2 does."""
    run = start(acts, planned())
    acts.do(a.EndRun(run.pk, "fault", "not on target after two slews"))
    assert acts.refused[run.sequence_id] == pytest.approx(clock.monotonic() + 720.0, abs=200.0)


def test_a_target_whose_constraints_fail_is_not_begun_and_the_poll_says_why(acts: CarriesOut) -> None:
    sequence = planned()
    Sequence.objects.filter(pk=sequence.pk).update(airmass_max=1.0)
    acts.do(a.StartRun(sequence.pk))
    assert not Run.objects.exists() and sequence.pk in acts.refused
    poll = GoNoGo.objects.get()
    assert not poll.go and [name for name, ok, _ in poll.checks if not ok] == ["target"]


def test_without_the_guardian_s_word_nothing_is_begun_or_opened(acts: CarriesOut, guardian: Guardian) -> None:
    guardian.is_silent()
    acts.do(a.StartRun(planned().pk))
    acts.do(a.OpenRoof())
    assert not Run.objects.exists() and not Entry.objects.filter(verb="roof.open_ordered").exists()
    assert [p.go for p in GoNoGo.objects.all()] == [False, False]


def test_a_sequence_that_was_cancelled_meanwhile_is_not_begun(acts: CarriesOut) -> None:
    sequence = planned()
    Sequence.objects.filter(pk=sequence.pk).update(state="CANCELLED")
    acts.do(a.StartRun(sequence.pk))
    assert not Run.objects.exists()


def test_a_busy_telescope_begins_nothing_without_a_reason_to_interrupt(acts: CarriesOut) -> None:
    first = start(acts, planned())
    acts.do(a.StartRun(planned(name="M77").pk))
    assert Run.objects.get(state=RunState.ACTIVE) == first


def test_parking_and_closing_again_and_again_are_one_motion(acts: CarriesOut) -> None:
    """Behaviours A11."""
    for _ in range(5):
        acts.do(a.Park())
        acts.do(a.CloseRoof())
    until(lambda: acts.hardware.enclosure() == "CLOSED")
    assert Entry.objects.filter(verb="roof.close_ordered").count() == 1
    assert Entry.objects.filter(verb="mount.park_ordered").count() == 1


def test_the_end_of_a_night_is_told_once(acts: CarriesOut) -> None:
    acts.do(a.EndNight())
    acts.do(a.EndNight())
    assert Entry.objects.filter(verb="night.ended").count() == 1
