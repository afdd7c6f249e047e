"""An IVOA Simple Cone Search server over the simulated sky, so that images can be solved and measured offline.

`GET /scs?RA=83.63&DEC=22.01&SR=0.3` → VOTable (Simple Cone Search 1.03). Extra: `MAXREC`, `MAXMAG` (r).
"""

from __future__ import annotations

import http.server
import math
import socketserver
import threading
import urllib.parse
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from simulators.sky.bands import BANDS
from simulators.sky.stars import StarField, Stars

CATALOGUE_BANDS = ("g", "r", "i", "z", "J", "H")
LARGEST_RADIUS_DEG = 5.0
_UCD = {"g": "em.opt.B", "r": "em.opt.R", "i": "em.opt.I", "z": "em.opt.I", "J": "em.IR.J", "H": "em.IR.H"}


class QueryError(ValueError):
    """A query that cannot be answered; the text says which parameter and what to give."""


@dataclass(frozen=True)
class ConeQuery:
    """One cone: degrees, ICRS."""

    ra_deg: float
    dec_deg: float
    radius_deg: float
    most_records: int
    faintest_mag: float


def parsed(query: str, faintest_mag: float) -> ConeQuery:
    """The query of a URL's query string; parameter names in any case. Raises `QueryError`."""
    given = {key.upper(): values[-1] for key, values in urllib.parse.parse_qs(query).items()}

    def number(name: str, low: float, high: float, default: float | None = None) -> float:
        text = given.get(name)
        if text is None:
            if default is None:
                raise QueryError(f"{name} is missing: give degrees from {low:g} to {high:g}")
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise QueryError(f"{name} is {text!r}: give a number from {low:g} to {high:g}")
        return value

    return ConeQuery(
        number("RA", 0.0, 360.0),
        number("DEC", -90.0, 90.0),
        number("SR", 0.0, LARGEST_RADIUS_DEG),
        int(number("MAXREC", 0, 1e6, 50_000)),
        number("MAXMAG", -5.0, 30.0, faintest_mag),
    )


def votable(field: StarField, query: ConeQuery) -> str:
    """The answer, brightest star first. A radius of 0 gives the columns alone, as the standard says."""
    rows = ""
    if query.radius_deg > 0.0:
        stars = field.cone(query.ra_deg, query.dec_deg, query.radius_deg, query.faintest_mag)
        rows = _rows(stars, query.most_records)
    fields = [
        '<FIELD name="id" datatype="char" arraysize="*" ucd="ID_MAIN"/>',
        '<FIELD name="ra" datatype="double" unit="deg" ucd="POS_EQ_RA_MAIN"/>',
        '<FIELD name="dec" datatype="double" unit="deg" ucd="POS_EQ_DEC_MAIN"/>',
        *(
            f'<FIELD name="{name}mag" datatype="float" unit="mag" ucd="phot.mag;{_UCD[name]}"/>'
            for name in CATALOGUE_BANDS
        ),
    ]
    return _document(f'<TABLE name="stars">{"".join(fields)}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>')


def error_votable(text: str) -> str:
    """The standard's way to say that a query was wrong."""
    return _document("", f'<INFO ID="Error" name="Error" value={quoteattr(text)}/>')


def _rows(stars: Stars, most: int) -> str:
    order = stars.r_mag.argsort()[:most]
    magnitudes = [stars.magnitude(BANDS[name].offset_mag, BANDS[name].slope) for name in CATALOGUE_BANDS]
    return "".join(
        f"<TR><TD>S{stars.identifier[i]}</TD><TD>{stars.ra_deg[i]:.7f}</TD><TD>{stars.dec_deg[i]:.7f}</TD>"
        + "".join(f"<TD>{magnitude[i]:.3f}</TD>" for magnitude in magnitudes)
        + "</TR>"
        for i in order
    )


def _document(content: str, info: str = '<INFO name="QUERY_STATUS" value="OK"/>') -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        f"<DESCRIPTION>Simulated star field</DESCRIPTION>{info}{content}</RESOURCE></VOTABLE>\n"
    )


class ConeSearchServer:
    """Serves cones over HTTP from a thread of its own."""

    def __init__(self, field: StarField, faintest_mag: float = 20.0) -> None:
        self._field = field
        self._faintest_mag = faintest_mag
        self._server: socketserver.BaseServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port. Raises OSError when it cannot."""
        field, faintest_mag = self._field, self._faintest_mag

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if path.rstrip("/") not in ("", "/scs"):
                    self._answer(404, error_votable(f"{path} is unknown: ask /scs?RA=..&DEC=..&SR=.."))
                    return
                try:
                    self._answer(200, votable(field, parsed(query, faintest_mag)))
                except QueryError as error:
                    self._answer(200, error_votable(str(error)))  # the standard answers errors with status 200

            def _answer(self, status: int, document: str) -> None:
                body = document.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-votable+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet: standard output and error carry only what the host has to say."""

        server = _Server((host, port), Handler)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()
        return int(server.server_address[1])

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
