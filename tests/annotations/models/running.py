"""The tables of running a study: a row of each, and ways to break each of their constraints."""

import datetime as dt
import uuid

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from annotations.models import (
    AccessToken,
    Alarm,
    Allocation,
    AnnotationSession,
    Benchmark,
    Condition,
    Correction,
    CorrectionPart,
    DatasetImport,
    ForgottenSubmission,
    GatheredTraining,
    Gathering,
    GatheringPart,
    IdentityKey,
    ImageIndex,
    ImageReview,
    ImageSearch,
    ImportShard,
    KeywordRanking,
    Payment,
    PaymentBatch,
    Pool,
    ProlificRequest,
    Rehearsal,
    Release,
    Score,
    StudyAnalysis,
    StudyMember,
    Submission,
    WorkerHeartbeat,
)
from annotations.results import stored_rankings
from tests.annotations.models.breaking import Way, again, change
from tests.support.actors import Visit

NOW = timezone.now()
BY = {"requested_by": "coordinator"}


def store_rows(visit: Visit) -> None:
    """One row of each of these tables; the visit has a place, a submission, a key, and a phrase with its score."""
    study, base_model = visit.session.study, visit.assignment.task.base_model
    submission = Submission.objects.get(session=visit.session)
    Condition.objects.create(study=study, name="with words")
    StudyMember.objects.create(study=study, user=User.objects.create(username="ana"), role="analyst")
    Alarm.objects.create(study=study, kind="no_scores", message="Nobody was scored.", raised_at=NOW)
    DatasetImport.objects.create(name="birds", folder="birds", **BY)
    Rehearsal.objects.create(study=study, configuration_digest="0", n_people=2, seed=1, **BY)
    Release.objects.create(study=study, number=1, **BY)
    Benchmark.objects.create(base_model=base_model, methods=["dfr"], **BY)
    StudyAnalysis.objects.create(study=study, **BY)
    ImageIndex.objects.create(dataset=base_model.dataset, **BY)
    ImageSearch.objects.create(dataset=base_model.dataset, words="red", **BY)
    AccessToken.objects.create(
        user=User.objects.get(username="ana"),
        name="notebook",
        digest="0",
        is_verified=False,
        sign_in_hash="0",
        created_at=NOW,
        expires_at=NOW + dt.timedelta(days=30),
    )
    stored_rankings.store(
        base_model,
        0,
        "0" * 64,
        rows=[{}],
        list_name="colours",
        text_template="{phrase}",
        n_correct=1,
        n_error=1,
        settings={},
    )
    correction = Correction.objects.create(study=study, base_model=base_model, **BY)
    CorrectionPart.objects.create(correction=correction, score=Score.objects.all()[0], target_class=0, threshold=0.5)
    pool = Pool.objects.create(name="web", folder="web", encoder="x", **BY)
    gathering = Gathering.objects.create(study=study, base_model=base_model, pool=pool, **BY)
    GatheringPart.objects.create(gathering=gathering, score=Score.objects.all()[0], target_class=0, threshold=0.5)
    ImageReview.objects.create(gathering=gathering, place=0, reviewer="ana", verdict="keep", label=0, seconds=1)
    GatheredTraining.objects.create(gathering=gathering, **BY)
    ForgottenSubmission.objects.create(study=study, submission_key="SAAA")
    ProlificRequest.objects.create(study=study, submission=submission, act="approve", due_at=NOW, **BY)
    ImportShard.objects.create(directory="datasets/birds/0", number=0, digest="0" * 64, count=512)
    WorkerHeartbeat.objects.create(queue="interactive", process="host 1", started_at=NOW, heartbeat_at=NOW)
    batch = PaymentBatch.objects.create(study=study, created_by="coordinator")
    Payment.objects.create(
        study=study,
        submission=submission,
        batch=batch,
        rule="goal",
        reason="a score of 0.87",
        amount_cents=50,
        currency="GBP",
        idempotency_key="goal",
        created_by="coordinator",
    )


def _of_a_job(model: type[models.Model]) -> dict[str, list[Way]]:
    """Ways to break what every job has."""
    name = model._meta.model_name
    return {
        f"{name}_state_known": [change(model, state="lost")],
        f"{name}_finished_has_time": [change(model, state="done"), change(model, finished_at=NOW)],
        f"{name}_failed_says_why": [change(model, state="failed", finished_at=NOW)],
    }


def _a_second_place(**changes: object) -> Way:
    def insert() -> None:
        visit = AnnotationSession.objects.order_by("pk")[0]
        visit.pk, visit.public_id, visit.submission_key = None, uuid.uuid4(), "another"
        visit.save(force_insert=True)
        again(Allocation, session=visit, **changes)()

    return insert


