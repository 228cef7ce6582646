"""After an erasure no page, no API answer and no export says what the person wrote, or who they were here."""

import io
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import AuditRecord, Participant, Study
from annotations.releases.study_export import write_study_zip
from annotations.site.study_registry import PAGES
from annotations.visits import erasure, sessions, withdrawal
from tests.support.steps import end, submit_and_score
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)  # an export reads in a transaction of its own

WORDS = "dark zanzibar"
LISTS = ("annotationsession", "assignment", "phrase", "run", "event")
NEED_MORE = ("release_file", "export", "submission", "image_review")  # than an address
API_TABLES = ("participants", "sessions", "assignments", "phrases", "runs")


@pytest.fixture
def secrets(alice, bob, coordinator_client) -> list[str]:
    """What nobody shall read again: Alice's words, her pseudonym, the one of her visit, and her id outside."""
    submit_and_score(alice, WORDS)
    submit_and_score(bob, "red")
    end(alice)
    train_due_runs()
    sessions.finish(alice.session, {})
    of_alice = [WORDS, alice.participant.pseudonym, alice.session.submission_key, alice.external_ids["PROLIFIC_PID"]]
    before = "".join(everything(alice.session.study, coordinator_client).values())
    assert all(secret in before for secret in of_alice[:3])
    withdrawal.withdraw(alice.session)
    alice.session.study.submissions.update(status="APPROVED")
    assert erasure.erase_due(timezone.now()) == (1, 1)
    return of_alice


def everything(study: Study, client) -> dict[str, str]:
    """Every page of the study, every list of the admin and the API, and every file of its export."""
    pages = [page.url(study) for page in PAGES if page.name not in NEED_MORE]
    pages += [reverse("admin:annotations_study_change", args=[study.pk])]
    pages += [f"{reverse('admin:annotations_study_moderation', args=[study.pk])}?state=all"]
    pages += [reverse(f"admin:annotations_{name}_changelist") for name in LISTS]
    pages += [f"/api/v1/studies/{study.slug}/tables/{name}/?include=rehearsals" for name in API_TABLES]
    answers = {page: client.get(page) for page in pages}
    assert {page: answer.status_code for page, answer in answers.items() if answer.status_code != 200} == {}
    said = {page: answer.content.decode() for page, answer in answers.items()}
    file = io.BytesIO()
    write_study_zip(study, file)
    with zipfile.ZipFile(file) as archive:
        said |= {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    return said


def test_nothing_says_what_they_wrote_or_who_they_were_and_the_audit_log_names_the_tombstone_alone(
    secrets, open_study, coordinator_client
):
    said = everything(open_study, coordinator_client)
    found = {(place, secret) for place, text in said.items() for secret in secrets if secret in text}
    assert found == set()
    tombstone = Participant.objects.get(erased_at__isnull=False).pseudonym
    assert tombstone in said["sessions.csv"]
    assert [record.subject for record in AuditRecord.objects.filter(act="identity_destroyed")] == [tombstone]
