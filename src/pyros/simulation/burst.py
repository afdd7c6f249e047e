"""The burst of a simulated night: a real notice re-dated to a moment at which its position can be seen."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import ephemeris
import notices
from notices import compose

LEAST_VISIBLE = timedelta(minutes=45)
AFTER_NIGHT_START = timedelta(minutes=75)
TRIGGER_BEFORE_NOTICE_S = 15.0
LARGEST_ERROR_DEG = 0.2
HORIZON_DEG = 25.0


@dataclass(frozen=True)
class Burst:
    """The notice to send, and when. `story` says where it comes from."""

    raw: bytes
    ivorn: str
    send_at: datetime
    trigger_time: datetime
    ra_deg: float
    dec_deg: float
    story: str


class Unseen(Exception):
    """The position asked for can't be seen that night."""


def choose(
    site: ephemeris.Site, night_start: datetime, night_end: datetime, seed: int, own_file: Path | None = None
) -> Burst:
    """A burst for the night.

    A notice of the user's, else one of the real notices that voevent-parse carries, else, where none of their
    positions can be seen that night, one composed in SVOM's form.

    Raises:
        Unseen: the user's own notice points where nothing can be seen that night.
        NoticeRefused: the user's own file is no notice.
    """
    dice = random.Random(seed)
    if own_file is not None:
        raw = own_file.read_bytes()
        found = _redated(raw, own_file.name, site, night_start, night_end, dice)
        if found is None:
            notice = notices.parse(raw)
            raise Unseen(
                f"{own_file.name}: RA {notice.ra_deg}, Dec {notice.dec_deg} is not above {HORIZON_DEG:g}° "
                f"in the dark for {LEAST_VISIBLE.seconds // 60} min that night"
            )
        return found
    for sample in notices.samples():
        try:
            found = _redated(sample.raw, sample.name, site, night_start, night_end, dice)
        except notices.NoticeRefused:
            continue
        if found is not None:
            return found
    return _composed(site, night_start, night_end)


def _redated(
    raw: bytes, name: str, site: ephemeris.Site, night_start: datetime, night_end: datetime, dice: random.Random
) -> Burst | None:
    notice = notices.parse(raw)
    if (
        notice.ra_deg is None or notice.dec_deg is None or notice.error_r90_deg is None or notice.is_test
        or notice.error_r90_deg > LARGEST_ERROR_DEG
    ):  # fmt: skip
        return None
    seen = ephemeris.visibility(
        site, notice.ra_deg, notice.dec_deg, night_start + AFTER_NIGHT_START, night_end,
        ephemeris.Limits(sun_alt_deg=-12.0, horizon_deg=HORIZON_DEG),
    )  # fmt: skip
    for start, end in seen:
        room = end - start - LEAST_VISIBLE
        if room > timedelta(0):
            send_at = start + dice.random() * 0.5 * room
            trigger = send_at - timedelta(seconds=TRIGGER_BEFORE_NOTICE_S)
            moved = notices.redate(raw, trigger, send_at)
            return Burst(
                moved,
                notices.parse(moved).ivorn,
                send_at,
                trigger,
                notice.ra_deg,
                notice.dec_deg,
                f"the real notice {name}, re-dated",
            )
    return None


def _composed(site: ephemeris.Site, night_start: datetime, night_end: datetime) -> Burst:
    send_at = night_start + max(AFTER_NIGHT_START, (night_end - night_start) / 3)
    ra_deg = float(ephemeris.local_sidereal_time_deg(site, send_at.timestamp())) % 360
    dec_deg = site.latitude_deg - 15.0 if site.latitude_deg > 0 else site.latitude_deg + 15.0
    trigger = send_at - timedelta(seconds=TRIGGER_BEFORE_NOTICE_S)
    raw = compose.svom_wakeup(f"sb{trigger:%y%m%d}01", ra_deg, dec_deg, 0.08, trigger, send_at)
    return Burst(
        raw,
        notices.parse(raw).ivorn,
        send_at,
        trigger,
        ra_deg,
        dec_deg,
        "composed in SVOM's form: no real notice's position can be seen this night",
    )
