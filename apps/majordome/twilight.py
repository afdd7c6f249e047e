"""How long a twilight flat must be exposed: from the Sun's altitude, the filter and the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

PHOTONS_S_CM2_NM = 1.0e4
"""Photons of a star of magnitude 0 in V, per s, cm² and nm (Bessell 1979, PASP 91, 589: 995 per Å)."""
THROUGHPUT = 0.5
"""Of mirrors, filter and detector together; a factor of two more or less leaves a flat usable."""
WANTED_ADU = 20_000.0
SHORTEST_S, LONGEST_S = 0.1, 20.0


@dataclass(frozen=True)
class Pixel:
    """What turns the sky's light into counts. Area of the aperture in cm², scale in arcsec a pixel."""

    aperture_cm2: float
    scale_arcsec: float
    gain_e_adu: float
    width_nm: float


def sky_v_mag(sun_altitude_deg: float) -> float:
    """Brightness of the zenith in twilight, V mag/arcsec²: 11.84 + 1.518 φ − 0.057 φ², φ = −altitude − 5°.

    Source: Patat, Ugolnikov & Postylyakov 2006, A&A 455, 385, for −5° to −15°; a straight line above.
    """
    phi = -sun_altitude_deg - 5.0
    return 11.84 + 1.518 * phi - (0.057 * phi * phi if phi > 0 else 0.0)


def flat_exposure_s(sun_altitude_deg: float, pixel: Pixel) -> float:
    """The exposure that brings a pixel to `WANTED_ADU`, between the shortest and the longest that make sense."""
    sky_mag_px = sky_v_mag(sun_altitude_deg) - 2.5 * math.log10(pixel.scale_arcsec**2)
    electrons_s = PHOTONS_S_CM2_NM * 10 ** (-0.4 * sky_mag_px) * pixel.aperture_cm2 * pixel.width_nm * THROUGHPUT
    return round(min(LONGEST_S, max(SHORTEST_S, WANTED_ADU * pixel.gain_e_adu / electrons_s)), 2)
