"""Small nights for the tests."""

from __future__ import annotations

from typing import Any

from nightplan import Instance, Program, Sequence, Telescope


def telescope(id: str = "T1", **changes: Any) -> Telescope:
    """10 s to slew anywhere (a rate so high that the angle does not count), 20 s to change the filter, 1 hour."""
    row: dict[str, Any] = {
        "base_s": 4.0,
        "rate_deg_s": 1e9,
        "settle_s": 6.0,
        "filter_change_s": 20.0,
        "available_from_s": 0.0,
        "available_to_s": 3600.0,
    }
    return Telescope(id, **(row | changes))


def sequence(id: str, duration_s: float = 600.0, priority: float = 10.0, **changes: Any) -> Sequence:
    """A sequence of program P, visible all hour, each on its own place of the sky."""
    row: dict[str, Any] = {
        "program": "P",
        "ra_deg": float(sum(map(ord, id)) * 7 % 360),
        "dec_deg": 0.0,
        "filter": "r",
        "windows": {"T1": ((0.0, 3600.0),)},
    }
    return Sequence(id, duration_s=duration_s, priority=priority, **(row | changes))


def night(*sequences: Sequence, **changes: Any) -> Instance:
    """One hour on one telescope."""
    row: dict[str, Any] = {
        "telescopes": (telescope(),),
        "programs": (Program("P", 1e6),),
        "horizon_s": 3600.0,
        "t0_jd": 2461365.5,  # 2026-11-20T00:00 UTC
    }
    return Instance("test", sequences=sequences, **(row | changes))
