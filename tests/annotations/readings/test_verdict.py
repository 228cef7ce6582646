"""The error score in words."""

import pytest

from annotations.readings.results import Verdict, verdict


@pytest.mark.parametrize(
    ("value", "two_sided", "word"),
    [
        (0.9, 0.9, Verdict.WELL),
        (0.6, 0.6, Verdict.WELL),
        (0.59, 0.59, Verdict.PARTLY),
        (0.3, 0.3, Verdict.PARTLY),
        (0.29, 0.29, Verdict.HARDLY),
        (0.0, 0.0, Verdict.HARDLY),
        (0.0, 0.84, Verdict.OPPOSITE),
        (0.05, 0.84, Verdict.OPPOSITE),
        (0.05, 0.14, Verdict.HARDLY),
    ],
)
def test_a_score_has_a_word(value: float, two_sided: float, word: Verdict) -> None:
    assert verdict(value, two_sided) is word
