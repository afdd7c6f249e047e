"""How faint a star this frame would have shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import UNUSABLE, flagged
from .calibration import Calibrated
from .photometry import ZeroPoint
from .sources import Sources

LIMIT_SIGMA = 5.0


@dataclass(frozen=True)
class UpperLimit:
    """Forced aperture photometry at a place: what is there, and the limit where nothing is."""

    limit_mag: float | None
    """Nothing brighter than this is there (`sigma` level); None where the place cannot be measured."""
    flux_e: float
    flux_error_e: float
    sigma: float
    is_nominal: bool
    """True: rests on a zero point that was not measured on this frame."""

    @property
    def detected(self) -> bool:
        return self.flux_error_e > 0 and self.flux_e > self.sigma * self.flux_error_e


def limiting_magnitude(sources: Sources, zero_point: ZeroPoint, *, sigma: float = LIMIT_SIGMA) -> float | None:
    """The magnitude of a star at `sigma` times the sky noise of its aperture; None where there is no noise to measure.

    flux = sigma * rms * sqrt(pi r^2) / (aperture's share of the light), the share being in the zero point already.
    """
    noise_e = sources.background_rms_e * np.sqrt(np.pi) * sources.aperture_radius_px
    return float(zero_point.magnitude(sigma * noise_e)) if noise_e > 0 else None


def upper_limit(
    frame: Calibrated, sources: Sources, zero_point: ZeroPoint, x: float, y: float, *, sigma: float = LIMIT_SIGMA
) -> UpperLimit:
    """Measure the aperture at pixel (x, y) and give the magnitude above which a star would have been seen.

    limit flux = max(flux, 0) + sigma * error: what is faintly there already cannot be excluded. Outside the frame or on
    bad pixels `limit_mag` is None.
    """
    import sep

    rows, columns = frame.data.shape
    radius = sources.aperture_radius_px
    reach = int(np.ceil(4 * radius)) + 8
    inside = radius <= x < columns - radius and radius <= y < rows - radius
    if not inside:
        return UpperLimit(None, float("nan"), float("nan"), sigma, zero_point.is_nominal)
    y0, x0 = max(0, int(y) - reach), max(0, int(x) - reach)
    cut = (slice(y0, int(y) + reach + 1), slice(x0, int(x) + reach + 1))
    stamp = np.ascontiguousarray(frame.data[cut])
    unusable = flagged(frame.mask[cut], UNUSABLE)
    # The sky round about: sigma-clipped by the median absolute deviation, so that neighbours do not count.
    sky_pixels = stamp[~unusable]
    if not sky_pixels.size:
        return UpperLimit(None, float("nan"), float("nan"), sigma, zero_point.is_nominal)
    level = float(np.median(sky_pixels))
    rms = 1.4826 * float(np.median(np.abs(sky_pixels - level)))
    flux, _, flag = sep.sum_circle(stamp - np.float32(level), [x - x0], [y - y0], radius, mask=unusable)
    on_bad = bool(int(flag[0]) & (sep.APER_HASMASKED | sep.APER_ALLMASKED))
    error = rms * float(np.sqrt(np.pi)) * radius
    if on_bad or not error > 0:
        return UpperLimit(None, float(flux[0]), error, sigma, zero_point.is_nominal)
    limit_e = max(float(flux[0]), 0.0) + sigma * error
    return UpperLimit(float(zero_point.magnitude(limit_e)), float(flux[0]), error, sigma, zero_point.is_nominal)
