"""The whole chain for one frame. Nothing that happens to a frame is an exception: each stage gives its result or a
named failure, and what was reached before it is kept.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .arrays import PixelFlag, flagged
from .astrometry import Hint, Solution, hint_from_header, solve
from .calibration import Calibrated, calibrate
from .candidates import Candidate, Circle, Epoch, find
from .catalogue import Catalogue, CatalogueStars
from .errors import MasterMismatch, ReductionError
from .frame import Frame, header_from, read_frame, write_fits_atomically
from .limits import limiting_magnitude, upper_limit
from .masters import Masters
from .outcome import Failure, FailureCode
from .photometry import ZeroPoint, zero_point
from .preview import Annotation, write_png
from .result import FrameResult, Mode, StageResult, Status
from .sources import SourceFlag, Sources, extract
from .tables import candidate_columns, source_columns, write_fits_table, write_votable

__all__ = ["FrameResult", "Mode", "Options", "StageResult", "Status", "reduce_frame"]

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """What may differ from site to site and from request to request."""

    hint: Hint | None = None
    """None: from the header."""
    pointing_error_deg: float = 0.25
    scale_tolerance: float = 0.05
    nominal_zero_point_mag: float = 20.0
    """Used, and flagged, where fewer than five stars give one."""
    threshold_sigma: float = 1.5
    pointing_warning_arcsec: float = 300.0
    first_epoch: Epoch | None = None
    write_calibrated: bool = True


def reduce_frame(
    path: str | os.PathLike[str],
    *,
    output_dir: str | os.PathLike[str],
    masters: Masters | None = None,
    catalogue: Catalogue | None = None,
    circle: Circle | None = None,
    mode: Mode | str = Mode.FULL,
    options: Options | None = None,
) -> FrameResult:
    """Reduce one frame; never raises for what is wrong with the frame, the catalogue or the disk.

    `quick`: calibrated image and preview. `full`: sources, plate solution, zero point, limit and candidates as well.
    Products in `output_dir`: `<stem>_cal.fits`, `<stem>.png`, `<stem>_sources.fits`, `<stem>_candidates.vot`.
    """
    path = Path(path)
    result = FrameResult(path, Mode(mode))
    chain = _Chain(result, Path(output_dir), masters or Masters(), catalogue, circle, options or Options())
    chain.run()
    return result


class _Chain:
    """One frame on its way; holds what the later stages need."""

    def __init__(
        self,
        result: FrameResult,
        folder: Path,
        masters: Masters,
        catalogue: Catalogue | None,
        circle: Circle | None,
        options: Options,
    ) -> None:
        self.result, self.folder, self.masters = result, folder, masters
        self.catalogue, self.circle, self.options = catalogue, circle, options
        self.cards: dict[str, object] = {}

    def run(self) -> None:
        result = self.result
        frame = self._stage("read", lambda: read_frame(result.path))
        if frame is None or self._stage("output", self._make_folder) is None:
            return
        calibrated = self._calibrate(frame)
        if calibrated is None:
            self._stage("preview", lambda: self._preview(frame.data, None))
            return
        result.status = Status.CALIBRATED
        result.applied = calibrated.applied
        result.notes += calibrated.notes
        result.n_saturated_px = int(np.count_nonzero(flagged(calibrated.mask, PixelFlag.SATURATED)))
        self.cards |= calibrated.cards
        solution = self._analyse(frame, calibrated) if result.mode is Mode.FULL else None
        self._stage("preview", lambda: self._preview(calibrated.data, solution))
        if self.options.write_calibrated:
            self._stage("write", lambda: self._write(frame, calibrated))

    def _analyse(self, frame: Frame, calibrated: Calibrated) -> Solution | None:
        result = self.result
        sources = self._stage("sources", lambda: extract(calibrated, threshold_sigma=self.options.threshold_sigma))
        if sources is None:
            return None
        result.n_sources, result.fwhm_px = len(sources), sources.median_fwhm_px
        result.background_e = sources.background_e
        self.cards |= {"SKYLEVEL": round(sources.background_e, 3), "NSOURCES": len(sources), "WCSERR": 1}
        if result.fwhm_px is not None:
            self.cards["FWHM"] = (round(result.fwhm_px, 3), "pixels")
        solution = stars = None
        hint = self._stage("hint", lambda: self._hint(frame, calibrated))
        if hint is not None:
            stars = self._stage("catalogue", lambda: self._stars(hint))
        if hint is not None and stars is not None:
            solution = self._stage("astrometry", lambda: solve(sources, stars, hint))
        result.solution = solution
        result.status = Status.UNSOLVED if solution is None else Status.SOLVED
        if solution is not None:
            self.cards |= solution.cards()
            self._check_pointing(solution)
        zero = self._stage("photometry", lambda: self._zero_point(calibrated, sources, stars, solution))
        if zero is not None:
            self._stage("limits", lambda: self._limits(calibrated, sources, zero, solution))
        if solution is not None and zero is not None and stars is not None:
            result.candidates = self._stage("candidates", lambda: self._candidates(sources, solution, zero, stars))
        self._stage("tables", lambda: self._tables(sources, solution, zero))
        return solution

    # -- the machinery ------------------------------------------------------------------------------------------

    def _stage(self, name: str, work: Callable[[], T | Failure]) -> T | None:
        """Run one stage, time it, and turn whatever goes wrong into its named failure."""
        start = time.perf_counter()
        answer: T | Failure
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            try:
                answer = work()
            except ReductionError as error:
                answer = Failure(error.code, str(error))
            except OSError as error:
                answer = Failure(FailureCode.OUTPUT_NOT_WRITTEN, f"{error}; check the disk")
            except Exception as error:  # noqa: BLE001  a fault of ours must not lose the frame either: logged and named
                _log.exception("stage %s failed on %s", name, self.result.path)
                answer = Failure(FailureCode.INTERNAL_ERROR, f"{type(error).__name__}: {error}; please report this")
        self.result.notes += [f"{name}: {w.message}" for w in caught if w.category is UserWarning]
        seconds = time.perf_counter() - start
        if isinstance(answer, Failure):
            self.result.stages.append(StageResult(name, seconds, answer))
            return None
        self.result.stages.append(StageResult(name, seconds))
        return answer

    # -- the stages ---------------------------------------------------------------------------------------------

    def _make_folder(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        return True

    def _calibrate(self, frame: Frame) -> Calibrated | None:
        """A master that does not fit is named and left out: a frame without its dark is better than no frame."""
        masters = self.masters
        for _ in range(5):
            used = masters
            misfit: list[str] = []

            def work(used: Masters = used, misfit: list[str] = misfit) -> Calibrated:
                try:
                    return calibrate(frame.data, frame.header, used)
                except MasterMismatch as error:
                    misfit.append(error.kind)
                    raise

            calibrated = self._stage("calibrate", work)
            if calibrated is not None or not misfit:
                return calibrated
            masters = replace(masters, **{misfit[0]: None})
        return None

    def _hint(self, frame: Frame, calibrated: Calibrated) -> Hint | Failure:
        if self.options.hint is not None:
            return self.options.hint
        height, width = calibrated.data.shape
        return hint_from_header(
            frame.header,
            (height, width),
            pointing_error_deg=self.options.pointing_error_deg,
            scale_tolerance=self.options.scale_tolerance,
        )

    def _stars(self, hint: Hint) -> CatalogueStars | Failure:
        if self.catalogue is None:
            return Failure(FailureCode.NO_CATALOGUE, "no catalogue was given; the frame is not solved")
        return self.catalogue.cone(hint.ra_deg, hint.dec_deg, hint.radius_deg)

    def _check_pointing(self, solution: Solution) -> None:
        if solution.pointing_offset_arcsec > self.options.pointing_warning_arcsec:
            self.result.notes.append(
                f"pointing: the frame is {solution.pointing_offset_arcsec:.0f} arcsec off; "
                f"more than {self.options.pointing_warning_arcsec:g}"
            )

    def _zero_point(
        self, calibrated: Calibrated, sources: Sources, stars: CatalogueStars | None, solution: Solution | None
    ) -> ZeroPoint:
        nothing = np.empty(0, dtype=np.intp)
        rows = nothing if solution is None else solution.source_rows
        mags, colour = np.empty(0), None
        if solution is not None and stars is not None:
            clean = ~sources.has(0xFF & ~SourceFlag.BLENDED)[rows] & (sources.snr[rows] > 5.0)
            rows, star_rows = rows[clean], solution.catalogue_rows[clean]
            mags = stars.mag[star_rows]
            colour = None if stars.colour is None else stars.colour[star_rows]
        zero = zero_point(
            sources.flux_e[rows],
            sources.flux_error_e[rows],
            mags,
            colour=colour,
            exposure_s=calibrated.exposure_s or None,
            nominal_mag=self.options.nominal_zero_point_mag,
        )
        self.result.zero_point = zero
        if zero.is_nominal:
            self.result.notes.append(f"zero point {zero.reason}")
        self.cards |= zero.cards()
        return zero

    def _limits(self, calibrated: Calibrated, sources: Sources, zero: ZeroPoint, solution: Solution | None) -> bool:
        limit = limiting_magnitude(sources, zero)
        self.result.limiting_mag = limit
        if limit is not None and np.isfinite(limit):
            self.cards["LIMMAG5"] = (round(limit, 3), "5 sigma")
        if solution is not None and self.circle is not None:
            x, y = solution.wcs.to_pixel(self.circle.ra_deg, self.circle.dec_deg)
            if np.isfinite(x) and np.isfinite(y):
                self.result.circle_limit_mag = upper_limit(calibrated, sources, zero, float(x), float(y)).limit_mag
        return True

    def _candidates(
        self, sources: Sources, solution: Solution, zero: ZeroPoint, stars: CatalogueStars
    ) -> list[Candidate]:
        return find(sources, solution.wcs, zero, stars, circle=self.circle, first_epoch=self.options.first_epoch)

    def _tables(self, sources: Sources, solution: Solution | None, zero: ZeroPoint | None) -> bool:
        wcs = None if solution is None else solution.wcs
        path = self.folder / f"{self._stem}_sources.fits"
        write_fits_table(path, source_columns(sources, wcs, zero), "SOURCES", {"FRAME": self.result.path.name[-68:]})
        self.result.sources_path = path
        if self.result.candidates is not None:
            path = self.folder / f"{self._stem}_candidates.vot"
            write_votable(path, candidate_columns(self.result.candidates), "CANDIDATES")
            self.result.candidates_path = path
        return True

    def _preview(self, image: Any, solution: Solution | None) -> bool:
        annotation = None
        if solution is not None and self.circle is not None:
            x, y = solution.wcs.to_pixel(self.circle.ra_deg, self.circle.dec_deg)
            if np.isfinite(x) and np.isfinite(y):
                radius_px = self.circle.radius_arcsec / solution.wcs.scale_arcsec_px
                annotation = Annotation(float(x), float(y), radius_px)
        path = self.folder / f"{self._stem}.png"
        write_png(image, path, annotation=annotation)
        self.result.preview_path = path
        return True

    def _write(self, frame: Frame, calibrated: Calibrated) -> bool:
        path = self.folder / f"{self._stem}_cal.fits"
        header = product_header(frame.header, self.cards, calibrated, frame.path.name)
        self.result.calibrated_sha256 = write_fits_atomically(path, calibrated.data, header)
        self.result.calibrated_path = path
        return True

    @property
    def _stem(self) -> str:
        name = self.result.path.name
        for ending in (".fits.gz", ".fits.fz", ".fits", ".fit", ".fts"):
            if name.lower().endswith(ending):
                return name[: -len(ending)]
        return name


_RAW_ONLY = ("BZERO", "BSCALE", "BIASSEC", "TRIMSEC", "DATASEC", "CCDSEC", "CHECKSUM", "DATASUM")
_OLD_WCS = ("CDELT1", "CDELT2", "CROTA1", "CROTA2", "PC1_1", "PC1_2", "PC2_1", "PC2_2")


def product_header(raw: Any, cards: dict[str, object], calibrated: Calibrated, raw_name: str) -> Any:
    """The raw header, less what no longer holds, with what was measured and the history."""
    header = raw.copy(strip=True)
    for keyword in _RAW_ONLY + (_OLD_WCS if "CD1_1" in cards else ()):
        header.remove(keyword, ignore_missing=True, remove_all=True)
    header.update(header_from(cards))
    header["GAIN"] = (1.0, "electrons a unit: the gain has been applied")
    header.remove("EGAIN", ignore_missing=True)
    header["GAINRAW"] = (calibrated.gain_e_per_adu, "e-/ADU of the raw frame")
    header["RDNOISE"] = (calibrated.read_noise_e, "e-")
    if calibrated.saturation_e is not None:
        header["SATURATE"] = (calibrated.saturation_e, "e-, above zero of the raw frame")
    header["RAWFILE"] = raw_name[-60:]
    header["HISTORY"] = "calibrated: " + ", ".join(calibrated.applied)
    for note in calibrated.notes:
        header["HISTORY"] = note
    return header
