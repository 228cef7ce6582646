"""How much an image counts when the last layer is retrained; a study chooses, and the choice freezes with it."""

from django.db import models

from modeling.arrays.retraining.slices import DEFAULT_SCHEME


class Scheme(models.TextChoices):
    """The schemes of `modeling.arrays.retraining.slices`, in words that follow "in retraining"."""

    CLASS_EQUAL = DEFAULT_SCHEME, "all classes count alike, and both slices of a class alike"
    PAPER = "paper", "both slices of the class count alike, and all other images alike (the paper's equation 2)"
    MEAN_SLICES = "mean_slices", "all slices count alike, so a class with a phrase counts more"
    CLASS_MASS = "class_mass", "each class counts by its images, and both slices of a class alike"
