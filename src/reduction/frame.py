"""A frame on disk: read into float32, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .arrays import Image
from .errors import FrameError

Header = Mapping[str, Any]
"""Keyword to value. `astropy.io.fits.Header` is one; a dict is enough for the pure steps."""


@dataclass(frozen=True)
class Frame:
    """An image and its header as read."""

    data: Image
    header: Any
    """`astropy.io.fits.Header`"""
    path: Path


def read_frame(path: str | os.PathLike[str]) -> Frame:
    """The first two-dimensional image of a FITS file, scaled by BZERO and BSCALE, as native float32.

    Raises:
        FrameError: no such file, no FITS, no image in it, a cube, or a file cut short.
    """
    from astropy.io import fits

    path = Path(path)
    try:
        with warnings.catch_warnings():
            # A file cut short is only a warning to astropy, which then invents the missing pixels.
            warnings.filterwarnings("error", message="File may have been truncated")
            with fits.open(path, memmap=False, lazy_load_hdus=True) as hdus:
                hdu = next((h for h in hdus if h.is_image and h.header.get("NAXIS", 0) > 0), None)
                if hdu is None:
                    raise FrameError(f"{path}: holds no image (HDUs: {[h.name for h in hdus]}); give an image frame")
                if hdu.header["NAXIS"] != 2:
                    raise FrameError(
                        f"{path}: NAXIS = {hdu.header['NAXIS']}, a two-dimensional image is needed; split the cube"
                    )
                data = np.ascontiguousarray(hdu.data, dtype=np.float32)
                header = hdu.header.copy()
    except FileNotFoundError as error:
        raise FrameError(f"{path}: no such file") from error
    except (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError, UserWarning) as error:
        raise FrameError(f"{path}: not a readable FITS image ({error})") from error
    return Frame(data, header, path)


def header_from(cards: Header) -> Any:
    """A FITS header made of `cards`: keyword to value, or to (value, comment)."""
    from astropy.io import fits

    header = fits.Header()
    for keyword, value in cards.items():
        header[keyword] = value
    return header


def write_fits_atomically(
    path: str | os.PathLike[str], data: NDArray[Any] | None, header: Any | None = None, *, checksum: bool = False
) -> str:
    """Write one image to `path` by way of `path.tmp`, fsync and rename; return the sha256 of the file.

    A reader sees the whole file or none. `checksum` adds the CHECKSUM and DATASUM keywords.

    Raises:
        OSError: the disk refused; `path` is as it was and no `.tmp` is left.
    """
    from astropy.io import fits

    hdu = fits.PrimaryHDU(data, header if header is None or isinstance(header, fits.Header) else header_from(header))
    return write_hdus_atomically(path, fits.HDUList([hdu]), checksum=checksum)


def write_hdus_atomically(path: str | os.PathLike[str], hdus: Any, *, checksum: bool = False) -> str:
    """As `write_fits_atomically`, for an `astropy.io.fits.HDUList`."""
    buffer = io.BytesIO()
    hdus.writeto(buffer, checksum=checksum, output_verify="silentfix")
    return write_bytes_atomically(path, buffer.getbuffer())


def write_bytes_atomically(path: str | os.PathLike[str], content: bytes | memoryview) -> str:
    """Write `content` to `path` by way of `path.tmp`, fsync and rename; return its sha256 in hexadecimal."""
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return hashlib.sha256(content).hexdigest()


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may forget the rename though the file's bytes are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def number(header: Header, keyword: str) -> float | None:
    """A header's number, None where the keyword is absent or empty.

    Raises:
        HeaderError: there is a value and it is no finite number.
    """
    from .errors import HeaderError

    value = header.get(keyword)
    if value is None or value == "" or type(value).__name__ == "Undefined":
        return None
    try:
        result = float(cast(Any, value))
    except (TypeError, ValueError) as error:
        raise HeaderError(f"{keyword} = {value!r} is no number; correct the header") from error
    if not np.isfinite(result):
        raise HeaderError(f"{keyword} = {value!r} is not finite; correct the header")
    return result
