"""Everything that the page of one task shows."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from django.db.models import QuerySet

from annotations.datasets.class_images import ClassImages, Grid, class_images, pictures_of, visit_numbers
from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    EndReason,
    KeywordDisplay,
    Phrase,
    PhraseState,
    Reply,
    ReplyKind,
    Score,
    Task,
)
from annotations.models.phrase import UNCHECKED
from annotations.models.task import MAX_GIVEN_BACK
from annotations.phrases.phrase_feedback import (
    Result,
    Shares,
    chosen_threshold,
    guessing_of,
    result,
    shares,
    verdict_of,
)
from annotations.phrases.verdicts import Verdict, verdict
from clarify_errors.arrays.common.samples import sample

SHOWN_A_GRID = 25
LITTLE_TIME_S = 10  # in which nobody is asked whether they are done
SLOW_AFTER = dt.timedelta(seconds=5)  # a score that takes longer is explained


@dataclass(frozen=True)
class Draws:
    """Which sample of the right and of the wrong images is shown: 0, and one more for each "show others"."""

    right: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class HistoryLine:
    """One phrase of the assignment. `value` and `verdict` are None while it has no score.

    shares: None also where the words divide nothing. same_as: the first phrase that divides the images like this one.
    """

    phrase: Phrase
    value: float | None
    verdict: Verdict | None
    shares: Shares | None
    same_as: Phrase | None
    is_best: bool
    is_shown: bool


@dataclass(frozen=True)
class Answer:
    """What a page says of one phrase: its result, or that it waits, or that it failed.

    last_replies: of each kind of reply the uuid of the last one that took effect, which the next one follows.
    """

    phrase: Phrase
    result: Result | None
    is_slow: bool
    last_replies: Mapping[str, uuid.UUID]


@dataclass(frozen=True)
class Work:
    """How far the work on an assignment is: what changes from one phrase to the next.

    seconds_left: until the deadline; None where the task has no time limit.
    """

    assignment: Assignment
    history: tuple[HistoryLine, ...]
    answer: Answer | None
    seconds_left: float | None

    @property
    def n_phrases(self) -> int:
        return len(self.history)

    @property
    def n_needed(self) -> int:
        """Phrases still missing before the task may be done."""
        return max(0, self.assignment.task.min_phrases - self.n_phrases)

    @property
    def n_tries(self) -> int:
        """A phrase that could not be scored does not use up a try, nor do the first few that found no difference."""
        return sum(line.phrase.state != PhraseState.FAILED for line in self.history) - len(self._given_back)

    @property
    def _given_back(self) -> list[Phrase]:
        nothing = [line.phrase for line in self.history if line.verdict and line.verdict.finds_nothing]
        return nothing[:MAX_GIVEN_BACK]

    @property
    def is_given_back(self) -> bool:
        """Whether the phrase whose answer is shown used up no try, because it found no difference."""
        return self.answer is not None and self.answer.phrase in self._given_back

    @property
    def may_submit(self) -> bool:
        return self.n_tries < self.assignment.task.max_phrases

    @property
    def suggestions(self) -> list[str]:
        """Words to begin with, if the visit is shown any."""
        return self.assignment.task.suggestions if self.assignment.session.is_shown_suggestions else []

    @property
    def keywords(self) -> list[str]:
        """A machine's keywords, if they stand on the page."""
        return self.assignment.task.keyword_list if self.assignment.keywords_seen_at else []

    @property
    def may_ask_for_keywords(self) -> bool:
        """Whether a machine's keywords are there for whoever asks, and this person has not asked yet."""
        is_offered = self.assignment.session.keyword_display == KeywordDisplay.ON_DEMAND
        return is_offered and not self.keywords and bool(self.assignment.task.keyword_list)

    @property
    def points_needed(self) -> int | None:
        """From how many of 100 points of error score on it is enough; None where no goal is shown."""
        goal = self.assignment.session.goal
        return None if goal is None else ceil(100 * goal)

    @property
    def is_enough(self) -> bool:
        """Whether a phrase reached the goal that the visit is shown."""
        return any(line.verdict.is_enough for line in self.history if line.verdict)

    @property
    def is_well(self) -> bool:
        """Whether a phrase explains the mistakes well."""
        return any(line.verdict.is_well for line in self.history if line.verdict)

    @property
    def has_best(self) -> bool:
        """Whether a phrase has the star."""
        return any(line.is_best for line in self.history)

    @property
    def asks_when_done(self) -> bool:
        """Whether Done asks once more: time and tries are left, and nothing said that it is enough."""
        if self.assignment.session.is_expert or self.n_needed or self.may_end:
            return False
        return self.seconds_left is None or self.seconds_left > LITTLE_TIME_S

    @property
    def n_left(self) -> int:
        """Tries that are left."""
        return self.assignment.task.max_phrases - self.n_tries

    @property
    def may_end(self) -> bool:
        """Whether nothing is missing, so that Done is what comes next."""
        return not self.n_needed and (self.is_enough or not self.may_submit)


