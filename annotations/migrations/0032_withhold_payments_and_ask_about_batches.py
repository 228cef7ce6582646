"""Payments that a coordinator decided not to pay, and batches that may have reached Prolific."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0031_name_submissions_not_to_be_stored_again"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="paymentbatch",
            name="payment_batch_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="paymentbatch",
            name="payment_batch_one_at_a_time",
        ),
        migrations.AddField(
            model_name="payment",
            name="withheld_reason",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="why a coordinator decided not to pay it; empty: it is owed",
            ),
        ),
        migrations.AlterField(
            model_name="paymentbatch",
            name="state",
            field=models.CharField(
                choices=[
                    ("prepared", "Prepared"),
                    ("sent", "asked of Prolific"),
                    ("unsure", "may have reached Prolific: somebody must look"),
                    ("paid", "Paid"),
                    ("exported", "handed out as a file"),
                    ("failed", "Failed"),
                ],
                default="prepared",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("withheld_reason", ""), ("batch__isnull", True), _connector="OR"),
                name="payment_withheld_is_in_no_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["prepared", "sent", "unsure", "paid", "exported", "failed"])),
                name="payment_batch_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("prepared", "sent", "unsure"))),
                fields=("study",),
                name="payment_batch_one_at_a_time",
            ),
        ),
    ]
