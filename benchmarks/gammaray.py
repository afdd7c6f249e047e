"""T90 and spectra: how fast, how near the catalogue, how often a burst is seen where there is none.

    python benchmarks/gammaray.py [--json FILE] [--curves N]

The catalogue part needs ../shared/data/gamma (real Swift/BAT curves) and is left out without it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]
# this file's own name must not hide the library's
sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != ROOT / "benchmarks"]

from gammaray import LightCurve, analyse_spectrum, block_edges, measure_duration, read_light_curve  # noqa: E402
from gammaray.tests.synthetic import Detector, band_photons, gaussian_burst  # noqa: E402

FOLDER = ROOT / ".." / "shared" / "data" / "gamma"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--curves", type=int, default=500, help="background curves (default 500)")
    asked = parser.parse_args()
    figures: dict[str, Any] = speed() | false_bursts(asked.curves) | (catalogue() if FOLDER.is_dir() else {})
    for name, value in figures.items():
        print(f"{name:52} {value:.4g}")
    if asked.json:
        Path(asked.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")


def speed() -> dict[str, float]:
    generator = np.random.default_rng(1)
    figures = {}
    for bins in (1500, 5000):
        values, errors = generator.standard_normal(bins), np.ones(bins)
        figures[f"blocks, {bins} bins of background (ms)"] = median_ms(
            lambda v=values, e=errors: block_edges(v, e, 8.0), 5
        )
    burst = gaussian_burst(sigma_s=5.0, peak=5.0, seed=1)
    figures["T90, 2500 net bins (ms)"] = median_ms(lambda: measure_duration(burst), 7)
    counts = generator.poisson(64.0 + 10.0 * np.maximum(burst.rate, 0.0)).astype(float)
    raw = LightCurve(burst.start_s, burst.width_s, counts / burst.width_s, np.sqrt(counts) / burst.width_s)
    figures["T90, 2500 bins of counts (ms)"] = median_ms(lambda: measure_duration(raw), 7)
    with tempfile.TemporaryDirectory() as folder:
        pha, rsp, bkg = _files(Path(folder), generator)
        figures["Band spectrum, two detectors, from files (ms)"] = median_ms(lambda: analyse_spectrum(pha, rsp, bkg), 5)
    return figures


def _files(folder: Path, generator: np.random.Generator) -> tuple[list[Path], list[Path], list[Path]]:
    pha, rsp, bkg = [], [], []
    for name, low, high, area in (("NAI", 8.0, 1000.0, 100.0), ("BGO", 200.0, 40000.0, 120.0)):
        detector = Detector(name, low, high, area)
        source = detector.expected(band_photons(detector.true, 0.05, -1.0, -2.3, 300.0))
        counts = generator.poisson((source + 2.5) * 20.0)
        pha.append(detector.write_counts(folder / f"{name}.pha", counts, 20.0))
        rsp.append(detector.write_response(folder / f"{name}.rsp"))
        bkg.append(detector.write_rate(folder / f"{name}.bak", np.full(128, 2.5), np.full(128, 0.1), 20.0))
    return pha, rsp, bkg


def false_bursts(curves: int) -> dict[str, float]:
    generator, found = np.random.default_rng(2), 0
    start, ones = np.arange(1000, dtype=np.float64), np.ones(1000)
    for _ in range(curves):
        found += measure_duration(LightCurve(start, ones, generator.standard_normal(1000), ones)).burst
    return {"background curves (1000 bins)": float(curves), "of them taken for bursts": float(found)}


def catalogue() -> dict[str, float]:
    off = []
    with (FOLDER / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            (curve,) = FOLDER.glob(f"grb_{row['grb']}_*")
            t90_s = measure_duration(read_light_curve(curve)).t90_s
            off.append(abs(t90_s / float(row["t90_catalogue_s"]) - 1.0) if t90_s is not None else np.inf)
    return {
        "real curves": float(len(off)),
        "T90 within 5 % of the catalogue": float(sum(value < 0.05 for value in off)),
        "T90 within 20 %": float(sum(value < 0.20 for value in off)),
        "T90 off, median (%)": 100.0 * float(np.median(off)),
        "T90 off, worst (%)": 100.0 * float(max(off)),
    }


def median_ms(function: Callable[[], object], runs: int) -> float:
    """Median time of a call, after one call that warms up."""
    function()
    durations = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        durations.append(time.perf_counter() - began)
    return 1e3 * float(np.median(durations))


if __name__ == "__main__":
    main()
