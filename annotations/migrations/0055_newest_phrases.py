"""The live page asks for the phrases of the last hour, and the newest ones, without reading all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0054_predictions_are_files")]

    operations = [
        migrations.AddIndex("phrase", models.Index(fields=["-submitted_at", "-id"], name="phrase_newest")),
    ]
