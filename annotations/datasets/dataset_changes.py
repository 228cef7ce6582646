"""What is done with a data set that is here: naming its classes and groups, another base model, deleting it."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from annotations.base import typed_texts
from annotations.base.row_changes import change
from annotations.base.service_errors import NotPossible
from annotations.log import audit
from annotations.models import (
    BaseModel,
    Benchmark,
    Control,
    Dataset,
    DatasetImport,
    KeywordRanking,
    RandomSlices,
    Study,
    StudyState,
)
from annotations.queue import jobs

logger = logging.getLogger(__name__)

MAX_NAME = 60


def studies_of(dataset: Dataset) -> list[Study]:
    """Return the studies with a task on the data set, the newest first."""
    return list(Study.objects.filter(tasks__base_model__dataset=dataset).distinct())


@transaction.atomic
def name_classes(dataset: Dataset, classes: Sequence[str], attributes: Sequence[str], *, by: str) -> None:
    """Give classes, and the attributes that divide each into groups, other names, in their order.

    Raises NotPossible once a study on it was opened, and TextTooLong.
    """
    names = _names(classes, "classes", len(dataset.class_names))
    groups = _names(attributes, "groups", len(dataset.attribute_names))
    opened = [study for study in studies_of(dataset) if study.state != StudyState.DRAFT]
    if opened:
        raise NotPossible(
            "A study on this data set was opened, so people may have read its names. Import the images again to "
            "rename them."
        )
    was, of_groups = dataset.class_names, {"groups_were": dataset.attribute_names, "groups_are": groups}
    audit.record("classes_named", dataset, by=by, was=was, are=names, **of_groups)
    change(dataset, class_names=names, attribute_names=groups)


def _names(lines: Sequence[str], of: str, n: int) -> list[str]:
    names = [" ".join(typed_texts.kept(line, MAX_NAME).split()) for line in lines]
    if len(names) != n or len(set(names)) != n or not all(names):
        raise NotPossible(f"Give {n} different names of {of}, one per line.")
    return names


@transaction.atomic
def request_training(dataset: Dataset, l2: float, *, by: str) -> DatasetImport:
    """Ask the workers for a base model with another λ. Raises NotPossible where there is one, or no features."""
    if not dataset.has_features:
        raise NotPossible("The data set has no features to train on.")
    known = BaseModel.objects.filter(dataset=dataset, head__isnull=False, l2=l2).only("name").first()
    if known is not None:
        raise NotPossible(f"“{known.name}” was trained with λ = {l2:g} already.")
    job = DatasetImport(name=dataset.name, dataset=dataset, l2=l2, requested_by=by)
    return jobs.ask(job, "training_requested", dataset=str(dataset), l2=l2)


@transaction.atomic
def delete_dataset(dataset: Dataset, *, by: str) -> None:
    """Delete a data set with its base models and what was measured on them. Raises NotPossible with who uses it."""
    if studies := studies_of(dataset):
        n = "1 study uses" if len(studies) == 1 else f"{len(studies)} studies use"
        raise NotPossible(f"{dataset} cannot be deleted because {n} it.")
    folder, name = settings.DATA_ROOT / dataset.directory, str(dataset)
    models: Any = BaseModel.objects.filter(dataset=dataset)
    try:
        Benchmark.objects.filter(base_model__in=models).delete()
        KeywordRanking.objects.filter(base_model__in=models).delete()
        Control.objects.filter(dataset=dataset).delete()
        RandomSlices.objects.filter(dataset=dataset).delete()
        DatasetImport.objects.filter(dataset=dataset).delete()
        models.delete()
        dataset.delete()
    except ProtectedError as error:
        raise NotPossible(f"{name} cannot be deleted because results of studies depend on it.") from error
    audit.record("dataset_deleted", None, by=by, subject=name)
    transaction.on_commit(lambda: _remove(folder))


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError:  # the row is gone all the same, and nothing reads the folder any more
        logger.exception("the folder of a deleted data set stays: %s", folder)
