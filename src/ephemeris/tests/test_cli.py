"""`python -m ephemeris`, run as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SITE = ["--lat", "31.044", "--lon", "-115.464", "--elev", "2800"]
TARGET = ["--ra", "83.63", "--dec", "22.01", "--start", "2026-11-21T00:00:00Z", "--end", "2026-11-21T15:00:00Z"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ephemeris", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_night_is_one_json_object_of_utc_moments() -> None:
    done = run("night", *SITE, "--date", "2026-11-20", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["date"] == "2026-11-20"
    assert answer["sun_set"].startswith("2026-11-21T00:41:3")
    assert answer["sun_set"].endswith("Z")
    assert 0.0 <= answer["moon_phase"] <= 1.0


def test_what_does_not_happen_is_null() -> None:
    arctic = ["--lat", "69", "--lon", "19", "--elev", "0"]
    answer = json.loads(run("night", *arctic, "--date", "2026-06-21", "--json").stdout)
    assert answer["sun_set"] is None
    assert answer["astronomical_dusk"] is None


def test_visibility_is_a_list_of_pairs_to_a_tenth_of_a_second() -> None:
    done = run("visibility", *SITE, *TARGET, "--sun-alt", "-18", "--airmass", "2", "--moon-dist", "30", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    # The edges: astropy 8.0.2 has the target at 30.0000 degrees at 04:48:00.9, the Sun at -18 at 12:49:46.1.
    assert json.loads(done.stdout) == {"intervals": [["2026-11-21T04:48:00.9Z", "2026-11-21T12:49:46.1Z"]]}


def test_all_limits_are_understood() -> None:
    limits = "--sun-alt -12 --airmass 3 --horizon 20 --ha-min -3 --ha-max 3"
    limits += " --moon-dist 10 --moon-phase 1 --zenith-hole 2"
    done = run("visibility", *SITE, *TARGET, *limits.split(), "--json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["intervals"]) >= 1


def test_without_json_a_person_can_read_it() -> None:
    done = run("visibility", *SITE, *TARGET, "--horizon", "90")
    assert done.stdout == "never visible in this window\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["night", *SITE, "--date", "2026-02-30"], "--date"),
        (["night", "--lat", "95", "--lon", "0", "--elev", "0", "--date", "2026-02-03"], "--lat"),
        (["night", "--lat", "nan", "--lon", "0", "--elev", "0", "--date", "2026-02-03"], "--lat"),
        (["night", *SITE], "--date"),
        (["visibility", *SITE, *TARGET, "--airmass", "0.5"], "--airmass"),
        (["visibility", *SITE, *TARGET, "--ha-min", "3", "--ha-max", "-3"], "--ha-min"),
        (["visibility", *SITE, *TARGET, "--start", "yesterday"], "--start"),
        (["visibility", *SITE, *TARGET, "--end", "2026-11-20T00:00:00Z"], "--end"),
        (["visibility", *SITE, *TARGET, "--end", "2526-11-20T00:00:00Z"], "--end"),
        (["visibility", *SITE, *TARGET, "--moon-phase", "50"], "--moon-phase"),
    ],
)
def test_bad_input_leaves_with_2_and_names_the_argument(arguments: list[str], named: str) -> None:
    done = run(*arguments, "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr.splitlines()[-1]


def test_help_shows_an_example() -> None:
    assert "python -m ephemeris visibility --lat 31.044" in run("visibility", "--help").stdout
    assert "python -m ephemeris night --lat 31.044" in run("night", "--help").stdout
