"""What must never be false is refused by the database itself, whoever writes: each constraint by name."""

import datetime as dt
import math
import uuid

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from annotations.models import (
    Alarm,
    AnnotationSession,
    Assignment,
    BaseModel,
    Benchmark,
    CheckAttempt,
    Control,
    Dataset,
    DeviceReport,
    EndAnswer,
    Invitation,
    Judgement,
    JudgementAnswer,
    Participant,
    PaymentBatch,
    Phrase,
    PracticePhrase,
    ProlificRequest,
    RandomSlices,
    RandomSliceScores,
    Reply,
    Run,
    Score,
    Span,
    Study,
    StudyConfiguration,
    Submission,
    Task,
    ThresholdChoice,
    VocabularyLevel,
)
from annotations.phrases import replies
from tests.annotations.models import running
from tests.annotations.models.breaking import Way, again, change, drop_other_checks
from tests.support.actors import Visit, create_study, open_study, start_visit
from tests.support.steps import end, submit, submit_and_score

NOW = timezone.now()
UUID, OTHER_UUID = uuid.UUID(int=1), uuid.UUID(int=9)
SPAN_UUIDS, SPAN_TIMES = ("client_uuid", "opening"), ("began_at", "ended_at", "received_at")


@pytest.fixture(scope="module")
def stored_world(stored_base_model: BaseModel) -> Visit:
    """A row of every table: an ended assignment with a scored phrase and its run, and a second one that waits."""
    alice = start_visit(open_study(create_study(stored_base_model)), "alice")
    study, task = alice.session.study, alice.assignment.task
    other = Task.objects.create(study=study, position=2, base_model=task.base_model, target_class=1)
    Assignment.objects.create(session=alice.session, task=other, position=2)
    (phrase,) = submit_and_score(alice, "red")
    replies.choose_threshold(phrase, None)
    replies.judge(phrase, JudgementAnswer.YES)
    submit(alice, "green")
    end(alice)
    whole = {**dict.fromkeys(SPAN_UUIDS, UUID), **dict.fromkeys(SPAN_TIMES, NOW)}
    Span.objects.create(session=alice.session, kind="visible", **whole)
    DeviceReport.objects.create(session=alice.session, has_script=False, client_uuid=UUID)
    Invitation.objects.create(study=study, number=1, digest="d", made_by="ann")
    EndAnswer.objects.create(session=alice.session, number=1, question="Anything else?", answer="no")
    of_class = {"dataset": task.base_model.dataset, "l2": task.base_model.l2, "code_version": ""}
    Control.objects.create(**of_class, target_classes=[0], **REACHED, head=b"h", test_predictions=b"p")
    draws = RandomSlices.objects.create(**of_class, target_class=0, n_above=9, seed=1, worst_groups=[0.5])
    RandomSliceScores.objects.create(random_slices=draws, base_model=task.base_model, values=[0.5], code_version="")
    of_words = {
        "n_correct": 20,
        "n_error": 20,
        "level": 0.5,
        "negated_level": 0.5,
        "scores": b"",
        "negated_scores": b"",
    }
    VocabularyLevel.objects.create(base_model=task.base_model, target_class=0, text_template="a {phrase}", **of_words)
    running.store_rows(alice)
    return alice


@pytest.fixture
def world(db: None, stored_world: Visit) -> Visit:
    return stored_world


