"""Masters (“super images”): many bias, dark or flat frames made into one.

The mean of the middle values of each pixel: as deaf to cosmic rays as the median, and quieter (rms 1.38 against
1.64 of a single-frame unit over 20 frames). Frames are read in strips of rows, so that memory does not grow with
their number times their size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from . import frame as frames_on_disk
from .arrays import Bools, Image
from .errors import FrameError, MasterMismatch
from .frame import Header
from .strips import StripSource, open_source

STRIP_BYTES = 64 << 20
"""Raw pixels held at once, all frames together."""
BLOCK_PIXELS = 1 << 14
"""Pixels sorted at once: twenty planes of this size stay in a core's second-level cache."""


class MasterKind(StrEnum):
    BIAS = "bias"
    DARK = "dark"
    FLAT = "flat"


@dataclass(frozen=True)
class Master:
    """One calibration image in ADU, as made by `combine` or read from a file."""

    kind: MasterKind
    data: Image
    header: Header
    name: str
    sha256: str | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str], kind: MasterKind | str) -> Master:
        """Raises FrameError where the file is no image."""
        found = frames_on_disk.read_frame(path)
        return cls(MasterKind(kind), found.data, found.header, Path(path).name)

    @cached_property
    def median(self) -> float:
        """Of the finite pixels."""
        finite = self.data[np.isfinite(self.data)]
        return float(np.median(finite)) if finite.size else float("nan")

    @property
    def exposure_s(self) -> float | None:
        return frames_on_disk.number(self.header, "EXPTIME")

    @property
    def bias_subtracted(self) -> bool | None:
        """What the header's BIASSUB says; None where it says nothing."""
        value = self.header.get("BIASSUB")
        return None if value is None else bool(value)

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write the master into `folder` under its standard name, with CHECKSUM and DATASUM; return the path."""
        path = Path(folder) / self.name
        frames_on_disk.write_fits_atomically(path, self.data, self.header, checksum=True)
        return path


@dataclass(frozen=True)
class Masters:
    """What is at hand to calibrate a frame. What is absent is not applied, and the result says so."""

    bias: Master | None = None
    dark: Master | None = None
    flat: Master | None = None
    bad_pixels: Bools | None = None
    """True where the detector is known to be bad; the shape of the raw or of the trimmed frame."""


def combine(
    frames: Sequence[str | os.PathLike[str] | tuple[Image, Header]],
    kind: MasterKind | str,
    *,
    bias: Master | None = None,
    dark: Master | None = None,
) -> Master:
    """Make a master of `frames` (paths, or pairs of array and header).

    Overscan and trim are applied as the headers say; then `bias`, and for flats `dark` scaled to the exposure, are
    subtracted. Flats are brought to one level (median 1) before they are combined.

    Raises:
        FrameError: no frames, an unreadable one, or a flat without light.
        MasterMismatch: frames of different size, camera, binning, exposure (darks) or filter (flats).
    """
    kind = MasterKind(kind)
    if not frames:
        raise FrameError(f"no frames to make a master {kind} of; give at least one")
    with ExitStack() as stack:
        sources = [stack.enter_context(open_source(frame)) for frame in frames]
        _require_alike(sources, kind)
        shape = sources[0].shape
        background = _background(kind, sources[0], shape, bias, dark)
        scales = [_flat_scale(source, background) for source in sources] if kind is MasterKind.FLAT else None
        data = np.empty(shape, dtype=np.float32)
        for rows in _strips(shape, len(sources)):
            stackful = np.stack([source.rows(rows) for source in sources])
            if background is not None:
                stackful -= background[rows]
            if scales is not None:
                stackful *= np.asarray(scales, dtype=np.float32)[:, None, None]
            data[rows] = _middle_mean_by_blocks(stackful)
        if kind is MasterKind.FLAT:
            data /= np.float32(np.median(data))
        header = _master_header(kind, sources, bias, dark)
    return Master(kind, data, header, standard_name(kind, header))


def standard_name(kind: MasterKind, header: Header) -> str:
    """`super_<type>_<camera>_<bin>_<filter|exptime>_<date>.fits`; what the header does not say is `unknown`."""
    camera = _word(header.get("INSTRUME"))
    binning = f"{int(header.get('XBINNING') or 1)}x{int(header.get('YBINNING') or header.get('XBINNING') or 1)}"
    if kind is MasterKind.FLAT:
        setting = _word(header.get("FILTER"))
    else:
        exposure_s = frames_on_disk.number(header, "EXPTIME")
        setting = f"{exposure_s or 0.0:g}s"
    date = str(header.get("DATE-OBS") or "")[:10].replace("-", "") or "unknown"
    return f"super_{kind}_{camera}_{binning}_{setting}_{date}.fits"


def middle_mean(planes: Image, dropped_each_side: int) -> Image:
    """The mean over axis 0 without the k smallest and the k largest values of each pixel. `planes` is overwritten.

    A partial bubble sort on whole planes: k passes bring the largest to the end and the smallest to the front. Only
    minimum and maximum of contiguous arrays are used, several times faster than sorting pixel by pixel.
    """
    order = list(planes)
    spare = np.empty_like(order[0])
    last = len(order) - 1
    for done in range(dropped_each_side):
        for i in range(done, last - done):
            np.minimum(order[i], order[i + 1], out=spare)
            np.maximum(order[i], order[i + 1], out=order[i + 1])
            order[i], spare = spare, order[i]
        for i in range(last - done - 1, done, -1):
            np.maximum(order[i - 1], order[i], out=spare)
            np.minimum(order[i - 1], order[i], out=order[i - 1])
            order[i], spare = spare, order[i]
    kept = order[dropped_each_side : len(order) - dropped_each_side]
    total = kept[0].copy()
    for plane in kept[1:]:
        total += plane
    total *= np.float32(1.0 / len(kept))
    return np.asarray(total, dtype=np.float32)


def dropped_each_side(count: int) -> int:
    """A tenth of the frames at either end; at least one as soon as there are three (16 of 20 are kept)."""
    return 0 if count < 3 else max(1, round(count / 10))


def _middle_mean_by_blocks(stackful: Image) -> Image:
    count, rows, columns = stackful.shape
    flat = stackful.reshape(count, rows * columns)
    result = np.empty(rows * columns, dtype=np.float32)
    for start in range(0, flat.shape[1], BLOCK_PIXELS):
        block = np.ascontiguousarray(flat[:, start : start + BLOCK_PIXELS])
        result[start : start + BLOCK_PIXELS] = middle_mean(block, dropped_each_side(count))
    return result.reshape(rows, columns)


def _strips(shape: tuple[int, int], count: int) -> Iterator[slice]:
    rows, columns = shape
    height = max(1, STRIP_BYTES // (count * columns * 4))
    for start in range(0, rows, height):
        yield slice(start, min(rows, start + height))


def _background(
    kind: MasterKind, first: StripSource, shape: tuple[int, int], bias: Master | None, dark: Master | None
) -> Image | None:
    background: Image | None = None
    used = {MasterKind.BIAS: (), MasterKind.DARK: (bias,), MasterKind.FLAT: (bias, dark)}[kind]
    for master in used:
        if master is None:
            continue
        if master.data.shape != shape:
            raise MasterMismatch(
                master.kind, f"master {master.kind} {master.name} is {master.data.shape}, the frames are {shape}"
            )
        factor = 1.0
        if master.kind is MasterKind.DARK:
            factor = _exposure_ratio(first.header, master)
        part = master.data * np.float32(factor)
        background = part if background is None else background + part
    return background


def _exposure_ratio(header: Header, dark: Master) -> float:
    exposure_s, dark_s = frames_on_disk.number(header, "EXPTIME"), dark.exposure_s
    if not exposure_s or not dark_s:
        raise MasterMismatch("dark", f"{dark.name}: EXPTIME missing or zero in the dark or the frame; cannot be scaled")
    return exposure_s / dark_s


def _flat_scale(source: StripSource, background: Image | None) -> float:
    """One over the flat's level, measured on every tenth row or so: enough for a part in a thousand."""
    rows = slice(0, source.shape[0], max(1, source.shape[0] // 64))
    sample = np.concatenate([source.rows(slice(y, y + 1)) for y in range(*rows.indices(source.shape[0]))])
    if background is not None:
        sample = sample - background[rows]
    level = float(np.median(sample))
    if not level > 0:
        raise FrameError(f"{source.name}: a flat of median {level:g} ADU holds no light; leave it out")
    return 1.0 / level


_MUST_AGREE: dict[MasterKind, tuple[str, ...]] = {
    MasterKind.BIAS: ("INSTRUME", "XBINNING", "YBINNING"),
    MasterKind.DARK: ("INSTRUME", "XBINNING", "YBINNING", "EXPTIME"),
    MasterKind.FLAT: ("INSTRUME", "XBINNING", "YBINNING", "FILTER"),
}


def _require_alike(sources: Sequence[StripSource], kind: MasterKind) -> None:
    first = sources[0]
    for source in sources[1:]:
        if source.shape != first.shape:
            raise MasterMismatch(kind, f"{source.name} is {source.shape}, {first.name} is {first.shape}")
        for keyword in _MUST_AGREE[kind]:
            if source.header.get(keyword) != first.header.get(keyword):
                raise MasterMismatch(
                    kind,
                    f"{source.name} has {keyword} = {source.header.get(keyword)!r}, {first.name} has "
                    f"{first.header.get(keyword)!r}; combine like with like",
                )


_KEPT = ("TELESCOP", "INSTRUME", "XBINNING", "YBINNING", "EXPTIME", "FILTER", "GAIN", "RDNOISE", "CCD-TEMP")


def _master_header(
    kind: MasterKind, sources: Sequence[StripSource], bias: Master | None, dark: Master | None
) -> Header:
    first = sources[0].header
    header = frames_on_disk.header_from({key: first[key] for key in _KEPT if first.get(key) is not None})
    dates = sorted(str(source.header["DATE-OBS"]) for source in sources if source.header.get("DATE-OBS"))
    if dates:
        header["DATE-OBS"] = (dates[0], "start of the first frame")
    header["IMAGETYP"] = (f"super_{kind}", "master calibration")
    header["BUNIT"] = "adu" if kind is not MasterKind.FLAT else ""
    header["NCOMBINE"] = (len(sources), "frames combined")
    header["COMBMETH"] = (f"middle mean, {dropped_each_side(len(sources))} dropped each side", "")
    if kind is not MasterKind.BIAS:
        header["BIASSUB"] = (bias is not None or sources[0].readout.overscan is not None, "bias has been subtracted")
    if kind is not MasterKind.BIAS and bias is not None:
        header["BIASFILE"] = bias.name
    if kind is MasterKind.FLAT:
        header["FLATNORM"] = ("median", "normalised by")
        if dark is not None:
            header["DARKFILE"] = dark.name
    for source in sources:
        header["HISTORY"] = source.name
    result: Header = header
    return result


def _word(value: object) -> str:
    """A header's value as part of a file name."""
    text = "".join(c if c.isalnum() or c in "-+." else "-" for c in str(value or "").strip())
    return text or "unknown"
