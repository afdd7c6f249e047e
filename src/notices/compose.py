"""VOEvents of our own, in the form of SVOM's French Science Center: a wake-up and its retraction (VOEvent 2.0)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from notices.position import checked_position

_VOE = "http://www.ivoa.net/xml/VOEvent/v2.0"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = f"{_VOE} http://www.ivoa.net/xml/VOEvent/VOEvent-v2.0.xsd"
_STREAM = "ivo://org.svom/fsc"
_COORDINATES = "UTC-ICRS-GEO"

_WAKEUP, _RETRACTION = 202, 219


def svom_wakeup(
    burst_id: str,
    ra_deg: float,
    dec_deg: float,
    error_deg: float,
    trigger_time_utc: datetime,
    notice_time_utc: datetime,
    *,
    role: str = "observation",
    stream: str = _STREAM,
) -> bytes:
    """An `eclairs-wakeup` (type 202). `error_deg` is a 90 % radius. IVORN: `<stream>#<burst_id>_eclairs-wakeup`.

    `ValueError` for a position off the sky, a radius that is not positive, a date without zone or an empty id.
    """
    position = checked_position(ra_deg, dec_deg, error_deg)
    if position.error_deg is None:
        raise ValueError(f"a wake-up needs a position and a positive radius: {position.remark}")
    root = _skeleton(f"{stream}#{_checked_id(burst_id)}_eclairs-wakeup", role, stream, notice_time_utc)
    _what(root, _WAKEUP, "N1e", burst_id, trigger_time_utc)
    _where_when(root, trigger_time_utc, (ra_deg, dec_deg, error_deg))
    how = etree.SubElement(root, "How")
    etree.SubElement(how, "Description").text = "N1e notice, data from ECLAIRs"
    return _bytes(root)


def retraction(
    burst_id: str,
    notice_time_utc: datetime,
    *,
    cites: Sequence[str] | None = None,
    trigger_time_utc: datetime | None = None,
    position: tuple[float, float, float] | None = None,
    role: str = "observation",
    stream: str = _STREAM,
) -> bytes:
    """A retraction (type 219) of every notice of a burst.

    `cites` are IVORNs (the wake-up's when None); they need not have been sent. Real retractions carry the time and
    `position` (RA, Dec, R90 in degrees) of what they take back. `ValueError` as in `svom_wakeup`.
    """
    root = _skeleton(f"{stream}#{_checked_id(burst_id)}_retraction", role, stream, notice_time_utc)
    _what(root, _RETRACTION, "N3e", burst_id, trigger_time_utc)
    if trigger_time_utc is not None:
        if position is not None:
            checked_position(*position)
        _where_when(root, trigger_time_utc, position)
    elif position is not None:
        raise ValueError("a position needs its trigger_time_utc")
    citations = etree.SubElement(root, "Citations")
    for ivorn in cites if cites is not None else [f"{stream}#{burst_id}_eclairs-wakeup"]:
        etree.SubElement(citations, "EventIVORN", cite="retraction").text = ivorn
    etree.SubElement(citations, "Description").text = "Determined to not be a viable GRB candidate"
    return _bytes(root)


def _skeleton(ivorn: str, role: str, stream: str, notice_time_utc: datetime) -> Any:
    root = etree.Element(
        f"{{{_VOE}}}VOEvent",
        {f"{{{_XSI}}}schemaLocation": _SCHEMA, "role": role, "version": "2.0", "ivorn": ivorn},
        nsmap={"voe": _VOE, "xsi": _XSI},
    )
    who = etree.SubElement(root, "Who")
    etree.SubElement(who, "AuthorIVORN").text = stream
    etree.SubElement(who, "Date").text = _date(notice_time_utc, "seconds") + "+00:00"
    author = etree.SubElement(who, "Author")
    etree.SubElement(author, "shortName").text = "FSC"
    return root


def _what(root: Any, packet_type: int, level: str, burst_id: str, t0_utc: datetime | None) -> None:
    what = etree.SubElement(root, "What")
    _param(what, "Packet_Type", str(packet_type), "meta.id")
    _param(what, "Pkt_Ser_Num", "1", "meta.id")
    _param(what, "Instrument", "ECLAIRs", "instr")
    group = etree.SubElement(what, "Group", name="Svom_Identifiers")
    _param(group, "Notice_Level", level, "meta.id")
    _param(group, "Burst_Id", burst_id, "meta.id")
    if t0_utc is not None:
        _param(group, "Alert_Seq_T0", _date(t0_utc, "milliseconds") + "Z", "time.start")
    satellite = etree.SubElement(what, "Group", name="Satellite_Info")
    _param(satellite, "Slew_Status", "not-requested", "meta.code.status")


def _param(parent: Any, name: str, value: str, ucd: str) -> None:
    etree.SubElement(parent, "Param", name=name, value=value, ucd=ucd)


def _where_when(root: Any, time_utc: datetime, position: tuple[float, float, float] | None) -> None:
    data = etree.SubElement(etree.SubElement(root, "WhereWhen"), "ObsDataLocation")
    etree.SubElement(data, "ObservatoryLocation", id="GEOLEO")
    location = etree.SubElement(data, "ObservationLocation")
    etree.SubElement(location, "AstroCoordSystem", id=_COORDINATES)
    coords = etree.SubElement(location, "AstroCoords", coord_system_id=_COORDINATES)
    instant = etree.SubElement(etree.SubElement(coords, "Time", unit="s"), "TimeInstant")
    etree.SubElement(instant, "ISOTime").text = _date(time_utc, "microseconds")
    if position is None:
        return
    element = etree.SubElement(coords, "Position2D", unit="deg")
    etree.SubElement(element, "Name1").text = "RA"
    etree.SubElement(element, "Name2").text = "Dec"
    value = etree.SubElement(element, "Value2")
    etree.SubElement(value, "C1").text = f"{position[0]:.6f}"
    etree.SubElement(value, "C2").text = f"{position[1]:.6f}"
    etree.SubElement(element, "Error2Radius").text = f"{position[2]:.6f}"


def _date(moment: datetime, precision: str) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone: give an aware date")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)


def _checked_id(burst_id: str) -> str:
    if not burst_id or not burst_id.isalnum():
        raise ValueError(f"burst_id is {burst_id!r}: give letters and digits such as sb26112001")
    return burst_id


def _bytes(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
