"""Alarms go out by e-mail alone.

The two columns stay in their tables, with defaults, for the processes of the release before; the release after this
one can drop them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_baseline_of_0_17")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("study", "alarm_webhook"),
                migrations.RemoveField("alarm", "channels_notified"),
            ]
        )
    ]
