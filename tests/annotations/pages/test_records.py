"""What people did and what came of it: readable, never editable, without ids from outside."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from annotations.log import events
from annotations.models import AnnotationSession, Assignment, BaseModel, Dataset, Event, Phrase, Run, event_kinds
from annotations.runs.staff_pages import run_list as runs
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run
from tests.support.steps import submit_and_score

pytestmark = pytest.mark.usefixtures("stored_alice", "stored_bob")

MODELS = (AnnotationSession, Assignment, Phrase, Run, BaseModel, Dataset, Event)
NOTHING = "\N{EN DASH}"
NAMES = [model._meta.model_name for model in MODELS]


@pytest.fixture
def worked(alice: Visit, bob: Visit) -> Run:
    events.record(event_kinds.STUDY_OPENED, alice.session.study)
    add_phrase(bob, "waits")
    add_run(add_phrase(bob, "too few", 0.25), None)
    return add_run(add_phrase(alice, "red squares", 0.75), 0.5)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_every_list_and_every_page_opens_and_nothing_can_be_changed(
    coordinator_client: Client, worked: Run, model: type[Phrase]
) -> None:
    name = model._meta.model_name
    assert coordinator_client.get(reverse(f"admin:annotations_{name}_changelist")).status_code == 200
    for row in model.objects.all():
        page = coordinator_client.get(reverse(f"admin:annotations_{name}_change", args=[row.pk]))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        before = model.objects.filter(pk=row.pk).values().get()
        answer = coordinator_client.post(page.request["PATH_INFO"], {"state": "done"})
        assert answer.status_code == (
            302 if name in ("basemodel", "dataset") else 403
        )  # these two have acts of their own
        assert model.objects.filter(pk=row.pk).values().get() == before
        delete = f"/admin/annotations/{name}/{row.pk}/delete/"
        assert coordinator_client.post(delete, {"post": "yes"}).status_code == 403
    assert coordinator_client.get(f"/admin/annotations/{name}/add/").status_code == 403


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_no_page_shows_an_id_from_outside(
    coordinator_client: Client, worked: Run, alice: Visit, model: type[Phrase]
) -> None:
    name = model._meta.model_name
    addresses = [reverse(f"admin:annotations_{name}_changelist")]
    addresses += [reverse(f"admin:annotations_{name}_change", args=[row.pk]) for row in model.objects.all()]
    for address in addresses:
        page = coordinator_client.get(address).content.decode()
        assert not [outside for outside in alice.external_ids.values() if outside in page]


def test_the_list_of_phrases_shows_score_threshold_and_what_retraining_reached(
    coordinator_client: Client, worked: Run
) -> None:
    page = coordinator_client.get("/admin/annotations/phrase/").content.decode()
    assert "0.75" in page and "0.1000" in page and "50.0%" in page and "Refused" in page


def test_the_page_of_a_phrase_says_what_random_words_reach_and_which_way_it_was_scored(
    coordinator_client: Client, alice: Visit
) -> None:
    for phrase in submit_and_score(alice, "red", "no blue"):
        page = coordinator_client.get(f"/admin/annotations/phrase/{phrase.pk}/change/").content.decode()
        tries = phrase.score.tries
        assert f"{phrase.score.null_level:.2f} in {tries} {'try' if tries == 1 else 'tries'}" in page
        assert f"{phrase.score.p_value:.2g} (exact)" in page
        assert {"red": "with “red”", "no blue": "without “blue”"}[phrase.text] in page


def test_the_list_of_phrases_reads_no_arrays_and_few_queries(
    coordinator_client: Client, worked: Run, alice: Visit, django_assert_max_num_queries: object
) -> None:
    for i in range(20):
        add_run(add_phrase(alice, f"phrase {i}", 0.5), 0.5)
    with django_assert_max_num_queries(9) as captured:  # type: ignore[operator]
        coordinator_client.get("/admin/annotations/phrase/")
    rows = " ".join(query["sql"] for query in captured.captured_queries)
    assert '"similarities"' not in rows and '"text_embedding"' not in rows


def test_a_run_stands_beside_its_base_model_and_its_control_worst_group_first(
    coordinator_client: Client, worked: Run
) -> None:
    rows = coordinator_client.get(f"/admin/annotations/run/{worked.pk}/change/").context["comparisons"]
    assert rows[0] == ("Worst-group accuracy", "25.0%", NOTHING, "50.0%", NOTHING, "+25.0")
    assert [measure for measure, *_ in rows[4:]] == ["square, blue", "square, red", "oval, blue", "oval, red"]
    assert rows[6][3:5] == (NOTHING, NOTHING)


def test_a_head_is_downloaded_with_its_model_card(
    coordinator_client: Client, worked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("head.safetensors", b"")
    monkeypatch.setattr(runs, "head_zip", lambda run: file.getvalue())
    response = coordinator_client.get(f"/admin/annotations/run/{worked.pk}/head/")
    assert response["Content-Type"] == "application/zip"
    assert f"clarify-head-{worked.public_id}.zip" in response["Content-Disposition"]
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist() == ["head.safetensors"]


def test_a_refused_run_has_no_head_and_says_why(coordinator_client: Client, worked: Run) -> None:
    refused = Run.objects.get(phrase_text="too few")
    page = coordinator_client.get(f"/admin/annotations/run/{refused.pk}/head/", follow=True).content.decode()
    assert "a slice is too small" in page
    assert "Download the head" not in page


def test_strangers_get_no_head(worked: Run, alice: Visit) -> None:
    for client in (Client(), alice.client):
        response = client.get(f"/admin/annotations/run/{worked.pk}/head/")
        assert response.headers["Location"].startswith("/admin/login/")
