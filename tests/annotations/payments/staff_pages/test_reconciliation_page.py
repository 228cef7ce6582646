"""The reconciliation pages: what they show, what each act asks for, and who may see an id."""

import io
import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotations.models import AuditRecord, Payment, Phrase, ProlificRequest, RequestState, Role, Submission
from annotations.payments.payment_ledger import owe_reward
from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import reconcile
from tests.support.actors import create_study, open_study
from tests.support.money import done_there
from tests.support.prolific_steps import arrive, begin_there, ids, put_on_prolific, submission_of
from tests.support.views_pages import tree
from worker.prolific import send_due_requests

MESSAGE = "You typed the same word forty times in under a minute, so nothing of it says anything about the pictures."


@pytest.fixture
def study(open_study, prolific):
    open_study.reward_cents = 300
    open_study.save(update_fields=["reward_cents"])
    return put_on_prolific(open_study, prolific)


@pytest.fixture
def coordinator_here(study):
    """Coordinates this study, and is no operator."""
    user = User.objects.create_user("cora", is_staff=True)
    study.members.create(user=user, role=Role.COORDINATOR)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def anna(study, prolific):
    """Done here, awaiting review there."""
    anna = done_there(prolific, study, "anna")
    reconcile(study, prolific_client.client())
    return anna


def address(study, name="reconciliation", submission=None):
    start = reverse(f"admin:annotations_study_{name}", args=[study.pk])
    return start if submission is None else f"{start}?submission={submission.pk}"


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def asked():
    return [(each.act, each.state) for each in ProlificRequest.objects.order_by("pk")]


def test_both_sides_and_what_differs(study, prolific, coordinator_here):
    done_there(prolific, study, "bert", "TIMED-OUT")
    reconcile(study, prolific_client.client())
    page = shown(coordinator_here.get(address(study)))
    assert "finished" in page and "timed-out" in page
    assert "done here, timed out there" in page and "Complete it there" in page
    assert "bert-person" not in page and "bert-visit" not in page


def test_a_look_that_failed_says_why(study, prolific, anna, coordinator_here):
    study.reconciliation.error = "Prolific had a fault (503)."
    study.reconciliation.save(update_fields=["error"])
    assert "the last check failed</span> Prolific had a fault (503)." in shown(coordinator_here.get(address(study)))


def test_a_filter_shows_what_the_discrepancy_means(study, prolific, anna, coordinator_here):
    done_there(prolific, study, "bert", "RETURNED")
    study.reconciliation.delete()
    reconcile(study, prolific_client.client())
    page = shown(coordinator_here.get(address(study), {"show": "returned"}))
    assert "Only the person can undo a return." in page
    assert str(submission_of(study, "bert")) in page and str(anna) not in page


def test_one_click_completes_what_lost_its_way_back(study, prolific, coordinator_here):
    bert = done_there(prolific, study, "bert", "TIMED-OUT")
    reconcile(study, prolific_client.client())
    coordinator_here.post(address(study), {"submission": bert.pk, "act": "complete"})
    assert asked() == [("complete", "pending")]
    assert "complete: being sent" in shown(coordinator_here.get(address(study)))
    send_due_requests()
    assert "awaiting review" in shown(coordinator_here.get(address(study)))
    assert AuditRecord.objects.get(act="prolific_complete").actor == "cora"


def test_all_that_are_done_are_approved_together(study, prolific, anna, coordinator_here):
    page = coordinator_here.post(address(study), {"act": "approve_all"}, follow=True)
    assert "asked to approve 1 submission." in shown(page)
    assert "asked to approve 0" in shown(coordinator_here.post(address(study), {"act": "approve_all"}, follow=True))
    assert asked() == [("approve", "pending")]


def test_who_is_owed_the_reward_as_a_bonus_is_left_out_and_named_as_such(study, anna, coordinator_here):
    owe_reward(anna, reason="timed out there", by="cora")
    page = shown(coordinator_here.post(address(study), {"act": "approve_all"}, follow=True))
    assert "asked to approve 0" in page and "1 were not approved because their reward is owed as a bonus" in page
    assert asked() == []


