"""GCN's JSON notices into a Notice: the unified schema, Einstein Probe, IceCube, LVK (igwn.gwalert), MAXI, SVOM, …

Fields: https://gcn.nasa.gov/docs/schema (core: Alert, Event, Localization, Reporter, DateTime).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from notices import timescale
from notices.missions.fermi import GBM_SYSTEMATIC_DEG
from notices.missions.lvk import TEST_ID as LVK_TEST_ID
from notices.notice import Notice, NoticeRefused
from notices.position import Position, checked_position, r90_deg, sigmas_in

_DEFAULT_CONTAINMENT = 0.9  # Localization.schema.json
_TEST_TENSES = frozenset({"test", "injection", "injected", "mock", "commanded"})
_EVENT_TIME_KEYS = ("trigger_time", "event.time")
_LATER_TIME_KEYS = ("observation_start", "observation_stop")
_NOTICE_TIME_KEYS = ("alert_datetime", "time_created", "datetime_of_notice")
_ID_KEYS = ("id", "superevent_id", "ref_ID", "event_name", "data.targets.0.name")
_PLACES = ("", "localization.", "most_probable_direction.", "data.targets.0.")

# $schema folder or `mission` in lower case -> (name, band)
_MISSIONS: Mapping[str, tuple[str, str]] = {
    "einstein_probe": ("Einstein Probe", "x-ray"), "ep": ("Einstein Probe", "x-ray"),
    "einstein probe": ("Einstein Probe", "x-ray"), "swift": ("Swift", "gamma"), "fermi": ("Fermi", "gamma"),
    "svom": ("SVOM", "gamma"), "icecube": ("IceCube", "neutrino"), "maxi": ("MAXI", "x-ray"), "lvk": ("LVK", "gw"),
    "chime": ("CHIME", "radio"), "dsa110": ("DSA-110", "radio"), "dsa-110": ("DSA-110", "radio"),
    "superk": ("Super-Kamiokande", "neutrino"), "super-kamiokande": ("Super-Kamiokande", "neutrino"),
    "boom": ("BOOM", "optical"), "burstcube": ("BurstCube", "gamma"), "glowbug": ("Glowbug", "gamma"),
    "gecam": ("GECAM", "gamma"), "blackcat": ("BlackCAT", "x-ray"), "km3net": ("KM3NeT", "neutrino"),
    "heasarc": ("HEASARC", "other"),
}  # fmt: skip
_INSTRUMENT_BANDS = {"XRT": "x-ray", "UVOT": "optical", "MXT": "x-ray", "VT": "optical"}
_LATER_INSTRUMENTS = frozenset({"XRT", "UVOT", "MXT", "VT"})
_NOT_BURSTS = frozenset({"HEASARC"})


def read_json(raw: bytes) -> Notice:
    """Extract a Notice from a JSON object.

    `NoticeRefused`: MALFORMED_JSON, NOT_AN_OBJECT, BAD_POSITION.
    """
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NoticeRefused("MALFORMED_JSON", f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise NoticeRefused("NOT_AN_OBJECT", "a JSON notice is an object; this is something else")
    return _Reader(document).notice()


class _Reader:
    """One document, flattened to dotted paths."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.flat = dict(_flatten(document))
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
        self.sha256 = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        self.remarks: list[str] = []

    def notice(self) -> Notice:
        mission, band = self._mission()
        instrument = self._text("instrument") or ""
        event_id = self._event_id()
        alert_type = self._text("alert_type")
        tense = (self._text("alert_tense") or "").lower()
        is_test = (
            tense in _TEST_TENSES
            or (alert_type or "").lower() in _TEST_TENSES
            or "/test/" in (self._text("$schema") or "")
            or (mission == "LVK" and event_id is not None and LVK_TEST_ID.match(event_id) is not None)
        )
        is_retraction = (alert_type or "").lower() == "retraction"
        position = self._position(is_retraction)
        if position.remark:
            self.remarks.append(position.remark)
        containment = self._containment()
        trigger_time, time_is_trigger = self._trigger_time()
        is_grb, classification = self._verdict(mission)
        identified = mission != "other" or event_id is not None
        if not identified:
            self.remarks.append("neither a mission nor an event is named: nothing is started on it")
        return Notice(
            format="JSON",
            ivorn=f"json://{_slug(mission)}/{_slug(event_id or 'none')}#{self.sha256[:24]}",
            role="test" if is_test else "observation",
            mission=mission,
            instrument=instrument,
            notice_type=self._text("notice_type") or self._text("notice_subtype") or alert_type or instrument or None,
            packet_type=None,
            event_id=event_id,
            ra_deg=position.ra_deg,
            dec_deg=position.dec_deg,
            error_deg=position.error_deg,
            error_containment=containment if position.error_deg is not None else None,
            error_r90_deg=self._r90(position, containment, mission, instrument),
            trigger_time_utc=trigger_time,
            time_is_trigger=time_is_trigger and instrument not in _LATER_INSTRUMENTS,
            notice_time_utc=self._time(_NOTICE_TIME_KEYS),
            is_test=is_test,
            is_retraction=is_retraction,
            is_grb=is_grb,
            classification=classification,
            cites=(),
            skymap_url=self._text("healpix_url") or self._text("localization.healpix_url"),
            content_sha256=self.sha256,
            band=_INSTRUMENT_BANDS.get(instrument, band),
            opens_event=identified and mission not in _NOT_BURSTS and tense not in {"archival", "planned"},
            position_is_reliable=self.flat.get("star_tracker_locked") is not False,
            remarks=tuple(self.remarks),
            extra=MappingProxyType({path: _as_text(value) for path, value in self.flat.items()}),
        )

    def _text(self, path: str) -> str | None:
        value = self.flat.get(path)
        if value is None or isinstance(value, bool):
            return None
        return str(value).strip() or None

    def _number(self, path: str) -> float | None:
        """`NoticeRefused` when the value is neither a number nor null."""
        value = self.flat.get(path)
        if value is None:
            return None
        try:
            if isinstance(value, bool):
                raise ValueError
            return float(value)
        except (ValueError, OverflowError):
            shown = str(value)[:40]
            raise NoticeRefused("BAD_POSITION", f"{path} is {shown!r}; a number of degrees is needed") from None

    def _mission(self) -> tuple[str, str]:
        stated = self._text("mission")
        if stated is not None:
            return _MISSIONS.get(stated.lower(), (stated, "other"))
        if "superevent_id" in self.flat:
            return _MISSIONS["lvk"]
        found = re.search(r"/notices/([^/]+)/", self._text("$schema") or "")
        if found:
            return _MISSIONS.get(found[1].lower(), (found[1], "other"))
        return "other", "other"

    def _event_id(self) -> str | None:
        """The first id that is given; ids and names may be one text or a list."""
        for key in _ID_KEYS:
            text = self._text(key) or self._text(f"{key}.0")
            if text is not None:
                return text
        return None

    def _position(self, is_retraction: bool) -> Position:
        for place in _PLACES:
            if self.flat.get(f"{place}ra") is None or self.flat.get(f"{place}dec") is None:
                continue
            try:
                ra, dec = self._number(f"{place}ra"), self._number(f"{place}dec")
                assert ra is not None and dec is not None
                return checked_position(ra, dec, self._radius(f"{place}ra_dec_error"))
            except NoticeRefused as refusal:
                if is_retraction:
                    return Position(remark=refusal.sentence)
                raise
        return Position()

    def _radius(self, path: str) -> float | None:
        """A radius, or the larger half axis of [a, b, position angle]."""
        axes = [axis for axis in (self._number(f"{path}.0"), self._number(f"{path}.1")) if axis is not None]
        return max(axes) if axes else self._number(path)

    def _containment(self) -> float:
        value = self._number("containment_probability") or self._number("localization.containment_probability")
        if value is None:
            return _DEFAULT_CONTAINMENT
        if not 0.0 < value < 1.0:
            self.remarks.append(f"containment_probability is {value:g}; 0.9, the schema's default, is taken")
            return _DEFAULT_CONTAINMENT
        return value

    def _r90(self, position: Position, containment: float, mission: str, instrument: str) -> float | None:
        if position.error_deg is None:
            return None
        known = (mission, instrument) == ("Fermi", "GBM") and self.flat.get("systematic_included") is not True
        return r90_deg(position.error_deg, sigmas_in(containment), GBM_SYSTEMATIC_DEG if known else 0.0)

    def _trigger_time(self) -> tuple[datetime | None, bool]:
        moment = self._time(_EVENT_TIME_KEYS)
        if moment is not None:
            return moment, True
        later = self._time(_LATER_TIME_KEYS)
        return later, later is None

    def _time(self, keys: tuple[str, ...]) -> datetime | None:
        for key in keys:
            text = self._text(key)
            if text is None:
                continue
            try:
                return timescale.parse_iso(text)
            except (ValueError, OverflowError):
                self.remarks.append(f"{key} {text[:40]!r} is no date")
        return None

    def _verdict(self, mission: str) -> tuple[bool | None, str | None]:
        """The likeliest class of `classification` or `event.classification`; only gamma-ray missions judge."""
        chances = {
            path.rpartition(".")[2]: float(value)
            for path, value in self.flat.items()
            if path.startswith(("classification.", "event.classification."))
            and isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
        }
        if not chances or max(chances.values()) <= 0:
            return None, self._text("classification")
        best = max(chances, key=lambda name: chances[name])
        text = f"{best} {100 * chances[best]:.0f} %"
        if best.upper() == "GRB":
            return True, text
        if mission == "Fermi" or (mission == "Swift" and best.lower() == "known"):
            return False, text
        return None, text


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted paths to every scalar; list members by their number."""
    pending: list[tuple[str, Any]] = [(path, value)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending.extend((f"{path}.{key}" if path else str(key), item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend((f"{path}.{index}", item) for index, item in enumerate(value))
        else:
            yield path, value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", text)
