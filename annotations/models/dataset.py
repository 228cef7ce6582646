"""A data set: its row here, its arrays in a directory under DATA_ROOT (docs/contributors/architecture.md)."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.validators import validate_slug
from django.db import models

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
