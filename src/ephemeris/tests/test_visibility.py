"""Visibility intervals: edges against astropy, and properties of the sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ephemeris
from ephemeris import Intervals, Limits, Site, Sky, visibility, visibility_many

from . import oracle

START = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
END = START + 86400.0
ANYWHERE = -90.0
RNG = np.random.default_rng(20261120)
RA = RNG.uniform(0.0, 360.0, 60)
DEC = np.degrees(np.arcsin(RNG.uniform(-1.0, 1.0, 60)))
TOLERANCE_S = 0.1


def edges(found: Intervals) -> tuple[np.ndarray, np.ndarray]:
    """(times, targets) of all edges inside the window."""
    pairs = [(moment, i) for i, row in enumerate(found) for pair in row for moment in pair if START < moment < END]
    return np.array([moment for moment, _ in pairs]), np.array([i for _, i in pairs], dtype=int)


def assert_changes_sign(function, times: np.ndarray, targets: np.ndarray, at_least: int = 20) -> None:
    """Within the tolerance around each edge the oracle's `function(times, targets)` passes through zero."""
    before, after = function(times - TOLERANCE_S, targets), function(times + TOLERANCE_S, targets)
    slow = np.abs(after - before) < 0.25 * 2 * TOLERANCE_S * 15 / 3600  # grazing: an arcsecond is many seconds
    assert (~slow).sum() >= at_least
    assert (before[~slow] * after[~slow] < 0.0).all()


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_airmass_edges_are_within_a_tenth_of_a_second_of_astropy(site: Site) -> None:
    times, targets = edges(visibility_many(site, RA, DEC, START, END, Limits(airmass_max=2.0)))
    assert_changes_sign(lambda t, i: oracle.altaz(site, RA[i], DEC[i], t)[0] - 30.0, times, targets)


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_zenith_hole_edges_are_within_a_tenth_of_a_second_of_astropy(site: Site) -> None:
    limits = Limits(horizon_deg=ANYWHERE, zenith_hole_deg=25.0)
    times, targets = edges(visibility_many(site, RA, DEC, START, END, limits))
    assert_changes_sign(lambda t, i: oracle.altaz(site, RA[i], DEC[i], t)[0] - 65.0, times, targets, at_least=10)


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_hour_angle_edges_are_within_a_tenth_of_a_second_of_astropy(site: Site) -> None:
    limits = Limits(horizon_deg=ANYWHERE, ha_min_h=-3.0, ha_max_h=2.5)
    times, targets = edges(visibility_many(site, RA, DEC, START, END, limits))

    def from_limit(moments: np.ndarray, who: np.ndarray) -> np.ndarray:
        angle = oracle.hour_angle_deg(site, RA[who], DEC[who], moments)
        return np.where(angle < 0.0, angle + 45.0, angle - 37.5)

    assert_changes_sign(from_limit, times, targets, at_least=100)


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_sun_edges_are_within_a_tenth_of_a_second_of_astropy(site: Site) -> None:
    limits = Limits(horizon_deg=ANYWHERE, sun_alt_deg=-18.0)
    times, targets = edges(visibility_many(site, [10.0], [20.0], START, END, limits))
    assert_changes_sign(lambda t, _: oracle.sun_altitude_deg(site, t) + 18.0, times, targets, at_least=2)


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_moon_distance_edges_are_within_a_tenth_of_a_second_of_astropy(site: Site) -> None:
    """The Moon moves half an arcsecond in a second: this asks for 0.05 arcsec."""
    limits = Limits(horizon_deg=ANYWHERE, moon_dist_deg=40.0)
    random = np.random.default_rng(7)
    ra, dec = random.uniform(0.0, 360.0, 1500), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, 1500)))
    times, targets = edges(visibility_many(site, ra, dec, START, END, limits))
    height = oracle.body("moon", site, times).alt.deg
    up = height > 1e-3
    distance = [
        oracle.moon_separation_deg(site, ra[targets[up]], dec[targets[up]], times[up] + shift) - 40.0
        for shift in (-TOLERANCE_S, TOLERANCE_S)
    ]
    slow = np.abs(distance[1] - distance[0]) < 1e-5 * 2 * TOLERANCE_S
    assert (distance[0][~slow] * distance[1][~slow] < 0.0).all()
    rising = np.abs(height[~up]) * 3600.0  # the others are the Moon's own rise and set
    assert (rising < 2.0).all()
    assert up.sum() >= 10


