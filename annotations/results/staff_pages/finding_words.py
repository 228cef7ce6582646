"""The first sentences of the results page: what people's words gained, how sure that is, and whom it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from annotations.analysis.concepts.concept_columns import ConceptRow
from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import Estimate, wilson_interval
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.measure_columns import GroupGain, Total
from annotations.pages.number_formats import percent, points
from annotations.results.staff_pages.flow_words import reasons
from clarify_errors.arrays.common.counted_words import counted, number_word, persons
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing

_BEYOND = 95  # of 100
_NOT_TOLD = (BetterThanGuessing.TOO_FEW, BetterThanGuessing.UNKNOWN)
_NOTABLE = 0.0005  # a share that is not 0.0 points
_FEW = 5  # people; with fewer an interval says little


def finding(task: TaskFacts, totals: Sequence[Total], groups: Sequence[GroupGain] = ()) -> Iterator[str]:
    """Yield the sentences of one task. totals, groups: its own; without groups their accuracies are not known by name.

    Own gain leads, whichever group is each model's worst; what became of one group comes after it (decision 83).
    """
    of = {(total.measure, total.over): total for total in totals}
    gain, complete = of["own_gain", Over.ALLOCATED], of["own_gain", Over.WITH_RUN]
    reached = of["worst_group_accuracy", Over.ALLOCATED].estimate.mean
    if gain.estimate.mean is None or reached is None:
        return
    added = points(gain.estimate.mean)
    yield f"People’s words have an own gain of {added} points{sure(gain.estimate)}.{_carried(gain.estimate)}"
    yield from _reached(task, reached)
    if groups:
        yield from _of_groups(task, groups, gain.estimate.mean)
    yield _rests_on(gain, complete)


def _carried(of: Estimate) -> str:
    """Who carries a mean, where these or the others are few, as two more sentences."""
    share = wilson_interval(of.finders or 0, of.n)
    if of.finders is None or share is None:
        return ""
    others = of.n - of.finders
    if of.finders <= others:
        who = f"{number_word(of.finders).capitalize() if of.finders else 'None'} of {persons(of.n)}"
    else:
        who = f"All but {number_word(others)} of {persons(of.n)}" if others else f"All {persons(of.n)}"
    account = "accounts" if of.finders == 1 else "account"
    return (
        f" {who} {account} for this mean. The interval also allows for their share ({of.finders:,} of {of.n:,}; "
        f"{100 * share[0]:.0f} to {share[1]:.0%})."
    )


def _reached(task: TaskFacts, reached: float) -> Iterator[str]:
    """How much each model gets right of its own worst group."""
    control, base = percent(task.control_worst_group), percent(task.base_worst_group)
    if task.is_imported:
        yield (
            f"With a person’s words, a new last layer gets {percent(reached)} of its worst group right, on average. "
            f"Without words, as the control, it gets {control} right. The difference is the own gain."
        )
        yield (
            f"The imported predictions get {base} of their worst group right (“{task.base_group}”). They come from "
            "another last layer, so a gain over them is not the gain from words."
        )
    else:
        yield (
            f"The model gets {percent(reached)} of its worst group right after retraining with a person’s words, on "
            f"average, {control} after the control, and {base} as it is (“{task.base_group}”). The difference "
            "between the first two is the own gain."
        )


def _of_groups(task: TaskFacts, groups: Sequence[GroupGain], own: float) -> Iterator[str]:
    """What became of one group by its name, where that is not the own gain, and of the others."""
    worst = next(each for each in groups if each.is_worst)
    others = [each for each in groups if not each.is_worst]
    added = worst.gain.mean or 0.0
    if abs(own - added) >= _NOTABLE:
        why = "the control has another worst group"
        then = max(others, key=lambda each: each.worst_after, default=worst)
        if then.worst_after and then is not worst:
            why = f"after retraining with the words of {persons(then.worst_after)} the worst group is “{then.group}”"
        who = "a new last layer" if task.is_imported else "the model as it is"
        yield (
            f"On “{worst.group}” alone, the worst group of {who}, people’s words added {points(added)} points over the "
            f"control{sure(worst.gain)}. The own gain differs because {why}."
        )
    if others:
        lost = _lost(task, others)
        yield f"The largest loss that people’s words cause in groups other than “{worst.group}”: {lost}."


def _lost(task: TaskFacts, others: Sequence[GroupGain]) -> str:
    """What other groups lose, against the model as it is and against the control."""
    told, most = [], largest_loss(task, others)
    if most and most.with_words >= _NOTABLE:
        alone = f"the control, without words, loses {100 * most.control:.1f}"
        told = [f"“{most.group}” loses {100 * most.with_words:.1f} points against the model as it is ({alone} there)"]
    beside = min(others, key=lambda each: each.gain.mean or 0.0)
    if (loss := -(beside.gain.mean or 0.0)) >= _NOTABLE:
        told.append(f"“{beside.group}” loses {100 * loss:.1f} points against the control")
    return f"{' and '.join(told)}, on average over people" if told else "nothing"


class Loss(NamedTuple):
    """What a group loses against the model as it is, by retraining with words and by the control; below 0 a gain."""

    group: str
    with_words: float
    control: float


def largest_loss(task: TaskFacts, groups: Iterable[GroupGain]) -> Loss | None:
    """Return which group loses most with words; of imported predictions, which have another last layer, none."""
    losses = (
        Loss(each.group, each.base_model - each.with_words, each.base_model - each.control)
        for each in groups
        if each.base_model is not None and not task.is_imported
    )
    return max(losses, key=lambda loss: loss.with_words, default=None)


def most_said(concepts: Iterable[ConceptRow], n_people: int) -> str:
    """Return the concept of a task that most of its people named, and how many did; "" where no phrase is a concept."""
    most = max(concepts, key=lambda row: row.people, default=None)
    if most is None or not most.people:
        return ""
    return f"{most.people:,} of {persons(n_people)} said phrases like “{most.name}”."


def better_and_others(people: Sequence[PersonTask]) -> Iterator[str]:
    """Yield what those gained whose best phrase is better than guessing, and the others: a mean hides two kinds."""
    gains = {
        is_better: [
            row.own_gain
            for row in people
            if row.own_gain is not None and (row.better is BetterThanGuessing.YES) is is_better
        ]
        for is_better in (True, False)
    }
    if all(gains.values()) and not any(row.better in _NOT_TOLD for row in people):
        better, others = (points(fmean(gains[each])) for each in (True, False))
        yield (
            f"These {sum(map(len, gains.values())):,} people fall into two groups. For the {len(gains[True]):,} "
            f"whose best phrase is better than guessing, the mean own gain is {better} points. For the other "
            f"{len(gains[False]):,} it is {others}."
        )


def beside_random_slices(people: Iterable[PersonTask]) -> Iterator[str]:
    """Yield how many of a task's people are beyond what choosing among random slices gives."""
    with_run = [row for row in people if row.basis is Basis.RUN]
    percentiles = [row.random_slice_percentile for row in with_run if row.random_slice_percentile is not None]
    untold = len(with_run) - len(percentiles)
    why = "the random slices reach almost the same accuracy, or they are not trained yet"
    if percentiles:
        beyond = sum(percentile >= _BEYOND for percentile in percentiles)
        also = f" The other {untold:,} with a retraining cannot be compared: {why}." if untold else ""
        have = counted(beyond, "of them has", "of them have")
        yield (
            f"{persons(len(percentiles))} can be compared with random guessers. {have} a larger own gain than "
            f"{_BEYOND} of 100 random guessers would have. A random guesser is a computer without any words. It splits "
            "the class’s images at random, as often as the person tried words, and retrains with the split that has "
            f"the best error score.{also}"
        )
    elif untold:
        yield f"{persons(untold)} cannot be compared with random guessers: {why}."


