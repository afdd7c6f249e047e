"""What must hold in every night (behaviours I1–I7, and nothing done twice, nothing lost), checked over the journal.

Each check is a function on what happened: rows in, findings out. A finding is a sentence with the numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import ephemeris

ROOF_TRAVEL_S = 60.0
SUN_CONE_DEG = 30.0
SUN_CONE_ABOVE_DEG = -10.0
CLOSING_MARGIN_S = 40.0


@dataclass(frozen=True)
class Happened:
    """One journal entry, as far as the checks need it. `unix_s` is observatory time."""

    id: int
    unix_s: float
    subject: str
    verb: str
    data: dict[str, Any]


@dataclass(frozen=True)
class ImageRow:
    """One image as the database shows it at the end."""

    id: int
    state: str
    plan: int
    number: int
    run: int
    camera: str
    date_obs: datetime | None
    exposure_s: float
    file: Path | None
    sha256: str
    is_calibration: bool


@dataclass(frozen=True)
class Checked:
    """The answer of one invariant."""

    id: str
    held: bool
    detail: str


@dataclass(frozen=True)
class Evidence:
    """All that is looked at. `slack_s`: how much observatory time a second of real time was, at the fastest."""

    entries: list[Happened]
    images: list[ImageRow]
    slack_s: float
    sha256_of: Callable[[Path], str]
    balances: dict[str, tuple[float, float]]
    """Allocation → (balance by the sum of its lines, balance by replaying the journal)."""
    unfinished: list[str]
    """What should be over and is not: runs, sequences that execute, analyses."""
    sun: Callable[[float], tuple[float, float, float]]
    """Unix seconds → the Sun's altitude, right ascension and declination, deg."""

    def separation_deg(self, ra_deg: float, dec_deg: float, unix_s: float) -> float:
        """From a position to the Sun."""
        _, sun_ra_deg, sun_dec_deg = self.sun(unix_s)
        return float(ephemeris.separation_deg(ra_deg, dec_deg, sun_ra_deg, sun_dec_deg))


def check_all(evidence: Evidence) -> list[Checked]:
    """Every invariant, in order."""
    return [_checked(name, what, check(evidence)) for name, (what, check) in CHECKS.items()]


def _checked(name: str, what: str, findings: Iterable[str]) -> Checked:
    found = list(findings)
    return Checked(name, not found, what if not found else "; ".join(found[:5]))


def _roof_closes(e: Evidence) -> Iterable[str]:
    """I1: after UNSAFE the roof is CLOSED, or ERROR with an alarm, within its travel, 40 s and the software's slack."""
    allowed_s = ROOF_TRAVEL_S + CLOSING_MARGIN_S + 3 * e.slack_s
    unsafe_since: float | None = None
    shutter = "UNKNOWN"
    for entry in e.entries:
        if unsafe_since is not None and shutter != "CLOSED" and entry.unix_s - unsafe_since > allowed_s:
            if not any(x.verb == "alarm.raised" and x.unix_s >= unsafe_since for x in e.entries):
                late_s = entry.unix_s - unsafe_since
                yield f"unsafe since {unsafe_since:.0f}, the roof was {shutter} after {late_s:.0f} s, without an alarm"
            unsafe_since = None
        if entry.verb == "guardian.enclosure":
            shutter = entry.data["shutter"]
            if shutter == "CLOSED":
                unsafe_since = None
        elif entry.verb == "guardian.verdict":
            bad = entry.data["safety"] in {"UNSAFE", "EMERGENCY"}
            if bad and shutter not in {"CLOSED", "UNKNOWN"} and unsafe_since is None:
                unsafe_since = entry.unix_s
            elif not bad:
                unsafe_since = None


def _no_slew_under_moving_roof(e: Evidence) -> Iterable[str]:
    """I2: no slew is ordered unless the roof's switches say OPEN.

    The guardian looks ten times a real second: under a fast clock its record may be `slack_s` late.
    """
    openings = [x.unix_s for x in e.entries if x.verb == "guardian.enclosure" and x.data["shutter"] == "OPEN"]
    shutter = "UNKNOWN"
    for entry in e.entries:
        if entry.verb == "guardian.enclosure":
            shutter = entry.data["shutter"]
        elif entry.verb == "run.slew_ordered" and shutter in {"CLOSED", "ERROR", "MOVING"}:
            just_opened = any(0 <= opened - entry.unix_s <= e.slack_s for opened in openings)
            if not just_opened:
                yield f"{entry.subject} slewed while the roof was {shutter}"


def _sun_cone(e: Evidence) -> Iterable[str]:
    """I3: no slew ends within the Sun cone while the Sun is above −10° (the mount keeps the path, devices.md)."""
    for entry in e.entries:
        if entry.verb == "run.slew_ordered" and e.sun(entry.unix_s)[0] > SUN_CONE_ABOVE_DEG:
            separation_deg = e.separation_deg(entry.data["ra_deg"], entry.data["dec_deg"], entry.unix_s)
            if separation_deg < SUN_CONE_DEG:
                yield f"{entry.subject} pointed {separation_deg:.0f}° from the Sun"


