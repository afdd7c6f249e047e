"""IVOA Simple Cone Search 1.03 (https://www.ivoa.net/documents/latest/ConeSearch.html) with a cache on disk.

An answer is kept for ever in one file that carries its circle in its name; any later circle inside it is served from
there, so a night without network still has its fields. To forget, delete the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .arrays import Floats
from .errors import CatalogueError, CatalogueUnavailable
from .frame import write_bytes_atomically
from .sphere import separation_deg

if TYPE_CHECKING:
    from .catalogue import CatalogueStars

ANSWER_LIMIT_BYTES = 64 << 20
CACHE_MARGIN = 1.1
"""Circles are asked for this much larger, so that the dithered frames of a field are one request."""
UCD_OF_ROLE = {
    "ra": ("pos.eq.ra;meta.main", "pos_eq_ra_main", "pos.eq.ra"),
    "dec": ("pos.eq.dec;meta.main", "pos_eq_dec_main", "pos.eq.dec"),
}


@dataclass(frozen=True)
class ConeSearch:
    """A cone-search service. `magnitude` and `colour` name columns; else names and UCDs (phot.mag) decide."""

    url: str
    cache_dir: str | os.PathLike[str]
    timeout_s: float = 10.0
    """For the whole answer, not for each packet. Real seconds."""
    magnitude: str | None = None
    colour: str | None = None

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars:
        """From the cache where it holds the circle, else from the service.

        Raises:
            CatalogueUnavailable: no answer in time, or a server error, and the cache does not hold the circle.
            CatalogueError: the service answers with an error or without the columns needed.
        """
        kept = self._from_cache(ra_deg, dec_deg, radius_deg)
        if kept is None:
            asked_deg = min(radius_deg * CACHE_MARGIN, 180.0)
            kept = parse_votable(self._fetch(ra_deg, dec_deg, asked_deg), self.url, self.magnitude, self.colour)
            self._to_cache(kept, ra_deg, dec_deg, asked_deg)
        return kept.cone(ra_deg, dec_deg, radius_deg)

    def _fetch(self, ra_deg: float, dec_deg: float, radius_deg: float) -> bytes:
        circle = {"RA": f"{ra_deg % 360:.6f}", "DEC": f"{dec_deg:.6f}", "SR": f"{radius_deg:.6f}"}
        query = urllib.parse.urlencode(circle)
        joint = "" if self.url.endswith(("?", "&")) else "&" if "?" in self.url else "?"
        end = time.monotonic() + self.timeout_s
        try:
            # The address is the site's own configuration, http or https by `open_catalogue`.
            with urllib.request.urlopen(self.url + joint + query, timeout=self.timeout_s) as answer:
                parts, size = [], 0
                while part := answer.read1(1 << 18):
                    parts.append(part)
                    size += len(part)
                    if size > ANSWER_LIMIT_BYTES:
                        raise CatalogueError(f"{self.url}: more than {ANSWER_LIMIT_BYTES >> 20} MB; ask for less sky")
                    if time.monotonic() > end:
                        raise TimeoutError(f"not complete after {self.timeout_s:g} s")
                return b"".join(parts)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise CatalogueError(f"{self.url}: HTTP {error.code} {error.reason}; check the address") from error
            raise CatalogueUnavailable(f"{self.url}: HTTP {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise CatalogueUnavailable(
                f"{self.url}: no answer ({error}) and {self.cache_dir} does not hold this field"
            ) from error

    @property
    def _service(self) -> str:
        """Of the cache's file names: what decides the contents besides the circle."""
        return hashlib.sha256(f"{self.url}|{self.magnitude}|{self.colour}".encode()).hexdigest()[:12]

    def _from_cache(self, ra_deg: float, dec_deg: float, radius_deg: float) -> CatalogueStars | None:
        from .catalogue import CatalogueStars

        for path in sorted(Path(self.cache_dir).glob(f"cone_{self._service}_*.npz")):
            try:
                kept_ra, kept_dec, kept_radius = (float(word) for word in path.stem.split("_")[2:5])
            except ValueError:
                continue  # not a file of ours
            if float(separation_deg(ra_deg, dec_deg, kept_ra, kept_dec)) + radius_deg > kept_radius + 1e-6:
                continue
            try:
                with np.load(path, allow_pickle=False) as kept:
                    colour = kept.get("colour")
                    return CatalogueStars(kept["ra"], kept["dec"], kept["mag"], colour, self.url)
            except (OSError, ValueError, KeyError, EOFError) as error:
                warnings.warn(f"{path}: damaged cache file, removed ({error})", stacklevel=2)
                path.unlink(missing_ok=True)
        return None

    def _to_cache(self, stars: CatalogueStars, ra_deg: float, dec_deg: float, radius_deg: float) -> None:
        """A full disk must not lose the answer in hand: it is only not kept, and that is said."""
        arrays: dict[str, Floats] = {"ra": stars.ra_deg, "dec": stars.dec_deg, "mag": stars.mag}
        if stars.colour is not None:
            arrays["colour"] = stars.colour
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy's stub takes **kwds for allow_pickle
        name = f"cone_{self._service}_{ra_deg % 360:.6f}_{dec_deg:.6f}_{radius_deg:.6f}.npz"
        try:
            Path(self.cache_dir).mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(Path(self.cache_dir) / name, buffer.getvalue())
        except OSError as error:
            warnings.warn(f"{self.cache_dir}: the catalogue's answer could not be kept ({error})", stacklevel=2)


