"""The report of a simulated night: counts, latencies, invariants, products. Keys as in docs/reference/report.md."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Sum

import ephemeris
from apps.alert_manager.models import Alert
from apps.analyzer.models import Analysis, Product
from apps.devices.models import Site, Telescope
from apps.observation_manager import files
from apps.observation_manager.models import Image, ImageState, Run, RunState
from apps.routine_manager import ledger
from apps.routine_manager.models import FrameType, Request, Sequence, SequenceState
from apps.scheduler.models import Schedule
from apps.user_manager.models import Allocation
from pyros import current
from pyros.journal.models import Entry
from pyros.simulation.invariants import Checked, Evidence, Happened, ImageRow, check_all


def alerts(sent_ns: int | None) -> list[dict[str, Any]]:
    """Each alert with its first decision, its latencies by stage in real milliseconds, and its images."""
    return [
        {
            "id": alert.name,
            "state": alert.state,
            "decision": _first_decision(alert),
            "latencies_ms": latencies_ms(alert, sent_ns),
            "images": Image.objects.filter(
                plan__album__sequence__request__alertrequest__alert=alert, state=ImageState.STORED
            ).count(),
            "candidates": Entry.objects.filter(verb="alert.candidates_found", subject=f"alert:{alert.pk}").count(),
        }
        for alert in Alert.objects.order_by("id")
    ]


def _first_decision(alert: Alert) -> dict[str, Any] | None:
    first = alert.decisions.order_by("id").first()
    return {"code": first.code, "reason": first.reason_code, "sentence": first.sentence} if first else None


def latencies_ms(alert: Alert, sent_ns: int | None) -> dict[str, float | None]:
    """From one stage to the next, and in all, by the machine's monotonic clock (true: the clock ran at real speed)."""
    stamps = stage_stamps_ns(alert)
    stages: dict[str, float | None] = {}
    before = sent_ns if sent_ns is not None else stamps.get("received")
    origin = before
    previous = "sent"
    for name, stamp in stamps.items():
        if stamp is None or before is None:
            continue
        stages[f"{previous}_to_{name}"] = round((stamp - before) / 1e6, 2)
        before, previous = stamp, name
    if origin is not None:
        for name in ("slew_ordered", "first_exposure", "first_image"):
            if stamps.get(name) is not None:
                stages[f"sent_to_{name}_total"] = round((stamps[name] - origin) / 1e6, 2)  # type: ignore[operator]
    return stages


def stage_stamps_ns(alert: Alert) -> dict[str, int | None]:
    """When each stage of the way of a burst was reached, by the machine's monotonic clock, ns."""
    decided = Entry.objects.filter(verb="alert.decided", subject=f"alert:{alert.pk}").order_by("id").first()
    notice = alert.notices.order_by("id").first()
    received = Entry.objects.filter(verb="notice.received", subject=f"notice:{notice.pk}").first() if notice else None
    run = Run.objects.filter(sequence__request__alertrequest__alert=alert).order_by("epoch").first()
    subject = f"run:{run.pk}" if run else ""
    slew = Entry.objects.filter(verb="run.slew_ordered", subject=subject).order_by("id").first()
    target = Entry.objects.filter(verb="run.on_target", subject=subject).order_by("id").first()
    exposing = Entry.objects.filter(verb="image.exposing", data__run=run.pk).order_by("id").first() if run else None
    stored = Entry.objects.filter(verb="image.stored", data__run=run.pk).order_by("id").first() if run else None
    reduced = Entry.objects.filter(verb="analysis.done", data__alert=alert.pk).order_by("id").first()
    return {
        "received": received.data["received_ns"] if received else None,
        "parsed": received.data["parsed_ns"] if received else None,
        "decided": decided.data["decided_ns"] if decided else None,
        "slew_ordered": slew.data["ordered_ns"] if slew else None,
        "on_target": target.monotonic_ns if target else None,
        "first_exposure": exposing.monotonic_ns if exposing else None,
        "first_image": stored.monotonic_ns if stored else None,
        "first_reduction": reduced.monotonic_ns if reduced else None,
    }


