"""Shards of imports that workers share."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0043_schemes_in_plain_words")]

    operations = [
        migrations.CreateModel(
            "ImportShard",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "directory",
                    models.CharField(
                        help_text="of the data set that is imported, relative to DATA_ROOT", max_length=255
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(help_text="SHA-256 of the list of its images", max_length=64)),
                ("count", models.PositiveIntegerField(help_text="images")),
                (
                    "n_done",
                    models.PositiveIntegerField(
                        default=0, help_text="of them, embedded; all: what was made of them is whole"
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, help_text="the last one holds the lease")),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("directory", "number"), name="import_shard_once"),
                    models.CheckConstraint(
                        condition=models.Q(("n_done__lte", models.F("count"))), name="import_shard_done_at_most_whole"
                    ),
                ],
            },
        ),
    ]
