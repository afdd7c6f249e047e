"""The command line as other software uses it: real processes, JSON out, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from gammaray.cli import main

from .synthetic import Detector, band_photons, gaussian_burst


@pytest.fixture
def curve(tmp_path):
    burst = gaussian_burst(sigma_s=5.0, peak=10.0, seed=1)
    rows = (f"{t:.4f} {r:.5f} {e:.5f}" for t, r, e in zip(burst.start_s, burst.rate, burst.error, strict=True))
    path = tmp_path / "burst.txt"
    path.write_text("time_start rate error\n" + "\n".join(rows), encoding="utf-8")
    return path


def test_t90_answers_json_alone_on_standard_output(curve):
    done = subprocess.run(
        [sys.executable, "-m", "gammaray", "t90", str(curve), "--json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["burst"] is True
    assert found["t90_s"] == pytest.approx(16.4485, rel=0.05)
    assert found["t90_start_s"] == found["t05_s"]
    assert {"t90_error_s", "t95_s"} <= found.keys()


def test_a_configuration_is_obeyed_and_a_wrong_one_named(curve, tmp_path, capsys):
    chosen = tmp_path / "c.json"
    chosen.write_text('{"window_s": [-60, 0]}', encoding="utf-8")
    assert main(["t90", str(curve), "--config", str(chosen), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["burst"] is False
    for wrong, word in {'{"widow_s": 1}': "widow_s", '{"bin_s": "x"}': "bin_s", "[1]": "object", "{": "JSON",
                        '{"window_s": [3, 1]}': "window_s", '{"background": "x"}': "polynomial"}.items():  # fmt: skip
        chosen.write_text(wrong, encoding="utf-8")
        assert main(["t90", str(curve), "--config", str(chosen), "--json"]) == 2
        out = capsys.readouterr()
        assert out.out == "" and word in out.err and "c.json" in out.err


def test_several_files_are_answered_a_line_each_and_a_bad_one_is_told_apart(curve, tmp_path, capsys):
    assert main(["t90", str(curve), str(tmp_path / "none.lc"), str(curve), "--json"]) == 2
    out = capsys.readouterr()
    assert [json.loads(line)["burst"] for line in out.out.splitlines()] == [True, True]
    assert "none.lc" in out.err


def spectrum_files(folder, amplitude):
    d = Detector("NAI", 8.0, 1000.0, 100.0)
    source = d.expected(band_photons(d.true, amplitude, -1.0, -2.3, 300.0))
    counts = np.random.default_rng(1).poisson((source + 2.5) * 20.0)
    error = np.full(128, 0.05)
    return (
        d.write_counts(folder / "a.pha", counts, 20.0),
        d.write_response(folder / "a.rsp"),
        d.write_rate(folder / "a.bak", np.full(128, 2.5), error, 20.0),
    )


def arguments(pha, rsp, bak, *more):
    return ["spectrum", "--pha", str(pha), "--rsp", str(rsp), "--bkg", str(bak), *more]


def test_spectrum_answers_parameters_with_errors_flux_and_fluence(tmp_path, capsys):
    files = spectrum_files(tmp_path, 0.05)
    assert main(arguments(*files, "--model", "cpl", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["parameters"]) == {"amplitude", "alpha", "epeak_kev"}
    assert all(set(told) == {"value", "error", "unit"} for told in found["parameters"].values())
    assert {"flags", "statistic", "degrees_of_freedom", "energy_flux_erg_cm2_s", "fluence_erg_cm2"} <= found.keys()
    assert main(arguments(*files)) == 0
    assert "epeak_kev" in capsys.readouterr().out


def test_no_signal_is_exit_code_1_and_a_bad_file_exit_code_2(tmp_path, capsys):
    pha, rsp, bak = spectrum_files(tmp_path, 1e-9)
    assert main(arguments(pha, rsp, bak, "--json")) == 1
    assert "no signal" in capsys.readouterr().err
    assert main(arguments(pha, tmp_path / "none.rsp", bak, "--json")) == 2
    assert "none.rsp" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["t90"], ["spectrum"]])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    assert left.value.code == 0
    assert "python -m gammaray" in capsys.readouterr().out
