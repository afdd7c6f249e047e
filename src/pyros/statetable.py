"""Life cycles as tables of legal transitions, applied by compare-and-set with their journal entry.

A state changes only here: `UPDATE … WHERE pk = … AND state IN (states from which it is legal)`. The number
of rows tells whether this process won; a loser changes nothing and is told so. Business rules hang on the
journal entry, never on a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from pyros.journal.writing import append


class TransitionRefused(Exception):
    """The row is not in a state from which it may go there (another process was first, or a bug)."""

    def __init__(self, subject: str, found: str | None, wanted: str) -> None:
        super().__init__(f"{subject} is {found or 'gone'}: it can't become {wanted}")
        self.subject, self.found, self.wanted = subject, found, wanted


@dataclass(frozen=True)
class StateTable:
    """The legal transitions of one kind of row.

    `kind` names it in the journal (`sequence`); `transitions` maps each state to those that may follow.
    """

    kind: str
    transitions: Mapping[Any, frozenset[Any]]

    def __post_init__(self) -> None:
        for state, following in self.transitions.items():
            if unknown := following - self.transitions.keys():
                raise ValueError(f"state table {self.kind}: {state} leads to unknown {sorted(unknown)}")

    @property
    def final(self) -> frozenset[str]:
        """States that nothing follows."""
        return frozenset(state for state, following in self.transitions.items() if not following)

    def sources(self, to: str) -> frozenset[str]:
        """The states from which `to` may be reached.

        Raises:
            KeyError: `to` is no state of this table.
        """
        if to not in self.transitions:
            raise KeyError(f"{to} is no state of {self.kind}")
        return frozenset(state for state, following in self.transitions.items() if to in following)

    def move(
        self,
        row: models.Model,
        to: str,
        *,
        only_from: frozenset[str] | None = None,
        data: Mapping[str, Any] | None = None,
        who: str | None = None,
        **fields: Any,
    ) -> None:
        """Move a row to another state, with its entry `kind.to`, in one transaction; `row` is updated too.

        Args:
            only_from: a narrower set of states than the table allows.
            data: facts for the journal, beside the states.
            fields: other columns that change with the state.

        Raises:
            TransitionRefused: the row is in another state; nothing was changed.
        """
        sources = self.sources(to)
        if only_from is not None:
            sources &= only_from
        manager = type(row)._default_manager
        with transaction.atomic():
            before = manager.filter(pk=row.pk).values_list("state", flat=True).first()
            won = before in sources and manager.filter(pk=row.pk, state=before).update(state=to, **fields)
            if not won:
                found = manager.filter(pk=row.pk).values_list("state", flat=True).first()
                raise TransitionRefused(f"{self.kind} {row.pk}", found, to)
            append(f"{self.kind}:{row.pk}", f"{self.kind}.{to.lower()}", {"from": before, **(data or {})}, who=who)
        row.state = to  # type: ignore[attr-defined]
        for name, value in fields.items():
            setattr(row, name, value)

    def try_move(self, row: models.Model, to: str, **kwargs: Any) -> bool:
        """`move`, answering whether this process won instead of raising."""
        try:
            self.move(row, to, **kwargs)
        except TransitionRefused:
            return False
        return True
