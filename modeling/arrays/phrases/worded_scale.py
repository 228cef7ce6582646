"""The one scale of error scores in words. Its first step is whether they are better than guessing."""

from enum import StrEnum

from modeling.arrays.common.modeling_errors import BadArray

WELL, VERY_WELL = 0.5, 0.75


class Step(StrEnum):
    """How well words explain the mistakes."""

    GUESSING = "no better than guessing"
    PARTLY = "partly"
    WELL = "well"
    VERY_WELL = "very well"


def is_better_than_guessing(value: float, null_level: float, vocabulary_level: float | None) -> bool | None:
    """Judge an error score by both levels.

    Parameters
    ----------
    value : float
        The error score, in [0, 1].
    null_level : float
        What the best of as many words unrelated to the errors reaches.
    vocabulary_level : float or None
        What one common word reaches; None where the class has too few images to tell.

    Returns
    -------
    bool or None
        Whether it is strictly above both levels; None where that cannot be told.

    Examples
    --------
    >>> is_better_than_guessing(0.4, 0.3, 0.5), is_better_than_guessing(0.4, 0.3, None)
    (False, None)
    """
    if value <= null_level:
        return False
    return None if vocabulary_level is None else value > vocabulary_level


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
