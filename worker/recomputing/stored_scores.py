"""A stored score, computed again from the phrase's words."""

from collections.abc import Iterator

from annotations.models import Score
from annotations.models.arrays import unpack_float32
from annotations.services.phrases.scoring import NULL_QUANTILE, score_of
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.phrases.null_level import null_level
from worker.common import process_cache
from worker.phrases.phrase_scores import scored_phrase
from worker.recomputing.differences import (
    EMBEDDING_ROUNDING,
    SIMILARITY_ROUNDING,
    Difference,
    differing_arrays,
    differing_fields,
    differing_numbers,
    differing_values,
)

_SAME = (
    *("sign", "subject", "rendered_text", "text_template", "text_digest", "encoder", "dataset_digest"),
    *("n_correct", "n_error", "p_method"),
)


def score_differences(score: Score) -> list[Difference]:
    """Compute a score again and return where it comes out differently.

    The text is embedded again and compared; all else is made from the stored embedding, which the score stands on.
    """
    try:
        return list(_differences(score))
    except ModelingError as error:
        return [Difference("score", f"{score.value:.4f}", f"cannot be recomputed: {error}")]


def _differences(score: Score) -> Iterator[Difference]:
    dataset, embedding = score.phrase.assignment.task.base_model.dataset, unpack_float32(score.text_embedding)
    process_cache.text_encoder(dataset)  # raises where its weights are not those of the images
    embedded = process_cache.text_embedding(dataset.similarity_encoder, score.rendered_text)
    yield from differing_arrays("text_embedding", embedding, embedded, EMBEDDING_ROUNDING)
    again = score_of(scored_phrase(dataset, score.phrase, embedding, score.encode_ms))
    yield from differing_fields(_SAME, score, again)
    yield from differing_arrays("similarities", score.similarity_array, again.similarity_array, SIMILARITY_ROUNDING)
    yield from differing_numbers("value", score.value, again.value)
    yield from differing_numbers("two_sided", score.two_sided, again.two_sided)
    yield from differing_numbers("threshold", score.threshold, again.threshold, SIMILARITY_ROUNDING)
    yield from differing_numbers(
        "class_name_cosine", score.class_name_cosine, again.class_name_cosine, EMBEDDING_ROUNDING
    )
    yield from differing_numbers("p_value", score.p_value, again.p_value)
    yield from _tries(score, again)
    yield from differing_numbers(
        "two_sided_threshold", score.two_sided_threshold, again.two_sided_threshold, SIMILARITY_ROUNDING
    )


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
