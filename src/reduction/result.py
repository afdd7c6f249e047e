"""What came of a frame: measured values, products, and every failure by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from .astrometry import Solution
from .candidates import Candidate
from .outcome import Failure, FailureCode
from .photometry import ZeroPoint


class Mode(StrEnum):
    QUICK = "quick"
    """Calibrate and preview: every frame."""
    FULL = "full"
    """The whole chain: alerts, and on demand."""


class Status(StrEnum):
    """How far a frame came; the failures say why no further."""

    FAILED = "failed"
    """No calibrated image: the file is as it was."""
    CALIBRATED = "calibrated"
    UNSOLVED = "unsolved"
    """Sources, but no plate solution."""
    SOLVED = "solved"


@dataclass(frozen=True)
class StageResult:
    """One stage of the chain."""

    name: str
    seconds: float
    """By the monotonic clock."""
    failure: Failure | None = None


@dataclass
class FrameResult:
    """The answer of `reduce_frame`; filled stage by stage."""

    path: Path
    mode: Mode
    status: Status = Status.FAILED
    stages: list[StageResult] = field(default_factory=list)
    applied: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    calibrated_path: Path | None = None
    calibrated_sha256: str | None = None
    preview_path: Path | None = None
    sources_path: Path | None = None
    candidates_path: Path | None = None
    n_sources: int | None = None
    fwhm_px: float | None = None
    background_e: float | None = None
    n_saturated_px: int | None = None
    solution: Solution | None = None
    zero_point: ZeroPoint | None = None
    limiting_mag: float | None = None
    circle_limit_mag: float | None = None
    """5 sigma limit in the middle of the circle."""
    candidates: list[Candidate] | None = None
    """None where they could not be looked for; empty where none was found."""

    @property
    def failures(self) -> list[Failure]:
        return [stage.failure for stage in self.stages if stage.failure is not None]

    def failed_with(self, code: FailureCode) -> bool:
        return any(failure.code is code for failure in self.failures)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: plain types, null where unknown, never NaN."""
        return {
            "file": str(self.path),
            "mode": str(self.mode),
            "status": str(self.status),
            "failures": [
                {"stage": s.name, "code": str(s.failure.code), "message": s.failure.message}
                for s in self.stages
                if s.failure is not None
            ],
            "notes": self.notes,
            "applied": list(self.applied),
            "timings_s": {s.name: round(s.seconds, 6) for s in self.stages},
            "calibrated_file": _text(self.calibrated_path),
            "calibrated_sha256": self.calibrated_sha256,
            "preview_file": _text(self.preview_path),
            "sources_file": _text(self.sources_path),
            "candidates_file": _text(self.candidates_path),
            "n_sources": self.n_sources,
            "n_saturated_px": self.n_saturated_px,
            "fwhm_px": _finite(self.fwhm_px),
            "background_e": _finite(self.background_e),
            "wcs": None if self.solution is None else _solution(self.solution),
            "zero_point": None if self.zero_point is None else _plain(asdict(self.zero_point)),
            "limiting_mag": _finite(self.limiting_mag),
            "circle_limit_mag": _finite(self.circle_limit_mag),
            "candidates": None if self.candidates is None else [_plain(asdict(c)) for c in self.candidates],
        }


def _solution(solution: Solution) -> dict[str, Any]:
    wcs = solution.wcs
    return {
        **_plain(wcs.cards()),
        "centre_ra_deg": solution.centre_deg[0],
        "centre_dec_deg": solution.centre_deg[1],
        "scale_arcsec_px": wcs.scale_arcsec_px,
        "rotation_deg": wcs.rotation_deg,
        "flipped": wcs.flipped,
        "n_stars": solution.n_stars,
        "rms_px": solution.rms_px,
        "rms_arcsec": list(solution.rms_arcsec),
        "pointing_offset_arcsec": solution.pointing_offset_arcsec,
        "chance_log10": solution.chance_log10,
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _finite(v) if isinstance(v, float) else v for key, v in values.items()}


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
