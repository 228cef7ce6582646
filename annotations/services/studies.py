"""A study's life: draft → active ⇄ paused → closed. Opening it freezes its configuration."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annotations.models import (
    Assignment,
    AssignmentState,
    BaseModel,
    EndReason,
    Study,
    StudyConfiguration,
    StudyState,
    Task,
)
from annotations.services import assignments, events
from annotations.services.errors import ServiceError, StudyNotReady
from annotations.services.readiness import lacks_features, reasons_not_ready, resolved_target_class
from annotations.version import CODE_VERSION

# What shapes a visit and freezes at opening. Codes and the outside study id are no part of it: exports show it, and one
# that was mistyped can be corrected while the study is open.
FROZEN_STUDY_FIELDS = (
    "slug",
    "title",
    "language",
    "translations",
    "introduction",
    "consent_text",
    "participant_parameter",
    "study_parameter",
    "session_parameter",
    "completion_url",
    "comprehension_check",
    "end_questions",
    "goal",
    "suggest_rewordings",
    "audience",
    "task_order",
    "restart_rule",
    "lease_minutes",
    "only_verified",
    "bonus_cents",
    "retention_days",
)
FROZEN_CONDITION_FIELDS = ("position", "name", "show_suggestions", "suggest_rewordings", "show_goal")
FROZEN_TASK_FIELDS = (
    "position",
    "target_class",
    "text_template",
    "suggested_words",
    "min_phrases",
    "max_phrases",
    "time_limit_s",
)


class StudyStateMismatch(ServiceError):
    """The study is not in a state from which it can be moved so; `message` says in which it is."""

    code = "study_state_mismatch"
    status = 409


class StudyUnacceptable(ServiceError):
    """A field of a new study or of its tasks is not right; `message` names each."""

    code = "study_unacceptable"
    status = 400


@transaction.atomic
def create_study(*, slug: str, title: str, tasks: Sequence[Mapping[str, Any]], **fields: Any) -> Study:
    """Store a draft study and its tasks, numbered from 1 in the order given.

    tasks: fields of Task, with `base_model` a BaseModel; fields: other fields of Study. Raises StudyUnacceptable,
    which names every field that is not right, and stores nothing then.
    """
    try:
        study = Study(slug=slug, title=title, **fields)
        study.full_clean()
        study.save()
        for position, values in enumerate(tasks, start=1):
            task = Task(study=study, position=position, **values)
            task.full_clean()
            task.save()
    except ValidationError as error:
        problems = [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]
        raise StudyUnacceptable(" ".join(problems)) from error
    except TypeError as error:
        raise StudyUnacceptable(f"{error}.") from error
    return study


@transaction.atomic
def open_study(study: Study) -> Study:
    """Freeze a draft's configuration and let participants in.

    A task without a class gets the one with the highest error rate. Raises StudyNotReady with every reason,
    StudyStateMismatch where the study is no draft.
    """
    locked = _locked(study, StudyState.DRAFT)
    reasons = reasons_not_ready(locked)
    if reasons:
        raise StudyNotReady(reasons)
    configuration = freeze(locked)
    locked.opened_at = timezone.now()
    _move(locked, StudyState.ACTIVE, events.STUDY_OPENED, configuration=configuration.version)
    return _refreshed(study)


@transaction.atomic
def freeze(study: Study) -> StudyConfiguration:
    """Return the study's configuration as it is now: the newest version, or a new one where it has changed since.

    A draft freezes each time somebody rehearses it, and for good when it opens. A task without a class gets the one with
    the highest error rate. Raises BadDataset where a data set does not open, NothingToEvaluate where nothing has a
    prediction.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two at once would take one number
    for task in study.tasks.filter(target_class=None).select_related("base_model__dataset"):
        task.target_class = resolved_target_class(task)
        task.save(update_fields=["target_class"])
    data = _configuration_data(study)
    newest = study.configurations.order_by("version").last()
    if newest is not None and newest.digest == _digest(data):
        return newest
    version = 1 if newest is None else newest.version + 1
    return StudyConfiguration.objects.create(study=study, version=version, data=data, digest=_digest(data))


@transaction.atomic
def pause_study(study: Study) -> Study:
    """Let nobody new in; whoever has begun may finish. Raises StudyStateMismatch unless the study is active."""
    _move(_locked(study, StudyState.ACTIVE), StudyState.PAUSED, events.STUDY_PAUSED)
    return _refreshed(study)


