"""Stored scores of phrases, and levels of common words, computed again from the words."""

from collections.abc import Iterator

from annotations.models import Score, VocabularyLevel
from annotations.models.arrays import unpack_float32
from annotations.phrases.scoring import NULL_QUANTILE, complete
from annotations.phrases.vocabulary_levels import LevelKey
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level
from worker.common import process_cache
from worker.phrases.phrase_scores import scored_phrase
from worker.phrases.vocabulary_levels import scored_anew
from worker.research.recomputing.differences import (
    EMBEDDING_ROUNDING,
    NUMBER_ROUNDING,
    SIMILARITY_ROUNDING,
    Difference,
    differing_arrays,
    differing_fields,
    differing_numbers,
    differing_values,
    listed,
    rounded_fields,
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
