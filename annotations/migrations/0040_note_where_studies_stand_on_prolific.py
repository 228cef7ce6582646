"""Where each study stands on Prolific, so that alarms can tell where both sides do not agree."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0039_keep_rankings_of_keywords"),
    ]

    operations = [
        migrations.AlterField(
            model_name="prolificrequest",
            name="act",
            field=models.CharField(
                help_text="approve, complete, request_return, screen_out, reject, unreject, message, pause_study …",
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="effect",
            field=models.CharField(
                help_text="applied, older, unknown_submission, unknown_study, ignored", max_length=40
            ),
        ),
        migrations.CreateModel(
            name="StudyOnProlific",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outside_id", models.CharField(help_text="Prolific's study id that this was said of", max_length=64)),
                ("status", models.CharField(help_text="Prolific's word", max_length=40)),
                ("told_at", models.DateTimeField(help_text="when it was so, by Prolific's clock")),
                ("noted_at", models.DateTimeField(help_text="when it was heard here last, by our clock")),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="on_prolific", to="annotations.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "studies on Prolific",
            },
        ),
    ]
