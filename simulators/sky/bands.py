"""Photometric bands: what each filter sees. AB magnitudes throughout.

Star colours follow one parameter, g−i; the slopes are those of the stellar locus, rounded (Covey et al. 2007, AJ 134,
2398, fig. 3, with J and H brought to AB by +0.91 and +1.39). Dark-sky brightness is typical of a dark mountain site
(Benn & Ellison 1998; J and H from Sánchez et al. 2008, airglow in the middle of the night). Extinction is for 2800 m.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """One band. A star's magnitude is r + offset + slope·(g−i)."""

    name: str
    wavelength_nm: float
    offset_mag: float
    slope: float
    dark_sky_mag: float
    """Surface brightness at the zenith with no Moon, mag/arcsec²."""
    extinction_mag: float
    """Clear-air extinction at airmass 1."""
    zero_point_mag: float
    """Magnitude that gives 1 electron per second in the default 1.3 m telescope and camera."""


BANDS: Mapping[str, Band] = {
    band.name: band
    for band in (
        Band("g", 477.0, 0.05, 0.63, 22.0, 0.18, 24.7),
        Band("r", 622.0, 0.0, 0.0, 21.1, 0.10, 24.6),
        Band("i", 763.0, 0.05, -0.37, 20.2, 0.06, 24.3),
        Band("z", 905.0, 0.10, -0.60, 19.2, 0.05, 23.8),
        Band("y", 1000.0, 0.12, -0.72, 18.2, 0.05, 23.0),
        Band("J", 1248.0, 0.15, -0.85, 16.7, 0.08, 23.4),
        Band("H", 1631.0, 0.15, -0.95, 15.4, 0.05, 23.5),
        Band("gri", 620.0, 0.0, 0.05, 20.9, 0.10, 25.8),
        Band("zy", 950.0, 0.11, -0.65, 18.8, 0.05, 24.3),
    )
}


def band(name: str) -> Band:
    """The band of a filter name; raises `ValueError` naming the known ones."""
    try:
        return BANDS[name]
    except KeyError:
        raise ValueError(f"filter {name!r} is not a known band: give one of {', '.join(BANDS)}") from None


def spectral_offset_mag(wavelength_nm: float, reference_nm: float, beta: float) -> float:
    """AB colour of a power-law spectrum F_ν ∝ ν^(−β), relative to a reference wavelength: redder is brighter."""
    return -2.5 * beta * math.log10(wavelength_nm / reference_nm)
