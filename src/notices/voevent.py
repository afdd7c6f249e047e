"""A VOEvent (1.1, 2.0, 2.1, with or without namespace) into a Notice, by the table of its mission."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from typing import Any

from notices import timescale
from notices.missions import Mission, PacketType, mission_of
from notices.notice import Citation, Notice, NoticeRefused
from notices.params import Params
from notices.position import Position, checked_position, r90_deg
from notices.xmldoc import children, descendant, local_name, namespace, text_of, xml_sha256

_ROLES = frozenset({"observation", "prediction", "utility", "test"})
_DEGREES = re.compile(r"^(deg(rees?)?([ -]+deg(rees?)?)*)?$", re.IGNORECASE)


def read_voevent(root: Any) -> Notice:
    """Extract a Notice from the root element of a VOEvent.

    `NoticeRefused`: BAD_POSITION (coordinates that are no place on the sky). An unreadable date is a remark and None:
    real notices come with impossible dates, and a burst is not to be lost for that.
    """
    remarks: list[str] = []
    ivorn = (root.get("ivorn") or "").strip()
    content_sha256 = xml_sha256(root)
    if not ivorn:
        ivorn = f"ivo://unnamed/sha256#{content_sha256[:32]}"
        remarks.append("the notice has no IVORN; one was made from its content")
    what, where_when = (next(children(root, name), None) for name in ("What", "WhereWhen"))
    params = Params(_param_items(what)) if what is not None else Params(())
    fragment = ivorn.partition("#")[2]
    mission = mission_of(ivorn)
    notice_type = mission.notice_type(fragment, params)
    packet_type = params.integer("Packet_Type")
    packet = mission.packet(packet_type, notice_type)
    event_id = _event_id(mission, fragment, params)
    cites = tuple(_citations(root))
    role = (root.get("role") or "observation").strip()

    location = descendant(where_when, "ObservationLocation")
    radius = text_of(descendant(location, "Error2Radius")) or ""
    withdrawn = mission.negative_radius_retracts and re.match(r"-0*\.?0*[1-9]", radius) is not None
    is_retraction = (
        packet.is_retraction
        or withdrawn
        or any(citation.cite.lower() == "retraction" for citation in cites)
        or any(flag.is_set(params) for flag in mission.retraction_flags)
    )
    position = _position(location, is_retraction)
    if position.remark:
        remarks.append(position.remark)
    is_test = (
        role == "test"
        or any(flag.is_set(params) for flag in mission.test_flags)
        or (role != "utility" and event_id is not None and mission.test_id.search(event_id) is not None)
    )
    opens_event = packet.opens_event and role in {"observation", "test"}
    if role not in _ROLES:
        remarks.append(f"role {role!r} is not one of VOEvent's; nothing is started on it")
    trigger_time = _time(location, params, remarks)
    notice_time = _who_date(root, remarks)
    verdict = mission.judge(params, packet_type)

    broker_test = _broker_test_type(root, what, where_when, fragment)
    return Notice(
        format=_format(root),
        ivorn=ivorn,
        role=role,
        mission="VTP" if broker_test else mission.name,
        instrument=params.text("Instrument") or packet.instrument,
        notice_type=broker_test or notice_type,
        packet_type=packet_type,
        event_id=event_id,
        ra_deg=position.ra_deg,
        dec_deg=position.dec_deg,
        error_deg=position.error_deg,
        error_containment=packet.containment if position.error_deg is not None else None,
        error_r90_deg=_r90(position, packet),
        trigger_time_utc=trigger_time,
        time_is_trigger=packet.time_is_trigger,
        notice_time_utc=notice_time,
        is_test=is_test,
        is_retraction=is_retraction,
        is_grb=verdict.is_grb,
        classification=verdict.classification,
        cites=cites,
        skymap_url=params.text("skymap_fits") or params.text("SKYMAP_URL_FITS_BASIC"),
        content_sha256=content_sha256,
        band=packet.band or mission.band,
        opens_event=opens_event and broker_test is None,
        position_is_reliable=packet.position_is_source
        and not any(flag.is_set(params) for flag in mission.poor_position_flags),
        remarks=tuple(remarks),
        extra=MappingProxyType(dict(params)),
    )


def _format(root: Any) -> str:
    """`VOEvent 2.0`; the version attribute counts, the namespace where it is missing."""
    version = root.get("version") or (namespace(root).rpartition("/v")[2] if "/v" in namespace(root) else "")
    return f"VOEvent {version}".strip()


def _param_items(what: Any) -> Iterator[tuple[str, str]]:
    """(path, text) of every Param: value attribute or Value child; a Param without name goes by its UCD."""
    for child in what:
        if local_name(child) == "Param":
            yield _param("", child)
        elif local_name(child) == "Group":
            group = f"{child.get('name') or child.get('type') or ''}/".lstrip("/")
            for param in children(child, "Param"):
                yield _param(group, param)


def _param(group: str, element: Any) -> tuple[str, str]:
    value = element.get("value")
    if value is None:
        value = text_of(next(children(element, "Value"), None)) or ""
    return group + (element.get("name") or element.get("ucd") or ""), value


def _citations(root: Any) -> Iterator[Citation]:
    for citations in children(root, "Citations"):
        for entry in children(citations, "EventIVORN"):
            yield Citation((entry.get("cite") or "followup").strip(), text_of(entry) or "")


def _event_id(mission: Mission, fragment: str, params: Params) -> str | None:
    text = next(filter(None, map(params.text, mission.event_id_params)), None)
    if text is None and mission.event_id_in_fragment is not None:
        found = mission.event_id_in_fragment.match(fragment)
        text = found[1] if found else None
    if text is not None and mission.event_id_bits and re.fullmatch(r"\d{1,18}", text):
        return str(int(text) & ((1 << mission.event_id_bits) - 1))
    return text


def _number(text: str | None) -> float | None:
    """A float; None when there is no text. `NoticeRefused` when the text is no number."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise NoticeRefused("BAD_POSITION", f"{text[:40]!r} stands where a number of degrees is needed") from None


