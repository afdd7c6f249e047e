"""Angles on the sphere and air mass: plain geometry, no time and no place."""

from __future__ import annotations

from typing import Any, overload

import erfa
import numpy as np
from numpy.typing import ArrayLike

from .earth_orientation import FloatArray

_DEG = np.pi / 180.0


@overload
def separation_deg(ra1_deg: float, dec1_deg: float, ra2_deg: float, dec2_deg: float) -> float: ...
@overload
def separation_deg(ra1_deg: ArrayLike, dec1_deg: ArrayLike, ra2_deg: ArrayLike, dec2_deg: ArrayLike) -> FloatArray: ...
def separation_deg(ra1_deg: Any, dec1_deg: Any, ra2_deg: Any, dec2_deg: Any) -> Any:
    """Great-circle distance of two directions, 0..180, exact for small and large angles (erfa.seps)."""
    return erfa.seps(*(np.multiply(angle, _DEG) for angle in (ra1_deg, dec1_deg, ra2_deg, dec2_deg))) / _DEG


@overload
def airmass(altitude_deg: float) -> float: ...
@overload
def airmass(altitude_deg: ArrayLike) -> FloatArray: ...
def airmass(altitude_deg: Any) -> Any:
    """Air mass of a plane-parallel atmosphere, 1/sin(geometric altitude); infinite at and below the horizon.

    The same formula as `Limits.airmass_max`. It is 0.8 % above Pickering's (2002) at 20° and 1.5 % at 15°.
    """
    sine = np.sin(np.multiply(altitude_deg, _DEG))
    with np.errstate(divide="ignore"):
        return np.where(sine > 0.0, 1.0 / np.abs(sine), np.inf)[()]