@transaction.atomic
def resume_study(study: Study) -> Study:
    """Let participants in again, under the same configuration. Raises StudyStateMismatch unless it is paused."""
    _move(_locked(study, StudyState.PAUSED), StudyState.ACTIVE, events.STUDY_RESUMED)
    return _refreshed(study)


@transaction.atomic
def close_study(study: Study) -> Study:
    """End the study for good, and with it every assignment that has not ended; all that was submitted stays.

    Raises StudyStateMismatch unless the study is active or paused.
    """
    locked = _locked(study, StudyState.ACTIVE, StudyState.PAUSED)
    locked.closed_at = timezone.now()
    _move(locked, StudyState.CLOSED, events.STUDY_CLOSED)
    live = Assignment.objects.filter(session__study=locked).exclude(state=AssignmentState.ENDED)
    for assignment in live.order_by("id"):
        assignments.end(assignment, EndReason.STUDY_CLOSED)
    return _refreshed(study)


def entry_url(study: Study) -> str:
    """Return the participants' link, with Prolific's placeholders for the three ids."""
    return _url_with(study, participant="{{%PROLIFIC_PID%}}", study_id="{{%STUDY_ID%}}", session="{{%SESSION_ID%}}")


def test_entry_url(study: Study, n: int) -> str:
    """Return a link that enters as the n-th person of one's own; such a visit is counted like any other."""
    return _url_with(
        study,
        participant=f"test-participant-{n}",
        study_id=quote(study.external_study_id or "test-study"),
        session=f"test-session-{n}",
    )


def _url_with(study: Study, *, participant: str, study_id: str, session: str) -> str:
    values = {
        study.participant_parameter: participant,
        study.study_parameter: study_id,
        study.session_parameter: session,
    }
    query = "&".join(f"{name}={value}" for name, value in values.items())
    return f"{settings.SITE_URL}{reverse('welcome', args=[study.slug])}?{query}"


def _locked(study: Study, *allowed: StudyState) -> Study:
    """Return the row under a lock; StudyStateMismatch where its state is none of those."""
    # A "no key" lock lets rows that point to the study be inserted meanwhile: whoever submits a phrase holds an
    # assignment that closing waits for, and writes an event of the study.
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.state not in allowed:
        raise StudyStateMismatch(f"The study is {locked.get_state_display().lower()}, so this cannot be done now.")
    return locked


def _move(locked: Study, state: StudyState, event: str, **payload: Any) -> None:
    locked.state = state
    locked.save(update_fields=["state", "opened_at", "closed_at"])
    events.record(event, study=locked, **payload)


def _refreshed(study: Study) -> Study:
    study.refresh_from_db()
    return study


def configuration_digest(study: Study) -> str:
    """Return the digest that the study's configuration would have if it froze now.

    Raises BadDataset where a data set does not open, NothingToEvaluate where nothing has a prediction.
    """
    return _digest(_configuration_data(study))


def _configuration_data(study: Study) -> dict[str, Any]:
    return {
        "code_version": CODE_VERSION,
        "least_slice_size": settings.LEAST_SLICE_SIZE,
        "study": {name: getattr(study, name) for name in FROZEN_STUDY_FIELDS},
        "conditions": [
            {name: getattr(condition, name) for name in FROZEN_CONDITION_FIELDS}
            for condition in study.conditions.order_by("position")
        ],
        "tasks": [_frozen_task(task) for task in study.tasks.select_related("base_model__dataset")],
    }


def _digest(data: Mapping[str, Any]) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _frozen_task(task: Task) -> dict[str, Any]:
    task.target_class = resolved_target_class(task)
    return {
        **{name: getattr(task, name) for name in FROZEN_TASK_FIELDS},
        "class_name": task.class_name,
        "base_model": _frozen_base_model(task.base_model),
    }


def _frozen_base_model(base_model: BaseModel) -> dict[str, Any]:
    dataset = base_model.dataset
    return {
        "name": base_model.name,
        "origin": base_model.origin,
        "l2": base_model.l2,
        "predictions_sha256": hashlib.sha256(base_model.predictions).hexdigest(),
        "validation_accuracies": base_model.validation_accuracies,
        "test_metrics": base_model.test_metrics,
        "retrainable": not lacks_features(base_model),
        "dataset": {
            "name": dataset.name,
            "version": dataset.version,
            "digest": dataset.digest,
            "class_names": dataset.class_names,
            "attribute_names": dataset.attribute_names,
            "similarity_encoder": dataset.similarity_encoder,
            "feature_encoder": dataset.feature_encoder,
            "counts": dataset.counts,
        },
    }
