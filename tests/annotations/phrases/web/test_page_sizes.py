"""How much the answer to a phrase weighs: people come by phone. (tests/browser/test_weight.py has the first view.)"""

import gzip

import pytest

from annotations.models import Phrase
from tests.support.actors import Visit
from tests.support.views_pages import say, task_url, tree
from worker.phrases.scoring import score_due_phrases

MAX_BYTES = 6_000  # compressed, as they are sent


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_answer_to_a_phrase_is_light_also_after_twenty(alice: Visit, language: str) -> None:
    for number in range(20):
        say(alice, f"light {number}")
    score_due_phrases()
    phrase = Phrase.objects.latest("ordinal")
    headers = {"Clarify-Fragment": "1", "Accept-Language": language}
    answer = alice.client.get(task_url(alice, f"phrases/{phrase.client_uuid}"), headers=headers)
    assert tree(answer).select("#answer .side img")
    assert len(tree(answer).select("#history li")) == 20
    assert len(gzip.compress(answer.content)) <= MAX_BYTES
