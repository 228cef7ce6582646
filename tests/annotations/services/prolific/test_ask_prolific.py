"""What a coordinator may ask of Prolific, and what is missing when it is refused."""

import pytest
from django.utils import timezone

from annotations.models import AuditRecord, ProlificRequest, RequestState, Submission
from annotations.services.common.service_errors import IdentityDestroyed, NoProlificToken, RequestRefused
from annotations.services.prolific.submission_requests import DOUBLE_CLICK, ask, ask_again
from tests.prolific_steps import arrive, put_on_prolific, submission_of

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
        ("request_return", {"reason": " No phrases. "}, {"reason": "No phrases."}),
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


@pytest.mark.parametrize(
    ("act", "given", "says"),
    [
        ("reject", {"message": "x" * 99, "category": "OTHER"}, "at least 100"),
        ("reject", {"message": f"  {'x' * 99}  ", "category": "OTHER"}, "too short: 99 characters"),
        ("reject", {"message": REASON, "category": "I_DO_NOT_LIKE_IT"}, "needs a category"),
        ("reject", {}, "at least 100"),
        ("request_return", {"reason": "  "}, "Give the reason"),
        ("screen_out", {}, "Give the reason"),
        ("unreject", {"reason": " "}, "Give the reason"),
        ("message", {"text": ""}, "Write something"),
        ("message", {"text": "x" * 5001}, "too long"),
        ("unapprove", {}, "not a request that Prolific accepts"),
    ],
)
def test_what_lacks_its_text_is_refused(submission, act, given, says):
    with pytest.raises(RequestRefused, match=says):
        ask(submission, act, by="cora", **given)
    assert not ProlificRequest.objects.exists() and not AuditRecord.objects.filter(actor="cora").exists()


def test_completing_needs_the_studys_researcher_code(submission):
    submission.study.researcher_code = ""
    with pytest.raises(RequestRefused, match="researcher code"):
        ask(submission, "complete", by="cora")


def test_nobody_gets_a_message_that_is_meant_for_another(submission):
    submission.is_of_another = True
    with pytest.raises(RequestRefused, match="another participant"):
        ask(submission, "message", by="cora", text="Thank you!")


def test_a_double_click_asks_once(submission):
    assert ask(submission, "approve", by="cora") == ask(submission, "approve", by="cora")
    assert ProlificRequest.objects.count() == 1
    assert AuditRecord.objects.filter(act="prolific_approve").count() == 1


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.DONE])
def test_a_double_click_writes_once_also_where_the_first_is_sent_by_then(submission, state):
    first = ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(state=state, finished_at=None if state == RequestState.PENDING else first.due_at)
    assert ask(submission, "message", by="cora", text="Thank you! ") == first
    assert AuditRecord.objects.filter(act="prolific_message").count() == 1


def test_the_same_words_are_written_again_later_or_after_a_failure(submission):
    ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(created_at=timezone.now() - 2 * DOUBLE_CLICK)
    again = ask(submission, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(state=RequestState.FAILED, finished_at=timezone.now())
    again.refresh_from_db()
    once_more = ask_again(again, by="cora")
    assert ask_again(again, by="cora") == once_more
    assert ProlificRequest.objects.count() == 3


def test_two_messages_are_two(submission):
    ask(submission, "message", by="cora", text="One")
    ask(submission, "message", by="cora", text="Two")
    assert ProlificRequest.objects.count() == 2


def test_without_a_token_it_says_where_to_do_it(submission, settings):
    settings.PROLIFIC_TOKEN = ""
    with pytest.raises(NoProlificToken, match="Do it on Prolific's submissions page"):
        ask(submission, "approve", by="cora")


def test_nothing_is_asked_about_an_erased_person(submission):
    Submission.objects.update(sealed_ids=None)
    with pytest.raises(IdentityDestroyed):
        ask(submission, "approve", by="cora")


def test_what_failed_can_be_asked_again_and_nothing_else(submission):
    request = ask(submission, "request_return", by="cora", reason="No phrases.")
    with pytest.raises(RequestRefused, match="Only a failed request"):
        ask_again(request, by="dora")
    request.state, request.finished_at = RequestState.FAILED, request.due_at
    request.save()
    again = ask_again(request, by="dora")
    assert (again.act, again.detail, again.requested_by) == ("request_return", {"reason": "No phrases."}, "dora")
    assert again != request
