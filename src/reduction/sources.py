"""Source extraction: background, detection, windowed centroids, aperture photometry.

Detection is SExtractor's algorithm (Bertin & Arnouts 1996) through `sep`, with its plain convolution: the threshold
counts in sigmas of the unfiltered noise. Sep's matched filter at the same threshold brings thousands of noise peaks,
takes fifteen times longer, and loses stars where the noise is a single number.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntFlag
from typing import Any, Self

import numpy as np

from .arrays import UNUSABLE, Bools, Floats, Image, Indices, Mask, PixelFlag, flagged
from .calibration import Calibrated
from .errors import ExtractionError

THRESHOLD_SIGMA = 1.5
MINIMUM_PIXELS = 5
MINIMUM_SNR = 5.0
"""In the aperture. What is fainter is as often noise as a star: 150 such in an empty 512 x 512 frame."""
BACKGROUND_BOX_PX = 64
FWHM_PER_SIGMA = 2.3548
CENTROID_FLOOR_PX = 0.03
"""No centroid is trusted further than this, however bright the star."""
PROBE_RADIUS_PX = 3.0
SHARP = 0.6
"""A source narrower than this part of the stars' width is a cosmic ray or a hot pixel …"""
PEAKED = 1.8
"""… and so is one with this much more of its light in one pixel (a streak is not narrow)."""
BLENDED_ERROR_PX = 0.3
"""Added to the centroid's error of a source that was separated from a neighbour."""


class SourceFlag(IntFlag):
    """Why a source's numbers are not to be trusted."""

    BLENDED = 1
    EDGE = 2
    SATURATED = 4
    BAD_PIXELS = 8
    SHARP = 16
    """Narrower than a star: a cosmic ray or a hot pixel."""


@dataclass(frozen=True)
class Sources:
    """One row a source, brightest first. Pixels count from 0 at the centre of the first pixel."""

    x: Floats
    y: Floats
    position_error_px: Floats
    flux_e: Floats
    """Electrons in the aperture, background taken off."""
    flux_error_e: Floats
    peak_e: Floats
    fwhm_px: Floats
    ellipticity: Floats
    flags: Indices
    aperture_radius_px: float
    background_e: float
    """Median sky level, electrons a pixel."""
    background_rms_e: float

    def __len__(self) -> int:
        return len(self.x)

    @property
    def snr(self) -> Floats:
        return np.divide(self.flux_e, self.flux_error_e, out=np.zeros_like(self.flux_e), where=self.flux_error_e > 0)

    @property
    def instrumental_mag(self) -> Floats:
        """-2.5 log10 of the electrons; NaN where the flux is not positive."""
        positive = np.where(self.flux_e > 0, self.flux_e, np.nan)
        return np.asarray(-2.5 * np.log10(positive), dtype=np.float64)

    @property
    def mag_error(self) -> Floats:
        """Statistical error of the magnitude: 1.0857 / (S/N); NaN where there is no signal."""
        snr = self.snr
        return np.divide(1.0857, snr, out=np.full_like(snr, np.nan), where=snr > 0)

    def has(self, flag: int) -> Bools:
        """True for the sources that carry one of the flags."""
        return np.asarray((self.flags & int(flag)) != 0)

    @property
    def median_fwhm_px(self) -> float | None:
        """Of the clean sources with S/N above 10; None where there is none."""
        good = ~self.has(0xFF & ~SourceFlag.BLENDED) & (self.snr > 10) & np.isfinite(self.fwhm_px)
        return float(np.median(self.fwhm_px[good])) if good.any() else None

    def select(self, rows: Bools | Indices) -> Self:
        """The same table with some of its rows."""
        columns: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen: dict[str, Any] = {k: v[rows] for k, v in columns.items() if isinstance(v, np.ndarray)}
        return replace(self, **chosen)

    @classmethod
    def of_positions(cls, x: Floats, y: Floats, flux_e: Floats) -> Self:
        """A table made of positions and fluxes alone (from another extractor), brightest first."""
        order = np.argsort(-np.asarray(flux_e))
        n, flux = len(order), np.asarray(flux_e, dtype=float)[order]
        ones = np.ones(n)
        return cls(
            np.asarray(x, dtype=float)[order], np.asarray(y, dtype=float)[order], ones * 0.1, flux,
            np.sqrt(np.maximum(flux, 1.0)), flux, ones * np.nan, ones * 0.0, np.zeros(n, dtype=np.intp), 0.0, 0.0, 0.0,
        )  # fmt: skip


