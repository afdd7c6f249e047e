from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pyros.clock import SharedClock

MIDNIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""Night at San Pedro Mártir (local midnight is at 7:42 UTC)."""


@pytest.fixture
def fast_clock(tmp_path: Path) -> Callable[..., SharedClock]:
    """A clock at many times real speed, beginning at night."""

    def make(speed: float = 200.0, start: datetime = MIDNIGHT) -> SharedClock:
        return SharedClock.create(tmp_path / "clock", start, speed)

    return make
