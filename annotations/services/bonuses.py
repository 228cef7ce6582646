"""Who earned a study's bonus: a phrase above the goal and above what random words reach, on images held out.

docs/methods.md says how and why; `modeling.held_out` does the arithmetic. Nothing is written here.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db.models import QuerySet

from annotations.models import (
    REHEARSALS,
    AnnotationSession,
    Moderation,
    Outcome,
    Payment,
    Phrase,
    SessionKind,
    Study,
    Submission,
    Task,
)
from annotations.models.arrays import unpack_float32
from annotations.prolific.statuses import REJECTED, RETURNED, SCREENED_OUT
from annotations.readings.class_images import class_images
from modeling.errors import NothingToSeparate
from modeling.held_out import Judgement, judge, judging_half

RULE = "held-out score"
_NOT_EARNED = (RETURNED, REJECTED, SCREENED_OUT)
_AT_ONCE = 100  # people whose similarities are in memory together


@dataclass(frozen=True)
class Verdict:
    """What the rule says of one person: the best task's phrase and its judgement, and whether the bonus is earned."""

    submission: Submission
    phrase: str
    judgement: Judgement
    is_earned: bool

    def sentence(self, goal: float | None) -> str:
        """Return the reason, with the numbers that it rests on; never the phrase, which an erasure could not take."""
        judged = self.judgement
        above = "" if goal is None else f"the goal of {goal:.2f} and "
        phrases = "phrase" if judged.tries == 1 else "phrases"
        return (
            f"Of {judged.tries} {phrases}, the best on half of the validation images scores {judged.value:.2f} on the "
            f"other half ({judged.n_error} wrong, {judged.n_correct} right images): above {above}the "
            f"{judged.null_level:.2f} that random words reach."
        )


def verdicts(study: Study) -> Iterator[Verdict]:
    """Judge everybody who completed the study and whose bonus is not in the ledger yet.

    Left out: who withdrew, whose submission was returned, rejected or screened out, and who got it for another
    submission. A person whose tasks leave nothing to judge earns nothing; one passed task earns the one bonus, with the
    phrases of all tasks counted as tries.
    """
    waiting = _waiting(study).iterator(chunk_size=_AT_ONCE)
    tasks = list(study.tasks.select_related("base_model__dataset").defer("base_model__predictions", "base_model__head"))
    judged: set[str] = set()
    while chunk := list(islice(waiting, _AT_ONCE)):
        phrases = _phrases([submission.session.participant_id for submission in chunk if submission.session])
        for submission in chunk:
            if submission.session is None or submission.pseudonym in judged:
                continue
            judged.add(submission.pseudonym)
            verdict = _verdict(study, tasks, submission, phrases[submission.session.participant_id])
            if verdict is not None:
                yield verdict


def judgement_of(study: Study, task: Task, phrases: Sequence[Phrase], tries: int) -> Judgement | None:
    """Judge a person's scored phrases of one task, in their order; None where the halves have nothing to separate."""
    if task.target_class is None or not phrases:
        return None
    images = class_images(task.base_model, task.target_class)
    keys = task.base_model.dataset.files.image_keys[images.rows]
    similarities = np.stack([phrase.score.sign * unpack_float32(phrase.score.similarities) for phrase in phrases])
    try:
        return judge(similarities, images.is_error, judging_half(keys, images.is_error, f"bonus/{study.slug}"), tries)
    except NothingToSeparate:
        return None


def _waiting(study: Study) -> QuerySet[Submission]:
    rewarded = Payment.objects.filter(study=study, rule=RULE).values("submission__pseudonym")
    completed = AnnotationSession.objects.filter(
        study=study, outcome=Outcome.COMPLETED, kind=SessionKind.PARTICIPANT, withdrawn_at=None
    )
    return (
        Submission.objects.filter(study=study, session__in=completed, is_of_another=False, sealed_ids__isnull=False)
        .exclude(status__in=_NOT_EARNED)
        .exclude(pseudonym__in=rewarded)
        .select_related("session", "study")
        .order_by("pk")
    )


def _phrases(participants: Sequence[int]) -> dict[int, list[Phrase]]:
    """All phrases of these people over all their visits, in their order, with the arrays of the scored ones."""
    rows = (
        Phrase.objects.filter(assignment__session__participant__in=participants)
        .exclude(assignment__session__kind__in=REHEARSALS)
        .select_related("assignment__session", "score")
        .defer("score__text_embedding")
        .order_by("submitted_at", "pk")
    )
    of_person: dict[int, list[Phrase]] = defaultdict(list)
    for phrase in rows:
        of_person[phrase.assignment.session.participant_id].append(phrase)
    return of_person


def _verdict(study: Study, tasks: list[Task], submission: Submission, phrases: list[Phrase]) -> Verdict | None:
    """The verdict on a person's best task: the one that passes by most, or fails by least."""
    tries = len({(phrase.assignment.task_id, phrase.text.casefold()) for phrase in phrases})
    found = []
    for task in tasks:
        own = [phrase for phrase in phrases if phrase.assignment.task_id == task.pk and _may_earn(phrase)]
        judged = judgement_of(study, task, own, tries)
        if judged is not None:
            text = "" if judged.phrase is None else own[judged.phrase].text
            found.append(Verdict(submission, text, judged, judged.passes(study.goal)))
    return max(found, key=lambda each: (each.is_earned, each.judgement.value - each.judgement.null_level), default=None)


def _may_earn(phrase: Phrase) -> bool:
    """A scored phrase that the staff did not exclude; an excluded one still counts as a try."""
    return hasattr(phrase, "score") and phrase.moderation != Moderation.EXCLUDED
