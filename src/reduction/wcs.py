"""A tangent-plane world coordinate system (FITS RA---TAN, DEC--TAN): small, typed, quick to build."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats
from .errors import HeaderError
from .frame import Header, number
from .sphere import from_plane, to_plane


@dataclass(frozen=True)
class TanWcs:
    """Pixel coordinates count from 0 at the centre of the first pixel (FITS keywords count from 1)."""

    ra_deg: float
    dec_deg: float
    x0: float
    """Pixel at which (ra, dec) lies."""
    y0: float
    cd: tuple[tuple[float, float], tuple[float, float]]
    """Degrees a pixel: ((dxi/dx, dxi/dy), (deta/dx, deta/dy))."""

    @property
    def matrix(self) -> Floats:
        return np.array(self.cd)

    @property
    def scale_arcsec_px(self) -> float:
        """The side of a square of the same area as a pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix))) * 3600.0)

    @property
    def rotation_deg(self) -> float:
        """Position angle of the +y axis, from north through east, in [0, 360)."""
        return float(np.degrees(np.arctan2(self.cd[0][1], self.cd[1][1])) % 360.0)

    @property
    def flipped(self) -> bool:
        """True where the image is a mirror of the sky (north up, east to the right)."""
        return float(np.linalg.det(self.matrix)) > 0

    def to_sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """RA and Dec in degrees of pixel positions."""
        dx, dy = np.asarray(x, dtype=float) - self.x0, np.asarray(y, dtype=float) - self.y0
        (a, b), (c, d) = self.cd
        return from_plane(a * dx + b * dy, c * dx + d * dy, self.ra_deg, self.dec_deg)

    def to_pixel(self, ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Pixel positions; NaN for what is 90 degrees away or more."""
        xi, eta = to_plane(ra_deg, dec_deg, self.ra_deg, self.dec_deg)
        (a, b), (c, d) = np.linalg.inv(self.matrix)
        return a * xi + b * eta + self.x0, c * xi + d * eta + self.y0

    def cards(self) -> dict[str, object]:
        """The header keywords of this solution."""
        (a, b), (c, d) = self.cd
        return {
            "WCSAXES": 2, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg",
            "CRVAL1": self.ra_deg, "CRVAL2": self.dec_deg, "CRPIX1": self.x0 + 1.0, "CRPIX2": self.y0 + 1.0,
            "CD1_1": a, "CD1_2": b, "CD2_1": c, "CD2_2": d, "LONPOLE": 180.0, "RADESYS": "ICRS", "EQUINOX": 2000.0,
        }  # fmt: skip

    @classmethod
    def from_header(cls, header: Header) -> TanWcs | None:
        """The header's own TAN system (CD, or CDELT with PC or CROTA2); None where it has none.

        Raises:
            HeaderError: a keyword that is no number, or a matrix that cannot be inverted.
        """
        if not str(header.get("CTYPE1", "")).startswith("RA---TAN"):
            return None
        values = [number(header, key) for key in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")]
        matrix = _matrix(header)
        if matrix is None or any(v is None for v in values):
            return None
        if not np.linalg.det(matrix):
            raise HeaderError("the CD matrix of the header cannot be inverted; remove or correct the WCS keywords")
        ra, dec, x, y = (float(v) for v in values if v is not None)
        matrix = _turn_of_pole(header, dec) @ matrix
        cd = ((float(matrix[0, 0]), float(matrix[0, 1])), (float(matrix[1, 0]), float(matrix[1, 1])))
        return cls(ra, dec, x - 1.0, y - 1.0, cd)


def _turn_of_pole(header: Header, dec_deg: float) -> Floats:
    """LONPOLE other than 180 turns the plane; its default is 0 at the very pole (Calabretta & Greisen 2002)."""
    stated = number(header, "LONPOLE")
    lonpole_deg = stated if stated is not None else (0.0 if dec_deg >= 90.0 else 180.0)
    angle = np.radians(lonpole_deg - 180.0)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _matrix(header: Header) -> Floats | None:
    if header.get("CD1_1") is not None:
        return np.array([[number(header, f"CD{i}_{j}") or 0.0 for j in (1, 2)] for i in (1, 2)])
    d1, d2 = number(header, "CDELT1"), number(header, "CDELT2")
    if not d1 or not d2:
        return None
    if header.get("PC1_1") is not None:
        default = {(1, 1): 1.0, (2, 2): 1.0}
        stated = {(i, j): number(header, f"PC{i}_{j}") for i in (1, 2) for j in (1, 2)}
        pc = np.array(
            [[default.get((i, j), 0.0) if (v := stated[i, j]) is None else v for j in (1, 2)] for i in (1, 2)]
        )
    else:
        angle = np.radians(number(header, "CROTA2") or 0.0)
        pc = np.array([[np.cos(angle), -np.sin(angle) * d2 / d1], [np.sin(angle) * d1 / d2, np.cos(angle)]])
    return np.asarray(np.diag([d1, d2]) @ pc, dtype=np.float64)
