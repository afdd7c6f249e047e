"""Made-up bursts, detectors and files; every truth in them is a number written here or in the test."""

from __future__ import annotations

import itertools
from math import erf
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from gammaray import LightCurve

Array = NDArray[np.float64]


def gaussian_burst(*, sigma_s: float, peak: float, seed: int, bins: int = 2500, bin_s: float = 0.064) -> LightCurve:
    """A Gaussian pulse at t = 20 s on a net curve with unit noise; its T90 is 3.28971 sigma_s (normal quantiles)."""
    start: Array = np.arange(bins, dtype=np.float64) * bin_s - 60.0
    pulse = peak * np.exp(-0.5 * ((start + 0.5 * bin_s - 20.0) / sigma_s) ** 2)
    rate = pulse + np.random.default_rng(seed).standard_normal(bins)
    return LightCurve(start, np.full(bins, bin_s), rate, np.ones(bins))


def noise(*, seed: int, bins: int = 400) -> LightCurve:
    """Background only."""
    rate = np.random.default_rng(seed).standard_normal(bins)
    return LightCurve(np.arange(bins, dtype=np.float64), np.ones(bins), rate, np.ones(bins))


class Detector:
    """A scintillator of `area_cm2`: Gaussian resolution, efficiency falling with energy, 128 channels."""

    def __init__(self, name: str, low_kev: float, high_kev: float, area_cm2: float) -> None:
        self.name = name
        self.true = np.geomspace(0.5 * low_kev, 2.0 * high_kev, 141)
        self.bounds = np.geomspace(low_kev, high_kev, 129)
        middle = np.sqrt(self.true[1:] * self.true[:-1])
        width = 0.12 * middle * (middle / 100.0) ** -0.25
        z = (self.bounds[None, :] - middle[:, None]) / width[:, None]
        below = 0.5 * (1.0 + np.vectorize(erf)(z / np.sqrt(2.0)))
        efficiency = area_cm2 / (1.0 + (middle / (2.0 * high_kev)) ** 2)
        self.matrix = efficiency[:, None] * np.diff(below, axis=1)

    def expected(self, photons: Array) -> Array:
        """Counts a second by channel from photons/(cm² s) in each true-energy bin."""
        return np.asarray(photons @ self.matrix)

    def write_response(self, path: Path) -> Path:
        # in three groups a row, so that the reader has to put them together; channels count from 1
        first = np.array([[1, 51, 101]] * 140, dtype=np.int16)
        length = np.array([[50, 50, 28]] * 140, dtype=np.int16)
        matrix = fits.BinTableHDU.from_columns([
            fits.Column("ENERG_LO", "E", "keV", array=self.true[:-1]),
            fits.Column("ENERG_HI", "E", "keV", array=self.true[1:]),
            fits.Column("N_GRP", "I", array=np.full(140, 3)),
            fits.Column("F_CHAN", "3I", array=first),
            fits.Column("N_CHAN", "3I", array=length),
            fits.Column("MATRIX", "128E", "cm**2", array=self.matrix),
        ], name="SPECRESP MATRIX")  # fmt: skip
        matrix.header["TLMIN4"] = 1
        bounds = fits.BinTableHDU.from_columns([
            fits.Column("CHANNEL", "I", array=np.arange(1, 129)),
            fits.Column("E_MIN", "E", "keV", array=self.bounds[:-1]),
            fits.Column("E_MAX", "E", "keV", array=self.bounds[1:]),
        ], name="EBOUNDS")  # fmt: skip
        fits.HDUList([fits.PrimaryHDU(), matrix, bounds]).writeto(path, overwrite=True)
        return path

    def write_counts(self, path: Path, counts: Array, exposure_s: float) -> Path:
        """A PHA file of Poisson counts."""
        columns = [fits.Column("CHANNEL", "I", array=np.arange(1, 129)), fits.Column("COUNTS", "J", array=counts)]
        return self._write(path, columns, exposure_s, POISSERR=True)

    def write_rate(self, path: Path, rate: Array, error: Array, exposure_s: float) -> Path:
        """A PHA file of rates with Gaussian errors, as fitted backgrounds are."""
        columns = [
            fits.Column("CHANNEL", "I", array=np.arange(1, 129)),
            fits.Column("RATE", "E", array=rate),
            fits.Column("STAT_ERR", "E", array=error),
        ]
        return self._write(path, columns, exposure_s, POISSERR=False)

    def _write(self, path: Path, columns: list[fits.Column], exposure_s: float, **header: object) -> Path:
        table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
        header |= {"EXPOSURE": exposure_s, "TELESCOP": "MADE UP", "INSTRUME": self.name, "HDUCLAS1": "SPECTRUM"}
        table.header.update(header)
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, overwrite=True)
        return path


def band_photons(edges_kev: Array, amplitude: float, alpha: float, beta: float, epeak_kev: float) -> Array:
    """Photons/(cm² s) in each bin: Band et al. 1993, eq. 1, written out on its own (60 points a bin)."""
    total = []
    for low, high in itertools.pairwise(edges_kev):
        energy = np.linspace(low, high, 60)
        e0 = epeak_kev / (2.0 + alpha)
        rising = amplitude * (energy / 100.0) ** alpha * np.exp(-energy / e0)
        pivot = (alpha - beta) * e0 / 100.0
        falling = amplitude * pivot ** (alpha - beta) * np.exp(beta - alpha) * (energy / 100.0) ** beta
        total.append(np.trapezoid(np.where(energy < pivot * 100.0, rising, falling), energy))
    return np.array(total)
