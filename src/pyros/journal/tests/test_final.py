"""An entry is final, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from pyros.journal.models import Entry, EntryIsFinal
from pyros.journal.writing import NotInTransaction, append


@pytest.mark.django_db(transaction=True)
def test_an_entry_appended_outside_a_transaction_is_refused_and_not_written(clock):
    with pytest.raises(NotInTransaction, match=r"image\.stored of image:1 appended outside a transaction"):
        append("image:1", "image.stored")
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_disappears_with_the_change_that_was_rolled_back(clock):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append("image:1", "image.stored")
        raise ZeroDivisionError
    assert not Entry.objects.exists()


def test_an_entry_keeps_the_observatory_time_who_wrote_it_and_its_data(db, clock):
    append("image:7", "image.stored", {"exposure_s": 30.0, "filter": "i"}, who="worker-observation")
    entry = Entry.objects.get()
    assert entry.time.isoformat() == "2026-11-21T05:00:00+00:00"
    assert (entry.subject, entry.verb, entry.who) == ("image:7", "image.stored", "worker-observation")
    assert entry.data == {"exposure_s": 30.0, "filter": "i"}


def test_later_entries_have_higher_ids_and_never_an_earlier_monotonic_time(db, clock):
    for number in range(20):
        append(f"image:{number}", "image.stored")
    entries = list(Entry.objects.order_by("id"))
    assert [entry.subject for entry in entries] == [f"image:{number}" for number in range(20)]
    stamps = [entry.monotonic_ns for entry in entries]
    assert stamps == sorted(stamps)


def test_saving_or_deleting_an_entry_again_is_refused(db, clock):
    entry = append("alert:1", "alert.opened")
    entry.verb = "alert.closed"
    with pytest.raises(EntryIsFinal, match=f"journal entry {entry.pk} is final"):
        entry.save()
    with pytest.raises(EntryIsFinal):
        entry.delete()
    assert Entry.objects.get().verb == "alert.opened"


@pytest.mark.parametrize("attempt", ["update", "delete", "bulk_update"])
def test_changing_entries_by_a_query_is_refused(db, clock, attempt):
    entry = append("alert:1", "alert.opened")
    with pytest.raises(EntryIsFinal), transaction.atomic():
        if attempt == "update":
            Entry.objects.filter(pk=entry.pk).update(verb="alert.closed")
        elif attempt == "delete":
            Entry.objects.all().delete()
        else:
            Entry.objects.bulk_update([entry], ["verb"])
    assert Entry.objects.get().verb == "alert.opened"


def test_the_database_itself_refuses_to_change_an_entry(db, clock):
    entry = append("alert:1", "alert.opened")
    with (
        pytest.raises(DatabaseError, match="a journal entry is final"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE journal_entry SET verb = 'alert.closed' WHERE id = %s", [entry.pk])
    assert Entry.objects.get().verb == "alert.opened"
