"""The spectrum of a burst: files in; parameters, flags, flux and fluence out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .dataset import Dataset, make_dataset
from .errors import FitFailed, InputRefused
from .fitting import Fit, fit_model
from .models import MODELS, Model, energy_flux, photon_flux
from .ogip import Spectrum, read_response, read_spectrum

FLUX_BAND_KEV = (10.0, 1000.0)
SIGNIFICANCE_MIN_SIGMA = 3.0
BETA_ERROR_MAX = 1.0
BETA_GAIN_MIN = 4.0
"""By how much Band's statistic must beat the cut-off power law's (one parameter more: 2 sigma)."""
POOR_FIT_SIGMA = 5.0
DEAD_TIME_MAX = 1.3


@dataclass(frozen=True, eq=False)
class SpectralResult:
    """A fit in physical units. `alternative` is the simpler model offered when the one asked is not constrained."""

    fit: Fit
    datasets: tuple[Dataset, ...]
    flags: tuple[str, ...]
    flux_band_kev: tuple[float, float]
    duration_s: float
    trigger_relative_s: tuple[float, float] | None = None
    alternative: SpectralResult | None = None

    @property
    def statistic_name(self) -> str:
        return "+".join(sorted({data.statistic for data in self.datasets}))

    @property
    def energy_flux_erg_cm2_s(self) -> float:
        return energy_flux(self.fit.model, self.fit.parameters, self.flux_band_kev)

    @property
    def fluence_erg_cm2(self) -> float:
        """Integral of the fitted model over the band, times the duration."""
        return self.energy_flux_erg_cm2_s * self.duration_s

    def relative_flux_error(self, flux: Callable[[Model, Any, tuple[float, float]], float]) -> float | None:
        """One sigma of a flux over the flux, by the covariance; None where that is not known."""
        return _relative_error(self.fit, lambda p: float(np.log(flux(self.fit.model, p, self.flux_band_kev))))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: null where a number is not known."""
        relative, photons = self.relative_flux_error(energy_flux), self.relative_flux_error(photon_flux)
        flux, photon = self.energy_flux_erg_cm2_s, photon_flux(self.fit.model, self.fit.parameters, self.flux_band_kev)
        return {
            "model": self.fit.model.name,
            "parameters": told_parameters(self.fit),
            "flags": list(self.flags),
            "statistic": self.fit.statistic,
            "statistic_name": self.statistic_name,
            "degrees_of_freedom": self.fit.degrees_of_freedom,
            "flux_band_kev": list(self.flux_band_kev),
            "energy_flux_erg_cm2_s": flux,
            "energy_flux_error_erg_cm2_s": None if relative is None else flux * relative,
            "photon_flux_cm2_s": photon,
            "photon_flux_error_cm2_s": None if photons is None else photon * photons,
            "duration_s": self.duration_s,
            "fluence_erg_cm2": self.fluence_erg_cm2,
            "fluence_error_erg_cm2": None if relative is None else self.fluence_erg_cm2 * relative,
            "interval_s": None if self.trigger_relative_s is None else list(self.trigger_relative_s),
            "detectors": [
                {"file": Path(data.file).name, "statistic_name": data.statistic, "channels": len(data.counts),
                 "energy_kev": list(data.used_kev), "exposure_s": data.exposure_s}
                for data in self.datasets
            ],
            "alternative": None if self.alternative is None else self.alternative.to_dict(),
        }  # fmt: skip


def analyse_spectrum(
    pha: Sequence[str | Path],
    rsp: Sequence[str | Path],
    bkg: Sequence[str | Path] = (),
    *,
    model: str = "band",
    energy_kev: tuple[float, float] | None = None,
    flux_band_kev: tuple[float, float] = FLUX_BAND_KEV,
) -> SpectralResult:
    """Fit the spectra of one burst, one or several detectors together.

    Raises InputRefused for files that cannot be used, FitFailed when there is no signal or no fit.
    """
    if model not in MODELS:
        raise InputRefused(f"model: {model!r} is not known; give one of {', '.join(MODELS)}")
    if len(rsp) != len(pha) or (bkg and len(bkg) != len(pha)):
        raise InputRefused(f"{len(pha)} --pha, {len(rsp)} --rsp, {len(bkg)} --bkg: give one of each for every detector")
    datasets, spectra = [], []
    for number, name in enumerate(pha):
        source = read_spectrum(name)
        background = read_spectrum(bkg[number]) if bkg else None
        middle = None if source.start_s is None or source.stop_s is None else 0.5 * (source.start_s + source.stop_s)
        datasets.append(make_dataset(source, read_response(rsp[number], middle), background, energy_kev))
        spectra.append(source)
    return fit_datasets(datasets, spectra, model=model, flux_band_kev=flux_band_kev)


