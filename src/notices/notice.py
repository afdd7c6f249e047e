"""What a notice says, whatever its format: the one type that the rest of the observatory reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple


class NoticeRefused(ValueError):
    """The bytes are not a notice that can be used. Sending them again does not help.

    `code` is stable and for programs (see `notices.refusal` in README.md); `sentence` is for people.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Citation(NamedTuple):
    """An earlier notice that this one speaks of. It may never have been broadcast."""

    cite: str
    """followup, supersedes or retraction (IVOA VOEvent 2.0, section 3.8)."""
    ivorn: str

    def __str__(self) -> str:
        return f"{self.cite}:{self.ivorn}"


@dataclass(frozen=True)
class Notice:
    """One message of one mission, read and checked. Angles are ICRS/J2000 degrees, times are aware and UTC.

    None always means “not given”: a sentinel (RA = Dec = 0, a radius of 0 or -1) is never passed on as a value.
    `remarks` says in words why something is missing or doubtful.
    """

    format: str
    """`VOEvent 1.1`, `VOEvent 2.0`, `VOEvent 2.1`, `JSON` or `Transport 1.1`."""
    ivorn: str
    """The IVORN; for JSON a stable identifier made of mission, event and content."""
    role: str
    """observation, prediction, utility, test; for JSON from `alert_tense`; for Transport messages their role."""
    mission: str
    instrument: str
    notice_type: str | None
    packet_type: int | None
    """GCN notice type number."""
    event_id: str | None
    """The mission's own number of the burst: what notices of one burst share."""

    ra_deg: float | None
    dec_deg: float | None
    error_deg: float | None
    """Radius as the file gives it."""
    error_containment: float | None
    """Probability that the source lies inside `error_deg`, as the mission states it."""
    error_r90_deg: float | None
    """Comparable 90 % radius, known systematic error included."""

    trigger_time_utc: datetime | None
    time_is_trigger: bool
    """False where the time is that of a later exposure (XRT, UVOT, MXT): it must not overwrite T0."""
    notice_time_utc: datetime | None

    is_test: bool
    is_retraction: bool
    is_grb: bool | None
    classification: str | None
    cites: tuple[Citation, ...]
    skymap_url: str | None
    content_sha256: str
    """Hash of the content, the same whatever the white space, attribute order or prefix."""

    band: str = "other"
    """gamma, x-ray, optical, radio, neutrino, gw or other: whose clock started the event."""
    opens_event: bool = True
    """False for what is never news of a burst: pointing directions, known sources, products, broker tests."""
    position_is_reliable: bool = True
    """False where the notice itself says that its position is not to be trusted."""
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Every parameter of the notice as text, `Group/Name` or `Name` (JSON: dotted path)."""

    @property
    def has_position(self) -> bool:
        """Whether coordinates are given (with or without an error)."""
        return self.ra_deg is not None and self.dec_deg is not None
