"""The pages of a study of experts in the admin: annotating, and many classes at once."""

import pytest
from django.urls import reverse

from annotations.models import Role, Task
from annotations.studies import lifecycle
from tests.support.experts import expert, experts_draft, logged_in


@pytest.fixture
def draft(base_model):
    return experts_draft(base_model)


@pytest.fixture
def study(draft):
    return lifecycle.open_study(draft)


def address(name, study):
    return reverse(f"admin:annotations_study_{name}", args=[study.pk])


def shown(client, name, study) -> str:
    answer = client.get(address(name, study))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("role", [Role.ANALYST, Role.COORDINATOR])
def test_everybody_with_a_role_gets_into_their_own_visit(study, role):
    client = logged_in(expert(study, role=role))
    assert "Begin" in shown(client, "annotate", study)
    answer = client.post(address("annotate", study), follow=True)
    visit = study.sessions.get()
    assert answer.redirect_chain[-1][0] == reverse("classes") and visit.kind == "expert"
    again = shown(client, "annotate", study)
    assert "Go on" in again and f"{visit.participant} (you)" in again
    client.post(address("annotate", study))
    assert study.sessions.count() == 1


def test_operators_annotate_without_a_role(study, coordinator_client):
    coordinator_client.post(address("annotate", study))
    assert study.sessions.get().kind == "expert"


def test_somebody_without_a_role_finds_nothing(study, draft, base_model):
    other = experts_draft(base_model, "elsewhere")
    client = logged_in(expert(other))
    assert client.get(address("annotate", study)).status_code == 404
    assert client.post(address("annotate", study)).status_code == 404
    assert not study.sessions.exists()


def test_a_draft_and_a_closed_study_say_so_and_let_nobody_in(draft, coordinator_client):
    assert "once the study is open" in shown(coordinator_client, "annotate", draft)
    coordinator_client.post(address("annotate", draft))
    lifecycle.open_study(draft)
    lifecycle.close_study(draft)
    assert "The study is closed." in shown(coordinator_client, "annotate", draft)
    coordinator_client.post(address("annotate", draft))
    assert not draft.sessions.exists()


def test_in_a_study_of_the_crowd_the_page_says_how_experts_annotate(open_study, coordinator_client):
    assert "choose “people who are logged in here”" in shown(coordinator_client, "annotate", open_study)
    answer = coordinator_client.post(address("annotate", open_study), follow=True)
    assert "Participants enter this study by its link." in answer.content.decode()
    assert not open_study.sessions.exists()


def test_the_navigation_shows_what_the_people_of_the_study_need(open_study, study, coordinator_client):
    for each, where, there, not_there in (
        (study, "monitor", "annotate", "rehearsal"),
        (open_study, "preflight", "rehearsal", "annotate"),
    ):
        page = shown(coordinator_client, where, each)
        assert address(there, each) in page and address(not_there, each) not in page


def test_a_study_of_experts_opens_without_a_rehearsal_a_clock_and_prolific(draft, coordinator_client):
    page = shown(coordinator_client, "preflight", draft)
    assert (
        "it has no time limit, because experts work without one." in page
        and "Not compared" not in page
        and "simulated" not in page
    )
    coordinator_client.post(reverse("admin:annotations_study_step", args=[draft.pk, "open"]))
    draft.refresh_from_db()
    assert draft.state == "active"


def test_its_page_leads_to_annotating_and_not_to_the_link(study, coordinator_client):
    page = coordinator_client.get(reverse("admin:annotations_study_change", args=[study.pk])).content.decode()
    assert address("annotate", study) in page and 'id="entry-url"' not in page and "Did the tutorial" not in page


def test_classes_are_added_and_taken_out(draft, base_model, coordinator_client):
    draft.tasks.all().delete()
    form = {"act": "add", "base_model": base_model.pk, "names": "oval\r\n\r\n", "text_template": "a {phrase}"}
    form |= {"min_phrases": "0", "max_phrases": "50", "time_limit_s": ""}
    answer = coordinator_client.post(address("classes", draft), form, follow=True)
    assert "Added 1 task." in answer.content.decode()
    coordinator_client.post(address("classes", draft), form | {"names": ""})
    assert list(draft.tasks.values_list("target_class", "time_limit_s", "max_phrases")) == [
        (1, None, 50),
        (0, None, 50),
    ]
    coordinator_client.post(address("classes", draft), {"act": "remove", "task": ["2", "x"]})
    assert list(draft.tasks.values_list("target_class", flat=True)) == [1]
    coordinator_client.post(address("classes", draft), {"act": "remove_all"})
    assert not Task.objects.filter(study=draft).exists()


def test_each_of_a_thousand_classes_can_be_ticked(draft, coordinator_client):
    ticks = {"act": "remove", "task": [str(position) for position in range(1, 1501)]}
    answer = coordinator_client.post(address("classes", draft), ticks, follow=True)
    assert "Took out" in answer.content.decode() and not Task.objects.filter(study=draft).exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"names": "zebra"}, "has no class “zebra”"),
        ({"text_template": "without"}, "Write {phrase} where"),
        ({"base_model": ""}, "required"),
        ({"time_limit_s": "3"}, "Give from 30 to 7,200 seconds."),
    ],
)
def test_what_is_not_right_is_said_beside_the_form_with_what_was_typed(
    draft, base_model, coordinator_client, wrong, says
):
    form = {"act": "add", "base_model": base_model.pk, "names": "", "text_template": "a {phrase}", "min_phrases": "0"}
    form |= {"max_phrases": "50", "time_limit_s": "", **wrong}
    answer = coordinator_client.post(address("classes", draft), form)
    assert answer.status_code == 400 and says in answer.content.decode()
    assert draft.tasks.count() == 2


def test_an_open_study_keeps_its_classes(study, base_model, coordinator_client):
    page = shown(coordinator_client, "classes", study)
    assert "Remove" not in page and "square" in page
    coordinator_client.post(address("classes", study), {"act": "remove_all"})
    assert study.tasks.count() == 2


def test_a_form_with_very_many_tasks_leaves_them_to_their_page(draft, base_model, coordinator_client, monkeypatch):
    monkeypatch.setattr("annotations.site.study_admin.MAX_ON_FORM", 1)
    page = coordinator_client.get(reverse("admin:annotations_study_setup", args=[draft.pk])).content.decode()
    assert "tasks-0-base_model" not in page and "conditions-TOTAL_FORMS" in page


def test_the_api_says_who_the_people_are(study, coordinator_client):
    coordinator_client.post(address("annotate", study))
    assert coordinator_client.get(f"/api/v1/studies/{study.slug}/").json()["audience"] == "experts"
    table = f"/api/v1/studies/{study.slug}/tables/sessions/"
    visit = coordinator_client.get(table).json()["results"][0]
    assert (visit["kind"], visit["verification"]) == ("expert", "local")
    assert coordinator_client.get(f"{table}?kind=participant").json()["results"] == []
