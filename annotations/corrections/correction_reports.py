"""A pooled correction for whoever reviews it: what it was made from, and what it does to every group and class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.corrections.correction_candidates import candidates, second_sets
from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL, GAINS, RESTRICTED, SET_NAMES
from annotations.models import BaseModel, Correction, CorrectionPart, JobState, Score, Study
from annotations.models.arrays import without_arrays
from annotations.models.moderated_words import words_of_phrase
from annotations.runs.accuracy_changes import Change
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.own_gain_intervals import WHY, tied_note

MAX_OPTIONS = 20  # phrases that can be chosen for a class
_MEASURES = {
    "worst_group": "Worst-group accuracy",
    "average": "Average, groups weighted as in train",
    "average_plain": "Share of images that are right",
    "minority": "Minority splits, mean over annotated classes",
    "majority": "Majority splits, mean over annotated classes",
}
_ABLATED = {"worst_group": "worst-group accuracy", "average": "average (groups as in train)", "minority": "minority"}


Line = tuple[str, list[Change]]  # a row of a table: a name, and a change for each set of images


@dataclass(frozen=True)
class PartOf:
    """One annotation of a correction, with the sizes of its two slices of the class's train images."""

    part: CorrectionPart
    class_name: str
    n_above: int | None
    n_below: int | None

    @property
    def words(self) -> str:
        return words_of_phrase(self.part.score.phrase)


@dataclass(frozen=True)
class GroupChange:
    """What becomes of a group of a set of images."""

    set: str
    group: str
    change: Change


def offers(study: Study) -> list[dict[str, Any]]:
    """Return what can be trained, for each base model that the study's tasks show.

    options: of each class its number, its name and the annotations that it can have, the best first, each text once;
    silent: how many of its classes have no approved phrase; second: what can serve as a second test set.
    """
    base_models = BaseModel.objects.filter(pk__in=study.tasks.values("base_model")).select_related("dataset")
    return [_offer(study, base_model) for base_model in base_models.order_by("pk")]


def listed(study: Study) -> list[Correction]:
    """Return the study's corrections that count, the newest first."""
    found = study.corrections.counted().select_related("base_model__dataset", "second_base_model__dataset")
    return list(found.order_by("-id"))


def report_of(correction: Correction) -> dict[str, Any]:
    """Return everything of one correction; tables are empty until it is done.

    overall, groups and classes: of each set of images its title and its lines; headline: worst-group accuracy on the
    test images, by which nothing was chosen, None without any; is_bare: as below; interval_words: what the intervals of
    gains allow for; losers: groups that lose notably against the base model; costs: others that lose as much against
    the control alone; left_out: of each annotation the class, the phrase, and what the correction without it has, less
    that of the whole, in the columns of `ablated`.
    """
    sets = correction.effects.get("sets", []) if correction.state == JobState.DONE else []
    names = correction.base_model.dataset.class_names
    groups = [(_title(each), list(_groups(each))) for each in sets]
    of_groups = [GroupChange(title, name, of) for title, lines in groups for name, (of,) in lines]
    parts = list(parts_of(correction))
    words = {each.part.target_class: each.words for each in parts}
    return {
        "correction": correction,
        "parts": parts,
        "overall": [
            (_title(each), [(words, _change(each, name)) for name, words in _MEASURES.items()]) for each in sets
        ],
        "groups": groups,
        "classes": [(_title(each), list(_classes(each, names))) for each in sets],
        "headline": next((_change(each, "worst_group") for each in sets if each["name"] == "test"), None),
        "is_bare": is_bare(correction.effects),
        "interval_words": _interval_words(correction),
        "losers": [each for each in of_groups if each.change.is_notable_loss],
        "costs": [each for each in of_groups if each.change.is_cost_of_phrases],
        "ablated": [f"{_title(each)}: {words}" for each in sets for words in _ABLATED.values()],
        "left_out": [_left_out(each, sets, names, words) for each in correction.ablations] if sets else [],
    }


def parts_of(correction: Correction) -> Iterator[PartOf]:
    """Yield a correction's annotations, by class."""
    names = correction.base_model.dataset.class_names
    sizes = {each["class"]: each for each in correction.effects.get("slices", [])}
    parts = without_arrays(correction.parts.select_related("score__phrase__assignment__session"))
    for part in parts.order_by("target_class"):
        size = sizes.get(part.target_class, {})
        yield PartOf(part, names[part.target_class], size.get("n_above"), size.get("n_below"))


