"""Asking for a rehearsal, what it means for opening, and taking back what rehearsals left."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import PROTECT, Model
from django.utils import timezone

from annotations.base.service_errors import NotPossible, StudyNotReady
from annotations.log.log_registry import DONE_IN_A_VISIT
from annotations.models import (
    AnnotationSession,
    Assignment,
    AuditRecord,
    Event,
    JudgementAnswer,
    Participant,
    Phrase,
    Rehearsal,
    Reply,
    Score,
    SessionKind,
    Study,
    StudyConfiguration,
    StudyState,
    Submission,
)
from annotations.phrases import assignments, replies
from annotations.queue import jobs
from annotations.studies import lifecycle, rehearsal_requests
from annotations.studies.preflight.preflight_report import blocking
from annotations.studies.rehearsal_requests import request_rehearsal
from annotations.visits import preview_links, sessions
from annotations.visits.rehearsals import _LEFT, discard
from tests.support import actors
from tests.support.rows import add_phrase, add_run

NOT_A_VISIT_S = {"Payment", "ProlificRequest", "WebhookDelivery", "CorrectionPart"}  # of counted visits alone


def green(study: Study) -> Rehearsal:
    rehearsal = request_rehearsal(study, 2, by="coordinator")
    taken = jobs.claim(Rehearsal)
    assert taken == rehearsal
    jobs.finish(taken)
    return taken


def rehearse(study: Study, name: str = "simulated", kind: str = SessionKind.SIMULATED) -> actors.Visit:
    """A visit that does not count, with a phrase, its score, a reply to it and a run."""
    token = preview_links._signed(preview_links.Link(study.pk, kind, name, 0))
    session = preview_links.enter(study, token)
    sessions.give_consent(session)
    session = actors.pass_check(actors.do_tutorial(session))
    assignment = assignments.start(session.assignments.order_by("position")[0])
    visit = actors.Visit(session, assignment, actors.client_of(session), {})
    phrase = add_phrase(visit, "red", 0.5)
    replies.judge(phrase, JudgementAnswer.NO)
    add_run(phrase, 0.5)
    return visit


def test_a_study_opens_after_a_green_rehearsal(draft_study: Study) -> None:
    green(draft_study)
    assert lifecycle.open_study(draft_study, by="coordinator").state == StudyState.ACTIVE


def test_a_draft_is_frozen_as_it_is_rehearsed(draft_study: Study) -> None:
    rehearsal = request_rehearsal(draft_study, 4, by="coordinator")
    assert rehearsal.configuration_digest == StudyConfiguration.objects.get().digest
    record = AuditRecord.objects.get(act="rehearsal_requested")
    assert (record.actor, record.subject, record.detail) == ("coordinator", f"rehearsal {rehearsal.pk}", {"people": 4})


def test_no_rehearsal_no_opening(draft_study: Study) -> None:
    with pytest.raises(StudyNotReady, match="The study has not been rehearsed"):
        lifecycle.open_study(draft_study)


def test_a_rehearsal_under_way_is_waited_for(draft_study: Study) -> None:
    request_rehearsal(draft_study, 1, by="coordinator")
    with pytest.raises(StudyNotReady, match="still running"):
        lifecycle.open_study(draft_study)
    with pytest.raises(NotPossible, match="still running"):
        request_rehearsal(draft_study, 1, by="coordinator")


def test_a_red_rehearsal_says_why(draft_study: Study) -> None:
    request_rehearsal(draft_study, 1, by="coordinator")
    taken = jobs.claim(Rehearsal)
    assert taken is not None
    jobs.fail(taken, "diligent-0: it broke off.")
    with pytest.raises(StudyNotReady, match=r"failed: diligent-0: it broke off\. Fix this"):
        lifecycle.open_study(draft_study)


def test_a_change_after_the_rehearsal_needs_another(draft_study: Study) -> None:
    green(draft_study)
    draft_study.tasks.update(max_phrases=7)
    with pytest.raises(StudyNotReady, match="changed after its rehearsal"):
        lifecycle.open_study(draft_study)


def test_a_rehearsal_grows_old_in_an_hour(draft_study: Study) -> None:
    green(draft_study)
    Rehearsal.objects.update(finished_at=timezone.now() - dt.timedelta(minutes=59))
    assert blocking(draft_study) == []
    Rehearsal.objects.update(finished_at=timezone.now() - dt.timedelta(minutes=61))
    assert "more than an hour old" in blocking(draft_study)[0]


@pytest.mark.parametrize("n", [0, rehearsal_requests.MAX_PEOPLE + 1])
def test_a_number_out_of_range_is_refused(draft_study: Study, n: int) -> None:
    with pytest.raises(NotPossible, match="Choose 1 to"):
        request_rehearsal(draft_study, n, by="coordinator")


def test_a_study_that_nobody_could_visit_is_not_rehearsed(draft_study: Study) -> None:
    draft_study.tasks.all().delete()
    with pytest.raises(StudyNotReady, match="has no task"):
        request_rehearsal(draft_study, 1, by="coordinator")


def test_an_open_study_is_rehearsed_as_it_was_frozen(open_study: Study) -> None:
    rehearsal = request_rehearsal(open_study, 1, by="coordinator")
    assert rehearsal.configuration_digest == open_study.configurations.get().digest


def test_discarding_leaves_nothing_of_a_draft_but_itself(draft_study: Study, coordinator: User) -> None:
    green(draft_study)
    rehearse(draft_study)
    rehearse(draft_study, f"{coordinator.pk}:preview", SessionKind.PREVIEW)
    assert discard(draft_study, by="coordinator") == 2
    for model in (AnnotationSession, Participant, Event, Phrase, Score, Reply, Assignment, Submission, Rehearsal):
        assert not model._default_manager.exists(), model
    draft_study.tasks.get().delete()
    draft_study.delete()


def test_discarding_leaves_what_counts(open_study: Study, alice: actors.Visit) -> None:
    add_run(add_phrase(alice, "red", 0.5), 0.5)
    rehearse(open_study)
    counted = {model: model._default_manager.count() for model in (Phrase, Score, Event, Participant)}
    discard(open_study, by="coordinator")
    assert list(AnnotationSession.objects.all()) == [alice.session]
    assert Phrase.objects.count() == Score.objects.count() == counted[Phrase] - 1
    assert Event.objects.filter(session=alice.session).exists()
    assert Submission.objects.get().session == alice.session
    assert discard(open_study, by="coordinator") == 0


def test_nothing_is_taken_back_while_somebody_is_inside(draft_study: Study) -> None:
    request_rehearsal(draft_study, 1, by="coordinator")
    with pytest.raises(NotPossible, match="still running"):
        discard(draft_study, by="coordinator")


def test_every_table_that_a_visit_fills_is_emptied() -> None:
    """A table that points to a visit, or to what a visit left, and would keep it from being deleted."""
    known: set[type[Model]] = {AnnotationSession, *_LEFT, *(table.model for table in DONE_IN_A_VISIT)}
    holding = {
        model
        for model in apps.get_app_config("annotations").get_models()
        for field in model._meta.concrete_fields
        if field.related_model in known and getattr(field.remote_field, "on_delete", None) is PROTECT
    }
    assert {model.__name__ for model in holding - known} <= NOT_A_VISIT_S