def _position(location: Any | None, is_retraction: bool) -> Position:
    """Read under ObservationLocation only: the first C1 of a document may be the observatory's longitude.

    A retraction with unusable coordinates still retracts.
    """
    element = descendant(location, "Position2D")
    try:
        ra, dec = (_number(text_of(descendant(element, name))) for name in ("C1", "C2"))
        if ra is None or dec is None:
            return Position()
        unit = (element.get("unit") or "").strip() if element is not None else ""
        if not _DEGREES.match(unit):
            raise NoticeRefused("BAD_POSITION", f"the position is in {unit!r}; degrees are needed")
        return checked_position(ra, dec, _number(text_of(descendant(element, "Error2Radius"))))
    except NoticeRefused as refusal:
        if is_retraction:
            return Position(remark=refusal.sentence)
        raise


def _r90(position: Position, packet: PacketType) -> float | None:
    if position.error_deg is None:
        return None
    return r90_deg(position.error_deg, packet.error_sigmas, packet.systematic_deg)


def _time(location: Any | None, params: Params, remarks: list[str]) -> datetime | None:
    """The ISOTime in UTC; from truncated Julian day and seconds of the day where it is unreadable."""
    text = text_of(descendant(location, "ISOTime"))
    if text is None:
        return None
    scale = _scale(location, remarks)
    try:
        return timescale.to_utc(timescale.parse_iso(text), scale)
    except (ValueError, OverflowError):
        pass
    day = params.number("EVENT_DATE") or params.number("Burst_TJD")
    second = params.number("EVENT_TIME") or params.number("Burst_SOD")
    if day is None or second is None:
        remarks.append(f"ISOTime {text[:40]!r} is no date")
        return None
    try:
        moment = timescale.from_tjd(day, second)
    except (ValueError, OverflowError):
        remarks.append(f"ISOTime {text[:40]!r} is no date, nor is truncated Julian day {day:g}")
        return None
    remarks.append(f"ISOTime {text[:40]!r} is no date; truncated Julian day and seconds of the day were read")
    return moment


def _scale(location: Any | None, remarks: list[str]) -> str:
    coords = descendant(location, "AstroCoords")
    system = descendant(location, "AstroCoordSystem")
    name = (coords.get("coord_system_id") if coords is not None else None) or (
        system.get("id") if system is not None else None
    )
    scale = (name or "UTC").partition("-")[0].strip().upper()
    if scale in timescale.SCALES:
        return scale
    remarks.append(f"coordinate system {name!r} names no time scale; UTC is taken")
    return "UTC"


def _who_date(root: Any, remarks: list[str]) -> datetime | None:
    text = text_of(descendant(next(children(root, "Who"), None), "Date"))
    if text is None:
        return None
    try:
        return timescale.parse_iso(text)
    except (ValueError, OverflowError):
        remarks.append(f"Who/Date {text[:40]!r} is no date")
        return None


def _broker_test_type(root: Any, what: Any | None, where_when: Any | None, fragment: str) -> str | None:
    """Brokers send VOEvents of their own to show that they live."""
    if root.get("role") != "test" or where_when is not None:
        return None
    description = text_of(descendant(what, "Description")) or ""
    if "Comet" in description:
        return "Comet broker test VOEvent"
    return "broker test VOEvent" if fragment.startswith(("TestEvent", "BrokerTest")) else None
