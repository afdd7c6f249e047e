"""A notice comes in: it is stored, its burst found, a decision made and recorded, and observing asked for.

All of it is one transaction, so that a crash leaves either nothing (the transport delivers again) or everything.
There is no task queue and no scheduler on this path.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

import ephemeris
import notices
from apps.alert_manager import decision, events, strategies, visibility
from apps.alert_manager.models import (
    Alert,
    AlertRequest,
    AlertState,
    Decision,
    DecisionCode,
    Notice,
    Strategy,
)
from apps.alert_manager.states import ALERT
from apps.devices.models import Camera, Telescope
from apps.devices.safety import view as safety_view
from apps.routine_manager import composing, ledger
from apps.routine_manager import services as requests
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.routine_manager.states import OPEN, SEQUENCE
from apps.user_manager.models import ScientificProgram
from guardian.vocabulary import OperatingMode
from pyros import current
from pyros.journal.writing import append

log = logging.getLogger(__name__)

ALERT_PROGRAM = "GRB"


@dataclass(frozen=True)
class Received:
    """What became of a message."""

    notice: Notice
    is_new: bool
    alert: Alert | None
    decision: Decision | None


def receive(raw: bytes, *, via: str, received_monotonic_ns: int | None = None) -> Received:
    """Take one message in. Safe to repeat: a known notice only notes the other way it came by.

    Args:
        via: the transport, e.g. `vtp:127.0.0.1:8099` or `file`.
        received_monotonic_ns: when its last byte came in (the machine's monotonic clock).
    """
    received_ns = received_monotonic_ns or time.monotonic_ns()
    try:
        parsed = notices.parse(raw)
    except notices.NoticeRefused as refusal:
        return _refuse(raw, refusal, via)
    parsed_ns = time.monotonic_ns()
    with transaction.atomic():
        row, is_new = _store(raw, parsed, via)
        if not is_new:
            return Received(row, False, row.alert, None)
        append(
            f"notice:{row.pk}",
            "notice.received",
            {
                "ivorn": row.ivorn,
                "via": via,
                "mission": row.mission,
                "type": row.notice_type,
                "received_ns": received_ns,
                "parsed_ns": parsed_ns,
            },
        )
        alert, _ = events.alert_of(row, parsed)
        if alert is None:
            return Received(row, True, None, None)
        row.alert = alert
        row.save(update_fields=["alert"])
        made = _consider(alert, row, parsed, received_ns)
    return Received(row, True, alert, made)


def review(*, alert: Alert) -> Decision:
    """Decide anew about an alert without a new notice: the weather changed, it rose, the night began."""
    with transaction.atomic():
        return _decide(alert, None, received_ns=time.monotonic_ns())


def _store(raw: bytes, parsed: notices.Notice, via: str) -> tuple[Notice, bool]:
    row, is_new = Notice.objects.get_or_create(
        ivorn=parsed.ivorn,
        defaults={
            "content_sha256": parsed.content_sha256,
            "raw": raw,
            "format": parsed.format,
            "seen_via": [via],
            "received_at": current.clock().now(),
            "role": parsed.role,
            "mission": parsed.mission,
            "instrument": parsed.instrument or "",
            "notice_type": parsed.notice_type or "",
            "packet_type": parsed.packet_type,
            "event_id": parsed.event_id or "",
            "ra_deg": parsed.ra_deg,
            "dec_deg": parsed.dec_deg,
            "error_deg": parsed.error_deg,
            "error_r90_deg": parsed.error_r90_deg,
            "trigger_time": parsed.trigger_time_utc,
            "time_is_trigger": parsed.time_is_trigger,
            "notice_time": parsed.notice_time_utc,
            "is_test": parsed.is_test,
            "is_retraction": parsed.is_retraction,
            "is_grb": parsed.is_grb,
            "cites": [str(c) for c in parsed.cites],
        },
    )
    if not is_new and via not in row.seen_via:
        row.seen_via = [*row.seen_via, via]
        row.save(update_fields=["seen_via"])
    return row, is_new


def _refuse(raw: bytes, refusal: notices.NoticeRefused, via: str) -> Received:
    """Keep what could not be understood, so that a person can look at it. Not more than its first 64 KiB."""
    import hashlib

    digest = hashlib.sha256(raw).hexdigest()
    with transaction.atomic():
        row, is_new = Notice.objects.get_or_create(
            ivorn=f"refused:{digest}",
            defaults={
                "content_sha256": digest,
                "raw": raw[:65536],
                "format": "unknown",
                "seen_via": [via],
                "received_at": current.clock().now(),
                "refused": str(refusal)[:300],
            },
        )
        if is_new:
            append(
                f"notice:{row.pk}",
                "notice.refused",
                {"via": via, "code": refusal.code, "sentence": refusal.sentence[:300]},
            )
    return Received(row, is_new, None, None)


def _consider(alert: Alert, row: Notice, parsed: notices.Notice, received_ns: int) -> Decision:
    if parsed.is_retraction:
        ALERT.try_move(alert, AlertState.RETRACTED, data={"notice": row.ivorn})
    else:
        events.update_knowledge(alert)
        if parsed.is_grb is False:
            ALERT.try_move(alert, AlertState.NOT_A_BURST, data={"notice": row.ivorn, "class": parsed.classification})
        elif parsed.is_grb and alert.state == AlertState.NOT_A_BURST:
            ALERT.try_move(alert, AlertState.ACTIVE, data={"notice": row.ivorn})
    return _decide(alert, row, received_ns=received_ns)


def _decide(alert: Alert, row: Notice | None, *, received_ns: int) -> Decision:
    now = current.clock().now()
    age_s = (now - alert.trigger_time).total_seconds() if alert.trigger_time else 0.0
    strategy = strategies.choose(Strategy.objects.filter(active=True), age_s=age_s, error_r90_deg=alert.error_r90_deg)
    telescope = Telescope.objects.select_related("site").order_by("id").first()
    limits = _limits(strategy, telescope)
    safety = safety_view()
    decided = decision.decide(
        _burst(alert),
        now,
        limits,
        lambda: _sky(alert, now, strategy, telescope, limits),
        decision.Conditions(
            safe=safety.safe,
            safety_sentence=safety.sentence,
            automatic=safety.status is None or safety.status.mode is not OperatingMode.MANUAL,
        ),
    )
    under_way = _latest_open_sequence(alert)
    moved_deg = _moved_deg(under_way, alert)
    if telescope is not None and strategy is not None:
        decided = decision.after_update(
            decided,
            under_way=under_way is not None and under_way.state in {SequenceState.EXPECTED, SequenceState.EXECUTING},
            moved_deg=moved_deg,
            half_field_deg=telescope.field_of_view_arcmin / 120,
            margin=strategy.repoint_margin,
        )
    if row is None and (same := _same_wait(alert, decided)) is not None:
        return same
    made = Decision.objects.create(
        alert=alert,
        notice=row,
        code=decided.code,
        reason_code=decided.reason_code,
        sentence=decided.sentence,
        limits=decided.limits,
        review_at=decided.review_at,
        decided_at=now,
    )
    sequence = _follow(alert, decided, strategy, telescope, under_way, age_s, now)
    append(
        f"alert:{alert.pk}",
        "alert.decided",
        {
            "decision": made.pk,
            "code": decided.code,
            "reason": decided.reason_code,
            "sentence": decided.sentence,
            "notice": row.ivorn if row else None,
            "sequence": sequence.pk if sequence else None,
            "received_ns": received_ns,
            "decided_ns": time.monotonic_ns(),
        },
    )
    return made


def _follow(
    alert: Alert,
    decided: decision.Decided,
    strategy: Strategy | None,
    telescope: Telescope | None,
    under_way: Sequence | None,
    age_s: float,
    now: datetime,
) -> Sequence | None:
    """Make, keep or cancel the alert's request as decided; returns the sequence that is to be observed."""
    waits = {DecisionCode.WAIT_FOR_RISE, DecisionCode.WAIT_FOR_NIGHT, DecisionCode.WAIT_FOR_WEATHER}
    if decided.code in {DecisionCode.STOP, DecisionCode.REFUSE}:
        for request in alert.requests.all():
            requests.cancel(request=request, reason=decided.sentence)
        return None
    if decided.code == DecisionCode.KEEP_OBSERVING:
        return under_way
    if (
        strategy is None
        or telescope is None
        or decided.code not in {DecisionCode.OBSERVE_NOW, DecisionCode.REPOINT, *waits}
    ):
        return None
    moved_deg = _moved_deg(under_way, alert)
    if decided.code in waits and under_way is not None and not _outside_field(moved_deg, strategy, telescope):
        return under_way
    # what still waits is at an old position or has an old ladder step
    for request in alert.requests.all():
        requests.cancel(request=request, reason="pointed anew" if moved_deg else "observed at once instead")
    return _build(
        alert, strategy, telescope, age_s, now, at_once=decided.code not in waits, not_before=decided.review_at
    )


def _build(
    alert: Alert,
    strategy: Strategy,
    telescope: Telescope,
    age_s: float,
    now: datetime,
    *,
    at_once: bool,
    not_before: datetime | None,
) -> Sequence:
    cameras: dict[str, tuple[str, frozenset[str]]] = {
        camera.name: (camera.channel, frozenset(composing.filters_of(camera)))
        for camera in Camera.objects.filter(on_telescope=telescope, wanted=True)
    }
    place = strategies.step_at(strategy.ladder, age_s)
    request = AlertRequest.objects.create(
        kind=Request.Kind.ALERT,
        name=alert.name,
        program=ScientificProgram.objects.get(name=ALERT_PROGRAM),
        priority=strategy.priority,
        created_at=now,
        submitted_at=now,
        alert=alert,
        strategy_used=strategy,
        ladder_step=place,
    )
    end = (alert.trigger_time or now) + timedelta(seconds=strategy.validity_s)
    sequence = composing.add_sequence(
        request=request,
        draft=composing.SequenceDraft(
            name=f"{alert.name} step {place + 1}",
            target_name=alert.name,
            ra_deg=alert.ra_deg,
            dec_deg=alert.dec_deg,
            window_start=not_before,
            window_end=end,
            airmass_max=2.9,
            moon_distance_min_deg=0.0,
            albums=strategies.albums(strategy.ladder[place], cameras),
            telescope=telescope,
        ),
    )
    try:
        ledger.reserve(sequence=sequence, night=now.date())
    except ledger.QuotaExceeded as error:
        # A burst does not wait for accounting: it is observed, and the committee sees the overdraft.
        append(f"sequence:{sequence.pk}", "ledger.overdrawn", {"sentence": str(error)})
    SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED)
    if at_once:
        SEQUENCE.move(sequence, SequenceState.EXPECTED)
    requests.refresh_state(request)
    append(
        f"request:{request.pk}",
        "alert.request_built",
        {"alert": alert.pk, "sequence": sequence.pk, "strategy": strategy.name, "step": place, "at_once": at_once},
    )
    return sequence


