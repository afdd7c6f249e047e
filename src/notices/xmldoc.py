"""Hardened reading of XML: no entities, no DTD, no network, no huge trees; and names without namespaces.

VOEvent 1.1, 2.0 and 2.1 differ in their namespace only, and some senders leave it out: elements are found by
local name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from lxml import etree

from notices.notice import NoticeRefused

MAXIMUM_BYTES = 4 * 1024 * 1024
"""GCN's own limit for a message."""

_DTD_MARKS = (b"<!DOCTYPE", b"<!ENTITY")


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        recover=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def read_xml(raw: bytes) -> Any:
    """The root element. `NoticeRefused` (DTD_FORBIDDEN, MALFORMED_XML) when it is not plain, well-formed XML."""
    if any(mark in raw for mark in _DTD_MARKS):
        raise NoticeRefused("DTD_FORBIDDEN", "the XML declares a document type or entities; notices have none")
    try:
        root = etree.fromstring(raw, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError, AssertionError) as error:
        raise NoticeRefused("MALFORMED_XML", f"not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding where the marks are not ASCII
        raise NoticeRefused("DTD_FORBIDDEN", "the XML declares a document type; notices have none")
    return root


def local_name(element: Any) -> str:
    """The element's name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: Any) -> str:
    """The element's namespace, empty when it has none."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def children(element: Any, name: str) -> Iterator[Any]:
    """Direct children of this local name."""
    return (child for child in element if local_name(child) == name)


def descendant(element: Any | None, *path: str) -> Any | None:
    """Follow `path`: each name is the first descendant (at any depth) of the one before; None when missing."""
    for name in path:
        if element is None:
            return None
        element = next((found for found in element.iterdescendants() if local_name(found) == name), None)
    return element


def text_of(element: Any | None) -> str | None:
    """The text of an element without surrounding blanks; None when missing or empty."""
    if element is None or element.text is None:
        return None
    return str(element.text).strip() or None


def xml_sha256(root: Any) -> str:
    """Hash of the content: local names, attributes in order of name, texts without surrounding blanks.

    White space between elements, prefixes, comments and attribute order do not count.
    """
    digest = hashlib.sha256()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            digest.update(b"</>")
            digest.update((element.tail or "").strip().encode())
            continue
        digest.update(f"<{local_name(element)}".encode())
        for name, value in sorted(element.attrib.items()):
            if not name.endswith("}schemaLocation"):
                digest.update(f' {name}="{value}"'.encode())
        digest.update(b">")
        digest.update((element.text or "").strip().encode())
    return digest.hexdigest()
