"""Whether anything has changed since a study was analysed, without analysing it."""

import hashlib
from datetime import timedelta
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone

from annotations.models import (
    AuditRecord,
    Benchmark,
    Control,
    Event,
    KeywordRanking,
    RandomSliceScores,
    Run,
    RunState,
    SessionKind,
    Study,
    VocabularyLevel,
)
from annotations.models.event_kinds import SPANS_REPORTED
from annotations.monitoring.person_courses import people_kind

_SPANS_COME = timedelta(minutes=5)  # while people are at work spans of time always come: look again after this


def state_of(study: Study) -> str:
    """Return a short text that is another one after anything that the tables stand on.

    That is the study's events, what its staff did, its corrections, the benchmarks and rankings of keywords of its base
    models, what common words reach on them, the controls on their data sets, their random slices, what experts did
    elsewhere with the same base models and, while people are at work, time.
    """
    base_models = list(study.tasks.values_list("base_model_id", flat=True))
    experts = Study.objects.filter(sessions__kind=SessionKind.EXPERT, tasks__base_model__in=base_models).order_by("pk")
    benchmarks = Benchmark.objects.filter(base_model__in=base_models).order_by("pk")
    rankings = KeywordRanking.objects.filter(base_model__in=base_models).order_by("pk")
    controls = Control.objects.filter(dataset__base_models__in=base_models)
    runs = Run.objects.filter(base_model__in=base_models, state=RunState.DONE)
    seen = (
        study.pk,
        people_kind(study),
        study.title,
        study.new_concept_chance,
        base_models,
        _last(_news(), [study.pk]),
        _last(AuditRecord.objects.all(), [study.pk]),
        _last(_news(), experts.values_list("pk", flat=True).distinct()),
        list(benchmarks.values_list("pk", "state", "n_done")),
        list(rankings.values_list("pk", "created_at")),
        controls.aggregate(last=Max("pk")),
        VocabularyLevel.objects.filter(base_model__in=base_models).aggregate(last=Max("pk")),  # in the background
        RandomSliceScores.objects.filter(base_model__in=base_models).aggregate(last=Max("pk")),
        [runs.filter(**lacks).count() for lacks in ({"random_slices": None}, {"own_gain_low": None})],  # come later
        list(study.corrections.order_by("pk").values_list("pk", "state")),
        _spans(study),
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]


def _spans(study: Study) -> object:
    """The newest report of spans; while such come, the time in steps, since each of them would be news."""
    reports = study.events.filter(kind=SPANS_REPORTED).order_by("-pk")
    newest, now = reports.values_list("pk", "occurred_at").first(), timezone.now()
    is_recent = newest is not None and now - newest[1] < _SPANS_COME
    return now.timestamp() // _SPANS_COME.total_seconds() if is_recent else newest and newest[0]


def _news() -> QuerySet[Event]:
    return Event.objects.exclude(kind=SPANS_REPORTED)


def _last(rows: QuerySet[Any], studies: object) -> int | None:
    last: int | None = rows.filter(study__in=studies).aggregate(last=Max("pk"))["last"]
    return last
