"""Synthetic frames with known truth. The sky is projected by astropy.wcs, not by the code under test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from scipy.special import erf

from reduction.catalogue import CatalogueStars
from reduction.masters import Master, MasterKind


@dataclass
class Field:
    """A piece of sky on a detector."""

    image: np.ndarray
    """raw ADU, uint16"""
    header: fits.Header
    wcs: WCS
    x: np.ndarray
    y: np.ndarray
    mag: np.ndarray
    flux_e: np.ndarray
    ra: np.ndarray
    dec: np.ndarray
    zero_point: float

    def catalogue(self, rows: slice | np.ndarray = slice(None)) -> CatalogueStars:
        return CatalogueStars(self.ra[rows], self.dec[rows], self.mag[rows], name="truth")


def make_wcs(
    ra: float, dec: float, scale_arcsec: float, rotation_deg: float, flipped: bool, width: int, height: int
) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [width / 2 + 0.5, height / 2 + 0.5]
    a = np.radians(rotation_deg)
    s = scale_arcsec / 3600.0
    parity = 1.0 if flipped else -1.0
    wcs.wcs.cd = s * np.array([[parity * np.cos(a), np.sin(a)], [-parity * np.sin(a), np.cos(a)]])
    return wcs


def add_stars(image: np.ndarray, x: np.ndarray, y: np.ndarray, flux: np.ndarray, fwhm_px: float) -> None:
    """Add Gaussians integrated over each pixel."""
    sigma = fwhm_px / 2.3548
    reach = int(np.ceil(6 * sigma)) + 1
    height, width = image.shape
    for xi, yi, f in zip(x, y, flux, strict=True):
        x0, x1 = max(0, int(xi) - reach), min(width, int(xi) + reach + 2)
        y0, y1 = max(0, int(yi) - reach), min(height, int(yi) + reach + 2)
        if x0 >= x1 or y0 >= y1:
            continue
        ex = erf((np.arange(x0, x1 + 1) - 0.5 - xi) / (sigma * np.sqrt(2)))
        ey = erf((np.arange(y0, y1 + 1) - 0.5 - yi) / (sigma * np.sqrt(2)))
        image[y0:y1, x0:x1] += f * 0.25 * np.outer(np.diff(ey), np.diff(ex))


def star_field(
    *,
    seed: int = 1,
    size: int = 512,
    n_stars: int = 60,
    ra: float = 150.0,
    dec: float = 20.0,
    scale: float = 2.0,
    rotation: float = 0.0,
    flipped: bool = False,
    fwhm: float = 3.0,
    sky_e: float = 200.0,
    gain: float = 1.5,
    read_noise_e: float = 5.0,
    bias_adu: float = 500.0,
    mag_range: tuple[float, float] = (11.0, 17.0),
    zero_point: float = 22.0,
    exposure_s: float = 30.0,
    separate_px: float = 0.0,
    saturate_adu: float = 60000.0,
    extra: Sequence[tuple[float, float, float]] = (),
) -> Field:
    """A field of stars; `extra` is a list of (x, y, mag) that follow the others. Counts grow as 10^(0.4 mag)."""
    rng = np.random.default_rng(seed)
    wcs = make_wcs(ra, dec, scale, rotation, flipped, size, size)
    xs: list[float] = []
    ys: list[float] = []
    while len(xs) < n_stars:
        px, py = rng.uniform(12, size - 12, 2)
        if separate_px and any((px - a) ** 2 + (py - b) ** 2 < separate_px**2 for a, b in zip(xs, ys, strict=True)):
            continue
        xs.append(px)
        ys.append(py)
    lo, hi = mag_range
    u = rng.uniform(size=n_stars)
    mag = np.log10(10 ** (0.4 * lo) + u * (10 ** (0.4 * hi) - 10 ** (0.4 * lo))) / 0.4
    if extra:
        xs += [e[0] for e in extra]
        ys += [e[1] for e in extra]
        mag = np.concatenate([mag, [e[2] for e in extra]])
    x, y = np.array(xs), np.array(ys)
    flux = exposure_s * 10 ** (0.4 * (zero_point - mag))
    electrons = np.full((size, size), float(sky_e))
    add_stars(electrons, x, y, flux, fwhm)
    noisy = rng.poisson(electrons) + rng.normal(0, read_noise_e, electrons.shape)
    adu = np.clip(np.round(noisy / gain + bias_adu), 0, saturate_adu).astype(np.uint16)
    sky_ra, sky_dec = wcs.all_pix2world(x, y, 0)
    header = fits.Header()
    header.update(
        RA=float(ra), DEC=float(dec), PIXSCALE=scale, GAIN=gain, RDNOISE=read_noise_e, EXPTIME=exposure_s,
        SATURATE=saturate_adu, FILTER="r", INSTRUME="VIS", XBINNING=1, YBINNING=1,
    )  # fmt: skip
    header["DATE-OBS"] = "2026-01-01T00:00:00"
    return Field(adu, header, wcs, x, y, mag, flux, sky_ra, sky_dec, zero_point)


def write(path: Path | str, image: np.ndarray, header: fits.Header) -> None:
    fits.PrimaryHDU(image, header).writeto(path)


def bias_master(size: int = 512, level: float = 500.0) -> Master:
    return Master(MasterKind.BIAS, np.full((size, size), level, np.float32), {"BUNIT": "adu"}, "bias.fits")
