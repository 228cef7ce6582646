"""What participants read is plain: at most the grade of a ten-year-old, by Flesch and Kincaid's formula."""

import re

import pytest
import textstat
from babel.messages.pofile import read_po

from annotations.models.consent_texts import DEFAULT_CONSENTS
from tests import messages

MOST = 5.0
FEWEST_WORDS = 8  # the formula says nothing of a label
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def _texts() -> list[str]:
    """The English texts of the participants' pages, each word that is filled in as a short one."""
    with messages.path_of("de").open("rb") as file:
        ids = [message.id for message in read_po(file) if message.id]
    texts = [str(text) for id_ in ids for text in ((id_,) if isinstance(id_, str) else id_)]
    plain = [PLACEHOLDER.sub("red", re.sub(r"<[^>]*>", "", text)).replace("%%", "%") for text in texts]
    return [text for text in plain if len(text.split()) >= FEWEST_WORDS]


def test_every_text_is_read_with_ease() -> None:
    texts = _texts()
    assert len(texts) > 100
    hard = {text: grade for text in texts if (grade := round(textstat.flesch_kincaid_grade(text), 1)) > MOST}
    assert hard == {}


def test_the_consent_text_is_harder_by_what_it_must_name() -> None:
    """It lists what is stored in one sentence, which the formula counts as long."""
    assert textstat.flesch_kincaid_grade(DEFAULT_CONSENTS["en"]) <= 7


@pytest.mark.parametrize(
    "hard", ["Simultaneously participating individuals reciprocally influence performance evaluations."]
)
def test_the_measure_tells_hard_from_easy(hard: str) -> None:
    assert textstat.flesch_kincaid_grade(hard) > MOST