def sure(of: Estimate) -> str:
    """How sure a mean is, as the end of its sentence."""
    if of.low is None or of.high is None:
        return ". It rests on one person, so it has no interval"
    told = f" (95% interval {points(of.low)} to {points(of.high)})"
    if of.low <= 0 <= of.high:
        may = "this may be no gain" if of.mean is None or of.mean > 0 else "this may be no loss"
        return f"{told}. The interval includes 0, so {may} at all"
    return f"{told}. It rests on only {of.n} people" if of.n < _FEW else told


def _rests_on(gain: Total, complete: Total) -> str:
    n = gain.estimate.n
    whose = f"{n:,} of the {persons(n + sum(gain.missing.values()))}" if gain.missing else persons(n)
    on_test = "measured on test images that had no part in choosing their words"
    told = f"Gains are means over {whose} who had the task, {on_test}"
    out = {reason: n for reason, n in complete.missing.items() if reason not in gain.missing}
    if out:
        none = sum(out.values())
        count = "counts" if none == 1 else "count"
        told += f". {none:,} of these people {count} as no gain ({reasons(sorted(out.items()))})"
        if complete.estimate.mean is not None:
            told += f". The mean own gain of the others is {points(complete.estimate.mean)}"
    if gain.missing:
        told += f". Not in the means: {reasons(sorted(gain.missing.items()))}"
    return f"{told}."
