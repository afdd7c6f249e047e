"""Candidates: what is new, what rose, what fades, and in which order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reduction.arrays import Floats
from reduction.candidates import CandidateKind, Circle, Epoch, find
from reduction.catalogue import CatalogueStars
from reduction.errors import HeaderError
from reduction.photometry import ZeroPoint
from reduction.sources import SourceFlag, Sources
from reduction.wcs import TanWcs

WCS = TanWcs(150.0, 2.0, 500.0, 500.0, ((-1 / 3600, 0.0), (0.0, 1 / 3600)))
ZERO = ZeroPoint(25.0, 0.02, 20, 0.02, False, "test")


def field(mags: list[float]) -> tuple[Sources, CatalogueStars]:
    """Stars in a row, 100 px apart, all catalogued with their true magnitude."""
    mag = np.array(mags, dtype=np.float64)
    x: Floats = np.linspace(100.0, 100.0 * len(mag), len(mag))
    y: Floats = np.full(len(mag), 500.0)
    ra, dec = WCS.to_sky(x, y)
    flux_e: Floats = np.asarray(10 ** (0.4 * (25.0 - mag)), dtype=np.float64)
    sources = Sources.of_positions(x, y, flux_e)
    return sources, CatalogueStars(ra, dec, mag, name="cat")


def without(stars: CatalogueStars, *rows: int) -> CatalogueStars:
    return stars.select(np.setdiff1d(np.arange(len(stars)), rows))


def test_a_field_that_is_all_catalogued_has_no_candidates() -> None:
    sources, stars = field([14, 15, 16, 17, 18])
    assert find(sources, WCS, ZERO, stars) == []


def test_a_new_source_in_the_circle_comes_before_a_brighter_one_outside() -> None:
    sources, stars = field([14, 15, 16, 17, 18])
    ra, dec = WCS.to_sky(400.0, 500.0)
    found = find(sources, WCS, ZERO, without(stars, 0, 3), circle=Circle(float(ra), float(dec), 10.0))
    assert [round(c.x) for c in found] == [400, 100]
    assert [c.in_circle for c in found] == [True, False]
    assert [c.rank for c in found] == [1, 2]
    assert found[0].mag == pytest.approx(17.0)
    assert found[1].distance_arcsec == pytest.approx(300.0, abs=0.01)
    assert "not in cat within 2.0 arcsec" in found[0].reason


def test_a_star_two_magnitudes_brighter_than_catalogued_is_a_candidate() -> None:
    sources, stars = field([14, 15, 16, 17, 18])
    stars.mag[2] += 2.0
    [candidate] = find(sources, WCS, ZERO, stars)
    assert candidate.kind is CandidateKind.BRIGHTER_THAN_CATALOGUE
    assert candidate.dmag_catalogue == pytest.approx(2.0)
    assert find(sources, WCS, replace(ZERO, is_nominal=True), stars) == []


def test_what_is_fainter_than_the_catalogue_says_so_and_ranks_behind() -> None:
    sources, stars = field([14, 15, 16, 17, 20])
    found = find(sources, WCS, ZERO, without(stars, 1, 4))
    assert [(round(c.x), c.below_catalogue) for c in found] == [(200, False), (500, True)]


def test_negative_variation_is_fading_and_ranks_first() -> None:
    sources, stars = field([14, 15, 16, 17, 18])
    ra, dec = WCS.to_sky(300.0, 500.0)
    first = Epoch(np.array([ra]), np.array([dec]), np.array([15.2]), np.array([0.02]))
    found = find(sources, WCS, ZERO, without(stars, 0, 2), first_epoch=first)
    assert [round(c.x) for c in found] == [300, 100]
    assert found[0].mag_var == pytest.approx(-0.8)  # 15.2 then 16.0
    assert found[0].reason.endswith("fading")
    assert found[1].mag_var is None


def test_cosmic_rays_and_edges_are_no_candidates() -> None:
    sources, stars = field([14, 15, 16])
    sources.flags[0] = SourceFlag.SHARP
    sources.flags[1] = SourceFlag.EDGE
    assert [round(c.x) for c in find(sources, WCS, ZERO, without(stars, 0, 1, 2))] == [300]


@pytest.mark.parametrize("text", ["", "1,2", "1,2,x", "1,95,3", "1,2,-3", "nan,1,1"])
def test_a_wrong_circle_is_refused(text: str) -> None:
    with pytest.raises(HeaderError, match="circle"):
        Circle.parse(text)
