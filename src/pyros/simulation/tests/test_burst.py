"""The burst of a simulated night: visible, at its own time, composed where nature gives none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import ephemeris
import notices
from notices import compose
from pyros.simulation import burst, scenarios
from pyros.simulation.burst import Unseen, choose

SPM = ephemeris.Site("San Pedro Mártir", 31.044, -115.464, 2800.0)
NOVEMBER = (datetime(2026, 11, 21, 1, 35, tzinfo=UTC), datetime(2026, 11, 21, 13, 20, tzinfo=UTC))
JUNE = (datetime(2026, 6, 21, 4, 0, tzinfo=UTC), datetime(2026, 6, 21, 11, 35, tzinfo=UTC))
"""Nearly the nautical nights; in June the Sun itself stands at RA 90°, near the BAT sample's 74.7°."""


def altitude_deg(found: burst.Burst) -> float:
    return float(ephemeris.altaz(SPM, found.ra_deg, found.dec_deg, found.send_at.timestamp())[0])


def test_in_november_the_real_bat_notice_is_moved_to_the_night() -> None:
    found = choose(SPM, *NOVEMBER, seed=1)
    assert (found.ra_deg, found.dec_deg) == (74.7412, -9.3137)
    assert found.story == "the real notice SWIFT_bat_position_v2.0_example.xml, re-dated"
    assert NOVEMBER[0] + timedelta(minutes=75) <= found.send_at <= NOVEMBER[1] - timedelta(minutes=45)
    assert altitude_deg(found) > 24.9
    moved = notices.parse(found.raw)
    assert moved.ivorn == found.ivorn and not moved.is_test
    assert moved.trigger_time_utc == found.trigger_time == found.send_at - timedelta(seconds=15)


def test_it_stays_visible_for_three_quarters_of_an_hour() -> None:
    for seed in range(10):
        found = choose(SPM, *NOVEMBER, seed=seed)
        later = (found.send_at + timedelta(minutes=45)).timestamp()
        assert float(ephemeris.altaz(SPM, found.ra_deg, found.dec_deg, later)[0]) > 24.9
        assert ephemeris.sun_altitude_deg(SPM, later) < -11.9


def test_the_same_seed_gives_the_same_burst_and_another_another_time() -> None:
    assert choose(SPM, *NOVEMBER, seed=1) == choose(SPM, *NOVEMBER, seed=1)
    assert choose(SPM, *NOVEMBER, seed=1).send_at != choose(SPM, *NOVEMBER, seed=2).send_at


def test_in_june_where_no_real_position_can_be_seen_one_is_composed() -> None:
    found = choose(SPM, *JUNE, seed=1)
    assert found.story.startswith("composed in SVOM's form") and altitude_deg(found) > 60.0
    read = notices.parse(found.raw)
    assert (read.mission, read.event_id, read.error_r90_deg) == ("SVOM", "sb26062101", pytest.approx(0.08))


def test_a_user_s_own_notice_is_taken(tmp_path: Path) -> None:
    own = tmp_path / "mine.xml"
    own.write_bytes(compose.svom_wakeup("sb26010101", 20.0, 30.0, 0.1, NOVEMBER[0], NOVEMBER[0]))
    found = choose(SPM, *NOVEMBER, 1, own)
    assert (found.ra_deg, found.dec_deg, found.story) == (20.0, 30.0, "the real notice mine.xml, re-dated")


def test_a_user_s_own_notice_that_can_t_be_seen_is_refused_with_its_place(tmp_path: Path) -> None:
    own = tmp_path / "south.xml"
    own.write_bytes(compose.svom_wakeup("sb26010101", 20.0, -80.0, 0.1, NOVEMBER[0], NOVEMBER[0]))
    with pytest.raises(Unseen, match=r"south.xml: RA 20.0, Dec -80.0 is not above 25° in the dark for 45 min"):
        choose(SPM, *NOVEMBER, 1, own)


def test_a_file_that_is_no_notice_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "no.xml"
    own.write_bytes(b"not a notice")
    with pytest.raises(notices.NoticeRefused):
        choose(SPM, *NOVEMBER, 1, own)


def test_every_scenario_that_is_listed_can_be_found() -> None:
    assert {"burst", "routine", "kills"} <= set(scenarios.names())
    for name in scenarios.names():
        assert scenarios.find(name).name == name


def test_only_the_routine_night_has_no_burst() -> None:
    assert [n for n in scenarios.names() if not scenarios.find(n).burst] == ["routine"]


def test_in_the_night_of_kills_every_process_is_killed_within_the_night() -> None:
    """Every long-running process of design §5."""
    kills = scenarios.find("kills").kills
    assert {k.process for k in kills} >= {
        "guardian", "listener", "majordome", "planner", "monitor", "web", "worker-observation", "worker-analysis",
        "worker-exchange", "worker-control",
    }  # fmt: skip
    assert all(0.0 < k.at_share < 1.0 for k in kills)
    assert [k.at_share for k in kills] == sorted(k.at_share for k in kills)


def test_an_unknown_scenario_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match=r"there is no scenario nonsense; there are .*routine"):
        scenarios.find("nonsense")
