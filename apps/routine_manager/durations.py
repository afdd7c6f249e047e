"""How long things take: every overhead is named here and nowhere else.

The form, the validation, the scheduler and the remaining time all use these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ACQUISITION_S = 5.0
"""From the end of the slew to the first exposure: settling of the tracking, first filter, start of the albums, s."""

FILTER_CHANGE_S = 2.0
"""Moving a filter wheel to the next filter, s."""

DITHER_S = 3.0
"""A small offset of the telescope with its settling, s."""


@dataclass(frozen=True)
class PlanTime:
    """What of a plan takes time."""

    exposure_s: float
    images: int
    readout_s: float
    filter_name: str | None
    dithered: bool = False


def album_duration_s(plans: Iterable[PlanTime]) -> float:
    """The time that one camera needs: exposures, read-outs, filter changes and dithers, s."""
    total, filter_now = 0.0, None
    for place, plan in enumerate(plans):
        if place > 0 and plan.filter_name != filter_now:
            total += FILTER_CHANGE_S
        filter_now = plan.filter_name
        total += plan.images * (plan.exposure_s + plan.readout_s)
        if plan.dithered:
            total += plan.images * DITHER_S
    return total


def sequence_duration_s(albums: Mapping[str, Iterable[PlanTime]]) -> float:
    """The time of a sequence: its albums run side by side, so the longest counts, after the acquisition, s.

    The slew is left out: it depends on what was observed before and belongs to the scheduler.
    """
    longest = max((album_duration_s(plans) for plans in albums.values()), default=0.0)
    return ACQUISITION_S + longest if longest > 0 else 0.0
