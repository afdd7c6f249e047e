"""From raw ADU to electrons per pixel with a mask and an uncertainty.

The order is fixed: bad-pixel mask, saturation, overscan, gain, trim, bias, uncertainty, dark, flat. Each step is a
small function on arrays; `calibrate` puts them in order and writes down what was done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Image, Mask, PixelFlag, flagged, set_flag
from .errors import HeaderError, MasterMismatch
from .frame import Header, number
from .masters import Master, Masters
from .sections import Readout, subtract_overscan, trim

FLAT_MINIMUM = 0.05
"""A pixel that sees less than this part of the median light is not corrected but masked."""


@dataclass(frozen=True)
class Calibrated:
    """A calibrated frame: all arrays have the trimmed shape."""

    data: Image
    """electrons"""
    uncertainty: Image
    """electrons, one sigma: photon noise and readout noise"""
    mask: Mask
    """`PixelFlag` bits"""
    gain_e_per_adu: float
    read_noise_e: float
    saturation_e: float | None
    """Level above which a raw pixel counted as saturated, in electrons above zero; None where unknown."""
    exposure_s: float | None
    applied: tuple[str, ...]
    """Steps done, in order."""
    cards: dict[str, object]
    """Header keywords that state what was done (BIASFILE, FLATNORM, …)."""
    notes: tuple[str, ...]
    """What was assumed or left out, in words."""


def calibrate(image: Image, header: Header, masters: Masters | None = None) -> Calibrated:
    """Calibrate a raw `image` (ADU, rows x columns) by what the header and the masters say.

    Header: GAIN (or EGAIN; e-/ADU), RDNOISE (e-), SATURATE (ADU), EXPTIME (s), BIASSEC, TRIMSEC. Without GAIN, 1 is
    taken and noted. A dark of another exposure is scaled; a dark that still holds its bias replaces the bias.

    Raises:
        HeaderError: a keyword that is no number or no section.
        MasterMismatch: a master of another size, or a dark that cannot be scaled.
    """
    masters = masters or Masters()
    applied: list[str] = []
    notes: list[str] = []
    cards: dict[str, object] = {"BUNIT": "electron"}
    shape = (image.shape[0], image.shape[1])
    readout = Readout.from_header(header, shape)
    gain, read_noise_e, saturation_adu = _detector(header, notes)
    exposure_s = number(header, "EXPTIME")

    mask = bad_pixel_mask(image, masters.bad_pixels, readout)
    if saturation_adu is not None:
        flag_saturated(mask, image, saturation_adu)
        applied.append("saturation")
    if masters.bad_pixels is not None:
        applied.append("bad_pixels")
    if readout.overscan is not None:
        applied.append("overscan")
    data = subtract_overscan(image, readout) * np.float32(gain)
    applied.append("gain")
    if readout.trim is not None:
        data, mask = trim(data, readout), np.ascontiguousarray(mask[readout.trim.slices])
        applied.append("trim")

    dark, bias = masters.dark, masters.bias
    dark_holds_bias = dark is not None and _dark_holds_bias(dark, bias)
    bias_e = _in_electrons(bias, readout, shape, gain) if bias is not None else None
    dark_e = _in_electrons(dark, readout, shape, gain) if dark is not None else None
    signal = data
    if bias is not None and bias_e is not None:
        data -= bias_e
        cards["BIASFILE"] = bias.name
        applied.append("bias")
        if dark_e is not None and dark_holds_bias:
            dark_e = dark_e - bias_e
    elif dark_e is not None and dark_holds_bias:
        signal = data - dark_e  # the dark's own bias must not count as light
    uncertainty = noise(signal, read_noise_e)
    applied.append("uncertainty")
    if dark is not None and dark_e is not None:
        factor = _dark_factor(dark, header, scalable=not dark_holds_bias or bias is not None)
        data -= dark_e if factor == 1.0 else dark_e * np.float32(factor)
        cards["DARKFILE"] = dark.name
        applied.append("dark")
    if masters.flat is not None:
        divide_by_flat(data, uncertainty, mask, _prepared(masters.flat, readout, shape), masters.flat.median)
        cards |= {"FLATFILE": masters.flat.name, "FLATNORM": "median"}
        applied.append("flat")
    for kind, master in (("bias", bias), ("dark", dark), ("flat", masters.flat)):
        if master is None and not (kind == "bias" and (readout.overscan or dark_holds_bias)):
            notes.append(f"no master {kind}: not applied")

    unusable = flagged(mask, PixelFlag.NOT_FINITE)
    if unusable.any():
        data[unusable] = 0.0
        uncertainty[unusable] = 0.0
    saturation_e = None if saturation_adu is None else saturation_adu * gain
    return Calibrated(
        data, uncertainty, mask, gain, read_noise_e, saturation_e, exposure_s, tuple(applied), cards, tuple(notes)
    )


def bad_pixel_mask(image: Image, bad_pixels: Bools | None, readout: Readout) -> Mask:
    """A mask of the raw shape from the detector's known bad pixels (raw or trimmed) and the non-finite ones."""
    mask: Mask = np.zeros(image.shape, dtype=np.uint8)
    if not np.isfinite(np.sum(image, dtype=np.float64)):
        set_flag(mask, ~np.isfinite(image), PixelFlag.NOT_FINITE)
    if bad_pixels is not None:
        if bad_pixels.shape == image.shape:
            set_flag(mask, bad_pixels, PixelFlag.BAD)
        elif readout.trim is not None and bad_pixels.shape == readout.trim.shape:
            set_flag(mask[readout.trim.slices], bad_pixels, PixelFlag.BAD)
        else:
            raise MasterMismatch("bad_pixels", f"bad-pixel mask is {bad_pixels.shape}, the frame is {image.shape}")
    return mask


