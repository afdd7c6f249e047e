"""`python -m reduction`: reduce frames from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .candidates import Circle
    from .catalogue import Catalogue
    from .masters import Masters
    from .pipeline import FrameResult

EXAMPLE = """example:
  python -m reduction night/grb_001.fits --bias super_bias.fits --flat super_flat_r.fits \\
      --catalog stars.csv --circle 150.1,2.2,60 --json -o products/

One JSON object a frame on standard output with --json, else one line. Failures on standard error.
Exit codes: 0 all frames reduced (and solved, where a catalogue was given), 1 a frame could not be, 2 bad input.
"""
COULD_NOT, BAD_INPUT = 1, 2


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    from .candidates import Circle
    from .catalogue import open_catalogue
    from .errors import CatalogueUnavailable, ReductionError

    try:
        circle = Circle.parse(options.circle) if options.circle else None
        masters = _masters(options)
        folder = Path(options.output)
        cache = options.cache or folder / "catalogue_cache"
        catalogue = open_catalogue(options.catalog, cache) if options.catalog else None
        folder.mkdir(parents=True, exist_ok=True)
    except CatalogueUnavailable as error:
        return _complain(str(error), COULD_NOT)
    except (ReductionError, OSError) as error:
        return _complain(str(error), BAD_INPUT)
    exit_code = 0
    for frame in options.frames:
        result = _reduce(frame, options, masters, catalogue, circle)
        print(json.dumps(result.to_dict(), allow_nan=False) if options.json else _line(result), flush=True)
        exit_code = max(exit_code, _report(result, catalogue is not None))
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reduction",
        description="From raw frames to calibrated images, previews, sources, WCS, zero points and candidates.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("frames", nargs="+", metavar="FRAME", help="raw FITS image")
    for kind in ("bias", "dark", "flat"):
        parser.add_argument(f"--{kind}", metavar="F", help=f"master {kind} (FITS)")
    parser.add_argument("--catalog", metavar="URL|FILE", help="cone-search address, or CSV or FITS with ra, dec, mag")
    parser.add_argument("--cache", metavar="DIR", help="where answers of the cone search are kept (default: in DIR)")
    parser.add_argument("--circle", metavar="RA,DEC,R_ARCSEC", help="error circle, degrees and arcseconds")
    parser.add_argument("--pointing-error", metavar="DEG", type=float, default=0.25, help="of the header")
    parser.add_argument("--scale-tolerance", metavar="F", type=float, default=0.05, help="relative")
    parser.add_argument("--quick", action="store_true", help="calibrated image and preview only")
    parser.add_argument("--json", action="store_true", help="a JSON object a frame")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder of the products")
    return parser


def _masters(options: argparse.Namespace) -> Masters:
    from .masters import Master, Masters

    def read(kind: str) -> Master | None:
        path = getattr(options, kind)
        return Master.read(path, kind) if path else None

    return Masters(bias=read("bias"), dark=read("dark"), flat=read("flat"))


def _reduce(
    frame: str, options: argparse.Namespace, masters: Masters, catalogue: Catalogue | None, circle: Circle | None
) -> FrameResult:
    from .pipeline import Mode, Options, reduce_frame

    return reduce_frame(
        frame,
        output_dir=options.output,
        masters=masters,
        catalogue=catalogue,
        circle=circle,
        mode=Mode.QUICK if options.quick else Mode.FULL,
        options=Options(pointing_error_deg=options.pointing_error, scale_tolerance=options.scale_tolerance),
    )


def _report(result: FrameResult, catalogue_given: bool) -> int:
    """Say on standard error what failed, and give the exit code of this frame."""
    from .outcome import FailureCode

    expected = set() if catalogue_given else {FailureCode.NO_CATALOGUE, FailureCode.NO_HINT}
    code = 0
    for failure in result.failures:
        if failure.code in expected:
            continue
        _complain(f"{result.path}: {failure}", 0)
        bad = failure.code in (FailureCode.FRAME_UNREADABLE, FailureCode.HEADER_INVALID, FailureCode.MASTER_MISMATCH)
        code = max(code, BAD_INPUT if bad else COULD_NOT)
    return code


def _line(result: FrameResult) -> str:
    parts = [str(result.path), str(result.status)]
    if result.n_sources is not None:
        parts.append(f"{result.n_sources} sources")
    if result.solution is not None:
        wcs, (ra, dec) = result.solution.wcs, result.solution.centre_deg
        parts.append(f"centre {ra:.5f} {dec:+.5f}, {wcs.scale_arcsec_px:.3f} arcsec/px")
    if result.zero_point is not None:
        nominal = " (nominal)" if result.zero_point.is_nominal else ""
        parts.append(f"zero point {result.zero_point.mag:.3f}{nominal}")
    if result.limiting_mag is not None:
        parts.append(f"limit {result.limiting_mag:.2f}")
    if result.candidates is not None:
        parts.append(f"{len(result.candidates)} candidates")
    return "; ".join(parts)


def _complain(message: str, code: int) -> int:
    print(f"reduction: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
