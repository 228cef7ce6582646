"""Many rows computed again, each data set's together: runs, phrases' scores, and levels of common words."""

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from annotations.models import BaseModel, GatheredTraining, RandomSlices, Run, Score, VocabularyLevel
from annotations.models.arrays import unpack_float32
from annotations.phrases.scoring import NULL_QUANTILE, complete
from annotations.phrases.vocabulary_levels import LevelKey
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.embeddings.training_features import NoRoom
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level
from worker.common import process_cache
from worker.datasets.head_training import heads_at_once
from worker.phrases.scoring import scored_anew, scored_phrase
from worker.pools.gathered_training import MEASURES, effects
from worker.research.recomputing.stored_runs import (
    EMBEDDING_ROUNDING,
    NUMBER_ROUNDING,
    SIMILARITY_ROUNDING,
    Difference,
    differing_arrays,
    differing_fields,
    differing_numbers,
    differing_values,
    listed,
    random_slice_differences,
    rounded_fields,
    run_differences,
)

_SAME = (
    *("sign", "subject", "rendered_text", "text_template", "text_digest", "encoder", "dataset_digest"),
    *("n_correct", "n_error", "p_method"),
)
_ROUNDED = {
    "value": NUMBER_ROUNDING,
    "two_sided": NUMBER_ROUNDING,
    "threshold": SIMILARITY_ROUNDING,
    "two_sided_threshold": SIMILARITY_ROUNDING,
    "class_name_cosine": EMBEDDING_ROUNDING,
    "p_value": NUMBER_ROUNDING,
}
_SAME_OF_LEVEL = ("n_correct", "n_error", "n_words", "n_distinct", "words_digest")


def score_differences(score: Score) -> list[Difference]:
    """Compute a score again and return where it comes out differently.

    The text is embedded again and compared; all else is made from the stored embedding, which the score stands on.
    """
    return listed(_of_score(score), "score", f"{score.value:.4f}")


def level_differences(stored: VocabularyLevel) -> list[Difference]:
    """Embed and score the words again and return where a level comes out differently.

    An encoder's rounding may move an image among nearly equal ones, and so a score by one image of its side. The level
    is compared with that of the stored scores.
    """
    return listed(_of_level(stored), "level", str(stored.level))


def _of_level(stored: VocabularyLevel) -> Iterator[Difference]:
    key = LevelKey.of(stored)
    again = scored_anew(key)
    yield from differing_fields(_SAME_OF_LEVEL, stored, again)
    one_image = NUMBER_ROUNDING + 1 / max(1, min(stored.n_correct, stored.n_error))
    for name, sign in (("", 1), ("negated_", -1)):
        scores = stored.scores_of(sign)
        yield from differing_arrays(f"{name}scores", scores, again.scores_of(sign), one_image)
        level = vocabulary_level(scores) if len(scores) else None
        yield from differing_values(f"{name}level", stored.of_sign(sign), level)


def _of_score(score: Score) -> Iterator[Difference]:
    dataset, embedding = score.phrase.assignment.task.base_model.dataset, unpack_float32(score.text_embedding)
    process_cache.text_encoder(dataset)  # raises where its weights are not those of the images
    embedded = process_cache.text_embedding(dataset.similarity_encoder, score.rendered_text)
    yield from differing_arrays("text_embedding", embedding, embedded, EMBEDDING_ROUNDING)
    again = scored_phrase(dataset, score.phrase, embedding, score.encode_ms)
    complete([again])
    yield from differing_fields(_SAME, score, again)
    yield from differing_arrays("similarities", score.similarity_array, again.similarity_array, SIMILARITY_ROUNDING)
    yield from rounded_fields(_ROUNDED, score, again)
    yield from _tries(score, again)


def _tries(score: Score, again: Score) -> Iterator[Difference]:
    """The number of tries, counted again, and the null level of as many as are stored.

    Fewer are no difference where an earlier visit of the person was erased: its phrases were tried, and are gone.
    """
    assert score.tries is not None and again.tries is not None, "every score is stored with its tries"
    if again.tries > score.tries or not _has_lost_phrases(score):
        yield from differing_values("tries", score.tries, again.tries)
    level = null_level(again.n_correct, again.n_error, score.tries, NULL_QUANTILE)
    yield from differing_numbers("null_level", score.null_level, level)


