"""The account of telescope time. Append-only; the balance is the sum of the lines.

Rule `1`: submission reserves a sequence's duration; when the sequence ends, the reservation is released and
what was used is charged. Time lost by weather, by a fault or to an alert is noted and charged to nobody.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Sum

from apps.routine_manager.models import LedgerEntry, Sequence
from apps.user_manager.models import Allocation
from pyros import current
from pyros.journal.writing import append

RULE = "1"
ROUNDING_S = 1e-6
"""What a sum of many lines may be off by; whoever asks for exactly what is left gets it."""
Kind = LedgerEntry.Kind


class QuotaExceeded(Exception):
    """The program has less time left than asked for; ask for less, or the committee for more."""

    def __init__(self, allocation: Allocation, asked_s: float, left_s: float) -> None:
        super().__init__(
            f"{allocation.program} has {left_s:.0f} s left of its {allocation.quota_s:.0f} s in {allocation.semester}; "
            f"{asked_s:.0f} s were asked for"
        )
        self.asked_s, self.left_s = asked_s, left_s


def allocation_of(sequence: Sequence, night: date) -> Allocation | None:
    """The allocation that pays for a sequence on a night; None for a program that has none in that semester."""
    return Allocation.objects.filter(
        program=sequence.request.program, semester__start__lte=night, semester__end__gte=night
    ).first()


def balance_s(allocation: Allocation) -> float:
    """The time left, s: the quota plus all effects."""
    return allocation.quota_s + (allocation.entries.aggregate(total=Sum("effect_s"))["total"] or 0.0)


def reserve(*, sequence: Sequence, night: date) -> None:
    """Set a sequence's duration aside, in place of what it held before.

    Raises:
        QuotaExceeded: less than that is left; nothing was reserved.
    """
    with transaction.atomic():
        allocation = allocation_of(sequence, night)
        if allocation is None:
            return
        Allocation.objects.select_for_update().get(pk=allocation.pk)  # two submissions must not both see the rest
        held_s = Sequence.objects.values_list("reserved_s", flat=True).get(pk=sequence.pk)
        left_s = balance_s(allocation) + held_s
        if sequence.duration_s > left_s + ROUNDING_S:
            raise QuotaExceeded(allocation, sequence.duration_s, left_s)
        if held_s > 0:
            _write(allocation, sequence, Kind.RELEASE, held_s, note="reserved anew")
        _write(allocation, sequence, Kind.RESERVE, -sequence.duration_s)
        Sequence.objects.filter(pk=sequence.pk).update(reserved_s=sequence.duration_s)
        sequence.reserved_s = sequence.duration_s


def settle(*, sequence: Sequence, used_s: float, lost: Kind | None = None, keep_s: float = 0.0, note: str = "") -> None:
    """Close the account of one execution: release what was reserved, charge what was used.

    Args:
        used_s: time to charge.
        lost: why the rest was lost, where it was (the rest of the reservation is noted as lost).
        keep_s: what stays reserved for the frames that are planned anew.
    """
    with transaction.atomic():
        reservation = sequence.ledger_entries.filter(kind=Kind.RESERVE).select_related("allocation").last()
        if reservation is None:
            return
        allocation = reservation.allocation
        Allocation.objects.select_for_update().get(pk=allocation.pk)
        held_s = Sequence.objects.values_list("reserved_s", flat=True).get(pk=sequence.pk)
        if held_s != keep_s:
            _write(allocation, sequence, Kind.RELEASE, held_s, note=note)
            if keep_s > 0:
                _write(allocation, sequence, Kind.RESERVE, -keep_s, note="rest, planned anew")
        if used_s > 0:
            _write(allocation, sequence, Kind.CHARGE, -used_s, note=note)
        if lost is not None:
            _write(allocation, sequence, lost, 0.0, lost_s=max(0.0, held_s - used_s), note=note)
        Sequence.objects.filter(pk=sequence.pk).update(reserved_s=keep_s)
        sequence.reserved_s = keep_s


def _write(
    allocation: Allocation, sequence: Sequence, kind: Kind, effect_s: float, *, lost_s: float = 0.0, note: str = ""
) -> None:
    LedgerEntry.objects.create(
        allocation=allocation,
        sequence=sequence,
        kind=kind,
        effect_s=effect_s,
        lost_s=lost_s,
        rule=RULE,
        time=current.clock().now(),
        note=note,
    )
    append(
        f"sequence:{sequence.pk}",
        f"ledger.{kind.lower()}",
        {"allocation": allocation.pk, "program": allocation.program.name, "effect_s": effect_s, "lost_s": lost_s},
    )
