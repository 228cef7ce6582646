"""An erased phrase is deleted: no row stays without its text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0033_let_experts_begin_with_the_tasks"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="phrase",
            name="phrase_not_empty",
        ),
        migrations.RemoveField(
            model_name="phrase",
            name="erased_at",
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="phrase_not_empty"),
        ),
    ]
