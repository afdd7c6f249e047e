"""A notice comes in: stored once, its burst found, decided, and observing asked for, all or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.alert_manager import services
from apps.alert_manager.listener import parse_brokers, review_due
from apps.alert_manager.models import Alert, AlertRequest, AlertState, Decision, DecisionCode, Notice, Strategy
from apps.alert_manager.tests.support import HIGH, NOW, swift_bat, swift_xrt, update, wakeup
from apps.devices.models import Telescope
from apps.devices.tests.support import Guardian
from apps.observation_manager import runs
from apps.routine_manager import ledger
from apps.routine_manager.models import Sequence, SequenceState
from apps.user_manager.models import Allocation
from guardian.vocabulary import OperatingMode, Safety
from notices import compose
from pyros.clock import ManualClock
from pyros.journal.models import Entry

pytestmark = pytest.mark.usefixtures("observatory", "guardian")


def receive(raw: bytes, via: str = "test") -> services.Received:
    return services.receive(raw, via=via)


def the_sequence() -> Sequence:
    return Sequence.objects.filter(request__kind="ALERT").latest("pk")


def verbs() -> list[str]:
    told = Entry.objects.order_by("id").values_list("verb", flat=True)
    return [verb for verb in told if verb != "observatory.loaded"]


# One burst -----------------------------------------------------------------------------------------------------


def test_a_visible_burst_becomes_an_armed_sequence() -> None:
    """Behaviours D1: default ladder 10×5 s, 10×20 s, N×60 s (VIS) and infrared beside it."""
    done = receive(wakeup())
    assert done.is_new and done.decision is not None and done.decision.code == DecisionCode.OBSERVE_NOW
    sequence = the_sequence()
    assert sequence.state == SequenceState.EXPECTED
    assert (sequence.ra_deg, sequence.dec_deg, sequence.target_name) == (20.0, 30.0, "sb26112101")
    plans = {
        album.camera.name: [(p.filter.name, p.exposure_s, p.images) for p in album.plans.order_by("order")]
        for album in sequence.albums.all()
    }
    assert plans == {
        "vis1": [("r", 5, 10), ("r", 20, 10), ("i", 60, 10)],
        "vis2": [("z", 5, 10), ("z", 20, 10), ("i", 60, 10)],
        "nir": [("J", 60, 12)],
    }
    assert sequence.window_end == NOW - timedelta(seconds=30) + timedelta(days=1)


def test_the_journal_tells_the_whole_way_in_order() -> None:
    receive(wakeup())
    told = [v for v in verbs() if v.startswith(("notice.", "alert.", "sequence."))]
    assert told == [
        "notice.received", "alert.created", "sequence.drafted", "sequence.to_be_planned", "sequence.expected",
        "alert.request_built", "alert.decided",
    ]  # fmt: skip
    entry = Entry.objects.get(verb="alert.decided")
    assert entry.data["sequence"] == the_sequence().pk and entry.data["received_ns"] <= entry.data["decided_ns"]


def test_the_same_notice_three_times_is_one_decision() -> None:
    """Behaviours D9: socket, Kafka and a replay; both ways are remembered."""
    raw = wakeup()
    receive(raw, "vtp:a")
    again, replay = receive(raw, "kafka:b"), receive(raw, "vtp:a")
    assert (again.is_new, replay.is_new) == (False, False) and again.decision is None
    assert Notice.objects.get().seen_via == ["vtp:a", "kafka:b"]
    assert (Alert.objects.count(), Decision.objects.count(), AlertRequest.objects.count()) == (1, 1, 1)


def test_the_same_notice_with_other_white_space_is_the_same() -> None:
    """Scenario 16 of the alert chain."""
    receive(wakeup())
    assert not receive(wakeup().replace(b">\n", b">\n\n")).is_new
    assert Notice.objects.count() == 1


def test_the_real_bat_position_is_understood_and_observed() -> None:
    """voevent-parse's BAT sample: 74.7412, −9.3137, 0.05°; 23° high at San Pedro Mártir at 05:00 UTC."""
    done = receive(swift_bat())
    assert done.alert is not None and done.decision is not None
    assert (done.notice.mission, done.alert.ra_deg, done.alert.dec_deg) == ("Swift", 74.7412, -9.3137)
    assert done.decision.code == DecisionCode.OBSERVE_NOW and done.decision.sentence.startswith("altitude 23°")


def test_the_real_xrt_position_far_in_the_south_is_refused_with_its_altitude() -> None:
    """Dec −53.4° culminates at 5.6° from latitude 31.0°: never above 20°."""
    done = receive(swift_xrt())
    assert done.decision is not None and done.decision.reason_code == "NOT_VISIBLE"
    assert AlertRequest.objects.count() == 0