BROKEN: dict[str, list[Way]] = {
    **_of_a_job(DatasetImport),
    **_of_a_job(Rehearsal),
    **_of_a_job(Release),
    **_of_a_job(Benchmark),
    **_of_a_job(StudyAnalysis),
    **_of_a_job(ImageIndex),
    **_of_a_job(ImageSearch),
    **_of_a_job(Correction),
    **_of_a_job(Pool),
    **_of_a_job(Gathering),
    **_of_a_job(GatheredTraining),
    "condition_position_once": [again(Condition, name="another")],
    "condition_name_once": [again(Condition, position=9)],
    "condition_has_name": [change(Condition, name="")],
    "allocation_state_known": [change(Allocation, state="lost")],
    "allocation_end_fits_state": [
        change(Allocation, ended_at=NOW),
        change(Allocation, release_reason="returned"),
        change(Allocation, state="completed"),
        change(Allocation, state="completed", ended_at=NOW, release_reason="returned"),
        change(Allocation, state="released", ended_at=NOW),
        change(Allocation, state="released", release_reason="returned"),
    ],
    "allocation_one_place_a_person": [_a_second_place(), _a_second_place(state="completed", ended_at=NOW)],
    "datasetimport_one_source": [change(DatasetImport, folder=""), change(DatasetImport, archive="birds.zip")],
    "release_number_once": [again(Release)],
    "release_done_has_file": [
        change(Release, state="done", finished_at=NOW),
        change(Release, state="done", finished_at=NOW, file="releases/1.zip"),
        change(Release, state="done", finished_at=NOW, digest="0"),
    ],
    "access_token_expires_later": [change(AccessToken, expires_at=NOW)],
    "access_token_has_name": [change(AccessToken, name="")],
    "keyword_ranking_once_a_list": [again(KeywordRanking)],
    "keyword_ranking_has_something": [
        change(KeywordRanking, n_keywords=0),
        change(KeywordRanking, n_correct=0),
        change(KeywordRanking, n_error=0),
    ],
    "benchmark_once_at_a_time": [again(Benchmark), again(Benchmark, state="running")],
    "analysis_one_at_a_time": [again(StudyAnalysis), again(StudyAnalysis, state="running")],
    "analysis_done_has_content": [change(StudyAnalysis, state="done", finished_at=NOW)],
    "image_index_one_at_a_time": [again(ImageIndex), again(ImageIndex, state="running")],
    "image_index_done_has_files": [
        change(ImageIndex, state="done", finished_at=NOW),
        change(ImageIndex, state="done", finished_at=NOW, directory="indexes/1"),
        change(ImageIndex, state="done", finished_at=NOW, kind="flat"),
    ],
    "image_index_duplicate_threshold_in_range": [
        change(ImageIndex, duplicate_threshold=-0.1),
        change(ImageIndex, duplicate_threshold=1.1),
    ],
    "image_index_done_has_limit": [change(ImageIndex, state="done", finished_at=NOW)],
    "image_search_has_query": [change(ImageSearch, words="")],
    "image_search_done_says_how": [change(ImageSearch, state="done", finished_at=NOW)],
    "correction_head": [change(Correction, state="done", finished_at=NOW)],
    "correction_review_known": [change(Correction, review="maybe", reviewed_by="ana", reviewed_at=NOW)],
    "correction_reviewed_by_somebody": [
        change(Correction, review="approved"),
        change(Correction, review="approved", reviewed_at=NOW),
        change(Correction, review="rejected", reviewed_by="ana"),
    ],
    "correction_one_annotation_a_class": [again(CorrectionPart)],
    "pool_done_has_images": [change(Pool, state="done", finished_at=NOW)],
    "gathering_class_by_known": [change(Gathering, class_by="guess")],
    "gathering_thresholds_in_range": [change(Gathering, class_threshold=2), change(Gathering, duplicate_threshold=-1)],
    "gathering_done_has_limit": [change(Gathering, state="done", finished_at=NOW)],
    "gathering_one_annotation_a_class": [again(GatheringPart)],
    "image_review_once": [again(ImageReview)],
    "image_review_kept_has_label": [
        change(ImageReview, label=None),
        change(ImageReview, verdict="drop"),
        change(ImageReview, verdict="maybe"),
    ],
    "gatheredtraining_done_has_data": [change(GatheredTraining, state="done", finished_at=NOW)],
    "identity_key_once": [again(IdentityKey)],
    "prolific_request_state_known": [change(ProlificRequest, state="lost")],
    "prolific_request_once": [again(ProlificRequest)],
    "forgotten_submission_once": [again(ForgottenSubmission)],
    "payment_batch_state_known": [change(PaymentBatch, state="lost")],
    "payment_batch_one_at_a_time": [
        again(PaymentBatch),
        again(PaymentBatch, state="sent"),
        again(PaymentBatch, state="unsure"),
    ],
    "payment_once": [again(Payment)],
    "payment_positive": [change(Payment, amount_cents=0)],
    "payment_withheld_is_in_no_batch": [change(Payment, withheld_reason="Sent twice.")],
    "study_member_once": [again(StudyMember)],
    "study_member_role_known": [change(StudyMember, role="boss")],
    "alarm_once_at_a_time": [again(Alarm)],
    "worker_heartbeat_once": [again(WorkerHeartbeat)],
    "import_shard_once": [again(ImportShard)],
    "import_shard_done_at_most_whole": [change(ImportShard, n_done=513)],
}