@dataclass(frozen=True)
class PredictedClassCount:
    """A class that the AI gave to wrong images, and to how many of them."""

    class_name: str
    n_images: int


@dataclass(frozen=True)
class Images:
    """The right and the wrong images of the task's class, and what the AI said of all the wrong ones instead."""

    right: Grid
    wrong: Grid
    said_instead: tuple[PredictedClassCount, ...]


def phrases_of(assignment: Assignment, **conditions: Any) -> list[Phrase]:
    """Return what was said in an assignment, in order, with the scores; its task, data set and session are loaded."""
    phrases = list(_phrases().filter(assignment=assignment, **conditions))
    for phrase in phrases:
        phrase.assignment = assignment
    return phrases


def work(
    assignment: Assignment,
    phrases: list[Phrase],
    *,
    owner: str,
    shown: uuid.UUID | None,
    deadline: dt.datetime | None,
    now: dt.datetime,
) -> Work:
    """Return the history and the answer to the phrase with client uuid `shown` (the last one if there is none).

    phrases: of `phrases_of`.
    """
    chosen = next((phrase for phrase in phrases if phrase.client_uuid == shown), phrases[-1] if phrases else None)
    return Work(
        assignment=assignment,
        history=_history(phrases, chosen),
        answer=None if chosen is None else _answer(chosen, owner, now),
        seconds_left=None if deadline is None else max(0.0, (deadline - now).total_seconds()),
    )


def past_work(
    assignment: Assignment, *, owner: str, shown: int | None, threshold: float | None, at: dt.datetime
) -> Work:
    """Return the work as it stood at a moment, with the answer to the phrase of ordinal `shown`, split at `threshold`.

    Without a clock: how much time was left is not looked up.
    """
    if assignment.keywords_seen_at is not None and assignment.keywords_seen_at > at:
        assignment.keywords_seen_at = None
    phrases = phrases_of(assignment, submitted_at__lte=at)
    for phrase in phrases:
        if phrase.state == PhraseState.SCORED and phrase.score.scored_at > at:
            phrase.state = PhraseState.PENDING
    chosen = next((phrase for phrase in phrases if phrase.ordinal == shown), None)
    answer = None if chosen is None else _past_answer(chosen, owner, threshold, at)
    return Work(assignment, _history(phrases, chosen), answer, seconds_left=None)


def best_phrase(phrases: Iterable[Phrase]) -> Phrase | None:
    """Return the phrase with the greatest error score; of tied ones the one in fewest words, then the earliest.

    `score` is loaded. None where every score is no better than guessing.
    """
    scored = [phrase for phrase in phrases if phrase.state == PhraseState.SCORED]
    scored = [phrase for phrase in scored if phrase.score.value > guessing_of(phrase.score)]
    return max(
        scored, key=lambda phrase: (phrase.score.value, -len(phrase.text.split()), -phrase.ordinal), default=None
    )


def images(assignment: Assignment, *, owner: str, draws: Draws) -> Images:
    """Return samples of the class's right and wrong images, the same ones for the same session and draws."""
    task = assignment.task
    assert task.target_class is not None, "opening a study resolves the target class"
    of_class = class_images(task.base_model, task.target_class)
    numbers = visit_numbers(of_class.is_error, (assignment.session.seed, task.pk))

    def grid(side: int, draw: int) -> Grid:
        positions = np.flatnonzero(of_class.is_error == bool(side))
        chosen = sample(len(positions), SHOWN_A_GRID, draw, (assignment.session.seed, task.pk, side))
        return Grid(pictures_of(owner, task.base_model, of_class, positions[chosen], numbers), len(positions))

    return Images(grid(0, draws.right), grid(1, draws.wrong), _said_instead(of_class, task))