MASK = ((0.0, 10.0), (90.0, 30.0), (90.0, 15.0), (200.0, 20.0), (300.0, 40.0))


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_a_target_comes_out_from_behind_the_horizon_mask_when_astropy_says_so(site: Site) -> None:
    times, targets = edges(visibility_many(site, RA, DEC, START, END, Limits(horizon_deg=ANYWHERE, horizon_mask=MASK)))
    corners = np.array([-60.0, 0.0, 90.0, 90.0, 200.0, 300.0, 360.0])
    heights = np.array([40.0, 10.0, 30.0, 15.0, 20.0, 40.0, 10.0])

    def clearance(moments: np.ndarray, who: np.ndarray) -> np.ndarray:
        altitude, azimuth = oracle.altaz(site, RA[who], DEC[who], moments)
        return np.asarray(altitude - np.interp(azimuth, corners, heights))

    assert_changes_sign(clearance, times, targets)


def test_two_points_of_one_azimuth_make_a_wall() -> None:
    site = oracle.SAN_PEDRO_MARTIR
    # Nothing of the sky east of the meridian: a target appears exactly when it culminates in the south.
    mask = ((0.0, 90.0), (180.0, 90.0), (180.0, 0.0), (360.0, 0.0), (360.0, 90.0))
    appears, _ = visibility(site, 83.63, 0.0, START, END, Limits(horizon_mask=mask))[-1]
    tenth_of_a_second_deg = 0.1 * 15 / 3600 / np.sin(np.radians(31))
    assert oracle.altaz(site, 83.63, 0.0, appears)[1] == pytest.approx(180.0, abs=tenth_of_a_second_deg)


def test_moon_limits_hold_only_while_the_moon_is_up() -> None:
    site = oracle.SAN_PEDRO_MARTIR
    night = ephemeris.night(site, datetime(2026, 11, 20, tzinfo=UTC).date())
    assert night.moon_set is not None
    assert night.sun_rise is not None
    for limits in (Limits(horizon_deg=ANYWHERE, moon_dist_deg=180.0), Limits(horizon_deg=ANYWHERE, moon_phase_max=0.0)):
        found = visibility(site, 83.63, 22.01, night.noon, night.sun_rise, limits)
        moon_down = found[-1][0]
        assert abs((moon_down - night.moon_set).total_seconds()) < 600.0  # centre at 0 against limb and refraction
        assert oracle.body("moon", site, moon_down.timestamp()).alt.deg == pytest.approx(0.0, abs=0.5 / 3600)
        assert found[-1][1] == night.sun_rise


def test_circumpolar_targets_are_always_visible_and_others_never_on_both_hemispheres() -> None:
    window = (START, END)
    assert visibility(oracle.TROMSO, 0.0, 80.0, *window, Limits(horizon_deg=30.0)) == [window]
    assert visibility(oracle.TROMSO, 0.0, -80.0, *window, Limits()) == []
    assert visibility(oracle.LAS_CAMPANAS, 0.0, -89.0, *window, Limits(horizon_deg=20.0)) == [window]
    assert visibility(oracle.LAS_CAMPANAS, 0.0, 89.0, *window, Limits()) == []
    assert visibility(Site("pole", 90.0, 0.0), 10.0, 35.0, *window, Limits(horizon_deg=30.0)) == [window]
    assert visibility(Site("pole", -90.0, 0.0), 10.0, 35.0, *window, Limits()) == []


def test_a_target_without_any_limit_is_visible_above_the_horizon() -> None:
    for a, b in visibility(oracle.TROMSO, 83.63, 0.0, START, END, Limits()):
        altitude, _ = oracle.altaz(oracle.TROMSO, 83.63, 0.0, np.linspace(a + 1, b - 1, 50))
        assert (altitude > 0.0).all()


