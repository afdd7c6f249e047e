"""Move a real VOEvent to another night, so that it can be played again: new times, new numbers, same burst.

Every date in it is shifted by the same amount, and every number of the event is renumbered by a rule that depends
on the number and on the shift alone: notices of one burst, moved by one shift, still belong together and still cite
each other. What depends on the date otherwise (Sun and Moon distances, satellite longitude) is left as it was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from lxml import etree

from notices import timescale
from notices.missions import mission_of
from notices.notice import Notice, NoticeRefused
from notices.voevent import read_voevent
from notices.xmldoc import children, descendant, local_name, read_xml, text_of

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_TRIGGER_DAY = re.compile(r"^(.*)(?:TJD|EVENT_DATE)$", re.IGNORECASE)
_SECOND_OF = {"EVENT_DATE": "EVENT_TIME"}


def redate(raw: bytes, trigger_time_utc: datetime, notice_time_utc: datetime, *, event_id: str | None = None) -> bytes:
    """The same notice as if its time (`ISOTime`) were `trigger_time_utc` and it had been sent at `notice_time_utc`.

    ISOTime, Who/Date, dates in parameters, truncated Julian days with their seconds, event numbers, IVORN and
    citations are rewritten. `event_id` gives the event's new number; without it one is derived from the old number
    and the shift. A test number (99999) stays one. `NoticeRefused` when it is no VOEvent or has no time;
    `ValueError` for dates without zone.
    """
    for moment in (trigger_time_utc, notice_time_utc):
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no zone: give an aware date")
    root = read_xml(raw.strip())
    if local_name(root) != "VOEvent":
        raise NoticeRefused("NOT_A_VOEVENT", f"the XML is a {local_name(root)!r}; a VOEvent is needed")
    notice = read_voevent(root)
    if notice.trigger_time_utc is None:
        raise NoticeRefused("BAD_TIME", "the notice has no time to move")
    shift = trigger_time_utc - notice.trigger_time_utc
    _set_isotime(root, trigger_time_utc)
    _set_date(root, notice_time_utc)
    new_ids = _renumber(root, notice, shift, event_id)
    _rewrite_params(root, shift, new_ids)
    _rewrite_ivorns(root, shift, new_ids)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _set_isotime(root: Any, utc: datetime) -> None:
    location = descendant(root, "WhereWhen", "ObservationLocation")
    coords = descendant(location, "AstroCoords")
    scale = ((coords.get("coord_system_id") if coords is not None else None) or "UTC").partition("-")[0].upper()
    element = descendant(location, "ISOTime")
    if element is None:
        return
    shown = timescale.from_utc(utc, scale) if scale in timescale.SCALES else utc
    element.text = _in_form_of(text_of(element) or "", shown)


def _set_date(root: Any, utc: datetime) -> None:
    element = descendant(next(children(root, "Who"), None), "Date")
    if element is not None:
        element.text = _in_form_of(text_of(element) or "", utc)


def _in_form_of(example: str, moment: datetime) -> str:
    """The date written as `example` is: same zone sign, same digits of the second (all six where it has none)."""
    moment = moment.astimezone(UTC)
    fraction = re.search(r":\d\d\.(\d+)", example)
    digits = len(fraction[1]) if fraction else 0
    if digits < 6 and moment.microsecond % 10 ** (6 - digits):
        digits = 6
    separator = " " if re.match(r"\d{4}-\d\d-\d\d ", example) else "T"
    text = moment.strftime(f"%Y-%m-%d{separator}%H:%M:%S")
    if digits:
        text += "." + f"{moment.microsecond:06d}".ljust(digits, "0")[:digits]
    zone = re.search(r"(Z|[+-]\d\d:\d\d)$", example)
    return text + (("Z" if zone[1] == "Z" else "+00:00") if zone else "")


def _renumber(root: Any, notice: Notice, shift: timedelta, wanted: str | None) -> dict[str, str]:
    """Old number to new number, as texts that occur in parameters and IVORNs."""
    event_id, mission = notice.event_id, notice.mission
    if event_id is None:
        return {}
    rule = _RULES.get(mission, _hashed_number)
    practice = notice.is_test and mission != "LVK" and mission_of(notice.ivorn).test_id.search(event_id) is not None
    new = wanted or (event_id if practice else rule(event_id, shift))
    changes = {event_id: new}
    for param in _params(root):  # INTEGRAL and HETE: the revision in the high half; IceCube: run and event
        value = param.get("value") or ""
        if mission in {"INTEGRAL", "HETE"} and param.get("name") == "TrigID" and value.isdigit() and value != event_id:
            changes[value] = str((int(value) >> 16 << 16) | int(new))
        if mission == "AMON/IceCube" and param.get("name") == "event_id" and value and event_id.endswith(value):
            changes[value] = new[-len(value) :]
    return changes


def _seed(text: str, shift: timedelta) -> int:
    minutes = round(shift.total_seconds() / 60.0)
    return int.from_bytes(hashlib.sha256(f"{text}/{minutes}".encode()).digest()[:8], "big")


def _hashed_number(old: str, shift: timedelta) -> str:
    """As many digits, the same sign, no leading zero; letters around a number stay."""
    found = re.search(r"\d+", old)
    if found is None:
        return f"{old}{_seed(old, shift) % 10000:04d}"
    low = 10 ** (len(found[0]) - 1)
    number = low + _seed(found[0], shift) % (9 * low)
    return old[: found.start()] + str(number) + old[found.end() :]


def _svom_id(old: str, shift: timedelta) -> str:
    """sbYYMMDDnn: the new day, another count of the day (so that bursts of several days fit into one night)."""
    found = re.fullmatch(r"(\D*)(\d{6})(\d+)", old)
    if found is None:
        return _hashed_number(old, shift)
    width = len(found[3])
    count = 10 ** (width - 1) + _seed(old, shift) % (9 * 10 ** (width - 1))
    return f"{found[1]}{_moved_day(found[2], shift)}{count}"


def _lvk_id(old: str, shift: timedelta) -> str:
    """S230518h: the new day, other letters."""
    found = re.fullmatch(r"([A-Z]+)(\d{6})([a-z]+)", old)
    if found is None:
        return _hashed_number(old, shift)
    seed = _seed(old, shift)
    letters = "".join(chr(ord("a") + seed // 26**place % 26) for place in range(max(2, len(found[3]))))
    return f"{found[1]}{_moved_day(found[2], shift)}{letters}"


def _moved_day(yymmdd: str, shift: timedelta) -> str:
    day = datetime.strptime(yymmdd, "%y%m%d").replace(tzinfo=UTC)
    return f"{day + timedelta(days=round(shift.total_seconds() / 86400.0)):%y%m%d}"


def _fermi_id(old: str, shift: timedelta) -> str:
    """Mission elapsed time in seconds."""
    return str(int(old) + round(shift.total_seconds())) if old.isdigit() else _hashed_number(old, shift)


def _sixteen_bits(old: str, shift: timedelta) -> str:
    return str(1 + _seed(old, shift) % 0xFFFE)


_RULES: dict[str, Callable[[str, timedelta], str]] = {
    "SVOM": _svom_id, "LVK": _lvk_id, "Fermi": _fermi_id, "INTEGRAL": _sixteen_bits, "HETE": _sixteen_bits,
}  # fmt: skip


def _params(root: Any) -> list[Any]:
    what = next(children(root, "What"), None)
    return [] if what is None else [item for item in what.iterdescendants() if local_name(item) == "Param"]


def _shift_dates(text: str, shift: timedelta) -> str:
    def moved(found: re.Match[str]) -> str:
        try:
            return _in_form_of(found[0], timescale.parse_iso(found[0]) + shift)
        except (ValueError, OverflowError):  # dates such as GECAM's T1532:07 stay as they are
            return found[0]

    return _ISO.sub(moved, text)


def _rewrite_params(root: Any, shift: timedelta, new_ids: dict[str, str]) -> None:
    params = _params(root)
    by_name = {param.get("name") or "": param for param in params}
    for param in params:
        name, value = param.get("name") or "", param.get("value")
        if value is None:
            continue
        if value.strip() in new_ids and "SOD" not in name and param.get("ucd", "meta.id").startswith("meta"):
            param.set("value", new_ids[value.strip()])
        elif _ISO.search(value):
            param.set("value", _replaced(_shift_dates(value, shift), new_ids))
        elif any(len(old) >= 6 and old in value for old in new_ids):
            param.set("value", _replaced(value, new_ids))
    for name, day in by_name.items():
        if not _TRIGGER_DAY.match(name):
            continue
        second = by_name.get(_SECOND_OF.get(name.upper(), re.sub("TJD$", "SOD", name)))
        if second is not None:
            _shift_tjd(day, second, shift)


def _shift_tjd(day: Any, second: Any, shift: timedelta) -> None:
    text = second.get("value") or "0"
    try:
        moment = timescale.from_tjd(float(day.get("value") or ""), float(text)) + shift
    except (ValueError, OverflowError):
        return
    new_day, new_second = timescale.to_tjd(moment)
    digits = len(text.partition(".")[2])
    day.set("value", str(new_day))
    second.set("value", f"{new_second:.{digits}f}")


def _rewrite_ivorns(root: Any, shift: timedelta, new_ids: dict[str, str]) -> None:
    old = root.get("ivorn") or ""
    new = _replaced(_shift_dates(old, shift), new_ids)
    unchanged = new == old
    root.set("ivorn", _marked(new, shift) if unchanged else new)
    for element in root.iterdescendants():
        if local_name(element) == "EventIVORN" and text_of(element):
            cited = text_of(element) or ""
            moved = _replaced(_shift_dates(cited, shift), new_ids)
            element.text = _marked(moved, shift) if moved == cited else moved


def _marked(ivorn: str, shift: timedelta) -> str:
    """For IVORNs that hold neither a date nor the event's number."""
    return f"{ivorn}-r{_seed(ivorn, shift) % 10**8:08d}" if round(shift.total_seconds()) else ivorn


def _replaced(text: str, new_ids: dict[str, str]) -> str:
    """Replace whole numbers (zeros in front kept to the same width), longest first."""
    for old, new in sorted(new_ids.items(), key=lambda pair: -len(pair[0])):
        pattern = re.compile(rf"(?<![0-9A-Za-z])(0*){re.escape(old)}(?![0-9A-Za-z])")
        text = pattern.sub(partial(_same_width, new), text)
    return text


def _same_width(new: str, found: re.Match[str]) -> str:
    return new.rjust(len(found[0]), "0") if found[1] else new
