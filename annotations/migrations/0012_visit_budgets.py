"""How much of its budgets a visit has used (docs/decisions/0032)."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("annotations", "0011_drop_plain_keys_of_studies")]

    operations = [
        *(
            migrations.AddField("annotationsession", name, models.PositiveIntegerField(default=0, db_default=0))
            for name in ("n_screens", "n_replies", "n_starts")
        ),
        migrations.AddField(
            "annotationsession",
            "n_spans",
            models.PositiveIntegerField(default=0, db_default=0, help_text="of its budget, as the next ones"),
        ),
        migrations.AddField(
            "annotationsession",
            "n_refused",
            models.PositiveIntegerField(default=0, db_default=0, help_text="requests for which a budget was used up"),
        ),
        migrations.AddIndex(
            "annotationsession",
            models.Index(fields=["n_refused"], name="session_over_budget", condition=Q(n_refused__gt=0)),
        ),
    ]