def test_of_very_many_a_part_is_approved_in_one_click(study, prolific, anna, coordinator_here, monkeypatch):
    done_there(prolific, study, "bert")
    study.reconciliation.delete()
    reconcile(study, prolific_client.client())
    monkeypatch.setattr("annotations.payments.staff_pages.reconciliation_page.MAX_APPROVED", 1)
    assert "Approve 1 of 2" in shown(coordinator_here.get(address(study)))
    for _click in range(2):
        coordinator_here.post(address(study), {"act": "approve_all"})
    assert asked() == [("approve", "pending")] * 2


def test_a_file_is_imported_without_a_token(study, coordinator_here, settings, prolific):
    settings.PROLIFIC_TOKEN = ""
    arrive(study, "anna", consents=False)
    lines = b"Submission id,Participant id,Status\nanna-visit,anna-person,RETURNED\nbert-visit,bert-person,ACTIVE\n"
    file = io.BytesIO(lines)
    file.name = "export.csv"
    upload = reverse("upload_submissions", args=[study.pk])
    page = coordinator_here.post(upload, {"file": file, "complete": 1}, follow=True)
    assert "2 submissions read: 1 new, 1 changed, 1 without a visit here, 0 visits not in the file." in shown(page)
    broken = io.BytesIO(b"Name\nanna\n")
    broken.name = "wrong.csv"
    assert "errorlist" not in shown(page)
    assert "column" in shown(coordinator_here.post(upload, {"file": broken, "complete": 1}, follow=True))
    assert "Nothing was stored. Prolific’s file of submissions: This field is required." in shown(
        coordinator_here.post(upload, {"complete": 1}, follow=True)
    )


