"""New sources: the fading counterpart of a burst."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.sky.bands import Band, spectral_offset_mag

RISE_S = 15.0
"""Before this the afterglow still rises (as t²); it then fades as a power law."""


@dataclass(frozen=True)
class Transient:
    """An afterglow: F ∝ (t − T0)^slope, F_ν ∝ ν^(−beta). `mag_100s` is r (AB) at 100 s."""

    name: str
    ra_deg: float
    dec_deg: float
    t0_unix_s: float
    mag_100s: float = 15.0
    slope: float = -1.1
    beta: float = 0.75

    def __post_init__(self) -> None:
        if not (math.isfinite(self.ra_deg) and 0.0 <= self.ra_deg < 360.0 and -90.0 <= self.dec_deg <= 90.0):
            raise ValueError(
                f"transient {self.name}: ra={self.ra_deg} dec={self.dec_deg}: give ra 0..360, dec -90..90 degrees"
            )

    def magnitude(self, band: Band, unix_s: float) -> float | None:
        """AB magnitude in a band at a moment; None before T0."""
        age_s = unix_s - self.t0_unix_s
        if age_s <= 0.0:
            return None
        fading = -2.5 * self.slope * math.log10(max(age_s, RISE_S) / 100.0)
        rising = -5.0 * math.log10(age_s / RISE_S) if age_s < RISE_S else 0.0
        return self.mag_100s + fading + rising + spectral_offset_mag(band.wavelength_nm, 622.0, self.beta)
