"""Which notices are one burst, where it is, when it began: real bursts, and the limits of the rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notices import EventView, Notice, best_position, compare, event_t0, parse
from notices.association import AssociationSettings, LinkKind, view
from notices.tests.data import NOTICES, needs_notices

SVOM = "svom/gcn-notice-parser__"
SWIFT = "swift/tarball-2018-10.001__SWIFT__"
FERMI = "fermi/tarball-2018-10.001__Fermi__GBM_"


def real(*files: str) -> list[Notice]:
    return [parse((NOTICES / f"{file}.xml").read_bytes()) for file in files]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@needs_notices
class TestSvomChain:
    """sb26051101: GRM with a position 22 degrees off and radius -1, wake-up, slewing, MXT."""

    files = (f"{SVOM}grm_353", f"{SVOM}eclairs_319", f"{SVOM}eclairs_320", f"{SVOM}mxt_52")

    def test_the_grm_position_is_never_used(self) -> None:
        assert best_position(real(self.files[0])) is None

    def test_the_wake_up_gives_the_first_position_and_mxt_the_last(self) -> None:
        first = best_position(real(*self.files[:2]))
        last = best_position(real(*self.files))
        assert first is not None and last is not None
        assert (first.ra_deg, first.dec_deg) == (197.9295, -33.8525)
        assert (last.instrument, last.ra_deg, last.dec_deg) == ("MXT", 197.9145, -33.8120)

    def test_t0_stays_that_of_the_first_gamma_ray_trigger(self) -> None:
        assert event_t0(real(*self.files)) == utc("2026-05-11T06:13:30")

    def test_all_share_one_id(self) -> None:
        link = compare(view(*real(self.files[0])), view(*real(*self.files[1:])))
        assert link.kind is LinkKind.SAME
        assert link.merges


@needs_notices
class TestSvomUpdateWithAWorseError:
    """sb26051102: slewing notice with a larger radius and a time 28 s earlier."""

    files = (f"{SVOM}grm_354", f"{SVOM}eclairs_321", f"{SVOM}eclairs_322", f"{SVOM}mxt_53")

    def test_the_latest_word_of_one_instrument_wins_even_with_a_larger_radius(self) -> None:
        best = best_position(real(*self.files[:3]))
        assert best is not None
        assert (best.notice_type, best.error_deg) == ("slewing", 0.0591)

    def test_the_order_of_arrival_does_not_matter(self) -> None:
        best = best_position(reversed(real(*self.files)))
        assert best is not None
        assert best.error_deg == 0.0089

    def test_t0_is_neither_the_window_s_start_nor_the_mxt_exposure(self) -> None:
        assert event_t0(real(*self.files)) == utc("2026-05-11T11:00:31.700000")

    def test_a_gbm_position_one_degree_away_at_the_same_time_is_the_same_burst(self) -> None:
        # Fermi 800190036: final position 192.19, 4.95, radius 1.40 (one sigma), T0 11:00:31.70; R90 = 2.146 * 3.956
        fermi = EventView(frozenset({("Fermi", "800190036")}), utc("2026-05-11T11:00:31.70"), 192.19, 4.95, 8.489)
        link = compare(view(*real(*self.files[:3])), fermi)
        assert link.kind is LinkKind.MERGE
        assert link.dt_s == 0.0
        assert link.k == pytest.approx(0.2, abs=0.05)


@needs_notices
class TestRetractions:
    """sb26043009 and the orphan sb26020303: a retraction carries an ECLAIRs position, which is not to be believed."""

    def test_nothing_is_left_after_a_retraction(self) -> None:
        chain = real(f"{SVOM}grm_341", f"{SVOM}grm_342")
        assert best_position(chain) is None
        assert event_t0(chain[:1]) == utc("2026-04-30T23:24:26")

    def test_a_retraction_takes_back_what_it_does_not_cite(self) -> None:
        wakeup = real(f"{SVOM}eclairs_319")[0]
        retraction = real(f"{SVOM}grm_342")[0]
        other_burst = [wakeup, retraction]
        assert best_position(other_burst) is wakeup

    def test_an_orphan_retraction_is_an_event_without_a_place(self) -> None:
        orphan = real(f"{SVOM}grm_287")
        assert best_position(orphan) is None
        assert EventView.of(orphan).ids == {("SVOM", "sb26020303")}


@needs_notices
class TestSwiftWithFermi:
    """GRB 181010A: Swift 866434 and Fermi 560843764."""

    alert = f"{FERMI}Alert_2018-10-10T05_55_59.39_560843764_1-469"
    flight = f"{FERMI}Flt_Pos_2018-10-10T05_55_59.39_560843764_49-474"
    ground = f"{FERMI}Gnd_Pos_2018-10-10T05_55_59.39_560843764_60-477"
    quick, bat = f"{SWIFT}BAT_QuickLook_Pos_866434-470", f"{SWIFT}BAT_GRB_Pos_866434-471"
    later = tuple(
        f"{SWIFT}{name}" for name in ("FOM_Obs_866434-473", "SC_Slew_866434-476", "BAT_Lightcurve_866434-496")
    )

    def test_without_a_fermi_position_the_time_alone_merges_provisionally(self) -> None:
        link = compare(view(*real(self.alert)), view(*real(self.bat)))
        assert link.kind is LinkKind.PROVISIONAL
        assert link.dt_s == pytest.approx(7.68)

    def test_the_flight_position_confirms(self) -> None:
        link = compare(view(*real(self.alert, self.flight)), view(*real(self.bat)))
        assert link.kind is LinkKind.MERGE
        assert link.k == pytest.approx(0.2, abs=0.05)

    def test_the_ground_position_twelve_degrees_away_keeps_the_merge(self) -> None:
        link = compare(view(*real(self.alert, self.flight, self.ground)), view(*real(self.bat)))
        assert link.kind is LinkKind.MERGE
        assert link.separation_deg == pytest.approx(12.07, abs=0.01)
        assert link.k == pytest.approx(1.4, abs=0.05)

    def test_notices_without_a_radius_change_nothing(self) -> None:
        best = best_position(real(self.bat, *self.later, f"{SWIFT}XRT_Nack_Pos_866434-481"))
        assert best is not None
        assert (best.notice_type, best.error_deg) == ("BAT_GRB_Pos", 0.05)

    def test_the_position_goes_from_bat_to_xrt_to_uvot(self) -> None:
        xrt, uvot = f"{SWIFT}XRT_Pos_866434-511", f"{SWIFT}UVOT_Pos_866434-523"
        steps = [best_position(real(self.quick, self.bat, self.flight, *more)) for more in ((), (xrt,), (xrt, uvot))]
        assert [step.instrument for step in steps if step] == ["BAT", "XRT", "UVOT"]

    def test_t0_is_that_of_the_bat_position(self) -> None:
        everything = real(self.alert, self.quick, self.bat, self.flight, f"{SWIFT}XRT_Pos_866434-511")
        assert event_t0(everything) == utc("2018-10-10T05:55:51.710")


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def event(mission: str, dt_s: float = 0.0, dec_deg: float | None = 0.0, sigma_deg: float | None = 1.0) -> EventView:
    r90 = sigma_deg * 2.145966 if sigma_deg is not None else None
    ra_deg = 100.0 if dec_deg is not None else None
    return EventView(frozenset({(mission, "1")}), NOON + timedelta(seconds=dt_s), ra_deg, dec_deg, r90)


@pytest.mark.parametrize(
    ("dt_s", "k", "kind"),
    [
        (0, 0, LinkKind.MERGE), (179, 2.9, LinkKind.MERGE), (-179, 2.9, LinkKind.MERGE), (181, 2.9, LinkKind.SUGGEST),
        (9, 3.1, LinkKind.DOUBTFUL), (9, 5.9, LinkKind.DOUBTFUL), (9, 6.1, LinkKind.NONE), (11, 3.1, LinkKind.NONE),
        (3198, 1, LinkKind.SUGGEST), (86399, 2.9, LinkKind.SUGGEST), (86401, 0.1, LinkKind.NONE),
    ],
)  # fmt: skip
def test_the_rule_s_limits(dt_s: float, k: float, kind: LinkKind) -> None:
    # two sides of 3 and 4 degrees make a combined sigma of 5
    link = compare(event("Swift", sigma_deg=3.0), event("Fermi", dt_s, dec_deg=5.0 * k, sigma_deg=4.0))
    assert link.kind is kind
    assert link.k == pytest.approx(k, abs=1e-3)
    assert link.merges == (kind is LinkKind.MERGE)
    assert link.worth_telling == (kind in {LinkKind.DOUBTFUL, LinkKind.SUGGEST})


@pytest.mark.parametrize(("dt_s", "kind"), [(10, LinkKind.PROVISIONAL), (10.5, LinkKind.NONE)])
def test_without_a_position_only_close_times_merge(dt_s: float, kind: LinkKind) -> None:
    assert compare(event("Swift"), event("Fermi", dt_s, dec_deg=None)).kind is kind


def test_a_position_without_a_radius_is_no_position() -> None:
    link = compare(event("Swift"), event("SVOM", 5, dec_deg=80.0, sigma_deg=None))
    assert link.kind is LinkKind.PROVISIONAL


def test_a_test_never_joins_a_burst() -> None:
    practice = EventView(frozenset({("Swift", "99999")}), NOON, 100.0, 0.0, 0.05, is_test=True)
    assert compare(practice, event("Fermi")).kind is LinkKind.NONE


def test_without_a_gamma_ray_time_nothing_merges() -> None:
    optical = EventView(frozenset({("Gaia", "Gaia16aac")}), None, 100.0, 0.0, 0.001)
    assert compare(optical, event("Fermi")).kind is LinkKind.NONE


def test_the_comparison_is_symmetric() -> None:
    one, other = event("Swift", 0, 1.0, 0.02), event("Fermi", 100, 4.0, 4.0)
    assert compare(one, other) == compare(other, one)


def test_the_limits_can_be_set() -> None:
    strict = AssociationSettings(merge_dt_s=10.0)
    assert compare(event("Swift"), event("Fermi", 20)).kind is LinkKind.MERGE
    assert compare(event("Swift"), event("Fermi", 20), strict).kind is LinkKind.SUGGEST


def test_the_sentence_tells_the_numbers() -> None:
    link = compare(event("Swift", sigma_deg=3.0), event("Fermi", 7.68, dec_deg=5.0, sigma_deg=4.0))
    assert link.sentence == "7.7 s and 5.00 deg apart, k = 1.0 (limits 180 s and k = 3)"
