"""Submissions of erased people, which Prolific goes on telling of."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0030_name_another_persons_submission")]
    operations = [
        migrations.CreateModel(
            name="ForgottenSubmission",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("submission_key", models.CharField(max_length=20)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forgotten_submissions",
                        to="annotations.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("study", "submission_key"), name="forgotten_submission_once")
                ],
            },
        ),
    ]
