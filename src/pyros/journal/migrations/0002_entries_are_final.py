"""The database itself refuses to change a journal entry, whoever asks."""

from django.db import migrations


def forbid_update(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE TRIGGER journal_entry_is_final BEFORE UPDATE ON journal_entry "
            "BEGIN SELECT RAISE(ABORT, 'a journal entry is final'); END"
        )
    elif schema_editor.connection.vendor == "mysql":
        schema_editor.execute(
            "CREATE TRIGGER journal_entry_is_final BEFORE UPDATE ON journal_entry FOR EACH ROW "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a journal entry is final'"
        )


def allow_update(apps, schema_editor):
    schema_editor.execute("DROP TRIGGER IF EXISTS journal_entry_is_final")


class Migration(migrations.Migration):
    atomic = False  # MariaDB makes no trigger within a transaction
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(forbid_update, allow_update)]
