"""A device that is lost and found again: states, one alarm, its numbers (behaviours B1, I7)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from apps.devices import links
from apps.devices.models import Device, DeviceState, Telescope
from apps.monitoring.models import Alarm
from apps.monitoring.watching import DeviceWatch
from devicelink.errors import LinkLost


@dataclass(frozen=True)
class Inner:
    error_arcsec: float = 3.5


@dataclass(frozen=True)
class State:
    activity: str = "TRACKING"
    altitude_deg: float = 55.0
    azimuth_deg: float | None = None
    temperature_c: float = math.nan
    tracking: bool = True
    pointing: Inner = Inner()


class Line:
    """A mount that answers as long as the line is up."""

    up = True

    def state(self) -> State:
        if not self.up:
            raise LinkLost("gft", "the line is down")
        return State()


@pytest.fixture
def line(observatory: Telescope, monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line()
    monkeypatch.setattr(links, "link", lambda device: line)
    return line


@pytest.fixture
def watch(observatory: Telescope) -> DeviceWatch:
    return DeviceWatch(Device.objects.get(name="gft"))


def test_a_device_that_answers_becomes_ready_and_its_numbers_are_measured(line: Line, watch: DeviceWatch) -> None:
    measured = {m.quantity: (m.value, m.unit) for m in watch.look()}
    assert measured["altitude_deg"] == (55.0, "°") and measured["pointing.error_arcsec"] == (3.5, "arcsec")
    assert "temperature_c" not in measured and "azimuth_deg" not in measured, "unknown is not a number"
    row = Telescope.objects.get()
    assert (row.state, row.activity, row.status["altitude_deg"]) == (DeviceState.READY, "TRACKING", 55.0)
    assert row.status["temperature_c"] is None, "NaN once ended the monitor: a database takes none in JSON"


def test_a_lost_device_is_disabled_with_one_alarm_that_its_answer_clears(line: Line, watch: DeviceWatch) -> None:
    watch.look()
    line.up = False
    assert [watch.look(), watch.look(), watch.look()] == [[], [], []]
    alarm = Alarm.objects.get()
    assert (alarm.severity, alarm.sentence) == ("CRITICAL", "gft is lost: gft: the line is down")
    assert Telescope.objects.get().state == DeviceState.DISABLED
    line.up = True
    watch.look()
    alarm.refresh_from_db()
    assert alarm.state == "CLEARED" and Telescope.objects.get().state == DeviceState.READY


def test_a_device_that_never_answered_is_disabled_without_noise(line: Line, watch: DeviceWatch) -> None:
    line.up = False
    watch.look()
    assert Telescope.objects.get().state == DeviceState.DISABLED and Alarm.objects.count() == 0
