"""How bright the sky is: night glow, moonlight and twilight."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.sky.bands import Band

DAYLIGHT_MAG = 3.5
"""Surface brightness of the day sky, mag/arcsec²; no camera survives it unsaturated."""


@dataclass(frozen=True)
class Lights:
    """What lights the sky in one direction. Degrees; `moon_illumination` is 0…1."""

    sun_altitude_deg: float
    moon_altitude_deg: float
    moon_separation_deg: float
    moon_illumination: float
    altitude_deg: float


def sky_mag(band: Band, lights: Lights) -> float:
    """Surface brightness in mag/arcsec²: the fluxes of glow, moonlight and twilight added."""
    glow = band.dark_sky_mag - 2.5 * math.log10(airglow_airmass(lights.altitude_deg))
    colour = band.dark_sky_mag - 21.8  # V of a dark sky; the Moon and the twilight are bluer than the airglow
    parts = [
        glow,
        moonlight_v_mag(lights) + 0.3 * colour,
        twilight_v_mag(lights.sun_altitude_deg) + 0.3 * colour,
    ]
    return -2.5 * math.log10(sum(10 ** (-0.4 * part) for part in parts))


def airglow_airmass(altitude_deg: float) -> float:
    """Path through the glowing layer (Krisciunas & Schaefer 1991, eq. 3)."""
    sine = math.cos(math.radians(max(0.0, altitude_deg)))
    return 1.0 / math.sqrt(1.0 - 0.96 * sine * sine)


def moonlight_v_mag(lights: Lights) -> float:
    """Scattered moonlight, V mag/arcsec² (Krisciunas & Schaefer 1991, PASP 103, 1033, eq. 15 to 21), k = 0.12."""
    if lights.moon_altitude_deg <= 0.0 or lights.moon_illumination <= 0.0:
        return 99.0
    extinction = 0.12
    phase_deg = math.degrees(math.acos(max(-1.0, min(1.0, 2.0 * lights.moon_illumination - 1.0))))
    moon = 10 ** (-0.4 * (3.84 + 0.026 * phase_deg + 4e-9 * phase_deg**4))
    rho = max(1.0, lights.moon_separation_deg)
    rayleigh = 10**5.36 * (1.06 + math.cos(math.radians(rho)) ** 2)
    mie = 6.2e7 / rho**2 if rho < 10.0 else 10 ** (6.15 - rho / 40.0)
    towards_moon = airglow_airmass(lights.moon_altitude_deg)
    towards_target = airglow_airmass(lights.altitude_deg)
    nanolamberts = (
        (rayleigh + mie)
        * moon
        * 10 ** (-0.4 * extinction * towards_moon)
        * (1.0 - 10 ** (-0.4 * extinction * towards_target))
    )
    return (20.7233 - math.log(max(nanolamberts, 1e-9) / 34.08)) / 0.92104


def twilight_v_mag(sun_altitude_deg: float) -> float:
    """Zenith twilight, V mag/arcsec²: Patat et al. 2006, A&A 455, 385, fit 11.84 + 1.518 φ − 0.057 φ² with
    φ = −altitude − 5°, for −15° to −5°; continued by straight lines to daylight and to nothing at −18°."""
    phi = -sun_altitude_deg - 5.0
    if phi < 0.0:
        return max(DAYLIGHT_MAG, 11.84 + 1.518 * phi)
    if phi <= 10.0:
        return 11.84 + 1.518 * phi - 0.057 * phi * phi
    if phi <= 13.0:
        return 21.32 + (phi - 10.0) * 1.2
    return 99.0
