"""A data set, its arrays in a directory under DATA_ROOT, and its base models, whose errors participants see."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.validators import MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFileField
from annotations.models.arrays import unpack_int32
from annotations.models.constraints import once, rule
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, open_dataset
from clarify_errors.arrays.datasets.groups import group_names
from clarify_errors.arrays.phrases.phrase_languages import encoder_languages

MAX_NAMED = 100  # classes


@lru_cache(maxsize=32)
def _open(directory: Path) -> DatasetFiles:
    return open_dataset(directory)


class Dataset(models.Model):
    """One imported version of a data set; a version never changes, another import makes another version."""

    name = models.CharField(max_length=60, validators=[validate_slug])
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the images, labels, splits and encoders")
    directory = models.CharField(max_length=255, help_text="relative to DATA_ROOT")
    class_names = models.JSONField(help_text="list of str, in the order of the labels")
    attribute_names = models.JSONField(
        default=list, blank=True, help_text="list of str; empty without group attributes"
    )
    similarity_encoder = models.CharField(max_length=255, help_text="the encoder whose texts score phrases")
    feature_encoder = models.CharField(max_length=255, blank=True, help_text="empty where features came in a file")
    counts = models.JSONField(help_text="images in train, validation and test")
    problem = models.TextField(blank=True, help_text="why workers cannot score phrases on it; empty while they can")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        verbose_name = "data set"
        constraints = [
            once("dataset_version_once", "name", "version"),
            once("dataset_digest_once", "name", "digest"),
            rule("dataset_version_from_one", version__gte=1),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def identity(self) -> dict[str, Any]:
        """What tells the version from every other, and what its numbers stand for, as JSON values."""
        return {
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "class_names": self.class_names,
            "attribute_names": self.attribute_names,
        }

    @property
    def group_names(self) -> list[str]:
        """The names of its groups, in the order of `DatasetFiles.groups`."""
        return group_names(self.class_names, self.attribute_names)

    @property
    def can_be_named(self) -> bool:
        """Whether its classes are few enough for a form that has all their names."""
        return len(self.class_names) <= MAX_NAMED

    @property
    def is_unnamed(self) -> bool:
        """Whether its classes are called by their numbers, as where a listing has no names, and can be named."""
        return self.can_be_named and all(
            name.removeprefix("class ") == str(number) for number, name in enumerate(self.class_names)
        )

    @property
    def n_images(self) -> int:
        return sum(self.counts.values())

    @property
    def files(self) -> DatasetFiles:
        """The arrays on disk, opened once per process; BadDataset where they are missing or damaged."""
        return _open(settings.DATA_ROOT / self.directory)

    @property
    def phrase_languages(self) -> Sequence[str]:
        """Languages that its similarity encoder understands, as it said at the import or as its spec tells."""
        said = self.files.manifest.encoder_of("similarity") or {}
        return said.get("languages") or encoder_languages(self.similarity_encoder)

    @property
    def has_features(self) -> bool:
        """Whether there is an array to retrain on; without one phrases are scored, and every run is refused."""
        return "features" in self.files.manifest.arrays


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
