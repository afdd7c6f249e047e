"""Phases of the night and the wish for the enclosure."""

from __future__ import annotations

import itertools
import math

import pytest

from guardian import (
    Enclosure,
    NightPhase,
    OperatingMode,
    Safety,
    SunLimits,
    desired_enclosure,
    explain_desired,
    night_phase,
)


@pytest.mark.parametrize(
    ("altitude_deg", "rising", "phase"),
    [
        (50.0, False, "DAY"),
        (25.0, False, "DAY"),
        (24.9, False, "EVENING"),
        (-1.0, False, "EVENING"),
        (-1.1, False, "DUSK"),
        (-10.0, False, "DUSK"),
        (-10.1, False, "NIGHT"),
        (-60.0, True, "NIGHT"),
        (-10.0, True, "DAWN"),
        (-1.1, True, "DAWN"),
        (-1.0, True, "MORNING"),
        (25.0, True, "DAY"),
        (math.nan, False, "DAY"),
        (-math.inf, False, "DAY"),
    ],
)
def test_E1_the_phase_follows_the_sun(altitude_deg: float, rising: bool, phase: str) -> None:
    assert night_phase(altitude_deg, rising) == phase


def test_opening_is_allowed_in_6_of_all_96_combinations_and_the_other_90_say_why_not() -> None:
    allowed = []
    for phase, mode, safety in itertools.product(NightPhase, OperatingMode, Safety):
        if desired_enclosure(phase, mode, safety) is Enclosure.OPEN_ALLOWED:
            allowed.append((str(phase), str(mode), str(safety)))
        else:
            assert explain_desired(phase, mode, safety).startswith("closed because ")
    assert sorted(allowed) == [
        ("DAWN", "AUTOMATIC", "SAFE"),
        ("DAWN", "MANUAL", "SAFE"),
        ("DUSK", "AUTOMATIC", "SAFE"),
        ("DUSK", "MANUAL", "SAFE"),
        ("NIGHT", "AUTOMATIC", "SAFE"),
        ("NIGHT", "MANUAL", "SAFE"),
    ]


@pytest.mark.parametrize("limits", [{"open_below_deg": 5.0}, {"night_below_deg": -0.5}, {"day_above_deg": -5.0}])
def test_sun_limits_that_would_open_under_the_sun_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="_deg"):
        SunLimits(**limits)
