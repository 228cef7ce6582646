"""An encoder whose weights are gone: a worker meets it, and every page of the study's run says so in its words."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from annotations.models import Dataset, Phrase, PhraseState, Study
from tests.support.actors import ENCODER, Visit
from tests.support.steps import submit
from worker.common import process_cache
from worker.phrases.scoring import score_due_phrases

MODULE = """
from pathlib import Path
from tests.support.fake_encoder import FakeEncoder

def load():
    Path(__file__).with_suffix(".weights").read_bytes()
    return FakeEncoder()
"""
BROKEN = ".next.is-broken"
PAGES = {"preflight": ".check-block", "rehearsal": "[role=alert]", "monitor": BROKEN, "change": BROKEN}


def red_lines(client: Client, study: Study) -> dict[str, str]:
    pages = {}
    for name, marks in PAGES.items():
        page = client.get(reverse(f"admin:annotations_study_{name}", args=[study.pk]))
        found = BeautifulSoup(page.content, "html.parser").select(marks)
        pages[name] = " ".join(" ".join(each.text.split()) for each in found)
    return pages


def test_an_encoder_without_its_weights_is_a_red_line_on_every_page_in_the_workers_words(
    alice: Visit, open_study: Study, coordinator_client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "encoder_of_the_site.py").write_text(MODULE)
    (tmp_path / "encoder_of_the_site.weights").write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    process_cache.failures.clear()
    (tmp_path / "encoder_of_the_site.weights").unlink()
    Dataset.objects.update(similarity_encoder="python:encoder_of_the_site")
    phrase = submit(alice, "red")
    assert score_due_phrases() == 0
    told = red_lines(coordinator_client, open_study)
    for name, words in told.items():
        assert "Workers cannot score phrases on" in words, name
        assert "encoder_of_the_site.weights" in words, name
    Dataset.objects.update(similarity_encoder=ENCODER)  # the operator restored it
    process_cache.failures.clear()
    assert score_due_phrases() == 1
    assert Phrase.objects.get(pk=phrase.pk).state == PhraseState.SCORED
    assert not any("cannot score" in words for words in red_lines(coordinator_client, open_study).values())