def extract(
    frame: Calibrated | Image,
    mask: Mask | None = None,
    *,
    threshold_sigma: float = THRESHOLD_SIGMA,
    minimum_pixels: int = MINIMUM_PIXELS,
    minimum_snr: float = MINIMUM_SNR,
    aperture_radius_px: float | None = None,
) -> Sources:
    """The sources of a calibrated frame (or of an image in electrons with its `PixelFlag` mask).

    The aperture is 1.5 times the median full width at half maximum unless it is given.

    Raises:
        ExtractionError: the field overflows the extractor's buffers.
    """
    import sep

    image, mask = (frame.data, frame.mask) if isinstance(frame, Calibrated) else (frame, mask)
    image = np.ascontiguousarray(image, dtype=np.float32)
    unusable = np.zeros(image.shape, dtype=bool) if mask is None else flagged(mask, UNUSABLE)
    box = min(BACKGROUND_BOX_PX, *image.shape)
    background = sep.Background(image, mask=unusable, bw=box, bh=box)
    rms = background.rms()
    rms[rms <= 0] = max(float(background.globalrms), 1e-6)  # an image without noise still has sources
    flat_sky = image - background.back()
    sep.set_extract_pixstack(max(300_000, image.size // 4))
    try:
        found = sep.extract(
            flat_sky, threshold_sigma, err=rms, mask=unusable, minarea=minimum_pixels, filter_type="conv"
        )
    except Exception as error:  # sep raises nothing more precise
        raise ExtractionError(f"{error}; raise the threshold ({threshold_sigma:g} sigma)") from error
    level, level_rms = float(background.globalback), float(background.globalrms)
    if len(found) == 0:
        return _nothing_found(level, level_rms)

    found = found[_probe_snr(flat_sky, rms, found, unusable) > 0.7 * minimum_snr]
    if len(found) == 0:
        return _nothing_found(level, level_rms)
    fwhm = _fwhm_px(flat_sky, found, unusable)
    typical = _typical_fwhm(found, fwhm, _probe_snr(flat_sky, rms, found, unusable))
    radius = aperture_radius_px or float(np.clip(1.5 * typical, 2.0, 25.0))
    x, y = _centroids(flat_sky, found, typical, unusable)
    flux, flux_error, _ = sep.sum_circle(flat_sky, x, y, radius, err=rms, mask=unusable, gain=1.0)
    position_error = np.hypot(CENTROID_FLOOR_PX, typical / FWHM_PER_SIGMA / np.maximum(flux / flux_error, 1.0))
    flags = _flags(found, x, y, fwhm, typical, radius, image.shape, mask)
    flags[_peaked(found["peak"], flux, flux / flux_error, level_rms)] |= SourceFlag.SHARP
    position_error[(flags & SourceFlag.BLENDED) != 0] += BLENDED_ERROR_PX
    order = np.argsort(-flux, kind="stable")
    table = Sources(
        x, y, position_error, flux, flux_error, found["peak"].astype(float), fwhm,
        1.0 - found["b"] / found["a"], flags, radius, level, level_rms,
    )  # fmt: skip
    return table.select(order[table.snr[order] >= minimum_snr])


def _nothing_found(level_e: float, rms_e: float) -> Sources:
    nothing = np.empty(0)
    empty = Sources.of_positions(nothing, nothing, nothing)
    return replace(empty, background_e=level_e, background_rms_e=rms_e, aperture_radius_px=PROBE_RADIUS_PX)


def _probe_snr(flat_sky: Image, rms: Image, found: np.ndarray, unusable: Bools) -> Floats:
    """Signal to noise in a small fixed aperture, before the width of a star is known."""
    import sep

    flux, error, _ = sep.sum_circle(flat_sky, found["x"], found["y"], PROBE_RADIUS_PX, err=rms, mask=unusable, gain=1.0)
    return np.asarray(np.divide(flux, error, out=np.zeros_like(flux), where=error > 0), dtype=np.float64)


def _fwhm_px(flat_sky: Image, found: np.ndarray, unusable: Bools) -> Floats:
    """From the half-light radius: the FWHM of a Gaussian is twice that. Brightest 2000; the rest by its moments."""
    import sep

    moments = FWHM_PER_SIGMA * np.sqrt(np.maximum(found["a"] * found["b"], 0.01))
    best = np.argsort(-found["flux"])[:2000]
    reach = np.clip(3.0 * moments[best], 4.0, 40.0)
    half_light, _ = sep.flux_radius(flat_sky, found["x"][best], found["y"][best], reach, 0.5, mask=unusable)
    fwhm = np.asarray(moments, dtype=float)
    good = np.isfinite(half_light) & (half_light > 0)
    fwhm[best[good]] = 2.0 * half_light[good]
    return fwhm


def _peaked(peak_e: Floats, flux_e: Floats, snr: Floats, rms_e: float) -> Bools:
    """True where the brightest pixel, less two sigma of noise, holds far more of the light than in the stars."""
    share = np.divide(peak_e, flux_e, out=np.zeros_like(flux_e), where=flux_e > 0)
    sure = np.divide(peak_e - 2.0 * rms_e, flux_e, out=np.zeros_like(flux_e), where=flux_e > 0)
    bright = snr > 15.0
    if bright.sum() < 3:
        return np.zeros(len(flux_e), dtype=bool)
    return np.asarray(sure > PEAKED * np.median(share[bright]))


def _typical_fwhm(found: np.ndarray, fwhm: Floats, snr: Floats) -> float:
    """The median width of the clean, well measured sources; of the best ten where fewer are."""
    clean = (found["flag"] == 0) & (snr > 15.0)
    best = np.flatnonzero(clean) if clean.sum() >= 5 else np.argsort(-snr)[:10]
    return float(np.clip(np.median(fwhm[best]), 1.0, 30.0))


def _centroids(flat_sky: Image, found: np.ndarray, fwhm_px: float, unusable: Bools) -> tuple[Floats, Floats]:
    """Windowed centroids; the isophotal one where the window wandered off to a neighbour."""
    import sep

    x0, y0 = found["x"].astype(float), found["y"].astype(float)
    x, y, flag = sep.winpos(flat_sky, x0, y0, fwhm_px / FWHM_PER_SIGMA, mask=unusable, subpix=5)
    wandered = (flag != 0) | ~np.isfinite(x) | ~np.isfinite(y) | (np.hypot(x - x0, y - y0) > fwhm_px)
    return np.where(wandered, x0, x), np.where(wandered, y0, y)


def _flags(
    found: np.ndarray,
    x: Floats,
    y: Floats,
    fwhm: Floats,
    typical: float,
    radius: float,
    shape: tuple[int, ...],
    mask: Mask | None,
) -> Indices:
    import sep

    flags = np.zeros(len(found), dtype=np.intp)
    flags[(found["flag"] & sep.OBJ_MERGED) != 0] |= SourceFlag.BLENDED
    margin = min(radius, 3.0 * typical)
    inside = (x > margin) & (x < shape[1] - 1 - margin) & (y > margin) & (y < shape[0] - 1 - margin)
    flags[~inside] |= SourceFlag.EDGE
    flags[fwhm < SHARP * typical] |= SourceFlag.SHARP
    if mask is not None and mask.any():
        for bits, flag in ((PixelFlag.SATURATED, SourceFlag.SATURATED), (UNUSABLE, SourceFlag.BAD_PIXELS)):
            touched, _, _ = sep.sum_circle(flagged(mask, bits).astype(np.float32), x, y, max(2.0, typical))
            flags[touched > 0] |= flag
    return flags
