"""A study's life: draft → active ⇄ paused → closed. Opening it freezes its configuration, which every visit names.

A save of a draft that began at an older revision is refused, and says who saved the newer one and when.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model
from django.urls import reverse
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.base.service_errors import NotPossible, StudyNotFound, StudyNotReady, only_valid
from annotations.datasets.class_images import resolved_target_class
from annotations.log import audit, events
from annotations.models import (
    OPEN_STATES,
    Assignment,
    AssignmentState,
    Condition,
    EndReason,
    Study,
    StudyConfiguration,
    StudyState,
    Task,
    event_kinds,
)
from annotations.models.study import AMENDABLE, CODES
from annotations.phrases import assignments
from annotations.prolific import recruitment
from annotations.studies.configuration_content import configuration_content, digest_of
from annotations.studies.preflight.preflight_report import blocking
from annotations.studies.readiness import reasons_not_ready
from annotations.studies.shown_keywords import shows_keywords, top_keywords


@transaction.atomic
def freeze(study: Study) -> StudyConfiguration:
    """Return the study's configuration as it is now: the newest version, or a new one where it has changed since.

    A draft freezes each time somebody rehearses it, and for good when it opens. A task without a class gets the one
    with the highest error rate; one without a machine's keywords the top of the newest list, where they are shown.
    Raises BadDataset where a data set does not open, NothingToEvaluate where nothing has a prediction.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two at once would take one number
    for task in study.tasks.filter(target_class=None).with_base_models():
        change(task, target_class=resolved_target_class(task))
    for task in study.tasks.filter(keywords="").with_base_models() if shows_keywords(study) else ():
        change(task, keywords="\n".join(top_keywords(task)))
    data = configuration_content(study)
    newest = study.configurations.order_by("version").last()
    if newest is not None and newest.digest == digest_of(data):
        return newest
    version = 1 if newest is None else newest.version + 1
    return StudyConfiguration.objects.create(study=study, version=version, data=data, digest=digest_of(data))


def configuration_now(study: Study) -> StudyConfiguration:
    """Return the configuration that a visit to the study has now; raises StudyNotReady for a draft nobody can visit."""
    if study.state != StudyState.DRAFT:
        return study.configurations.latest("version")
    if reasons := reasons_not_ready(study):
        raise StudyNotReady(reasons)
    return freeze(study)


class StaleDraft(NotPossible, code="stale_draft"):
    """Somebody saved the draft after the page that is sent now was opened."""

    def __init__(self, study: Study, by: str) -> None:
        who = study.revised_by or "Somebody"  # a page may name a revision that nobody ever saved
        who = "You, in another tab," if who == by else who
        super().__init__(f"{who} saved this draft {_when(study)}, after you had opened this page.")


def refuse_stale(locked: Study, seen: int, *, by: str) -> None:
    """Raise StaleDraft unless `seen` is still the revision of a draft that this transaction has locked."""
    if locked.revision != seen:
        raise StaleDraft(locked, by)


def revise(study: Study, *, by: str) -> None:
    """Note a save of a draft, in the transaction of what it changes."""
    rows = Study.objects.filter(pk=study.pk)
    rows.update(revision=F("revision") + 1, revised_by=by, revised_at=timezone.now())
    study.refresh_from_db(fields=["revision", "revised_by", "revised_at"])


def _when(study: Study) -> str:
    if study.revised_at is None:
        return "just now"
    at, now = timezone.localtime(study.revised_at), timezone.localtime()
    day = "" if at.date() == now.date() else f"on {at.day} {at:%B} "
    return f"{day}at {at:%H:%M %Z}"