def _said_instead(images: ClassImages, task: Task) -> tuple[PredictedClassCount, ...]:
    """The classes given to wrong images, the most frequent first."""
    names = task.base_model.dataset.class_names
    classes, counts = np.unique(images.predicted[images.is_error], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(PredictedClassCount(str(names[classes[at]]), int(counts[at])) for at in order)


@dataclass(frozen=True)
class Found:
    """What a participant found in one task."""

    task: Task
    best: Phrase | None

    @property
    def verdict(self) -> Verdict | None:
        """The best phrase's step on the worded scale; None without one."""
        if self.best is None:
            return None
        score = self.best.score
        return verdict(score.value, score.two_sided, guessing_of(score))


def found(session: AnnotationSession) -> tuple[Found, ...]:
    """Return the best phrase of each of the session's tasks, for the last page."""
    assignments = session.assignments.select_related("task__base_model__dataset").order_by("position")
    phrases = _phrases().filter(assignment__session=session).exclude(moderation_reason=UNCHECKED)
    return tuple(
        Found(assignment.task, best_phrase(phrase for phrase in phrases if phrase.assignment_id == assignment.pk))
        for assignment in assignments
    )


def time_was_over_before(assignment: Assignment) -> bool:
    """Whether the task before this one ended because its time was over, which its next page then says."""
    return Assignment.objects.filter(
        session=assignment.session_id,
        position=assignment.position - 1,
        state=AssignmentState.ENDED,
        end_reason=EndReason.TIME_OVER,
    ).exists()


_OF_A_LINE = (
    *("assignment", "client_uuid", "ordinal", "text", "state", "submitted_at"),
    *("score__phrase", "score__value", "score__two_sided", "score__guessing_level", "score__scored_at"),
    *("score__similarities", "score__sign", "score__threshold", "score__two_sided_threshold"),
    *("score__n_correct", "score__n_error", "score__finds_nothing"),
    *("threshold_choice__phrase", "threshold_choice__threshold", "judgement__phrase", "judgement__answer"),
)


def _phrases() -> QuerySet[Phrase]:
    """Phrases with what a line of the history says of their scores."""
    phrases = Phrase.objects.select_related("score", "threshold_choice", "judgement")
    return phrases.order_by("ordinal").only(*_OF_A_LINE)


def _whole_score(phrase: Phrase) -> Score:
    score = Score.objects.defer("text_embedding").get(pk=phrase.score.pk)
    score.phrase = phrase
    return score


def _history(phrases: list[Phrase], chosen: Phrase | None) -> tuple[HistoryLine, ...]:
    best = best_phrase(phrases)
    first_of: dict[bytes, Phrase] = {}

    def line(phrase: Phrase) -> HistoryLine:
        score = phrase.score if phrase.state == PhraseState.SCORED else None
        value, word, split = (score.value, verdict_of(score), shares(score)) if score else (None, None, None)
        first = first_of.setdefault(split.members, phrase) if split else phrase
        same_as = None if first is phrase else first
        return HistoryLine(phrase, value, word, split, same_as, is_best=phrase == best, is_shown=phrase == chosen)

    return tuple(map(line, phrases))


def _answer(phrase: Phrase, owner: str, now: dt.datetime) -> Answer:
    is_scored = phrase.state == PhraseState.SCORED
    shown = result(_whole_score(phrase), owner, chosen=chosen_threshold(phrase)) if is_scored else None
    replies = Reply.objects.filter(phrase=phrase, took_effect=True).order_by("pk")
    last_replies = dict(replies.values_list("kind", "client_uuid")) if shown else {}
    return Answer(phrase, shown, is_slow=now - phrase.submitted_at > SLOW_AFTER, last_replies=last_replies)


def _past_answer(phrase: Phrase, owner: str, threshold: float | None, at: dt.datetime) -> Answer:
    is_scored = phrase.state == PhraseState.SCORED
    shown = result(_whole_score(phrase), owner, chosen=threshold) if is_scored else None
    if shown is not None and shown.question is not None:
        replies = Reply.objects.filter(phrase=phrase, kind=ReplyKind.JUDGEMENT, took_effect=True, received_at__lte=at)
        said = replies.order_by("pk").values_list("said", flat=True).last()
        shown = replace(shown, question=replace(shown.question, answer=said or ""))
    return Answer(phrase, shown, is_slow=at - phrase.submitted_at > SLOW_AFTER, last_replies={})
