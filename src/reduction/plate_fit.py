"""From a rough map to the least-squares plate solution, and the odds that it is an accident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Indices
from .sphere import to_plane
from .wcs import TanWcs

LAST_RADIUS_PX = 0.3
"""Matches are narrowed down to this: two stars in one image give a centroid that is half a pixel off."""
ROUNDS = 8
MAXIMUM_SHEAR = 0.02
"""No camera has pixels that are 2 % out of square; wrong solutions often have."""
AFFINE_FROM = 8
"""With fewer stars, only shift, rotation and scale are fitted (4 parameters, not 6)."""


@dataclass(frozen=True)
class PlateFit:
    """A fitted solution and its matched stars."""

    wcs: TanWcs
    image_rows: Indices
    sky_rows: Indices
    radius_px: float
    """Within which a star counted as matched in the end."""
    rms_px: float
    """Root mean square distance of the matched stars."""
    rms_arcsec: tuple[float, float]


def refine(
    start: TanWcs,
    x: Floats,
    y: Floats,
    weight: Floats,
    ra: Floats,
    dec: Floats,
    tangent_px: complex,
    first_radius_px: float,
) -> PlateFit | None:
    """Match, fit and match again within an ever smaller radius; None where the stars run out or the pixels shear.

    `tangent_px` is the pixel whose place on the sky becomes the tangent point: the middle of the frame.
    """
    wcs, radius = start, first_radius_px
    fit: PlateFit | None = None
    for _ in range(ROUNDS):
        rows, stars = match(wcs, x, y, ra, dec, radius)
        if len(rows) < 4:
            return None
        fitted = _fit(wcs, x[rows], y[rows], weight[rows], ra[stars], dec[stars], tangent_px)
        if fitted is None:
            return None
        wcs = fitted
        fx, fy = wcs.to_pixel(ra[stars], dec[stars])
        dx, dy = fx - x[rows], fy - y[rows]
        rms = float(np.sqrt(np.mean(dx**2 + dy**2)))
        fit = PlateFit(wcs, rows, stars, radius, rms, _rms_arcsec(wcs, dx, dy))
        median = float(np.median(np.hypot(dx, dy)))
        smaller = max(LAST_RADIUS_PX, 4.0 * median)
        if radius <= LAST_RADIUS_PX or smaller >= radius:
            break
        radius = max(smaller, 0.4 * radius)
    return fit


def match(wcs: TanWcs, x: Floats, y: Floats, ra: Floats, dec: Floats, radius_px: float) -> tuple[Indices, Indices]:
    """Rows of sources and of stars that are each other's nearest within a radius in pixels."""
    from scipy.spatial import cKDTree

    sx, sy = wcs.to_pixel(ra, dec)
    seen = np.flatnonzero(np.isfinite(sx) & np.isfinite(sy))
    nothing = np.empty(0, dtype=np.intp)
    if not len(seen) or not len(x):
        return nothing, nothing
    places, found = np.column_stack([sx[seen], sy[seen]]), np.column_stack([x, y])
    distance, star = cKDTree(places).query(found, distance_upper_bound=radius_px)
    _, back = cKDTree(found).query(places)
    rows = np.flatnonzero(np.isfinite(distance))
    rows = rows[back[star[rows]] == rows]
    return rows, seen[star[rows]]


def chance_log10(n_matched: int, n_sources: int, density_per_px: float, radius_px: float) -> float:
    """Decimal logarithm of the probability that at least this many of the sources have a star nearby by accident.

    Three matches are the triangle's own and prove nothing; the rest is binomial.
    """
    from scipy.special import betainc

    proving, trials = n_matched - 3, max(n_sources - 3, n_matched - 3)
    p = min(1.0, max(density_per_px * np.pi * radius_px**2, 1e-12))
    if proving <= 0:
        return 0.0
    tail = float(betainc(proving, trials - proving + 1, p))  # P(X >= proving)
    return float(np.log10(tail)) if tail > 1e-300 else -300.0


def _fit(
    wcs: TanWcs, x: Floats, y: Floats, weight: Floats, ra: Floats, dec: Floats, tangent_px: complex
) -> TanWcs | None:
    x0, y0 = tangent_px.real, tangent_px.imag
    ra0, dec0 = (float(v) for v in wcs.to_sky(x0, y0))
    xi, eta = to_plane(ra, dec, ra0, dec0)
    dx, dy, w = x - x0, y - y0, np.sqrt(weight)
    ones = np.ones_like(dx)
    if len(x) >= AFFINE_FROM:
        design = np.column_stack([dx, dy, ones]) * w[:, None]
        solution, _, rank, _ = np.linalg.lstsq(design, np.column_stack([xi, eta]) * w[:, None])
        if rank < 3:
            return None
        cd, shift = solution[:2].T, solution[2]
    else:
        sign = np.sign(np.linalg.det(wcs.matrix))
        # xi = a dx - s b dy + c; eta = b dx + s a dy + d, with s = -1 for a mirrored frame
        top = np.column_stack([dx, -sign * dy, ones, 0 * ones]) * w[:, None]
        bottom = np.column_stack([sign * dy, dx, 0 * ones, ones]) * w[:, None]
        solution, _, rank, _ = np.linalg.lstsq(np.vstack([top, bottom]), np.concatenate([xi * w, eta * w]))
        if rank < 4:
            return None
        a, b = solution[:2]
        cd, shift = np.array([[a, -sign * b], [b, sign * a]]), solution[2:]
    singular = np.linalg.svd(cd, compute_uv=False)
    if singular[1] <= 0 or singular[0] / singular[1] > 1.0 + MAXIMUM_SHEAR:
        return None
    offset = np.linalg.solve(cd, shift)
    matrix = ((float(cd[0, 0]), float(cd[0, 1])), (float(cd[1, 0]), float(cd[1, 1])))
    return TanWcs(ra0, dec0, x0 - float(offset[0]), y0 - float(offset[1]), matrix)


def _rms_arcsec(wcs: TanWcs, dx: Floats, dy: Floats) -> tuple[float, float]:
    residual = wcs.matrix @ np.vstack([dx, dy]) * 3600.0
    ra_rms, dec_rms = np.sqrt(np.mean(residual**2, axis=1))
    return float(ra_rms), float(dec_rms)
