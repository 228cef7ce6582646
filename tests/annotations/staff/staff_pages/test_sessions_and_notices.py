"""What a person of the staff sees of what opens their account: sessions, tokens, and an e-mail for what is new."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from annotations.models import AccessToken, AuditRecord, Study
from annotations.pages.current_visit import SESSION_KEY
from annotations.staff import access_tokens, two_factor
from tests.support.actors import Visit
from tests.support.second_factor import enrol
from tests.support.views_pages import one, shown

PAGE = "/admin/two-factor/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_sign_out_everywhere_ends_all_sessions_of_the_person_and_of_nobody_else(
    coordinator: User, alice: Visit
) -> None:
    here, there = signed_in(coordinator), signed_in(coordinator)
    other = signed_in(User.objects.create_user("other", is_staff=True))
    assert is_in(here) and is_in(there) and is_in(other)
    answer = here.post(PAGE, {"sign_out_everywhere": "yes"})
    assert answer["Location"] == "/admin/login/"
    assert not is_in(here) and not is_in(there) and is_in(other)
    assert alice.client.session.get(SESSION_KEY) == alice.session.pk
    assert AuditRecord.objects.get(act="signed_out_everywhere").detail == {"sessions": 2}


def test_tokens_are_listed_with_their_last_use(open_study: Study, coordinator: User) -> None:
    client = signed_in(coordinator)
    page = client.post("/admin/tokens/", {"name": "notebook", "days": 30})
    text = one(page, "#token")["value"]
    assert "never" in shown(one(client.get("/admin/tokens/"), "tbody"))
    before = timezone.now()
    assert Client().get("/api/v1/studies/", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    used = AccessToken.objects.get().last_used_at
    assert used is not None and before <= used <= timezone.now()
    assert f"{used:%H:%M} UTC" in shown(one(client.get("/admin/tokens/"), "tbody"))


def test_the_last_use_of_a_token_is_written_once_a_minute(coordinator: User, django_assert_num_queries) -> None:
    coordinator.is_verified = lambda: False  # type: ignore[attr-defined]  # as of the user of a request
    _token, text = access_tokens.create(coordinator, name="notebook", days=30)
    AccessToken.objects.update(last_used_at=timezone.now() - dt.timedelta(minutes=2))
    access_tokens.holder_of(text)
    noted = AccessToken.objects.get().last_used_at
    access_tokens.holder_of(text)
    assert AccessToken.objects.get().last_used_at == noted


@pytest.fixture
def with_address(coordinator: User, settings) -> User:
    settings.SENDS_EMAIL = True
    coordinator.email = "coordinator@example.org"
    coordinator.save()
    return coordinator


def subjects_and_texts() -> list[str]:
    return [f"{message.to} {message.body}" for message in mail.outbox]


def test_a_new_token_and_a_new_second_factor_each_send_an_e_mail(
    with_address: User, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = signed_in(with_address).post("/admin/tokens/", {"name": "notebook", "days": 30})
    with django_capture_on_commit_callbacks(execute=True):
        enrol(with_address)
    with django_capture_on_commit_callbacks(execute=True):
        two_factor.passkey_added(with_address)
    new_token, new_app, new_passkey = subjects_and_texts()
    assert "['coordinator@example.org']" in new_token and "new API token" in new_token and "notebook" in new_token
    assert str(one(page, "#token")["value"]) not in new_token
    assert "authenticator app was set up" in new_app and "passkey was added" in new_passkey


def test_a_mail_server_that_fails_stops_nobody(
    with_address: User, settings, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in(with_address).post("/admin/tokens/", {"name": "notebook", "days": 30}).status_code == 200
    assert AccessToken.objects.count() == 1
    assert "was not sent" in caplog.text and "example.org" not in caplog.text


def test_without_mail_or_address_nothing_is_sent(coordinator: User, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(coordinator).post("/admin/tokens/", {"name": "notebook", "days": 30})
    assert mail.outbox == []
