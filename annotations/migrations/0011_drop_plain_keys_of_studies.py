"""The key of a study stands nowhere unsealed. Clarify 0.10 does not run on this, and there is no way back to it."""

from django.db import migrations, models

from annotations.migrations import _sealing
from annotations.models.participant import new_sealed_withdrawal_token
from annotations.models.study import new_sealed_pseudonym_key


class Migration(migrations.Migration):
    dependencies = [("annotations", "0010_seal_keys_of_studies")]
    operations = [
        migrations.RunPython(_sealing.seal),
        migrations.RemoveField("study", "pseudonym_key"),
        migrations.AlterField(
            "study",
            "sealed_pseudonym_key",
            models.BinaryField(
                default=new_sealed_pseudonym_key,
                blank=True,
                help_text="sealed under IDENTITY_KEYS; empty once destroyed",
            ),
        ),
        migrations.AlterField(
            "annotationsession",
            "sealed_withdrawal_token",
            models.BinaryField(
                default=new_sealed_withdrawal_token,
                blank=True,
                help_text="opens its withdrawal page; sealed under IDENTITY_KEYS; empty once ids are destroyed",
            ),
        ),
    ]
