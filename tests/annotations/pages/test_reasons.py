"""A reason has a length, whatever it is given for: a longer one is answered 400 with a sentence, and does nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import AuditRecord, Correction, JobState, Moderation, Phrase, Study, Submission
from annotations.payments.staff_pages import submission_page
from annotations.site.study_registry import PAGES
from tests.support.actors import Visit
from tests.support.money import owe
from tests.support.rows import add_phrase

LONGEST = {"submission request_return": 5_000}  # of others it is 1,000
NOT_OF_ACTS = ("django_session", "annotations_studyanalysis")  # a page that is looked at may ask for a newer one
MARKS = "e" + 900 * "\u0301\u0323" + "a" * 300


def _asks(act: Any) -> bool:
    """Whether an act reads a reason: by itself, or by its form."""
    form = (
        submission_page._FORMS.get(act.args[0]) if getattr(act, "args", ()) and isinstance(act.args[0], str) else None
    )
    return "reason_of" in getattr(act, "func", act).__code__.co_names or bool(form and "reason" in form[0].base_fields)


ACTS = [(page.name, name) for page in PAGES for name, act in (page.acts or {}).items() if _asks(act)]


@pytest.fixture
def fields(open_study: Study, alice: Visit) -> dict[str, dict[str, Any]]:
    """What names, on each page, the row that an act is about."""
    phrase, pseudonym = add_phrase(alice, "red", 0.75), alice.session.participant.pseudonym
    submission = Submission.objects.get(session=alice.session)
    task, done = open_study.tasks.get(), {"state": JobState.DONE, "finished_at": timezone.now(), "head": b"head"}
    return {
        "moderation": {"phrase": phrase.pk},
        "correction": {
            "correction": Correction.objects.create(study=open_study, base_model=task.base_model, **done).pk
        },
        "payments": {"one": owe(submission).pk},
        "withdrawals": {"participant": pseudonym},
        "submission": {"submission": submission.pk},
    }


def send(client: Client, study: Study, page: str, **fields: Any) -> tuple[int, str, list[str]]:
    """Send a form; return the status, what is shown, and what was written."""
    address = f"/admin/annotations/study/{study.pk}/{page}/?submission={fields.pop('submission', '')}"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.post(address, fields)
    writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    return (
        answer.status_code,
        answer.content.decode(),
        [sql for sql in writes if not any(table in sql for table in NOT_OF_ACTS)],
    )


def test_the_acts_with_a_reason_are_known() -> None:
    assert set(ACTS) >= {
        *(("moderation", act) for act in ("approve", "flag", "hide", "exclude", "take_back")),
        *(("correction", act) for act in ("approve", "reject")),
        *(("submission", act) for act in ("request_return", "screen_out", "unreject", "bonus")),
        ("payments", "withhold"),
        ("withdrawals", "withdraw"),
    }


@pytest.mark.parametrize(("page", "act"), ACTS)
def test_a_longer_one_is_refused_and_nothing_happens(
    coordinator_client: Client, open_study: Study, fields: dict[str, dict[str, Any]], page: str, act: str
) -> None:
    field = f"{act}-reason" if page == "submission" else "reason"
    most = LONGEST.get(f"{page} {act}", 1_000)
    for typed, sentence in (
        ("a" * (most + 1), f"This is too long. Use at most {most} characters."),
        ("e\u0301" * (most + 1), f"This is too long. Use at most {most} characters."),
        (MARKS, "The request is invalid"),  # what no text has is refused where the request is parsed
    ):
        status, shown, writes = send(coordinator_client, open_study, page, act=act, **fields[page], **{field: typed})
        assert (status, writes) == (400, [])
        if page != "submission" or act == "bonus":  # in this state the page has no form of the other acts
            assert sentence in shown


@pytest.mark.parametrize(("page", "act"), [each for each in ACTS if each[0] != "submission"])
def test_one_of_a_thousand_letters_is_stored_as_composed(
    coordinator_client: Client, open_study: Study, fields: dict[str, dict[str, Any]], page: str, act: str
) -> None:
    if act == "take_back":
        Phrase.objects.update(moderation=Moderation.FLAGGED, moderation_reason="look")
    status, _, _ = send(coordinator_client, open_study, page, act=act, **fields[page], reason="e\u0301" * 1_000)
    assert (status, AuditRecord.objects.latest("pk").reason) == (302, "\u00e9" * 1_000)
