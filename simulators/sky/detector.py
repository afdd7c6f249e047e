"""From electrons to numbers: a detector with its bias, dark current, hot pixels, flat field, noise and converter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Counts = NDArray[np.uint16]

SATURATION = 65535


@dataclass(frozen=True)
class DetectorDesign:
    """One detector. Gain in electrons per count, readout noise in electrons, dark current in e/s/px at 0 °C."""

    seed: int
    width: int = 512
    height: int = 512
    gain_e_adu: float = 1.5
    read_noise_e: float = 6.0
    bias_adu: float = 1000.0
    dark_e_s: float = 0.4
    dark_doubling_c: float = 6.5
    full_well_e: float = 90_000.0
    hot_pixel_fraction: float = 0.0008
    vignetting: float = 0.12
    """Light lost in the corners."""
    pixel_response_rms: float = 0.012
    cosmic_rays_per_s: float = 0.02


@dataclass(frozen=True)
class Detector:
    """A detector of one design; its fixed patterns are made once and never change."""

    design: DetectorDesign

    @cached_property
    def flat_response(self) -> Image:
        """Relative response of each pixel, about 1: vignetting, pixel to pixel, and a few dust rings."""
        design = self.design
        random = np.random.default_rng([design.seed, 1])
        y, x = np.mgrid[-1 : 1 : design.height * 1j, -1 : 1 : design.width * 1j]
        response = 1.0 - design.vignetting * (x * x + y * y) / 2.0
        for _ in range(5):
            x0, y0, radius = random.uniform(-0.9, 0.9), random.uniform(-0.9, 0.9), random.uniform(0.03, 0.07)
            distance = np.hypot(x - x0, y - y0) / radius
            response *= 1.0 - 0.04 * np.exp(-(((distance - 1.0) / 0.35) ** 2))
        response *= random.normal(1.0, design.pixel_response_rms, response.shape)
        result: Image = np.clip(response, 0.3, None).astype(np.float32)
        return result

    @cached_property
    def bias_pattern(self) -> Image:
        """Counts with no light and no time: a level, a slight gradient, and columns."""
        random = np.random.default_rng([self.design.seed, 2])
        columns = random.normal(0.0, 1.5, self.design.width)
        rows = np.linspace(0.0, 4.0, self.design.height)
        return (self.design.bias_adu + columns[None, :] + rows[:, None]).astype(np.float32)

    @cached_property
    def dark_rate(self) -> Image:
        """Dark current of each pixel at 0 °C in electrons per second; hot pixels have some hundred times more."""
        random = np.random.default_rng([self.design.seed, 3])
        rate = self.design.dark_e_s * random.gamma(30.0, 1.0 / 30.0, (self.design.height, self.design.width))
        hot = random.random(rate.shape) < self.design.hot_pixel_fraction
        rate[hot] *= random.lognormal(5.0, 0.8, int(hot.sum()))
        return rate.astype(np.float32)

    def read(
        self,
        light_e: Image | None,
        exposure_s: float,
        temperature_c: float,
        random: np.random.Generator,
        bin_factor: int = 1,
    ) -> Counts:
        """One frame, rows by columns. `light_e` are the electrons that would fall on a perfect detector; None: dark.

        With binning, `light_e` is at full resolution and charge is summed before the read-out noise is added.
        """
        design = self.design
        electrons = self.dark_rate * (exposure_s * 2.0 ** (temperature_c / design.dark_doubling_c))
        if light_e is not None:
            electrons += light_e * self.flat_response
        # Photon noise as a normal deviate: exact enough above ten electrons, below it the read noise rules.
        noise = random.standard_normal(electrons.shape, dtype=np.float32)
        electrons += noise * np.sqrt(electrons)
        self._strike(electrons, exposure_s, random)
        np.clip(electrons, None, design.full_well_e, out=electrons)
        bias = self.bias_pattern
        if bin_factor > 1:
            electrons, bias = binned(electrons, bin_factor), bias[::bin_factor, ::bin_factor]
            bias = bias[: electrons.shape[0], : electrons.shape[1]]
        electrons += design.read_noise_e * random.standard_normal(electrons.shape, dtype=np.float32)
        counts = electrons / np.float32(design.gain_e_adu) + bias
        result: Counts = np.clip(np.rint(counts), 0, SATURATION).astype(np.uint16)
        return result

    def _strike(self, electrons: Image, exposure_s: float, random: np.random.Generator) -> None:
        """Cosmic rays: short tracks of some thousand electrons."""
        height, width = electrons.shape
        for _ in range(int(random.poisson(self.design.cosmic_rays_per_s * exposure_s))):
            length, angle = random.integers(1, 7), random.uniform(0, np.pi)
            steps = np.arange(length)
            rows = (random.integers(height) + np.rint(steps * np.sin(angle))).astype(int) % height
            columns = (random.integers(width) + np.rint(steps * np.cos(angle))).astype(int) % width
            electrons[rows, columns] += random.uniform(500.0, 4000.0)


def binned(image: Image, factor: int) -> Image:
    """Sums of factor × factor pixels; what does not fill a whole one at the edge is left out."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor].reshape(height, factor, width, factor)
    result: Image = whole.sum(axis=(1, 3), dtype=np.float32)
    return result
