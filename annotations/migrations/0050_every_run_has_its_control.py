"""Each run is trained with its control, so nobody looks for those that lack one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0049_alarms_by_email_alone")]
    operations = [migrations.RemoveIndex(model_name="run", name="run_without_control")]