def _burst(alert: Alert) -> decision.Burst:
    return decision.Burst(
        name=alert.name,
        trigger_time=alert.trigger_time,
        ra_deg=alert.ra_deg,
        dec_deg=alert.dec_deg,
        error_r90_deg=alert.error_r90_deg,
        is_test=alert.is_test,
        is_retracted=alert.state == AlertState.RETRACTED,
        is_grb=False if alert.state == AlertState.NOT_A_BURST else None,
    )


def _limits(strategy: Strategy | None, telescope: Telescope | None) -> decision.Limits | None:
    if strategy is None or telescope is None:
        return None
    applies: dict[str, Any] = strategy.applies
    return decision.Limits(
        error_r90_max_deg=applies.get("error_r90_max_deg", telescope.field_of_view_arcmin / 120),
        age_max_s=min(applies.get("age_max_s", strategy.validity_s), strategy.validity_s),
        minimum_altitude_deg=telescope.minimum_altitude_deg,
        sun_cone_deg=telescope.sun_cone_deg,
    )


def _sky(
    alert: Alert, now: datetime, strategy: Strategy | None, telescope: Telescope | None, limits: decision.Limits | None
) -> decision.Sky:
    assert strategy and telescope and limits and alert.ra_deg is not None and alert.dec_deg is not None
    until = (alert.trigger_time or now) + timedelta(seconds=strategy.validity_s)
    return visibility.sky(telescope.site, alert.ra_deg, alert.dec_deg, now, until, limits)


