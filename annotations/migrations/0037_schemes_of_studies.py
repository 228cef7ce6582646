"""The scheme of a study's retrainings; what was retrained with keywords before had the default one."""

from typing import Any

from django.db import migrations, models

_SCHEMES = [
    ("class_equal", "all classes count alike, and both slices of a class alike"),
    ("paper", "both slices of the class count alike, and all other images alike (the paper's equation 2)"),
    ("mean_slices", "all slices count alike, so a class with a phrase counts more"),
    ("class_mass", "each class counts by its images, and both slices of a class alike"),
]


def say_the_scheme(apps: Any, editor: Any) -> None:
    """Name the scheme in what is stored of each keyword's retraining."""
    rankings = apps.get_model("annotations", "KeywordRanking").objects
    for ranking in rankings.exclude(retrained=[]).iterator(10):
        ranking.retrained = [{"scheme": "class_equal", **row} for row in ranking.retrained]
        ranking.save(update_fields=["retrained"])


class Migration(migrations.Migration):
    dependencies = [("annotations", "0036_jobs_are_timed")]

    operations = [
        migrations.AddField(
            "study",
            "scheme",
            models.CharField(
                choices=_SCHEMES,
                db_default="class_equal",
                default="class_equal",
                help_text="how much the images with and without a phrase count",
                max_length=12,
                verbose_name="in retraining",
            ),
        ),
        migrations.AddConstraint(
            "study",
            models.CheckConstraint(
                condition=models.Q(("scheme__in", [name for name, _ in _SCHEMES])), name="study_scheme_known"
            ),
        ),
        *(
            migrations.AlterField(
                model, "scheme", models.CharField(choices=_SCHEMES, default="class_equal", max_length=12)
            )
            for model in ("run", "correction")
        ),
        migrations.AlterField(
            "keywordranking",
            "retrained",
            models.JSONField(
                default=list,
                help_text="what its best keyword by either score does, by scheme: slices, predictions on the class's "
                "test",
            ),
        ),
        migrations.RunPython(say_the_scheme, migrations.RunPython.noop),
    ]
