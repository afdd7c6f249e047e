"""The one door: bytes in, a Notice out, or a refusal with a code and a sentence."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from notices.jsonnotice import read_json
from notices.notice import Notice, NoticeRefused
from notices.voevent import read_voevent
from notices.xmldoc import MAXIMUM_BYTES, children, local_name, namespace, read_xml, text_of, xml_sha256

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def parse(raw: bytes) -> Notice:
    """Read one notice of any known format.

    Raises `NoticeRefused` and nothing else. Its code: TOO_LARGE (over 4 MiB), EMPTY, NOT_A_NOTICE (neither XML nor
    JSON), MALFORMED_XML, DTD_FORBIDDEN, NOT_A_VOEVENT, MALFORMED_JSON, NOT_AN_OBJECT, BAD_POSITION.
    """
    if len(raw) > MAXIMUM_BYTES:
        raise NoticeRefused("TOO_LARGE", f"{len(raw)} bytes; a notice has at most {MAXIMUM_BYTES}")
    body = raw.removeprefix(_BYTE_ORDER_MARK).strip(b"\0 \t\r\n") if not raw.startswith(_UTF16) else raw
    if not body:
        raise NoticeRefused("EMPTY", "the message is empty")
    if body.startswith((b"{", b"[")):
        return read_json(body)
    if body.startswith((b"<", *_UTF16)):
        return _read_root(read_xml(body))
    raise NoticeRefused("NOT_A_NOTICE", f"neither XML nor JSON: it begins with {body[:24]!r}")


def _read_root(root: Any) -> Notice:
    name = local_name(root)
    if name == "VOEvent":
        return read_voevent(root)
    if name == "Transport":
        return _read_transport(root)
    raise NoticeRefused("NOT_A_VOEVENT", f"the XML is a {name!r}; a VOEvent is needed")


def _read_transport(root: Any) -> Notice:
    """A word between broker and subscriber (iamalive, authenticate, ack, nak) that was kept as if it were a notice."""
    role = (root.get("role") or "").strip()
    version = namespace(root).rpartition("/v")[2] if "/v" in namespace(root) else (root.get("version") or "")
    digest = xml_sha256(root)
    origin = text_of(next(children(root, "Origin"), None)) or "unknown"
    return Notice(
        format=f"Transport {version}".strip(), ivorn=f"{origin}#transport-{digest[:24]}", role=role, mission="VTP",
        instrument="", notice_type=f"VTP {role}".strip(), packet_type=None, event_id=None, ra_deg=None, dec_deg=None,
        error_deg=None, error_containment=None, error_r90_deg=None, trigger_time_utc=None, time_is_trigger=False,
        notice_time_utc=None, is_test=False, is_retraction=False, is_grb=None, classification=None, cites=(),
        skymap_url=None, content_sha256=digest, opens_event=False, remarks=("a transport message, not a notice",),
        extra=MappingProxyType({"Origin": origin}),
    )  # fmt: skip