def worst_group_gain(effects: Mapping[str, Any], less: str) -> float | None:
    """Return what a correction adds to the worst group of the test images, less that of `CONTROL` or `BEFORE`.

    None without test images, and where an earlier version trained no control.
    """
    for each in effects.get("sets", []):
        if each["name"] == "test" and less in each:
            return own_gain(each[AFTER]["worst_group"], each[less]["worst_group"])
    return None


def gain_interval(effects: Mapping[str, Any], less: str) -> tuple[float, float] | None:
    """Return the interval of that gain for other test images; None where it is not known, or none was measured."""
    for each in effects.get("sets", []):
        if each["name"] == "test":
            return _interval(each, less)
    return None


def is_bare(effects: Mapping[str, Any]) -> bool:
    """Return whether its gain on test has no interval: an earlier version trained it, and nobody can approve it."""
    return any(each["name"] == "test" and GAINS not in each for each in effects.get("sets", []))


def _interval(of: Mapping[str, Any], less: str) -> tuple[float, float] | None:
    found = of.get(GAINS, {}).get(less)
    return None if found is None else (found["low"], found["high"])


def _interval_words(correction: Correction) -> str:
    """Say what the interval on test allows for, and how the gain is biased, where it is."""
    for each in correction.effects.get("sets", []):
        if each["name"] == "test" and GAINS in each:
            tied = tuple(each[GAINS][CONTROL]["tied"])
            return f"{WHY} {tied_note(tied, 'the correction', correction.base_model.control_name)}".strip()
    return ""


def _offer(study: Study, base_model: BaseModel) -> dict[str, Any]:
    found = candidates(study, base_model)
    names = base_model.dataset.class_names
    asked = study.tasks.filter(base_model=base_model).exclude(target_class=None).values_list("target_class", flat=True)
    return {
        "base_model": base_model,
        "options": [(label, names[label], _distinct(scores)) for label, scores in found.items()],
        "silent": len(set(asked) - set(found)),
        "second": second_sets(base_model),
    }


def _distinct(scores: Sequence[Score]) -> list[Score]:
    by_text: dict[str, Score] = {}
    for score in scores:
        by_text.setdefault(score.phrase.text.casefold(), score)
    return list(by_text.values())[:MAX_OPTIONS]


def _change(of: Mapping[str, Any], name: str) -> Change:
    control = of.get("control", {}).get(name)
    is_worst = name == "worst_group"  # whose gains have an interval
    gains = {less: _interval(of, less) if is_worst else None for less in (BEFORE, CONTROL)}
    return Change(of["before"][name], of["after"][name], None, control, gains[BEFORE], gains[CONTROL])


def _title(of: Mapping[str, Any]) -> str:
    name = SET_NAMES[of["name"]]
    return f"{name} ({of['dataset']})" if of["name"] == "second" else name


def _groups(of: Mapping[str, Any]) -> Iterator[Line]:
    before, after = of["before"], of["after"]
    controls = of.get("control", {}).get("accuracies", [None] * len(before["accuracies"]))
    for group, old, new, n, control in zip(
        of["groups"], before["accuracies"], after["accuracies"], before["counts"], controls, strict=True
    ):
        if n:
            yield group, [Change(old, new, n, control)]


def _classes(of: Mapping[str, Any], names: Sequence[str]) -> Iterator[Line]:
    """The annotated classes: minority, majority and the whole class side by side."""
    parts: dict[int, dict[str, Change]] = {}
    for old, new in zip(of["before"]["parts"], of["after"]["parts"], strict=True):
        parts.setdefault(old["class"], {})[old["part"]] = Change(old["accuracy"], new["accuracy"], old["n"])
    for label, found in parts.items():
        if "minority" in found:
            yield names[label], [found["minority"], found["majority"], found["class"]]


def _left_out(
    ablation: Mapping[str, Any], sets: Sequence[Mapping[str, Any]], names: Sequence[str], words: Mapping[int, str]
) -> tuple[str, str, list[Change]]:
    whole = {each["name"]: each.get(RESTRICTED, each[AFTER]) for each in sets}
    changes = [Change(whole[each["name"]][name], each["after"][name]) for each in ablation["sets"] for name in _ABLATED]
    label = ablation["class"]
    return names[label], words[label], changes
