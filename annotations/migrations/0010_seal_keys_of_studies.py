"""A study's key is sealed, and so is a withdrawal token of each visit. Participants' pages of 0.10 run on it."""

from django.db import migrations, models

from annotations.migrations import _sealing


class Migration(migrations.Migration):
    dependencies = [("annotations", "0009_sealed_second_factors")]
    operations = [
        migrations.AddField("study", "sealed_pseudonym_key", models.BinaryField(null=True)),
        migrations.AddField("annotationsession", "sealed_withdrawal_token", models.BinaryField(null=True)),
        migrations.AlterField(
            "study",
            "pseudonym_key",
            models.CharField(max_length=64, editable=False, blank=True, db_default=_sealing.SEALED),
        ),
        migrations.RunPython(_sealing.seal, migrations.RunPython.noop),
    ]
