"""Light curves from FITS and text, whole and broken."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from gammaray import Configuration, InputRefused, measure_duration, read_light_curve
from gammaray.text_curves import parse_text


def write_curve(path, columns, *, name="RATE", trigger=None, **header):
    table = fits.BinTableHDU.from_columns(
        [fits.Column(key, form, array=array) for key, form, array in columns], name=name
    )
    table.header.update(header)
    primary = fits.PrimaryHDU()
    if trigger is not None:
        primary.header["TRIGTIME"] = trigger
    fits.HDUList([primary, table]).writeto(path)
    return path


TIMES = 1000.0 + np.arange(40) * 0.5
FLAT = [("TIME", "D", TIMES), ("RATE", "E", np.full(40, 3.0)), ("ERROR", "E", np.full(40, 0.2))]


def test_times_count_from_the_trigger_and_timepixr_says_where_in_the_bin_they_are(tmp_path):
    begins = read_light_curve(write_curve(tmp_path / "a.lc", FLAT, trigger=1010.0, TIMEPIXR=0.0))
    middles = read_light_curve(write_curve(tmp_path / "b.lc", FLAT, trigger=1010.0))
    assert begins.start_s[:2].tolist() == [-10.0, -9.5]
    assert middles.start_s[:2].tolist() == [-10.25, -9.75]
    assert begins.zero == "trigger"


def test_the_trigger_of_the_extension_goes_before_the_primary_headers(tmp_path):
    curve = read_light_curve(write_curve(tmp_path / "a.lc", FLAT, trigger=1010.0, TRIGTIME=1005.0, TIMEPIXR=0.0))
    assert curve.start_s[0] == -5.0


def test_a_file_without_a_trigger_says_what_its_times_count_from(tmp_path):
    path = write_curve(tmp_path / "a.lc", FLAT, TIMEPIXR=0.0)
    assert read_light_curve(path).zero == "TIME column"
    told = read_light_curve(path, Configuration(trigger_time_s=1002.0))
    assert (told.start_s[0], told.zero) == (-2.0, "trigger")


def test_bins_without_rate_or_error_are_left_out_with_a_note(tmp_path):
    rate, error = np.full(40, 3.0), np.full(40, 0.2)
    rate[3], error[7] = np.nan, 0.0
    columns = [("TIME", "D", TIMES), ("RATE", "E", rate), ("ERROR", "E", error)]
    curve = read_light_curve(write_curve(tmp_path / "a.lc", columns))
    assert len(curve) == 38
    assert curve.notes == ("2 of 40 bins without a rate or an error were left out",)


def test_channels_are_summed_and_may_be_chosen_by_energy(tmp_path):
    rate, error = np.tile([1.0, 2.0, 4.0], (40, 1)), np.tile([0.3, 0.4, 1.2], (40, 1))
    path = write_curve(tmp_path / "a.lc", [("TIME", "D", TIMES), ("RATE", "3E", rate), ("ERROR", "3E", error)])
    bounds = fits.BinTableHDU.from_columns([
        fits.Column("CHANNEL", "I", array=[0, 1, 2]),
        fits.Column("E_MIN", "E", array=[15, 25, 50]),
        fits.Column("E_MAX", "E", array=[25, 50, 100]),
    ], name="EBOUNDS")  # fmt: skip
    with fits.open(path, mode="append") as hdus:
        hdus.append(bounds)
    every, soft = read_light_curve(path), read_light_curve(path, Configuration(energy_kev=(15.0, 50.0)))
    assert (every.rate[0], every.error[0]) == (pytest.approx(7.0), pytest.approx(1.3))
    assert (soft.rate[0], soft.error[0]) == (pytest.approx(3.0), pytest.approx(0.5))
    with pytest.raises(InputRefused, match="energy_kev"):
        read_light_curve(path, Configuration(energy_kev=(200.0, 300.0)))


def test_an_event_list_is_binned_within_its_good_times(tmp_path):
    generator = np.random.default_rng(1)
    quiet, burst = generator.uniform(-50, 50, 20_000), generator.uniform(0, 10, 6_000)
    times = np.sort(np.concatenate([quiet, burst])) + 5e8
    events = fits.BinTableHDU.from_columns(
        [fits.Column("TIME", "D", array=times), fits.Column("PHA", "I", array=times * 0)]
    )
    events.name = "EVENTS"
    good = fits.BinTableHDU.from_columns(
        [fits.Column("START", "D", array=[5e8 - 40]), fits.Column("STOP", "D", array=[5e8 + 40])], name="GTI"
    )
    primary = fits.PrimaryHDU()
    primary.header["TRIGTIME"] = 5e8
    fits.HDUList([primary, events, good]).writeto(tmp_path / "tte.fit")
    curve = read_light_curve(tmp_path / "tte.fit", Configuration(bin_s=0.1))
    assert (curve.start_s[0], curve.stop_s[-1]) == (pytest.approx(-40.0), pytest.approx(40.0))
    assert measure_duration(curve).t90_s == pytest.approx(9.0, abs=0.3)


def test_gzipped_files_are_read_as_they_are(tmp_path):
    plain = write_curve(tmp_path / "a.lc", FLAT)
    packed = tmp_path / "a.lc.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_light_curve(packed).rate.tolist() == read_light_curve(plain).rate.tolist()


@pytest.mark.parametrize("cut", [0, 1, 100, 3000, 6000])
def test_a_file_that_is_cut_off_is_refused_with_its_name(tmp_path, cut):
    whole = write_curve(tmp_path / "whole.lc", FLAT).read_bytes()
    (tmp_path / "cut.lc").write_bytes(whole[:cut])
    with pytest.raises(InputRefused, match=r"cut\.lc"):
        read_light_curve(tmp_path / "cut.lc")


def test_a_missing_file_column_or_table_is_named(tmp_path):
    with pytest.raises(InputRefused, match=r"nothing\.lc: No such file"):
        read_light_curve(tmp_path / "nothing.lc")
    with pytest.raises(InputRefused, match="ERROR is missing"):
        read_light_curve(write_curve(tmp_path / "a.lc", FLAT[:2]))
    with pytest.raises(InputRefused, match="no light curve"):
        read_light_curve(write_curve(tmp_path / "b.lc", FLAT[:1]))


TEXT = "\n".join(f"{t} {t + 1} 0.5" for t in range(12))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "# a comment\n" + TEXT,
        "time,rate,error\n" + TEXT.replace(" ", ","),
        "# TIME (s)  RATE  ERROR\n".replace(" (s)", "[s]") + TEXT,
        "READ SERR 1\n! from a QDP file\n" + "\n".join(f"{t} 0.5 {t + 1} 0.5" for t in range(12)),
    ],
)
def test_text_in_its_usual_shapes_is_read(text):
    curve = parse_text(text)
    assert curve.rate.tolist() == [float(t + 1) for t in range(12)]
    assert curve.error.tolist() == [0.5] * 12
    assert curve.start_s[:2].tolist() == [-0.5, 0.5]


def test_two_columns_are_times_and_counts_with_poisson_errors():
    curve = parse_text("\n".join(f"{0.5 * t} 16" for t in range(12)))
    assert (curve.rate[0], curve.error[0], curve.is_poisson) == (32.0, 8.0, True)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no line of numbers"),
        ("1 2 3\n1 2 x\n", "line 2"),
        ("1 2 3\n1 2\n", "line 2: 2 columns"),
        ("hello world", "line 1"),
        ("1 2 3 4 5", "5 columns without names"),
        ("1 2 3\n2 2 3\n", "too few"),
    ],
)
def test_text_that_is_no_light_curve_is_refused_with_its_line(text, word):
    with pytest.raises(InputRefused, match=word):
        parse_text(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.text("0123456789 .-e\n,naif", max_size=400)))
def test_any_text_is_read_or_refused_never_a_crash(text):
    try:
        curve = parse_text(text)
    except InputRefused:
        return
    assert np.isfinite(curve.rate).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8000), st.integers(0, 255))
def test_a_damaged_fits_file_is_read_or_refused_never_a_crash(tmp_path_factory, place, value):
    folder = tmp_path_factory.mktemp("damaged")
    raw = bytearray(write_curve(folder / "a.lc", FLAT, trigger=1010.0).read_bytes())
    raw[place % len(raw)] = value
    (folder / "b.lc").write_bytes(raw)
    try:
        read_light_curve(folder / "b.lc")
    except InputRefused as refusal:
        assert "b.lc" in str(refusal)
