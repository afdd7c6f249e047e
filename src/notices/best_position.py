"""Out of all notices of one burst: where to point, and when it began. Rules: docs of the alert chain, section 2.

* A retraction takes back every notice of its event, whichever it cites: cited notices may never have been sent.
* Of one instrument the latest word counts, even with a larger radius (on-board refinement, IceCube revisions).
* Between instruments the smallest 90 % radius wins. A position without an error is no candidate.
* T0 is the earliest time that a gamma-ray instrument gives as its trigger; exposures of XRT, UVOT or MXT never move it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from notices.notice import Notice
from notices.position import SIGMAS_IN_R90, separation_deg

_MXT_LIMIT_SIGMAS = 3.0
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def unretracted(notices: Iterable[Notice]) -> list[Notice]:
    """The notices that no retraction among them takes back; retractions themselves left out."""
    notices = list(notices)
    retracted = {(notice.mission, notice.event_id) for notice in notices if notice.is_retraction}
    return [
        notice
        for notice in notices
        if not notice.is_retraction and (notice.event_id is None or (notice.mission, notice.event_id) not in retracted)
    ]


def best_position(notices: Iterable[Notice]) -> Notice | None:
    """The notice whose position to use, or None when none has a trustworthy one.

    Notices may come in any order; those without date count as the earliest, ties go to the later in the sequence.
    """
    standing = unretracted(notices)
    candidates = [
        notice
        for notice in standing
        if notice.has_position
        and notice.error_r90_deg is not None
        and notice.position_is_reliable
        and _agrees_with_eclairs(notice, standing)
    ]
    latest: dict[tuple[str, str], Notice] = {}
    for notice in sorted(candidates, key=lambda item: item.notice_time_utc or _BEGINNING):
        latest[notice.mission, notice.instrument] = notice
    return min(latest.values(), key=lambda item: item.error_r90_deg or 0.0, default=None)


def event_t0(notices: Iterable[Notice]) -> datetime | None:
    """The burst's T0, or None when no gamma-ray instrument gives a trigger time."""
    notices = list(notices)
    standing = unretracted(notices) or notices
    times = [
        notice.trigger_time_utc
        for notice in standing
        if notice.band == "gamma" and notice.time_is_trigger and notice.trigger_time_utc is not None
    ]
    return min(times, default=None)


def _agrees_with_eclairs(notice: Notice, standing: Sequence[Notice]) -> bool:
    """An MXT source further than 3 sigma from the last ECLAIRs position is another source in the field."""
    if notice.instrument != "MXT" or notice.mission != "SVOM":
        return True
    parents = [
        other
        for other in standing
        if other.mission == "SVOM"
        and other.instrument == "ECLAIRs"
        and other.event_id == notice.event_id
        and other.error_r90_deg is not None
        and other.has_position
    ]
    if not parents:
        return True
    parent = max(parents, key=lambda item: item.notice_time_utc or _BEGINNING)
    assert parent.ra_deg is not None and parent.dec_deg is not None and parent.error_r90_deg is not None
    assert notice.ra_deg is not None and notice.dec_deg is not None
    sigma = math.hypot(parent.error_r90_deg, notice.error_r90_deg or 0.0) / SIGMAS_IN_R90
    away_deg = separation_deg(parent.ra_deg, parent.dec_deg, notice.ra_deg, notice.dec_deg)
    return away_deg <= _MXT_LIMIT_SIGMAS * sigma
