"""Star catalogues: a file, or an IVOA Simple Cone Search service with a cache on disk (`cone_search`)."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from .arrays import Bools, Floats, Indices
from .cone_search import ConeSearch
from .errors import CatalogueError
from .sphere import chord, unit_vectors

__all__ = ["Catalogue", "CatalogueStars", "ConeSearch", "FileCatalogue", "open_catalogue"]


@dataclass(frozen=True)
class CatalogueStars:
    """Stars of a catalogue, in its own order."""

    ra_deg: Floats
    dec_deg: Floats
    mag: Floats
    """NaN where the catalogue gives none."""
    colour: Floats | None = None
    """A colour index (such as B-V), NaN where unknown; None where the catalogue has none."""
    name: str = ""
    """Of the catalogue: a file name or an address."""

    def __len__(self) -> int:
        return len(self.ra_deg)

    def select(self, rows: Bools | Indices) -> Self:
        colour = None if self.colour is None else self.colour[rows]
        return type(self)(self.ra_deg[rows], self.dec_deg[rows], self.mag[rows], colour, self.name)

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> Self:
        """The stars within `radius_deg` of a point; right across RA 0 and over the poles."""
        band = np.flatnonzero(np.abs(self.dec_deg - dec_deg) <= radius_deg)
        offsets = unit_vectors(self.ra_deg[band], self.dec_deg[band]) - unit_vectors(ra_deg, dec_deg)
        return self.select(band[np.einsum("ij,ij->i", offsets, offsets) <= chord(radius_deg) ** 2])

    @property
    def depth_mag(self) -> float | None:
        """How deep the catalogue goes here: 95 % of its stars are brighter. None where it gives no magnitudes."""
        known = self.mag[np.isfinite(self.mag)]
        return float(np.percentile(known, 95.0)) if known.size else None


class Catalogue(Protocol):
    """Anything that knows the stars of a field."""

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
        """The stars within a circle on the sky.

        Raises:
            CatalogueUnavailable: no answer; later it may come.
            CatalogueError: an answer that cannot be used.
        """
        ...


class FileCatalogue:
    """A catalogue in a file: CSV with a line of names, or the first table of a FITS file.

    Columns (any case, see `COLUMN_NAMES`): ra and dec in degrees, mag, and a colour if there is one.
    Raises CatalogueError where the file cannot be read or a column is missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        columns = _read_fits(path) if path.name.lower().endswith((".fits", ".fit", ".fits.gz")) else _read_csv(path)
        self.stars = stars_from_columns(columns, path.name)

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
        return self.stars.cone(ra_deg, dec_deg, radius_deg)


COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "ra": ("ra", "ra_deg", "raj2000", "ra_icrs", "_raj2000", "ramdeg", "right_ascension", "alpha_j2000"),
    "dec": ("dec", "dec_deg", "dej2000", "decj2000", "de_icrs", "_dej2000", "demdeg", "declination", "delta_j2000"),
    "mag": ("mag", "magnitude", "vtmag", "vmag", "v_t", "vt", "rmag", "r_mag", "gmag", "phot_g_mean_mag", "imag"),
    "colour": ("colour", "color", "b-v", "bv", "b_v", "bp_rp", "bp-rp", "g-r"),
}
"""Names under which catalogues give what is needed, the most likely first."""


def stars_from_columns(columns: dict[str, Floats], name: str) -> CatalogueStars:
    """Find the columns by name; rows without a position are dropped.

    Raises:
        CatalogueError: no ra, dec or mag column, or a position that is none.
    """
    by_name = {key.strip().lower(): values for key, values in columns.items()}
    found = {
        role: next((by_name[alias] for alias in aliases if alias in by_name), None)
        for role, aliases in COLUMN_NAMES.items()
    }
    for role in ("ra", "dec", "mag"):
        if found[role] is None:
            raise CatalogueError(
                f"{name}: no column for {role} (has {sorted(columns)}); name it one of {COLUMN_NAMES[role]}"
            )
    ra, dec, mag = (np.asarray(found[role], dtype=float) for role in ("ra", "dec", "mag"))
    placed = np.isfinite(ra) & np.isfinite(dec)
    if (np.abs(dec[placed]) > 90.0).any() or (np.abs(ra[placed]) > 360.0).any():
        raise CatalogueError(f"{name}: positions outside 0..360 and -90..90; ra and dec must be in degrees")
    colour = None if found["colour"] is None else np.asarray(found["colour"], dtype=float)
    return CatalogueStars(ra % 360.0, dec, mag, colour, name).select(placed)


def open_catalogue(where: str, cache_dir: str | os.PathLike[str]) -> Catalogue:
    """A cone-search service for an http(s) address, else a file."""
    if where.startswith(("http://", "https://")):
        return ConeSearch(where, cache_dir)
    return FileCatalogue(where)


def _read_csv(path: Path) -> dict[str, Floats]:
    """Numeric columns of a CSV file; an empty cell is NaN, a column of words is left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row and not row[0].lstrip().startswith("#")]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"{path}: cannot be read ({error})") from error
    if not rows:
        raise CatalogueError(f"{path}: is empty; the first line names the columns: ra,dec,mag")
    names, body = rows[0], rows[1:]
    ragged = next((n for n, row in enumerate(body, start=2) if len(row) != len(names)), None)
    if ragged is not None:
        raise CatalogueError(f"{path}: row {ragged} has not the {len(names)} columns of the first line")
    wanted = {alias for aliases in COLUMN_NAMES.values() for alias in aliases}
    return {
        name: _numbers(path, name, [row[i] for row in body])
        for i, name in enumerate(names)
        if name.strip().lower() in wanted
    }


def _numbers(path: Path, name: str, cells: Sequence[str]) -> Floats:
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise CatalogueError(f"{path}: column {name}: {error}; give decimal numbers") from error


def _read_fits(path: Path) -> dict[str, Floats]:
    from astropy.io import fits

    try:
        with fits.open(path, memmap=False) as hdus:
            table = next((hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)), None)
            if table is None:
                raise CatalogueError(f"{path}: holds no table")
            return {
                column.name: np.asarray(table.data[column.name], dtype=np.float64)
                for column in table.columns
                if _is_number(table.data[column.name])
            }
    except (OSError, ValueError, TypeError, fits.VerifyError) as error:
        raise CatalogueError(f"{path}: cannot be read as a FITS table ({error})") from error


def _is_number(values: Any) -> bool:
    array = np.asarray(values)
    return array.ndim == 1 and array.dtype.kind in "iuf"
