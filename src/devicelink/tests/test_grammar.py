from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devicelink.grammar import (
    LINE_LIMIT,
    MAX_ID,
    ErrorCode,
    Event,
    GrammarError,
    Reply,
    ReplyKind,
    Request,
    Value,
    format_event,
    format_reply,
    format_request,
    format_value,
    parse_answer,
    parse_event,
    parse_reply,
    parse_request,
    parse_value,
)

ids = st.integers(1, MAX_ID)
verbs = st.from_regex(r"[A-Z][A-Z0-9_]{0,9}", fullmatch=True)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
texts = st.text(max_size=30) | st.text(alphabet=' "\\=\n1e+.naif', max_size=8)
values: st.SearchStrategy[Value] = numbers | st.booleans() | texts
pairs = st.dictionaries(names, values, max_size=5)


@given(ids, verbs, st.none() | names, pairs)
def test_a_request_survives_the_line(id_: int, verb: str, name: str | None, arguments: dict[str, Value]) -> None:
    request = Request(id_, verb, name, arguments)
    line = format_request(request)
    assert parse_request(line) == request
    assert line.isascii() and line.isprintable()


@given(ids, st.sampled_from([ReplyKind.ACK, ReplyKind.DATA, ReplyKind.OK]), pairs)
def test_a_reply_survives_the_line(id_: int, kind: ReplyKind, held: dict[str, Value]) -> None:
    reply = Reply(id_, kind, held)
    assert parse_answer(format_reply(reply)) == reply


@given(ids, st.sampled_from(ErrorCode), texts, st.none() | st.floats(0, 1e6))
def test_an_error_survives_the_line(id_: int, code: ErrorCode, text: str, retry_s: float | None) -> None:
    reply = Reply(id_, ReplyKind.ERR, {}, code, text, retry_s)
    assert parse_reply(format_reply(reply)) == reply


@given(verbs, st.lists(texts, max_size=3), pairs)
def test_an_event_survives_the_line(kind: str, words: list[str], held: dict[str, Value]) -> None:
    event = Event(kind, tuple(words), held)
    assert parse_answer(format_event(event)) == event


@given(st.text(max_size=200) | st.text(alphabet='1 AZ="\\*OKER,.-einfa\x00\n', max_size=60))
def test_garbage_raises_nothing_but_a_grammar_error(line: str) -> None:
    for parse in (parse_request, parse_reply, parse_event, parse_answer, parse_value):
        try:
            parse(line)
        except GrammarError as error:
            assert error.field and error.remedy


@given(numbers)
def test_a_number_keeps_its_value_and_its_type(number: float) -> None:
    back = parse_value(format_value(number))
    assert back == number and type(back) is type(number)


@pytest.mark.parametrize(
    ("line", "expected"),
    [  # the examples of the grammar's own description
        ("1 HELLO proto=1 client=sched", Request(1, "HELLO", None, {"proto": 1, "client": "sched"})),
        (
            "12 GOTO ra=83.6331 dec=22.0145 frame=icrs",
            Request(12, "GOTO", None, {"ra": 83.6331, "dec": 22.0145, "frame": "icrs"}),
        ),
        ("20 EXPOSE t=1.0 roi=0,0,2048,2048", Request(20, "EXPOSE", None, {"t": 1.0, "roi": "0,0,2048,2048"})),
        ("13 ABORT id=12\r\n", Request(13, "ABORT", None, {"id": 12})),
        ('7 SET lamp text="a \\"b\\" c"', Request(7, "SET", "lamp", {"text": 'a "b" c'})),
        ("2147483647  STATUS  ", Request(2147483647, "STATUS")),
    ],
)
def test_a_request_is_read_as_documented(line: str, expected: Request) -> None:
    assert parse_request(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 ACK eta=14", Reply(12, ReplyKind.ACK, {"eta": 14})),
        ("12 OK ra=83.6330 err_arcsec=0.8", Reply(12, ReplyKind.OK, {"ra": 83.633, "err_arcsec": 0.8})),
        ("12 ERR E_ABORTED", Reply(12, ReplyKind.ERR, {}, ErrorCode.E_ABORTED)),
        ('9 ERR E_BUSY "slewing" retry=5', Reply(9, ReplyKind.ERR, {}, ErrorCode.E_BUSY, "slewing", 5.0)),
        ('* ALARM WEATHER_UNSAFE "rain, wind"', Event("ALARM", ("WEATHER_UNSAFE", "rain, wind"))),
        (
            "* STATE from=IDLE to=BUSY t=2026-11-20T20:28:39.123Z",
            Event("STATE", (), {"from": "IDLE", "to": "BUSY", "t": "2026-11-20T20:28:39.123Z"}),
        ),
    ],
)
def test_an_answer_is_read_as_documented(line: str, expected: Reply | Event) -> None:
    assert parse_answer(line) == expected


