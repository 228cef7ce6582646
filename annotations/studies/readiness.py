"""What keeps a study from opening, each reason in a sentence that says what to do."""

import datetime as dt
from collections.abc import Iterator

from annotations.datasets.class_images import ClassImages, class_images, resolved_target_class
from annotations.models import UNFINISHED, JobState, Study, Task
from annotations.prolific_client.outside_ids import is_outside_id
from annotations.studies.configuration_content import configuration_digest
from clarify_errors.arrays.common.modeling_errors import BadTemplate, NothingToEvaluate
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.phrases.phrase_languages import LANGUAGES
from clarify_errors.arrays.phrases.phrase_text import MAX_PHRASE_LENGTH, check_template, refusal

REHEARSAL_IS_GOOD_FOR = dt.timedelta(hours=1)


def reasons_not_ready(study: Study) -> list[str]:
    """Return why nobody could visit the study: its links, then its tasks in their order; empty where one can."""
    tasks = list(study.tasks.with_base_models())
    of_tasks = [f"Task {task.position}: {reason}" for task in tasks for reason in task_reasons(task)]
    return [*link_reasons(study), *(of_tasks if tasks else ["The study has no task. Add at least one."])]


def rehearsal_reasons(study: Study, now: dt.datetime) -> list[str]:
    """Why the last rehearsal does not show that the study works: there is none, it is old, of another set-up, or red.

    Raises BadDataset, NothingToEvaluate where the study has reasons of its tasks.
    """
    newest = study.rehearsals.order_by("-id").first()
    if newest is None:
        return ["The study has not been rehearsed. Start a rehearsal under “Rehearse and preview”."]
    if newest.state in UNFINISHED:
        return ["A rehearsal is still running. Wait until it is finished."]
    if newest.state == JobState.FAILED:
        return [f"The rehearsal failed: {newest.error} Fix this, then rehearse again."]
    if newest.configuration_digest != configuration_digest(study):
        return ["The study was changed after its rehearsal. Rehearse it again."]
    assert newest.finished_at is not None, "a constraint says so"
    if now - newest.finished_at > REHEARSAL_IS_GOOD_FOR:
        return ["The last rehearsal is more than an hour old. Rehearse again shortly before opening."]
    return []


def link_reasons(study: Study) -> Iterator[str]:
    """What would keep everybody out, or from coming back: neither can be changed once the study is open."""
    if len({study.participant_parameter, study.study_parameter, study.session_parameter}) < 3:
        yield "Two parameters of the link have the same name. Give the three parameters different names."
    if study.external_study_id and not is_outside_id(study.external_study_id):
        yield "Prolific’s study id may contain only letters, digits and _ . ~ -, at most 64 characters. Copy it again."
    if study.completion_url and not study.completion_url.startswith(("https://", "http://")):
        yield "The completion address must begin with https://. Leave it empty if nobody should be redirected."


def task_reasons(task: Task) -> list[str]:
    base_model = task.base_model
    if not base_model.dataset.similarity_encoder:
        without = f"{base_model.dataset} has no similarity encoder, so phrases cannot be scored."
        return [f"{without} Import it again with an encoder."]
    try:
        if reason := language_reason(task, task.study.phrase_language):
            return [reason]
        check_template(task.text_template)
        target_class = resolved_target_class(task)
        if target_class >= len(base_model.dataset.class_names):
            return [f"{base_model.dataset} has no class number {target_class}. Choose another class."]
        images = class_images(base_model, target_class)
    except (BadTemplate, BadDataset, NothingToEvaluate) as error:
        return [f"{str(error).rstrip('.')}."]
    return [*_suggestion_reasons(task), *_image_reasons(images, base_model.dataset.class_names[target_class])]


def language_reason(task: Task, language: str) -> str:
    """Return why phrases in a language cannot be scored in a task; empty where they can. Raises BadDataset."""
    dataset, name = task.base_model.dataset, LANGUAGES[language].name
    if language not in dataset.phrase_languages:
        return (
            f"The encoder of {dataset} ({dataset.similarity_encoder}) does not understand {name}. Let people write in "
            "another language, or import the data set again with an encoder that understands it."
        )
    others = (each for each in LANGUAGES.values() if each.code != language)
    of_another = next((each.name for each in others if each.template == task.text_template), None)
    if of_another:
        template = LANGUAGES[language].template
        return f"The text template is {of_another}, but people write in {name}. Use “{template}”."
    return ""


def _suggestion_reasons(task: Task) -> list[str]:
    """What is suggested is put into the field as it stands, so it has to be what may be submitted."""
    refused = [(word, refusal(word)) for word in (*task.suggestions, *task.keyword_list)]
    return [f"The suggested words “{word}” {_why(word, reason)}" for word, reason in refused if reason]


def _why(word: str, reason: str) -> str:
    if reason == "too_long":
        return f"are {len(word)} characters long, and a phrase has at most {MAX_PHRASE_LENGTH}. Shorten them."
    return "could not be submitted as a phrase. Write them with letters or numbers."


def _image_reasons(images: ClassImages, name: str) -> Iterator[str]:
    none = "The model has no {} validation image in class “{}”, so phrases cannot be scored."
    if not images.n_error:
        yield f"{none.format('wrong', name)} Choose a class with errors."
    if not images.n_correct:
        yield f"{none.format('right', name)} Choose a class that the model sometimes gets right."