def _exposures_end_once(e: Evidence) -> Iterable[str]:
    """I4: each exposure ends in exactly one of stored, aborted, failed."""
    ends = Counter(x.subject for x in e.entries if x.verb in {"image.stored", "image.aborted", "image.failed"})
    begun = Counter(x.subject for x in e.entries if x.verb == "image.exposing")
    for subject in begun:
        if ends[subject] != 1:
            yield f"{subject} ended {ends[subject]} times"
    for image in e.images:
        if image.state == "EXPOSING":
            yield f"image {image.id} is still exposing"


def _alerts_are_decided(e: Evidence) -> Iterable[str]:
    """I5: every notice of a burst has exactly one recorded decision with its reason."""
    decided = Counter(x.data.get("notice") for x in e.entries if x.verb == "alert.decided" and x.data.get("notice"))
    known = {x.data["ivorn"] for x in e.entries if x.verb == "notice.received"}
    alerts = {x.subject for x in e.entries if x.verb in {"alert.created", "alert.tombstone"}}
    with_decision = {x.subject for x in e.entries if x.verb == "alert.decided"}
    for notice, count in decided.items():
        if count != 1 or notice not in known:
            yield f"{notice} was decided {count} times"
    for alert in alerts - with_decision:
        yield f"{alert} has no decision"
    for entry in e.entries:
        if entry.verb == "alert.decided" and not (entry.data.get("code") and entry.data.get("sentence")):
            yield f"{entry.subject}: a decision without a reason"


def _files_are_whole(e: Evidence) -> Iterable[str]:
    """I6: no image under its final name is incomplete: each stored one is there with the checksum of its row."""
    for image in e.images:
        if image.state != "STORED":
            continue
        if image.file is None:
            yield f"image {image.id} is stored but its file is not there"
        elif e.sha256_of(image.file) != image.sha256:
            yield f"{image.file.name} is not what was written"


def _alarms_pair(e: Evidence) -> Iterable[str]:
    """I7: every alarm is raised once and cleared at most once."""
    state: dict[str, str] = {}
    for entry in e.entries:
        if entry.verb == "alarm.raised":
            if entry.subject in state:
                yield f"{entry.subject} was raised twice"
            state[entry.subject] = "RAISED"
        elif entry.verb == "alarm.cleared":
            if state.get(entry.subject) != "RAISED":
                yield f"{entry.subject} was cleared without being raised"
            state[entry.subject] = "CLEARED"


def _nothing_twice(e: Evidence) -> Iterable[str]:
    """No frame is stored twice in a run, no sequence is executed by two runs at a time, epochs only grow."""
    stored = Counter((i.run, i.plan, i.number) for i in e.images if i.state == "STORED")
    for (run, plan, number), count in stored.items():
        if count > 1:
            yield f"frame {number} of plan {plan} was stored {count} times in run {run}"
    epoch = -1
    active: str | None = None
    for entry in e.entries:
        if entry.verb == "run.started":
            if entry.data["epoch"] <= epoch:
                yield f"{entry.subject} has epoch {entry.data['epoch']} after {epoch}"
            if active is not None:
                yield f"{entry.subject} began while {active} was active"
            epoch, active = entry.data["epoch"], entry.subject
        elif entry.verb == "run.ended" and entry.subject == active:
            active = None


def _camera_does_one_thing(e: Evidence) -> Iterable[str]:
    """No camera stored two exposures that overlap in time."""
    by_camera: dict[str, list[ImageRow]] = defaultdict(list)
    for image in e.images:
        if image.state == "STORED" and image.date_obs is not None:
            by_camera[image.camera].append(image)
    for camera, images in by_camera.items():
        images.sort(key=lambda i: i.date_obs.timestamp() if i.date_obs else 0.0)
        for before, after in pairwise(images):
            assert before.date_obs and after.date_obs
            gap_s = (after.date_obs - before.date_obs).total_seconds() - before.exposure_s
            if gap_s < -0.5:
                yield f"{camera}: images {before.id} and {after.id} overlap by {-gap_s:.1f} s"


def _nothing_lost(e: Evidence) -> Iterable[str]:
    """Everything that was begun is over at the end of the night."""
    return e.unfinished


def _ledger_adds_up(e: Evidence) -> Iterable[str]:
    """The balance of each program is the sum of its lines, and the journal tells the same."""
    for name, (by_lines, by_journal) in e.balances.items():
        if abs(by_lines - by_journal) > 0.01:
            yield f"{name}: {by_lines:.2f} s by its lines, {by_journal:.2f} s by the journal"


CHECKS: dict[str, tuple[str, Callable[[Evidence], Iterable[str]]]] = {
    "I1": ("after UNSAFE the roof closed in time, or an alarm was raised", _roof_closes),
    "I2": ("no slew while the roof was not open", _no_slew_under_moving_roof),
    "I3": ("no slew ended in the Sun cone", _sun_cone),
    "I4": ("each exposure ended exactly once", _exposures_end_once),
    "I5": ("each alert has its decision with a reason", _alerts_are_decided),
    "I6": ("each stored file is whole", _files_are_whole),
    "I7": ("each alarm was raised once and cleared once", _alarms_pair),
    "once": ("no frame, run or epoch was done twice", _nothing_twice),
    "cameras": ("no camera did two things at a time", _camera_does_one_thing),
    "complete": ("nothing that was begun is left over", _nothing_lost),
    "ledger": ("the account of time adds up", _ledger_adds_up),
}
