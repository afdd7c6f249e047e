"""The command grammar shared by telescopes, cameras and everything else: pure, no input or output.

    request : <id> <VERB> [<OBJECT>] [key=value ...]
    reply   : <id> ACK [eta=12.5]        accepted and running
              <id> DATA key=value ...    zero or more
              <id> OK [key=value ...]    final \\ exactly one of these
              <id> ERR <CODE> ["text"] [retry=5]  / ends every request
    event   : * <KIND> [word ...] [key=value ...]

Lines are printable ASCII of at most `LINE_LIMIT` bytes, ended by `\\n` (`\\r\\n` is accepted). A value is a number, a
bare word, or a quoted text written as a JSON string, so that any text fits in ASCII. A flag is written `1` or `0`.
`nan` and `inf` parse as numbers: whether they are allowed is the receiver's decision (a server refuses them).
What is not known is left out of a line.

Everything that parses or formats raises `GrammarError` and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PROTOCOL_VERSION = 1
LINE_LIMIT = 4096
MAX_ID = 2**31 - 1

Value = float | int | str | bool
"""What a key may hold. Flags travel as 1 and 0."""


class ErrorCode(StrEnum):
    """Why a request ended `ERR`."""

    E_SYNTAX = "E_SYNTAX"  # the line does not follow the grammar, or a key is missing
    E_UNKNOWN = "E_UNKNOWN"  # unknown verb, object or key
    E_RANGE = "E_RANGE"  # a value out of range, NaN or infinite
    E_STATE = "E_STATE"  # not in this state (parked, not initialised, warm)
    E_BUSY = "E_BUSY"  # another motion is running
    E_LIMIT = "E_LIMIT"  # a soft or hard limit of the hardware
    E_UNSAFE = "E_UNSAFE"  # weather or site forbids it
    E_TIMEOUT = "E_TIMEOUT"  # the hardware did not answer the device's own program
    E_HARDWARE = "E_HARDWARE"  # the hardware failed
    E_ABORTED = "E_ABORTED"  # ended by ABORT
    E_OWNER = "E_OWNER"  # the epoch is older than the owner's
    E_INTERNAL = "E_INTERNAL"  # a fault of the device's program


class ReplyKind(StrEnum):
    ACK = "ACK"
    DATA = "DATA"
    OK = "OK"
    ERR = "ERR"


class GrammarError(ValueError):
    """A line or value that the grammar does not allow: which field, what it held, what to write instead.

    `request_id` is the id of the offending line when it could be read, so that it can be answered.
    """

    def __init__(self, field: str, value: object, remedy: str, request_id: int | None = None) -> None:
        shown = repr(value)
        super().__init__(f"{field} is {shown if len(shown) <= 80 else shown[:77] + '...'}: {remedy}")
        self.field = field
        self.value = value
        self.remedy = remedy
        self.request_id = request_id


@dataclass(frozen=True)
class Request:
    id: int
    verb: str
    object_name: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One line of answer. `code`, `text` and `retry_s` belong to ERR alone; `values` to the three others."""

    id: int
    kind: ReplyKind
    values: Mapping[str, Value] = field(default_factory=dict)
    code: ErrorCode | None = None
    text: str = ""
    retry_s: float | None = None

    @property
    def is_final(self) -> bool:
        return self.kind in (ReplyKind.OK, ReplyKind.ERR)


@dataclass(frozen=True)
class Event:
    """An unsolicited line: `* STATE from=IDLE to=BUSY`, `* ALARM WEATHER_UNSAFE "rain"`."""

    kind: str
    words: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_VERB = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_OBJECT = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE)
_BARE = re.compile(r"[!#-<>-~]+")  # printable ASCII but space, quote and equals sign
_PRINTABLE = re.compile(r"[ -~]*")
# An optional `key=`, then a quoted text or a bare word, then a space or the end.
_TOKEN = re.compile(r' *(?:([A-Za-z_][A-Za-z0-9_]*)=)?("(?:[^"\\]|\\.)*"|[!#-<>-~]+)(?= |$)', re.ASCII)
_INTEGER_LIMIT = 2**63


# --- reading -----------------------------------------------------------------------------------------------------


