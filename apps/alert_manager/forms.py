"""The form of a test alert."""

from __future__ import annotations

from datetime import datetime

from django import forms

import ephemeris
from apps.devices.models import Site


class TestAlertForm(forms.Form):
    """Where the burst is, how well that is known, how old it is."""

    __test__ = False  # not a test case of pytest's

    ra_deg = forms.FloatField(label="Right ascension (degrees, ICRS)", min_value=0, max_value=360)
    dec_deg = forms.FloatField(label="Declination (degrees)", min_value=-90, max_value=90)
    error_arcmin = forms.FloatField(
        label="Radius of the error circle, 90 % (arcmin)", min_value=0.01, max_value=600, initial=8
    )
    age_s = forms.FloatField(label="Age of the burst (s)", min_value=0, max_value=86400, initial=30)

    @staticmethod
    def near_zenith(now: datetime) -> dict[str, float]:
        """A position that is up now: near the zenith of the first site (any, where there is none)."""
        row = Site.objects.order_by("id").first()
        if row is None:
            return {"ra_deg": 0.0, "dec_deg": 0.0}
        site = row.place()
        return {
            "ra_deg": round(float(ephemeris.local_sidereal_time_deg(site, now.timestamp())), 3),
            "dec_deg": round(row.latitude_deg, 3),
        }
