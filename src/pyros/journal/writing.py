"""Appending to the journal."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from pyros import current
from pyros.journal.models import Entry

entry_id: contextvars.ContextVar[int | None] = contextvars.ContextVar("journal_entry_id", default=None)
"""The entry that the running code writes or reacts to; log lines carry it."""


class NotInTransaction(Exception):
    """A journal entry belongs into the transaction of the change that it tells: wrap both in `atomic()`."""


def append(subject: str, verb: str, data: Mapping[str, Any] | None = None, *, who: str | None = None) -> Entry:
    """Write one entry in the current transaction.

    Args:
        subject: `kind:id` of what it is about.
        verb: `kind.what`, past tense.
        data: JSON-able facts, units in the keys.
        who: the acting user or process; the process's name by default.

    Raises:
        NotInTransaction: there is no open transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(f"{verb} of {subject} appended outside a transaction")
    entry = Entry(
        time=current.clock().now(),
        monotonic_ns=time.monotonic_ns(),
        subject=subject,
        verb=verb,
        who=who or current.process_name(),
        data=dict(data or {}),
    )
    entry.save()
    entry_id.set(entry.pk)
    return entry
