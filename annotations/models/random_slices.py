"""What cutting a class anywhere gives: last layers retrained with random slices of one size."""

from django.db import models

from annotations.models.dataset import Dataset
from modeling.arrays.retraining.slices import DEFAULT_SCHEME


class RandomSlices(models.Model):
    """The null of own gains: one set of draws per data set, class, size, scheme and λ."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="random_slices")
    target_class = models.PositiveIntegerField()
    n_above = models.PositiveIntegerField(help_text="train images of the class above each cut, on a grid of 1.25")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    seed = models.BigIntegerField(help_text="of the directions; made of the data set's digest, class and size")
    worst_groups = models.JSONField(help_text="worst-group accuracy on test of each draw")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained them")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_class", "n_above"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "target_class", "n_above", "scheme", "l2"], name="random_slices_once"
            )
        ]

    def __str__(self) -> str:
        return f"{len(self.worst_groups)} random slices of {self.dataset.class_names[self.target_class]}"