def images() -> dict[str, dict[str, int]]:
    """Count by camera and state."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for camera, state in Image.objects.values_list("camera__name", "state"):
        counts[camera][state] = counts[camera].get(state, 0) + 1
    return dict(counts)


def open_shutter_fraction(night_start: datetime, night_end: datetime) -> float:
    """Share of the dark time in which the best-served blocking camera had its shutter open on the sky."""
    total = (night_end - night_start).total_seconds()
    rows = (
        Image.objects.filter(
            state=ImageState.STORED, frame_type=FrameType.LIGHT, date_obs__gte=night_start, date_obs__lt=night_end
        )
        .values("camera")
        .annotate(seconds=Sum("exposure_s"))
    )
    return round(max((row["seconds"] for row in rows), default=0.0) / total, 4)


def schedule() -> dict[str, Any]:
    """Value and bound of the night's first schedule (the one for the whole night), and how many were made."""
    first = Schedule.objects.order_by("id").first()
    if first is None:
        return {"value": None, "bound": None, "made": 0}
    return {"value": first.value, "bound": first.bound, "made": Schedule.objects.count()}


def invariants(fastest: float) -> list[Checked]:
    """Every invariant over the journal and the database."""
    calibration = Request.Kind.CALIBRATION
    entries = sorted((_happened(e) for e in Entry.objects.order_by("id").iterator()), key=lambda h: (h.unix_s, h.id))
    rows = [
        ImageRow(
            image.pk, image.state, image.plan_id, image.number, image.album_run.run_id, image.camera.name,
            image.date_obs,
            image.exposure_s, _found(image), image.sha256, image.plan.album.sequence.request.kind == calibration,
        )
        for image in Image.objects.select_related("camera", "album_run", "plan__album__sequence__request").iterator(500)
    ]  # fmt: skip
    return check_all(Evidence(entries, rows, fastest, _sha256, _balances(entries), unfinished(), _sun))


def unfinished() -> list[str]:
    """What should be over at the end of a night and is not."""
    left = [f"{run} is still active" for run in Run.objects.filter(state=RunState.ACTIVE)]
    left += [
        f"sequence {s} still executes"
        for s in Sequence.objects.filter(state__in=[SequenceState.EXECUTING, SequenceState.EXPECTED])
    ]
    waiting = Analysis.objects.filter(state__in=[Analysis.State.QUEUED, Analysis.State.RUNNING]).count()
    if waiting:
        left.append(f"{waiting} analyses are not done")
    unreduced = Image.objects.filter(state=ImageState.STORED, frame_type=FrameType.LIGHT, analyses__isnull=True).count()
    if unreduced:
        left.append(f"{unreduced} images were never reduced")
    return left


def logged_errors(logs: Path) -> list[str]:
    """Every error that a process logged, once with its count: an honest night has none."""
    found: Counter[str] = Counter()
    for path in sorted(logs.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["level"] in {"ERROR", "CRITICAL"}:
                found[f"{path.stem}: {row['message'][:160]}"] += 1
    return [f"{message} ({count} times)" if count > 1 else message for message, count in found.items()]


def products() -> dict[str, Any]:
    """Where the products are, and how many of each kind."""
    folder = current.data_folder()
    return {
        "count": dict(Counter(Product.objects.values_list("kind", flat=True))),
        "images": str(folder / files.PRODUCED),
        "fsc": sorted(p.name for p in (folder / files.EXCHANGE / "FSC" / "TO").glob("*")),
        "gic": sorted(p.name for p in (folder / files.EXCHANGE / "GIC" / "TO").glob("*")),
    }


def telescopes() -> list[str]:
    """The telescopes of the night."""
    return list(Telescope.objects.values_list("name", flat=True))


def _happened(entry: Entry) -> Happened:
    """An entry as the checks want it; what the guardian recorded itself happened when *it* says."""
    at = entry.data.get("at") if entry.verb.startswith("guardian.") else None
    moment = datetime.fromisoformat(at) if at else entry.time
    return Happened(entry.pk, moment.timestamp(), entry.subject, entry.verb, entry.data)


def _sun(unix_s: float) -> tuple[float, float, float]:
    site = Site.objects.order_by("id").first()
    assert site is not None
    place = site.place()
    sun = ephemeris.sun_position(unix_s)
    return ephemeris.sun_altitude_deg(place, unix_s), float(sun.ra_deg), float(sun.dec_deg)


def _found(image: Image) -> Path | None:
    if not image.path:
        return None
    try:
        return files.find(image.path)
    except FileNotFoundError:
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _balances(entries: list[Happened]) -> dict[str, tuple[float, float]]:
    told: dict[int, float] = defaultdict(float)
    for entry in entries:
        if entry.verb.startswith("ledger.") and "effect_s" in entry.data:
            told[entry.data["allocation"]] += entry.data["effect_s"]
    return {str(a): (ledger.balance_s(a), a.quota_s + told[a.pk]) for a in Allocation.objects.all()}
