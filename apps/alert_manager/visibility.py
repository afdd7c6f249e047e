"""Where a burst stands over a site, now and until it is no longer worth observing."""

from __future__ import annotations

from datetime import datetime, timedelta

import ephemeris
from apps.alert_manager.decision import Limits as DecisionLimits
from apps.alert_manager.decision import Sky
from apps.devices.models import Site


def sky(site: Site, ra_deg: float, dec_deg: float, now: datetime, until: datetime, limits: DecisionLimits) -> Sky:
    """The sky that the decision needs. `until` is the end of the strategy's validity."""
    place = site.place()
    unix_s = now.timestamp()
    altitude_deg, _ = ephemeris.altaz(place, ra_deg, dec_deg, unix_s)
    sun = ephemeris.sun_position(unix_s)
    moon = ephemeris.moon_position(place, unix_s)
    intervals = ephemeris.visibility(
        place,
        ra_deg,
        dec_deg,
        now,
        max(until, now + timedelta(seconds=1)),
        ephemeris.Limits(
            sun_alt_deg=limits.night_sun_altitude_deg,
            horizon_deg=limits.minimum_altitude_deg,
            horizon_mask=tuple((az, alt) for az, alt in site.horizon_deg),
        ),
    )
    return Sky(
        altitude_deg=float(altitude_deg),
        sun_altitude_deg=ephemeris.sun_altitude_deg(place, unix_s),
        sun_separation_deg=float(ephemeris.separation_deg(ra_deg, dec_deg, float(sun.ra_deg), float(sun.dec_deg))),
        moon_separation_deg=float(ephemeris.separation_deg(ra_deg, dec_deg, float(moon.ra_deg), float(moon.dec_deg))),
        next_visible=intervals[0][0] if intervals else None,
    )
