"""Each invariant finds the violation that it is for, and passes on a clean night (behaviours I1 to I7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pyros.simulation.invariants import CHECKS, Evidence, Happened, ImageRow, check_all

NIGHT = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
SHA = "ab" * 32
FRAME = Path("vis1_r_000001_01_0001.fits")


def told(*rows: tuple[float, str, str, dict[str, Any]]) -> list[Happened]:
    """Entries from (seconds, subject, verb, data)."""
    return [Happened(place, at_s, subject, verb, data) for place, (at_s, subject, verb, data) in enumerate(rows, 1)]


def shutter(at_s: float, state: str) -> tuple[float, str, str, dict[str, Any]]:
    return at_s, "guardian:1", "guardian.enclosure", {"shutter": state}


def verdict(at_s: float, safety: str) -> tuple[float, str, str, dict[str, Any]]:
    return at_s, "guardian:1", "guardian.verdict", {"safety": safety}


def started(at_s: float, run: int, epoch: int) -> tuple[float, str, str, dict[str, Any]]:
    return at_s, f"run:{run}", "run.started", {"epoch": epoch}


SLEW = ("run:1", "run.slew_ordered", {"ra_deg": 180.0, "dec_deg": 0.0})
RECEIVED = (300.0, "notice:1", "notice.received", {"ivorn": "ivo://a#1"})
CREATED = (300.0, "alert:1", "alert.created", {})
DECIDED = (
    300.0,
    "alert:1",
    "alert.decided",
    {"notice": "ivo://a#1", "code": "OBSERVE_NOW", "sentence": "altitude 55°"},
)

CLEAN = told(
    shutter(0.0, "CLOSED"), verdict(1.0, "SAFE"), shutter(70.0, "OPEN"), started(100.0, 1, 1), (101.0, *SLEW),
    (130.0, "image:1", "image.exposing", {}), (195.0, "image:1", "image.stored", {}), (200.0, "run:1", "run.ended", {}),
    RECEIVED, CREATED, DECIDED, started(301.0, 2, 2), (302.0, "image:2", "image.exposing", {}),
    (400.0, "alarm:1", "alarm.raised", {}), verdict(401.0, "UNSAFE"), (402.0, "image:2", "image.aborted", {}),
    (402.0, "run:2", "run.ended", {}), shutter(465.0, "CLOSED"), (500.0, "alarm:1", "alarm.cleared", {}),
    (900.0, "night:1", "night.ended", {}),
)  # fmt: skip
STORED = ImageRow(1, "STORED", 1, 1, 1, "vis1", NIGHT, 60.0, FRAME, SHA, False)
ABORTED = ImageRow(2, "ABORTED", 2, 1, 2, "vis1", None, 60.0, None, "", False)


def evidence(**changes: Any) -> Evidence:
    """A clean night, changed."""
    return replace(
        Evidence(
            entries=CLEAN,
            images=[STORED, ABORTED],
            slack_s=0.0,
            sha256_of=lambda _: SHA,
            balances={"SP-1 2026B": (3600.0, 3600.0)},
            unfinished=[],
            sun=lambda _: (-40.0, 0.0, 0.0),
        ),
        **changes,
    )


def found(name: str, **changes: Any) -> str:
    """What one invariant says; empty when it held. Without a word about another night all others must hold."""
    answers = {c.id: c for c in check_all(evidence(**changes))}
    return "" if answers[name].held else answers[name].detail


def test_a_clean_night_holds_every_invariant() -> None:
    checked = check_all(evidence())
    assert [c.id for c in checked if not c.held] == []
    assert {c.id for c in checked} == CHECKS.keys() >= {"I1", "I2", "I3", "I4", "I5", "I6", "I7"}


def test_I1_finds_a_roof_that_stayed_open_without_an_alarm() -> None:
    """Travel 60 s and 40 s: 101 s is too long, 99 s is not."""
    night = [shutter(0.0, "OPEN"), verdict(10.0, "UNSAFE")]
    late = told(*night, shutter(111.0, "MOVING"))
    assert found("I1", entries=late) == "unsafe since 10, the roof was OPEN after 101 s, without an alarm"
    assert not found("I1", entries=told(*night, shutter(109.0, "CLOSED")))


def test_I1_accepts_an_alarm_in_place_of_a_closed_roof_and_the_slack_of_a_fast_clock() -> None:
    stuck = [shutter(0.0, "OPEN"), verdict(10.0, "UNSAFE"), (95.0, "alarm:1", "alarm.raised", {})]
    assert not found("I1", entries=told(*stuck, shutter(200.0, "ERROR")))
    late = told(shutter(0.0, "OPEN"), verdict(10.0, "UNSAFE"), shutter(500.0, "CLOSED"))
    assert found("I1", entries=late) and not found("I1", entries=late, slack_s=300.0)


def test_I1_asks_nothing_while_the_roof_is_closed() -> None:
    assert not found("I1", entries=told(shutter(0.0, "CLOSED"), verdict(10.0, "UNSAFE"), (999.0, "x:1", "x.y", {})))


@pytest.mark.parametrize("state", ["CLOSED", "ERROR", "MOVING"])
def test_I2_finds_a_slew_under_a_roof_that_is_not_open(state: str) -> None:
    said = found("I2", entries=told(shutter(0.0, state), (5.0, *SLEW)))
    assert said == f"run:1 slewed while the roof was {state}"


def test_I2_accepts_a_record_that_is_late_by_the_slack_of_a_fast_clock() -> None:
    opened_later = told(shutter(0.0, "MOVING"), (5.0, *SLEW), shutter(25.0, "OPEN"))
    assert not found("I2", entries=opened_later, slack_s=30.0)
    assert found("I2", entries=opened_later, slack_s=10.0)


def test_I3_finds_a_slew_into_the_sun_cone_while_the_sun_is_above_minus_ten() -> None:
    """The Sun at RA 180°, Dec 0°, where the slew goes; at −10.5° the cone no longer counts."""
    assert found("I3", sun=lambda _: (-9.0, 180.0, 0.0)) == "run:1 pointed 0° from the Sun"
    assert found("I3", sun=lambda _: (-9.0, 205.0, 0.0)) == "run:1 pointed 25° from the Sun"
    assert not found("I3", sun=lambda _: (-9.0, 215.0, 0.0))
    assert not found("I3", sun=lambda _: (-10.5, 180.0, 0.0))


@pytest.mark.parametrize(("ends", "times"), [([], 0), (["image.stored", "image.failed"], 2)])
def test_I4_finds_an_exposure_that_did_not_end_once(ends: list[str], times: int) -> None:
    rows = [(0.0, "image:7", "image.exposing", {}), *((1.0, "image:7", verb, {}) for verb in ends)]
    assert found("I4", entries=told(*rows)) == f"image:7 ended {times} times"


def test_I4_finds_a_row_that_still_exposes() -> None:
    assert found("I4", images=[replace(STORED, state="EXPOSING")]) == "image 1 is still exposing"


def test_I5_finds_an_alert_without_a_decision() -> None:
    assert found("I5", entries=told(RECEIVED, CREATED)) == "alert:1 has no decision"


def test_I5_finds_a_notice_that_was_decided_twice() -> None:
    assert found("I5", entries=told(RECEIVED, CREATED, DECIDED, DECIDED)) == "ivo://a#1 was decided 2 times"


def test_I5_finds_a_decision_without_a_reason() -> None:
    silent = (300.0, "alert:1", "alert.decided", {"notice": "ivo://a#1", "code": "REFUSE", "sentence": ""})
    assert found("I5", entries=told(RECEIVED, CREATED, silent)) == "alert:1: a decision without a reason"


def test_I6_finds_a_file_that_is_gone_and_one_that_is_not_whole() -> None:
    assert found("I6", images=[replace(STORED, file=None)]) == "image 1 is stored but its file is not there"
    assert found("I6", sha256_of=lambda _: "cd" * 32) == f"{FRAME.name} is not what was written"


def test_I7_finds_an_alarm_that_was_raised_twice() -> None:
    twice = told((0.0, "alarm:1", "alarm.raised", {}), (1.0, "alarm:1", "alarm.raised", {}))
    assert found("I7", entries=twice) == "alarm:1 was raised twice"


def test_I7_finds_an_alarm_that_was_cleared_without_being_raised_or_twice() -> None:
    cleared = (1.0, "alarm:1", "alarm.cleared", {})
    assert found("I7", entries=told(cleared)) == "alarm:1 was cleared without being raised"
    assert found("I7", entries=told((0.0, "alarm:1", "alarm.raised", {}), cleared, cleared))


def test_once_finds_a_frame_that_was_stored_twice() -> None:
    assert found("once", images=[STORED, replace(STORED, id=9)]) == "frame 1 of plan 1 was stored 2 times in run 1"


def test_once_finds_epochs_that_do_not_grow_and_runs_at_the_same_time() -> None:
    ended = (1.0, "run:1", "run.ended", {})
    assert found("once", entries=told(started(0.0, 1, 5), ended, started(2.0, 2, 5))) == "run:2 has epoch 5 after 5"
    both = told(started(0.0, 1, 1), started(2.0, 2, 2))
    assert found("once", entries=both) == "run:2 began while run:1 was active"


def test_cameras_finds_exposures_that_overlap() -> None:
    later = replace(STORED, id=9, number=2, date_obs=NIGHT + timedelta(seconds=50))
    assert found("cameras", images=[later, STORED]) == "vis1: images 1 and 9 overlap by 10.0 s"
    assert not found("cameras", images=[replace(later, camera="vis2"), STORED])
    assert not found("cameras", images=[replace(later, date_obs=NIGHT + timedelta(seconds=60)), STORED])


def test_complete_finds_what_is_left_over() -> None:
    assert found("complete", unfinished=["run 3 of M33 is still active"]) == "run 3 of M33 is still active"


def test_ledger_finds_a_balance_that_the_journal_does_not_tell() -> None:
    said = found("ledger", balances={"SP-1": (3600.0, 3540.0)})
    assert said == "SP-1: 3600.00 s by its lines, 3540.00 s by the journal"


def test_no_violation_hides_behind_another_check() -> None:
    """Whatever is wrong with images leaves the checks of the roof as they were."""
    answers = {c.id: c.held for c in check_all(evidence(images=[replace(STORED, file=None, state="STORED")]))}
    assert [name for name, held in answers.items() if not held] == ["I6"]


def test_a_long_list_of_findings_is_cut_after_five() -> None:
    assert found("complete", unfinished=[f"run {n}" for n in range(9)]) == "run 0; run 1; run 2; run 3; run 4"
