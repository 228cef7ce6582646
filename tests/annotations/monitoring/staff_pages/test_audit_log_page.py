"""The audit log: of one study and of the site, filtered, as CSV; what the admin does is in it."""

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotations.log import audit
from annotations.models import AuditRecord, Study

SITE = "/admin/audit/"


def page(study: Study) -> str:
    return f"/admin/annotations/study/{study.pk}/audit/"


@pytest.fixture
def acted(open_study: Study) -> None:
    audit.record("role_given", open_study, by="ann", subject="bert", role="analyst")
    audit.record("phrase_hidden", open_study, by="bert", subject="P123", reason="=HYPERLINK(0)")
    audit.record("user_created", None, by="command line", subject="ann")


def rows(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    text = client.get(address, {**query, "format": "csv"}).content.decode()
    return [
        row
        for row in csv.DictReader(io.StringIO(text))
        if row["act"] in {"role_given", "phrase_hidden", "user_created"}
    ]


def acts(client: Client, address: str, **query: str) -> list[str]:
    return [row["act"] for row in rows(client, address, **query)]


def test_a_study_shows_its_own_acts_and_the_site_all(
    coordinator_client: Client, open_study: Study, acted: None
) -> None:
    assert acts(coordinator_client, page(open_study)) == ["role_given", "phrase_hidden"]
    assert acts(coordinator_client, SITE) == ["role_given", "phrase_hidden", "user_created"]
    shown = coordinator_client.get(page(open_study)).content.decode()
    assert "role given" in shown and "user created" not in shown


def test_filters_narrow_both_page_and_file(coordinator_client: Client, open_study: Study, acted: None) -> None:
    address = page(open_study)
    assert acts(coordinator_client, address, actor="bert") == ["phrase_hidden"]
    assert acts(coordinator_client, address, act="role_given") == ["role_given"]
    assert acts(coordinator_client, address, subject="p12") == ["phrase_hidden"]
    today = AuditRecord.objects.latest("id").occurred_at.date().isoformat()
    assert len(acts(coordinator_client, address, since=today, until=today)) == 2
    assert acts(coordinator_client, address, until="2020-01-01") == []
    shown = coordinator_client.get(address, {"actor": "bert"})
    assert [record.act for record in shown.context["page"]] == ["phrase_hidden"]


def test_a_filter_that_cannot_be_shows_nothing_and_says_why(coordinator_client: Client, open_study: Study) -> None:
    response = coordinator_client.get(page(open_study), {"since": "yesterday", "format": "csv"})
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Enter a valid date" in response.content.decode()


def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(
    coordinator_client: Client, open_study: Study, acted: None
) -> None:
    [row] = rows(coordinator_client, page(open_study), act="phrase_hidden")
    assert row["reason"] == "'=HYPERLINK(0)"


def test_money_is_read_in_units(coordinator_client: Client, open_study: Study) -> None:
    changes = {"reward_cents": {"from": None, "to": 180}, "quota": {"from": 8, "to": 9}}
    audit.record("study_amended", open_study, by="ann", subject="sprites", changes=changes)
    audit.record("payment_owed", open_study, by="ann", subject="P123", cents=5)
    shown = coordinator_client.get(page(open_study)).content.decode()
    assert "quota 8 → 9; reward amount nothing → 1.80" in shown and "amount: 0.05" in shown


def test_taking_the_file_is_itself_an_act(coordinator_client: Client, open_study: Study) -> None:
    coordinator_client.get(page(open_study), {"format": "csv"})
    assert AuditRecord.objects.filter(act="audit_log_exported", study=open_study, actor="coordinator").exists()


def test_what_the_admin_does_to_accounts_is_in_it(coordinator_client: Client, coordinator: User) -> None:
    form = {"username": "carol", "password1": "long enough, 4 tests", "password2": "long enough, 4 tests"}
    coordinator_client.post("/admin/auth/user/add/", {**form, "usable_password": "true"})
    carol = User.objects.get(username="carol")
    assert carol.is_staff and not carol.is_superuser
    coordinator_client.post(f"/admin/auth/user/{carol.pk}/change/", {"username": "carol", "is_staff": "on"})
    coordinator_client.post(f"/admin/auth/user/{carol.pk}/delete/", {"post": "yes"})
    records = AuditRecord.objects.filter(subject="carol").order_by("id")
    assert [record.act for record in records] == ["user_created", "user_changed", "user_deleted"]
    assert {record.actor for record in records} == {"coordinator"}


def test_a_study_that_is_changed_in_its_form_is_in_it(coordinator_client: Client, draft_study: Study) -> None:
    coordinator_client.post(f"/admin/annotations/study/{draft_study.pk}/delete/", {"post": "yes"})
    record = AuditRecord.objects.get(act="study_deleted")
    assert (record.subject, record.study) == (draft_study.slug, None)


def test_details_are_read_without_knowing_python(coordinator_client: Client, open_study: Study) -> None:
    changes = {"quota": {"from": None, "to": 8}, "only_verified": {"from": False, "to": True}}
    what = [{"changed": {"fields": ["Quota", "Reward"]}}, {"added": {"name": "task", "object": "sprites task 1"}}]
    audit.record("study_amended", open_study, by="ann", changes=changes)
    audit.record("study_changed", open_study, by="ann", what=what, n_people=4)
    shown = coordinator_client.get(page(open_study)).content.decode()
    assert "<p>changes: quota nothing → 8; only verified no → yes</p>" in shown
    assert "<p>what: changed fields Quota, Reward; added task “sprites task 1”</p><p>n people: 4</p>" in shown
