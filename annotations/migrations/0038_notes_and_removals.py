"""What experts note on classes, the classes that they skip, and images that are taken out of a pool."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0037_schemes_of_studies")]

    operations = [
        migrations.AddField(
            "assignment",
            "note",
            models.TextField(
                blank=True, db_default="", default="", help_text="an expert's; of a class that was skipped, why"
            ),
        ),
        migrations.AlterField(
            "assignment",
            "end_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("done", "Done"),
                    ("time_over", "Time Over"),
                    ("study_closed", "Study Closed"),
                    ("withdrawn", "Withdrawn"),
                    ("skipped", "Skipped"),
                ],
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint("assignment", "assignment_times_fit_state"),
        migrations.AddConstraint(
            "assignment",
            models.CheckConstraint(
                condition=models.Q(
                    ("end_reason", ""), ("ended_at__isnull", True), ("started_at__isnull", True), ("state", "waiting")
                )
                | models.Q(
                    ("end_reason", ""), ("ended_at__isnull", True), ("started_at__isnull", False), ("state", "active")
                )
                | models.Q(
                    ("end_reason__in", ["done", "time_over", "study_closed", "withdrawn", "skipped"]),
                    ("ended_at__isnull", False),
                    ("state", "ended"),
                ),
                name="assignment_times_fit_state",
            ),
        ),
        migrations.AddConstraint(
            "assignment",
            models.CheckConstraint(
                condition=models.Q(("end_reason", "skipped"), _negated=True) | models.Q(("note", ""), _negated=True),
                name="assignment_skipped_says_why",
            ),
        ),
        migrations.AddField(
            "pool",
            "removals",
            models.JSONField(
                db_default=[], default=list, help_text="images taken out, each time: why, by whom, when, rows"
            ),
        ),
    ]
