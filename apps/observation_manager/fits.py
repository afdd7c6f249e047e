"""Writing a frame: FITS, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.devices.models import Camera
from apps.observation_manager.models import Image
from apps.routine_manager.models import FrameType
from devicelink.interfaces.camera import ExposureResult, RawImage
from reduction import write_fits_atomically


@dataclass(frozen=True)
class Written:
    """What stands on the disk."""

    sha256: str
    size_bytes: int


def write(path: Path, raw: RawImage, header: list[tuple[str, Any, str]]) -> Written:
    """Write a frame under a temporary name, sync it, and give it its name: no incomplete file ever bears that one.

    Raises:
        ValueError: the pixels are not unsigned 16-bit integers.
    """
    pixels = np.frombuffer(raw.data, dtype=np.dtype(raw.dtype).newbyteorder("<")).reshape(raw.height, raw.width)
    if pixels.dtype != np.dtype("<u2"):
        raise ValueError(f"{path.name}: pixels are {raw.dtype}, expected uint16")
    sha256 = write_fits_atomically(path, pixels, {keyword: (value, comment) for keyword, value, comment in header})
    return Written(sha256, path.stat().st_size)


def cards(image: Image, camera: Camera, result: ExposureResult) -> list[tuple[str, Any, str]]:
    """The header of a frame, in FITS's own words."""
    sequence = image.plan.album.sequence
    telescope = camera.on_telescope
    rows: list[tuple[str, Any, str]] = [
        (
            "DATE-OBS",
            result.date_obs.isoformat(timespec="milliseconds").replace("+00:00", ""),
            "start of exposure, UTC",
        ),
        ("TIMESYS", "UTC", ""),
        ("EXPTIME", result.exposure_s, "[s] exposure time"),
        ("IMAGETYP", image.frame_type, ""),
        ("TELESCOP", telescope.name, ""),
        ("INSTRUME", camera.name, ""),
        ("FILTER", image.filter.name if image.filter else "", ""),
        ("OBJECT", sequence.target_name or sequence.name, ""),
        ("GAIN", camera.gain_e_adu, "[e-/adu]"),
        ("RDNOISE", camera.read_noise_e, "[e-]"),
        ("SATURATE", camera.saturation_adu, "[adu]"),
        ("PIXSCALE", camera.pixel_scale_arcsec, "[arcsec/px]"),
        ("XBINNING", 1, ""),
        ("YBINNING", 1, ""),
        ("REQUEST", sequence.request_id, "request id"),
        ("SEQUENCE", sequence.pk, "sequence id"),
        ("ALBUM", image.plan.album_id, "album id"),
        ("PLAN", image.plan_id, "plan id"),
        ("IMAGEID", image.pk, "image id"),
        ("EPOCH", image.album_run.run.epoch, "run epoch of the telescope"),
        ("SITELAT", telescope.site.latitude_deg, "[deg]"),
        ("SITELONG", telescope.site.longitude_deg, "[deg] east positive"),
        ("SITEELEV", telescope.site.elevation_m, "[m]"),
    ]
    if sequence.ra_deg is not None and image.frame_type == FrameType.LIGHT:
        rows += [
            ("RA", sequence.ra_deg, "[deg] commanded, ICRS"),
            ("DEC", sequence.dec_deg, "[deg] commanded, ICRS"),
            ("RADESYS", "ICRS", ""),
        ]
    return rows
