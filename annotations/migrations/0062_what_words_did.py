"""People may see at the end what their words did: a setting, what a worker counted, and when somebody saw it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0061_no_words_in_events_of_corrections")]

    operations = [
        migrations.AddField(
            "study",
            "show_effect",
            models.BooleanField("show people what their words did", default=False, db_default=False),
        ),
        migrations.AddField(
            "study",
            "ask_trust",
            models.BooleanField("ask how much people trust the AI", default=False, db_default=False),
        ),
        migrations.AddField(
            "condition",
            "show_effect",
            models.BooleanField("people see at the end what their words did", default=False, db_default=False),
        ),
        migrations.AddField(
            "annotationsession",
            "effect_seen_at",
            models.DateTimeField(null=True, blank=True, help_text="when the person saw what their words did"),
        ),
        migrations.AddField(
            "run",
            "effect",
            models.JSONField(
                null=True,
                help_text="on test images that its words select: counts, some images, and which group lost most",
            ),
        ),
        # Runs that were measured before are measured again, once, since nobody has counted their effect.
        migrations.RemoveIndex("run", "run_without_interval"),
        migrations.AddIndex(
            "run",
            models.Index(
                fields=["base_model"],
                name="run_unmeasured",
                condition=models.Q(state="done", control__isnull=False, effect__isnull=True),
            ),
        ),
    ]