def find_study(slug: str) -> Study:
    """Return the study of this slug, for a command. Raises StudyNotFound, which names all that there are."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        raise StudyNotFound(f"There is no study {slug!r}. Known studies: {known}.")
    return study


@transaction.atomic
def create_study(
    *,
    slug: str,
    title: str,
    tasks: Sequence[Mapping[str, Any]],
    conditions: Sequence[Mapping[str, Any]] = (),
    by: str = audit.SYSTEM,
    **fields: Any,
) -> Study:
    """Store a draft study with its tasks and conditions, each numbered from 1 in the order given.

    tasks: fields of Task, with `base_model` a BaseModel; conditions: fields of Condition; fields: other fields of
    Study; by: who did it, for the audit log. Raises NotPossible, which names every field that is not right, and
    stores nothing then.
    """
    try:
        with only_valid(names_fields=True):
            study = Study(slug=slug, title=title, **fields)
            study.full_clean()
            study.save()
            for model, rows in ((Task, tasks), (Condition, conditions)):
                for position, values in enumerate(rows, start=1):
                    row = model(study=study, position=position, **values)
                    row.full_clean()
                    row.save()
    except TypeError as error:
        raise NotPossible(f"{error}.") from error
    audit.record("study_created", study, by=by)
    return study


@transaction.atomic
def open_study(study: Study, *, by: str = audit.SYSTEM, without_rehearsal: bool = False) -> Study:
    """Freeze a draft's configuration and let participants in.

    A task without a class gets the one with the highest error rate. Raises StudyNotReady with every reason,
    NotPossible where the study is no draft. `without_rehearsal`, which the audit log notes, is for who is sure
    that the site scores phrases.
    """
    locked = _locked(study, StudyState.DRAFT)
    reasons = blocking(locked, without_rehearsal=without_rehearsal)
    if reasons:
        raise StudyNotReady(reasons)
    detail: dict[str, Any] = {"configuration": freeze(locked).version}
    if without_rehearsal:
        detail["without_rehearsal"] = True
    locked.opened_at = timezone.now()
    _move(locked, StudyState.ACTIVE, event_kinds.STUDY_OPENED, by, _material(locked), **detail)
    return _refreshed(study)


@transaction.atomic
def pause_study(study: Study, *, by: str = audit.SYSTEM, on_prolific: bool = False) -> Study:
    """Let nobody new in; whoever has begun may finish. Raises NotPossible unless the study is active.

    on_prolific: have it paused there too; raises what `recruitment.ask` does then, and nothing is done.
    """
    _move(_locked(study, StudyState.ACTIVE), StudyState.PAUSED, event_kinds.STUDY_PAUSED, by)
    if on_prolific:
        recruitment.ask(study, "pause_study", by=by)
    return _refreshed(study)


@transaction.atomic
def resume_study(study: Study, *, by: str = audit.SYSTEM, on_prolific: bool = False) -> Study:
    """Let participants in again, under the same configuration. Raises NotPossible unless it is paused.

    on_prolific: have it started there again too; raises as in `pause_study`.
    """
    _move(_locked(study, StudyState.PAUSED), StudyState.ACTIVE, event_kinds.STUDY_RESUMED, by)
    if on_prolific:
        recruitment.ask(study, "start_study", by=by)
    return _refreshed(study)


@transaction.atomic
def close_study(study: Study, *, by: str = audit.SYSTEM, on_prolific: bool = False) -> Study:
    """End the study for good, and with it every assignment that has not ended; all that was submitted stays.

    on_prolific: have it stopped there too; raises as in `pause_study`. Raises NotPossible unless the study is
    active or paused.
    """
    locked = _locked(study, *OPEN_STATES)
    locked.closed_at = timezone.now()
    _move(locked, StudyState.CLOSED, event_kinds.STUDY_CLOSED, by)
    live = Assignment.objects.filter(session__study=locked).exclude(state=AssignmentState.ENDED)
    for assignment in live.order_by("id"):
        assignments.end(assignment, EndReason.STUDY_CLOSED)
    if on_prolific:
        recruitment.ask(study, "stop_study", by=by)
    return _refreshed(study)


@transaction.atomic
def amend_study(study: Study, fields: Mapping[str, Any], *, by: str) -> list[str]:
    """Change what never froze (AMENDABLE), also while people are inside; return the names of what changed.

    Of a closed study only the CODES can be changed. The configuration stays as it froze: it holds none of this. Raises
    NotPossible for anything else of a closed study, ValidationError for values that are not right, ValueError
    for a field that is frozen.
    """
    frozen = set(fields) - set(AMENDABLE)
    if frozen:
        raise ValueError(f"{', '.join(sorted(frozen))} cannot be changed once the study is open")
    locked = _locked(study, *StudyState)
    if locked.state == StudyState.CLOSED and set(fields) - set(CODES):
        raise NotPossible("The study is closed. Only its codes can still be changed.")
    before = {name: getattr(locked, name) for name in fields}
    changed = [name for name, value in fields.items() if before[name] != value]
    for name in changed:
        setattr(locked, name, fields[name])
    locked.full_clean()
    if changed:
        locked.save(update_fields=changed)
        if locked.state == StudyState.DRAFT:
            revise(locked, by=by)
        changes = {name: {"from": before[name], "to": fields[name]} for name in changed}
        if locked.state != StudyState.DRAFT:
            events.record(event_kinds.STUDY_AMENDED, locked, locked, fields=changed)
        audit.record("study_amended", locked, by=by, changes=changes)
    _refreshed(study)
    return changed


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
    """Return the row under a lock; NotPossible where its state is none of those."""
    # A "no key" lock lets rows that point to the study be inserted meanwhile: whoever submits a phrase holds an
    # assignment that closing waits for, and writes an event of the study.
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.state not in allowed:
        raise NotPossible(f"The study is {locked.get_state_display().lower()}, so this action is not possible.")
    return locked


def _move(locked: Study, state: StudyState, act: str, by: str, frozen: Iterable[Model] = (), **detail: Any) -> None:
    locked.state = state
    locked.save(update_fields=["state", "opened_at", "closed_at"])
    events.record(act, locked, locked, *frozen, **detail)
    audit.record(act, locked, by=by, **detail)


def _material(study: Study) -> list[Model]:
    """What is frozen from now on. Base models have arrays as long as their data sets, so these are left out."""
    return [*study.configurations.all(), *study.conditions.all(), *study.tasks.with_base_models()]


def _refreshed(study: Study) -> Study:
    study.refresh_from_db()
    return study
