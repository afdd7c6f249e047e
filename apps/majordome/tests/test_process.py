"""The majordome itself, in the middle of a night, on the simulated devices, with nobody else to help it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.alert_manager import services as alerts
from apps.alert_manager.models import Strategy
from apps.alert_manager.tests.support import wakeup
from apps.devices import links
from apps.devices.models import Device, Telescope
from apps.devices.safety import request_path
from apps.devices.tests.support import Guardian
from apps.majordome import carrying_out
from apps.majordome.hardware import Hardware
from apps.majordome.models import Night
from apps.majordome.process import Majordome
from apps.observation_manager.models import Image, Run, RunState
from apps.observation_manager.tests.support import simulated
from apps.routine_manager.models import Sequence, SequenceState
from guardian import requests
from guardian.vocabulary import OperatingMode, Safety
from pyros import current
from pyros.clock import SharedClock
from pyros.journal.models import Entry
from simulators.tests.support import content

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
WAIT_REAL_S = 30.0
SHORT_LADDER = [{"age_s": 0, "VIS": [{"filters": ["r", "z"], "exposure_s": 30, "images": 2}]}]


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    shared = SharedClock.create(tmp_path / "clock", NIGHT, 100.0)
    with current.use_clock(shared):
        yield shared


@pytest.fixture
def house(
    observatory: Telescope, clock: SharedClock, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Guardian]:
    """A closed observatory at night, cold cameras, a broker that is away, and a guardian that says SAFE."""
    monkeypatch.setattr(carrying_out, "send_kick", lambda *_: False)
    monkeypatch.setattr(Hardware, "cameras_ready", lambda self: True)
    Strategy.objects.update(ladder=SHORT_LADDER)
    devices = content()["devices"]
    devices["plc"]["heartbeat_loss_s"] = 1e6
    with simulated(clock, devices=devices) as running:
        Device.objects.filter(name="plc").update(host="127.0.0.1", port=running.ports["plc"])
        Device.objects.filter(name="nir").update(wanted=False)
        links.connected(Device.objects.get(name="plc")).heartbeat()
        yield guardian


def begin() -> Majordome:
    """A majordome as its process makes it."""
    made = Majordome(Telescope.objects.get())
    made.hardware.start()
    return made


def turning(majordome: Majordome, guardian: Guardian, so: Callable[[], bool], verdict: Safety = Safety.SAFE) -> None:
    """Let it turn, with a fresh word of the guardian before each turn, until something is so."""
    end = time.monotonic() + WAIT_REAL_S
    while not so():
        assert time.monotonic() < end, f"not within {WAIT_REAL_S:g} s; step {majordome.state.step}"
        guardian.says(verdict, "humidity 92 % > 85 %")
        majordome.turn()
        time.sleep(0.01)


def burst_run() -> Run | None:
    return Run.objects.filter(sequence__request__kind="ALERT").first()


def test_it_opens_observes_a_burst_by_itself_survives_a_restart_and_closes_in_bad_weather(house: Guardian) -> None:
    """Behaviours C4 (no broker), C8 (start in mid-night, restart during a run), D1, A1."""
    first = begin()
    try:
        turning(first, house, lambda: first.state.step == "OBSERVING")
        alerts.receive(wakeup(), via="test")
        turning(first, house, Image.objects.exists)
    finally:
        first.hardware.stop()  # its process is gone; the workers' threads go on, as Celery's would
    run = burst_run()
    assert run is not None and run.on_target_at is not None
    assert Entry.objects.filter(verb="run.slew_ordered").count() == 1

    second = begin()
    try:
        turning(second, house, lambda: Run.objects.filter(state=RunState.COMPLETED).exists())
        assert Run.objects.count() == 1, "the run was adopted, not begun anew"
        assert sorted(Image.objects.filter(state="STORED").values_list("camera__name", flat=True)) == [
            "vis1", "vis1", "vis2", "vis2",
        ]  # fmt: skip
        assert Sequence.objects.get(request__kind="ALERT").state == SequenceState.COMPLETED
        turning(second, house, lambda: second.hardware.enclosure() == "CLOSED", Safety.UNSAFE)
        reading = second.hardware.mount.reading
        assert reading is not None and reading.at_park
    finally:
        second.hardware.stop()
    assert Night.objects.get().step in {"OBSERVING", "OPENING"}


def test_the_mode_is_told_to_the_guardian_as_a_lease(house: Guardian, clock: SharedClock) -> None:
    """A majordome that dies is a mode that lapses (design §5): 60 s, or 10 real seconds under a fast clock."""
    majordome = begin()
    try:
        majordome.turn()
    finally:
        majordome.hardware.stop()
    told = requests.parse(json.loads(request_path().read_text(encoding="utf-8")))
    assert told.mode is OperatingMode.AUTOMATIC and not told.emergency_stop
    assert 0.0 < told.mode_valid_until_unix_s - clock.unix_s() <= 1000.0
