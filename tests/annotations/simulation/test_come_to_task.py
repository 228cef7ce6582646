"""A visitor who goes straight to a task, and sends phrases as the page's script does."""

import uuid

import httpx2
import pytest

from annotations.models import AnnotationSession, Phrase
from annotations.simulation.page_browser import Browser, UnexpectedPage
from annotations.simulation.personas import Persona
from annotations.simulation.visitor import visit
from tests.support.at_a_task import come_to_task, send

PATH = "/study/sprites/"
IDS = {"PROLIFIC_PID": "sim-person", "STUDY_ID": "simulated", "SESSION_ID": "sim-visit"}


def test_who_comes_again_by_the_same_link_is_at_the_same_task(site: str, vouched_for: None) -> None:
    with Browser(site) as first, Browser(site) as second:
        assert come_to_task(first, PATH, IDS).url.path == come_to_task(second, PATH, IDS).url.path
    assert AnnotationSession.objects.count() == 1


def test_a_visit_that_is_over_has_no_task(site: str, scoring: None, vouched_for: None) -> None:
    visit(site, PATH, IDS, Persona("carol", ("red",)))
    with Browser(site) as browser, pytest.raises(UnexpectedPage, match="without a form #phrase"):
        come_to_task(browser, PATH, IDS)


def test_a_phrase_is_sent_from_the_page_and_again_without_a_second_row(site: str) -> None:
    phrase = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    with Browser(site) as browser:
        page = come_to_task(browser, PATH, IDS)
        assert [send(browser, page, "phrase", phrase) for _ in range(2)] == [httpx2.codes.OK] * 2
        assert send(browser, page, "phrase", phrase | {"text": "?!"}) == httpx2.codes.BAD_REQUEST
    assert Phrase.objects.get().text == "red"


def test_a_visit_that_is_gone_answers_with_a_status_that_is_no_success(site: str) -> None:
    with Browser(site) as browser:
        page = come_to_task(browser, PATH, IDS)
        AnnotationSession.objects.update(stage="consent")
        assert not httpx2.codes.is_success(send(browser, page, "phrase", {"text": "red"}))
    assert not Phrase.objects.exists()
