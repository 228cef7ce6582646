"""Checks of a study's tasks: the data set's files, the encoder, the class, what guessing reaches, the images."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from annotations.datasets.class_images import class_images
from annotations.datasets.encoder_choices import BUNDLED
from annotations.datasets.encoder_problems import encoder_problem
from annotations.datasets.model_errors import little_learned
from annotations.datasets.target_classes import resolved_target_class
from annotations.models import Audience, Dataset, Score, Study, Task
from annotations.phrases.vocabulary_levels import levels_by_key
from annotations.studies.preflight.check_result import Check, FixIn, Level, block, doubt, passed, warning
from annotations.studies.preflight.guessing_checks import Levels, guessing_checks
from annotations.studies.readiness import task_reasons
from annotations.studies.shown_keywords import shows_keywords, top_keywords
from clarify_errors.arrays.datasets.dataset_files import BadDataset, DatasetFiles, Split
from clarify_errors.arrays.images.image_files import is_whole_thumbnail
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH

IMAGES_LOOKED_AT = 12
MAX_TOLD = 20  # checks of tasks at each level, where there are more tasks than that


def task_checks(study: Study) -> list[Check]:
    """Return the checks of every task, in their order."""
    tasks = list(study.tasks.with_base_models().order_by("position"))
    if not tasks:
        return [block("The study has no task. Add at least one.", FixIn.TASKS)]
    levels, keywords = levels_by_key({task.base_model_id for task in tasks}), shows_keywords(study)
    checks = [
        replace(check, sentence=f"Task {task.position}: {check.sentence}", of=task.base_model)
        for task in tasks
        for check in _of_task(study, task, levels, keywords=keywords)
    ]
    found = _few(checks, len(tasks))
    if study.phrase_language != ENGLISH and _is_suggesting(study):
        found.append(warning("Suggested rewordings are English, so nobody gets any in this language.", FixIn.TASKS))
    datasets = {task.base_model.dataset for task in tasks}
    of_files = (replace(check, of=each) for each in sorted(datasets, key=str) for check in _of_files(each))
    return [*found, *of_files]


def _is_suggesting(study: Study) -> bool:
    """Return whether other wordings are suggested to anybody."""
    return study.suggest_rewordings or study.conditions.filter(suggest_rewordings=True).exists()


def _few(checks: list[Check], n_tasks: int) -> list[Check]:
    """Shorten the checks of many tasks to what can be read: some that are not right, and how many more there are."""
    if n_tasks <= MAX_TOLD:
        return checks
    found = []
    for level in (Level.BLOCK, Level.DOUBT, Level.WARN):
        those = [check for check in checks if check.level is level]
        found += those[:MAX_TOLD]
        if len(those) > MAX_TOLD:
            text = f"{len(those) - MAX_TOLD:,} more problems like these, in {n_tasks:,} tasks."
            found.append(Check(level, text, FixIn.TASKS))
    return [*found, passed(f"Everything{' else' if found else ''} is right in all of the {n_tasks:,} tasks.")]


def _of_task(study: Study, task: Task, levels: Levels, *, keywords: bool) -> Iterator[Check]:
    """Yield what is to be said of a task, which the sentences do not name."""
    if reasons := task_reasons(task):
        yield from (block(reason, FixIn.TASKS) for reason in reasons)
        return
    base_model = task.base_model
    images = class_images(base_model, resolved_target_class(task))
    name = base_model.dataset.class_names[resolved_target_class(task)]
    right = f"the model is right on {images.n_correct} and wrong on {images.n_error} of the validation images"
    yield passed(f"{right} of “{name}”.")
    if said := little_learned(base_model):
        yield doubt(said, FixIn.LIBRARY)
    yield from guessing_checks(study, task, images, levels)
    yield _clock(study, task)
    if keywords and not (task.keyword_list or top_keywords(task)):
        text = f"no keyword is ranked on “{name}”, but people are supposed to see keywords."
        yield block(f"{text} Rank some with `manage.py rank_keywords`, or enter them in the task.", FixIn.TASKS)
    if not base_model.dataset.has_features:
        text = f"{base_model.dataset} has no features, so no model can be retrained with the phrases."
        yield warning(text, FixIn.LIBRARY)


def _clock(study: Study, task: Task) -> Check:
    if study.audience == Audience.EXPERTS:
        return passed("it has no time limit, because experts work without one.")
    if task.time_limit_s is None:
        return block("it has no time limit. Only a study of experts may omit it. Set a time limit.", FixIn.TASKS)
    return passed(f"it takes at most {task.time_limit_s / 60:.3g} minutes.")


def _of_files(dataset: Dataset) -> list[Check]:
    try:
        files = dataset.files
        found = [_digest(dataset, files), _images(dataset, files)]
    except BadDataset:  # the task's reasons tell it
        return []
    except OSError as error:
        return [block(f"{dataset} cannot be read: {error.strerror}. Import it again.", FixIn.LIBRARY)]
    if dataset.problem:
        return [*found, block(encoder_problem(dataset), FixIn.LIBRARY)]
    return [*found, *_sees_images(dataset), _encoder(dataset)] if dataset.similarity_encoder else found


def _digest(dataset: Dataset, files: DatasetFiles) -> Check:
    """The row and the directory are one version, and its small files are as they were written."""
    if files.manifest.digest != dataset.digest:
        text = f"The files of {dataset} have another version than its entry here. Import it again."
        return block(text, FixIn.LIBRARY)
    changed = [
        name
        for name, digest in files.manifest.files.items()
        if hashlib.sha256((files.directory / name).read_bytes()).hexdigest() != digest
    ]
    if changed:
        return block(f"{', '.join(changed)} of {dataset} changed since the import. Import it again.", FixIn.LIBRARY)
    return passed(f"{dataset} is as it was imported: {files.n_rows:,} images.")


def _images(dataset: Dataset, files: DatasetFiles) -> Check:
    """Some thumbnails of what people look at, spread over the data set, can be opened."""
    shown = files.rows(Split.VALIDATION)
    if without := int((~files.pictured[shown]).sum()):
        text = f"{without:,} of {len(shown):,} validation images of {dataset} have no picture, so people cannot see"
        return block(f"{text} them. Import its embeddings again with the image files beside them.", FixIn.LIBRARY)
    rows = shown[np.linspace(0, len(shown) - 1, min(IMAGES_LOOKED_AT, len(shown))).astype(int)]
    broken = [key for key in (files.image_keys[row].decode("ascii") for row in rows) if not _opens(files, key)]
    if broken:
        text = f"{len(broken)} of {len(rows)} images of {dataset} cannot be opened. Import it again."
        return block(text, FixIn.LIBRARY)
    return passed(f"{len(rows)} sampled images of {dataset} can be opened.")


def _opens(files: DatasetFiles, key: str) -> bool:
    try:
        return is_whole_thumbnail(files.image_path(key))
    except OSError:
        return False


def _sees_images(dataset: Dataset) -> list[Check]:
    """Whether the encoder may see nothing in the images: the form of an import ticks the bundled one on a new site."""
    if dataset.similarity_encoder != BUNDLED or not dataset.imports.exists():
        return []
    return [
        doubt(
            f"{dataset} uses the encoder that comes with Clarify, which knows only drawn shapes. If its images are "
            "photographs, scores on them mean almost nothing. Import it again with another encoder.",
            FixIn.LIBRARY,
        )
    ]


def _encoder(dataset: Dataset) -> Check:
    """Whether a worker is known to have loaded the encoder: it has scored a phrase with it."""
    spec = dataset.similarity_encoder
    newest = Score.objects.filter(dataset_digest=dataset.digest).order_by("-scored_at").values("scored_at").first()
    if newest is None:
        text = f"No phrase has been scored on {dataset} with {spec} yet. A rehearsal shows whether scoring works."
        return warning(text, FixIn.REHEARSAL)
    return passed(f"{spec} scored a phrase on {dataset} on {newest['scored_at']:%-d %B %Y at %H:%M} UTC.")
