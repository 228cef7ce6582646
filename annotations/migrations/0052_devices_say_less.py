"""Of a device nothing is stored but whether it runs the pages' script.

The columns stay in their table, all of them null, for the processes of the release before; the release after this one
can drop them.
"""

from django.db import migrations

WENT = ("images_load", "screen_width", "screen_height", "pixel_ratio", "touch", "round_trip_ms")


class Migration(migrations.Migration):
    dependencies = [("annotations", "0051_defaults_said_once")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("devicereport", name) for name in WENT]
        )
    ]