def test_without_a_token_it_says_what_to_do_and_hands_out_a_list(study, anna, coordinator_here, settings):
    settings.PROLIFIC_TOKEN = ""
    page = shown(coordinator_here.get(address(study)))
    assert "Bulk approve" in page and "Look again at Prolific" not in page
    answer = coordinator_here.post(address(study), {"act": "list", "of": "approve"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sprites-approve.csv"'
    assert "anna-visit,anna-person" in answer.content.decode()
    assert AuditRecord.objects.get(act="submission_list").actor == "cora"


def test_without_a_token_a_row_says_what_mends_it_on_prolific(study, anna, coordinator_here, settings):
    settings.PROLIFIC_TOKEN = ""
    Submission.objects.filter(pk=anna.pk).update(entered_code="WRONG")
    page = shown(coordinator_here.get(address(study)))
    assert "on Prolific: approve" in page and "Approve<span" not in page


def test_the_page_of_one_submission_shows_who_did_what(study, anna, coordinator_here):
    page = tree(coordinator_here.get(address(study, "submission", anna)))
    assert f"Submission {anna} of {anna.pseudonym}" in page.select("#content-main > p")[0].text
    (phrase,) = Phrase.objects.all()
    links = {link["href"] for link in page.select("#content-main a")}
    assert reverse("admin:annotations_annotationsession_change", args=[anna.session_id]) in links
    (row,) = page.select(".recent tbody tr")
    assert row.select("th a")[0]["href"] == reverse("admin:annotations_phrase_change", args=[phrase.pk])
    assert row.select("th")[0].text == "red" and row.select('[data-label="Error score"]')[0].text.strip() == "0.50"


def test_without_a_token_the_page_of_one_submission_says_how_to_decide(study, anna, coordinator_here, settings):
    settings.PROLIFIC_TOKEN = ""
    page = shown(coordinator_here.get(address(study, "submission", anna)))
    assert '<a href="#who">Who it is</a>' in page and 'id="who"' in page
    assert "Payments counts them" in page and "Reject …" not in page


def test_somebody_who_never_came_wrote_nothing(study, prolific, coordinator_here):
    begin_there(prolific, study, "gina", "AWAITING REVIEW")
    reconcile(study, prolific_client.client())
    page = shown(coordinator_here.get(address(study, "submission", submission_of(study, "gina"))))
    assert "never came" in page and "What the person wrote" not in page


def test_the_page_of_one_submission_reads_no_more_rows_as_the_study_grows(study, anna, prolific, coordinator_here):
    def rows_read():
        """How many rows each query of the page yields."""
        counts = []

        def count(execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            counts.append(context["cursor"].rowcount)
            return result

        with connection.execute_wrapper(count):
            assert coordinator_here.get(address(study, "submission", anna)).status_code == 200
        return counts

    rows_read()  # what is remembered after the first time
    of_one = rows_read()
    for number in range(20):
        begin_there(prolific, study, f"p{number}", "APPROVED")
    study.reconciliation.delete()
    reconcile(study, prolific_client.client())
    assert study.submissions.count() == 21
    assert rows_read() == of_one


def test_an_id_is_shown_on_one_audited_act_and_gone_again(study, anna, coordinator_here):
    here = address(study, "submission", anna)
    assert ids("anna", study).participant not in shown(coordinator_here.get(here))
    answer = coordinator_here.post(here, {"act": "reveal"})
    assert ids("anna", study).participant in shown(answer) and "no-store" in answer.headers["Cache-Control"]
    record = AuditRecord.objects.get(act="ids_revealed")
    assert (record.actor, record.subject) == ("cora", f"submission {anna.pk}")
    assert "anna" not in str(record.detail)
    assert ids("anna", study).participant not in shown(coordinator_here.get(here))


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("message", {"message-text": "Thank you!"}),
        ("request_return", {"request_return-reason": "The page broke for you."}),
        ("screen_out", {"screen_out-reason": "A small screen."}),
        ("approve", {}),
    ],
)
def test_each_act_is_asked_of_prolific_and_its_state_is_shown(study, anna, coordinator_here, act, fields):
    here = address(study, "submission", anna)
    page = coordinator_here.post(here, {"act": act, **fields}, follow=True)
    assert asked() == [(act, "pending")] and "being sent" in shown(page)
    send_due_requests()
    assert ProlificRequest.objects.get().attempts == 1


@pytest.mark.parametrize(
    ("act", "name", "text", "says"),
    [
        *((act, name, " ", "This field is required") for act, name in (
            ("message", "text"), ("request_return", "reason"), ("screen_out", "reason"), ("bonus", "reason"),
        )),
        ("message", "text", "x" * 5001, "at most 5000 characters"),
    ],
)  # fmt: skip
def test_a_text_that_does_not_do_is_asked_for(study, anna, coordinator_here, act, name, text, says):
    fields = {"bonus-amount": "1", "bonus-form": uuid.uuid4(), f"{act}-{name}": text}
    answer = coordinator_here.post(address(study, "submission", anna), {"act": act, **fields})
    assert answer.status_code == 400 and says in shown(answer) and asked() == []
    assert not Payment.objects.exists()


def test_what_failed_says_why_and_can_be_sent_again(study, anna, prolific, coordinator_here):
    here = address(study, "submission", anna)
    coordinator_here.post(here, {"act": "request_return", "request_return-reason": "It broke."})
    prolific.clerk.submissions[ids("anna", study).session].status = "APPROVED"
    send_due_requests()
    page = shown(coordinator_here.get(here))
    assert "failed" in page and "Send again" in page and "anna-visit" not in page
    Submission.objects.filter(pk=anna.pk).update(status="AWAITING REVIEW")
    coordinator_here.post(here, {"act": "again", "request": ProlificRequest.objects.get().pk})
    assert asked() == [("request_return", "failed"), ("request_return", "pending")]


def test_a_rejection_takes_a_text_and_a_confirmation(study, anna, prolific, coordinator_here):
    here = address(study, "submission", anna)
    assert "never for a failed comprehension check" in shown(coordinator_here.get(here))
    form = {"act": "reject", "reject-category": "LOW_EFFORT", "reject-message": MESSAGE, "reject-sure": "on"}
    short = coordinator_here.post(here, {**form, "reject-message": f" {'x' * 99} "})
    assert "at least 100 characters" in shown(short) and '<details id="reject" open>' in shown(short)
    strange = coordinator_here.post(here, {**form, "reject-category": "I_DISLIKE_IT"})
    assert "not one of the available choices" in shown(strange)
    unsure = coordinator_here.post(here, {name: value for name, value in form.items() if name != "reject-sure"})
    assert "This field is required" in shown(unsure) and MESSAGE in shown(unsure)
    assert asked() == []
    coordinator_here.post(here, form)
    send_due_requests()
    assert asked() == [("reject", "done")]
    assert AuditRecord.objects.get(act="prolific_reject").reason == MESSAGE


def test_what_does_not_await_review_cannot_be_rejected(study, prolific, coordinator_here):
    bert = done_there(prolific, study, "bert", "APPROVED")
    here = address(study, "submission", bert)
    assert "Reject …" not in shown(coordinator_here.get(here))
    form = {"act": "reject", "reject-category": "LOW_EFFORT", "reject-message": MESSAGE, "reject-sure": "on"}
    assert "no longer possible" in shown(coordinator_here.post(here, form, follow=True))
    assert asked() == []


def test_a_rejection_is_taken_back_with_a_reason_and_a_confirmation(study, prolific, coordinator_here):
    bert = done_there(prolific, study, "bert", "REJECTED")
    reconcile(study, prolific_client.client())
    here = address(study, "submission", bert)
    assert "went to somebody else, who keeps it" in shown(coordinator_here.get(here))
    reason = "They wrote to us: the page had frozen."
    form = {"act": "unreject", "unreject-reason": reason, "unreject-sure": "on"}
    assert "This field is required" in shown(coordinator_here.post(here, {**form, "unreject-reason": " "}))
    unsure = {name: value for name, value in form.items() if name != "unreject-sure"}
    assert "This field is required" in shown(coordinator_here.post(here, unsure))
    assert asked() == []
    coordinator_here.post(here, form)
    send_due_requests()
    assert asked() == [("unreject", "done")]
    bert.refresh_from_db()
    assert bert.status == "AWAITING REVIEW"
    assert AuditRecord.objects.get(act="prolific_unreject").reason == reason
    assert "Undo the rejection" not in shown(coordinator_here.get(here))


def test_money_by_hand_is_owed_once_a_form(study, anna, coordinator_here):
    here = address(study, "submission", anna)
    page = shown(coordinator_here.get(here))
    assert "Amount, in GBP</label>" in page and "Person, by pseudonym" in page
    form = re.search(r'name="bonus-form" value="([^"]+)"', page)
    fields = {"act": "bonus", "bonus-amount": "1.20", "bonus-reason": "A long call.", "bonus-form": form[1]}
    for _click in range(2):
        coordinator_here.post(here, fields)
    assert Payment.objects.get().amount_cents == 120


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "nan", "1e9"])
def test_an_amount_that_is_none_is_refused(study, anna, coordinator_here, amount):
    fields = {"act": "bonus", "bonus-amount": amount, "bonus-reason": "x", "bonus-form": "0" * 32}
    assert coordinator_here.post(address(study, "submission", anna), fields).status_code == 400
    assert not Payment.objects.exists()


