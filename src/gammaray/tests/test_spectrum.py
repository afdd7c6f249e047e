"""Spectra of made-up bursts, folded through made-up detectors, with parameters that are known."""

from __future__ import annotations

import numpy as np
import pytest

from gammaray import FitFailed, InputRefused, analyse_spectrum, read_response, read_spectrum
from gammaray.models import MODELS, energy_flux
from gammaray.statistics import cash, pgstat, wstat

from .synthetic import Detector, band_photons

EXPOSURE_S = 20.0
FLAT_BACKGROUND = np.full(128, 2.5)
"""Counts a second by channel."""


class Burst:
    """Files of one burst in two detectors."""

    def __init__(self, folder):
        self.folder = folder
        self.detectors = [Detector("NAI", 8.0, 1000.0, 100.0), Detector("BGO", 200.0, 40000.0, 120.0)]
        self.rsp = [d.write_response(folder / f"{d.name}.rsp") for d in self.detectors]

    def observe(self, truth, *, seed, background="gaussian"):
        """PHA and background files of a Band burst `(amplitude, alpha, beta, epeak)`."""
        generator, pha, bkg = np.random.default_rng(seed), [], []
        for d in self.detectors:
            source = d.expected(band_photons(d.true, *truth))
            stem = self.folder / f"{d.name}_{background}_{seed}"
            counts = generator.poisson((source + FLAT_BACKGROUND) * EXPOSURE_S)
            pha.append(d.write_counts(stem.with_suffix(".pha"), counts, EXPOSURE_S))
            if background == "gaussian":
                error = np.sqrt(FLAT_BACKGROUND / 200.0)
                rate = FLAT_BACKGROUND + generator.normal(0.0, error)
                bkg.append(d.write_rate(stem.with_suffix(".bak"), rate, error, EXPOSURE_S))
            else:
                bkg.append(d.write_counts(stem.with_suffix(".bak"), generator.poisson(FLAT_BACKGROUND * 100.0), 100.0))
        return pha, bkg


@pytest.fixture(scope="module")
def burst(tmp_path_factory):
    return Burst(tmp_path_factory.mktemp("burst"))


TRUTH = {"amplitude": 0.05, "alpha": -1.0, "beta": -2.3, "epeak_kev": 300.0}


@pytest.mark.parametrize(("background", "statistic"), [("gaussian", "pgstat"), ("poisson", "wstat")])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_band_parameters_come_back_within_their_errors(burst, background, statistic, seed):
    pha, bkg = burst.observe(tuple(TRUTH.values()), seed=seed, background=background)
    found = analyse_spectrum(pha, burst.rsp, bkg).to_dict()
    assert found["statistic_name"] == statistic
    assert found["flags"] == []
    for name, true in TRUTH.items():
        told = found["parameters"][name]
        assert abs(told["value"] - true) < 3.5 * told["error"], name
        assert told["error"] < 0.15 * abs(true), name
    assert found["degrees_of_freedom"] == sum(d["channels"] for d in found["detectors"]) - 4
    assert 0.75 < found["statistic"] / found["degrees_of_freedom"] < 1.25


def test_the_errors_are_of_the_right_size(burst):
    pulls = []
    for seed in range(100, 125):
        pha, bkg = burst.observe(tuple(TRUTH.values()), seed=seed)
        told = analyse_spectrum(pha, burst.rsp, bkg).to_dict()["parameters"]
        pulls.append([(told[name]["value"] - true) / told[name]["error"] for name, true in TRUTH.items()])
    # the standard deviation of 25 normal numbers is 1 +- 0.14
    assert np.std(pulls, axis=0) == pytest.approx(np.ones(4), abs=0.45)
    assert np.mean(pulls, axis=0) == pytest.approx(np.zeros(4), abs=0.8)


def test_fluence_is_the_integral_of_the_fitted_model_times_the_duration(burst):
    pha, bkg = burst.observe(tuple(TRUTH.values()), seed=5)
    found = analyse_spectrum(pha, burst.rsp, bkg).to_dict()
    assert found["duration_s"] == 20.0
    assert found["fluence_erg_cm2"] == pytest.approx(20.0 * found["energy_flux_erg_cm2_s"])
    assert abs(found["energy_flux_erg_cm2_s"] - oracle_flux()) < 3.5 * found["energy_flux_error_erg_cm2_s"]


def oracle_flux():
    """E N(E) of the true spectrum integrated with the test's own Band function, keV to erg by CODATA."""
    edges = np.geomspace(10.0, 1000.0, 400)
    photons = band_photons(edges, *TRUTH.values())
    return float((photons * np.sqrt(edges[1:] * edges[:-1])).sum() * 1.602176634e-9)


def test_a_faint_burst_has_its_beta_flagged_and_the_cutoff_power_law_offered(burst):
    pha, bkg = burst.observe((0.002, -1.0, -2.3, 300.0), seed=1)
    found = analyse_spectrum(pha, burst.rsp, bkg).to_dict()
    assert "beta_unconstrained" in found["flags"]
    offered = found["alternative"]
    assert offered["model"] == "cpl"
    assert abs(offered["parameters"]["alpha"]["value"] + 1.0) < 3.5 * offered["parameters"]["alpha"]["error"]


