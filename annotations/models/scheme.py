"""How much an image counts when the last layer is retrained; a study chooses, and the choice freezes with it."""

from django.db import models

from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME

SCHEME_TITLE = "how images count in retraining"


class Scheme(models.TextChoices):
    """The schemes of `clarify_errors.arrays.retraining.slices`, in words that follow "in retraining"."""

    CLASS_EQUAL = DEFAULT_SCHEME, "all classes count alike, and in a class the images with and without the phrase"
    PAPER = "paper", "as in the paper: in the class images with and without the phrase count alike, all others as usual"
    MEAN_SLICES = "mean_slices", "images with the phrase, images without it and each other class count alike"
    CLASS_MASS = "class_mass", "each class counts by its size, and in it the images with and without the phrase alike"
