"""The first screen of the results: who said what, what it is worth, who found it, and what they said (decision 107)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

import numpy as np
from django.urls import reverse
from django.utils.http import urlencode

from annotations.analysis.concepts.concept_columns import ConceptRow, ConceptTables
from annotations.analysis.figures.study_figures import first_tasks
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_splits import PeopleLessMachine
from annotations.analysis.tables.measure_columns import GroupGain
from annotations.analysis.tables.phrase_splits import Panel
from annotations.analysis.tables.table3 import PhraseList
from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import Study
from annotations.models.moderated_words import HIDDEN
from annotations.pages.number_formats import MINUS, percent, points, points_within
from annotations.pages.worth_figure import Bar, GroupLine, Worth
from annotations.results.staff_pages.finding_words import largest_loss, sure
from annotations.results.staff_pages.machine_verdict import Duel, duels
from annotations.runs.accuracy_changes import NOTABLE_LOSS
from clarify_errors.arrays.common.counted_words import persons
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing

_JUDGED = {BetterThanGuessing.YES, BetterThanGuessing.NO}
_LEVEL = 0.05  # of the claim that people are more than chance
_CONCEPTS, _PICTURES = 3, 6  # shown; as many concepts as have pictures (`PANEL_PHRASES`)
_COLUMNS, _SINGLE, _HEIGHT = 16, 6, 112  # of dots; most of them one above the other; pixels of two abreast
_PITCH, _DENSE = 24, 16  # pixels from a dot to the next, in columns of single dots and at most in those of two abreast


@dataclass(frozen=True)
class Chip:
    """A verdict in a few words."""

    kind: Literal["good", "neutral", "bad"]
    text: str


@dataclass(frozen=True)
class Dot:
    """A person, or the machine's keyword, at an own gain.

    x: percent of the width; dx: pixels beside it; y: pixels from the top.
    """

    x: str
    y: int
    text: str
    url: str = ""
    dx: int = 0


@dataclass(frozen=True)
class Dots:
    """Own gains of people above an axis with ticks. untold: people without a gain; step: points between two columns.

    height, and the radii of a dot and of what can be pressed around it: in pixels.
    """

    people: Sequence[Dot]
    machine: Dot | None
    ticks: Sequence[Dot]
    height: int
    radius: int
    target: int
    untold: int
    step: str


@dataclass(frozen=True)
class Concept:
    """What some people said, how many they are, and the shares of images that it selects. pictures: address, wrong."""

    name: str
    people: int
    share: float
    of_errors: float | None
    of_correct: float | None
    url: str
    pictures: Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Sheet:
    """The answer of one task. said: the words that most people said, and by: how many of them.

    sentences: of the three figures; n_concepts: how many more there are.
    """

    facts: TaskFacts
    by: str
    said: str
    lead: str
    chips: Sequence[Chip]
    pictures: Sequence[tuple[str, bool]]
    worth: Worth | None
    dots: Dots | None
    who: str
    concepts: Sequence[Concept]
    what: str

    @property
    def has_right(self) -> bool:
        """Whether the model gets a picture of the sheet right, so that a mark tells the others apart."""
        every = (self.pictures, *(concept.pictures for concept in self.concepts))
        return not all(is_wrong for pictures in every for _, is_wrong in pictures)


def sheets_of(study: Study, tables: StudyTables, concepts: ConceptTables, owner: str) -> list[Sheet]:
    """Return the sheet of each task; of very many the first. owner: whom the addresses of pictures are for."""
    sheets, compared = Sheets(study, tables, concepts, owner), duels(tables)
    return [sheets.of(task, compared.get(task.position)) for task in first_tasks(tables)]


class Sheets:
    """The sheets of a study."""

    def __init__(self, study: Study, tables: StudyTables, concepts: ConceptTables, owner: str) -> None:
        self._study, self._tables, self._concepts, self._owner = study, tables, concepts, owner
        self._phrases = {
            (row.task, row.participant): row for row in tables.table_3.rows if row.phrase_list is PhraseList.BEST_SCORE
        }

    def of(self, task: TaskFacts, duel: Duel | None) -> Sheet:
        """Return the sheet of a task."""
        people = [row for row in self._tables.people.rows if row.task == task.position]
        groups = [row for row in self._tables.group_gains.rows if row.task == task.position]
        concepts = [row for row in self._concepts.concepts.rows if row.task == task.position]
        concepts.sort(key=lambda row: -row.people)
        said = concepts[0] if concepts and concepts[0].people else None
        return Sheet(
            facts=task,
            by=f"{said.people:,} of {persons(len(people))} said phrases like" if said else "",
            said=said.name if said else "",
            lead=self._lead(task),
            chips=list(_chips(task, people, groups, duel)),
            pictures=self._pictures(task, said.name) if said else (),
            worth=self._worth(task, groups),
            dots=self._dots(people, duel),
            who=who_found(people, duel),
            concepts=[self._concept(row, len(people)) for row in concepts[:_CONCEPTS] if row.people],
            what=what_they_said(concepts, len(people)),
        )

    def _lead(self, task: TaskFacts) -> str:
        reached = self._mean("worst_group_accuracy", task)
        if reached is None:
            return "No retraining with people’s words has a result yet."
        what = "a new last layer" if task.is_imported else "the model"
        told = f"{what} gets {percent(reached)} right in the group it is worst at, on average"
        lead = f"Retrained with a person’s words, {told}."
        if task.control_worst_group is None:
            return lead
        return f"{lead} Retrained without words, {percent(task.control_worst_group)}."

    def _mean(self, measure: str, task: TaskFacts) -> float | None:
        of_task = (row for row in self._tables.totals.rows if row.task == task.position)
        return next(row.estimate.mean for row in of_task if (row.measure, row.over) == (measure, Over.ALLOCATED))

    def _worth(self, task: TaskFacts, groups: Sequence[GroupGain]) -> Worth | None:
        of_task = [row for row in self._tables.totals.rows if row.task == task.position]
        gain = next(row.estimate for row in of_task if (row.measure, row.over) == ("own_gain", Over.ALLOCATED))
        reached, control = self._mean("worst_group_accuracy", task), task.control_worst_group
        if gain.mean is None or reached is None or control is None:
            return None
        ends = None if gain.low is None or gain.high is None else (gain.low, gain.high)
        add = "add {} points over" if gain.mean >= 0 else "cost {} points against"
        add = add.format(f"{100 * abs(gain.mean):.1f}")
        as_it_is = "as imported" if task.is_imported else "as it is"
        of_control = min(groups, key=lambda row: row.control).group if groups else ""
        of_words = max(groups, key=lambda row: row.worst_after).group if groups else ""
        return Worth(
            sentence=f"People’s words {add} retraining without words{sure(gain)}.",
            base_name=as_it_is,
            bars=(
                self._bar(task, as_it_is.capitalize(), task.base_worst_group, task.base_group, task.base_group),
                self._bar(task, "Retrained without words", control, of_control or "the control", of_control),
                self._bar(task, "… with a person’s words", reached, f"mostly {of_words}", of_words, is_words=True),
            ),
            gain=f"own gain {points_within(gain.mean, ends)}",
            groups=[
                GroupLine.of(row.group, row.base_model, row.control, row.gain, self._images(task, row.group))
                for row in groups
            ],
        )

    def _bar(self, task: TaskFacts, label: str, share: float, note: str, group: str, *, is_words: bool = False) -> Bar:
        return Bar(label, share, note, self._images(task, group) if group else "", is_words)

    def _images(self, task: TaskFacts, group: str) -> str:
        page = reverse("admin:annotations_study_group_images", args=[self._study.pk])
        return f"{page}?{urlencode({'task': str(task.position), 'group': group})}"

    def _dots(self, people: Sequence[PersonTask], duel: Duel | None) -> Dots | None:
        gains = [(row, row.own_gain) for row in people if row.own_gain is not None]
        if not gains:
            return None
        machine = duel.gain.machine if duel and duel.gain else None
        axis = Axis.of([*(gain for _, gain in gains), *([] if machine is None else [machine])])
        tallest = max(Counter(axis.column(gain) for _, gain in gains).values())
        abreast = 1 if tallest <= _SINGLE else 2
        pitch = _PITCH if abreast == 1 else max(min(_DENSE, 2 * _HEIGHT // tallest), 2)
        height = pitch * -(-tallest // abreast) + _PITCH
        below: Counter[int] = Counter()
        dots = []
        for row, gain in sorted(gains, key=lambda pair: pair[1]):
            column = axis.column(gain)
            line, place = divmod(below[column], abreast)
            below[column] += 1
            best = self._phrases.get((row.task, row.participant))
            person = f"{reverse('admin:annotations_annotationsession_changelist')}?{urlencode({'q': row.participant})}"
            url = f"{reverse('admin:annotations_phrase_changelist')}{best.phrase}/screen/" if best else person
            words = f"“{best.text}”" if best else "no phrase"
            text = f"{row.participant}: {points(gain)} points, {words}"
            dx = round((place - (abreast - 1) / 2) * pitch)
            dots.append(Dot(axis.middle(column), height - round((line + 0.5) * pitch), text, url, dx))
        keyword = None
        if machine is not None and duel is not None:
            text = f"the machine’s keyword, “{duel.machine}”, {points(machine)}"
            keyword = Dot(axis.middle(axis.column(machine)), _PITCH // 2, text)
        radius = min(max(pitch // 2 - 1, 2), 9)
        return Dots(dots, keyword, axis.ticks, height, radius, pitch // 2, len(people) - len(gains), axis.step)

    def _concept(self, row: ConceptRow, n_people: int) -> Concept:
        url = f"{reverse('admin:annotations_study_concepts', args=[self._study.pk])}#concept-{row.task}-{row.number}"
        shares = row.people / n_people, row.of_errors, row.of_correct
        return Concept(row.name, row.people, *shares, url, self._pictures(row, row.name)[:3])

    def _pictures(self, task: TaskFacts | ConceptRow, phrase: str) -> list[tuple[str, bool]]:
        """Images that a phrase selects, the wrong ones first; none of words that the staff hid, which are alike."""
        if phrase == HIDDEN:
            return []
        position = task.position if isinstance(task, TaskFacts) else task.task
        rows: list[Panel] = [
            row for row in self._tables.panels.rows if (row.task, row.phrase, row.slice) == (position, phrase, "hard")
        ]
        rows.sort(key=lambda row: not row.is_error)
        return [(thumbnail_url(self._owner, row.dataset, row.image_key), row.is_error) for row in rows[:_PICTURES]]


@dataclass(frozen=True)
class Axis:
    """Own gains from low to high on the width of a figure, in columns of dots."""

    low: float
    high: float

    @classmethod
    def of(cls, gains: Iterable[float]) -> "Axis":
        """Return the axis of some gains, with 0 on it: from ten points to ten points."""
        gains = [*gains, 0.0]
        low = floor(10 * min(gains))
        return cls(low / 10, max(ceil(10 * max(gains)), low + 1) / 10)

    def column(self, gain: float) -> int:
        """The column of dots whose middle is nearest: 0 has one of its own, so that who gains nothing stands on it."""
        return round(_COLUMNS * gain / (self.high - self.low))

    def middle(self, column: int) -> str:
        return self.place(column * (self.high - self.low) / _COLUMNS)

    def place(self, gain: float) -> str:
        return f"{100 * (gain - self.low) / (self.high - self.low):.2f}"

    @property
    def step(self) -> str:
        return f"{100 * (self.high - self.low) / _COLUMNS:.1f}"

    @property
    def ticks(self) -> list[Dot]:
        """At every ten points, on a wide axis at every twenty or more."""
        tens = range(round(10 * self.low), round(10 * self.high) + 1)
        step = -(-len(tens) // 6)
        return [
            Dot(self.place(ten / 10), 0, f"{10 * ten:+d}".replace("-", MINUS) if ten else "0")
            for ten in tens
            if ten % step == 0
        ]


def _chips(
    task: TaskFacts, people: Sequence[PersonTask], groups: Sequence[GroupGain], duel: Duel | None
) -> Iterator[Chip]:
    scored = [row for row in people if row.best_error_score is not None]
    if scored:
        yield beyond_chance(scored)
    if duel and duel.gain:
        yield beside_machine(duel.gain)
    if others := [row for row in groups if not row.is_worst]:
        yield from costs(task, others)


def beside_machine(gain: PeopleLessMachine) -> Chip:
    """Say whether the best-scored phrase of people beats the machine's best-scored keyword, by own gain."""
    if gain.low > 0:
        return Chip("good", "people’s best-scored phrase beats the machine’s")
    if gain.high < 0:
        return Chip("bad", "the machine’s keyword beats people’s best-scored phrase")
    same = gain.low == gain.high == 0
    verdict = "equal gain" if same else "not told apart"
    return Chip("neutral", f"people’s best phrase and the machine’s: {verdict}")


