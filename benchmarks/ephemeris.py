"""Visibility of 1000 targets in one night: ephemeris against astropy in the same run.

    python benchmarks/ephemeris.py [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a script, this folder comes first and this file would hide the library of its own name.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

import argparse  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from datetime import date  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import ephemeris  # noqa: E402
from ephemeris import Limits, Site, Sky, night, visibility, visibility_many  # noqa: E402

TARGETS = 1000
SITE = Site("San Pedro Mártir", 31.044, -115.464, 2800.0)
LIMITS = Limits(sun_alt_deg=-18.0, airmass_max=2.0, moon_dist_deg=30.0)
GRID_S = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    figures = measure()
    for name, value in figures.items():
        print(f"{name:44} {value:12.4g}")
    if asked.json:
        temporary = asked.json.with_suffix(".tmp")
        temporary.write_text(json.dumps(figures, indent=1))
        temporary.replace(asked.json)


def measure() -> dict[str, float]:
    """All figures by name; times in milliseconds (median of runs)."""
    random = np.random.default_rng(1)
    ra, dec = random.uniform(0.0, 360.0, TARGETS), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, TARGETS)))
    tonight = night(SITE, date(2026, 11, 20))
    assert tonight.sun_set is not None
    assert tonight.sun_rise is not None
    start, end = tonight.sun_set.timestamp(), tonight.sun_rise.timestamp()
    sky = Sky(SITE, start, end)
    figures = {
        "import in a new process (ms)": start_up_ms("import ephemeris"),
        "import and first sun altitude (ms)": start_up_ms(
            "import ephemeris as e; e.sun_altitude_deg(e.Site('x', 31.0, -115.0), 1.79e9)"
        ),
        "sun_altitude_deg, one moment (ms)": median_ms(lambda: ephemeris.sun_altitude_deg(SITE, start), 300),
        "altaz, one target (ms)": median_ms(lambda: ephemeris.altaz(SITE, 10.0, 20.0, start), 300),
        "night (ms)": median_ms(lambda: night(SITE, date(2026, 11, 20)), 20),
        "visibility, one target (ms)": median_ms(lambda: visibility(SITE, 10.0, 20.0, start, end, LIMITS), 30),
        "1000 targets, set-up included (ms)": median_ms(
            lambda: visibility_many(SITE, ra, dec, start, end, LIMITS), 30
        ),
        "1000 targets after set-up (ms)": median_ms(
            lambda: visibility_many(SITE, ra, dec, start, end, LIMITS, sky), 30
        ),
        "1000 targets, own limits each (ms)": median_ms(
            lambda: visibility_many(SITE, ra, dec, start, end, [LIMITS] * TARGETS, sky), 30
        ),
    }
    return figures | against_astropy(ra, dec, start, end)


def against_astropy(ra: Any, dec: Any, start: float, end: float) -> dict[str, float]:
    """astropy on a grid of five minutes, vectorised, and its altitude at our edges."""
    from astropy import units as u
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download, iers.conf.auto_max_age = False, None
    warnings.simplefilter("ignore")
    location = EarthLocation.from_geodetic(SITE.longitude_deg, SITE.latitude_deg, SITE.elevation_m)
    targets = SkyCoord(ra * u.deg, dec * u.deg)

    def on_grid() -> None:
        moments = Time(np.arange(start, end, GRID_S), format="unix")
        frame = AltAz(obstime=moments[:, None], location=location)
        seen = targets[None, :].transform_to(frame)
        moon = get_body("moon", moments, location).transform_to(AltAz(obstime=moments, location=location))
        assert seen.separation(moon[:, None]).shape == (len(moments), TARGETS)

    on_grid_ms = median_ms(on_grid, 2)
    found = visibility_many(SITE, ra, dec, start, end, Limits(airmass_max=2.0))
    edges = [(moment, i) for i, row in enumerate(found) for pair in row for moment in pair if start < moment < end]
    times, which = np.array([t for t, _ in edges]), np.array([i for _, i in edges])

    def altitude(shift_s: float) -> Any:
        frame = AltAz(obstime=Time(times + shift_s, format="unix"), location=location)
        return targets[which].transform_to(frame).alt.deg

    rate = (altitude(1.0) - altitude(-1.0)) / 2.0
    off_s = np.abs((altitude(0.0) - 30.0) / rate)
    return {
        "astropy, 1000 targets on a 5-minute grid (ms)": on_grid_ms,
        "altitude edges compared": float(len(times)),
        "altitude edges off astropy, median (s)": float(np.median(off_s)),
        "altitude edges off astropy, worst (s)": float(off_s.max()),
    }


def median_ms(function: Callable[[], object], runs: int) -> float:
    """Median time of a call, after one call that warms up."""
    function()
    durations = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        durations.append(time.perf_counter() - began)
    return float(np.median(durations)) * 1e3


def start_up_ms(program: str) -> float:
    """Milliseconds a new interpreter takes for a program, above an empty one."""

    def run(text: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True)
        return time.perf_counter() - began

    return (min(run(program) for _ in range(3)) - min(run("pass") for _ in range(3))) * 1e3


if __name__ == "__main__":
    main()
