"""The tangent-plane system against astropy's (WCSLIB)."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.errors import HeaderError
from reduction.sphere import separation_deg
from reduction.tests.synthetic import make_wcs
from reduction.wcs import TanWcs


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360), st.booleans(), st.floats(0.2, 30))
def test_pixels_and_sky_agree_with_wcslib(ra: float, dec: float, rotation: float, flipped: bool, scale: float) -> None:
    oracle = make_wcs(ra, dec, scale, rotation, flipped, 1000, 800)
    wcs = TanWcs.from_header(oracle.to_header())
    assert wcs is not None
    x, y = np.array([0.0, 999.0, 0.0, 999.0, 500.0]), np.array([0.0, 0.0, 799.0, 799.0, 400.0])
    ours, theirs = wcs.to_sky(x, y), oracle.all_pix2world(x, y, 0)
    assert separation_deg(*ours, *theirs).max() * 3600 < 1e-5
    back = wcs.to_pixel(*ours)
    assert np.allclose(back, (x, y), atol=1e-6)
    assert wcs.flipped is flipped
    assert wcs.scale_arcsec_px == pytest.approx(scale, rel=1e-9)


def test_the_header_keywords_are_read_alike_by_wcslib() -> None:
    wcs = TanWcs(359.999, -45.0, 10.25, 20.5, ((-2e-4, 1e-5), (1e-5, 2e-4)))
    oracle = WCS(fits.Header(wcs.cards()))
    assert np.allclose(wcs.to_sky(3.0, 4.0), oracle.all_pix2world(3.0, 4.0, 0), atol=1e-10)


def test_cdelt_with_rotation_is_understood() -> None:
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 20.0, "CRPIX1": 1.0, "CRPIX2": 1.0,
             "CDELT1": -3e-4, "CDELT2": 4e-4, "CROTA2": 30.0}  # fmt: skip
    wcs = TanWcs.from_header(cards)
    assert wcs is not None
    assert np.allclose(wcs.to_sky(100.0, 50.0), WCS(fits.Header(cards)).all_pix2world(100.0, 50.0, 0), atol=1e-10)


def test_a_header_without_a_system_gives_none_and_a_broken_one_an_error() -> None:
    assert TanWcs.from_header({}) is None
    cards = TanWcs(1.0, 2.0, 3.0, 4.0, ((1.0, 0.0), (0.0, 1.0))).cards()
    with pytest.raises(HeaderError, match="cannot be inverted"):
        TanWcs.from_header(cards | {"CD2_2": 0.0})
    with pytest.raises(HeaderError, match="CRVAL1"):
        TanWcs.from_header(cards | {"CRVAL1": "north"})


@pytest.mark.parametrize("lonpole", [None, 180.0, 0.0, 30.0, 200.0])
@pytest.mark.parametrize("dec", [20.0, 90.0])
def test_lonpole_and_its_default_at_the_pole_are_as_in_wcslib(lonpole: float | None, dec: float) -> None:
    cards = TanWcs(30.0, dec, 10.0, 20.0, ((-3e-4, 1e-5), (2e-5, 3e-4))).cards()
    cards["LONPOLE"] = lonpole
    cards = {key: value for key, value in cards.items() if value is not None}
    wcs = TanWcs.from_header(cards)
    assert wcs is not None
    theirs = WCS(fits.Header(cards)).all_pix2world(300.0, 50.0, 0)
    assert separation_deg(*wcs.to_sky(300.0, 50.0), *theirs) * 3600 < 1e-5
