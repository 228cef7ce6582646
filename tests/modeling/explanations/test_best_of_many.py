"""The headline of the best of many phrases: how many random words would pass, and never a bare claim."""

import numpy as np
import pytest

from clarify_errors.arrays.phrases.vocabulary_level import chance_to_pass
from tests.modeling.explanations.conftest import BIG, RED, PlantedFlaw
from tests.modeling.explanations.random_words import explained, random_words
from tests.modeling.explanations.test_explain import explained as explained_flaw

CLAIM = ": better than guessing)"


def test_random_words_are_never_called_a_finding_and_pass_as_often_as_the_headline_says() -> None:
    """Of 20 random words the best passes both levels in 64% of data sets; none of 40 headlines claims a finding."""
    found = random_words(40)
    assert found.claimed == 0
    assert 0.45 <= found.passed <= 0.85
    assert found.passed == pytest.approx(found.stated, abs=0.2)
    assert found.stated == pytest.approx(1 - 0.95**20, abs=0.1)


def test_a_single_phrase_keeps_its_verdict(flaw: PlantedFlaw) -> None:
    words = {str(word): direction for word, direction in enumerate(np.random.default_rng(0).normal(size=(200, 16)))}
    assert CLAIM in repr(explained_flaw(flaw, phrases={"red": RED}, vocabulary=words))
    assert "no better than guessing" in repr(explained_flaw(flaw, phrases={"big": BIG}, vocabulary=words))


def test_the_best_of_many_says_how_many_passed_and_how_many_random_words_would() -> None:
    report = explained(seed=0)
    chance = report.random_words
    assert chance is not None and chance.tries == 20
    assert chance.passed == (report.table().better_than_guessing == "yes").sum() > 0
    scores, level = report.vocabulary_scores[1], max(report.null_level, report.vocabulary_levels[1])
    assert chance.expected == pytest.approx(20 * (scores > level).mean())
    assert chance.any_passes == pytest.approx(chance_to_pass(scores, level, 20))
    assert (
        f"{chance.passed} of the 20 phrases pass both levels; of 20 random words {chance.expected:.1f} would, and at "
        f"least one in {100 * chance.any_passes:.0f} of 100 cases"
    ) in repr(report)


def test_negations_are_held_against_negated_random_words(flaw: PlantedFlaw) -> None:
    class Encoder:
        dim = 16

        def encode_texts(self, texts: list[str]) -> np.ndarray:
            rng = np.random.default_rng(3)
            return np.stack([RED if "red" in text else rng.normal(size=16) for text in texts]).astype(np.float32)

    report = explained_flaw(
        flaw,
        phrases=["there is no red", "red", "no dog"],
        encoder=Encoder(),
        vocabulary=[f"word {i}" for i in range(99)],
    )
    levels = {sign: max(report.null_level, level) for sign, level in report.vocabulary_levels.items()}
    one, two = (chance_to_pass(report.vocabulary_scores[sign], levels[sign], n) for sign, n in ((1, 1), (-1, 2)))
    assert report.random_words is not None
    assert report.random_words.any_passes == pytest.approx(1 - (1 - one) * (1 - two))
    of_one = [(report.vocabulary_scores[sign] > levels[sign]).mean() for sign in (1, -1, -1)]
    assert report.random_words.expected == pytest.approx(sum(of_one))


def test_without_a_vocabulary_or_images_enough_nothing_is_said_of_random_words(flaw: PlantedFlaw) -> None:
    assert explained_flaw(flaw).random_words is None
    assert "whether that is more than guessing is not known" in repr(explained_flaw(flaw))
    few = explained(seed=0, errors=5)
    assert few.random_words is None and "too few images to tell" in repr(few)
