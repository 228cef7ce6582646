"""Replies to phrases and reports of devices are stored once, each by a uuid of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0034_forget_tombstones_of_phrases"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("threshold", "Threshold"), ("judgement", "Judgement")], max_length=9),
                ),
                ("client_uuid", models.UUIDField(help_text="made where the person acted, and sent along each time")),
                (
                    "said",
                    models.CharField(
                        help_text="the answer, or the exact threshold; best: the automatic one", max_length=32
                    ),
                ),
                ("made_at", models.DateTimeField(help_text="when the person acted, by the server's clock")),
                ("received_at", models.DateTimeField()),
                ("took_effect", models.BooleanField(help_text="it came before every newer one")),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["phrase", "id"],
            },
        ),
        migrations.AddField(
            model_name="devicereport",
            name="client_uuid",
            field=models.UUIDField(help_text="of the page on which Start was pressed", null=True),
        ),
        migrations.AlterField(
            model_name="judgement",
            name="answered_at",
            field=models.DateTimeField(help_text="when the person answered, by the server's clock"),
        ),
        migrations.AlterField(
            model_name="thresholdchoice",
            name="chosen_at",
            field=models.DateTimeField(help_text="when the person chose, by the server's clock"),
        ),
        migrations.AddConstraint(
            model_name="devicereport",
            constraint=models.UniqueConstraint(fields=("session", "client_uuid"), name="device_report_once"),
        ),
        migrations.AddField(
            model_name="reply",
            name="phrase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="annotations.phrase"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(fields=("phrase", "kind", "client_uuid"), name="reply_once"),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["threshold", "judgement"])), name="reply_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("said", ""), _negated=True), name="reply_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("made_at__lte", models.F("received_at"))), name="reply_made_before_received"
            ),
        ),
    ]
