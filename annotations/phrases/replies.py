"""What a person says to a scored phrase: another threshold, and whether the images most like it have it in them.

Each reply is stored once, and an older one never takes the place of a newer one (docs/decisions/0014).
"""

import datetime as dt
import uuid
from dataclasses import dataclass, field

import numpy as np
from django.db.models import Model
from django.utils import timezone

from annotations.base.service_errors import ClientUuidReused, PhraseNotScored, ThresholdRefused
from annotations.log import events, visit_budgets
from annotations.log.visit_budgets import Budget
from annotations.models import (
    Judgement,
    JudgementAnswer,
    Phrase,
    PhraseState,
    Reply,
    ReplyKind,
    ThresholdChoice,
    event_kinds,
)
from annotations.phrases import assignments

AUTOMATIC = "best"  # what a reply says that puts the automatic threshold back


@dataclass(frozen=True)
class Act:
    """Which reply it is, and when it was made, in the words of the page where the person acted.

    follows: the client uuid of the reply that the page last knew of. ago: from the act to the request.
    """

    client_uuid: uuid.UUID = field(default_factory=uuid.uuid4)
    follows: uuid.UUID | None = None
    ago: dt.timedelta = dt.timedelta(0)


def choose_threshold(phrase: Phrase, threshold: float | None, act: Act | None = None) -> ThresholdChoice:
    """Store the threshold that a person chose, as float32, beside the automatic one; None puts that one back.

    Returns the choice that counts then. The same act again changes nothing, also after the end; one older than what
    counts is stored, and changes nothing else. Raises ThresholdRefused unless it lies between the least and the
    greatest similarity (times the score's sign), PhraseNotScored, ClientUuidReused, BudgetSpent, and as
    `assignments.refuse_unless_running` does.
    """
    with visit_budgets.within(phrase.assignment.session, Budget.REPLIES):
        scored = _scored(phrase)
        if threshold is not None:
            threshold = _within(scored, threshold)
        said = AUTOMATIC if threshold is None else repr(threshold)
        reply = _take(scored, ReplyKind.THRESHOLD, said, act or Act())
        if reply is not None:
            changes = {"threshold": threshold, "chosen_at": reply.made_at}
            choice, _ = ThresholdChoice.objects.update_or_create(phrase=scored, defaults=changes)
            _record(event_kinds.THRESHOLD_CHOSEN, scored, choice, reply)
    return ThresholdChoice.objects.get(phrase=scored)


def judge(phrase: Phrase, answer: JudgementAnswer, act: Act | None = None) -> Judgement:
    """Store what the person says of the images most like the phrase, and return the judgement that counts then.

    The same act again changes nothing, also after the end; one older than what counts is stored, and changes nothing
    else. Raises PhraseNotScored, ClientUuidReused, BudgetSpent, and as `assignments.refuse_unless_running` does.
    """
    with visit_budgets.within(phrase.assignment.session, Budget.REPLIES):
        scored = _scored(phrase)
        reply = _take(scored, ReplyKind.JUDGEMENT, answer, act or Act())
        if reply is not None:
            changes = {"answer": answer, "answered_at": reply.made_at}
            judgement, _ = Judgement.objects.update_or_create(phrase=scored, defaults=changes)
            _record(event_kinds.PHRASE_JUDGED, scored, judgement, reply)
    return Judgement.objects.get(phrase=scored)


def _scored(phrase: Phrase) -> Phrase:
    """The phrase as it is now, with its score, its assignment locked: whoever replies waits for whoever ends it."""
    locked = assignments.lock(phrase.assignment)
    current = Phrase.objects.select_related("score").get(pk=phrase.pk)
    if current.state != PhraseState.SCORED:
        assignments.refuse_unless_running(locked, timezone.now())
        raise PhraseNotScored
    current.assignment = locked
    return current


def _take(phrase: Phrase, kind: ReplyKind, said: str, act: Act) -> Reply | None:
    """Store a reply and return it if it counts from now on; None for one that is stored already, or is older.

    It counts if the page knew of the one that did so far. If not, somebody replied elsewhere meanwhile, and the later
    of the two counts.
    """
    replies = phrase.replies.filter(kind=kind)
    stored = replies.filter(client_uuid=act.client_uuid).first()
    if stored is not None:
        if stored.said != said:
            raise ClientUuidReused
        return None
    now = timezone.now()
    assignments.refuse_unless_running(phrase.assignment, now)
    last = replies.filter(took_effect=True).last()
    made_at = now - max(min(act.ago, now - phrase.score.scored_at), dt.timedelta(0))
    if last is not None and last.client_uuid == act.follows:
        made_at = max(made_at, last.made_at)  # whatever the clocks say
    takes_effect = last is None or last.client_uuid == act.follows or last.made_at < made_at
    reply = replies.create(
        phrase=phrase,
        kind=kind,
        client_uuid=act.client_uuid,
        said=said,
        made_at=made_at,
        received_at=now,
        took_effect=takes_effect,
    )
    if not takes_effect:
        _record(event_kinds.REPLY_PASSED_OVER, phrase, reply)
        return None
    return reply


def _within(phrase: Phrase, threshold: float) -> float:
    values = phrase.score.sign * phrase.score.similarity_array
    exact = float(np.float32(threshold))
    if not float(values.min()) <= exact <= float(values.max()):  # NaN is not either
        raise ThresholdRefused
    return exact


def _record(kind: str, phrase: Phrase, *changed: Model) -> None:
    ids = {"assignment": phrase.assignment.public_id, "ordinal": phrase.ordinal}
    events.record(kind, phrase.assignment.session, *changed, **ids)