def parse_request(line: str) -> Request:
    """Read a request line; raises `GrammarError` (with `request_id` when the id could be read)."""
    request_id, rest = _split_id(_checked_line(line))
    try:
        words, values = _tokens(rest)
        if not words:
            raise GrammarError("verb", "", "write <id> <VERB> [<OBJECT>] [key=value ...]")
        verb = _named("verb", words[0], _VERB, "write capital letters, digits and _, e.g. STATUS")
        if len(words) > 2:
            raise GrammarError("object", words[2], "give at most one object, then key=value pairs")
        object_name = _named("object", words[1], _OBJECT, "write a bare name") if len(words) == 2 else None
    except GrammarError as error:
        error.request_id = request_id
        raise
    return Request(request_id, verb, object_name, values)


def parse_reply(line: str) -> Reply:
    """Read a reply line; raises `GrammarError`."""
    request_id, rest = _split_id(_checked_line(line))
    words, values = _tokens(rest)
    if not words or words[0] not in ReplyKind.__members__:
        raise GrammarError("reply", " ".join(words[:1]), "write ACK, DATA, OK or ERR after the id", request_id)
    kind = ReplyKind(words[0])
    if kind is ReplyKind.ERR:
        return _parse_error(request_id, words[1:], values)
    if len(words) > 1:
        raise GrammarError(kind, words[1], "write only key=value pairs after it", request_id)
    return Reply(request_id, kind, values)


def parse_event(line: str) -> Event:
    """Read an unsolicited line, `* KIND …`; raises `GrammarError`."""
    text = _checked_line(line)
    if not text.startswith("* "):
        raise GrammarError("event", text, "begin with '* '")
    words, values = _tokens(text[2:])
    if not words:
        raise GrammarError("event", text, "write the kind of the event after the star")
    return Event(_named("event kind", words[0], _VERB, "write capital letters, digits and _"), tuple(words[1:]), values)


def parse_answer(line: str) -> Reply | Event:
    """Read whatever a device may send; raises `GrammarError`."""
    return parse_event(line) if line.startswith("*") else parse_reply(line)


def parse_value(text: str) -> Value:
    """Read one value: quoted text, number, or bare word; raises `GrammarError`."""
    if text.startswith('"'):
        return _unquoted(text)
    if _NUMBER.fullmatch(text):
        if not _INTEGER.fullmatch(text):
            return float(text)
        if len(text) > 20:  # also what int() itself would refuse, with another error
            raise GrammarError("integer", text, "use at most 64 bits")
        return _checked_integer(int(text))
    if not _BARE.fullmatch(text):
        raise GrammarError("value", text, "write a number, a bare word, or a JSON string in double quotes")
    return text


# --- writing -----------------------------------------------------------------------------------------------------


def format_request(request: Request) -> str:
    """The line of a request, without its line end; raises `GrammarError`."""
    words = [_format_id(request.id), _named("verb", request.verb, _VERB, "use capital letters, digits and _")]
    if request.object_name is not None:
        words.append(_named("object", request.object_name, _OBJECT, "use a bare name"))
    return _joined(words, request.arguments)


def format_reply(reply: Reply) -> str:
    """The line of a reply, without its line end; raises `GrammarError`."""
    words = [_format_id(reply.id), reply.kind.value]
    if reply.kind is not ReplyKind.ERR:
        return _joined(words, reply.values)
    if reply.code is None:
        raise GrammarError("code", None, "an ERR reply needs a code")
    words.append(reply.code.value)
    if reply.text:
        words.append(json.dumps(reply.text))
    return _joined(words, {} if reply.retry_s is None else {"retry": float(reply.retry_s)})


def format_event(event: Event) -> str:
    """The line of an event, without its line end; raises `GrammarError`."""
    kind = _named("event kind", event.kind, _VERB, "use capital letters, digits and _")
    return _joined(["*", kind, *(_format_word(word) for word in event.words)], event.values)


