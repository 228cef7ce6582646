"""An import embeds with one encoder: the column for another one was never written."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0041_complete_the_consent_text")]
    operations = [migrations.RemoveField("datasetimport", "feature_encoder")]