# Updates -------------------------------------------------------------------------------------------------------


def test_an_update_inside_the_field_keeps_observing() -> None:
    """Behaviours D10: 3′ is less than half of half the field of 26′."""
    receive(wakeup())
    first = the_sequence()
    done = receive(update(20.0, 30.05))
    assert done.decision is not None and done.decision.code == DecisionCode.KEEP_OBSERVING
    assert the_sequence() == first and AlertRequest.objects.count() == 1
    assert Alert.objects.get().dec_deg == 30.05


def test_an_update_outside_the_field_points_anew_and_gives_the_old_pointing_up() -> None:
    """Behaviours D10: 2°."""
    receive(wakeup())
    first = the_sequence()
    done = receive(update(20.0, 32.0))
    assert done.decision is not None and done.decision.code == DecisionCode.REPOINT
    first.refresh_from_db()
    assert first.state == SequenceState.CANCELLED
    assert (the_sequence().state, the_sequence().dec_deg) == (SequenceState.EXPECTED, 32.0)


def test_many_small_moves_add_up() -> None:
    """Behaviours D12: 17 updates of 1.2′ end 20.4′ away; beyond 6.5′ it is pointed anew: at 7.2′ and at 14.4′."""
    receive(wakeup())
    for place in range(1, 18):
        receive(update(20.0, 30.0 + 0.02 * place, serial=place + 1))
    codes = list(Decision.objects.order_by("id").values_list("code", flat=True))
    assert codes.count("REPOINT") == 2 and len(codes) == 18
    assert Sequence.objects.filter(state=SequenceState.EXPECTED).count() == 1
    assert abs(the_sequence().dec_deg - Alert.objects.get().dec_deg) * 60 < 6.5


def test_pointing_anew_begins_at_the_step_of_the_ladder_for_its_age(clock: ManualClock) -> None:
    """Behaviours D10: not step 1 again. 150 s old: 10×20 s and 10×60 s."""
    receive(wakeup())
    clock.advance(120.0)
    receive(update(20.0, 32.0))
    request = AlertRequest.objects.latest("pk")
    assert request.ladder_step == 1
    album = the_sequence().albums.get(camera__name="vis1")
    assert [(p.exposure_s, p.images) for p in album.plans.order_by("order")] == [(20, 10), (60, 10)]


def test_a_burst_that_is_observed_goes_on_when_the_position_is_refined() -> None:
    receive(wakeup())
    runs.start_run(sequence=the_sequence(), telescope=Telescope.objects.get())
    done = receive(update(20.0, 30.02))
    assert done.decision is not None and done.decision.code == DecisionCode.KEEP_OBSERVING
    assert the_sequence().state == SequenceState.EXECUTING


# What is not, or is no longer, a burst -------------------------------------------------------------------------------


def test_a_retraction_stops_and_gives_the_time_back() -> None:
    """Behaviours D13."""
    allocation = Allocation.objects.get(program__name="GRB")
    before_s = ledger.balance_s(allocation)
    receive(wakeup())
    assert ledger.balance_s(allocation) == before_s - the_sequence().duration_s
    done = receive(compose.retraction("sb26112101", NOW + timedelta(seconds=45)))
    assert done.decision is not None and done.decision.code == DecisionCode.STOP
    assert Alert.objects.get().state == AlertState.RETRACTED
    assert the_sequence().state == SequenceState.CANCELLED
    assert ledger.balance_s(allocation) == before_s


def test_a_retraction_of_another_event_does_nothing_to_this_one() -> None:
    """Behaviours D13."""
    receive(wakeup())
    receive(compose.retraction("sb26112199", NOW + timedelta(seconds=45)))
    assert Alert.objects.get(name="sb26112101").state == AlertState.ACTIVE
    assert the_sequence().state == SequenceState.EXPECTED


def test_an_orphan_retraction_makes_a_tombstone_that_its_burst_finds() -> None:
    """Scenario 5 of the alert chain (sb26020303): no request, ever, whatever comes afterwards."""
    done = receive(compose.retraction("sb26112101", NOW))
    assert done.alert is not None and done.alert.state == AlertState.RETRACTED
    assert "alert.tombstone" in verbs()
    late = receive(wakeup())
    assert late.alert == done.alert and late.decision is not None and late.decision.code == DecisionCode.STOP
    assert AlertRequest.objects.count() == 0


def test_a_notice_of_role_test_is_recorded_and_moves_nothing() -> None:
    """Behaviours D14."""
    done = receive(wakeup(role="test"))
    assert done.decision is not None
    assert (done.decision.code, done.decision.reason_code) == (DecisionCode.RECORD_ONLY, "TEST")
    assert Sequence.objects.count() == 0