def test_a_cutoff_power_law_is_recovered(burst):
    pha, bkg = burst.observe((0.05, -0.7, -30.0, 200.0), seed=1)  # beta -30: no high-energy part
    told = analyse_spectrum(pha, burst.rsp, bkg, model="cpl").to_dict()["parameters"]
    assert abs(told["alpha"]["value"] + 0.7) < 3.5 * told["alpha"]["error"]
    assert abs(told["epeak_kev"]["value"] - 200.0) < 3.5 * told["epeak_kev"]["error"]


def test_a_power_law_is_recovered(burst):
    # far above the break Band is E^beta: alpha near beta, epeak below the band
    pha, bkg = burst.observe((0.05, -1.6, -1.8, 1.0), seed=1)
    told = analyse_spectrum(pha, burst.rsp, bkg, model="pl").to_dict()["parameters"]
    assert abs(told["index"]["value"] + 1.8) < 3.5 * told["index"]["error"]


def test_pure_background_is_no_spectrum(burst):
    pha, bkg = burst.observe((1e-9, -1.0, -2.3, 300.0), seed=1)
    with pytest.raises(FitFailed, match="no signal"):
        analyse_spectrum(pha, burst.rsp, bkg)


def test_one_response_for_two_spectra_is_refused(burst):
    pha, bkg = burst.observe(tuple(TRUTH.values()), seed=9)
    with pytest.raises(InputRefused, match="2 --pha, 1 --rsp"):
        analyse_spectrum(pha, burst.rsp[:1], bkg)
    with pytest.raises(InputRefused, match="model"):
        analyse_spectrum(pha, burst.rsp, bkg, model="blackbody")
    with pytest.raises(InputRefused, match=r"NAI\.rsp: .*SPECTRUM"):
        analyse_spectrum(burst.rsp[:1], burst.rsp[:1])


def test_the_instruments_band_is_used_and_may_be_changed(burst):
    pha, bkg = burst.observe(tuple(TRUTH.values()), seed=10)
    low, high = analyse_spectrum(pha[:1], burst.rsp[:1], bkg[:1]).datasets[0].used_kev
    assert low >= 8.0 * (1 - 1e-5) and high <= 900.0
    assert analyse_spectrum(pha[:1], burst.rsp[:1], bkg[:1], energy_kev=(20.0, 500.0)).datasets[0].used_kev[0] >= 20.0


def test_a_response_in_groups_is_put_together(burst):
    found = read_response(burst.rsp[0])
    assert found.matrix == pytest.approx(burst.detectors[0].matrix, rel=1e-6, abs=1e-9)


def test_counts_without_background_are_poisson(burst):
    pha, _ = burst.observe(tuple(TRUTH.values()), seed=11)
    assert read_spectrum(pha[0]).sigma is None


def test_cash_of_3_counts_where_2_are_expected():
    # 2 (2 - 3 + 3 ln 1.5) = 0.432791 by hand
    assert cash(np.array([3.0]), np.array([2.0]))[0] == pytest.approx(0.432791, abs=1e-6)
    assert cash(np.array([0.0]), np.array([2.0]))[0] == 4.0


@pytest.mark.parametrize("counts", [0.0, 1.0, 7.0, 150.0])
@pytest.mark.parametrize("model", [0.01, 3.0, 200.0])
def test_profiled_backgrounds_are_where_a_fine_grid_finds_the_lowest_value(counts, model):
    one = np.array([1.0])
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 400.0, 400_001)])
    plain = cash(counts * np.ones_like(grid), model + grid)
    gaussian = (plain + ((5.0 - grid) / 1.5) ** 2).min()
    assert pgstat(counts * one, model * one, 5.0 * one, 1.5 * one)[0] == pytest.approx(gaussian, rel=1e-5, abs=1e-6)
    poisson = (plain + cash(20.0 * np.ones_like(grid), 4.0 * np.maximum(grid, 1e-300))).min()
    assert wstat(counts * one, model * one, 20.0 * one, 4.0 * one)[0] == pytest.approx(poisson, rel=1e-5, abs=1e-6)


def test_band_is_smooth_at_its_break():
    parameters = np.array([np.log(0.01), -1.0, -2.3, np.log(300.0)])
    # (alpha - beta) epeak / (2 + alpha) = 1.3 x 300 = 390 keV
    below, above = MODELS["band"].photons(np.array([390.0 - 1e-6, 390.0 + 1e-6]), parameters)
    assert below == pytest.approx(above, rel=1e-7)


def test_energy_flux_of_a_flat_energy_spectrum_is_a_logarithm():
    # N = 0.01 (E/100)^-2: E N integrates to 100 ln(1000/10) = 460.517 keV, times 1.602176634e-9 erg
    flux = energy_flux(MODELS["pl"], np.array([np.log(0.01), -2.0]), (10.0, 1000.0))
    assert flux == pytest.approx(7.378296e-7, rel=1e-5)
