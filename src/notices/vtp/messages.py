"""What travels in a frame: a VOEvent, or a Transport message (ack, nak, iamalive, authenticate)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from notices.notice import NoticeRefused
from notices.xmldoc import children, descendant, local_name, read_xml, text_of
from pyros.clock import iso

_TRANSPORT = "http://www.telescope-networks.org/xml/Transport/v1.1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = (
    "http://telescope-networks.org/schema/Transport/v1.1 "
    "http://www.telescope-networks.org/schema/Transport-v1.1.xsd"
)  # fmt: skip


class VtpError(Exception):
    """The peer broke the protocol, or broke off. Connecting again may help."""


@dataclass(frozen=True)
class TransportMessage:
    """A word between peers. `origin` is whom it is about (the event, or the broker), `response` who answers."""

    role: str
    origin: str
    response: str = ""
    result: str = ""
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """A VOEvent, as it came."""

    ivorn: str
    raw: bytes


def read_message(raw: bytes) -> TransportMessage | Event:
    """Tell a VOEvent from a Transport message. `NoticeRefused` when it is neither or not well-formed."""
    root = read_xml(raw)
    name = local_name(root)
    if name == "VOEvent":
        return Event((root.get("ivorn") or "").strip(), raw)
    if name != "Transport":
        raise NoticeRefused("NOT_A_VOEVENT", f"the XML is a {name!r}; a VOEvent or Transport message is needed")
    meta = next(children(root, "Meta"), None)
    return TransportMessage(
        role=(root.get("role") or "").strip(),
        origin=text_of(next(children(root, "Origin"), None)) or "",
        response=text_of(next(children(root, "Response"), None)) or "",
        result=text_of(descendant(meta, "Result")) or "",
        filters=tuple(
            param.get("value") or ""
            for param in (children(meta, "Param") if meta is not None else ())
            if param.get("name") == "xpath-filter"
        ),
    )


def compose(message: TransportMessage, now: datetime) -> bytes:
    """The message as XML, in the order of the schema: Origin, Response, TimeStamp, Meta."""
    root: Any = etree.Element(
        f"{{{_TRANSPORT}}}Transport",
        {"version": "1.0", f"{{{_XSI}}}schemaLocation": _SCHEMA, "role": message.role},
        nsmap={"trn": _TRANSPORT, "xsi": _XSI},
    )
    etree.SubElement(root, "Origin").text = message.origin
    if message.response:
        etree.SubElement(root, "Response").text = message.response
    etree.SubElement(root, "TimeStamp").text = iso(now)[:19] + "Z"
    if message.result or message.filters or (message.role == "authenticate" and message.response):
        meta = etree.SubElement(root, "Meta")
        for expression in message.filters:
            etree.SubElement(meta, "Param", name="xpath-filter", value=expression)
        if message.result:
            etree.SubElement(meta, "Result").text = message.result
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def ack(local_ivorn: str, event_ivorn: str) -> TransportMessage:
    """I have this event."""
    return TransportMessage("ack", event_ivorn, local_ivorn)


def nak(local_ivorn: str, event_ivorn: str, result: str) -> TransportMessage:
    """I do not take this event, for this reason."""
    return TransportMessage("nak", event_ivorn, local_ivorn, result)


def iamalive(local_ivorn: str) -> TransportMessage:
    """Are you there? To be echoed with `Response`."""
    return TransportMessage("iamalive", local_ivorn)


def authenticate(local_ivorn: str) -> TransportMessage:
    """Who are you, and what do you want?"""
    return TransportMessage("authenticate", local_ivorn)


def echo(local_ivorn: str, asked: TransportMessage, filters: Sequence[str] = ()) -> TransportMessage:
    """The answer to `iamalive` and `authenticate`."""
    return TransportMessage(asked.role, asked.origin, local_ivorn, filters=tuple(filters))
