"""A control: the last layer retrained as a run does it, but without any phrase."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotations.models.dataset import Dataset
from modeling.arrays.retraining.slices import DEFAULT_SCHEME


class Control(models.Model):
    """One per data set, set of annotated classes, scheme and λ: what of a run's gain needs no phrase."""

    ARRAYS = ("test_predictions", "head")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="controls")
    target_classes = ArrayField(models.PositiveIntegerField(), help_text="the annotated classes, sorted")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    worst_group_accuracy = models.FloatField(help_text="on test, 0 to 1")
    average_accuracy = models.FloatField(help_text="on test, groups weighted by their train counts")
    plain_average_accuracy = models.FloatField(help_text="on test, images weighted equally")
    robustness_gap = models.FloatField(help_text="average accuracy less worst-group accuracy")
    group_accuracies = models.JSONField(help_text="test accuracy by group, null for an empty group")
    test_predictions = models.BinaryField(help_text="int32 per test image, in the manifest's row order")
    head = models.BinaryField(help_text="safetensors: weight, bias, feature mean and deviation")
    loss = models.FloatField()
    certified_gap = models.FloatField(help_text="bound on the loss above the optimum")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_classes"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "target_classes", "scheme", "l2"], name="control_once"),
            models.CheckConstraint(
                condition=Q(worst_group_accuracy__range=(0, 1), average_accuracy__range=(0, 1)),
                name="control_accuracies_are_shares",
            ),
        ]

    def __str__(self) -> str:
        classes = ", ".join(self.dataset.class_names[label] for label in self.target_classes)
        return f"control of {classes} on {self.dataset}"
