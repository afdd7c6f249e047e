"""An example configuration: an observatory at San Pedro Mártir, field 26′, two visible channels and one infrared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIELD_ARCMIN = 26.0
PIXELS = 512


def example() -> dict[str, Any]:
    """A complete configuration, ready to be written as JSON."""
    return {
        "clock": {"kind": "real"},
        "host": "127.0.0.1",
        "site": {
            "name": "San Pedro Martir",
            "latitude_deg": 31.044,
            "longitude_deg": -115.464,
            "elevation_m": 2800.0,
        },
        "seed": 1,
        "scenario": "clear",
        "catalogue_limit_mag": 20.0,
        "devices": {
            "mount": {"kind": "telescope", "port": 11110, "pointing_error_arcsec": 4.0},
            "focuser": {"kind": "focuser", "port": 11111},
            "vis1": _camera(11112, ["g", "r", "i"], readout_s=2.0, gain_e_adu=2.5, full_well_e=150_000.0),
            "vis2": _camera(11113, ["z", "y"], readout_s=2.0, gain_e_adu=2.5, full_well_e=150_000.0),
            "nir": _camera(
                11114, ["J", "H"], readout_s=1.3, gain_e_adu=40.0, full_well_e=2.5e6, read_noise_e=18.0, dark_e_s=2.0
            ),
            "dome": {"kind": "dome", "port": 11115, "travel_s": 60.0},
            "plc": {"kind": "plc", "port": 11116, "roof": "dome", "heartbeat_loss_s": 30.0},
            "weather1": {"kind": "weather", "port": 11117},
            "weather2": {"kind": "weather", "port": 11118},
            "sky": {"kind": "sky", "port": 11119},
            "catalogue": {"kind": "cone_search", "port": 11120},
            "control": {"kind": "control", "port": 11121},
        },
    }


def _camera(port: int, filters: list[str], **detector: float) -> Mapping[str, Any]:
    return {
        "kind": "camera",
        "port": port,
        "filters": filters,
        "width": PIXELS,
        "height": PIXELS,
        "scale_arcsec": round(FIELD_ARCMIN * 60.0 / PIXELS, 4),
        **detector,
        "mount": "mount",
        "roof": "dome",
        "plc": "plc",
        "focuser": "focuser",
        "sky": "sky",
    }
