"""What the database tells the automaton: the active run, the waiting burst, what must stop, before which night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.alert_manager import services as alerts
from apps.alert_manager.models import Alert, AlertState
from apps.alert_manager.tests.support import update, wakeup
from apps.devices.models import Telescope
from apps.majordome import night as nights
from apps.majordome import views_of_runs as views
from apps.majordome.candidates import constraints_hold
from apps.majordome.models import Night
from apps.observation_manager import runs
from apps.observation_manager.models import Run, RunState
from apps.observation_manager.tests.support import begun, submitted
from apps.routine_manager.composing import PlanDraft
from apps.routine_manager.models import Sequence
from pyros.clock import ManualClock

pytestmark = pytest.mark.usefixtures("observatory", "guardian")

ONE = {"vis1": [PlanDraft(exposure_s=60, images=4, filter_name="r")]}


def the_alert_sequence() -> Sequence:
    return Sequence.objects.filter(request__kind="ALERT").latest("pk")


def observed_burst() -> Run:
    alerts.receive(wakeup(), via="test")
    return runs.start_run(sequence=the_alert_sequence(), telescope=Telescope.objects.get())


def test_there_may_be_no_run(clock: ManualClock) -> None:
    assert views.active_run(Telescope.objects.get(), clock.now()) is None


def test_a_run_is_seen_with_its_needs_and_its_lateness(clock: ManualClock) -> None:
    """261 s long; 300 s after its start it is 39 s late."""
    run = begun(ONE, on_target=False)
    clock.advance(300.0)
    found = views.active_run(run.telescope, clock.now())
    assert found is not None and found[0] == run
    view = found[1]
    assert (view.needs_sky, view.needs_slew, view.is_alert, view.on_target, view.albums_over) == (
        True, True, False, False, False,
    )  # fmt: skip
    assert view.overdue_s == pytest.approx(39.0)
    runs.on_target(run=run)
    runs.finish_album(run.album_runs.get(), RunState.COMPLETED)
    found = views.active_run(run.telescope, clock.now())
    assert found is not None and found[1].on_target and found[1].albums_over


def test_biases_need_neither_sky_nor_slew(clock: ManualClock) -> None:
    biases = {"vis1": [PlanDraft(0.0, 3, frame_type="BIAS")]}
    run = begun(biases, kind="CALIBRATION", program="Calibration", pointed=False)
    found = views.active_run(run.telescope, clock.now())
    assert found is not None and (found[1].needs_sky, found[1].needs_slew) == (False, False)


def test_an_armed_burst_waits_until_it_is_no_longer_worth_observing(clock: ManualClock) -> None:
    assert views.waiting_alert(clock.now()) is None
    alerts.receive(wakeup(), via="test")
    assert views.waiting_alert(clock.now()) == the_alert_sequence().pk
    assert views.waiting_alert(clock.now() + timedelta(hours=25)) is None, "its validity is a day"


def test_the_newest_burst_is_the_one_that_waits(clock: ManualClock) -> None:
    alerts.receive(wakeup(burst_id="sb26112101"), via="test")
    alerts.receive(wakeup(60.0, 30.0, burst_id="sb26112102"), via="test")
    waiting = Sequence.objects.get(pk=views.waiting_alert(clock.now()))
    assert waiting.target_name == "sb26112102"


def test_a_better_position_is_the_same_burst_and_another_burst_is_not() -> None:
    run = observed_burst()
    alerts.receive(update(20.0, 32.0), via="test")
    assert views.same_burst(run, the_alert_sequence().pk)
    alerts.receive(wakeup(60.0, 30.0, burst_id="sb26112102"), via="test")
    assert not views.same_burst(run, the_alert_sequence().pk)
    assert not views.same_burst(run, submitted(ONE).pk)


@pytest.mark.parametrize(("state", "stops"), [("ACTIVE", False), ("RETRACTED", True), ("NOT_A_BURST", True)])
def test_a_burst_that_is_none_must_stop(state: str, stops: bool) -> None:
    run = observed_burst()
    Alert.objects.update(state=AlertState[state])
    assert views.must_stop(Run.objects.get(pk=run.pk)) is stops


def test_a_routine_run_is_stopped_by_no_retraction() -> None:
    assert not views.must_stop(begun(ONE))


# The night ---------------------------------------------------------------------------------------------------


def test_the_night_has_its_times_and_is_made_once() -> None:
    """San Pedro Mártir, evening of 2026-11-20 local time: sunset near 16:40 PST."""
    telescope = Telescope.objects.get()
    night = nights.ensure(telescope)
    assert nights.ensure(telescope) == night and Night.objects.count() == 1
    assert night.date == date(2026, 11, 20) and night.sunset and night.night_start and night.night_end and night.sunrise
    assert abs(night.sunset - datetime(2026, 11, 21, 0, 40, tzinfo=UTC)) < timedelta(minutes=10)
    assert night.sunset < night.night_start < night.night_end < night.sunrise


def test_shortly_after_the_nights_change_in_february_the_sun_still_rises_before_the_night(clock: ManualClock) -> None:
    """Mean noon at 115.464° W is 19:41:51 UTC; on February 11 the Sun culminates 14 min later (equation of time)."""
    telescope = Telescope.objects.get()
    clock.advance((datetime(2027, 2, 11, 19, 45, tzinfo=UTC) - clock.now()).total_seconds())
    night = nights.ensure(telescope)
    assert night.date == date(2027, 2, 11)
    _, rising = nights.sun(telescope, clock.now())
    assert rising and nights.is_before(night, clock.now())
    assert not nights.is_before(night, clock.now() + timedelta(hours=12))


# Constraints just before the slew ------------------------------------------------------------------------------


def allowed(**fields: object) -> tuple[bool, str]:
    sequence = submitted(ONE)
    Sequence.objects.filter(pk=sequence.pk).update(**{"moon_distance_min_deg": 0.0, **fields})
    sequence.refresh_from_db()
    checked = constraints_hold(sequence, Telescope.objects.get(), datetime(2026, 11, 21, 5, 0, tzinfo=UTC))
    return checked.ok, checked.sentence


def test_what_stands_high_in_its_window_may_be_observed() -> None:
    assert allowed() == (True, "altitude, airmass, Moon and window hold")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"window_start": datetime(2026, 11, 21, 5, 1, tzinfo=UTC)}, "its window begins at 05:01 UTC"),
        ({"window_end": datetime(2026, 11, 21, 5, 3, tzinfo=UTC)}, "its window ends at 05:03 UTC"),
        ({"dec_deg": -60.0}, "altitude -1"),
        ({"ra_deg": 85.0, "airmass_max": 1.5}, "airmass "),
        ({"moon_distance_min_deg": 60.0}, "Moon "),
    ],
    ids=["too early", "too late", "too low", "airmass", "moon"],
)
def test_a_constraint_that_does_not_hold_is_named_with_its_numbers(fields: dict[str, object], said: str) -> None:
    """At 05:00 UTC, sidereal time 1.3 h, for 261 s; the Moon stands near M33 that night."""
    ok, sentence = allowed(**fields)
    assert not ok and sentence.startswith(said)
