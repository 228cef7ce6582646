"""The first sentences of the results page: what people's words gained, how sure that is, and whom it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from annotations.admin.common.number_formats import percent, points
from annotations.admin.results.flow_words import reasons
from annotations.analysis.concepts.concept_columns import ConceptRow
from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import Estimate
from annotations.analysis.tables.comparison_columns import Total
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import GroupGains
from modeling.arrays.common.counted_words import persons
from modeling.arrays.phrases.worded_scale import BetterThanGuessing

_BEYOND = 95  # of 100
_NOT_TOLD = (BetterThanGuessing.TOO_FEW, BetterThanGuessing.UNKNOWN)
_NOTABLE = 0.0005  # a share that is not 0.0 points
_FEW = 5  # people; with fewer an interval says little


def finding(task: TaskFacts, totals: Sequence[Total], groups: GroupGains | None = None) -> Iterator[str]:
    """Yield the sentences of one task. totals, groups: its own; without groups the data have no names for them."""
    of = {(total.measure, total.over): total for total in totals}
    gain, complete = of["own_gain", Over.ALLOCATED], of["own_gain", Over.WITH_RUN]
    reached = of["worst_group_accuracy", Over.ALLOCATED].estimate.mean
    if gain.estimate.mean is None or reached is None:
        return
    if groups is None:
        kind = "group" if task.groups else "class"
        yield (
            f"On the worst {kind}, the one that a model gets wrong most often, people's words added "
            f"{points(gain.estimate.mean)} points of accuracy over the control{_sure(gain.estimate)}."
        )
        worst = task.base_worst_group, task.control_worst_group, reached
        yield _course(task, f"its worst {kind}", *worst, f" (“{task.base_group}”)")
    else:
        yield from _of_groups(task, groups, gain.estimate)
    yield _rests_on(gain, complete)


def _of_groups(task: TaskFacts, of: GroupGains, gain: Estimate) -> Iterator[str]:
    """What became of the worst group by its name, and of the others. gain: of the worst group, whichever it then is."""
    who = "a new last layer" if task.is_imported else "the model"
    added = of.gain.mean or 0.0
    lost = f" What it costs: {_lost(of)}." if of.over_control else ""
    yield (
        f"On “{of.name}”, the group that {who} gets wrong most often, people's words added {points(added)} points of "
        f"accuracy over the control{_sure(of.gain)}.{lost}"
    )
    yield _course(task, f"“{of.name}”", of.base, of.control, of.control + added)
    if abs((gain.mean or 0.0) - added) >= _NOTABLE:
        yield (
            "Another group may be worst after retraining. On the worst group of each model, whichever that is, "
            f"people's words added {points(gain.mean)} points{_sure(gain)}."
        )


def _lost(of: GroupGains) -> str:
    """What other groups lose, against the model as it is and against the control."""
    told = []
    if (each := of.over_base) and each.loss >= _NOTABLE:
        alone = f"the control, without words, loses {100 * each.alone:.1f}"
        told = [f"“{each.name}” loses {100 * each.loss:.1f} points against the model as it is ({alone} there)"]
    if (each := of.over_control) and each.loss >= _NOTABLE:
        told.append(f"“{each.name}” loses {100 * each.loss:.1f} points against the control")
    return (
        f"{' and '.join(told)}, on average over people; no other group loses more" if told else "no other group loses"
    )


def _course(
    task: TaskFacts, group: str, base: float | None, control: float | None, reached: float, which: str = ""
) -> str:
    """A group's accuracy from the reference to what people's words reach. which: the base model's worst, named."""
    if task.is_imported:
        return (
            f"Of {group}, the control, a new last layer, gets {percent(control)} right, and one with people's words "
            f"{percent(reached)}. The imported predictions get {percent(base)} right{which}; they come from another "
            "last layer, so what is gained over them is not what words gain."
        )
    return (
        f"Of {group} the model gets {percent(base)} right as it is{which}, {percent(control)} after the control, "
        f"and {percent(reached)} after retraining with people's words. The last two differ by the words' own gain."
    )


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
            f"There are two kinds of people among these {sum(map(len, gains.values())):,}: on the worst group, the "
            f"{len(gains[True]):,} whose best phrase is better than guessing gained {better} on average, the other "
            f"{len(gains[False]):,} {others}."
        )


def beside_random_slices(people: Iterable[PersonTask]) -> Iterator[str]:
    """Yield how many of a task's people are beyond what choosing among random slices gives."""
    with_run = [row for row in people if row.basis is Basis.RUN]
    percentiles = [row.random_slice_percentile for row in with_run if row.random_slice_percentile is not None]
    untold = len(with_run) - len(percentiles)
    why = "random splits hardly differ in what they reach, or are not trained yet"
    if percentiles:
        beyond = sum(percentile >= _BEYOND for percentile in percentiles)
        also = f" The other {untold:,} with a retraining cannot be compared: {why}." if untold else ""
        yield (
            f"{beyond:,} of the {persons(len(percentiles))} who can be compared with random guessers gained more than "
            f"{_BEYOND} of 100 of them would. A random guesser is a computer without any words: it cuts the class's "
            "images in two by chance, as often as the person tried words, and retrains with the cut that has the best "
            f"error score.{also}"
        )
    elif untold:
        yield f"{persons(untold)} cannot be compared with random guessers: {why}."


def _sure(of: Estimate) -> str:
    """How sure a mean is, as the end of its sentence."""
    if of.low is None or of.high is None:
        return ". That is one person, too few to say how sure it is"
    told = f" (95% interval {points(of.low)} to {points(of.high)})"
    if of.low <= 0 <= of.high:
        return f"{told}, which may be nothing: the interval holds 0"
    return f"{told}, from {of.n} people: few" if of.n < _FEW else told


def _rests_on(gain: Total, complete: Total) -> str:
    n = gain.estimate.n
    whose = f"{n:,} of the {persons(n + sum(gain.missing.values()))}" if gain.missing else persons(n)
    told = f"Gains are means over {whose} who had the task, on test images that had no part in choosing their words"
    out = {reason: n for reason, n in complete.missing.items() if reason not in gain.missing}
    if out:
        none = sum(out.values())
        told += f". {none:,} of them {'counts' if none == 1 else 'count'} as no gain ({reasons(sorted(out.items()))})"
        if complete.estimate.mean is not None:
            told += f"; the mean of the others is {points(complete.estimate.mean)}"
    if gain.missing:
        told += f". Not in the means: {reasons(sorted(gain.missing.items()))}"
    return f"{told}."
