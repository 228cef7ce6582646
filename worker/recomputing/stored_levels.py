"""What common words reach, computed again from the words."""

from collections.abc import Iterator

from annotations.models import VocabularyLevel
from annotations.readings.phrases.vocabulary_levels import LevelKey
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.phrases.vocabulary_level import vocabulary_level
from worker.phrases.vocabulary_levels import scored_anew
from worker.recomputing.differences import (
    NUMBER_ROUNDING,
    Difference,
    differing_arrays,
    differing_fields,
    differing_values,
)

_SAME = ("n_correct", "n_error", "n_words", "n_distinct", "words_digest")


def level_differences(stored: VocabularyLevel) -> list[Difference]:
    """Embed and score the words again and return where a level comes out differently.

    An encoder's rounding may move an image among nearly equal ones, and so a score by one image of its side. The level
    is compared with that of the stored scores.
    """
    try:
        return list(_differences(stored))
    except ModelingError as error:
        return [Difference("level", str(stored.level), f"cannot be recomputed: {error}")]


def _differences(stored: VocabularyLevel) -> Iterator[Difference]:
    key = LevelKey(stored.base_model_id, stored.target_class, stored.text_template, stored.half)
    again = scored_anew(key)
    yield from differing_fields(_SAME, stored, again)
    one_image = NUMBER_ROUNDING + 1 / max(1, min(stored.n_correct, stored.n_error))
    for name, sign in (("", 1), ("negated_", -1)):
        scores = stored.scores_of(sign)
        yield from differing_arrays(f"{name}scores", scores, again.scores_of(sign), one_image)
        yield from differing_values(
            f"{name}level", stored.of_sign(sign), vocabulary_level(scores) if len(scores) else None
        )
