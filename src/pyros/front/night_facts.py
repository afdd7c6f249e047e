"""What the terminal's picture is made of: read from database, guardian's status, watcher's status and logs."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.db.models import Sum

from apps.devices import safety
from apps.devices.models import Telescope
from apps.majordome.models import Night
from apps.observation_manager.models import Image, ImageState, Run, RunState
from apps.routine_manager.models import Plan
from apps.routine_manager.states import OPEN
from apps.scheduler.models import Schedule
from pyros import current
from pyros.front.status import survey
from pyros.front.terminal_view import ProcessLine, Snapshot, Text
from pyros.journal.following import Follower, last_id
from pyros.journal.models import Entry
from pyros.simulation.director import describe

REMEMBERED_LINES = 200
_TAIL_BYTES = 8192
_BATCHES = 20
"""So many batches of entries are read at one look, at most."""
_LEVELS = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}


class Observer:
    """Looks at the night. Only reads."""

    def __init__(self) -> None:
        self._clock = current.clock()
        self._follower: Follower | None = None
        self._journal: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._logs = LogTail(current.data_folder() / "logs")

    def look(self) -> Snapshot:
        """Everything as it is now; what can't be read is said in the picture."""
        problem, facts = "", [("clock", self._clock_words())]
        try:
            self._journal.extend(self.journal_lines())
            facts += self._night()
        except DatabaseError as error:
            problem = f"the database does not answer: {error}"
        seen = survey()
        rows: Any = seen["processes"]
        return Snapshot(
            title=f"PyROS  {current.data_folder()}",
            facts=facts,
            processes=[
                ProcessLine(r["name"], r["state"], r["heartbeat_age_s"], r["restarts"], r["reason"]) for r in rows
            ],
            journal=list(self._journal),
            log=self._logs.look(),
            problem=problem,
            running=bool(seen["running"]),
        )

    def journal_lines(self) -> list[str]:
        """What the journal told since the last call, in words; at first its newest lines."""
        if self._follower is None:
            self._follower = Follower(after_id=max(0, last_id() - REMEMBERED_LINES))
        lines: list[str] = []
        for _ in range(_BATCHES):
            entries = self._follower.look()
            if not entries:
                break
            lines += [f"{entry.time:%H:%M:%S}  {words}" for entry in entries if (words := _words(entry))]
        return lines

    def _clock_words(self) -> str:
        speed = self._clock.speed
        return f"{self._clock.now():%Y-%m-%d %H:%M:%S} UTC" + (f"   {speed:g} × real speed" if speed != 1 else "")

    def _night(self) -> list[tuple[str, str]]:
        night = Night.objects.select_related("telescope").order_by("-date", "-id").first()
        verdict = safety.view()
        believed = verdict.status is not None and verdict.status.is_fresh(self._clock)
        return [
            (
                "night",
                f"{night.date}  {night.phase}, {night.step.replace('_', ' ').lower()}" if night else "none so far",
            ),
            ("safety", f"{verdict.status.safety if verdict.status and believed else 'UNKNOWN'}: {verdict.sentence}"),
            ("roof", f"{verdict.shutter}" + ("" if verdict.open_allowed else "   (opening not allowed)")),
            ("mount", _mount()),
            ("now", _active_run()),
            ("next", _next_planned()),
        ]


def _words(entry: Entry) -> str:
    if entry.verb == "image.stored":
        return f"image {entry.subject.partition(':')[2]} stored: {Path(str(entry.data.get('path', ''))).name}".rstrip(
            ": "
        )
    try:
        return describe(entry)
    except (KeyError, IndexError, TypeError, ValueError):  # an entry of another version of PyROS
        return f"{entry.verb} {entry.subject}"


def _mount() -> str:
    telescope = Telescope.objects.order_by("id").first()
    if telescope is None:
        return "none"
    at = [
        f"{name} {telescope.status[key]:.3f}°"
        for name, key in (
            ("RA", "right_ascension_deg"),
            ("Dec", "declination_deg"),
            ("alt", "altitude_deg"),
            ("az", "azimuth_deg"),
        )
        if isinstance(telescope.status.get(key), int | float)
    ]
    return "  ".join([f"{telescope.state}, {telescope.activity}".rstrip(", ").lower(), *at])


def _active_run() -> str:
    run = Run.objects.filter(state=RunState.ACTIVE).select_related("sequence__request").first()
    if run is None:
        return "nothing is observed"
    planned = Plan.objects.filter(album__sequence=run.sequence).aggregate(total=Sum("images"))["total"] or 0
    done = Image.objects.filter(plan__album__sequence=run.sequence, state=ImageState.STORED).count()
    return f"{run.sequence}: {done} of {planned} frames (run {run.epoch})"


def _next_planned() -> str:
    schedule = Schedule.objects.order_by("-id").first()
    if schedule is None:
        return "no schedule so far"
    row = (
        schedule.rows.filter(planned=True, sequence__state__in=OPEN, ends_at__gte=current.clock().now())
        .select_related("sequence__request")
        .order_by("starts_at")
        .first()
    )
    return f"{row.starts_at:%H:%M} {row.sequence}" if row is not None and row.starts_at else "nothing is planned"


class LogTail:
    """The newest lines of all log files of a folder (JSON lines, see `pyros.logs`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}
        self._lines: deque[Text] = deque(maxlen=REMEMBERED_LINES)

    def look(self) -> list[Text]:
        """The remembered lines, oldest first."""
        fresh = [line for path in sorted(self._folder.glob("*.jsonl")) for line in self._fresh(path)]
        fresh.sort(key=lambda row: str(row.get("real", "")))
        for row in fresh:
            words = f"{str(row.get('time') or '')[11:19]} {row.get('process')}: {row.get('message')}"
            self._lines.append(Text(words, _LEVELS.get(str(row.get("level")), "")))
        return list(self._lines)

    def _fresh(self, path: Path) -> list[dict[str, Any]]:
        try:
            size = path.stat().st_size
            begin = self._read_to.get(path, max(0, size - _TAIL_BYTES))
            if size < begin:  # rotated: a new file under the same name
                begin = 0
            with path.open("rb") as handle:
                handle.seek(begin)
                content = handle.read()
        except OSError:  # rotated away between the two looks: the next one finds its successor
            return []
        whole = content.rpartition(b"\n")[0]
        self._read_to[path] = begin + len(whole) + 1 if whole else begin
        rows = []
        for line in whole.split(b"\n"):
            try:
                row = json.loads(line)
            except ValueError:  # the torn first line of the tail
                continue
            if isinstance(row, dict):
                rows.append(row)
        return rows
