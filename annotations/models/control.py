"""What retraining does without a phrase: as a run does it (a control), and with random slices of one size."""

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db import models
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.base_model import BaseModel
from annotations.models.constraints import once, rule
from annotations.models.dataset import Dataset
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME

_TRAINED_BY = "scheme", "l2", "base_model", "trained_rows"  # what training without a phrase differs by


def rows_field() -> "ArrayField[list[int] | None, list[int] | None]":
    """Return the column that says which rows of a head were trained, the others being the base model's."""
    return ArrayField(models.PositiveIntegerField(), null=True, blank=True, help_text="classes whose rows are trained")


class Control(models.Model):
    """One per data set, set of annotated classes, scheme, λ and trained rows: what of a run's gain needs no phrase.

    base_model: whose other rows stay; null where all rows are trained.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="controls")
    target_classes = ArrayField(models.PositiveIntegerField(), help_text="the annotated classes, sorted")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    base_model = models.ForeignKey(BaseModel, null=True, on_delete=models.PROTECT, related_name="controls")
    trained_rows = rows_field()
    worst_group_accuracy = models.FloatField(help_text="on test, 0 to 1")
    average_accuracy = models.FloatField(help_text="on test, groups weighted by their train counts")
    plain_average_accuracy = models.FloatField(help_text="on test, images weighted equally")
    robustness_gap = models.FloatField(help_text="average accuracy less worst-group accuracy")
    group_accuracies = models.JSONField(help_text="test accuracy by group, null for an empty group")
    test_predictions = StoredFileField(help_text="int32 per test image, in the manifest's row order")
    head = StoredFileField(help_text="safetensors: weight, bias, feature mean and deviation")
    loss = models.FloatField()
    certified_gap = models.FloatField(help_text="bound on the loss above the optimum")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_classes"]
        constraints = [
            once("control_once", "dataset", "target_classes", *_TRAINED_BY, nulls_distinct=False),
            rule("control_accuracies_are_shares", worst_group_accuracy__range=(0, 1), average_accuracy__range=(0, 1)),
        ]


class RandomSlices(models.Model):
    """The null of own gains: one set of draws per data set, class, size, scheme, λ and trained rows."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="random_slices")
    target_class = models.PositiveIntegerField()
    n_above = models.PositiveIntegerField(help_text="train images of the class above each cut, on a grid of 1.25")
    scheme = models.CharField(max_length=12, default=DEFAULT_SCHEME)
    l2 = models.FloatField("λ")
    base_model = models.ForeignKey(BaseModel, null=True, on_delete=models.PROTECT, related_name="random_slices")
    trained_rows = rows_field()
    seed = models.BigIntegerField(help_text="of the directions; made of the data set's digest, class and size")
    worst_groups = models.JSONField(help_text="worst-group accuracy on test of each draw")
    code_version = models.CharField(max_length=40)
    versions = models.JSONField(default=dict, help_text="library versions of the worker that trained them")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "target_class", "n_above"]
        constraints = [
            once("random_slices_once", "dataset", "target_class", "n_above", *_TRAINED_BY, nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{len(self.worst_groups)} random slices of {self.dataset.class_names[self.target_class]}"

    def telling_draws(self, control: Control, base_model: BaseModel) -> NDArray[np.float64] | None:
        """What each draw reaches on test, float64[m]; None where they are all but equal, so that a place says nothing.

        They are where their standard deviation is below one image of the test group that is worst without a phrase.
        """
        draws = np.array(self.worst_groups, np.float64)
        # An empty group has no accuracy, and is never the worst.
        accuracies = [np.inf if share is None else share for share in control.group_accuracies]
        one_image = 1 / base_model.test_metrics["counts"][int(np.argmin(accuracies))]
        return None if draws.std() < one_image else draws


class RandomSliceScores(models.Model):
    """What random slices score on the validation images of a base model, which the best of several are chosen by.

    A table of its own, because base models of a data set share random slices and differ in their errors.
    """

    random_slices = models.ForeignKey(RandomSlices, on_delete=models.CASCADE, related_name="scores")
    base_model = models.ForeignKey(BaseModel, on_delete=models.CASCADE, related_name="random_slice_scores")
    values = models.JSONField(help_text="error score of each draw's direction on the class's validation images")
    code_version = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["random_slices", "base_model"]
        constraints = [once("random_slices_scored_once", "random_slices", "base_model")]
