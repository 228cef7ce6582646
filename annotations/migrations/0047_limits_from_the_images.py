"""The limit of near-duplicates may be left to the images; examples of a search may be of pools."""

from typing import Any

import django.core.validators
from django.db import migrations, models

from modeling.arrays.embeddings.duplicate_limits import COPIES_ABOVE


def name_data_sets(apps: Any, editor: Any) -> None:
    for search in apps.get_model("annotations", "ImageSearch").objects.iterator():
        search.like, search.unlike = ([[search.dataset_id, row] for row in of] for of in (search.like, search.unlike))
        search.save(update_fields=["like", "unlike"])


def forget(apps: Any, editor: Any) -> None:
    apps.get_model("annotations", "ImageSearch").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0045_labels_said_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="imageindex",
            name="likeness",
            field=models.JSONField(
                db_default={},
                default=dict,
                help_text="limit that follows from the images, n_looked_at, n_above: [limit, images]",
            ),
        ),
        migrations.AlterField(
            model_name="imageindex",
            name="duplicate_threshold",
            field=models.FloatField(
                help_text="similarity above which images are near-duplicates; null: the worker takes that of likeness",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="imageindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("duplicate_threshold__isnull", False),
                    _connector="OR",
                ),
                name="image_index_done_has_limit",
            ),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="duplicate_threshold",
            field=models.FloatField(
                blank=True,
                help_text="Cosine similarity, at most 0.9999. Empty: it follows from the data set's own images.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(COPIES_ABOVE),
                ],
                verbose_name="near-duplicates are more similar than",
            ),
        ),
        migrations.AddConstraint(
            model_name="gathering",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    ("pool", None),
                    ("duplicate_threshold__isnull", False),
                    _connector="OR",
                ),
                name="gathering_done_has_limit",
            ),
        ),
        migrations.AlterField(
            model_name="imagesearch",
            name="like",
            field=models.JSONField(
                default=list, help_text="images that results shall be like: [number of a data set, row]"
            ),
        ),
        migrations.AlterField(
            model_name="imagesearch",
            name="unlike",
            field=models.JSONField(default=list, help_text="images that results shall not be like, in the same way"),
        ),
        migrations.RunPython(name_data_sets, forget),
    ]
