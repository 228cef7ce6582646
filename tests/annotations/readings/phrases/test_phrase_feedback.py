"""The error score in words."""

import pytest
from django.utils import translation

from annotations.readings.phrases.verdicts import Verdict, verdict, verdict_sentence


@pytest.mark.parametrize("null_level", [0.0, 0.02])
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
def test_a_score_has_a_word(value: float, two_sided: float, null_level: float, word: Verdict) -> None:
    assert verdict(value, two_sided, null_level) is word


@pytest.mark.parametrize(
    ("value", "two_sided", "word"),
    [
        (0.65, 0.65, Verdict.WELL),
        (0.62, 0.62, Verdict.BY_CHANCE),
        (0.35, 0.35, Verdict.BY_CHANCE),
        (0.05, 0.05, Verdict.BY_CHANCE),
        (0.0, 0.0, Verdict.HARDLY),
        (0.0, 0.84, Verdict.OPPOSITE),
        (0.0, 0.62, Verdict.OPPOSITE_BY_CHANCE),
        (0.05, 0.15, Verdict.OPPOSITE_BY_CHANCE),
        (0.05, 0.14, Verdict.BY_CHANCE),
    ],
)
def test_what_random_words_reach_says_little(value: float, two_sided: float, word: Verdict) -> None:
    assert verdict(value, two_sided, null_level=0.62) is word


def test_the_opposite_is_told_also_where_random_words_reach_as_much() -> None:
    assert [word.value for word in Verdict if word.is_opposite] == ["opposite", "opposite_by_chance"]


@pytest.mark.parametrize(
    ("word", "value", "begins"),
    [
        (Verdict.WELL, 0.9, "<strong>These words explain the mistakes well.</strong>"),
        (Verdict.PARTLY, 0.4, "<strong>These words explain part of the mistakes.</strong>"),
        (Verdict.HARDLY, 0.1, "<strong>These words hardly point to the mistakes.</strong>"),
        (Verdict.HARDLY, 0.0, "<strong>These words do not point to the mistakes.</strong> Look again"),
        (Verdict.BY_CHANCE, 0.5, "<strong>Random words reach as much as these.</strong>"),
        (Verdict.OPPOSITE, 0.0, "<strong>These words do not point to the mistakes.</strong> The AI is wrong <em>less"),
        (Verdict.OPPOSITE_BY_CHANCE, 0.0, "<strong>These words do not point to the mistakes.</strong> If anything"),
    ],
)
def test_a_word_has_a_sentence(word: Verdict, value: float, begins: str) -> None:
    assert verdict_sentence(word, value).startswith(begins)


def test_the_sentence_is_in_the_language_of_the_page() -> None:
    with translation.override("de"):
        assert "<strong>Diese Wörter" in verdict_sentence(Verdict.WELL, 0.9)
