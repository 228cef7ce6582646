"""What keeps workers from scoring phrases on a data set, in the sentence of the worker that met it."""

from annotations.models import Dataset, Study


def encoder_problem(dataset: Dataset) -> str:
    """Return the sentence for people."""
    return f"Workers cannot score phrases on {dataset}: {dataset.problem.rstrip('.')}."


def encoder_problems(study: Study) -> list[str]:
    """Return what is wrong now with the data sets of a study's tasks."""
    datasets = Dataset.objects.filter(base_models__tasks__study=study).exclude(problem="").distinct()
    return [encoder_problem(dataset) for dataset in datasets]
