"""Catalogues: files, and cone search over real HTTP on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.catalogue import CatalogueStars, ConeSearch, FileCatalogue
from reduction.cone_search import parse_votable
from reduction.errors import CatalogueError, CatalogueUnavailable, ReductionError
from reduction.tables import Column, write_votable

STARS = [(359.99, 0.0, 10.0), (0.02, 0.01, 11.0), (10.0, 89.99, 12.0), (190.0, 89.99, 13.0), (180.0, 0.0, 14.0)]


def votable(rows: list[tuple[float, float, float]]) -> bytes:
    cells = "".join(f"<TR><TD>s{i}</TD><TD>{a}</TD><TD>{b}</TD><TD>{c}</TD></TR>" for i, (a, b, c) in enumerate(rows))
    return f"""<?xml version="1.0"?><VOTABLE version="1.1" xmlns="http://www.ivoa.net/xml/VOTable/v1.1"><RESOURCE>
<TABLE><FIELD name="id" datatype="char" arraysize="*" ucd="ID_MAIN"/>
<FIELD name="pos1" datatype="double" ucd="POS_EQ_RA_MAIN" unit="deg"/>
<FIELD name="pos2" datatype="double" ucd="POS_EQ_DEC_MAIN" unit="deg"/>
<FIELD name="brightness" datatype="float" ucd="phot.mag;em.opt.V"/>
<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>""".encode()


@contextmanager
def server(answer: Callable[[dict[str, float]], tuple[int, bytes]]) -> Iterator[tuple[str, list[dict[str, float]]]]:
    """A cone-search service; yields its address and the list of requests that came."""
    requests: list[dict[str, float]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {key: float(value[0]) for key, value in parse_qs(urlparse(self.path).query).items()}
            requests.append(query)
            code, body = answer(query)
            self.send_response(code)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/scs", requests
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def test_a_cone_reaches_across_zero_and_over_the_pole() -> None:
    ra, dec, mag = np.array(STARS).T
    stars = CatalogueStars(ra, dec, mag)
    assert stars.cone(0.0, 0.0, 0.05).mag.tolist() == [10.0, 11.0]
    assert stars.cone(100.0, 90.0, 0.02).mag.tolist() == [12.0, 13.0]


def test_a_service_is_asked_in_degrees_and_its_votable_understood_by_ucd(tmp_path: Path) -> None:
    with server(lambda query: (200, votable(STARS))) as (url, requests):
        found = ConeSearch(url, tmp_path).cone(0.0, 0.0, 0.05)
    assert found.mag.tolist() == [10.0, 11.0]
    assert requests == [{"RA": 0.0, "DEC": 0.0, "SR": 0.055}]


def test_the_cache_answers_when_the_server_is_gone(tmp_path: Path) -> None:
    with server(lambda query: (200, votable(STARS))) as (url, requests):
        service = ConeSearch(url, tmp_path)
        service.cone(0.0, 0.0, 0.05)
    assert service.cone(0.0, 0.0, 0.05).mag.tolist() == [10.0, 11.0]
    assert service.cone(0.004, 0.0, 0.049).mag.tolist() == [10.0, 11.0]  # a dithered frame: inside the same circle
    assert len(requests) == 1
    with pytest.raises(CatalogueUnavailable, match="does not hold this field"):
        service.cone(40.0, 0.0, 0.05)


def test_a_damaged_cache_file_is_removed_and_fetched_again(tmp_path: Path) -> None:
    with server(lambda query: (200, votable(STARS))) as (url, requests):
        service = ConeSearch(url, tmp_path)
        service.cone(0.0, 0.0, 0.05)
        next(tmp_path.glob("*.npz")).write_bytes(b"half a fi")
        with pytest.warns(UserWarning, match="damaged"):
            assert len(service.cone(0.0, 0.0, 0.05)) == 2
    assert len(requests) == 2


def test_a_server_that_fails_is_unavailable_and_a_wrong_address_is_not(tmp_path: Path) -> None:
    with server(lambda query: (503, b"")) as (url, _), pytest.raises(CatalogueUnavailable, match="503"):
        ConeSearch(url, tmp_path).cone(0.0, 0.0, 0.1)
    with server(lambda query: (404, b"")) as (url, _), pytest.raises(CatalogueError, match="404") as caught:
        ConeSearch(url, tmp_path).cone(0.0, 0.0, 0.1)
    assert not isinstance(caught.value, CatalogueUnavailable)


def test_a_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    release = threading.Event()

    def hang(query: dict[str, float]) -> tuple[int, bytes]:
        release.wait(20)
        return 200, b""

    with server(hang) as (url, _):
        with pytest.raises(CatalogueUnavailable, match="no answer"):
            ConeSearch(url, tmp_path, timeout_s=0.2).cone(0.0, 0.0, 0.1)
        release.set()


def test_the_services_own_error_message_is_passed_on() -> None:
    content = (
        b'<?xml version="1.0"?><VOTABLE version="1.1" xmlns="http://www.ivoa.net/xml/VOTable/v1.1"><RESOURCE>'
        b'<INFO name="Error" ID="Error" value="SR too large"/></RESOURCE></VOTABLE>'
    )
    with pytest.raises(CatalogueError, match="SR too large"):
        parse_votable(content, "service")


def test_an_empty_field_is_no_error() -> None:
    assert len(parse_votable(votable([]), "service")) == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, 700).map(lambda n: votable(STARS)[:n]))
def test_rubbish_from_a_service_is_a_catalogue_error(content: bytes) -> None:
    with pytest.raises(ReductionError):
        parse_votable(content, "service")


def test_csv_and_fits_files_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("RA,Dec,Mag,B-V,name\n1.5,2.5,10,0.3,x\n1.6,2.5,,0.4,y\n")
    table = fits.BinTableHDU.from_columns(
        [fits.Column("RAJ2000", "D", array=[1.5, 1.6]), fits.Column("DEJ2000", "D", array=[2.5, 2.5]),
         fits.Column("VTmag", "E", array=[10.0, np.nan]), fits.Column("name", "1A", array=["x", "y"])]
    )  # fmt: skip
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "c.fits")
    for name in ("c.csv", "c.fits"):
        stars = FileCatalogue(tmp_path / name).cone(1.5, 2.5, 1.0)
        assert stars.ra_deg.tolist() == [1.5, 1.6]
        assert stars.mag[0] == 10.0
        assert np.isnan(stars.mag[1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("ra,dec\n1,2\n", "no column for mag"),
        ("ra,dec,mag\n1,2\n", "row 2"),
        ("ra,dec,mag\n1,north,3\n", "column dec"),
        ("ra,dec,mag\n1,95,3\n", "degrees"),
    ],
)
def test_a_wrong_csv_file_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(CatalogueError, match=said):
        FileCatalogue(tmp_path / "c.csv")


def test_our_votable_is_read_by_astropy(tmp_path: Path) -> None:
    columns = [
        Column("N", "", "meta.number", np.array([1, 2], np.int32)),
        Column("RA", "deg", "pos.eq.ra;meta.main", np.array([1.25, np.nan])),
    ]
    write_votable(tmp_path / "t.vot", columns, "A & B")
    table = parse_single_table(tmp_path / "t.vot")
    assert table.array["RA"][0] == 1.25
    assert table.fields[1].ucd == "pos.eq.ra;meta.main"
