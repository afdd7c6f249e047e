"""Image reduction: the table of sizes to reach. `python benchmarks/reduction.py [--json FILE] [--large]`.

Frames are synthetic (made before the clock starts), the worker is warm, the catalogue local. Without --large, sizes up
to 2048 are measured (under a minute); with it 4096 and the master of twenty 4096 frames too (some minutes).
"""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a script, this folder comes first and this file would hide the library of its own name.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from astropy.io import fits  # noqa: E402

import reduction  # noqa: E402
from reduction.astrometry import Hint, solve  # noqa: E402
from reduction.calibration import calibrate  # noqa: E402
from reduction.catalogue import CatalogueStars  # noqa: E402
from reduction.frame import read_frame  # noqa: E402
from reduction.masters import Master, MasterKind, Masters  # noqa: E402
from reduction.pipeline import reduce_frame  # noqa: E402
from reduction.preview import write_png  # noqa: E402
from reduction.sources import extract  # noqa: E402
from reduction.tests.synthetic import Field, star_field, write  # noqa: E402

STARS = {512: 60, 2048: 600, 4096: 1500}
MASTER_ALONE = """
import re, sys, time
from pathlib import Path
import reduction
from reduction.masters import combine

def peak_mb():  # getrusage would tell the parent's peak where that was higher
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

reduction.warm()
before_mb = peak_mb()
start = time.perf_counter()
combine(sys.argv[1:], "bias")
print(time.perf_counter() - start, peak_mb() - before_mb)
"""
Row = dict[str, Any]


class Local:
    """A catalogue in memory."""

    def __init__(self, stars: CatalogueStars) -> None:
        self.stars = stars

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
        return self.stars.cone(ra_deg, dec_deg, radius_deg)


def masters_of(size: int) -> Masters:
    def master(kind: MasterKind, value: float, **header: object) -> Master:
        return Master(kind, np.full((size, size), value, np.float32), header, f"{kind}.fits")

    return Masters(
        master(MasterKind.BIAS, 500.0),
        master(MasterKind.DARK, 1.0, BIASSUB=True, EXPTIME=30.0),
        master(MasterKind.FLAT, 1.0),
    )


def timed(name: str, size: int, work: Callable[[], object], target_s: float | None, repeats: int = 7) -> Row:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return {"step": name, "size": size, "p50_s": statistics.median(times), "max_s": max(times), "target_s": target_s}


def measure(size: int, folder: Path) -> list[Row]:
    field: Field = star_field(size=size, n_stars=STARS[size])
    path, masters, stars = folder / f"frame{size}.fits", masters_of(size), field.catalogue()
    write(path, field.image, field.header)
    frame = read_frame(path)
    calibrated = calibrate(frame.data, frame.header, masters)
    found = extract(calibrated)
    hint = Hint(150.05, 20.05, 2.02, size, size)
    out = folder / "out"

    def whole(mode: str) -> object:
        return reduce_frame(path, output_dir=out, masters=masters, catalogue=Local(stars), mode=mode)

    full_target = {512: None, 2048: 1.0, 4096: 2.0}[size]
    quick_target = {512: 0.060, 2048: 1.0, 4096: None}[size]
    return [
        timed("read", size, lambda: read_frame(path), None),
        timed("calibrate", size, lambda: calibrate(frame.data, frame.header, masters), None),
        timed("sources", size, lambda: extract(calibrated), None),
        timed("plate solution", size, lambda: solve(found, stars, hint), 0.1),
        timed("preview", size, lambda: write_png(calibrated.data, folder / "p.png"), 0.02 if size == 512 else None),
        timed("quick: calibrated + preview", size, lambda: whole("quick"), quick_target),
        timed("full: candidates stored", size, lambda: whole("full"), full_target),
    ]


def measure_master(size: int, folder: Path, target_s: float | None) -> Row:
    rng = np.random.default_rng(1)
    base = rng.normal(500, 6, (size, size)).astype(np.float32)
    header = fits.Header({"INSTRUME": "VIS", "EXPTIME": 0.0})
    paths = []
    for i in range(20):
        path = folder / f"bias{i}.fits"
        write(path, np.roll(base, 131 * i, axis=1).round().astype(np.uint16), header)
        paths.append(path)
    # In a process of its own: the peak of memory that the system tells never falls again.
    done = subprocess.run(
        [sys.executable, "-c", MASTER_ALONE, *map(str, paths)], capture_output=True, text=True, check=True
    )
    seconds, grown_mb = (float(word) for word in done.stdout.split())
    name = f"master of 20 frames (+{grown_mb:.0f} MB)"
    return {"step": name, "size": size, "p50_s": seconds, "max_s": seconds, "target_s": target_s}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--large", action="store_true", help="4096 as well")
    options = parser.parse_args()
    reduction.warm()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [measure_master(4096 if options.large else 1024, folder, 4.0 if options.large else None)]
        for size in (512, 2048, 4096) if options.large else (512, 2048):
            rows += measure(size, folder)
    if options.json:
        options.json.write_text(json.dumps({"benchmark": "reduction", "rows": rows}, indent=1) + "\n")
    print(f"{'step':<36}{'size':>6}{'p50 s':>10}{'max s':>10}{'target s':>10}")
    for row in rows:
        target = "" if row["target_s"] is None else f"{row['target_s']:.3f}"
        print(f"{row['step']:<36}{row['size']:>6}{row['p50_s']:>10.4f}{row['max_s']:>10.4f}{target:>10}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
