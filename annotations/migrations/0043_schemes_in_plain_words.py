"""Schemes and λ in words that a coordinator knows; nothing that is stored changes."""

from typing import Any

import django.core.validators
from django.db import migrations, models

_SCHEMES = [
    ("class_equal", "all classes count alike, and in a class the images with and without the phrase"),
    ("paper", "as in the paper: in the class images with and without the phrase count alike, all others as usual"),
    ("mean_slices", "images with the phrase, images without it and each other class count alike"),
    ("class_mass", "each class counts by its size, and in it the images with and without the phrase alike"),
]
_TITLE, _STRENGTH = "how images count in retraining", "strength of regularisation (λ)"

_OF_RUN: dict[str, Any] = {
    "scheme": models.CharField(choices=_SCHEMES, default="class_equal", max_length=12, verbose_name=_TITLE),
    "l2": models.FloatField(verbose_name=_STRENGTH),
    "phrase_text": models.CharField(max_length=120, verbose_name="phrase"),
    "min_slice_size": models.PositiveIntegerField(verbose_name="fewest images on either side"),
    "attempts": models.PositiveIntegerField(default=0, verbose_name="times that a worker took it up"),
    "n_above": models.PositiveIntegerField(null=True, verbose_name="training images that it selects"),
    "n_below": models.PositiveIntegerField(
        null=True, verbose_name="training images of the class that it does not select"
    ),
    "certified_gap": models.FloatField(null=True, verbose_name="loss above the least one, at most"),
    "code_version": models.CharField(blank=True, max_length=40, verbose_name="version of Clarify"),
}


class Migration(migrations.Migration):
    dependencies = [("annotations", "0038_notes_and_removals")]

    operations = [
        migrations.AlterField(
            "study",
            "scheme",
            models.CharField(
                choices=_SCHEMES,
                db_default="class_equal",
                default="class_equal",
                help_text="how much the images with and without a phrase count",
                max_length=12,
                verbose_name=_TITLE,
            ),
        ),
        migrations.AlterField(
            "correction", "scheme", models.CharField(choices=_SCHEMES, default="class_equal", max_length=12)
        ),
        migrations.AlterField(
            "basemodel",
            "l2",
            models.FloatField(
                help_text="L2 coefficient of training and retraining",
                validators=[django.core.validators.MinValueValidator(1e-12)],
                verbose_name=_STRENGTH,
            ),
        ),
        *(migrations.AlterField("run", name, field) for name, field in _OF_RUN.items()),
    ]
