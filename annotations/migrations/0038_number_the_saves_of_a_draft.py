"""A draft knows its last save: of two that began at the same revision, the second is refused."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("annotations", "0037_keep_replies_as_they_came")]
    operations = [
        migrations.AddField(
            "study",
            "revision",
            models.PositiveIntegerField(
                default=0, db_default=0, editable=False, help_text="how often the draft was saved since it was made"
            ),
        ),
        migrations.AddField(
            "study",
            "revised_by",
            models.CharField(
                max_length=150,
                blank=True,
                default="",
                db_default="",
                editable=False,
                help_text="user name of the last save",
            ),
        ),
        migrations.AddField("study", "revised_at", models.DateTimeField(null=True, blank=True, editable=False)),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(
                condition=Q(revision=0, revised_by="", revised_at__isnull=True)
                | (Q(revision__gt=0, revised_at__isnull=False) & ~Q(revised_by="")),
                name="study_revision_names_who_and_when",
            ),
        ),
    ]
