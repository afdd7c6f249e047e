"""Writers of one SQLite database take turns (`pyros.sqlite`)."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from pyros.journal.models import Entry
from pyros.journal.writing import append

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread(work) -> threading.Thread:
    """Run with a connection of its own, closed at the end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_writer_that_comes_while_another_writes_waits_for_its_turn_and_both_are_written() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            append("test:1", "test.slow", {})
            inside.set()
            assert go_on.wait(10)

    first = in_a_thread(slow)
    assert inside.wait(10)
    second = in_a_thread(lambda: _write("test.second"))
    second.join(0.1)
    assert second.is_alive()
    go_on.set()
    first.join(10)
    second.join(10)
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == ["test.slow", "test.second"]


def test_a_writer_that_fails_gives_its_turn_back() -> None:
    def failing() -> None:
        with transaction.atomic():
            append("test:1", "test.failing", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    thread = in_a_thread(lambda: _write("test.after"))
    thread.join(10)
    assert list(Entry.objects.values_list("verb", flat=True)) == ["test.after"]


def test_who_gets_no_turn_in_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on, said = threading.Event(), threading.Event(), []

    def slow() -> None:
        with transaction.atomic():
            append("test:1", "test.slow", {})
            inside.set()
            assert go_on.wait(10)

    def impatient() -> None:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
        try:
            _write("test.impatient")
        except OperationalError as error:
            said.append(str(error))

    first = in_a_thread(slow)
    assert inside.wait(10)
    begun = time.monotonic()
    in_a_thread(impatient).join(10)
    go_on.set()
    first.join(10)
    assert said == ["database is locked: no turn to write within 0.05 s"] and time.monotonic() - begun < 10


def _write(verb: str) -> None:
    with transaction.atomic():
        append("test:1", verb, {})
