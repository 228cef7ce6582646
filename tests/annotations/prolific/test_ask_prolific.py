"""What a coordinator may ask of Prolific, and what is missing when it is refused."""

import pytest
from django.utils import timezone

from annotations.base.service_errors import IdentityDestroyed, NoProlificToken, NotPossible
from annotations.models import AuditRecord, ProlificRequest, RequestState, Submission
from annotations.prolific.submission_requests import DOUBLE_CLICK, ask
from tests.support.prolific_steps import arrive, put_on_prolific, submission_of

REASON = "You answered every question in under a second, and none of the phrases describes anything that can be seen."


@pytest.fixture
def submission(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    arrive(study, "anna")
    return submission_of(study, "anna")


@pytest.mark.parametrize(
    ("act", "given", "detail"),
    [
        ("approve", {}, {}),
        ("complete", {}, {"code": "RESEARCH"}),
        ("request_return", {"reason": "No phrases."}, {"reason": "No phrases."}),
        ("screen_out", {"reason": "Their screen was too small."}, {"reason": "Their screen was too small."}),
        ("reject", {"message": REASON, "category": "LOW_EFFORT"}, {"message": REASON, "category": "LOW_EFFORT"}),
        ("unreject", {"reason": "They wrote to us."}, {"reason": "They wrote to us."}),
        ("message", {"text": "Thank you!"}, {"text": "Thank you!"}),
    ],
)
def test_what_is_asked_is_a_row_and_an_audit_record(submission, act, given, detail):
    request = ask(submission, act, by="cora", **given)
    assert (request.act, request.detail, request.state) == (act, detail, RequestState.PENDING)
    record = AuditRecord.objects.get(act=f"prolific_{act}")
    assert (record.actor, record.subject, record.study) == ("cora", f"submission {submission.pk}", submission.study)
    assert record.detail["request"] == request.pk
    assert "anna" not in str(record.detail) + record.subject


def test_completing_needs_the_studys_researcher_code(submission):
    submission.study.researcher_code = ""
    with pytest.raises(NotPossible, match="researcher code"):
        ask(submission, "complete", by="cora")


def test_a_double_click_asks_once(submission):
    assert ask(submission, "approve", by="cora") == ask(submission, "approve", by="cora")
    assert ProlificRequest.objects.count() == 1
    assert AuditRecord.objects.filter(act="prolific_approve").count() == 1


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.DONE])
def test_a_double_click_writes_once_also_where_the_first_is_sent_by_then(submission, state):
    first = ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(state=state, finished_at=None if state == RequestState.PENDING else first.due_at)
    assert ask(submission, "message", by="cora", text="Thank you!") == first
    assert AuditRecord.objects.filter(act="prolific_message").count() == 1


def test_the_same_words_are_written_again_later_or_after_a_failure(submission):
    ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(created_at=timezone.now() - 2 * DOUBLE_CLICK)
    ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(state=RequestState.FAILED, finished_at=timezone.now())
    once_more = ask(submission, "message", by="cora", text="Thank you!")
    assert ask(submission, "message", by="cora", text="Thank you!") == once_more
    assert ProlificRequest.objects.count() == 3


def test_two_messages_are_two(submission):
    ask(submission, "message", by="cora", text="One")
    ask(submission, "message", by="cora", text="Two")
    assert ProlificRequest.objects.count() == 2


def test_without_a_token_it_says_where_to_do_it(submission, settings):
    settings.PROLIFIC_TOKEN = ""
    with pytest.raises(NoProlificToken, match="Do it on Prolific’s submissions page"):
        ask(submission, "approve", by="cora")


def test_nothing_is_asked_about_an_erased_person(submission):
    Submission.objects.update(sealed_ids=None)
    with pytest.raises(IdentityDestroyed):
        ask(submission, "approve", by="cora")