def parse_votable(content: bytes, name: str, magnitude: str | None = None, colour: str | None = None) -> CatalogueStars:
    """The stars of a cone search's VOTable.

    Raises:
        CatalogueError: no VOTable, the service's own error message, or no column for RA, Dec or magnitude.
    """
    from astropy.io.votable import exceptions, parse

    from .catalogue import stars_from_columns

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # services bend the standard in ways that do no harm
            votable = parse(io.BytesIO(content), verify="ignore")
    except (ValueError, TypeError, KeyError, IndexError, exceptions.VOTableSpecError) as error:
        raise CatalogueError(f"{name}: the answer is no VOTable ({str(error)[:200]})") from error
    complaint = _service_error(votable)
    if complaint:
        raise CatalogueError(f"{name}: the service says: {complaint}")
    table = next(iter(votable.iter_tables()), None)
    if table is None:
        raise CatalogueError(f"{name}: the VOTable holds no table")
    roles = _roles(table.fields, magnitude, colour)
    columns: dict[str, Floats] = {}
    for field in table.fields:
        role = roles.get(field.ID)
        # A wanted column takes the name of its role, the others keep theirs for the search by name.
        key = role or field.name
        values = table.array[field.ID] if len(table.array) else np.empty(0)
        with contextlib.suppress(ValueError, TypeError):  # a column of words is none of ours
            columns[key] = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    return stars_from_columns(columns, name)


def _roles(fields: list[object], magnitude: str | None, colour: str | None) -> dict[str, str]:
    """Field id to role, by the names asked for and by UCD."""
    roles: dict[str, str] = {}
    ucds = {str(getattr(f, "ID", "")): str(getattr(f, "ucd", "") or "").lower() for f in fields}
    for role, wanted in UCD_OF_ROLE.items():
        for ucd in wanted:
            found = next((key for key, value in ucds.items() if value == ucd), None)
            if found:
                roles[found] = role
                break
    for role, asked in (("mag", magnitude), ("colour", colour)):
        found = next((str(getattr(f, "ID", "")) for f in fields if asked and getattr(f, "name", "") == asked), None)
        if found:
            roles[found] = role
    if magnitude is None:
        by_ucd = [k for k, v in ucds.items() if v.startswith(("phot.mag", "phot_mag")) and "stat.error" not in v]
        if by_ucd:
            roles.setdefault(by_ucd[0], "mag")
    return roles


def _service_error(votable: object) -> str | None:
    """SCS 1.03 section 2.3: an error is an INFO or PARAM named Error."""
    for holder in (votable, *getattr(votable, "resources", [])):
        for item in (*getattr(holder, "infos", []), *getattr(holder, "params", [])):
            is_error = str(item.name).lower() == "error" or (
                str(item.name).upper() == "QUERY_STATUS" and str(item.value).upper() == "ERROR"
            )
            if is_error:
                return str(getattr(item, "content", None) or item.value)
    return None