def costs(task: TaskFacts, others: Sequence[GroupGain]) -> Iterator[Chip]:
    """Say which group retraining with words costs most, and which group words alone do; or that none loses.

    The first is told against the model as it is, beside what retraining without words costs this group. What words do
    is told against the control.
    """
    lost = largest_loss(task, others)
    if lost and round(1000 * lost.with_words) <= 0:
        lost = None
    if lost:
        kind, loses = _kind(next(row for row in others if row.group == lost.group), task), 100 * lost.with_words
        beside = f"without words, {100 * max(lost.control, 0.0):.1f}"
        yield Chip(kind, f"“{lost.group}”: {loses:.1f} points below the model as it is; {beside}")
    most = min(others, key=lambda row: row.gain.mean or 0.0)
    if (by_words := -(most.gain.mean or 0.0)) < 0.0005:  # a share that is not 0.0 points
        if not lost:
            yield Chip("good", "words cost no other group anything" if task.is_imported else "no other group loses")
    elif not lost or lost.group != most.group:
        chance = "" if most.gain.high is not None and most.gain.high < 0 else ", perhaps by chance"
        yield Chip(
            _kind(most, task), f"“{most.group}”: {100 * by_words:.1f} points below retraining without words{chance}"
        )


def _kind(row: GroupGain, task: TaskFacts) -> Literal["bad", "neutral"]:
    """Whether words do harm: a notable loss, beyond chance over people, by which the group ends below what it was."""
    is_below = row.base_model is None or task.is_imported or row.with_words < row.base_model
    is_sure = row.gain.high is not None and row.gain.high < 0
    return "bad" if is_below and is_sure and -(row.gain.mean or 0.0) >= NOTABLE_LOSS else "neutral"


