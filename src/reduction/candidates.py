"""What is in the frame and not in the catalogue, or brighter than there, or fading: ranked.

A rule without learning, in the order in which an astronomer looks: inside the error circle first, then what was not
known, then what fades, then the brightest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .arrays import Floats, Indices
from .catalogue import CatalogueStars
from .errors import HeaderError
from .photometry import ZeroPoint
from .sources import SourceFlag, Sources
from .sphere import chord, separation_deg, unit_vectors
from .wcs import TanWcs

MATCH_ARCSEC = 2.0
MATCH_PX = 1.5
BRIGHTER_MAG = 1.0
BRIGHTER_SIGMA = 5.0
MINIMUM_SNR = 5.0
FADING_SIGMA = 3.0


class CandidateKind(StrEnum):
    NEW_SOURCE = "new_source"
    BRIGHTER_THAN_CATALOGUE = "brighter_than_catalogue"


@dataclass(frozen=True, slots=True)
class Circle:
    """An error circle on the sky."""

    ra_deg: float
    dec_deg: float
    radius_arcsec: float

    @classmethod
    def parse(cls, text: str) -> Circle:
        """From `RA,DEC,R_ARCSEC` (degrees, arcseconds). Raises HeaderError for anything else."""
        try:
            ra, dec, radius = (float(word) for word in text.split(","))
        except ValueError as error:
            raise HeaderError(f"circle {text!r}: give RA,DEC,R_ARCSEC as three numbers") from error
        if not (0.0 <= ra <= 360.0 and -90.0 <= dec <= 90.0 and 0.0 < radius < 3.6e5):
            raise HeaderError(f"circle {text!r}: needs RA in 0..360, Dec in -90..90 (degrees) and a positive radius")
        return cls(ra % 360.0, dec, radius)


@dataclass(frozen=True)
class Epoch:
    """The sources of another frame of the field, calibrated, to compare with."""

    ra_deg: Floats
    dec_deg: Floats
    mag: Floats
    mag_error: Floats


@dataclass(frozen=True)
class Candidate:
    """One candidate; rank 1 is the best."""

    rank: int
    kind: CandidateKind
    ra_deg: float
    dec_deg: float
    x: float
    y: float
    mag: float | None
    mag_error: float | None
    snr: float
    in_circle: bool | None
    """None where there is no circle."""
    distance_arcsec: float | None
    """From the middle of the circle."""
    below_catalogue: bool
    """True: fainter than the catalogue goes here, so that its absence from it says little."""
    mag_var: float | None
    """First epoch less this one: negative is fading (SVOM's MAGVAR)."""
    dmag_catalogue: float | None
    """Catalogue less measured: positive is brighter than catalogued."""
    flags: int
    reason: str


def find(
    sources: Sources,
    wcs: TanWcs,
    zero_point: ZeroPoint,
    catalogue: CatalogueStars,
    *,
    circle: Circle | None = None,
    first_epoch: Epoch | None = None,
    match_arcsec: float | None = None,
) -> list[Candidate]:
    """Candidates, best first.

    Cosmic rays, edges and bad pixels are left out. What is fainter than the catalogue is kept: it ranks behind and
    says so.
    """
    radius = match_arcsec or max(MATCH_ARCSEC, MATCH_PX * wcs.scale_arcsec_px)
    poor = sources.has(SourceFlag.SHARP | SourceFlag.EDGE | SourceFlag.BAD_PIXELS) | (sources.snr < MINIMUM_SNR)
    rows = np.flatnonzero(~poor)
    table = sources.select(rows)
    ra, dec = wcs.to_sky(table.x, table.y)
    mag, mag_error = zero_point.magnitude(table.flux_e), table.mag_error
    star, known = nearest(ra, dec, catalogue.ra_deg, catalogue.dec_deg, radius)
    catalogue_mag = np.where(known, catalogue.mag[star], np.nan) if len(catalogue) else np.full(len(table), np.nan)
    dmag = catalogue_mag - mag
    error = np.hypot(mag_error, zero_point.error_mag)
    saturated = table.has(SourceFlag.SATURATED)
    # A measured zero point is needed to call a catalogued star brighter; a saturated one says nothing.
    risen = known & (dmag > BRIGHTER_MAG) & (dmag > BRIGHTER_SIGMA * error) & ~saturated & (not zero_point.is_nominal)
    depth = catalogue.depth_mag
    below = np.zeros(len(table), dtype=bool) if depth is None else mag > depth
    mag_var, var_error = _variation(ra, dec, mag, mag_error, first_epoch, radius)
    fading = mag_var < -FADING_SIGMA * var_error
    distance = (
        separation_deg(ra, dec, circle.ra_deg, circle.dec_deg) * 3600.0 if circle else np.full(len(table), np.nan)
    )
    inside = distance <= circle.radius_arcsec if circle else np.zeros(len(table), dtype=bool)
    chosen = np.flatnonzero(~known | risen)
    order = sorted(chosen, key=lambda i: (not inside[i], below[i], not fading[i], bool(known[i]), -float(table.snr[i])))
    return [
        Candidate(
            rank,
            CandidateKind.BRIGHTER_THAN_CATALOGUE if known[i] else CandidateKind.NEW_SOURCE,
            float(ra[i]),
            float(dec[i]),
            float(table.x[i]),
            float(table.y[i]),
            _value(mag[i]),
            _value(error[i]),
            float(table.snr[i]),
            bool(inside[i]) if circle else None,
            _value(distance[i]),
            bool(below[i]) and not known[i],
            _value(mag_var[i]),
            _value(dmag[i]),
            int(table.flags[i]),
            _reason(bool(known[i]), bool(below[i]), bool(fading[i]), radius, catalogue.name, float(dmag[i])),
        )
        for rank, i in enumerate(order, start=1)
    ]


def nearest(
    ra_deg: Floats, dec_deg: Floats, star_ra_deg: Floats, star_dec_deg: Floats, radius_arcsec: float
) -> tuple[Indices, np.ndarray]:
    """For each position the row of the nearest star, and whether it lies within the radius (row 0 where none does)."""
    from scipy.spatial import cKDTree

    if not len(star_ra_deg) or not len(ra_deg):
        return np.zeros(len(ra_deg), dtype=np.intp), np.zeros(len(ra_deg), dtype=bool)
    tree = cKDTree(unit_vectors(star_ra_deg, star_dec_deg))
    distance, row = tree.query(unit_vectors(ra_deg, dec_deg), distance_upper_bound=chord(radius_arcsec / 3600.0))
    near = np.isfinite(distance)
    return np.where(near, row, 0), near


def _variation(
    ra: Floats, dec: Floats, mag: Floats, mag_error: Floats, first: Epoch | None, radius_arcsec: float
) -> tuple[Floats, Floats]:
    unknown = np.full(len(ra), np.nan)
    if first is None or not len(first.ra_deg):
        return unknown, unknown
    row, near = nearest(ra, dec, first.ra_deg, first.dec_deg, radius_arcsec)
    variation = np.where(near, first.mag[row] - mag, np.nan)
    return variation, np.where(near, np.hypot(first.mag_error[row], mag_error), np.nan)


def _value(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _reason(known: bool, below: bool, fading: bool, radius_arcsec: float, catalogue: str, dmag: float) -> str:
    where = catalogue or "the catalogue"
    if known:
        text = f"{dmag:.2f} mag brighter than in {where}"
    elif below:
        text = f"not in {where} within {radius_arcsec:.1f} arcsec, but fainter than it goes here"
    else:
        text = f"not in {where} within {radius_arcsec:.1f} arcsec"
    return text + ("; fading" if fading else "")
