"""Who earned a study's bonus: a phrase above the goal and better than guessing, on images held out.

docs/analysts/methods.md says how and why; `clarify_errors.arrays.phrases.held_out` does the arithmetic. Nothing is
written here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db.models import QuerySet

from annotations.base.service_errors import NotPossible
from annotations.datasets.class_images import class_images
from annotations.models import (
    UNCOUNTED,
    AnnotationSession,
    Moderation,
    Outcome,
    Payment,
    Phrase,
    SessionKind,
    Study,
    Submission,
    Task,
    VocabularyLevel,
)
from annotations.models.arrays import unpack_float32
from annotations.models.phrase import UNCHECKED
from annotations.phrases.vocabulary_levels import half_is_telling, half_of, is_in_half, levels_of
from annotations.prolific_client.statuses import Status
from clarify_errors.arrays.common.modeling_errors import NothingToSeparate
from clarify_errors.arrays.phrases.held_out import HeldOutScore, score_held_out

RULE = "held-out score"
_NOT_EARNED = (Status.RETURNED, Status.REJECTED, Status.SCREENED_OUT)
_AT_ONCE = 100  # people whose similarities are in memory together


@dataclass(frozen=True)
class Attempt:
    """A phrase that somebody typed, as the rule needs it. similarities: float32 bytes, None where it has no score."""

    task: int
    text: str
    is_excluded: bool
    sign: int
    similarities: bytes | memoryview | None

    @property
    def may_earn(self) -> bool:
        """Whether it is scored and not excluded by the staff; an excluded phrase still counts as a try."""
        return self.similarities is not None and not self.is_excluded


@dataclass(frozen=True)
class Verdict:
    """What the rule says of one person: the best task's phrase and its judgement, and whether the bonus is earned."""

    submission: Submission
    phrase: str
    judgement: HeldOutScore
    is_earned: bool

    def sentence(self, goal: float | None) -> str:
        """Return the reason, with the numbers that it rests on; never the phrase, which an erasure could not take."""
        judged = self.judgement
        passed = [] if goal is None else [f"the goal of {goal:.2f}"]
        passed.append(f"the {judged.null_level:.2f} that words unrelated to the errors reach in as many tries")
        if judged.vocabulary_level is not None:
            passed.append(f"the {judged.vocabulary_level:.2f} that one common word reaches")
        untold = " These are too few images to tell what common words reach." if judged.vocabulary_level is None else ""
        phrases = "phrase" if judged.tries == 1 else "phrases"
        return (
            f"Of {judged.tries} {phrases}, the best on half of the validation images scores {judged.value:.2f} on the "
            f"other half ({judged.n_error} wrong, {judged.n_correct} right images): above {', '.join(passed)}.{untold}"
        )


def verdicts(study: Study) -> Iterator[Verdict]:
    """Judge everybody who completed the study and whose bonus is not in the ledger yet.

    Left out: who withdrew, whose submission was returned, rejected or screened out, and who got it for another
    submission. A person whose tasks leave nothing to judge earns nothing; one passed task earns the one bonus, with the
    phrases of all tasks counted as tries. Raises NotPossible while it is not scored yet what common words reach.
    """
    waiting = _waiting(study).iterator(chunk_size=_AT_ONCE)
    tasks = list(study.tasks.with_base_models())
    levels = _levels(study, tasks)
    judged: set[str] = set()
    while chunk := list(islice(waiting, _AT_ONCE)):
        tried = _attempts([submission.session.participant_id for submission in chunk if submission.session])
        for submission in chunk:
            if submission.session is None or submission.pseudonym in judged:
                continue
            judged.add(submission.pseudonym)
            verdict = _verdict(study, levels, submission, tried[submission.session.participant_id])
            if verdict is not None:
                yield verdict


def judgement_of(
    study: Study, task: Task, level: VocabularyLevel | None, tried: Sequence[Attempt], tries: int
) -> HeldOutScore | None:
    """Judge a person's scored phrases of one task, in their order; None where the halves have nothing to separate."""
    if task.target_class is None or not tried:
        return None
    images = class_images(task.base_model, task.target_class)
    scoring = is_in_half(task.base_model, task.target_class, half_of(study))
    scored = [(each.sign, each.similarities) for each in tried if each.similarities is not None]
    similarities = np.stack([sign * unpack_float32(data) for sign, data in scored])
    common = [level.of_sign(sign) for sign, _ in scored] if level else []
    try:
        return score_held_out(similarities, images.is_error, scoring, tries, common)
    except NothingToSeparate:
        return None


def _levels(study: Study, tasks: list[Task]) -> dict[Task, VocabularyLevel | None]:
    """What common words reach on the half of each task that scores; None where it has too few images to tell."""
    known = levels_of(tasks, half_of(study))
    levels = {task: known.get(task.pk) for task in tasks}
    for task, level in levels.items():
        if level is None and task.target_class is not None and half_is_telling(study, task, task.target_class):
            raise NotPossible(
                "The worker still scores what common words reach on the half of the images that judges. Try again in a "
                "few minutes."
            )
    return levels


def _waiting(study: Study) -> QuerySet[Submission]:
    rewarded = Payment.objects.filter(study=study, rule=RULE).values("submission__pseudonym")
    completed = AnnotationSession.objects.filter(
        study=study, outcome=Outcome.COMPLETED, kind=SessionKind.PARTICIPANT, withdrawn_at=None
    )
    return (
        Submission.objects.filter(study=study, session__in=completed, is_of_another=False, sealed_ids__isnull=False)
        .exclude(status__in=_NOT_EARNED)
        .exclude(pseudonym__in=rewarded)
        .select_related("session")
        .order_by("pk")
    )


def _attempts(participants: Sequence[int]) -> dict[int, list[Attempt]]:
    """All phrases of these people over all their visits, in their order."""
    rows = (
        Phrase.objects.filter(assignment__session__participant__in=participants)
        .exclude(assignment__session__kind__in=UNCOUNTED)
        .exclude(moderation_reason=UNCHECKED)
        .order_by("submitted_at", "pk")
        .values_list(
            "assignment__session__participant",
            "assignment__task",
            "text",
            "moderation",
            "score__sign",
            "score__similarities",
        )
    )
    of_person: dict[int, list[Attempt]] = defaultdict(list)
    for person, task, text, moderation, sign, similarities in rows:
        of_person[person].append(Attempt(task, text, moderation == Moderation.EXCLUDED, sign or 0, similarities))
    return of_person


def _verdict(
    study: Study, levels: Mapping[Task, VocabularyLevel | None], submission: Submission, tried: list[Attempt]
) -> Verdict | None:
    """The verdict on a person's best task: the one that passes by most, or fails by least."""
    tries = len({(each.task, each.text.casefold()) for each in tried})
    found = []
    for task, level in levels.items():
        own = [each for each in tried if each.task == task.pk and each.may_earn]
        judged = judgement_of(study, task, level, own, tries)
        if judged is not None:
            text = "" if judged.phrase is None else own[judged.phrase].text
            found.append(Verdict(submission, text, judged, judged.passes(study.goal)))
    return max(found, key=lambda each: (each.is_earned, each.judgement.value - each.judgement.level), default=None)
