"""Every real notice against the values that were read out of it by hand or by independent programs (index.csv)."""

from __future__ import annotations

import csv
import io
import tarfile
from datetime import UTC, datetime
from typing import Any

import pytest

from notices import NoticeRefused, parse
from notices.__main__ import read
from notices.tests.data import NOTICES, SHARED, needs_notices, needs_traffic

INDEX = NOTICES / "index.csv"
ROWS = list(csv.DictReader(INDEX.read_text().splitlines())) if INDEX.exists() else []

# The index leaves these empty although the file states them: a VOEvent that a broker makes of itself.
UNSTATED = {("transport_captured/comet_broker_test_event.xml", column) for column in ("ivorn", "notice_date_utc")}

REFUSED = "not well-formed XML / plain text"
YES_NO = {"yes": True, "no": False, "": None}


def instant(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_index_says(row: dict[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {key: row[key] or None for key in ("mission", "notice_type", "format", "ivorn", "event_id")}
    cells["packet_type"] = int(row["packet_type"]) if row["packet_type"] else None
    cells |= {key: float(row[key]) if row[key] else None for key in ("ra_deg", "dec_deg", "error_deg")}
    cells |= {key: instant(row[key]) for key in ("trigger_time_utc", "notice_date_utc")}
    cells |= {key: YES_NO[row[key]] for key in ("time_is_trigger", "is_test", "is_retraction")}
    cells["is_grb"] = row["is_grb"].startswith(("yes", "true")) if row["is_grb"] else None
    cells["cites"] = row["cites"].split()
    return cells


def as_we_say(answer: dict[str, Any]) -> dict[str, Any]:
    said = {**answer, "notice_date_utc": instant(answer["notice_time_utc"])}
    said["trigger_time_utc"] = instant(answer["trigger_time_utc"])
    return said


@needs_notices
@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_a_real_notice_says_what_the_index_says(row: dict[str, str]) -> None:
    raw = (NOTICES / row["file"]).read_bytes()
    answer = read(row["file"], raw)
    if row["format"] == REFUSED:
        assert answer["error"]
        return
    said, expected = as_we_say(answer), as_index_says(row)
    assert {
        key: said[key] for key in expected if (row["file"], key) not in UNSTATED
    } == {key: value for key, value in expected.items() if (row["file"], key) not in UNSTATED}  # fmt: skip
    notice = parse(raw)
    assert notice.has_position == (row["has_position"] == "yes")
    if row["role"] and notice.format != "JSON":
        assert notice.role == row["role"]


@needs_notices
@pytest.mark.parametrize(
    ("part", "containment", "r90_deg"),
    [
        # 2.146 * hypot(13.0833, 3.7): one sigma statistical plus the GBM systematic error
        ("fermi/tarball-2018-10.001__Fermi__GBM_Flt_Pos_2018-10-10T05_55_59.39_560843764_49-474.xml", 0.68, 29.178),
        ("swift/tarball-2018-10.001__SWIFT__XRT_Pos_866434-511.xml", 0.9, 0.0011),
        ("json_einstein_probe/gcn-notice-parser__alert_250.json", 0.9, 0.0510),
        ("svom/gcn-notice-parser__grm_353.xml", None, None),
    ],
)
def test_radii_of_different_missions_become_comparable(
    part: str, containment: float | None, r90_deg: float | None
) -> None:
    notice = parse((NOTICES / part).read_bytes())
    assert notice.error_containment == containment
    assert notice.error_r90_deg == (pytest.approx(r90_deg, rel=1e-3) if r90_deg is not None else None)


@needs_notices
def test_a_gravitational_wave_notice_gives_its_sky_map_and_not_the_joint_one() -> None:
    notice = parse((NOTICES / "lvk/gcn-notice-parser__lvc_initial_15684.xml").read_bytes())
    assert notice.skymap_url == "https://gracedb.ligo.org/api/superevents/MS260205x/files/bayestar.multiorder.fits,1"


@needs_notices
def test_a_lost_star_tracker_makes_a_swift_position_unreliable() -> None:
    assert not parse((NOTICES / "swift/fourpisky-core__BAT_GRB_Pos_558756-820.xml").read_bytes()).position_is_reliable
    assert parse((NOTICES / "swift/fourpisky-core__BAT_GRB_Pos_707545-520.xml").read_bytes()).position_is_reliable


@pytest.fixture(scope="module")
def a_day() -> list[tuple[str, bytes]]:
    archive = io.BytesIO((SHARED / "traffic-2019-11-06.tar.xz").read_bytes())
    with tarfile.open(fileobj=archive) as members:
        files = ((entry.name, members.extractfile(entry)) for entry in members)
        return [(name, file.read()) for name, file in files if file is not None]


@needs_traffic
def test_a_whole_day_of_traffic_is_read_without_a_refusal(a_day: list[tuple[str, bytes]]) -> None:
    refused = []
    for name, raw in a_day:
        try:
            parse(raw)
        except NoticeRefused as refusal:
            refused.append((name, refusal.code))
    assert (len(a_day), refused) == (1127, [])


@needs_traffic
def test_of_a_whole_day_the_one_burst_of_swift_stands_out(a_day: list[tuple[str, bytes]]) -> None:
    # 6 November 2019 had one Swift trigger, 933515, besides sub-sub-threshold events and known sources.
    read_all = [parse(raw) for _, raw in a_day]
    bursts = {
        notice.event_id
        for notice in read_all
        if notice.mission == "Swift" and notice.opens_event and not notice.is_test
    }
    assert bursts == {"933515"}
    assert not any(notice.opens_event for notice in read_all if notice.role == "utility")