def test_a_submission_of_another_study_is_not_found(study, prolific, base_model, coordinator_here, anna):
    other = put_on_prolific(open_study(create_study(base_model, "other")), prolific, "study-other")
    begin_there(prolific, other, "carl")
    arrive(other, "carl", consents=False)
    carl = submission_of(other, "carl")
    assert coordinator_here.get(address(study, "submission", carl)).status_code == 404
    assert coordinator_here.get(address(other, "submission", carl)).status_code == 404
    assert coordinator_here.post(address(study), {"submission": carl.pk, "act": "approve"}).status_code == 404
    assert coordinator_here.post(address(study, "submission", carl), {"act": "reveal"}).status_code == 404


@pytest.mark.parametrize("number", ["", "x", "²", "9" * 30, "-1"])
def test_a_number_that_is_none_is_not_found(study, coordinator_here, number):
    here = address(study, "submission")
    assert coordinator_here.get(here, {"submission": number}).status_code == 404


def test_a_form_without_an_act_does_nothing(study, anna, coordinator_here):
    assert "incomplete" in shown(coordinator_here.post(address(study), {}, follow=True))
    assert asked() == []


def test_a_request_that_is_done_is_not_waiting(study, anna, coordinator_here):
    coordinator_here.post(address(study, "submission", anna), {"act": "approve"})
    ProlificRequest.objects.update(state=RequestState.DONE)
    assert "data-live" not in shown(coordinator_here.get(address(study)))