def flag_saturated(mask: Mask, image: Image, saturation_adu: float) -> None:
    """Set SATURATED where the raw pixel reaches the level (ADU)."""
    saturated = image >= saturation_adu
    if saturated.any():
        set_flag(mask, saturated, PixelFlag.SATURATED)


def noise(signal_e: Image, read_noise_e: float) -> Image:
    """One sigma in electrons: the root of the signal (photon noise, not below zero) plus the readout noise squared."""
    variance = np.maximum(signal_e, np.float32(0.0))
    variance += np.float32(read_noise_e**2)
    return np.sqrt(variance, out=variance)


def divide_by_flat(data: Image, uncertainty: Image, mask: Mask, flat: Image, median: float) -> None:
    """Divide in place by the flat over its median; a pixel without light in the flat is masked and left alone.

    Raises:
        MasterMismatch: the flat's median is not a positive number.
    """
    if not median > 0:
        raise MasterMismatch("flat", f"the flat's median is {median:g}: it holds no light; take other flats")
    inverse = np.divide(np.float32(median), flat, out=np.ones_like(flat), where=flat > FLAT_MINIMUM * median)
    dark_pixels = ~(flat > FLAT_MINIMUM * median)
    if dark_pixels.any():
        set_flag(mask, dark_pixels, PixelFlag.FLAT_INVALID)
    data *= inverse
    uncertainty *= inverse


def _detector(header: Header, notes: list[str]) -> tuple[float, float, float | None]:
    """Gain (e-/ADU), readout noise (e-) and saturation (ADU, None where unknown)."""
    gain = number(header, "GAIN")
    egain = number(header, "EGAIN")
    if egain:  # where both are given, GAIN is the camera's dial (0-500), EGAIN the physical gain
        gain = egain
    if gain is None:
        gain = 1.0
        notes.append("GAIN unknown: 1 e-/ADU assumed, uncertainties are indicative")
    if gain <= 0:
        raise HeaderError(f"GAIN = {gain:g} must be positive (e-/ADU); correct the header")
    read_noise_e = number(header, "RDNOISE")
    if read_noise_e is None:
        read_noise_e = 0.0
        notes.append("RDNOISE unknown: 0 e- assumed")
    saturation_adu = number(header, "SATURATE")
    if saturation_adu is None:
        saturation_adu = _full_scale(header)
        notes.append(
            "SATURATE unknown: saturated stars are not flagged"
            if saturation_adu is None
            else f"SATURATE unknown: {saturation_adu:g} ADU taken from the data type"
        )
    return gain, read_noise_e, saturation_adu


def _full_scale(header: Header) -> float | None:
    """The last value of unsigned 16-bit pixels; no other type says where a detector ends."""
    is_uint16 = header.get("BITPIX") == 16 and header.get("BZERO") == 32768
    return 65535.0 if is_uint16 else None


def _prepared(master: Master, readout: Readout, shape: tuple[int, int]) -> Image:
    """The master's pixels in the trimmed shape: a master of the raw shape is treated as the frame is."""
    trimmed = readout.trimmed_shape(shape)
    if master.data.shape == trimmed:
        return master.data
    if master.data.shape == shape:
        return trim(subtract_overscan(master.data, readout), readout)
    raise MasterMismatch(
        master.kind,
        f"master {master.kind} {master.name} is {master.data.shape[1]} x {master.data.shape[0]} pixels, the frame is "
        f"{trimmed[1]} x {trimmed[0]}; give one of the same binning and window",
    )


def _in_electrons(master: Master, readout: Readout, shape: tuple[int, int], gain: float) -> Image:
    data = _prepared(master, readout, shape)
    in_electrons = str(master.header.get("BUNIT") or "adu").strip().lower() in ("electron", "electrons", "e-")
    return data if in_electrons or gain == 1.0 else data * np.float32(gain)


def _dark_holds_bias(dark: Master, bias: Master | None) -> bool:
    """What the dark's header says; where it says nothing, a dark as high as half the bias level holds it."""
    stated = dark.bias_subtracted
    if stated is not None:
        return not stated
    return bias is not None and bias.median > 0 and dark.median > 0.5 * bias.median


def _same_exposure(dark: Master, header: Header) -> bool:
    dark_s, exposure_s = dark.exposure_s, number(header, "EXPTIME")
    return dark_s is not None and exposure_s is not None and abs(dark_s - exposure_s) <= 0.001 * max(dark_s, 0.001)


def _dark_factor(dark: Master, header: Header, *, scalable: bool) -> float:
    dark_s, exposure_s = dark.exposure_s, number(header, "EXPTIME")
    if dark_s is None or exposure_s is None or _same_exposure(dark, header):
        return 1.0
    if not scalable:
        raise MasterMismatch(
            "dark",
            f"{dark.name} ({dark_s:g} s) holds its bias and cannot be scaled to {exposure_s:g} s without a master bias",
        )
    if dark_s <= 0:
        raise MasterMismatch("dark", f"{dark.name} has EXPTIME = {dark_s:g} s and cannot be scaled")
    return exposure_s / dark_s