def test_the_window_of_a_year_is_the_sum_of_its_days() -> None:
    site, limits = oracle.SAN_PEDRO_MARTIR, Limits(sun_alt_deg=-18.0, airmass_max=2.0, moon_dist_deg=30.0)
    end = START + 40 * 86400.0
    whole = visibility(site, 83.63, 22.01, START, end, limits)
    pieces = [
        pair
        for day in range(40)
        for pair in visibility(site, 83.63, 22.01, START + day * 86400.0, START + (day + 1) * 86400.0, limits)
    ]
    joined: list[list[float]] = []
    for a, b in pieces:
        if joined and a - joined[-1][1] < 1e-2:
            joined[-1][1] = b
        else:
            joined.append([a, b])
    assert np.array(whole) == pytest.approx(np.array(joined), abs=0.01)


def test_datetimes_in_give_datetimes_out() -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    end = start + timedelta(hours=15)
    found = visibility(oracle.SAN_PEDRO_MARTIR, 83.63, 22.01, start, end, Limits(airmass_max=2.0))
    assert all(isinstance(moment, datetime) and moment.tzinfo is UTC for pair in found for moment in pair)


def test_each_target_may_have_its_own_limits_and_the_order_does_not_matter() -> None:
    site = oracle.LAS_CAMPANAS
    each = [
        Limits(airmass_max=1.5, moon_dist_deg=35.0, sun_alt_deg=-12.0),
        Limits(horizon_mask=MASK, zenith_hole_deg=5.0),
        Limits(ha_min_h=-1.0, moon_phase_max=0.5, sun_alt_deg=-18.0),
    ]
    which = [each[i % 3] for i in range(30)]
    together = visibility_many(site, RA[:30], DEC[:30], START, END, which, Sky(site, START, END))
    for i in range(30):
        alone = visibility(site, float(RA[i]), float(DEC[i]), START, END, which[i])
        assert np.array(together[i]) == pytest.approx(np.array(alone), abs=1e-3)


def test_no_targets_give_no_intervals() -> None:
    assert len(visibility_many(oracle.TROMSO, [], [], START, END, Limits())) == 0


def test_the_total_is_the_sum_of_the_intervals() -> None:
    found = visibility_many(oracle.TROMSO, RA, DEC, START, END, Limits(horizon_deg=20.0))
    assert found.total_s == pytest.approx([sum(b - a for a, b in row) for row in found])


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 360), st.floats(-90, 90), st.floats(60, 100_000),
    st.builds(
        Limits,
        sun_alt_deg=st.none() | st.floats(-20, 0), airmass_max=st.none() | st.floats(1, 5),
        horizon_deg=st.floats(-10, 40), ha_min_h=st.none() | st.floats(-12, -0.1),
        ha_max_h=st.none() | st.floats(0.1, 12), moon_dist_deg=st.none() | st.floats(0, 120),
        moon_phase_max=st.none() | st.floats(0, 1), zenith_hole_deg=st.none() | st.floats(0, 20),
    ),
)  # fmt: skip
def test_intervals_are_ordered_disjoint_inside_the_window_and_keep_the_limits(
    latitude_deg: float, longitude_deg: float, ra_deg: float, dec_deg: float, span_s: float, limits: Limits
) -> None:
    site = Site("anywhere", latitude_deg, longitude_deg)
    found = visibility(site, ra_deg, dec_deg, START, START + span_s, limits)
    flat = [moment for pair in found for moment in pair]
    assert all(a < b for a, b in pairwise(flat))
    assert all(START <= moment <= START + span_s for moment in flat)
    sampled = START + np.linspace(0.0, span_s, 41)
    inside = np.zeros(41, dtype=bool)
    for a, b in found:
        inside |= (sampled >= a) & (sampled <= b)
    slack = margins(site, ra_deg, dec_deg, sampled, limits)
    clear = np.abs(slack) > 1e-3  # degrees: what is decided within 0.24 s may go either way here
    assert (inside[clear] == (slack[clear] > 0.0)).all()


