"""The table that held ids in clear goes, once they are sealed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0021_seal_identities_and_guard_the_audit")]
    operations = [migrations.DeleteModel(name="Entry")]