HOUR = dt.timedelta(hours=1)
REACHED = {
    "worst_group_accuracy": 0.5,
    "average_accuracy": 0.5,
    "plain_average_accuracy": 0.5,
    "robustness_gap": 0,
    "group_accuracies": [0.5],
    "loss": 1,
    "certified_gap": 0,
}
DONE = {
    "state": "done",
    "head": b"h",
    "test_predictions": b"p",
    "worst_group_accuracy": 0.5,
    "average_accuracy": 0.5,
    "finished_at": NOW,
}
BROKEN: dict[str, list[Way]] = {
    "study_state_known": [change(Study, state="open")],
    "study_opened_unless_draft": [change(Study, opened_at=None), change(Study, state="draft")],
    "study_closed_has_time": [change(Study, state="closed"), change(Study, closed_at=NOW)],
    "study_revision_names_who_and_when": [
        change(Study, revision=1),
        change(Study, revision=1, revised_by="ann"),
        change(Study, revision=1, revised_at=NOW),
        change(Study, revised_by="ann", revised_at=NOW),
    ],
    "study_has_completion_code": [change(Study, completion_code="")],
    "study_codes_differ": [
        change(Study, no_consent_code="C0DE1234"),
        change(Study, failed_check_code="C0DE1234"),
        change(Study, failed_check_code="SAME", no_consent_code="SAME"),
    ],
    "study_audience_known": [change(Study, audience="nobody")],
    "study_task_order_known": [change(Study, task_order="shuffled")],
    "study_restart_rule_known": [change(Study, restart_rule="perhaps")],
    "study_scheme_known": [change(Study, scheme="by feeling")],
    "invitation_number_once": [again(Invitation, digest="another")],
    "invitation_state_known": [change(Invitation, state="lost")],
    "invitation_page_once_used": [change(Invitation, client_uuid=UUID), change(Invitation, state="used")],
    "study_quota_positive": [change(Study, quota=0)],
    "study_paid_screen_out_has_code": [change(Study, failed_check_is_paid=True)],
    "configuration_version_once": [again(StudyConfiguration)],
    "task_position_once": [again(Task)],
    "task_phrase_limits": [change(Task, max_phrases=0), change(Task, max_phrases=201), change(Task, min_phrases=21)],
    "task_time_limit": [change(Task, time_limit_s=29), change(Task, time_limit_s=7201)],
    "task_template_has_phrase": [change(Task, text_template="an image")],
    "dataset_version_once": [again(Dataset, digest="other")],
    "dataset_digest_once": [again(Dataset, version=2)],
    "dataset_version_from_one": [change(Dataset, version=0)],
    "base_model_name_once": [again(BaseModel)],
    "base_model_l2_positive": [change(BaseModel, l2=0)],
    "base_model_origin_known": [change(BaseModel, origin="found")],
    "base_model_trained_has_head": [change(BaseModel, origin="trained", head=None)],
    "control_once": [again(Control)],
    "control_accuracies_are_shares": [change(Control, worst_group_accuracy=1.1), change(Control, average_accuracy=-1)],
    "random_slices_once": [again(RandomSlices)],
    "random_slices_scored_once": [again(RandomSliceScores)],
    "vocabulary_level_once": [again(VocabularyLevel)],
    "vocabulary_levels_are_scores": [
        change(VocabularyLevel, level=None),
        change(VocabularyLevel, negated_level=None),
        change(VocabularyLevel, level=1.1),
        change(VocabularyLevel, negated_level=-0.1),
    ],
    "participant_once": [again(Participant)],
    "submission_once": [again(AnnotationSession)],
    "session_kind_known": [again(AnnotationSession, kind="bot", submission_key="another")],
    "session_verification_known": [change(AnnotationSession, verification="sworn")],
    "session_stage_known": [change(AnnotationSession, stage="lost")],
    "session_outcome_fits_stage": [
        change(AnnotationSession, stage="finished"),
        change(AnnotationSession, outcome="completed"),
        change(AnnotationSession, stage="declined", outcome="completed", ended_at=NOW),
        change(AnnotationSession, ended_at=NOW),
        change(AnnotationSession, stage="not_passed", outcome="failed_check"),
        change(AnnotationSession, stage="withdrawn", outcome="withdrawn"),
    ],
    "session_withdrawn_has_time": [
        change(AnnotationSession, withdrawn_at=NOW),
        change(AnnotationSession, stage="withdrawn", outcome="withdrawn", ended_at=NOW),
    ],
    "practice_phrase_once": [again(PracticePhrase, ordinal=9)],
    "practice_phrase_ordinal_once": [again(PracticePhrase, client_uuid=uuid.UUID(int=9))],
    "practice_phrase_value_range": [change(PracticePhrase, value=1.1), change(PracticePhrase, value=-0.1)],
    "check_attempt_once": [again(CheckAttempt, number=2)],
    "check_attempt_number_once": [again(CheckAttempt, client_uuid=uuid.UUID(int=9))],
    "check_attempt_number_range": [change(CheckAttempt, number=0), change(CheckAttempt, number=3)],
    "span_once": [again(Span)],
    "span_kind_known": [again(Span, client_uuid=OTHER_UUID, kind="bored")],
    "span_times_in_order": [
        again(Span, client_uuid=OTHER_UUID, began_at=NOW + HOUR),
        again(Span, client_uuid=OTHER_UUID, ended_at=NOW + HOUR),
    ],
    "span_has_image_where_enlarged": [
        again(Span, client_uuid=OTHER_UUID, kind="enlarged"),
        again(Span, client_uuid=OTHER_UUID, image_key="key"),
    ],
    "end_answer_once": [again(EndAnswer)],
    "end_answer_not_empty": [change(EndAnswer, answer="")],
    "session_consent_before_work": [change(AnnotationSession, consented_at=None)],
    "submission_ids_once": [lambda: _second_submission()],
    "assignment_once": [again(Assignment, position=9)],
    "assignment_position_once": [lambda: _on_a_third_task(position=1)],
    "assignment_times_fit_state": [
        change(Assignment, state="active"),
        change(Assignment, end_reason=""),
        change(Assignment, end_reason="bored"),
        change(Assignment, state="waiting"),
        change(Assignment, state="paused"),
        change(Assignment, ended_at=None),
    ],
    "assignment_skipped_says_why": [change(Assignment, end_reason="skipped")],
    "assignment_deadlines_in_order": [
        change(Assignment, deadline_at=models.F("first_deadline_at") - HOUR),
        change(Assignment, deadline_at=models.F("first_deadline_at") + HOUR),
        change(Assignment, first_deadline_at=models.F("started_at")),
        change(Assignment, deadline_at=None),
        change(Assignment, first_deadline_at=None),
        change(Assignment, started_at=None),
    ],
    "phrase_once": [again(Phrase, ordinal=9)],
    "phrase_ordinal_once": [again(Phrase, client_uuid=uuid.UUID(int=9))],
    "phrase_not_empty": [change(Phrase, text="")],
    "phrase_moderation_known": [change(Phrase, moderation="liked", moderation_reason="nice")],
    "phrase_moderation_says_why": [change(Phrase, moderation="hidden"), change(Phrase, moderation="flagged")],
    "phrase_state_known": [change(Phrase, state="lost")],
    "score_value_range": [change(Score, value=-0.1), change(Score, value=1.1, two_sided=1.2)],
    "score_two_sided_range": [change(Score, two_sided=0.01), change(Score, two_sided=1.1)],
    "score_threshold_unless_zero": [change(Score, threshold=None), change(Score, value=0.0)],
    "score_two_sided_threshold": [change(Score, value=0.0, threshold=None, two_sided=0.0, two_sided_threshold=0.1)],
    "score_chance_complete": [
        change(Score, p_value=None),
        change(Score, p_method=""),
        change(Score, p_method="guessed"),
        change(Score, tries=None),
        change(Score, tries=0),
        change(Score, null_level=None),
        change(Score, p_value=1.1),
        change(Score, null_level=-0.1),
    ],
    "score_level_complete": [
        change(Score, page_version=None),
        change(Score, guessing_level=None),
        change(Score, level_shown=""),
        change(Score, page_version=2, guessing_level=1.1, level_shown="well"),
    ],
    "score_goal_shown_is_set": [change(Score, goal=None, goal_shown=True)],
    "score_sign_has_subject": [change(Score, sign=0), change(Score, sign=-1, subject="")],
    "score_has_both_sides": [change(Score, n_correct=0), change(Score, n_error=0)],
    "run_once": [again(Run)],
    "run_state_known": [change(Run, state="lost")],
    "run_sign_known": [change(Run, sign=0), change(Run, sign=2)],
    "run_done_has_threshold": [change(Run, state="done", threshold=None)],
    "run_chosen_has_threshold": [change(Run, is_chosen=True, threshold=None)],
    "threshold_choice_is_a_similarity": [
        change(ThresholdChoice, threshold=2.5),
        change(ThresholdChoice, threshold=math.nan),
    ],
    "threshold_choice_run_needs_threshold": [
        lambda: ThresholdChoice.objects.update(threshold=None, run=Run.objects.get())
    ],
    "reply_once": [again(Reply)],
    "reply_kind_known": [again(Reply, kind="sigh")],
    "reply_says_something": [again(Reply, client_uuid=OTHER_UUID, said="")],
    "reply_made_before_received": [again(Reply, client_uuid=OTHER_UUID, received_at=NOW - 9 * HOUR)],
    "device_report_once": [again(DeviceReport)],
    "judgement_answer_known": [change(Judgement, answer="maybe"), change(Judgement, answer="")],
    "run_done_is_complete": [
        change(Run, state="done"),
        change(Run, **DONE | {"head": None}),
        change(Run, **DONE | {"test_predictions": None}),
        change(Run, **DONE | {"worst_group_accuracy": None}),
        change(Run, **DONE | {"worst_group_accuracy": 1.1}),
        change(Run, **DONE | {"average_accuracy": None}),
        change(Run, **DONE | {"finished_at": None}),
    ],
    "run_refused_says_why": [change(Run, state="refused"), change(Run, state="failed")],
}