def margins(site: Site, ra_deg: float, dec_deg: float, moments: np.ndarray, limits: Limits) -> np.ndarray:
    """How far (degrees) each moment is within all limits, from the functions of single moments."""
    altitude, _ = ephemeris.altaz(site, ra_deg, dec_deg, moments)
    margin = altitude - limits.horizon_deg
    if limits.airmass_max is not None:
        margin = np.minimum(margin, altitude - np.degrees(np.arcsin(1.0 / limits.airmass_max)))
    if limits.zenith_hole_deg:
        margin = np.minimum(margin, 90.0 - limits.zenith_hole_deg - altitude)
    if limits.sun_alt_deg is not None:
        margin = np.minimum(margin, limits.sun_alt_deg - ephemeris.sun_altitude_deg(site, moments))
    angle = ephemeris.hour_angle_deg(site, ra_deg, dec_deg, moments)
    near_pole = max(abs(dec_deg), abs(site.latitude_deg)) > 89.0  # an hour angle there is noise
    if limits.ha_min_h is not None:
        margin = np.where(near_pole, 0.0, np.minimum(margin, angle - 15.0 * limits.ha_min_h))
    if limits.ha_max_h is not None:
        margin = np.where(near_pole, 0.0, np.minimum(margin, 15.0 * limits.ha_max_h - angle))
    moon_height = ephemeris.moon_altitude_deg(site, moments)
    if limits.moon_dist_deg is not None:
        moon = ephemeris.moon_position(site, moments)
        # Aberration squeezes an angle by up to 0.006 degrees, which astrometric places do not show.
        excess = ephemeris.separation_deg(moon.ra_deg, moon.dec_deg, ra_deg, dec_deg) - limits.moon_dist_deg
        excess = np.where(np.abs(excess) < 0.02, 0.0, excess)
        margin = np.minimum(margin, np.maximum(excess, -moon_height))
    if limits.moon_phase_max is not None:
        excess = 100.0 * (limits.moon_phase_max - ephemeris.moon_illumination(moments))
        margin = np.minimum(margin, np.maximum(excess, -moon_height))
    return margin


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("airmass_max", 0.9), ("sun_alt_deg", -100.0), ("horizon_deg", float("nan")), ("ha_min_h", -13.0),
        ("moon_dist_deg", 200.0), ("moon_phase_max", 50.0), ("zenith_hole_deg", -1.0),
    ],
)  # fmt: skip
def test_a_limit_out_of_range_is_refused_by_field_value_and_remedy(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"Limits.{field} is {value}: give a number from"):
        Limits(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "mask", [((90.0, 10.0), (10.0, 10.0)), ((0.0, 95.0),), ((400.0, 10.0),), ((0.0, float("nan")),)]
)
def test_a_horizon_mask_that_is_none_is_refused(mask: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match=r"Limits\.horizon_mask has"):
        Limits(horizon_mask=mask)


def test_hour_angle_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="give ha_min_h below ha_max_h"):
        Limits(ha_min_h=3.0, ha_max_h=-3.0)


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg", "end", "message"),
    [
        (500.0, 0.0, END, "ra_deg is 500"),
        (0.0, 91.0, END, "dec_deg is 91"),
        (0.0, float("nan"), END, "dec_deg is nan"),
        (0.0, 0.0, START, "later than the start"),
        (0.0, 0.0, float("inf"), "1972"),
    ],
)
def test_a_target_or_window_that_is_none_is_refused(ra_deg: float, dec_deg: float, end: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        visibility(oracle.TROMSO, ra_deg, dec_deg, START, end, Limits())


def test_a_sky_of_another_window_is_refused() -> None:
    with pytest.raises(ValueError, match="sky is of another site or span"):
        visibility_many(oracle.TROMSO, [0.0], [0.0], START, END, Limits(), Sky(oracle.TROMSO, START, END - 1.0))