def _latest_open_sequence(alert: Alert) -> Sequence | None:
    return (
        Sequence.objects.filter(request__alertrequest__alert=alert, state__in=[*OPEN, SequenceState.EXECUTING])
        .order_by("-id")
        .first()
    )


def _moved_deg(sequence: Sequence | None, alert: Alert) -> float | None:
    """How far the burst's best position is from where its sequence points: many small moves add up."""
    if sequence is None or sequence.ra_deg is None or sequence.dec_deg is None:
        return None
    if alert.ra_deg is None or alert.dec_deg is None:
        return None
    return float(ephemeris.separation_deg(sequence.ra_deg, sequence.dec_deg, alert.ra_deg, alert.dec_deg))


def _outside_field(moved_deg: float | None, strategy: Strategy, telescope: Telescope) -> bool:
    return moved_deg is not None and moved_deg > strategy.repoint_margin * telescope.field_of_view_arcmin / 120


def _same_wait(alert: Alert, decided: decision.Decided) -> Decision | None:
    """The last decision, when a review comes to the same wait: only its next look is moved."""
    last = alert.decisions.order_by("-id").first()
    if (
        last is None
        or decided.review_at is None
        or (last.code, last.reason_code) != (decided.code, decided.reason_code)
    ):
        return None
    last.review_at = decided.review_at
    last.save(update_fields=["review_at"])
    return last
