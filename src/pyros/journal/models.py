"""The journal's two tables."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class EntryIsFinal(Exception):
    """A journal entry can't be changed or deleted; append another one that tells the correction."""


class Entries(models.QuerySet["Entry"]):
    """A query over the journal; it reads and appends, nothing else."""

    def update(self, **kwargs: Any) -> int:
        raise EntryIsFinal("journal entries are final")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise EntryIsFinal("journal entries are final")


class Entry(models.Model):
    """One event.

    `time` is the observatory's date; `monotonic_ns` is the machine's monotonic clock, so that latencies
    between two entries are true however fast the observatory's clock runs (comparable on one machine,
    until it is rebooted). `subject` is `kind:id`, e.g. `alert:12`; `verb` is `kind.what`, e.g. `alert.decided`.
    """

    time = models.DateTimeField()
    monotonic_ns = models.BigIntegerField()
    subject = models.CharField(max_length=80)
    verb = models.CharField(max_length=60)
    who = models.CharField(max_length=60)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = Entries.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["verb", "id"], name="journal_verb"),
            models.Index(fields=["subject", "id"], name="journal_subject"),
            models.Index(fields=["time"], name="journal_time"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.verb} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise EntryIsFinal(f"journal entry {self.pk} is final")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise EntryIsFinal(f"journal entry {self.pk} is final")


class Position(models.Model):
    """How far a durable follower has read; moved in the transaction of what it did with the entries."""

    follower = models.CharField(max_length=60, primary_key=True)
    last_id = models.BigIntegerField(default=0)
    missing = models.JSONField(
        default=list, help_text="lower ids that were not committed yet when the position was kept"
    )

    def __str__(self) -> str:
        return f"{self.follower} at {self.last_id}"
