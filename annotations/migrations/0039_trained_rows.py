"""Which rows of a head a run, its control and its random slices have trained; until now all."""

import django.contrib.postgres.fields
from django.db import migrations, models

_ROWS = django.contrib.postgres.fields.ArrayField(
    models.PositiveIntegerField(), blank=True, help_text="classes whose rows are trained", null=True
)
_ONCE = {
    "control": ["dataset", "target_classes", "scheme", "l2", "base_model", "trained_rows"],
    "randomslices": ["dataset", "target_class", "n_above", "scheme", "l2", "base_model", "trained_rows"],
}
_NAMES = {"control": ("control_once", "controls"), "randomslices": ("random_slices_once", "random_slices")}


class Migration(migrations.Migration):
    dependencies = [("annotations", "0040_import_shards")]

    operations = [
        migrations.AddField("run", "trained_rows", _ROWS),
        *(
            operation
            for model, (constraint, related) in _NAMES.items()
            for operation in (
                migrations.AddField(
                    model,
                    "base_model",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.deletion.PROTECT,
                        related_name=related,
                        to="annotations.basemodel",
                    ),
                ),
                migrations.AddField(model, "trained_rows", _ROWS),
                migrations.RemoveConstraint(model, constraint),
                migrations.AddConstraint(
                    model, models.UniqueConstraint(fields=_ONCE[model], name=constraint, nulls_distinct=False)
                ),
            )
        ),
    ]
