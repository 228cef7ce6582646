"""Data sets: a directory that an import wrote becomes a row that studies can name."""

from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from annotations.base.service_errors import NotPossible
from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, open_dataset


def register_dataset(directory: Path) -> tuple[Dataset, bool]:
    """Return the row of an imported directory, and whether it is new: the next version of the data set's name.

    A directory that is registered already stays as it is. Raises BadDataset, NotPossible.
    """
    files = open_dataset(directory)
    name, digest = files.manifest.name, files.manifest.digest
    with transaction.atomic():
        _lock_name(name)
        known = Dataset.objects.filter(name=name, digest=digest).first()
        if known is not None:
            return known, False
        newest = Dataset.objects.filter(name=name).aggregate(newest=Max("version"))["newest"] or 0
        return Dataset.objects.create(version=newest + 1, **_described(files)), True


def find_dataset(reference: str) -> Dataset:
    """Return the data set that "NAME" (its newest version) or "NAME@VERSION" means. Raises NotPossible."""
    name, _, version = reference.partition("@")
    versions = Dataset.objects.filter(name=name).order_by("-version")
    if version:
        versions = versions.filter(version=int(version)) if version.isdecimal() else versions.none()
    dataset = versions.first()
    if dataset is None:
        known = ", ".join(f"{known.name}@{known.version}" for known in Dataset.objects.all()[:20])
        raise NotPossible(f"There is no data set {reference}. Known data sets: {known or 'none; import one first'}.")
    return dataset


def _lock_name(name: str) -> None:
    """Make whoever else registers a version of this data set wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"data set {name}"])


def _described(files: DatasetFiles) -> dict[str, object]:
    manifest = files.manifest
    similarity = manifest.encoder_of("similarity")
    features = manifest.encoder_of("features") if "features" in manifest.arrays else None
    return {
        "name": manifest.name,
        "digest": manifest.digest,
        "directory": _below_data_root(files.directory),
        "class_names": list(manifest.class_names),
        "attribute_names": list(manifest.attribute_names),
        "similarity_encoder": similarity["spec"] if similarity else "",
        "feature_encoder": features["spec"] if features else "",
        "counts": dict(manifest.split_counts),
    }


def _below_data_root(directory: Path) -> str:
    try:
        return directory.resolve().relative_to(settings.DATA_ROOT).as_posix()
    except ValueError:
        raise NotPossible(
            f"The data set is in {directory}, which is outside DATA_ROOT ({settings.DATA_ROOT}). Move it into "
            "DATA_ROOT."
        ) from None
