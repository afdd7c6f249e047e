"""Positions on the sky as unit vectors: no special case at RA 0 or at the poles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats


def unit_vectors(ra_deg: ArrayLike, dec_deg: ArrayLike) -> Floats:
    """(…, 3) Cartesian unit vectors."""
    ra, dec = np.radians(np.asarray(ra_deg, dtype=float)), np.radians(np.asarray(dec_deg, dtype=float))
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def separation_deg(ra1_deg: ArrayLike, dec1_deg: ArrayLike, ra2_deg: ArrayLike, dec2_deg: ArrayLike) -> Floats:
    """Great-circle distance, exact from microarcseconds to 180 degrees (chord formula)."""
    chord = np.linalg.norm(unit_vectors(ra1_deg, dec1_deg) - unit_vectors(ra2_deg, dec2_deg), axis=-1)
    return np.asarray(np.degrees(2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))), dtype=np.float64)


def chord(angle_deg: float) -> float:
    """Distance between unit vectors that are `angle_deg` apart."""
    return float(2.0 * np.sin(np.radians(min(angle_deg, 180.0)) / 2.0))


def to_plane(ra_deg: ArrayLike, dec_deg: ArrayLike, ra0_deg: float, dec0_deg: float) -> tuple[Floats, Floats]:
    """Gnomonic (TAN) projection about (ra0, dec0): xi to the east and eta to the north, in degrees.

    NaN for what is 90 degrees away or more. Calabretta & Greisen 2002, A&A 395, 1077, section 5.1.3.
    """
    v = unit_vectors(ra_deg, dec_deg)
    east, north, towards = _frame(ra0_deg, dec0_deg)
    depth = v @ towards
    depth = np.where(depth > 1e-9, depth, np.nan)
    return np.degrees(v @ east / depth), np.degrees(v @ north / depth)


def from_plane(xi_deg: ArrayLike, eta_deg: ArrayLike, ra0_deg: float, dec0_deg: float) -> tuple[Floats, Floats]:
    """The inverse of `to_plane`: RA in [0, 360) and Dec, degrees."""
    xi, eta = np.radians(np.asarray(xi_deg, dtype=float)), np.radians(np.asarray(eta_deg, dtype=float))
    east, north, towards = _frame(ra0_deg, dec0_deg)
    v = xi[..., None] * east + eta[..., None] * north + towards
    ra = np.degrees(np.arctan2(v[..., 1], v[..., 0])) % 360.0
    dec = np.degrees(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1])))
    return np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)


def _frame(ra0_deg: float, dec0_deg: float) -> tuple[Floats, Floats, Floats]:
    """Unit vectors to the east, to the north and towards the point."""
    ra, dec = np.radians(ra0_deg), np.radians(dec0_deg)
    east = np.array([-np.sin(ra), np.cos(ra), 0.0])
    north = np.array([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    towards = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    return east, north, towards