def _has_lost_phrases(score: Score) -> bool:
    visits = score.phrase.assignment.session.participant.sessions
    return visits.filter(erased_at__isnull=False, created_at__lt=score.phrase.submitted_at).exists()


def gathering_differences(training: GatheredTraining) -> list[Difference]:
    """Train all heads of a training again and return which numbers of its table come out differently."""
    return listed(_of_training(training), "table", f"{len(training.table)} models")


def _of_training(training: GatheredTraining) -> Iterator[Difference]:
    again = effects(training)
    yield from differing_values("models", [row["name"] for row in training.table], [row["name"] for row in again])
    for stored, now in zip(training.table, again, strict=False):
        for name in ("n_added", "reason", "minutes"):
            yield from differing_values(f"{name} of {stored['name']}", stored[name], now[name])
        for name in [f"{measure}{end}" for measure in MEASURES for end in ("", "_gain")]:
            for place, (one, other) in enumerate(zip(stored.get(name, ()), now.get(name, ()), strict=False)):
                yield from differing_numbers(f"{name} [{place}] of {stored['name']}", one, other)


Row = Score | VocabularyLevel | Run | RandomSlices | GatheredTraining


def random_slices_of(runs: QuerySet[Run]) -> QuerySet[RandomSlices]:
    """Return the random slices that runs are judged beside, each set once."""
    return RandomSlices.objects.filter(pk__in=runs.order_by().values("random_slices"))


def compute_again(
    scores: QuerySet[Score],
    levels: QuerySet[VocabularyLevel],
    runs: QuerySet[Run],
    trainings: QuerySet[GatheredTraining],
    progress: Progress,
) -> Iterator[tuple[Row, Sequence[Difference]]]:
    """Yield each score, each level, each run, the runs' random slices, each training, with what comes out differently.

    The runs' states are in HAS_RESULT; the trainings with gathered images are done.
    """
    n_scores, n_levels, n_runs, done = scores.count(), levels.count(), runs.count(), 0
    for number, score in enumerate(_in_order(scores).iterator(), 1):
        yield score, score_differences(score)
        progress("scores", number, n_scores)
    for number, level in enumerate(levels.select_related("base_model__dataset").iterator(1), 1):
        yield level, level_differences(level)
        progress("levels", number, n_levels)
    for base_model, batch in _batches(runs):
        yield from zip(batch, run_differences(base_model, batch), strict=True)
        done += len(batch)
        progress("runs", done, n_runs)
    sets = random_slices_of(runs).select_related("dataset", "base_model__dataset")
    for number, draws in enumerate(sets, 1):
        yield draws, random_slice_differences(draws)
        progress("random slices", number, len(sets))
    for number, training in enumerate(trainings.select_related("gathering__base_model__dataset", "gathering__pool"), 1):
        yield training, gathering_differences(training)
        progress("gatherings", number, len(trainings))


def _in_order(scores: QuerySet[Score]) -> QuerySet[Score]:
    related = ("task__base_model__dataset", "session__participant", "session__study")
    joined = scores.select_related(*(f"phrase__assignment__{name}" for name in related))
    return joined.order_by("phrase__assignment__task__base_model__dataset", "pk")


def _batches(runs: QuerySet[Run]) -> Iterator[tuple[BaseModel, list[Run]]]:
    """Runs of one base model at a time, as many as a worker trains at once."""
    used = BaseModel.objects.filter(pk__in=runs.order_by().values("base_model")).select_related("dataset")
    for base_model in used.order_by("dataset", "pk"):
        ids = list(runs.filter(base_model=base_model).order_by("pk").values_list("pk", flat=True))
        at_once = _at_once(base_model)
        for start in range(0, len(ids), at_once):
            yield base_model, list(_with_all(Run.objects.filter(pk__in=ids[start : start + at_once])).order_by("pk"))


def _with_all(runs: QuerySet[Run]) -> QuerySet[Run]:
    related = ("base_model__dataset", "control", "assignment__session__participant", "assignment__session__study")
    return runs.select_related(*related)


def _at_once(base_model: BaseModel) -> int:
    try:
        return heads_at_once(base_model.dataset)
    except (BadDataset, NoRoom):
        return 1  # nothing will be trained, and each run says why
