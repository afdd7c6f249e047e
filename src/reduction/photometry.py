"""The photometric zero point: catalogue magnitude less instrumental magnitude.

A silent wrong zero point is the field's classic failure. So: never fewer than five stars, else the nominal value, and
flagged as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats

MINIMUM_STARS = 5
NOMINAL_ERROR_MAG = 0.5
"""What a nominal zero point is worth: thin cloud and aperture losses."""
CLIP_SIGMA = 3.0
INTRINSIC_MAG = 0.01
"""Added to every star's error: no star weighs for all the others."""
ROUNDS = 10
MINIMUM_COLOUR_SPREAD_MAG = 0.2
"""With stars of one colour, a colour term cannot be told from the zero point."""


@dataclass(frozen=True)
class ZeroPoint:
    """mag = -2.5 log10(electrons a second, or electrons where the exposure is unknown) + mag + colour_term * colour."""

    mag: float
    error_mag: float
    n_stars: int
    """Used, after rejection."""
    rms_mag: float
    is_nominal: bool
    """True: not measured on this frame. Magnitudes that rest on it are indicative."""
    reason: str
    colour_term: float | None = None
    colour_term_error: float | None = None
    exposure_s: float | None = None

    def magnitude(self, flux_e: Floats | float, colour: Floats | float = 0.0) -> Floats:
        """Calibrated magnitude of a flux in electrons (of the whole exposure); NaN where it is not positive."""
        rate = np.asarray(flux_e, dtype=float) / (self.exposure_s or 1.0)
        instrumental = -2.5 * np.log10(np.where(rate > 0, rate, np.nan))
        return np.asarray(instrumental + self.mag + (self.colour_term or 0.0) * np.asarray(colour), dtype=np.float64)

    def cards(self) -> dict[str, object]:
        """Header keywords. PHOTSYS is left to the caller, who knows the catalogue."""
        cards: dict[str, object] = {
            "MAGZPT": (round(self.mag, 4), "zero point for e-/s" if self.exposure_s else "zero point for e-"),
            "MAGZERR": round(self.error_mag, 4),
            "MAGZNST": self.n_stars,
            "MAGZNOM": (self.is_nominal, "T: nominal, not measured on this frame"),
        }
        if self.colour_term is not None:
            cards["COLTERM"] = round(self.colour_term, 4)
        return cards


def zero_point(
    flux_e: Floats,
    flux_error_e: Floats,
    catalogue_mag: Floats,
    *,
    colour: Floats | None = None,
    exposure_s: float | None = None,
    nominal_mag: float = 20.0,
) -> ZeroPoint:
    """Fit the zero point to matched stars (one row each), with a colour term where colours are given and differ.

    Stars are rejected beyond 3 robust sigma, round by round. With fewer than five left the nominal value is returned,
    `is_nominal` set, with the reason.
    """
    rate = np.asarray(flux_e, dtype=float) / (exposure_s or 1.0)
    good = np.isfinite(rate) & (rate > 0) & np.isfinite(catalogue_mag) & (flux_error_e > 0)
    if good.sum() < MINIMUM_STARS:
        return _nominal(nominal_mag, int(good.sum()), exposure_s, "usable")
    difference = catalogue_mag[good] + 2.5 * np.log10(rate[good])
    sigma = np.hypot(1.0857 * flux_error_e[good] / np.asarray(flux_e, dtype=float)[good], INTRINSIC_MAG)
    design = np.ones((len(difference), 1))
    if colour is not None and _colours_differ(colour[good]):
        known = np.isfinite(colour[good])
        difference, sigma = difference[known], sigma[known]
        design = np.column_stack([np.ones(len(difference)), colour[good][known]])
    solution, covariance, kept = _robust_fit(design, difference, sigma)
    n_kept = int(kept.sum())
    if n_kept < MINIMUM_STARS:
        return _nominal(nominal_mag, n_kept, exposure_s, "consistent")
    residual = difference[kept] - design[kept] @ solution
    freedom = max(n_kept - design.shape[1], 1)
    # Errors are scaled up, never down, to the scatter that is really there.
    stretch = max(1.0, float(np.sqrt(np.sum((residual / sigma[kept]) ** 2) / freedom)))
    errors = np.sqrt(np.diag(covariance)) * stretch
    with_colour = design.shape[1] == 2
    return ZeroPoint(
        float(solution[0]),
        float(errors[0]),
        n_kept,
        float(np.sqrt(np.mean(residual**2))),
        False,
        f"measured on {n_kept} of {int(good.sum())} stars",
        float(solution[1]) if with_colour else None,
        float(errors[1]) if with_colour else None,
        exposure_s,
    )


def _robust_fit(design: Floats, value: Floats, sigma: Floats) -> tuple[Floats, Floats, Bools]:
    """Weighted least squares with rejection; starts from the median, which half the stars cannot spoil."""
    parameters = design.shape[1]
    solution = np.zeros(parameters)
    solution[0] = np.median(value)
    kept = np.ones(len(value), dtype=bool)
    covariance = np.full((parameters, parameters), np.nan)
    for _ in range(ROUNDS):
        residual = value - design @ solution
        scatter = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        inside = np.abs(residual) <= CLIP_SIGMA * np.maximum(np.hypot(sigma, scatter), INTRINSIC_MAG)
        if inside.sum() < max(MINIMUM_STARS, parameters + 1):
            return solution, covariance, inside
        weighted = design[inside] / sigma[inside, None]
        covariance = np.linalg.pinv(weighted.T @ weighted)
        solution = covariance @ weighted.T @ (value[inside] / sigma[inside])
        if np.array_equal(inside, kept):
            break
        kept = inside
    return solution, covariance, kept


def _colours_differ(colour: Floats) -> bool:
    known = colour[np.isfinite(colour)]
    return len(known) >= 2 * MINIMUM_STARS and float(np.std(known)) >= MINIMUM_COLOUR_SPREAD_MAG


def _nominal(mag: float, count: int, exposure_s: float | None, what: str) -> ZeroPoint:
    reason = f"nominal: {count} {what} stars, {MINIMUM_STARS} are needed"
    return ZeroPoint(mag, NOMINAL_ERROR_MAG, count, float("nan"), True, reason, exposure_s=exposure_s)
