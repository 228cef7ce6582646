"""The one scale of error scores in words. Its first step is whether they are better than guessing."""

from enum import StrEnum

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.phrases.vocabulary_level import is_telling

WELL, VERY_WELL = 0.5, 0.75


class Step(StrEnum):
    """How well words explain the mistakes."""

    GUESSING = "no better than guessing"
    PARTLY = "partly"
    WELL = "well"
    VERY_WELL = "very well"


class BetterThanGuessing(StrEnum):
    """Whether an error score is above both levels, or why that cannot be told."""

    YES = "yes"
    NO = "no"
    TOO_FEW = "too_few_images"
    UNKNOWN = "not_known_yet"


def better_than_guessing(
    value: float, null_level: float, vocabulary_level: float | None, n_correct: int, n_error: int
) -> BetterThanGuessing:
    """Judge an error score by both levels.

    Parameters
    ----------
    value : float
        The error score, in [0, 1].
    null_level : float
        What the best of as many words unrelated to the errors reaches.
    vocabulary_level : float or None
        What one common word reaches; None where common words are not scored yet.
    n_correct, n_error : int
        Images that the score stands on.

    Returns
    -------
    BetterThanGuessing
        YES strictly above both levels; NO at or below either; TOO_FEW with fewer than 10 images of a side, whatever
        the score; UNKNOWN above the one level while the other is not known.

    Examples
    --------
    >>> better_than_guessing(0.4, 0.3, 0.5, 15, 15).value, better_than_guessing(0.4, 0.3, None, 15, 15).value
    ('no', 'not_known_yet')
    """
    if not is_telling(n_correct, n_error):
        return BetterThanGuessing.TOO_FEW
    if value <= null_level:
        return BetterThanGuessing.NO
    if vocabulary_level is None:
        return BetterThanGuessing.UNKNOWN
    return BetterThanGuessing.YES if value > vocabulary_level else BetterThanGuessing.NO


def step_of(value: float, *, is_better: bool) -> Step:
    """Put an error score into words.

    Parameters
    ----------
    value : float
        The error score, in [0, 1].
    is_better : bool
        Whether it is better than guessing.

    Returns
    -------
    Step

    Raises
    ------
    BadArray
        If the score is outside [0, 1].

    Examples
    --------
    >>> step_of(0.5, is_better=True).value, step_of(0.9, is_better=False).value
    ('well', 'no better than guessing')
    """
    if not 0 <= value <= 1:
        raise BadArray(f"an error score lies between 0 and 1, not at {value}")
    if not is_better:
        return Step.GUESSING
    return Step.VERY_WELL if value >= VERY_WELL else Step.WELL if value >= WELL else Step.PARTLY
