"""What VOEvents and JSON notices may look like, and what is made of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from notices import NoticeRefused, parse
from notices.tests.data import POSITION, placed, voevent


@pytest.mark.parametrize("version", ["1.1", "2.0", "2.1"])
def test_every_version_of_voevent_is_read(version: str) -> None:
    notice = parse(voevent(version=version))
    assert (notice.format, notice.ra_deg, notice.dec_deg, notice.error_deg) == (
        f"VOEvent {version}",
        10.5,
        -20.25,
        0.05,
    )


def test_a_voevent_without_namespace_is_read() -> None:
    assert parse(voevent(namespace="")).event_id == "700001"


def test_a_voevent_whose_elements_are_all_in_the_namespace_is_read() -> None:
    raw = voevent(namespace="").replace(b"<VOEvent ", b'<VOEvent xmlns="http://www.ivoa.net/xml/VOEvent/v2.1" ')
    assert parse(raw).ra_deg == 10.5


def test_a_byte_order_mark_and_blanks_before_the_declaration_are_passed_over() -> None:
    assert parse(b"\xef\xbb\xbf\n " + voevent() + b"\0\n").event_id == "700001"


def test_the_observatory_s_coordinates_are_not_the_source_s() -> None:
    # UTMOST puts its own longitude and latitude into a C1 before the source's.
    here = "<AstroCoords><Position3D><Value3><C1>149.42</C1><C2>-35.37</C2></Value3></Position3D></AstroCoords>"
    assert parse(voevent(observatory=here)).ra_deg == 10.5
    assert parse(voevent(observatory=here, position="")).ra_deg is None


def test_barycentric_time_becomes_utc() -> None:
    # Gaia16aac: 07:52:27 TDB in January 2016 is 07:51:18.816 UTC (36 leap seconds + 32.184 s).
    notice = parse(
        voevent("ivo://gaia.cam.uk/alerts#Gaia16aac", coordinates="TDB-ICRS-BARY", time="2016-01-16T07:52:27")
    )
    assert notice.trigger_time_utc == datetime(2016, 1, 16, 7, 51, 18, 816000, tzinfo=UTC)
    assert (notice.mission, notice.event_id) == ("Gaia", "Gaia16aac")


def test_a_time_with_another_zone_becomes_utc() -> None:
    notice = parse(voevent(time="2026-11-20T05:04:05+02:00"))
    assert notice.trigger_time_utc == datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)


def test_integral_numbers_lose_their_revision() -> None:
    # 73749 = 1 << 16 | 8213
    notice = parse(voevent("ivo://nasa.gsfc.gcn/INTEGRAL#Refined_008213-1-002", params=TRIGGER.format(54, 73749)))
    assert (notice.event_id, notice.notice_type) == ("8213", "Refined")


TRIGGER = '<Param name="Packet_Type" value="{}"/><Param name="TrigID" value="{}"/>'


def test_integral_withdraws_by_a_negative_radius() -> None:
    flags = '<Group name="Test_mpos"><Param name="Def_NOT_a_GRB" value="true"/></Group>'
    notice = parse(
        voevent(
            "ivo://nasa.gsfc.gcn/INTEGRAL#Offline_008213-2-003",
            params=TRIGGER.format(55, 139285) + flags,
            position=placed("10.5", "-20.25", "-0.05"),
            tail='<Citations><EventIVORN cite="followup">ivo://x#y</EventIVORN></Citations>',
        )
    )
    assert (notice.is_retraction, notice.is_grb, notice.error_deg, notice.event_id) == (True, False, None, "8213")


def test_integral_tests_are_known_by_their_flag_alone() -> None:
    flags = '<Group name="Test_mpos"><Param name="Test_Notice" value="true"/></Group>'
    notice = parse(voevent("ivo://nasa.gsfc.gcn/INTEGRAL#Wakeup_008300-0-003", params=TRIGGER.format(53, 8300) + flags))
    assert notice.role == "observation"
    assert notice.is_test


@pytest.mark.parametrize(
    ("ivorn", "params"),
    [
        ("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_99999-1", TRIGGER.format(61, 99999)),
        ("ivo://nasa.gsfc.gcn/INTEGRAL#Wakeup_000000-0-1", TRIGGER.format(53, 0)),
        ("ivo://gwnet/LVC#MS260205x-3-Initial", '<Param name="GraceID" value="MS260205x"/>'),
        (
            "ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_700002-1",
            TRIGGER.format(61, 700002)
            + '<Group name="Solution_Status"><Param name="Test_Submission" value="true"/></Group>',
        ),
    ],
)
def test_a_test_is_known_by_its_number_or_flag_whatever_its_role(ivorn: str, params: str) -> None:
    assert parse(voevent(ivorn, params=params)).is_test


def test_icecube_retracts_by_a_flag() -> None:
    params = (
        '<Param name="Packet_Type" value="173"/><Param name="AMON_ID" value="13"/>'
        '<Group name="Trigger_ID"><Param name="Retraction" value="true"/></Group>'
    )
    notice = parse(voevent("ivo://nasa.gsfc.gcn/AMON#ICECUBE_GOLD_Event2026-01-01T00:00:00.00_24_1_2_1", params=params))
    assert (notice.mission, notice.notice_type, notice.is_retraction) == ("AMON/IceCube", "ICECUBE_GOLD_Event", True)


def test_gecam_is_read_in_spite_of_its_impossible_dates() -> None:
    # Truncated Julian day 20321 is 12 January 2024; 20485.85 s are 05:41:25.85.
    params = (
        '<Param name="Packet_Type" value="188"/><Param name="EVENT_DATE" value="20321"/>'
        '<Param name="EVENT_TIME" value="20485.850"/>'
        '<Group name="Trigger"><Param name="Trigger_Number" value="260"/></Group>'
    )
    ivorn = "ivo://nasa.gsfc.gcn/GECAM#FLT_Event_2024-01-12T569:03:04.96_000018-768"
    notice = parse(voevent(ivorn, params=params, time="2024-01-12T569:03:04.96"))
    assert notice.trigger_time_utc == datetime(2024, 1, 12, 5, 41, 25, 850000, tzinfo=UTC)
    assert (notice.mission, notice.notice_type, notice.event_id) == ("GECAM", "FLT_Event", "260")


def test_old_style_svom_names_are_understood() -> None:
    notice = parse(voevent("ivo://org.svom/fsc#sb22020379_eclairs3", params=""))
    assert (notice.mission, notice.event_id, notice.notice_type, notice.instrument) == (
        "SVOM", "sb22020379", "eclairs3", "ECLAIRs",
    )  # fmt: skip


def test_svom_catalogue_sources_are_no_bursts() -> None:
    params = '<Param name="Packet_Type" value="203"/><Param name="Source_Name" value="Cyg X-1"/>'
    notice = parse(voevent("ivo://org.svom/fsc#sb26010101_eclairs-catalog", params=params))
    assert (notice.is_grb, notice.opens_event, notice.classification) == (False, False, "catalogue source Cyg X-1")


def test_an_mxt_source_outside_the_eclairs_circle_is_not_trusted() -> None:
    params = (
        '<Param name="Packet_Type" value="209"/>'
        '<Group name="Target_Info"><Param name="Within_ECLAIRs_R90" value="False"/></Group>'
    )
    notice = parse(voevent("ivo://org.svom/fsc#sb26010101_mxt-initial_qf1", params=params))
    assert (notice.position_is_reliable, notice.time_is_trigger, notice.band) == (False, False, "x-ray")


def test_a_stream_without_a_table_is_read_by_what_all_have_in_common() -> None:
    notice = parse(
        voevent("ivo://nasa.gsfc.gcn/NEWSAT#Alert_2030-01-01T00:00:00.00_12-1", params=TRIGGER.format(999, 12))
    )
    assert (notice.mission, notice.notice_type, notice.event_id, notice.ra_deg) == ("NEWSAT", "Alert", "12", 10.5)


def test_the_same_content_in_other_white_space_has_the_same_hash() -> None:
    one = voevent()
    other = one.replace(b"\n", b"\n\n   ").replace(
        b'role="observation" version="2.0"', b'version="2.0" role="observation"'
    )
    assert one != other
    assert parse(one).content_sha256 == parse(other).content_sha256
    assert parse(one).content_sha256 != parse(one.replace(b"10.5", b"10.6")).content_sha256


def unified(**fields: object) -> bytes:
    schema = "https://gcn.nasa.gov/schema/v6.1.0/gcn/notices/svom/trigger.schema.json"
    return json.dumps({"$schema": schema, "id": ["sb24022203"], **fields}).encode()


def test_json_takes_the_mission_from_the_schema_s_folder() -> None:
    notice = parse(unified(instrument="ECLAIRs", alert_tense="current", ra=143.2478, dec=-68.0289, ra_dec_error=0.1))
    assert (notice.mission, notice.event_id, notice.ra_deg, notice.is_test) == ("SVOM", "sb24022203", 143.2478, False)
    assert (notice.error_deg, notice.error_containment) == (0.1, 0.9)


@pytest.mark.parametrize("tense", ["test", "injection", "mock", "commanded"])
def test_json_tests_are_known_by_their_tense(tense: str) -> None:
    assert parse(unified(alert_tense=tense)).is_test


def test_json_ellipses_give_their_larger_half_axis() -> None:
    notice = parse(unified(ra=346.56, dec=18.61, ra_dec_error=[0.19, 0.22, 153.0], containment_probability=0.9))
    assert notice.error_deg == 0.22


def test_json_radii_of_another_containment_become_90_percent() -> None:
    # sqrt(ln 0.1 / ln 0.32) = 1.4216
    notice = parse(unified(ra=10.0, dec=10.0, ra_dec_error=1.0, containment_probability=0.68))
    assert notice.error_r90_deg == pytest.approx(1.4216, abs=1e-4)


@pytest.mark.parametrize("identifier", ["1234", 1234, ["1234", "bn1"], [1234]])
def test_json_ids_may_be_texts_numbers_or_lists(identifier: object) -> None:
    assert parse(json.dumps({"mission": "SWIFT", "id": identifier}).encode()).event_id == "1234"


def test_json_retractions_are_known_by_their_type() -> None:
    notice = parse(unified(alert_type="retraction", trigger_time="2024-09-18T07:19:10.765268Z"))
    assert notice.is_retraction
    assert notice.trigger_time_utc == datetime(2024, 9, 18, 7, 19, 10, 765268, tzinfo=UTC)


def test_json_times_without_a_zone_are_utc() -> None:
    notice = parse(unified(trigger_time="2024-02-22T08:51:31.320000", alert_datetime="2024-02-22T08:51:55"))
    assert notice.trigger_time_utc == datetime(2024, 2, 22, 8, 51, 31, 320000, tzinfo=UTC)
    assert notice.notice_time_utc == datetime(2024, 2, 22, 8, 51, 55, tzinfo=UTC)


def test_json_positions_are_found_in_the_nested_places_of_icecube_and_boom() -> None:
    icecube = {"ref_ID": "S230914ak", "most_probable_direction": {"ra": 17.49, "dec": 16.18}}
    boom = {"data": {"targets": [{"name": "ZTF25acffkdr", "ra": 150.175649, "dec": 15.2832185}]}}
    assert (parse(json.dumps(icecube).encode()).ra_deg, parse(json.dumps(icecube).encode()).event_id) == (
        17.49,
        "S230914ak",
    )
    assert (parse(json.dumps(boom).encode()).dec_deg, parse(json.dumps(boom).encode()).event_id) == (
        15.2832185,
        "ZTF25acffkdr",
    )


def test_json_notices_with_equal_content_share_their_identifier_and_others_do_not() -> None:
    one = parse(b'{"mission": "MAXI", "id": "9", "ra": 1.0, "dec": 2.0}')
    same = parse(b'{"dec": 2.0,"ra": 1.0,  "id": "9", "mission": "MAXI"}')
    other = parse(b'{"mission": "MAXI", "id": "9", "ra": 1.5, "dec": 2.0}')
    assert one.ivorn == same.ivorn
    assert one.ivorn != other.ivorn


def test_the_fermi_class_decides_by_number() -> None:
    # A follow-up system once compared the text "4" with the number 4, and every burst looked like noise.
    ivorn = "ivo://nasa.gsfc.gcn/Fermi#GBM_Flt_Pos_2026-11-20T03:04:05.50_1_1-1"
    params = TRIGGER.format(111, 1) + '<Param name="Most_Likely_Index" value="{}"/>'
    assert parse(voevent(ivorn, params=params.format(4))).is_grb is True
    assert parse(voevent(ivorn, params=params.format(8))).is_grb is False
    assert parse(voevent(ivorn, params=TRIGGER.format(111, 1))).is_grb is None


@pytest.mark.parametrize("unit", ["", ' unit="deg"', ' unit="deg-deg"', ' unit="degrees"'])
def test_degrees_are_understood_in_all_their_spellings(unit: str) -> None:
    assert parse(voevent(position=placed("10.5", "1", "1", unit))).ra_deg == 10.5


def test_another_unit_is_refused() -> None:
    with pytest.raises(NoticeRefused, match="rad"):
        parse(voevent(position=placed("1.5", "1", "1", ' unit="rad"')))


def test_a_position_may_come_without_anything_else() -> None:
    assert POSITION.encode() in voevent(params="")
    assert parse(voevent(params="")).event_id is None
