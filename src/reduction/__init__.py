"""From a raw frame to a preview, sources, a world coordinate system, a zero point and candidates.

Every step is a function on arrays and a header; `pipeline.reduce_frame` puts them in order and turns every
failure into a *named* result, so that no frame is ever lost. Importing the package costs nothing: a name is
loaded when it is first used (`warm()` loads all of them, for workers).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .astrometry import Hint, Solution, solve
    from .calibration import Calibrated, calibrate
    from .candidates import Candidate, Circle
    from .catalogue import Catalogue, CatalogueStars, ConeSearch, FileCatalogue
    from .errors import CatalogueError, CatalogueUnavailable, FrameError, MasterMismatch, ReductionError
    from .frame import Frame, read_frame, write_fits_atomically
    from .limits import UpperLimit, limiting_magnitude, upper_limit
    from .masters import Master, Masters
    from .outcome import Failure, FailureCode
    from .photometry import ZeroPoint, zero_point
    from .pipeline import FrameResult, Mode, reduce_frame
    from .preview import write_png
    from .sources import Sources, extract
    from .wcs import TanWcs

_HOME = {
    "Calibrated": "calibration", "Candidate": "candidates", "Catalogue": "catalogue", "CatalogueError": "errors",
    "CatalogueStars": "catalogue", "CatalogueUnavailable": "errors", "Circle": "candidates", "ConeSearch": "catalogue",
    "Failure": "outcome", "FailureCode": "outcome", "FileCatalogue": "catalogue", "Frame": "frame",
    "FrameError": "errors", "FrameResult": "pipeline", "Hint": "astrometry", "Master": "masters",
    "MasterMismatch": "errors", "Masters": "masters", "Mode": "pipeline", "ReductionError": "errors",
    "Solution": "astrometry", "Sources": "sources", "TanWcs": "wcs", "UpperLimit": "limits", "ZeroPoint": "photometry",
    "calibrate": "calibration", "extract": "sources", "limiting_magnitude": "limits", "read_frame": "frame",
    "reduce_frame": "pipeline", "solve": "astrometry", "upper_limit": "limits", "write_fits_atomically": "frame",
    "write_png": "preview", "zero_point": "photometry",
}  # fmt: skip

__all__ = [  # noqa: RUF022  (grouped by stage, not by letter)
    "Frame", "read_frame", "write_fits_atomically",
    "Master", "Masters", "Calibrated", "calibrate",
    "Sources", "extract",
    "TanWcs", "Hint", "Solution", "solve",
    "Catalogue", "CatalogueStars", "ConeSearch", "FileCatalogue",
    "ZeroPoint", "zero_point", "UpperLimit", "limiting_magnitude", "upper_limit",
    "Candidate", "Circle",
    "write_png",
    "FrameResult", "Mode", "reduce_frame",
    "Failure", "FailureCode",
    "ReductionError", "FrameError", "MasterMismatch", "CatalogueError", "CatalogueUnavailable",
    "warm",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def warm() -> None:
    """Load every library the chain uses (about 1 s), so that the first frame is as quick as the next."""
    for module in sorted(set(_HOME.values())):
        import_module(f".{module}", __name__)
    for heavy in ("astropy.io.fits", "sep", "scipy.spatial", "scipy.special", "PIL.Image", "PIL.PngImagePlugin"):
        import_module(heavy)
