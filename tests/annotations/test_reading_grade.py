"""What participants read is plain: at most the grade of a ten-year-old, by Flesch and Kincaid's formula."""

import re
from collections.abc import Callable
from importlib import import_module

import pytest
from babel.messages.pofile import read_po

from annotations.models.consent_texts import DEFAULT_CONSENTS
from tests.support import messages

MOST = 5.0
FEWEST_WORDS = 8  # the formula says nothing of a label
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def grade() -> Callable[[str], float]:
    """Loaded for these tests alone: every process of a run collects this module."""
    of: Callable[[str], float] = import_module("textstat").flesch_kincaid_grade
    return of


def _texts() -> list[str]:
    """The English texts of the participants' pages, each word that is filled in as a short one."""
    with messages.path_of("de").open("rb") as file:
        ids = [message.id for message in read_po(file) if message.id]
    texts = [str(text) for id_ in ids for text in ((id_,) if isinstance(id_, str) else id_)]
    plain = [PLACEHOLDER.sub("red", re.sub(r"<[^>]*>", "", text)).replace("%%", "%") for text in texts]
    return [text for text in plain if len(text.split()) >= FEWEST_WORDS]


def test_every_text_is_read_with_ease(grade: Callable[[str], float]) -> None:
    texts = _texts()
    assert len(texts) > 100
    hard = {text: found for text in texts if (found := round(grade(text), 1)) > MOST}
    assert hard == {}


def test_the_consent_text_is_harder_by_what_it_must_name(grade: Callable[[str], float]) -> None:
    """It lists what is stored in one sentence, which the formula counts as long."""
    assert grade(DEFAULT_CONSENTS["en"]) <= 7


@pytest.mark.parametrize(
    "hard", ["Simultaneously participating individuals reciprocally influence performance evaluations."]
)
def test_the_measure_tells_hard_from_easy(grade: Callable[[str], float], hard: str) -> None:
    assert grade(hard) > MOST
