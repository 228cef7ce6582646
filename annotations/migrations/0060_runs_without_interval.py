"""The runs whose own gain has no interval yet are found from an index; 0059 changes the same rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0059_own_gain_intervals")]

    operations = [
        migrations.AddIndex(
            "run",
            models.Index(
                fields=["base_model"],
                name="run_without_interval",
                condition=models.Q(state="done", control__isnull=False, own_gain_low__isnull=True),
            ),
        ),
    ]
