"""Failures as values: a frame that cannot be solved says why, and is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureCode(StrEnum):
    """Every way in which a stage may fail. Other programs compare these words: they do not change."""

    FRAME_UNREADABLE = "frame_unreadable"
    HEADER_INVALID = "header_invalid"
    MASTER_MISMATCH = "master_mismatch"
    EXTRACTION_FAILED = "extraction_failed"
    NO_HINT = "no_hint"
    NO_CATALOGUE = "no_catalogue"
    CATALOGUE_UNAVAILABLE = "catalogue_unavailable"
    CATALOGUE_INVALID = "catalogue_invalid"
    TOO_FEW_SOURCES = "too_few_sources"
    TOO_FEW_CATALOGUE_STARS = "too_few_catalogue_stars"
    SCALE_OUTSIDE_HINT = "scale_outside_hint"
    NO_MATCH = "no_match"
    OUTPUT_NOT_WRITTEN = "output_not_written"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Failure:
    """A named failure and one sentence for a person: what was found, what was expected, what to do."""

    code: FailureCode
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
