"""The members of a study: added, changed and removed by its coordinators, each act audited."""

import io
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from annotations.base.service_errors import NotPossible
from annotations.models import AuditRecord, Role, Study
from annotations.staff import members, roles


@pytest.fixture
def ann(open_study: Study) -> User:
    """Coordinates the study."""
    user = User.objects.create_user("ann", is_staff=True)
    members.add(open_study, "ann", Role.COORDINATOR, by="test")
    return user


@pytest.fixture
def bert(db: None) -> User:
    """On the staff, without a role."""
    return User.objects.create_user("bert", is_staff=True)


@pytest.fixture
def as_ann(ann: User) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def page(study: Study) -> str:
    return f"/admin/annotations/study/{study.pk}/members/"


def role_of(study: Study, user: User) -> str | None:
    return study.members.filter(user=user).values_list("role", flat=True).first()


def test_a_coordinator_adds_changes_and_removes(as_ann: Client, open_study: Study, bert: User) -> None:
    for act, expected in (
        ({"act": "add", "username": "bert", "role": "analyst"}, "analyst"),
        ({"act": "add", "username": "bert", "role": "coordinator"}, "coordinator"),
        ({"act": "remove", "username": "bert"}, None),
    ):
        assert as_ann.post(page(open_study), act).status_code == 302
        assert role_of(open_study, bert) == expected
    acts = AuditRecord.objects.filter(subject="bert").order_by("id").values_list("act", "actor", "detail")
    assert [(act, actor) for act, actor, _detail in acts] == [
        ("role_given", "ann"),
        ("role_given", "ann"),
        ("role_taken", "ann"),
    ]


def test_the_same_role_again_is_no_act(open_study: Study, ann: User) -> None:
    n = AuditRecord.objects.count()
    members.add(open_study, "ann", Role.COORDINATOR, by="ann")
    assert AuditRecord.objects.count() == n


@pytest.mark.parametrize("act", [{"act": "remove"}, {"act": "add", "role": "analyst"}])
def test_the_last_coordinator_stays(as_ann: Client, open_study: Study, ann: User, act: dict[str, str]) -> None:
    response: Any = as_ann.post(page(open_study), {**act, "username": "ann"}, follow=True)
    assert "A study needs a coordinator" in response.content.decode()
    assert role_of(open_study, ann) == "coordinator"


def test_with_another_coordinator_one_can_go(as_ann: Client, open_study: Study, ann: User, bert: User) -> None:
    members.add(open_study, "bert", Role.COORDINATOR, by="ann")
    members.remove(open_study, "ann", by="ann")
    assert role_of(open_study, ann) is None
    with pytest.raises(NotPossible, match="A study needs a coordinator"):
        members.remove(open_study, "bert", by="bert")


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_only_staff_get_a_role(open_study: Study, bert: User, change: dict[str, bool]) -> None:
    User.objects.filter(pk=bert.pk).update(**change)
    with pytest.raises(NotPossible, match="no staff account with this name"):
        members.add(open_study, "bert", Role.ANALYST, by="ann")


def test_a_form_that_is_not_right_is_shown_again(as_ann: Client, open_study: Study) -> None:
    assert as_ann.post(page(open_study), {"act": "add", "username": "", "role": "king"}).status_code == 400


def test_removing_nobody_does_nothing(open_study: Study, ann: User, bert: User) -> None:
    members.remove(open_study, "bert", by="ann")
    assert not AuditRecord.objects.filter(act="role_taken").exists()


def test_who_has_no_role_yet_may_set_up_and_an_analyst_may_not(open_study: Study, ann: User, bert: User) -> None:
    assert roles.may_set_up(bert)
    members.add(open_study, "bert", Role.ANALYST, by="ann")
    assert not roles.may_set_up(bert)
    assert roles.may_set_up(ann)


# -- The command ---------------------------------------------------------------------------------------------------


def add_staff(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = "long enough, 4 tests") -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    out = io.StringIO()
    call_command("add_staff", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_an_account_with_its_role(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    said = add_staff(monkeypatch, "carol", "--role", "analyst", "--study", "sprites")
    carol = User.objects.get(username="carol")
    assert said == "carol: made the account, analyst of sprites\n"
    assert (carol.is_staff, carol.is_superuser, carol.check_password("long enough, 4 tests")) == (True, False, True)
    assert role_of(open_study, carol) == "analyst"


def test_the_command_gives_an_account_another_role(
    open_study: Study, ann: User, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bert.set_password("kept")
    bert.save()
    said = add_staff(monkeypatch, "bert", "--role", "coordinator", "--study", "sprites")
    bert.refresh_from_db()
    assert said == "bert: the account already existed, coordinator of sprites\n"
    assert bert.check_password("kept")


def test_without_a_study_the_account_has_no_role(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    add_staff(monkeypatch, "carol")
    assert not User.objects.get(username="carol").study_roles.exists()


@pytest.mark.parametrize(
    ("arguments", "password", "why"),
    [
        (("carol", "--role", "analyst"), "long enough, 4 tests", "both --role and --study"),
        (("carol", "--role", "analyst", "--study", "none"), "long enough, 4 tests", "Known studies: sprites"),
        (("carol",), "12345", "too short"),
        (("no such name!",), "long enough, 4 tests", "valid username"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    open_study: Study, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], password: str, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        add_staff(monkeypatch, *arguments, password=password)
    assert not User.objects.exists()


def test_the_start_page_leads_both_to_the_study_and_a_coordinator_to_a_new_one(
    as_ann: Client, open_study: Study, bert: User
) -> None:
    members.add(open_study, "bert", Role.ANALYST, by="test")
    as_bert = Client()
    as_bert.force_login(bert)
    for client, may_set_up in ((as_bert, False), (as_ann, True)):
        page = BeautifulSoup(client.get("/admin/").content, "html.parser")
        assert page.select_one(f'a[href="/admin/annotations/study/{open_study.pk}/change/"]') is not None
        assert (page.select_one('a[href="/admin/annotations/study/add/"]') is not None) is may_set_up


def test_no_link_leads_to_a_site_without_a_start_page(as_ann: Client) -> None:
    assert "View site" not in as_ann.get("/admin/").content.decode()