def format_value(value: Value) -> str:
    """One value as written on the line; a float reads back as exactly the same float. Raises `GrammarError`."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(_checked_integer(value))
    if isinstance(value, float):
        return repr(float(value))  # float(): a numpy float64 is a float that has another repr
    if isinstance(value, str):
        return _format_word(value)
    raise GrammarError("value", value, "give a number, a text or a flag; leave out what is not known")


# --- parts -------------------------------------------------------------------------------------------------------


def _checked_line(line: str) -> str:
    text = line.removesuffix("\n").removesuffix("\r")
    if len(text) > LINE_LIMIT:
        raise GrammarError("line", text[:40], f"at most {LINE_LIMIT} bytes, it has {len(text)}", _leading_id(text))
    if not _PRINTABLE.fullmatch(text):
        raise GrammarError("line", text, "use printable ASCII; write other text as a JSON string", _leading_id(text))
    return text


def _leading_id(text: str) -> int | None:
    word = text.split(" ", 1)[0]
    return int(word) if _ID.fullmatch(word) and int(word) <= MAX_ID else None


def _split_id(text: str) -> tuple[int, str]:
    request_id = _leading_id(text)
    if request_id is None:
        raise GrammarError("id", text.split(" ", 1)[0], f"begin with a number from 1 to {MAX_ID}")
    return request_id, text.partition(" ")[2]


def _tokens(text: str) -> tuple[list[str], dict[str, Value]]:
    """Positional words first, then the pairs; a word after a pair is an error."""
    words: list[str] = []
    values: dict[str, Value] = {}
    position, end = 0, len(text.rstrip(" "))
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise GrammarError("line", text[position:], "write words and key=value pairs separated by spaces")
        key, raw = match.groups()
        position = match.end()
        if key is not None:
            if key in values:
                raise GrammarError(key, raw, "give each key once")
            values[key] = _value_of(key, raw)
        elif values:
            raise GrammarError("word", raw, "put words before key=value pairs")
        else:
            words.append(_unquoted(raw) if raw.startswith('"') else raw)
    return words, values


def _value_of(key: str, raw: str) -> Value:
    try:
        return parse_value(raw)
    except GrammarError as error:
        raise GrammarError(key, error.value, error.remedy) from None


def _unquoted(raw: str) -> str:
    try:
        text = json.loads(raw)
    except ValueError as error:
        raise GrammarError("text", raw, f"write a JSON string ({error})") from None
    if not isinstance(text, str):
        raise GrammarError("text", raw, "write a JSON string")
    return text


def _parse_error(request_id: int, words: list[str], values: Mapping[str, Value]) -> Reply:
    if not words or words[0] not in ErrorCode.__members__:
        raise GrammarError("code", words[0] if words else "", f"write one of {', '.join(ErrorCode)}", request_id)
    if len(words) > 2:
        raise GrammarError("text", words[2], "put the whole text in double quotes", request_id)
    if unknown := set(values) - {"retry"}:
        raise GrammarError(min(unknown), values[min(unknown)], "only retry= may follow an ERR", request_id)
    retry = values.get("retry")
    if retry is not None and (isinstance(retry, str) or not math.isfinite(retry)):
        raise GrammarError("retry", retry, "give seconds", request_id)
    text = words[1] if len(words) == 2 else ""
    return Reply(request_id, ReplyKind.ERR, {}, ErrorCode(words[0]), text, None if retry is None else float(retry))


def _checked_integer(value: int) -> int:
    if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise GrammarError("integer", f"a number of {value.bit_length()} bits", "use at most 64 bits")
    return int(value)


def _named(what: str, text: str, pattern: re.Pattern[str], remedy: str) -> str:
    if not pattern.fullmatch(text):
        raise GrammarError(what, text, remedy)
    return text


def _format_id(request_id: int) -> str:
    if not 1 <= request_id <= MAX_ID:
        raise GrammarError("id", request_id, f"use 1 to {MAX_ID}")
    return str(int(request_id))


def _format_word(text: str) -> str:
    return text if _BARE.fullmatch(text) and not _NUMBER.fullmatch(text) else json.dumps(text)


def _joined(words: Iterable[str], values: Mapping[str, Value]) -> str:
    remedy = "use letters, digits and _"
    pairs = (f"{_named('key', key, _NAME, remedy)}={format_value(value)}" for key, value in values.items())
    line = " ".join((*words, *pairs))
    if len(line) > LINE_LIMIT:
        raise GrammarError("line", line[:40], f"at most {LINE_LIMIT} bytes, it has {len(line)}")
    return line
