"""What every page keeps to: the content security policy, and no third party."""

import re

import pytest
from django.test import Client

from annotations.models import Study
from tests.support.actors import Visit
from tests.support.views_pages import say, task_url, tree
from worker.phrases.scoring import score_due_phrases

IDS = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}


@pytest.fixture
def pages(alice: Visit, client: Client, open_study: Study) -> dict[str, bytes]:
    """Every page of a visit, by its name."""
    shown = {"welcome": client.get("/study/sprites/", IDS).content, "fault": client.get("/nowhere").content}
    client.post("/study/sprites/start", IDS)
    shown["consent"] = client.get("/visit/consent").content
    shown["tutorial"] = client.post("/visit/consent", {"agree": "yes"}, follow=True).content
    shown["begin"] = client.post("/visit/tutorial", follow=True).content
    shown["task"] = alice.client.get(task_url(alice)).content
    say(alice, "red")
    score_due_phrases()
    shown["answered"] = alice.client.get(task_url(alice)).content
    shown["end"] = alice.client.post(task_url(alice, "done"), {"sure": "yes"}, follow=True).content
    shown["code"] = alice.client.post("/visit/end", follow=True).content
    return shown


def test_no_page_has_an_inline_style_or_script(pages: dict[str, bytes]) -> None:
    for name, content in pages.items():
        assert not re.search(rb"\sstyle=|<style|\son[a-z]+=|javascript:", content), name
        assert not re.search(rb"<script(?![^>]*\ssrc=)", content), name


def test_no_page_loads_anything_from_elsewhere(pages: dict[str, bytes]) -> None:
    for name, content in pages.items():
        assert not re.search(rb"(src|action)=\"(https?:)?//", content), name
        assert not re.search(rb"<link[^>]*href=\"(https?:)?//", content), name


def test_every_page_has_one_heading_and_at_most_one_filled_button(pages: dict[str, bytes]) -> None:
    for name, content in pages.items():
        page = tree(type("Answer", (), {"content": content}))
        assert len(page.select("h1")) == 1, name
        assert len(page.select(".button:not(.quiet, .even, dialog .button)")) <= 1, name


def test_the_policy_is_strict(client: Client, db: None) -> None:
    policy = client.get("/livez")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
