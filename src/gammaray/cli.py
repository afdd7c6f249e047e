"""The command line: `python -m gammaray t90 …` and `python -m gammaray spectrum …`.

Only the answer goes to standard output. Exit code 2: the input is wrong, and standard error names it; 1: it could not
be worked out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from .errors import FitFailed, InputRefused

T90_EXAMPLE = "python -m gammaray t90 grb_111228A.lc.gz --json"
SPECTRUM_EXAMPLE = (
    "python -m gammaray spectrum --pha n3.pha b0.pha --rsp n3.rsp b0.rsp --bkg n3.bak b0.bak --model band --json"
)
T90_TEXT = """\
Answer: file, burst (true/false) and reason; t90_s, t90_error_s, t05_s, t95_s, t90_start_s relative to the trigger,
null when there is no burst; and t50, T100, significance, background, notes. Several files: a line each.

FILE is a light curve (FITS with TIME, RATE, ERROR or COUNTS), an event list, or text (time rate error); .gz too.
C.json may hold: window_s, bin_s, energy_kev, trigger_time_s, background (auto, none, polynomial), background_degree,
background_windows_s, penalty, significance_min_sigma, bootstrap, seed.
"""
COULD_NOT, BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (argparse leaves with 2 by itself)."""
    asked = _parser().parse_args(arguments)
    return _t90(asked) if asked.command == "t90" else _spectrum(asked)


def _t90(asked: argparse.Namespace) -> int:
    from .configuration import Configuration, read_configuration
    from .duration import measure_duration
    from .reading import read_light_curve

    try:
        chosen = read_configuration(asked.config) if asked.config else Configuration()
    except InputRefused as refusal:
        return _complain("t90", refusal, BAD_INPUT)
    code = 0
    for file in asked.files:
        try:
            found = {"file": file} | measure_duration(read_light_curve(file, chosen), chosen).to_dict()
        except InputRefused as refusal:
            named = refusal if str(refusal).startswith(file) else InputRefused(f"{file}: {refusal}")
            code = _complain("t90", named, BAD_INPUT)
            continue
        print(json.dumps(_plain(found), allow_nan=False) if asked.json else _t90_line(found), flush=True)
    return code


def _spectrum(asked: argparse.Namespace) -> int:
    from .spectrum import analyse_spectrum

    try:
        found = analyse_spectrum(
            asked.pha, asked.rsp, asked.bkg, model=asked.model, energy_kev=asked.energy, flux_band_kev=asked.flux_band
        ).to_dict()
    except InputRefused as refusal:
        return _complain("spectrum", refusal, BAD_INPUT)
    except FitFailed as failure:
        return _complain("spectrum", failure, COULD_NOT)
    print(json.dumps(_plain(found), allow_nan=False) if asked.json else _spectrum_text(found))
    return 0


def _complain(command: str, error: Exception, code: int) -> int:
    print(f"python -m gammaray {command}: {error}", file=sys.stderr)
    return code


def _plain(value: Any) -> Any:
    """Numbers to seven figures; what is not finite is null."""
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _t90_line(found: dict[str, Any]) -> str:
    if not found["burst"]:
        return f"{found['file']}: no burst: {found['reason']}"
    spread = f"+{found['t90_error_high_s']:.3g} -{found['t90_error_low_s']:.3g}"
    return f"{found['file']}: T90 {found['t90_s']:.3f} s ({spread}) from {found['t05_s']:.3f} to {found['t95_s']:.3f} s"


def _spectrum_text(found: dict[str, Any]) -> str:
    lines = []
    for name, told in found["parameters"].items():
        error = "?" if told["error"] is None else f"{told['error']:.2g}"
        lines.append(f"{name:10} {told['value']:.5g} ± {error} {told['unit']}")
    lines.append(
        f"{found['statistic_name']} {found['statistic']:.1f} for {found['degrees_of_freedom']} degrees of freedom"
    )
    low, high = found["flux_band_kev"]
    lines.append(
        f"fluence {found['fluence_erg_cm2']:.3e} erg/cm2 ({low:g} to {high:g} keV, {found['duration_s']:.3f} s)"
    )
    if found["flags"]:
        lines.append("flags: " + ", ".join(found["flags"]))
    if found["alternative"]:
        lines.append("better constrained: " + found["alternative"]["model"])
        lines.append(_spectrum_text(found["alternative"]))
    return "\n".join(lines)


def _band(text: str) -> tuple[float, float]:
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not LOW,HIGH in keV") from None
    if not (0 < low < high < math.inf):
        raise argparse.ArgumentTypeError(f"{text!r}: give 0 < LOW < HIGH, in keV")
    return low, high


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gammaray",
        description="Duration and spectrum of gamma-ray bursts.",
        epilog=f"examples:\n  {T90_EXAMPLE}\n  {SPECTRUM_EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{t90,spectrum}")
    t90 = _command(commands, "t90", "duration of the burst in a light curve", f"{T90_TEXT}\nexample:\n  {T90_EXAMPLE}")
    t90.add_argument("files", nargs="+", metavar="FILE", help="light curve")
    t90.add_argument("--config", metavar="C.json", help="settings, a JSON object")
    spectrum = _command(commands, "spectrum", "forward-folded spectral fit", f"example:\n  {SPECTRUM_EXAMPLE}")
    spectrum.add_argument(
        "--pha", nargs="+", required=True, metavar="F", help="spectra, one a detector; FILE{N}: row N"
    )
    spectrum.add_argument("--rsp", nargs="+", required=True, metavar="F", help="responses, in the same order")
    spectrum.add_argument("--bkg", nargs="+", default=[], metavar="F", help="backgrounds, in the same order")
    spectrum.add_argument("--model", choices=("band", "cpl", "pl"), default="band", help="default: band")
    spectrum.add_argument("--energy", type=_band, metavar="LOW,HIGH", help="keV (default: the instrument's usual band)")
    spectrum.add_argument(
        "--flux-band", type=_band, default=(10.0, 1000.0), metavar="LOW,HIGH", help="keV, default 10,1000"
    )
    return parser


def _command(commands: Any, name: str, meaning: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=meaning,
        description=meaning,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    return parser