@pytest.mark.parametrize(
    ("line", "field", "request_id"),
    [
        ("", "id", None),
        ("0 PING", "id", None),
        ("2147483648 PING", "id", None),
        ("-1 PING", "id", None),
        ("x PING", "id", None),
        ("5", "verb", 5),
        ("5 ping", "verb", 5),
        ("5 GOTO a b", "object", 5),
        ("5 GOTO ra=1 ra=2", "ra", 5),
        ("5 GOTO ra=1 here", "word", 5),
        ("5 GOTO ra=", "line", 5),
        ("5 GOTO =1", "line", 5),
        ('5 SET t="open', "line", 5),
        ('5 SET t="a"b', "line", 5),
        ('5 SET t="\\x"', "t", 5),
        ("5 SET n=9223372036854775808", "n", 5),
        ("5 SET t=caf\u00e9", "line", 5),
        ("5 SET a=1\tb=2", "line", 5),
        ("5 SET t=" + "a" * LINE_LIMIT, "line", 5),
    ],
)
def test_a_bad_request_is_refused_naming_its_field(line: str, field: str, request_id: int | None) -> None:
    with pytest.raises(GrammarError) as caught:
        parse_request(line)
    assert (caught.value.field, caught.value.request_id) == (field, request_id)


@pytest.mark.parametrize(
    "line",
    ["12", "12 DONE", "12 OK well", "12 ERR", "12 ERR E_NEW", "12 ERR E_BUSY a b", "12 ERR E_BUSY x=1", "*"],
)
def test_a_bad_answer_is_refused(line: str) -> None:
    with pytest.raises(GrammarError):
        parse_answer(line)


def test_not_a_number_parses_so_that_the_receiver_can_refuse_it() -> None:
    arguments = parse_request("1 GOTO ra=nan dec=-inf x=1e999").arguments
    assert math.isnan(float(arguments["ra"]))
    assert (arguments["dec"], arguments["x"]) == (-math.inf, math.inf)


def test_a_text_that_looks_like_a_number_stays_a_text() -> None:
    for text in ("1", "1e5", "nan", "Infinity", "-.5", "007"):
        assert parse_value(format_value(text)) == text


def test_a_flag_travels_as_one_or_zero() -> None:
    assert format_request(Request(3, "TRACK", None, {"on": True})) == "3 TRACK on=1"


@pytest.mark.parametrize(
    "request_",
    [
        Request(0, "PING"),
        Request(1, "ping"),
        Request(1, "PING", "two words"),
        Request(1, "PING", None, {"bad key": 1}),
        Request(1, "PING", None, {"n": 2**63}),
        Request(1, "PING", None, {"text": "a" * LINE_LIMIT}),
    ],
)
def test_what_the_grammar_does_not_allow_cannot_be_written(request_: Request) -> None:
    with pytest.raises(GrammarError):
        format_request(request_)


def test_an_unknown_value_cannot_be_written_and_the_error_says_what_to_do() -> None:
    nothing: Any = None
    with pytest.raises(GrammarError, match="leave out what is not known"):
        format_value(nothing)