def fit_datasets(
    datasets: Sequence[Dataset], spectra: Sequence[Spectrum], *, model: str, flux_band_kev: tuple[float, float]
) -> SpectralResult:
    """The same from data in memory. Raises FitFailed."""
    net = sum(data.net_counts()[0] for data in datasets)
    sigma = float(np.hypot.reduce([data.net_counts()[1] for data in datasets]))
    if net < SIGNIFICANCE_MIN_SIGMA * sigma:
        found = f"{net:.0f} net counts, {net / max(sigma, 1e-30):.1f} sigma"
        raise FitFailed(f"no signal: {found}; at least {SIGNIFICANCE_MIN_SIGMA:g} sigma are needed")
    common: dict[str, Any] = {
        "datasets": tuple(datasets),
        "flux_band_kev": flux_band_kev,
        "duration_s": duration_of(spectra[0]),
        "trigger_relative_s": _interval(spectra[0]),
    }
    if model != "band":
        fit = fit_model(MODELS[model], datasets)
        return SpectralResult(fit, flags=tuple(_flags(fit)), **common)
    simpler = fit_model(MODELS["cpl"], datasets)
    ln_amplitude, alpha, ln_epeak = simpler.parameters
    # Band with a steep beta is the cut-off power law: starting there, it can only be better
    from_simpler = [np.array([ln_amplitude, alpha, beta, ln_epeak]) for beta in (-2.2, -3.5)]
    fit = fit_model(MODELS["band"], datasets, from_simpler)
    flags = _flags(fit)
    if _beta_is_loose(fit, simpler):
        flags.append("beta_unconstrained")
        offered = SpectralResult(simpler, flags=tuple(_flags(simpler)), **common)
        return SpectralResult(fit, flags=tuple(flags), alternative=offered, **common)
    return SpectralResult(fit, flags=tuple(flags), **common)


def _beta_is_loose(fit: Fit, simpler: Fit) -> bool:
    error = fit.errors[2]
    known = np.isfinite(error) and error < BETA_ERROR_MAX and not fit.at_limit[2]
    return not known or simpler.statistic - fit.statistic < BETA_GAIN_MIN


def _flags(fit: Fit) -> list[str]:
    flags = []
    for parameter, limit, error in zip(fit.model.parameters, fit.at_limit, fit.errors, strict=True):
        if limit:
            flags.append(f"{parameter.told_as}_at_limit")
        elif not np.isfinite(error):
            flags.append(f"{parameter.told_as}_error_unknown")
        elif parameter.name == "ln_epeak" and error > 1.0:
            flags.append("epeak_kev_unconstrained")
    if fit.model.name == "band" and fit.parameters[2] > -2.0:
        flags.append("beta_above_minus_2")  # E² N(E) still rises: epeak_kev is a break, not a peak
    freedom = max(fit.degrees_of_freedom, 1)
    if fit.statistic > freedom + POOR_FIT_SIGMA * np.sqrt(2.0 * freedom):
        flags.append("poor_fit")
    return flags


def told_parameters(fit: Fit) -> dict[str, dict[str, Any]]:
    """Name to value, error (None where not known) and unit, logarithms undone."""
    told = {}
    for parameter, raw, error in zip(fit.model.parameters, fit.parameters, fit.errors, strict=True):
        value = float(np.exp(raw)) if parameter.is_logarithm else float(raw)
        sigma = float(error) * (value if parameter.is_logarithm else 1.0)
        told[parameter.told_as] = {
            "value": value,
            "error": sigma if np.isfinite(sigma) else None,
            "unit": parameter.unit,
        }
    return told


def _relative_error(fit: Fit, function: Callable[[Any], float]) -> float | None:
    free = np.flatnonzero(np.isfinite(np.diag(fit.covariance)))
    if not len(free) or not np.isfinite(fit.covariance[0, 0]):
        return None
    slope = []
    for index in free:
        step = np.zeros(len(fit.parameters))
        step[index] = 1e-4
        slope.append((function(fit.parameters + step) - function(fit.parameters - step)) / 2e-4)
    variance = float(np.array(slope) @ fit.covariance[np.ix_(free, free)] @ np.array(slope))
    return float(np.sqrt(variance)) if variance >= 0 else None


def duration_of(spectrum: Spectrum) -> float:
    """Seconds of the interval: good times, or stop less start, where they are the exposure plus some dead time.

    Headers often keep the times of the whole file: then it is the exposure.
    """
    span = None if spectrum.start_s is None or spectrum.stop_s is None else spectrum.stop_s - spectrum.start_s
    for candidate in (spectrum.good_s, span):
        if (
            candidate is not None
            and spectrum.exposure_s <= candidate * (1 + 1e-6) < DEAD_TIME_MAX * spectrum.exposure_s
        ):
            return float(candidate)
    return spectrum.exposure_s


def _interval(spectrum: Spectrum) -> tuple[float, float] | None:
    if spectrum.start_s is None or spectrum.stop_s is None or spectrum.trigger_s is None:
        return None
    return spectrum.start_s - spectrum.trigger_s, spectrum.stop_s - spectrum.trigger_s
