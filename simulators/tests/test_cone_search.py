from __future__ import annotations

import io
from collections.abc import Iterator
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest

from simulators.cone_search import ConeSearchServer, QueryError, parsed
from simulators.sky.stars import StarField

VOTABLE = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ConeSearchServer(StarField(1), faintest_mag=18.0)
    port = server.start()
    yield f"http://127.0.0.1:{port}/scs"
    server.stop()


def _ask(url: str, query: str) -> ElementTree.Element:
    with urlopen(f"{url}?{query}", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "application/x-votable+xml"
        return ElementTree.fromstring(answer.read())


def test_a_cone_holds_its_stars_brightest_first_with_the_ucds_of_the_standard(url: str) -> None:
    table = _ask(url, "RA=83.6&DEC=22&SR=0.3")
    assert [entry.get("ucd") for entry in table.iter(f"{VOTABLE}FIELD")][:3] == [
        "ID_MAIN",
        "POS_EQ_RA_MAIN",
        "POS_EQ_DEC_MAIN",
    ]
    magnitudes = [float(row[4].text or "nan") for row in table.iter(f"{VOTABLE}TR")]
    assert 120 < len(magnitudes) < 260  # 639 stars/deg² to 18 mag over 0.283 deg²: 181
    assert magnitudes == sorted(magnitudes) and magnitudes[-1] <= 18.0


def test_astropy_reads_the_answer(url: str) -> None:
    votable = pytest.importorskip("astropy.io.votable")
    with urlopen(f"{url}?ra=0.05&dec=-5&sr=0.2", timeout=10) as answer:
        table = votable.parse_single_table(io.BytesIO(answer.read())).to_table()
    assert {"id", "ra", "dec", "rmag", "Jmag"} <= set(table.colnames) and len(table) > 40
    assert min(table["ra"]) < 0.2 and max(table["ra"]) > 359.8  # across 0 h


def test_a_radius_of_zero_gives_the_columns_alone(url: str) -> None:
    table = _ask(url, "RA=10&DEC=10&SR=0")
    assert len(list(table.iter(f"{VOTABLE}FIELD"))) == 9 and not list(table.iter(f"{VOTABLE}TR"))


def test_a_wrong_query_is_answered_by_the_error_of_the_standard(url: str) -> None:
    table = _ask(url, "RA=400&DEC=10&SR=0.1")
    info = next(table.iter(f"{VOTABLE}INFO"))
    assert info.get("name") == "Error" and "RA is '400'" in (info.get("value") or "")


@pytest.mark.parametrize("query", ["", "RA=1&DEC=1", "RA=nan&DEC=1&SR=1", "RA=1&DEC=91&SR=1", "RA=1&DEC=1&SR=90"])
def test_queries_that_cannot_be_answered_are_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parsed(query, 20.0)
