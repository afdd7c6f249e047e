"""What can go wrong, classed by what the caller may do about it.

The pipeline turns each of them into a named `Failure`; a caller of a single step gets the exception.
"""

from __future__ import annotations

from .outcome import FailureCode


class ReductionError(Exception):
    """Base. `code` is the name of the failure in results and messages."""

    code = FailureCode.INTERNAL_ERROR


class FrameError(ReductionError):
    """The file is no usable image: trying again does not help, another file is needed."""

    code = FailureCode.FRAME_UNREADABLE


class HeaderError(ReductionError):
    """A header keyword is missing or wrong: correct the header or give the value by hand."""

    code = FailureCode.HEADER_INVALID


class MasterMismatch(ReductionError):
    """A master does not fit the frame; `kind` names it. The caller may calibrate without it."""

    code = FailureCode.MASTER_MISMATCH

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ExtractionError(ReductionError):
    """The field is too crowded for the extractor's buffers: raise the threshold."""

    code = FailureCode.EXTRACTION_FAILED


class CatalogueError(ReductionError):
    """The catalogue's answer cannot be used (wrong format, missing column): trying again does not help."""

    code = FailureCode.CATALOGUE_INVALID


class CatalogueUnavailable(CatalogueError):
    """The catalogue did not answer and the cache does not hold this field: trying again later may help."""

    code = FailureCode.CATALOGUE_UNAVAILABLE
