"""When Prolific's submissions of a study were last gone through, and whether that came to its end."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0024_let_a_draft_leave_its_audit_records")]
    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begun_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(help_text="of the last one that came through", null=True)),
                ("n_submissions", models.PositiveIntegerField(default=0, help_text="that Prolific listed then")),
                ("error", models.TextField(blank=True, help_text="why the last one did not come through")),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconciliation",
                        to="annotations.study",
                    ),
                ),
            ],
        ),
    ]
