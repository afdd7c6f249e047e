"""Following the journal: order, late commits, durable positions."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from pyros.journal import following
from pyros.journal.following import Follower
from pyros.journal.models import Entry, Position
from pyros.journal.writing import append, entry_id

PATIENCE_S = 20.0

pytestmark = pytest.mark.usefixtures("clock")


def write(*subjects, verb="image.stored"):
    with transaction.atomic():
        return [append(subject, verb) for subject in subjects]


def commit_late(entry_pk, subject):
    """An entry that another writer inserted before those already seen, and committed only now."""
    moment = Entry.objects.order_by("id").last()
    Entry.objects.bulk_create(
        [Entry(pk=entry_pk, time=moment.time, monotonic_ns=0, subject=subject, verb="image.stored", who="other")]
    )


@contextmanager
def another_connection(action):
    """Run `action` on a thread (so on a connection of its own) and see that it ends."""
    failed = []

    def work():
        try:
            action()
        except BaseException as error:  # noqa: BLE001 — told to the test below
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the other connection did not finish"
    assert not failed, failed


def subjects(entries):
    return [entry.subject for entry in entries]


def test_a_follower_without_a_name_begins_at_the_end_of_the_journal(db):
    write("alert:1")
    follower = Follower()
    assert follower.look() == []
    write("alert:2", "alert:3")
    assert subjects(follower.look()) == ["alert:2", "alert:3"]
    assert follower.look() == []


def test_a_follower_of_some_verbs_passes_over_the_others(db):
    follower = Follower(verbs=("run.started",))
    write("image:1")
    write("run:1", verb="run.started")
    assert subjects(follower.look()) == ["run:1"]
    assert follower.position == Entry.objects.last().pk


def test_a_long_journal_is_read_whole_and_in_order(db, monkeypatch):
    monkeypatch.setattr(following, "_BATCH", 7)
    follower = Follower(after_id=0)
    wanted = [f"image:{number}" for number in range(30)]
    write(*wanted)
    got = []
    while fresh := follower.look():
        assert len(fresh) <= 7
        got += subjects(fresh)
    assert got == wanted


def test_an_entry_committed_after_a_higher_one_is_given_once_when_it_appears(db):
    follower = Follower()
    _, hole, _ = write("image:1", "image:2", "image:3")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_entry WHERE id = %s", [hole.pk])  # not committed yet: not there
    assert subjects(follower.look()) == ["image:1", "image:3"]
    assert follower.look() == []
    commit_late(hole.pk, "image:2")
    assert subjects(follower.look()) == ["image:2"]
    assert follower.look() == []


def test_a_gap_left_by_a_rollback_is_given_up_after_a_while(db, monkeypatch):
    monkeypatch.setattr(following, "_LATE_COMMIT_S", -1.0)
    follower = Follower()
    _, hole, _ = write("image:1", "image:2", "image:3")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_entry WHERE id = %s", [hole.pk])
    follower.look()
    follower.look()
    commit_late(hole.pk, "image:2")
    assert follower.look() == []


def test_a_restarted_follower_still_gives_what_was_committed_late(db):
    follower = Follower("planner", after_id=0)
    _, hole, _ = write("image:1", "image:2", "image:3")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_entry WHERE id = %s", [hole.pk])
    assert subjects(follower.look()) == ["image:1", "image:3"]
    follower.keep_position()
    commit_late(hole.pk, "image:2")
    assert subjects(Follower("planner").look()) == ["image:2"]


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_not_seen_and_what_is_rolled_back_never():
    follower = Follower()
    written, seen = threading.Event(), threading.Event()

    def rolled_back():
        with transaction.atomic():
            append("image:1", "image.stored")
            written.set()
            assert seen.wait(PATIENCE_S)
            transaction.set_rollback(True)

    with another_connection(rolled_back):
        assert written.wait(PATIENCE_S)
        assert follower.look() == []
        seen.set()
    write("image:2")
    assert subjects(follower.look()) == ["image:2"]


@pytest.mark.django_db(transaction=True)
def test_a_waiting_follower_is_given_what_another_connection_commits():
    follower = Follower()
    with another_connection(lambda: write("alert:1", verb="alert.opened")):
        assert subjects(follower.wait(PATIENCE_S)) == ["alert:1"]


@pytest.mark.django_db(transaction=True)
def test_four_writers_at_once_lose_nothing_and_each_keeps_its_order():
    follower = Follower()

    def writer(name):
        for number in range(25):
            write(f"{name}:{number}")

    threads = []
    for name in "abcd":
        threads.append(another_connection(lambda name=name: writer(name)))
        threads[-1].__enter__()
    got = []
    while len(got) < 100 and (fresh := follower.wait(PATIENCE_S)):
        got += subjects(fresh)
    for thread in threads:
        thread.__exit__(None, None, None)
    for name in "abcd":
        assert [s for s in got if s.startswith(name)] == [f"{name}:{number}" for number in range(25)]


def test_a_durable_follower_goes_on_where_its_position_was_kept(db):
    follower = Follower("exchange", after_id=0)
    write("image:1")
    follower.look()
    follower.keep_position()
    write("image:2")
    assert subjects(Follower("exchange").look()) == ["image:2"]


@pytest.mark.django_db(transaction=True)
def test_the_position_moves_only_with_the_transaction_of_what_was_done():
    write("image:1")
    follower = Follower("exchange", after_id=0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert subjects(follower.look()) == ["image:1"]
        follower.keep_position()
        raise ZeroDivisionError  # what was to be done with it failed
    assert Position.objects.get(follower="exchange").last_id == 0
    assert subjects(Follower("exchange").look()) == ["image:1"]


def test_the_position_of_a_nameless_follower_cannot_be_kept(db):
    with pytest.raises(ValueError, match="this follower has no name"):
        Follower().keep_position()


@pytest.mark.django_db(transaction=True)
def test_an_endless_follower_gives_entries_one_by_one_and_sets_the_id_that_logs_carry():
    follower = Follower(after_id=0)
    first, second = write("image:1", "image:2")
    seen = []
    for entry in follower.forever(lambda: len(seen) == 2):
        seen.append((entry.subject, entry_id.get()))
    assert seen == [("image:1", first.pk), ("image:2", second.pk)]
