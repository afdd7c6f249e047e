from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_entries_are_final")]
    operations = [
        migrations.AddField(
            model_name="position",
            name="missing",
            field=models.JSONField(
                default=list, help_text="lower ids that were not committed yet when the position was kept"
            ),
        ),
    ]
