"""Are two events one burst? The rule, its thresholds, and the numbers it was decided on.

Windows and limits come from pairs of real bursts (24 Swift or SVOM x Fermi pairs of one year: |dt| <= 12 s for 18,
up to 175 s for genuine others; separation over error 0.2 to 2.5). A merge by this rule must stay reversible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from notices.best_position import best_position, event_t0, unretracted
from notices.notice import Notice
from notices.position import SIGMAS_IN_R90, separation_deg

__all__ = [
    "AssociationSettings", "EventView", "Link", "LinkKind", "best_position", "compare", "event_t0", "unretracted",
    "view",
]  # fmt: skip


class LinkKind(Enum):
    """What may be done with two events."""

    SAME = "same"
    """They share a mission's event id."""
    MERGE = "merge"
    """Same time and place: one burst."""
    PROVISIONAL = "provisional"
    """Same time, a place is missing: one burst until a position says otherwise."""
    DOUBTFUL = "doubtful"
    """Same time, places disagree somewhat: link, do not merge."""
    SUGGEST = "suggest"
    """Same place within a day: for the operator."""
    NONE = "none"


@dataclass(frozen=True)
class AssociationSettings:
    """Thresholds of `compare`. k is separation over combined standard deviation."""

    merge_dt_s: float = 180.0
    merge_k: float = 3.0
    provisional_dt_s: float = 10.0
    doubtful_dt_s: float = 10.0
    doubtful_k: float = 6.0
    suggest_dt_s: float = 86400.0
    suggest_k: float = 3.0


@dataclass(frozen=True)
class EventView:
    """What is known of one event, as far as association needs it. Made by `EventView.of(notices)`."""

    ids: frozenset[tuple[str, str]]
    """(mission, event id) of its notices."""
    t0_utc: datetime | None
    """Trigger time, from gamma-ray notices only."""
    ra_deg: float | None = None
    dec_deg: float | None = None
    r90_deg: float | None = None
    """Comparable 90 % radius; a position without one counts as no position."""
    is_test: bool = False

    @classmethod
    def of(cls, notices: Iterable[Notice]) -> EventView:
        """The event that these notices describe."""
        notices = list(notices)
        best = best_position(notices)
        return cls(
            ids=frozenset((item.mission, item.event_id) for item in notices if item.event_id is not None),
            t0_utc=event_t0(notices),
            ra_deg=best.ra_deg if best else None,
            dec_deg=best.dec_deg if best else None,
            r90_deg=best.error_r90_deg if best else None,
            is_test=any(item.is_test for item in notices),
        )

    @property
    def is_localised(self) -> bool:
        """Whether there is a position with an error."""
        return self.ra_deg is not None and self.dec_deg is not None and self.r90_deg is not None


@dataclass(frozen=True)
class Link:
    """The answer, with its numbers (None: could not be told) and a sentence for the log."""

    kind: LinkKind
    sentence: str
    dt_s: float | None = None
    """|T0 difference|."""
    separation_deg: float | None = None
    k: float | None = None

    @property
    def merges(self) -> bool:
        """Whether the two are handled as one burst (a provisional merge may be split again)."""
        return self.kind in {LinkKind.SAME, LinkKind.MERGE, LinkKind.PROVISIONAL}

    @property
    def worth_telling(self) -> bool:
        """Whether the operator should see the link although nothing is merged."""
        return self.kind in {LinkKind.DOUBTFUL, LinkKind.SUGGEST}


def view(*notices: Notice) -> EventView:
    """The event that one notice, or several of one event, describe."""
    return EventView.of(notices)


_DEFAULTS = AssociationSettings()


def compare(a: EventView, b: EventView, settings: AssociationSettings = _DEFAULTS) -> Link:
    """Compare two events; symmetric in its arguments."""
    shared = a.ids & b.ids
    dt_s = abs((a.t0_utc - b.t0_utc).total_seconds()) if a.t0_utc and b.t0_utc else None
    away_deg, k = _distance(a, b)
    if shared:
        mission, event_id = min(shared)
        return Link(LinkKind.SAME, f"both are {mission} {event_id}", dt_s, away_deg, k)
    if a.is_test != b.is_test:
        return Link(LinkKind.NONE, "one is a test and the other is not", dt_s, away_deg, k)
    if dt_s is None:
        return Link(LinkKind.NONE, "one has no gamma-ray trigger time", dt_s, away_deg, k)
    if k is None or away_deg is None:
        if dt_s <= settings.provisional_dt_s:
            sentence = f"{dt_s:.1f} s apart (limit {settings.provisional_dt_s:g} s), and not both have a position yet"
            return Link(LinkKind.PROVISIONAL, sentence, dt_s)
        sentence = f"{dt_s:.1f} s apart, more than {settings.provisional_dt_s:g} s, and not both have a position"
        return Link(LinkKind.NONE, sentence, dt_s)
    numbers = f"{dt_s:.1f} s and {away_deg:.2f} deg apart, k = {k:.1f}"
    if dt_s <= settings.merge_dt_s and k <= settings.merge_k:
        limits = f"limits {settings.merge_dt_s:g} s and k = {settings.merge_k:g}"
        return Link(LinkKind.MERGE, f"{numbers} ({limits})", dt_s, away_deg, k)
    if dt_s <= settings.doubtful_dt_s and k <= settings.doubtful_k:
        return Link(LinkKind.DOUBTFUL, f"{numbers}: too far apart for their errors to merge", dt_s, away_deg, k)
    if dt_s <= settings.suggest_dt_s and k <= settings.suggest_k:
        return Link(LinkKind.SUGGEST, f"{numbers}: same place, not the same time", dt_s, away_deg, k)
    return Link(LinkKind.NONE, numbers, dt_s, away_deg, k)


def _distance(a: EventView, b: EventView) -> tuple[float | None, float | None]:
    """Separation in degrees and in combined standard deviations; None when one has no position with an error."""
    if a.ra_deg is None or a.dec_deg is None or b.ra_deg is None or b.dec_deg is None:
        return None, None
    if a.r90_deg is None or b.r90_deg is None:
        return None, None
    away_deg = separation_deg(a.ra_deg, a.dec_deg, b.ra_deg, b.dec_deg)
    return away_deg, away_deg * SIGMAS_IN_R90 / math.hypot(a.r90_deg, b.r90_deg)
