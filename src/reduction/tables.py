"""Sources and candidates as FITS BINTABLE and VOTable, each column with its unit and UCD."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .candidates import Candidate
from .frame import header_from, write_bytes_atomically, write_hdus_atomically
from .photometry import ZeroPoint
from .sources import Sources
from .wcs import TanWcs


@dataclass(frozen=True)
class Column:
    """One column: how it is called, in what unit, and what it is (UCD1+, IVOA)."""

    name: str
    unit: str
    ucd: str
    values: np.ndarray


def source_columns(sources: Sources, wcs: TanWcs | None = None, zero_point: ZeroPoint | None = None) -> list[Column]:
    """The table of sources; positions and magnitudes where there is a solution and a zero point."""
    columns = [
        Column("X", "pix", "pos.cartesian.x;instr.det", sources.x + 1.0),  # FITS counts pixels from 1
        Column("Y", "pix", "pos.cartesian.y;instr.det", sources.y + 1.0),
        Column("POS_ERR", "pix", "stat.error;pos.cartesian", sources.position_error_px),
        Column("FLUX", "electron", "phot.count;em.opt", sources.flux_e),
        Column("FLUX_ERR", "electron", "stat.error;phot.count;em.opt", sources.flux_error_e),
        Column("SNR", "", "stat.snr", sources.snr),
        Column("PEAK", "electron", "phot.count;stat.max", sources.peak_e),
        Column("FWHM", "pix", "phys.angSize;src", sources.fwhm_px),
        Column("ELLIPTICITY", "", "src.ellipticity", sources.ellipticity),
        Column("FLAGS", "", "meta.code.qual", sources.flags.astype(np.int32)),
    ]
    if wcs is not None:
        ra, dec = wcs.to_sky(sources.x, sources.y)
        columns += [Column("RA", "deg", "pos.eq.ra;meta.main", ra), Column("DEC", "deg", "pos.eq.dec;meta.main", dec)]
    if zero_point is not None:
        columns += [
            Column("MAG", "mag", "phot.mag;em.opt", zero_point.magnitude(sources.flux_e)),
            Column("MAGERR", "mag", "stat.error;phot.mag;em.opt", sources.mag_error),
        ]
    return columns


def candidate_columns(candidates: Sequence[Candidate]) -> list[Column]:
    """The table of candidates, in their order; NaN where a value is unknown, -1 for an IN_CIRCLE without circle."""

    def real(name: str) -> np.ndarray:
        values = [getattr(c, name) for c in candidates]
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

    def whole(values: Sequence[int]) -> np.ndarray:
        return np.array(values, dtype=np.int32)

    return [
        Column("RANK", "", "meta.number", whole([c.rank for c in candidates])),
        Column("RA", "deg", "pos.eq.ra;meta.main", real("ra_deg")),
        Column("DEC", "deg", "pos.eq.dec;meta.main", real("dec_deg")),
        Column("MAG", "mag", "phot.mag;em.opt", real("mag")),
        Column("MAGERR", "mag", "stat.error;phot.mag;em.opt", real("mag_error")),
        Column("SNR", "", "stat.snr", real("snr")),
        Column("IN_CIRCLE", "", "meta.code", whole([-1 if c.in_circle is None else c.in_circle for c in candidates])),
        Column("DISTANCE", "arcsec", "pos.angDistance", real("distance_arcsec")),
        Column("NEW_SRC", "", "meta.code", whole([c.kind == "new_source" for c in candidates])),
        Column("BELOW_CAT", "", "meta.code", whole([c.below_catalogue for c in candidates])),
        Column("MAG_VAR", "mag", "phot.mag;arith.diff", real("mag_var")),
        Column("DMAG_CAT", "mag", "phot.mag;arith.diff", real("dmag_catalogue")),
        Column("FLAGS", "", "meta.code.qual", whole([c.flags for c in candidates])),
    ]


def write_fits_table(
    path: str | os.PathLike[str], columns: Sequence[Column], name: str, cards: dict[str, object] | None = None
) -> str:
    """Write one BINTABLE (TTYPE, TUNIT, TUCD) atomically; return the sha256. Raises OSError where the disk refuses."""
    from astropy.io import fits

    definition = [
        fits.Column(name=c.name, format=_fits_format(c.values), unit=c.unit or None, array=c.values) for c in columns
    ]
    hdu: Any = fits.BinTableHDU.from_columns(definition, name=name)
    for number, column in enumerate(columns, start=1):
        hdu.header[f"TUCD{number}"] = column.ucd
    return write_hdus_atomically(path, fits.HDUList([fits.PrimaryHDU(header=header_from(cards or {})), hdu]))


def write_votable(path: str | os.PathLike[str], columns: Sequence[Column], name: str) -> str:
    """Write a VOTable 1.4 (TABLEDATA) atomically; return the sha256. Raises OSError where the disk refuses."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
        f'<RESOURCE type="results"><TABLE name={quoteattr(name)}>',
    ]
    for column in columns:
        kind = "int" if column.values.dtype.kind == "i" else "double"
        unit = f" unit={quoteattr(column.unit)}" if column.unit else ""
        lines.append(f'<FIELD name={quoteattr(column.name)} datatype="{kind}"{unit} ucd={quoteattr(column.ucd)}/>')
    lines.append("<DATA><TABLEDATA>")
    for row in zip(*(c.values.tolist() for c in columns), strict=True):
        lines.append("<TR>" + "".join(f"<TD>{_cell(value)}</TD>" for value in row) + "</TR>")
    lines.append("</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n")
    return write_bytes_atomically(path, "\n".join(lines).encode())


def _cell(value: float | int) -> str:
    return "NaN" if value != value else escape(repr(value))


def _fits_format(values: np.ndarray) -> str:
    return "J" if values.dtype.kind == "i" else "D"
