"""What keeps a study from opening, each reason in a sentence that says what to do."""

from annotations.models import BaseModel, Study, Task
from annotations.readings.class_images import class_images
from annotations.services.base_models import NothingToEvaluate, default_target_class
from modeling.dataset_files import BadDataset
from modeling.errors import BadTemplate
from modeling.phrase_text import check_template


def reasons_not_ready(study: Study) -> list[str]:
    """Return why the study cannot open yet, in the order of its tasks; empty where it can."""
    tasks = list(study.tasks.select_related("base_model__dataset"))
    if not tasks:
        return ["The study has no task. Add at least one."]
    return [f"Task {task.position}: {reason}" for task in tasks for reason in _reasons(task)]


def resolved_target_class(task: Task) -> int:
    """Return the number of the class that participants will see: the one given, or the one with most errors.

    Raises BadDataset where the data set's directory does not open, NothingToEvaluate where nothing has a prediction.
    """
    return default_target_class(task.base_model) if task.target_class is None else task.target_class


def lacks_features(base_model: BaseModel) -> bool:
    """Whether the data set has no array to retrain on, so that phrases are scored and every run is refused."""
    return "features" not in base_model.dataset.files.manifest.arrays


def _reasons(task: Task) -> list[str]:
    base_model = task.base_model
    if not base_model.dataset.similarity_encoder:
        return [f"{base_model.dataset} names no similarity encoder, so phrases cannot be scored. Import it with one."]
    try:
        check_template(task.text_template)
        target_class = resolved_target_class(task)
        if target_class >= len(base_model.dataset.class_names):
            return [f"{base_model.dataset} has no class number {target_class}. Choose another class."]
        images = class_images(base_model, target_class)
    except (BadTemplate, BadDataset, NothingToEvaluate) as error:
        return [f"{str(error).rstrip('.')}."]
    name = base_model.dataset.class_names[target_class]
    return [
        f"{base_model} has no {kind} validation image in class “{name}”, so nothing can be told apart. {way_on}"
        for kind, count, way_on in (
            ("wrong", images.n_error, "Choose a class with errors."),
            ("right", images.n_correct, "Choose a class that the model sometimes gets right."),
        )
        if count == 0
    ]
