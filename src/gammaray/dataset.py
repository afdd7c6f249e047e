"""One detector's data, ready to be compared with a folded model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import statistics
from .errors import InputRefused
from .models import Model
from .ogip import Response, Spectrum

Array = NDArray[np.float64]
GAUSS_NODES, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(3)

USABLE_KEV: tuple[tuple[str, tuple[float, float]], ...] = (
    # first that is part of "TELESCOP INSTRUME DETNAM", upper case; source: the instruments' analysis guides
    ("NAI", (8.0, 900.0)),
    ("BGO", (250.0, 38000.0)),
    ("BAT", (15.0, 150.0)),
    ("ECLAIRS", (4.0, 150.0)),
    ("GRM", (15.0, 5000.0)),
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Channels in use, shapes (n,), and their part of the response, (m, n), in counts cm² s."""

    file: str
    statistic: str
    counts: Array
    sigma: Array | None
    background: Array | None
    """Expected in the source's counts (PG-stat, chi²), or the background's own counts (W-stat)."""
    background_sigma: Array | None
    ratio: Array | None
    """Background exposure and area over the source's (W-stat)."""
    energy_kev: Array
    """Quadrature points, shape (m, 3)."""
    weight_kev: Array
    folding: Array
    exposure_s: float
    used_kev: tuple[float, float]

    def predicted(self, model: Model, parameters: Array) -> Array:
        """Source counts by channel."""
        photons = (model.photons(self.energy_kev, parameters) * self.weight_kev).sum(axis=1)
        return np.asarray(photons @ self.folding)

    def deviance(self, predicted: Array) -> Array:
        """The statistic by channel."""
        if self.statistic == "cstat":
            return statistics.cash(self.counts, predicted)
        assert self.background is not None or self.sigma is not None
        if self.statistic == "chi2":
            assert self.sigma is not None
            net = self.counts if self.background is None else self.counts - self.background
            return statistics.chi_squared(net, predicted, self.sigma)
        assert self.background is not None
        if self.statistic == "wstat":
            assert self.ratio is not None
            return statistics.wstat(self.counts, predicted, self.background, self.ratio)
        assert self.background_sigma is not None
        return statistics.pgstat(self.counts, predicted, self.background, self.background_sigma)

    def net_counts(self) -> tuple[float, float]:
        """Counts above the background, and their one sigma."""
        if self.statistic == "wstat":
            assert self.background is not None and self.ratio is not None
            net = self.counts - self.background / self.ratio
            return float(net.sum()), float(np.sqrt((self.counts + self.background / self.ratio**2).sum()))
        net = self.counts if self.background is None else self.counts - self.background
        variance = self.counts if self.sigma is None else self.sigma**2
        if self.background_sigma is not None and self.sigma is None:
            variance = variance + self.background_sigma**2
        return float(net.sum()), float(np.sqrt(variance.sum()))


def make_dataset(
    source: Spectrum, response: Response, background: Spectrum | None, energy_kev: tuple[float, float] | None = None
) -> Dataset:
    """Put spectrum, response and background together; channels of bad quality or outside the band are left out.

    Raises InputRefused when they do not fit together or no channel is left.
    """
    column = _columns(source, response)
    if background is not None and not np.array_equal(background.channel, source.channel):
        raise InputRefused(f"{background.file}: its channels are not those of {source.file}; give its own background")
    low, high = response.channel_low_kev[column], response.channel_high_kev[column]
    band = energy_kev or usable_kev(source.detector) or (float(low.min()), float(high.max()))
    used = (source.quality == 0) & (low >= band[0] * (1 - 1e-6)) & (high <= band[1] * (1 + 1e-6))
    if background is not None:
        used &= background.quality == 0
    if source.sigma is not None:
        used &= source.sigma > 0
    if used.sum() < 3:
        raise InputRefused(
            f"{source.file}: {int(used.sum())} good channels from {band[0]:g} to {band[1]:g} keV; widen --energy"
        )
    statistic, known = _background(source, background, used)
    energy, weight = _quadrature(response)
    expected, expected_sigma, ratio = (None if part is None else part[used] for part in known)
    return Dataset(
        source.file, statistic, source.counts[used], None if source.sigma is None else _sigma(source, known)[used],
        expected, expected_sigma, ratio, energy, weight,
        response.matrix[:, column[used]] * (source.exposure_s * source.area[used]), source.exposure_s,
        (float(low[used].min()), float(high[used].max())),
    )  # fmt: skip


def usable_kev(detector: str) -> tuple[float, float] | None:
    """The band in which an instrument's response is trusted; None for one that is not known."""
    name = detector.upper()
    if "GBM" in name and "NAI" not in name and "BGO" not in name:
        return None
    return next((band for part, band in USABLE_KEV if part in name), None)


def _columns(source: Spectrum, response: Response) -> NDArray[np.intp]:
    if len(source.channel) == len(response.channel):  # numbered from 0 here and from 1 there is common, and harmless
        return np.arange(len(source.channel))
    place = {int(channel): i for i, channel in enumerate(response.channel)}
    if any(int(channel) not in place for channel in source.channel):
        raise InputRefused(
            f"{response.file}: {len(response.channel)} channels do not fit the {len(source.channel)} of {source.file}"
        )
    return np.array([place[int(channel)] for channel in source.channel])


def _background(
    source: Spectrum, background: Spectrum | None, used: NDArray[np.bool_]
) -> tuple[str, tuple[Array | None, Array | None, Array | None]]:
    """The statistic, and (background, its sigma, ratio) over all channels."""
    if background is None:
        return ("cstat" if source.sigma is None else "chi2"), (None, None, None)
    ratio = background.exposure_s * background.scale / (source.exposure_s * source.scale)
    if background.sigma is None and source.sigma is None and float(background.counts[used].sum()) > 0:
        return "wstat", (background.counts, None, ratio)
    sigma = np.sqrt(np.maximum(background.counts, 0.0)) if background.sigma is None else background.sigma
    expected = background.counts / ratio, sigma / ratio
    return ("pgstat" if source.sigma is None else "chi2"), (*expected, None)


def _sigma(source: Spectrum, known: tuple[Array | None, Array | None, Array | None]) -> Array:
    assert source.sigma is not None
    return source.sigma if known[1] is None else np.hypot(source.sigma, known[1])


def _quadrature(response: Response) -> tuple[Array, Array]:
    """Three Gauss-Legendre points in ln E for each energy bin, and their widths in keV."""
    middle = 0.5 * (np.log(response.energy_low_kev) + np.log(response.energy_high_kev))
    half = 0.5 * (np.log(response.energy_high_kev) - np.log(response.energy_low_kev))
    energy = np.exp(middle[:, None] + half[:, None] * GAUSS_NODES)
    return energy, half[:, None] * GAUSS_WEIGHTS * energy