def test_a_burst_of_three_days_ago_is_refused() -> None:
    """Behaviours D14."""
    done = receive(wakeup(trigger=NOW - timedelta(days=3)))
    assert done.decision is not None and done.decision.reason_code == "TOO_LATE"


def test_a_huge_error_box_is_refused_and_never_pointed_at() -> None:
    """Behaviours D16."""
    done = receive(wakeup(error_deg=5.0))
    assert done.decision is not None and done.decision.reason_code == "ERROR_BOX"
    assert done.decision.sentence == "error radius 5.000° > 0.200°, more than the field holds"
    assert Sequence.objects.count() == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"GET / HTTP/1.0\r\n\r\n", b"<voe:VOEvent xmlns:voe='x'><Who>", b"\x00\xff" * 40],
    ids=["empty", "http", "truncated", "bytes"],
)
def test_what_is_no_notice_is_kept_with_its_reason_and_moves_nothing(raw: bytes) -> None:
    """Behaviours D15."""
    done, again = receive(raw), receive(raw)
    assert done.is_new and not again.is_new and done.notice.refused and done.alert is None
    assert bytes(done.notice.raw) == raw
    assert verbs() == ["notice.refused"]


def test_a_position_off_the_sky_points_nowhere() -> None:
    """Behaviours D15: RA 400°."""
    done = receive(wakeup().replace(b"<C1>20.000000</C1>", b"<C1>400.000000</C1>"))
    assert Sequence.objects.count() == 0
    assert done.notice.refused or (done.decision is not None and done.decision.code != DecisionCode.OBSERVE_NOW)


# Two satellites ----------------------------------------------------------------------------------------------------


def test_two_satellites_are_one_burst_and_one_sequence() -> None:
    """Behaviours D8: a coarse box first, then 3′ from Swift 2 s apart; the better position wins, both are linked."""
    receive(wakeup(74.0, -9.0, 2.5))
    done = receive(swift_bat(trigger=NOW - timedelta(seconds=28), sent=NOW + timedelta(seconds=20)))
    alert = Alert.objects.get()
    assert {n.mission for n in alert.notices.all()} == {"SVOM", "Swift"}
    assert (alert.ra_deg, alert.dec_deg) == (74.7412, -9.3137)
    assert done.decision is not None and done.decision.code == DecisionCode.OBSERVE_NOW
    assert AlertRequest.objects.count() == 1


def test_the_coarse_box_that_comes_second_changes_nothing() -> None:
    """Behaviours D8, reverse order, and D11."""
    receive(swift_bat(trigger=NOW - timedelta(seconds=28)))
    first = the_sequence()
    done = receive(wakeup(74.0, -9.0, 2.5, sent=NOW + timedelta(seconds=20)))
    assert done.decision is not None and done.decision.code == DecisionCode.KEEP_OBSERVING
    assert Alert.objects.get().ra_deg == 74.7412 and the_sequence() == first


def test_bursts_in_other_parts_of_the_sky_are_two() -> None:
    receive(wakeup(110.0, 30.0))
    receive(swift_bat(trigger=NOW - timedelta(seconds=28)))
    assert Alert.objects.count() == 2


def test_the_same_place_an_hour_later_is_another_burst() -> None:
    receive(wakeup(74.7, -9.3, 0.1, trigger=NOW - timedelta(hours=1)))
    receive(swift_bat())
    assert Alert.objects.count() == 2 and "alert.link_suggested" in verbs()


# Conditions ----------------------------------------------------------------------------------------------------


def test_in_bad_weather_the_sequence_waits_and_is_armed_when_it_is_safe(guardian: Guardian, clock: ManualClock) -> None:
    """Behaviours D5: with the age-dependent plan; 900 s old it is the late strategy's ladder."""
    guardian.says(Safety.UNSAFE, "humidity 92 % > 85 %")
    done = receive(wakeup())
    assert done.decision is not None and done.decision.code == DecisionCode.WAIT_FOR_WEATHER
    waiting = the_sequence()
    assert waiting.state == SequenceState.TO_BE_PLANNED
    clock.advance(870.0)
    guardian.says()
    review_due()
    assert Decision.objects.latest("pk").code == DecisionCode.OBSERVE_NOW
    waiting.refresh_from_db()
    assert waiting.state == SequenceState.CANCELLED and the_sequence().state == SequenceState.EXPECTED
    assert AlertRequest.objects.latest("pk").strategy_used.name == "GRB, late"


