"""VOEvents that we write: read by ourselves, by voevent-parse, and moved from one night to another."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import voeventparse

from notices import NoticeRefused, parse, redate, samples
from notices.compose import retraction, svom_wakeup
from notices.tests.data import NOTICES, needs_notices, voevent

T0 = datetime(2026, 11, 20, 3, 4, 5, 678000, tzinfo=UTC)
SENT = datetime(2026, 11, 20, 3, 4, 40, tzinfo=UTC)
WAKEUP = svom_wakeup("sb26112001", 10.5, -20.25, 0.05, T0, SENT)


def test_our_parser_reads_our_wake_up() -> None:
    notice = parse(WAKEUP)
    assert (notice.mission, notice.notice_type, notice.packet_type, notice.instrument, notice.event_id) == (
        "SVOM", "eclairs-wakeup", 202, "ECLAIRs", "sb26112001",
    )  # fmt: skip
    assert (notice.ra_deg, notice.dec_deg, notice.error_deg, notice.trigger_time_utc) == (10.5, -20.25, 0.05, T0)
    assert (notice.notice_time_utc, notice.is_test, notice.is_retraction, notice.remarks) == (SENT, False, False, ())


def test_voevent_parse_takes_our_wake_up_for_a_valid_voevent() -> None:
    document = voeventparse.load(io.BytesIO(WAKEUP))
    assert voeventparse.valid_as_v2_0(document)
    position = voeventparse.get_event_position(document)
    assert (position.ra, position.dec, position.err) == (10.5, -20.25, 0.05)
    assert voeventparse.get_event_time_as_utc(document) == T0


def test_voevent_parse_takes_our_retraction_for_a_valid_voevent() -> None:
    assert voeventparse.valid_as_v2_0(voeventparse.load(io.BytesIO(retraction("sb26112001", SENT))))


def test_a_retraction_takes_back_its_burst() -> None:
    raw = retraction("sb26112001", SENT, trigger_time_utc=T0, position=(10.5, -20.25, 0.05))
    notice = parse(raw)
    assert (notice.is_retraction, notice.packet_type, notice.event_id) == (True, 219, "sb26112001")
    assert [str(cite) for cite in notice.cites] == ["retraction:ivo://org.svom/fsc#sb26112001_eclairs-wakeup"]


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ((400.0, 0.0, 0.1), T0),
        ((10.0, 0.0, -1.0), T0),
        ((0.0, 0.0, 0.1), T0),
        ((1.0, 0.0, 0.1), T0.replace(tzinfo=None)),
    ],
)
def test_nonsense_is_not_composed(place: tuple[float, float, float], moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"."):
        svom_wakeup("sb26112001", *place, moment, SENT)


def test_the_samples_of_voevent_parse_are_found_and_read() -> None:
    found = {sample.name: parse(sample.raw) for sample in samples()}
    assert found["SWIFT_bat_position_v2.0_example.xml"].event_id == "532871"
    assert found["SWIFT_xrt_position_v1.1_example.xml"].format == "VOEvent 1.1"


NIGHT = timedelta(days=400, hours=3, minutes=6)


def moved(raw: bytes, shift: timedelta = NIGHT) -> bytes:
    notice = parse(raw)
    assert notice.trigger_time_utc is not None and notice.notice_time_utc is not None
    return redate(raw, notice.trigger_time_utc + shift, notice.notice_time_utc + shift)


def test_a_moved_notice_has_its_new_times_everywhere() -> None:
    params = (
        '<Param name="Packet_Type" value="61"/><Param name="TrigID" value="700001"/>'
        '<Param name="Burst_TJD" value="21364"/><Param name="Burst_SOD" value="11045.50"/>'
        '<Param name="Window" value="2026-11-20T03:04:05.50"/>'
    )
    notice = parse(moved(voevent(params=params), timedelta(days=10, hours=22)))
    assert notice.trigger_time_utc == datetime(2026, 12, 1, 1, 4, 5, 500000, tzinfo=UTC)
    assert notice.notice_time_utc == datetime(2026, 12, 1, 1, 4, 30, tzinfo=UTC)
    # 1 December 2026 is truncated Julian day 21375 (JD 2461375.5); 01:04:05.50 is 3845.50 s
    assert (notice.extra["Burst_TJD"], notice.extra["Burst_SOD"]) == ("21375", "3845.50")
    assert notice.extra["Window"] == "2026-12-01T01:04:05.50"


def test_a_moved_notice_is_another_event() -> None:
    old, new = parse(voevent()), parse(moved(voevent()))
    assert new.event_id is not None
    assert (new.event_id != old.event_id, len(new.event_id), new.ivorn != old.ivorn) == (True, 6, True)
    assert new.event_id in new.ivorn


def test_the_event_s_new_number_can_be_given() -> None:
    raw = redate(WAKEUP, T0 + NIGHT, SENT + NIGHT, event_id="sb27122507")
    assert parse(raw).ivorn == "ivo://org.svom/fsc#sb27122507_eclairs-wakeup"


def test_barycentric_notices_keep_their_time_scale() -> None:
    raw = voevent("ivo://gaia.cam.uk/alerts#Gaia16aac", coordinates="TDB-ICRS-BARY", time="2016-01-16T07:52:27")
    assert parse(redate(raw, T0, SENT)).trigger_time_utc == T0


def test_a_practice_notice_stays_one() -> None:
    raw = voevent("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Test_Pos_2026-11-20T03:04:05.50-780", role="test",
                  params='<Param name="Packet_Type" value="82"/><Param name="TrigID" value="99999"/>')  # fmt: skip
    new = parse(moved(raw))
    assert (new.event_id, new.is_test) == ("99999", True)
    assert new.ivorn != parse(raw).ivorn


def test_integral_s_revision_survives_the_move() -> None:
    params = '<Param name="Packet_Type" value="54"/><Param name="TrigID" value="73749"/>'
    new = parse(moved(voevent("ivo://nasa.gsfc.gcn/INTEGRAL#Refined_008213-1-002", params=params)))
    assert new.event_id not in {"8213", "0", None}
    assert int(new.extra["TrigID"]) >> 16 == 1
    assert new.ivorn == f"ivo://nasa.gsfc.gcn/INTEGRAL#Refined_{new.event_id:0>6}-1-002"


def test_what_is_no_voevent_is_not_moved() -> None:
    with pytest.raises(NoticeRefused, match="Transport"):
        redate(b"<Transport/>", T0, SENT)


@needs_notices
def test_a_real_chain_moved_by_one_shift_stays_one_chain() -> None:
    files = [f"svom/gcn-notice-parser__{name}.xml" for name in ("grm_354", "eclairs_321", "eclairs_322", "mxt_53")]
    chain = [parse(moved((NOTICES / file).read_bytes())) for file in files]
    assert len({notice.event_id for notice in chain}) == 1
    assert chain[0].ivorn in [cite.ivorn for cite in chain[3].cites]


@needs_notices
def test_every_real_voevent_can_be_moved() -> None:
    kept = ("mission", "notice_type", "ra_deg", "dec_deg", "error_deg", "is_test", "is_retraction", "is_grb", "format")
    count = 0
    for path in sorted(NOTICES.glob("*/*.xml")):
        try:
            old = parse(path.read_bytes())
        except NoticeRefused:
            continue
        if old.trigger_time_utc is None or old.notice_time_utc is None:
            continue
        new = parse(moved(path.read_bytes()))
        assert new.trigger_time_utc == old.trigger_time_utc + NIGHT
        assert new.notice_time_utc == old.notice_time_utc + NIGHT
        assert new.ivorn != old.ivorn
        assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept]
        count += 1
    assert count > 100


@needs_notices
def test_voevent_parse_agrees_on_every_voevent_2_0_with_a_position() -> None:
    compared = 0
    for path in sorted(NOTICES.glob("*/*.xml")):
        try:
            ours = parse(path.read_bytes())
        except NoticeRefused:
            continue
        if ours.format != "VOEvent 2.0" or not ours.has_position:
            continue
        theirs = voeventparse.get_event_position(voeventparse.load(io.BytesIO(path.read_bytes())))
        assert (ours.ra_deg, ours.dec_deg) == (theirs.ra, theirs.dec)
        if ours.error_deg is not None:
            assert ours.error_deg == theirs.err
        compared += 1
    assert compared > 80
