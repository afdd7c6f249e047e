"""What can go wrong, classed by what the caller may do about it."""

from __future__ import annotations


class GammaRayError(Exception):
    """Base of all errors of this library."""


class InputRefused(GammaRayError):
    """A file, array or configuration is not what it must be: correct it; trying again does not help."""


class FitFailed(GammaRayError):
    """The data are readable, but no fit was found: another model or energy range may help."""
