"""What operators order."""

from __future__ import annotations

import pytest

from apps.devices.models import Node, Site, Telescope
from apps.majordome import control
from pyros.journal.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def telescope() -> Telescope:
    site = Site.objects.create(
        node=Node.objects.create(name="n"), name="s", latitude_deg=31, longitude_deg=-115, elevation_m=2800
    )
    return Telescope.objects.create(name="gft", site=site, aperture_m=1.3, focal_length_m=8, field_of_view_arcmin=26)


def orders() -> list[tuple[str, str]]:
    return list(Entry.objects.filter(verb__startswith="control.").order_by("id").values_list("verb", "who"))


def test_a_pause_and_its_end_are_told_with_who_ordered_them(telescope: Telescope) -> None:
    assert control.pause(telescope=telescope, who="olga", reason="visitors").paused
    assert not control.resume(telescope=telescope, who="otto").paused
    assert orders() == [("control.paused", "olga"), ("control.resumed", "otto")]


def test_after_an_emergency_stop_observing_stays_paused_until_it_is_resumed(telescope: Telescope) -> None:
    control.emergency_stop(telescope=telescope, who="olga", reason="smoke")
    with pytest.raises(control.Refused, match="lift it first"):
        control.resume(telescope=telescope, who="olga")
    after = control.lift_emergency_stop(telescope=telescope, who="olga")
    assert (after.emergency_stop, after.paused) == (False, True)
    assert not control.resume(telescope=telescope, who="olga").paused


def test_a_mode_that_there_is_not_is_refused_and_nothing_is_told(telescope: Telescope) -> None:
    with pytest.raises(control.Refused, match="no mode PARTY"):
        control.set_mode(telescope=telescope, mode="PARTY", who="olga")
    assert orders() == []
    assert control.set_mode(telescope=telescope, mode="MANUAL", who="olga").mode == "MANUAL"
