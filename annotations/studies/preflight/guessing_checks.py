"""Checks of what guessing reaches: words unrelated to the errors, one common word, and the half that judges a bonus."""

from collections.abc import Iterator, Mapping

from annotations.datasets.class_images import ClassImages
from annotations.datasets.target_classes import resolved_target_class
from annotations.models import Study, Task, VocabularyLevel
from annotations.phrases.vocabulary_levels import WHOLE, WORDS_FOLDER, LevelKey, best_score, half_is_telling, words_in
from annotations.studies.preflight.check_result import Check, FixIn, block, doubt, passed, warning
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_languages import LANGUAGES
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
        hardly = f"the encoder tells only {common.n_distinct} of the common words apart, so it hardly knows"
        yield doubt(f"{hardly} {language.name}. It may not understand people’s words.", FixIn.LIBRARY)
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
