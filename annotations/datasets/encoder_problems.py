"""What keeps workers from scoring phrases on a data set, in the sentence of the worker that met it."""

from collections.abc import Collection

from django.db.models import F

from annotations.models import Dataset, Study


def encoder_problem(dataset: Dataset) -> str:
    """Return the sentence for people."""
    return f"Workers cannot score phrases on {dataset}: {dataset.problem.rstrip('.')}."


def encoder_problems(studies: Collection[Study]) -> dict[int, list[str]]:
    """Return what is wrong now with the data sets of each study's tasks, by its number."""
    datasets = Dataset.objects.filter(base_models__tasks__study__in=studies).exclude(problem="")
    found: dict[int, list[str]] = {study.pk: [] for study in studies}
    for dataset in datasets.annotate(study=F("base_models__tasks__study")).distinct():
        found[dataset.study].append(encoder_problem(dataset))
    return found