def beyond_chance(scored: Sequence[PersonTask]) -> Chip:
    """Say whether more people are better than guessing than as many who type random common words would be.

    Each of these passes with a chance of their own (`guess_chance`), and independently given the images, so that the
    number of them has a Poisson binomial distribution. "More than chance" where 5% of such crowds have as many at most.
    """
    better = Counter(row.better for row in scored)
    if better[BetterThanGuessing.TOO_FEW]:
        return Chip("neutral", "too few images to tell finding from chance")
    chances = [row.guess_chance for row in scored if row.guess_chance is not None]
    if better[BetterThanGuessing.UNKNOWN] or len(chances) < len(scored):
        return Chip("neutral", "not known yet whether this is chance")
    n_better = better[BetterThanGuessing.YES]
    told = f"{n_better:,} of {len(scored):,} people, about {sum(chances):.0f} by random words"
    if chance_of(n_better, chances) <= _LEVEL:
        return Chip("good", f"more than chance: {told}")
    return Chip("neutral", f"not shown to be more than chance: {told}")


def chance_of(n: int, chances: Iterable[float]) -> float:
    """Return the chance that n or more succeed, of people who succeed independently, each with a chance of its own.

    >>> round(chance_of(2, [0.5, 0.5, 0.5]), 3), chance_of(0, [0.1])
    (0.5, 1.0)
    """
    distribution = np.ones(1)
    for each in chances:
        distribution = np.convolve(distribution, (1 - each, each))
    return float(distribution[n:].sum())


