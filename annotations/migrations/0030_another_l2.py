"""A λ of its own for a base model, and what keeps workers from scoring phrases on a data set."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0033_researchers"),
    ]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="problem",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="why workers cannot score phrases on it; empty while they can",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="datasetimport",
            name="datasetimport_one_source",
        ),
        migrations.AddField(
            model_name="datasetimport",
            name="l2",
            field=models.FloatField(
                blank=True,
                help_text="of the base model; without a source, of one more on `dataset`",
                null=True,
                verbose_name="λ",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("folder", ""), models.Q(("archive", ""), _negated=True)),
                    models.Q(models.Q(("folder", ""), _negated=True), ("archive", "")),
                    models.Q(("archive", ""), ("dataset__isnull", False), ("folder", ""), ("l2__gt", 0)),
                    _connector="OR",
                ),
                name="datasetimport_one_source",
            ),
        ),
    ]
