"""An expert's visit begins at its tasks, without a consent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0032_withhold_payments_and_ask_about_batches"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="annotationsession",
            name="session_consent_before_work",
        ),
        migrations.AddConstraint(
            model_name="annotationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stage__in", ["consent", "declined"]),
                    ("consented_at__isnull", False),
                    ("kind", "expert"),
                    _connector="OR",
                ),
                name="session_consent_before_work",
            ),
        ),
    ]