def who_found(people: Sequence[PersonTask], duel: Duel | None) -> str:
    """Say how many people gain something, whether they are those who found something, and who beats the machine."""
    gains = [(row.own_gain > 0, row.better) for row in people if row.own_gain is not None]
    if not gains:
        return "Nobody’s words have a retraining yet."
    n, finders = sum(gain for gain, _ in gains), [gain for gain, better in gains if better is BetterThanGuessing.YES]
    told = f"The words of {n:,} of {persons(len(gains))} gain something on the worst group of test images"
    if (n_others := len(gains) - len(finders)) and finders and {better for _, better in gains} <= _JUDGED:
        told += f": {sum(finders):,} of the {len(finders):,} whose words are better than guessing"
        told += f", and {n - sum(finders):,} of the other {n_others:,}"
    told += "."
    if duel is None:
        return f"{told} No keyword of a machine is retrained with, so people are not compared with one."
    if duel.gain is None:
        return f"{told} People are not compared with the machine’s keyword: {duel.why_not}."
    phrase, keyword = f"best-scored phrase, “{duel.people}”,", f"machine’s keyword, “{duel.machine}”,"
    if duel.gain.low == duel.gain.high == 0:
        return f"{told} The {phrase} and the {keyword} do the same."
    if duel.gain.low <= 0 <= duel.gain.high:
        between = f"{points(duel.gain.low)} to {points(duel.gain.high)}"
        verdict = f"The {phrase} and the {keyword} are not told apart: {points(duel.gain.difference)} points"
        return f"{told} {verdict} (95% interval {between})."
    first, second = (phrase, keyword) if duel.gain.low > 0 else (keyword, phrase)
    low, high = sorted(100 * abs(end) for end in (duel.gain.low, duel.gain.high))
    verdict = f"The {first} beats the {second} by {100 * abs(duel.gain.difference):.1f} points"
    return f"{told} {verdict} (95% interval {low:.1f} to {high:.1f})."


def what_they_said(concepts: Sequence[ConceptRow], n_people: int) -> str:
    """Say how many distinct concepts people named, and how many the most frequent one."""
    named = [row for row in concepts if row.people]
    if not named:
        return "No phrase names a concept yet."
    first = f"“{named[0].name}”, by {named[0].people:,} of {persons(n_people)}"
    if len(named) == 1:
        return f"One concept was named: {first}."
    return f"{len(named):,} distinct concepts were named; the most frequent, {first}."