def test_hours_of_bad_weather_are_one_decision(guardian: Guardian, clock: ManualClock) -> None:
    """Behaviours I5: exactly one recorded decision; a review that finds the same only moves the next look."""
    guardian.says(Safety.UNSAFE, "rain")
    receive(wakeup())
    for _ in range(5):
        clock.advance(61.0)
        guardian.says(Safety.UNSAFE, "rain")
        review_due()
    row = Decision.objects.get()
    assert row.review_at == clock.now() + timedelta(minutes=1) and AlertRequest.objects.count() == 1


def test_a_review_comes_not_before_its_time(guardian: Guardian, clock: ManualClock) -> None:
    guardian.says(Safety.UNSAFE, "rain")
    receive(wakeup())
    guardian.says()
    clock.advance(9.0)
    review_due()
    assert Decision.objects.count() == 1


def test_without_a_word_of_the_guardian_the_burst_waits(guardian: Guardian) -> None:
    guardian.is_silent()
    done = receive(wakeup())
    assert done.decision is not None and done.decision.code == DecisionCode.WAIT_FOR_WEATHER
    assert "running?" in done.decision.sentence


def test_in_manual_mode_the_burst_is_recorded(guardian: Guardian) -> None:
    """Behaviours C11: “manual”."""
    guardian.says(mode=OperatingMode.MANUAL)
    done = receive(wakeup())
    assert done.decision is not None and (done.decision.code, done.decision.reason_code) == ("RECORD_ONLY", "MANUAL")
    assert Sequence.objects.count() == 0


def test_a_burst_that_rises_later_waits_with_its_window() -> None:
    """Behaviours D3: RA 130°, Dec +30° is low in the north-east at sidereal time 1.3 h and rises within hours."""
    done = receive(wakeup(130.0, 30.0))
    assert done.decision is not None and done.decision.code == DecisionCode.WAIT_FOR_RISE
    sequence = the_sequence()
    assert sequence.state == SequenceState.TO_BE_PLANNED and sequence.window_start == done.decision.review_at
    assert NOW + timedelta(hours=1) < sequence.window_start < NOW + timedelta(hours=4)


def test_a_better_position_of_a_burst_that_waits_is_where_it_will_be_observed() -> None:
    receive(wakeup(130.0, 30.0))
    receive(update(130.0, 32.0))
    waiting = Sequence.objects.filter(state=SequenceState.TO_BE_PLANNED)
    assert [s.dec_deg for s in waiting] == [32.0]


def test_by_day_the_burst_waits_for_the_night(clock: ManualClock, guardian: Guardian) -> None:
    """Behaviours D4: 20:00 UTC is noon at San Pedro Mártir."""
    clock.advance(15 * 3600.0)
    guardian.says()
    done = receive(wakeup(trigger=clock.now() - timedelta(seconds=30), sent=clock.now()))
    assert done.decision is not None and done.decision.code == DecisionCode.WAIT_FOR_NIGHT


def test_a_spent_quota_does_not_stop_a_burst() -> None:
    Allocation.objects.filter(program__name="GRB").update(share_percent=0)
    done = receive(wakeup())
    assert done.decision is not None and done.decision.code == DecisionCode.OBSERVE_NOW
    assert the_sequence().state == SequenceState.EXPECTED
    told = Entry.objects.get(verb="ledger.overdrawn")
    assert "GRB has 0 s left" in told.data["sentence"]


def test_without_a_strategy_the_burst_is_recorded() -> None:
    Strategy.objects.update(active=False)
    done = receive(wakeup())
    assert done.decision is not None and done.decision.reason_code == "NO_STRATEGY"


# All or nothing --------------------------------------------------------------------------------------------------


def test_a_failure_in_the_middle_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash after the request was built: the transport delivers again."""
    before = Entry.objects.count()
    with monkeypatch.context() as broken:
        broken.setattr(services.requests, "refresh_state", _crash)
        with pytest.raises(RuntimeError, match="killed"):
            receive(wakeup())
    assert (Notice.objects.count(), Alert.objects.count(), Sequence.objects.count()) == (0, 0, 0)
    assert Entry.objects.count() == before
    assert receive(wakeup()).is_new and the_sequence().state == SequenceState.EXPECTED


def _crash(*_: object) -> None:
    raise RuntimeError("killed")


@pytest.mark.parametrize("address", ["127.0.0.1", ":x", "host:port"])
def test_a_broker_s_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="is not host:port"):
        parse_brokers([address])


def test_high_is_high() -> None:
    """The support module's claim: RA 20°, Dec +30° stands near the zenith."""
    assert receive(wakeup(*HIGH)).decision.sentence == "altitude 89°, error radius 0.080°"
