"""Gamma-ray bursts: light curves, T90, spectra.

curve = read_light_curve("grb.lc.gz")           # InputRefused when it is none
measure_duration(curve).t90_s
analyse_spectrum(["n3.pha"], ["n3.rsp"], ["n3.bak"], model="band").to_dict()
"""

from gammaray.blocks import block_edges
from gammaray.configuration import Configuration, configuration_from, read_configuration
from gammaray.duration import Duration, measure_duration
from gammaray.errors import FitFailed, GammaRayError, InputRefused
from gammaray.lightcurve import LightCurve
from gammaray.ogip import Response, Spectrum, read_response, read_spectrum
from gammaray.reading import read_light_curve
from gammaray.spectrum import SpectralResult, analyse_spectrum

__all__ = [
    "Configuration",
    "Duration",
    "FitFailed",
    "GammaRayError",
    "InputRefused",
    "LightCurve",
    "Response",
    "SpectralResult",
    "Spectrum",
    "analyse_spectrum",
    "block_edges",
    "configuration_from",
    "measure_duration",
    "read_configuration",
    "read_light_curve",
    "read_response",
    "read_spectrum",
]
