"""A base model: the classifier whose errors participants see."""

from functools import cached_property

import numpy as np
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.arrays import unpack_int32
from annotations.models.constraints import once, rule
from annotations.models.dataset import Dataset

STRENGTH = "strength of regularisation (λ)"


class BaseModelOrigin(models.TextChoices):
    TRAINED = "trained", "trained here on the features"
    IMPORTED = "imported", "imported predictions"


class BaseModel(models.Model):
    """Predictions of one classifier on a data set, and its head where it was trained here."""

    NO_PREDICTION = -1

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="base_models", verbose_name="data set")
    name = models.CharField(max_length=60)
    origin = models.CharField(max_length=10, choices=BaseModelOrigin)
    l2 = models.FloatField(
        STRENGTH, validators=[MinValueValidator(1e-12)], help_text="L2 coefficient of training and retraining"
    )
    predictions = StoredFileField(
        db_column="predictions_sha256", help_text="int32 per row of the data set, -1 where there is none"
    )
    head = StoredFileField(null=True, blank=True, help_text="safetensors; empty for imported predictions")
    validation_accuracies = models.JSONField(help_text="one per class, null where the class has no validation image")
    test_metrics = models.JSONField(help_text="worst_group, average, average_plain, gap, accuracies, counts")
    training = models.JSONField(default=dict, help_text="loss, certified gap, versions, or the imported file's digest")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "name"]
        constraints = [
            once("base_model_name_once", "dataset", "name"),
            rule("base_model_l2_positive", l2__gt=0),
            rule("base_model_origin_known", origin__in=BaseModelOrigin.values),
            rule("base_model_trained_has_head", ~Q(origin=BaseModelOrigin.TRAINED) | Q(head__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.dataset}"

    @property
    def words(self) -> str:
        """What coordinators read of it. What was trained here is told by its λ: its name is for commands alone."""
        if self.origin == BaseModelOrigin.TRAINED:
            return f"last layer, λ {self.l2:g}"
        return f"own {'last layer' if self.has_head else 'predictions'} “{self.name}”, λ {self.l2:g}"

    @property
    def title(self) -> str:
        """The same, with its data set."""
        return f"{self.dataset}: {self.words}"

    @property
    def control_name(self) -> str:
        """What retraining without a phrase is called; imported predictions get another last layer by any retraining."""
        return "a new last layer" if self.origin == BaseModelOrigin.IMPORTED else "the control"

    @property
    def has_head(self) -> bool:
        """Whether its last layer is known, without reading it."""
        return self.origin == BaseModelOrigin.TRAINED or bool(self.training.get("has_head"))

    @property
    def reference_name(self) -> str:
        """What stands before any retraining; what is gained over imported predictions is never a phrase's."""
        if self.origin == BaseModelOrigin.TRAINED:
            return "the base model"
        if self.has_head:
            return "the imported last layer, which was trained elsewhere"
        return "the imported predictions, which come from another last layer"

    @property
    def origin_name(self) -> str:
        """How it came here; a last layer that was imported is known, which predictions alone do not tell."""
        is_brought = self.origin == BaseModelOrigin.IMPORTED and self.has_head
        return "imported last layer" if is_brought else BaseModelOrigin(self.origin).label

    @cached_property
    def predicted(self) -> NDArray[np.int32]:
        """Predicted class of each row of the data set, NO_PREDICTION where there is none; int32[n], read-only.

        Raises BadStoredFile.
        """
        return unpack_int32(self.predictions)

    @property
    def worst_group_name(self) -> str:
        """Name of the group whose test images it gets right least often, the first of tied ones."""
        return min((each for each in self._groups if each[1] is not None), key=lambda each: each[1] or 0)[0]

    @property
    def named_groups(self) -> list[tuple[str, float | None]]:
        """Name and test accuracy of each group; none where the data set has no attributes, and groups are classes."""
        return self._groups if self.dataset.attribute_names else []

    @property
    def _groups(self) -> list[tuple[str, float | None]]:
        return list(zip(self.dataset.group_names, self.test_metrics["accuracies"], strict=True))
