import pytest

from annotations.phrases.phrase_feedback import names_the_class


@pytest.mark.parametrize("phrase", ["water bird", "Waterbirds", "a water-bird", "images of waterbirds"])
def test_the_name_is_recognised_however_it_is_written(phrase: str) -> None:
    assert names_the_class(phrase, "waterbird", cosine=0.0)


def test_a_synonym_is_recognised_by_its_embedding() -> None:
    assert names_the_class("box", "square", cosine=0.999)
    assert not names_the_class("circle", "square", cosine=0.7)


def test_the_name_among_other_words_says_more() -> None:
    assert not names_the_class("dark squares", "square", cosine=0.97)
