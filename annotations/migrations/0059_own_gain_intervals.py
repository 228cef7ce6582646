"""Runs have the interval of their own gain, and random slices are 100: a worker measures and trains what is missing.

Sets of 50 go, since the directions of 100 are others. Until theirs is trained again, a run has no percentile.
"""

from typing import Any

from django.db import migrations, models


def forget_fifty(apps: Any, _editor: Any) -> None:
    apps.get_model("annotations", "Run").objects.filter(random_slices__isnull=False).update(random_slices=None)
    apps.get_model("annotations", "RandomSlices").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("annotations", "0058_last_use_of_tokens")]

    operations = [
        migrations.AddField(
            "run",
            "own_gain_low",
            models.FloatField(null=True, help_text="lower end of own gain's 95% interval, for other test images"),
        ),
        migrations.AddField("run", "own_gain_high", models.FloatField(null=True, help_text="its upper end")),
        migrations.RunPython(forget_fifty, migrations.RunPython.noop),
    ]
