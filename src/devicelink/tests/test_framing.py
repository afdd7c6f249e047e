from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from devicelink.framing import LineBuffer, Overlong

ascii_lines = st.lists(st.text(alphabet="ab =1", max_size=20), max_size=8)


@given(ascii_lines, st.lists(st.integers(0, 200), max_size=10))
def test_lines_do_not_depend_on_how_packets_cut_them(lines: list[str], cuts: list[int]) -> None:
    stream = "".join(line + "\n" for line in lines).encode()
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    buffer = LineBuffer()
    found = [line for a, b in itertools.pairwise(marks) for line in buffer.feed(stream[a:b])]
    assert found == lines


def test_a_carriage_return_before_the_line_end_is_dropped() -> None:
    assert list(LineBuffer().feed(b"1 PING\r\n2 PING\n")) == ["1 PING", "2 PING"]


def test_a_line_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert list(LineBuffer(8).feed(b"12345678\r\n")) == ["12345678"]
    assert list(LineBuffer(8).feed(b"123456789\n")) == [Overlong("123456789")]


def test_an_endless_line_is_told_once_and_the_next_one_is_read() -> None:
    buffer = LineBuffer(8)
    found = [line for _ in range(1000) for line in buffer.feed(b"1 PING xx")]
    assert found == [Overlong("1 PING xx1 PING xx")]
    assert list(buffer.feed(b"\n2 PING\n")) == ["2 PING"]


@given(st.binary(max_size=300))
def test_any_bytes_give_text(data: bytes) -> None:
    for line in LineBuffer(40).feed(data + b"\n"):
        assert isinstance(line, str | Overlong)
