"""Checks of a study's tasks: the data set's files, the encoder, the class, what guessing reaches, the images."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from annotations.datasets.class_images import ClassImages, class_images, resolved_target_class
from annotations.datasets.encoder_choices import BUNDLED
from annotations.datasets.encoder_problems import encoder_problem
from annotations.datasets.model_errors import little_learned
from annotations.models import Audience, Dataset, Score, Study, Task, VocabularyLevel
from annotations.phrases.vocabulary_levels import (
    WHOLE,
    WORDS_FOLDER,
    LevelKey,
    best_score,
    half_is_telling,
    levels_by_key,
    words_in,
)
from annotations.studies.preflight.check_result import Check, FixIn, Level, block, doubt, passed, warning
from annotations.studies.readiness import task_reasons
from annotations.studies.shown_keywords import shows_keywords, top_keywords
from clarify_errors.arrays.datasets.dataset_files import BadDataset, DatasetFiles, Split
from clarify_errors.arrays.images.image_files import is_whole_thumbnail
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, LANGUAGES
from clarify_errors.arrays.phrases.vocabulary_level import MIN_DISTINCT, MIN_IMAGES, is_telling
from clarify_errors.arrays.phrases.worded_scale import VERY_WELL, WELL

HIGH_LEVEL = 0.5  # above it, words have to explain more than half of the mistakes to say anything

Levels = Mapping[LevelKey, VocabularyLevel]


def guessing_checks(study: Study, task: Task, images: ClassImages, levels: Levels) -> Iterator[Check]:
    """Yield the checks of a task, which the sentences do not name. images: of its class; levels: of its base model."""
    yield _chance(study, task, images.n_correct, images.n_error)
    yield from _common_words(study, task, images, levels)


def _chance(study: Study, task: Task, n_correct: int, n_error: int) -> Check:
    """The goal against what the best of all the tries of words unrelated to the errors does not pass in 19 of 20."""
    level = null_level(n_correct, n_error, task.max_scored)
    reach = f"the best of {task.max_scored} phrases unrelated to the errors stays below {level:.2f} in 19 of 20 cases"
    if study.goal is not None and study.goal <= level:
        goal = (
            f"the goal is {study.goal:.2f}, so people can reach it by chance. Raise the goal, or allow fewer phrases."
        )
        return warning(f"{reach}, and {goal}", FixIn.TASKS)
    if level > HIGH_LEVEL:
        return warning(f"{reach}, because there are few images. Choose a class with more images.", FixIn.TASKS)
    return passed(f"{reach}{'' if study.goal is None else f', and the goal is {study.goal:.2f}'}.")


def _common_words(study: Study, task: Task, images: ClassImages, levels: Levels) -> Iterator[Check]:
    if not is_telling(images.n_correct, images.n_error):
        few = f"with fewer than {MIN_IMAGES} right or wrong images, nobody can be distinguished from guessing."
        yield doubt(f"{few} Choose a class with more images.", FixIn.TASKS)
        return
    language = LANGUAGES[study.phrase_language]
    if not words_in(language.code):
        nobody = "nobody counts as better than guessing" + (" and no bonus is earned" if study.bonus_cents else "")
        wanted = f"Ask its operator for {WORDS_FOLDER}/{language.code}.txt (docs/operators/operations.md)."
        says = f"this site has no list of common {language.name} words, so {nobody}. {wanted}"
        yield (block if study.bonus_cents else doubt)(says, FixIn.TASKS)
        return
    words = task.text_template, language.code
    common = levels.get(LevelKey(task.base_model_id, resolved_target_class(task), *words, WHOLE))
    if common is None or common.level is None:
        waits = "common words are still being scored. Until then, nobody counts as better than guessing."
        yield warning(f"{waits} Look again in a few minutes.", FixIn.TASKS)
        return
    yield _common_level(study, common.level)
    if (best := best_score(common.pk)) < WELL:
        scores = f"the best of {common.n_words:,} common words scores {best:.2f}, and “well” begins at {WELL:.2f}"
        hardly = "the encoder can hardly name these mistakes, and what people find may say little of them"
        yield doubt(f"{scores}: {hardly}. Choose another class or encoder.", FixIn.TASKS)
    if common.n_distinct < MIN_DISTINCT:
        tells = f"the encoder tells only {common.n_distinct} of {common.n_words:,} common words apart"
        knows = f"one that knows {language.name} {MIN_DISTINCT} or more"
        yield doubt(f"{tells}, and {knows}. It may not understand people’s words.", FixIn.LIBRARY)
    if study.bonus_cents and not half_is_telling(study, task, resolved_target_class(task)):
        few = f"the half of the images that judges a bonus has fewer than {MIN_IMAGES} right or wrong ones"
        yield warning(f"{few}, so Clarify cannot tell what common words reach there.", FixIn.MONEY)


def _common_level(study: Study, level: float) -> Check:
    reach = f"one common word in twenty scores above {level:.2f}"
    if level >= VERY_WELL:
        text = f"{reach}, so even words that explain the mistakes very well do not count as better than guessing."
        return block(f"{text} Choose another class or encoder.", FixIn.TASKS)
    if study.goal is not None and study.goal <= level:
        return warning(
            f"{reach}, and the goal is {study.goal:.2f}, so guessing reaches it. Raise the goal.",
            FixIn.TASKS,
        )
    if level > HIGH_LEVEL:
        return warning(
            f"{reach}, so only words that explain more than half of the mistakes count as better than guessing.",
            FixIn.TASKS,
        )
    return passed(f"{reach}. People’s words must exceed that.")


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