def _second_submission() -> None:
    submission = Submission.objects.get()
    visit = AnnotationSession.objects.get()
    visit.pk, visit.public_id, visit.submission_key = None, uuid.uuid4(), "another"
    visit.save(force_insert=True)
    submission.pk, submission.session = None, visit
    submission.save(force_insert=True)


def _on_a_third_task(position: int) -> None:
    task = Task.objects.order_by("pk")[0]
    task.pk, task.position = None, 3
    task.save(force_insert=True)
    Assignment.objects.create(session=AnnotationSession.objects.get(), task=task, position=position)


WAYS = BROKEN | running.BROKEN


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, ways in WAYS.items() for number in range(len(ways))]
)
def test_the_database_refuses_what_breaks_a_constraint(world, name, number):
    drop_other_checks(name)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        WAYS[name][number]()
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_tested_here():
    names = {
        constraint.name
        for model in apps.get_app_config("annotations").get_models()
        for constraint in model._meta.constraints
    }
    assert names == set(WAYS)


def test_what_keeps_all_constraints_is_stored(world):
    change(Run, **DONE)()
    change(Run, sign=-1)()
    change(Score, sign=-1, subject="red")()
    change(Score, page_version=2, guessing_level=0.2, level_shown="well", goal=0.5, goal_shown=True)()
    change(
        Score, sign=1, subject="", p_value=None, p_method="", tries=None, null_level=None, two_sided_threshold=None
    )()
    change(Assignment, deadline_at=models.F("first_deadline_at") + dt.timedelta(minutes=5))()
    assert Run.objects.get().state == "done"


def test_a_phrase_has_at_most_one_score(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(Score)()


def test_what_comes_one_after_the_other_is_stored(world):
    change(PaymentBatch, state="paid")()
    again(PaymentBatch, state="prepared")()
    change(Alarm, cleared_at=NOW)()
    again(Alarm, cleared_at=None)()
    change(ProlificRequest, state="done")()
    again(ProlificRequest, state="pending")()
    for _ in range(2):
        again(ProlificRequest, act="message", state="pending")()
    change(Benchmark, state="failed", error="no memory", finished_at=NOW)()
    again(Benchmark, state="pending", error="", finished_at=None)()
    assert (PaymentBatch.objects.count(), Alarm.objects.count(), ProlificRequest.objects.count()) == (2, 2, 4)
