"""What must never be believed, and never kill anybody."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notices import NoticeRefused, parse
from notices.tests.data import placed, voevent


def code_of(raw: bytes) -> str:
    with pytest.raises(NoticeRefused) as caught:
        parse(raw)
    assert len(caught.value.sentence) > 10
    return caught.value.code


BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<VOEvent ivorn="ivo://x#&c;" role="observation" version="2.0"/>"""


def test_an_entity_bomb_is_refused() -> None:
    assert code_of(BOMB) == "DTD_FORBIDDEN"


def test_an_entity_bomb_in_another_encoding_is_refused() -> None:
    assert code_of(BOMB.decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"', 1).encode("utf-16")) in {
        "DTD_FORBIDDEN", "MALFORMED_XML",
    }  # fmt: skip


def test_an_external_entity_is_never_fetched() -> None:
    raw = b'<!DOCTYPE b SYSTEM "file:///etc/passwd"><VOEvent ivorn="ivo://x#y" role="test" version="2.0"/>'
    assert code_of(raw) == "DTD_FORBIDDEN"


def test_fifty_megabytes_are_refused_unread() -> None:
    assert code_of(b"<VOEvent>" + b" " * 50_000_000) == "TOO_LARGE"


@pytest.mark.parametrize(
    ("ra", "dec", "radius"),
    [("400", "10", "1"), ("10", "91", "1"), ("10", "NaN", "1"), ("inf", "10", "1"), ("-5", "10", "1"),
     ("10", "10", "nan"), ("12h30m", "10", "1")],
)  # fmt: skip
def test_a_place_that_is_not_on_the_sky_is_refused(ra: str, dec: str, radius: str) -> None:
    assert code_of(voevent(position=placed(ra, dec, radius))) == "BAD_POSITION"


@pytest.mark.parametrize(("ra", "dec"), [("0.0000", "0.0000"), ("-1", "-1")])
def test_sentinel_coordinates_are_no_position(ra: str, dec: str) -> None:
    notice = parse(voevent(position=placed(ra, dec, "0.0000")))
    assert (notice.ra_deg, notice.dec_deg, notice.error_deg, notice.error_r90_deg) == (None, None, None, None)
    assert notice.remarks


@pytest.mark.parametrize("radius", ["-1.0000", "0.0000", "0", None])
def test_a_radius_of_nothing_is_never_a_perfect_position(radius: str | None) -> None:
    notice = parse(voevent(position=placed("10.5", "-20.25", radius)))
    assert (notice.ra_deg, notice.error_deg, notice.error_r90_deg) == (10.5, None, None)


def test_a_retraction_with_nonsense_coordinates_still_retracts() -> None:
    tail = '<Citations><EventIVORN cite="retraction">ivo://x#y</EventIVORN></Citations>'
    notice = parse(voevent(position=placed("400", "NaN", "x"), tail=tail))
    assert notice.is_retraction
    assert notice.ra_deg is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "EMPTY"), (b"\0\0 \n", "EMPTY"), (b"GET / HTTP/1.1\r\n", "NOT_A_NOTICE"), (b"<a>", "MALFORMED_XML"),
        (b"<html/>", "NOT_A_VOEVENT"), (b"{", "MALFORMED_JSON"), (b"[1, 2]", "NOT_AN_OBJECT"),
        (b'{"a":' * 100_000, "MALFORMED_JSON"), (b'{"id": ' + b"9" * 10_000 + b"}", "MALFORMED_JSON"),
        (b'{"ra": NaN, "dec": 1}', "BAD_POSITION"), (b'{"ra": 1e999, "dec": 1}', "BAD_POSITION"),
        (b'{"ra": true, "dec": 1}', "BAD_POSITION"),
        (b"<VOEvent>" * 5000, "MALFORMED_XML"), (b"\xff\xfe<", "MALFORMED_XML"), (b"{\xff}", "MALFORMED_JSON"),
    ],
)  # fmt: skip
def test_rubbish_is_refused_by_name(raw: bytes, code: str) -> None:
    assert code_of(raw) == code


@pytest.mark.parametrize("raw", [voevent(time="yesterday"), b'{"trigger_time": "yesterday", "mission": "SVOM"}'])
def test_an_unreadable_time_is_no_time_and_a_remark(raw: bytes) -> None:
    notice = parse(raw)
    assert notice.trigger_time_utc is None
    assert any("yesterday" in remark for remark in notice.remarks)


def test_an_unknown_role_starts_nothing() -> None:
    notice = parse(voevent(role="dare"))
    assert not notice.opens_event
    assert any("dare" in remark for remark in notice.remarks)


@pytest.mark.parametrize("missing", [1, 2, 7, 14, 50, 200, 400, 600, 750, 850])
def test_a_truncated_notice_is_refused(missing: int) -> None:
    assert code_of(voevent()[:-missing]) in {"MALFORMED_XML", "EMPTY"}


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise_anything_but_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(NoticeRefused):
        parse(raw)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_mutation_of_a_voevent_raises_anything_but_a_refusal(data: st.DataObject) -> None:
    raw = bytearray(voevent())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw) - 1))
        end = min(len(raw), start + data.draw(st.integers(0, 6)))
        raw[start:end] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"-", b"9e99", b"\0", b"<", b"&x;"]))
        )
    try:
        notice = parse(bytes(raw))
    except NoticeRefused:
        return
    assert notice.error_r90_deg is None or notice.error_r90_deg > 0
    assert notice.ra_deg is None or 0 <= notice.ra_deg <= 360


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "id", "ra", "dec", "ra_dec_error", "alert_type", "alert_tense", "trigger_time", "mission", "event", "data",
    "classification", "containment_probability", "superevent_id", "$schema", "instrument", "alert_datetime",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), JSON_VALUES))
@settings(max_examples=300, deadline=None)
def test_no_json_raises_anything_but_a_refusal(document: dict[str, object]) -> None:
    with contextlib.suppress(NoticeRefused):
        parse(json.dumps(document).encode())
