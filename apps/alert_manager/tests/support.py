"""Notices for tests: composed in SVOM's form, and real ones moved to the night of the tests.

The clock of the tests stands at 2026-11-21T05:00:00Z; at San Pedro Mártir the sidereal time is then 1.3 h, so that
RA 20°, Dec +30° is near the zenith, and RA 200° is on the other side of the Earth.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import notices
from notices import compose

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
TRIGGER = NOW - timedelta(seconds=30)
BURST_ID = "sb26112101"
HIGH = (20.0, 30.0)


def wakeup(
    ra_deg: float = HIGH[0],
    dec_deg: float = HIGH[1],
    error_deg: float = 0.08,
    *,
    burst_id: str = BURST_ID,
    trigger: datetime = TRIGGER,
    sent: datetime = NOW,
    role: str = "observation",
) -> bytes:
    """An ECLAIRs wake-up."""
    return compose.svom_wakeup(burst_id, ra_deg, dec_deg, error_deg, trigger, sent, role=role)


def update(ra_deg: float, dec_deg: float, error_deg: float = 0.05, *, serial: int = 2, sent: datetime = NOW) -> bytes:
    """A later notice of the same burst with another position: another IVORN, the same Burst_Id."""
    raw = wakeup(ra_deg, dec_deg, error_deg, sent=sent + timedelta(seconds=serial))
    return raw.replace(b"_eclairs-wakeup", b"_eclairs-wakeup-%d" % serial)


def swift_bat(*, trigger: datetime = TRIGGER, sent: datetime = NOW) -> bytes:
    """The real BAT position that voevent-parse carries (74.74°, −9.31°, 3′), moved to another time."""
    sample = next(s for s in notices.samples() if "bat" in s.name)
    return notices.redate(sample.raw, trigger, sent)


def swift_xrt(*, trigger: datetime = TRIGGER, sent: datetime = NOW) -> bytes:
    """The real XRT position (314.72°, −53.39°, 3.2″; VOEvent 1.1), moved to another time."""
    sample = next(s for s in notices.samples() if "xrt" in s.name)
    return notices.redate(sample.raw, trigger, sent)
