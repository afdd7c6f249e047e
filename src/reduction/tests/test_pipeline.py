"""The whole chain: products, and a name for whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from reduction.candidates import Circle
from reduction.catalogue import CatalogueStars, FileCatalogue
from reduction.errors import CatalogueUnavailable
from reduction.masters import Master, MasterKind, Masters
from reduction.outcome import FailureCode
from reduction.pipeline import Mode, Status, reduce_frame
from reduction.tests.synthetic import Field, bias_master, star_field, write

BURST = (300.0, 200.0, 15.5)


@pytest.fixture
def field(tmp_path: Path) -> Field:
    """Sixty catalogued stars and one new source at BURST."""
    made = star_field(seed=11, n_stars=60, rotation=33.0, extra=[BURST], separate_px=25)
    write(tmp_path / "frame.fits", made.image, made.header)
    rows = "".join(
        f"{a:.8f},{d:.8f},{m:.4f}\n" for a, d, m in zip(made.ra[:-1], made.dec[:-1], made.mag[:-1], strict=True)
    )
    (tmp_path / "stars.csv").write_text("ra,dec,mag\n" + rows)
    fits.PrimaryHDU(np.full((512, 512), 500, np.uint16)).writeto(tmp_path / "bias.fits")
    return made


def test_the_full_chain_finds_the_burst(field: Field, tmp_path: Path) -> None:
    circle = Circle(float(field.ra[-1]), float(field.dec[-1]), 30.0)
    result = reduce_frame(
        tmp_path / "frame.fits",
        output_dir=tmp_path / "out",
        masters=Masters(bias_master()),
        catalogue=FileCatalogue(tmp_path / "stars.csv"),
        circle=circle,
    )
    assert result.failures == []
    assert result.status is Status.SOLVED
    assert result.zero_point is not None
    assert result.zero_point.mag == pytest.approx(22.0, abs=0.02)
    assert result.candidates is not None
    best = result.candidates[0]
    assert np.hypot(best.x - 300.0, best.y - 200.0) < 0.3
    assert best.mag == pytest.approx(15.5, abs=0.05)
    assert best.in_circle is True
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["frame.png", "frame_cal.fits", "frame_candidates.vot", "frame_sources.fits"]
    header = fits.getheader(tmp_path / "out" / "frame_cal.fits")
    assert header["WCSERR"] == 0
    assert header["BIASFILE"] == "bias.fits"
    ra, dec = WCS(header).all_pix2world(300.0, 200.0, 0)
    assert np.hypot((ra - field.ra[-1]) * np.cos(np.radians(20)), dec - field.dec[-1]) * 3600 < 0.3
    table = fits.getdata(tmp_path / "out" / "frame_sources.fits", 1)
    assert len(table) == result.n_sources
    json.dumps(result.to_dict(), allow_nan=False)


def test_quick_mode_calibrates_and_shows_and_does_no_more(field: Field, tmp_path: Path) -> None:
    result = reduce_frame(tmp_path / "frame.fits", output_dir=tmp_path / "out", mode="quick")
    assert result.status is Status.CALIBRATED
    assert [s.name for s in result.stages] == ["read", "output", "calibrate", "preview", "write"]
    assert result.mode is Mode.QUICK


def test_an_unreadable_frame_is_a_named_result(tmp_path: Path) -> None:
    (tmp_path / "frame.fits").write_bytes(b"rubbish")
    result = reduce_frame(tmp_path / "frame.fits", output_dir=tmp_path)
    assert result.status is Status.FAILED
    assert result.failed_with(FailureCode.FRAME_UNREADABLE)


def test_a_frame_with_two_stars_says_too_few_stars_and_is_kept(tmp_path: Path) -> None:
    made = star_field(seed=12, n_stars=2)
    write(tmp_path / "frame.fits", made.image, made.header)

    class Everything:
        def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
            return star_field(seed=13, n_stars=50).catalogue()

    result = reduce_frame(tmp_path / "frame.fits", output_dir=tmp_path / "out", catalogue=Everything())
    assert result.status is Status.UNSOLVED
    assert [str(f.code) for f in result.failures] == ["too_few_sources"]
    assert result.zero_point is not None
    assert result.zero_point.is_nominal
    assert result.calibrated_path is not None
    assert fits.getval(result.calibrated_path, "WCSERR") == 1


def test_a_catalogue_that_is_away_or_broken_loses_no_frame(field: Field, tmp_path: Path) -> None:
    class Away:
        def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
            raise CatalogueUnavailable("no network")

    class Broken:
        def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
            raise ZeroDivisionError("a fault of ours")

    for catalogue, code in ((Away(), "catalogue_unavailable"), (Broken(), "internal_error"), (None, "no_catalogue")):
        result = reduce_frame(tmp_path / "frame.fits", output_dir=tmp_path / "out", catalogue=catalogue)
        assert [str(f.code) for f in result.failures] == [code]
        assert result.sources_path is not None
        assert result.preview_path is not None


def test_a_master_that_does_not_fit_is_named_and_left_out(field: Field, tmp_path: Path) -> None:
    wrong = Master(MasterKind.FLAT, np.ones((8, 8), np.float32), {}, "flat.fits")
    result = reduce_frame(
        tmp_path / "frame.fits", output_dir=tmp_path / "out", masters=Masters(bias_master(), flat=wrong), mode="quick"
    )
    assert [str(f.code) for f in result.failures] == ["master_mismatch"]
    assert result.status is Status.CALIBRATED
    assert "bias" in result.applied


def test_a_folder_that_cannot_be_made_is_a_named_result(field: Field, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = reduce_frame(tmp_path / "frame.fits", output_dir=tmp_path / "file")
    assert result.failed_with(FailureCode.OUTPUT_NOT_WRITTEN)


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-m", "reduction", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, cwd=cwd, env=environment,
    )  # fmt: skip


def test_the_command_prints_one_json_object_a_frame(field: Field, tmp_path: Path) -> None:
    circle = f"{field.ra[-1]},{field.dec[-1]},30"
    done = command(
        "frame.fits", "--bias", "bias.fits", "--catalog", "stars.csv", "--circle", circle, "--json", "-o", "out",
        cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["status"] == "solved"
    assert answer["wcs"]["scale_arcsec_px"] == pytest.approx(2.0, abs=0.001)
    assert answer["zero_point"]["is_nominal"] is False
    assert answer["candidates"][0]["in_circle"] is True
    assert (tmp_path / answer["sources_file"]).exists()


def test_the_command_says_what_was_wrong_on_standard_error(field: Field, tmp_path: Path) -> None:
    bad_circle = command("frame.fits", "--circle", "1,2", "-o", "out", cwd=tmp_path)
    assert bad_circle.returncode == 2
    assert "three numbers" in bad_circle.stderr
    assert bad_circle.stdout == ""
    mixed = command("missing.fits", "frame.fits", "--quick", "--json", "-o", "out", cwd=tmp_path)
    assert mixed.returncode == 2
    assert "missing.fits: no such file" in mixed.stderr
    assert [json.loads(line)["status"] for line in mixed.stdout.splitlines()] == ["failed", "calibrated"]
