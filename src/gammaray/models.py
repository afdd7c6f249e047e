"""Photon spectra of bursts: Band, cut-off power law, power law.

Photons / (cm² s keV) at E keV, pivot 100 keV. Band et al. 1993 (ApJ 413, 281), with `epeak_kev` the peak of E² N(E).
Parameters are fitted as `ln_amplitude`, indices, and `ln_epeak`, which keeps them independent and above zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PIVOT_KEV = 100.0
KEV_TO_ERG = 1.602176634e-9
"""CODATA 2018, exact."""


def power_law(energy_kev: Array, parameters: Array) -> Array:
    """ln_amplitude, index: A (E/100)^index."""
    return np.asarray(np.exp(parameters[0] + parameters[1] * np.log(energy_kev / PIVOT_KEV)))


def cutoff_power_law(energy_kev: Array, parameters: Array) -> Array:
    """ln_amplitude, alpha, ln_epeak: A (E/100)^alpha exp(-E (2 + alpha) / Epeak)."""
    alpha = parameters[1]
    folded = energy_kev * (2.0 + alpha) * np.exp(-parameters[2])
    return np.asarray(np.exp(parameters[0] + alpha * np.log(energy_kev / PIVOT_KEV) - folded))


def band(energy_kev: Array, parameters: Array) -> Array:
    """ln_amplitude, alpha, beta, ln_epeak: cut-off power law below (alpha - beta) Epeak / (2 + alpha), E^beta above."""
    ln_amplitude, alpha, beta, ln_epeak = parameters
    fold_kev = np.exp(ln_epeak) / (2.0 + alpha)
    step = max(alpha - beta, 1e-3)
    break_kev = step * fold_kev
    ln_energy = np.log(energy_kev / PIVOT_KEV)
    low = alpha * ln_energy - energy_kev / fold_kev
    high = beta * ln_energy + step * (np.log(break_kev / PIVOT_KEV) - 1.0)
    return np.asarray(np.exp(ln_amplitude + np.where(energy_kev < break_kev, low, high)))


@dataclass(frozen=True)
class Parameter:
    """One parameter as fitted and as told. `ln_` ones are told as their exponential, under `name` without it."""

    name: str
    unit: str
    low: float
    high: float
    starts: tuple[float, ...]

    @property
    def told_as(self) -> str:
        return {"ln_amplitude": "amplitude", "ln_epeak": "epeak_kev"}.get(self.name, self.name)

    @property
    def is_logarithm(self) -> bool:
        return self.name.startswith("ln_")


@dataclass(frozen=True)
class Model:
    """A spectral shape; the first parameter is always `ln_amplitude`."""

    name: str
    photons: Callable[[Array, Array], Array]
    parameters: tuple[Parameter, ...]

    @property
    def low(self) -> Array:
        return np.array([p.low for p in self.parameters])

    @property
    def high(self) -> Array:
        return np.array([p.high for p in self.parameters])


_AMPLITUDE = Parameter("ln_amplitude", "photon/(cm2 s keV)", -60.0, 30.0, (0.0,))
_ALPHA = Parameter("alpha", "", -1.95, 3.0, (-1.6, -1.0, -0.3))
_BETA = Parameter("beta", "", -8.0, -1.6, (-2.4,))
_EPEAK = Parameter("ln_epeak", "keV", float(np.log(1.0)), float(np.log(1e5)),
                   tuple(float(np.log(e)) for e in (15.0, 50.0, 150.0, 500.0, 2000.0)))  # fmt: skip
MODELS = {
    "band": Model("band", band, (_AMPLITUDE, _ALPHA, _BETA, _EPEAK)),
    "cpl": Model("cpl", cutoff_power_law, (_AMPLITUDE, _ALPHA, _EPEAK)),
    "pl": Model("pl", power_law, (_AMPLITUDE, Parameter("index", "", -8.0, 4.0, (-3.0, -2.0, -1.5, -1.0)))),
}


def energy_flux(model: Model, parameters: Array, band_kev: tuple[float, float]) -> float:
    """Integral of E N(E) over a band, erg / (cm² s)."""
    return _moment(model, parameters, band_kev, 1) * KEV_TO_ERG


def photon_flux(model: Model, parameters: Array, band_kev: tuple[float, float]) -> float:
    """Integral of N(E) over a band, photons / (cm² s)."""
    return _moment(model, parameters, band_kev, 0)


def _moment(model: Model, parameters: Array, band_kev: tuple[float, float], power: int) -> float:
    ln_energy = np.linspace(np.log(band_kev[0]), np.log(band_kev[1]), 801)
    energy = np.exp(ln_energy)
    return float(np.trapezoid(model.photons(energy, parameters) * energy ** (power + 1), ln_energy))
