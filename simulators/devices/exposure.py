"""One frame from what was seen: pure but for the camera's fixed patterns; runs in a thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.devices.surroundings import View
from simulators.sky.bands import Band
from simulators.sky.detector import Detector
from simulators.sky.projection import Projection
from simulators.sky.scene import Atmosphere, Scene
from simulators.world import World, airmass

LAMP_ELECTRONS_PER_S = 3000.0


@dataclass(frozen=True)
class Optics:
    """What stands before a detector. The zero point is the band's unless given by `zero_point_shift_mag`."""

    scale_arcsec: float
    rotation_deg: float = 0.0
    zero_point_shift_mag: float = 0.0


@dataclass(frozen=True)
class Shot:
    """What one exposure was: when, how long, through which band, with which shutter."""

    start_unix_s: float
    exposure_s: float
    shutter_open: bool
    band: Band
    bin_factor: int
    temperature_c: float
    number: int


def projection(detector: Detector, optics: Optics, ra_deg: float, dec_deg: float) -> Projection:
    """The unbinned frame on the sky."""
    design = detector.design
    return Projection(ra_deg, dec_deg, optics.scale_arcsec, design.width, design.height, optics.rotation_deg)


def render(world: World, detector: Detector, optics: Optics, view: View, shot: Shot) -> NDArray[np.uint16]:
    """The frame, rows by columns. Without a known pointing no sky is seen; a shut roof leaves the lamp alone."""
    design = detector.design
    random = np.random.Generator(np.random.SFC64([design.seed, shot.number, int(shot.start_unix_s * 1000.0)]))
    light = None
    if shot.shutter_open and shot.exposure_s > 0.0:
        light = np.zeros((design.height, design.width), dtype=np.float32)
        if view.pointing is not None and view.open_fraction > 0.0:
            light += _scene(world, detector, optics, view, shot).expose(world.stars, view.transients) * np.float32(
                view.open_fraction
            )
        if view.lamp:
            light += np.float32(LAMP_ELECTRONS_PER_S * shot.exposure_s)
    return detector.read(light, shot.exposure_s, shot.temperature_c, random, shot.bin_factor)


def _scene(world: World, detector: Detector, optics: Optics, view: View, shot: Shot) -> Scene:
    assert view.pointing is not None
    middle_unix_s = shot.start_unix_s + shot.exposure_s / 2.0
    lights = world.lights(*view.pointing, middle_unix_s)
    conditions = world.story.at(middle_unix_s)
    return Scene(
        projection=projection(detector, optics, *view.pointing),
        band=shot.band,
        zero_point_mag=shot.band.zero_point_mag + optics.zero_point_shift_mag,
        exposure_s=shot.exposure_s,
        mid_unix_s=middle_unix_s,
        atmosphere=Atmosphere(
            airmass=airmass(lights.altitude_deg),
            seeing_arcsec=conditions.seeing_arcsec,
            cloud_mag=conditions.extinction_mag,
            lights=lights,
        ),
        defocus_px=view.blur_px,
    )
