"""From sky to electrons: what falls on a detector during one exposure, without any noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.sky.bands import Band
from simulators.sky.brightness import Lights, sky_mag
from simulators.sky.projection import Projection
from simulators.sky.stars import StarField, separation_deg
from simulators.sky.transients import Transient

Image = NDArray[np.float32]

OPTICS_FWHM_PX = 1.6
"""Blur by optics and pixel alone: no star is sharper than this, whatever the seeing."""

# Stamp half-widths in units of the blur, by total electrons: a faint star needs few pixels to be whole.
_STAMPS = ((0.0, 2.0), (3e4, 3.5), (3e6, 6.0))

_GRID = np.linspace(-4.0, 4.0, 2049)
_NORMAL_CDF = np.array([0.5 * (1.0 + math.erf(x / math.sqrt(2.0))) for x in _GRID])


@dataclass(frozen=True)
class Atmosphere:
    """What the air does along the line of sight."""

    airmass: float
    seeing_arcsec: float
    """Full width at half maximum at the zenith."""
    cloud_mag: float
    lights: Lights


@dataclass(frozen=True)
class Scene:
    """One exposure of one field in one band."""

    projection: Projection
    band: Band
    zero_point_mag: float
    """Magnitude that gives 1 electron per second above the atmosphere."""
    exposure_s: float
    mid_unix_s: float
    atmosphere: Atmosphere
    defocus_px: float = 0.0

    @property
    def fwhm_px(self) -> float:
        """Full width at half maximum of a star (seeing grows as airmass^0.6)."""
        seeing_px = self.atmosphere.seeing_arcsec * self.atmosphere.airmass**0.6 / self.projection.scale_arcsec
        return math.sqrt(seeing_px**2 + OPTICS_FWHM_PX**2 + self.defocus_px**2)

    @property
    def sky_electrons_per_px(self) -> float:
        """Sky level of the exposure; clouds dim the twilight a little and spread what is below."""
        brightness = sky_mag(self.band, self.atmosphere.lights)
        return self._electrons(brightness) * self.projection.scale_arcsec**2 * 10 ** (-0.1 * self.atmosphere.cloud_mag)

    def dimmed_electrons(self, magnitude: float) -> float:
        """Electrons of a point source through air and clouds."""
        loss_mag = self.band.extinction_mag * self.atmosphere.airmass + self.atmosphere.cloud_mag
        return self._electrons(magnitude + loss_mag)

    def _electrons(self, magnitude: float) -> float:
        return float(10 ** (-0.4 * (magnitude - self.zero_point_mag)) * self.exposure_s)

    def expose(self, field: StarField, transients: Sequence[Transient]) -> Image:
        """Electrons on every pixel, rows by columns: sky, stars and transients."""
        size = self.projection
        sky = self.sky_electrons_per_px
        image = np.full((size.height, size.width), sky, dtype=np.float32)
        # Stars that would put less than a fifth of the sky's noise into their brightest pixel cannot be seen.
        noise = math.sqrt(sky + 25.0)
        fewest = 0.2 * noise * self.fwhm_px**2
        brightest_lost = -2.5 * math.log10(fewest / max(1e-9, self.dimmed_electrons(0.0)))
        # The r magnitude may differ from the band's by up to what the reddest star's colour makes.
        margin_mag = abs(self.band.offset_mag) + 3.2 * max(0.0, -self.band.slope)
        stars = field.cone(
            size.ra_deg, size.dec_deg, size.radius_deg + 20 * size.scale_arcsec / 3600, brightest_lost + margin_mag
        )
        electrons = self.dimmed_electrons(0.0) * 10 ** (-0.4 * stars.magnitude(self.band.offset_mag, self.band.slope))
        x, y = size.pixels(stars.ra_deg, stars.dec_deg)
        seen = electrons >= fewest
        add_points(image, x[seen], y[seen], electrons[seen], self.fwhm_px)
        self._add_transients(image, transients)
        return image

    def _add_transients(self, image: Image, transients: Sequence[Transient]) -> None:
        for transient in transients:
            magnitude = transient.magnitude(self.band, self.mid_unix_s)
            if magnitude is None or _far(self.projection, transient):
                continue
            x, y = self.projection.pixels(np.array([transient.ra_deg]), np.array([transient.dec_deg]))
            add_points(image, x, y, np.array([self.dimmed_electrons(magnitude)]), self.fwhm_px)


def add_points(
    image: Image, x: NDArray[np.float64], y: NDArray[np.float64], electrons: NDArray[np.float64], fwhm_px: float
) -> None:
    """Add point sources to an image in place: Gaussians integrated over each pixel."""
    sigma_px = fwhm_px / 2.3548
    edges = [*(limit for limit, _ in _STAMPS), math.inf]
    for (low, widths), high in zip(_STAMPS, edges[1:], strict=True):
        group = (electrons >= low) & (electrons < high)
        if group.any():
            half = max(3, math.ceil(widths * fwhm_px))
            _add_stamps(image, x[group], y[group], electrons[group], sigma_px, half)


def _add_stamps(
    image: Image,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    electrons: NDArray[np.float64],
    sigma_px: float,
    half: int,
) -> None:
    height, width = image.shape
    near = (x > -half) & (x < width - 1 + half) & (y > -half) & (y < height - 1 + half)
    x, y, electrons = x[near], y[near], electrons[near]
    steps = np.arange(-half, half + 1)
    columns, rows = np.rint(x).astype(int)[:, None] + steps, np.rint(y).astype(int)[:, None] + steps
    across = _pixel_shares(columns, x, sigma_px, width)
    along = _pixel_shares(rows, y, sigma_px, height)
    light = along[:, :, None] * (across * electrons[:, None])[:, None, :]
    index = np.clip(rows, 0, height - 1)[:, :, None] * width + np.clip(columns, 0, width - 1)[:, None, :]
    added = np.bincount(index.ravel(), light.ravel(), height * width)
    image += added.reshape(height, width).astype(np.float32)


def _pixel_shares(
    pixels: NDArray[np.int64], centre: NDArray[np.float64], sigma_px: float, size: int
) -> NDArray[np.float64]:
    """The part of a Gaussian in each pixel along one axis; nothing outside the detector."""
    offset = pixels - centre[:, None]
    share = np.interp((offset + 0.5) / sigma_px, _GRID, _NORMAL_CDF) - np.interp(
        (offset - 0.5) / sigma_px, _GRID, _NORMAL_CDF
    )
    result: NDArray[np.float64] = np.where((pixels >= 0) & (pixels < size), share, 0.0)
    return result


def _far(projection: Projection, transient: Transient) -> bool:
    distance = separation_deg(
        projection.ra_deg, projection.dec_deg, np.array([transient.ra_deg]), np.array([transient.dec_deg])
    )
    return bool(distance[0] > projection.radius_deg + 0.1)
