"""A pooled correction for whoever reviews it: what it was made from, and what it does to every group and class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.models import BaseModel, Correction, CorrectionPart, JobState, Score, Study
from annotations.models.arrays import without_arrays
from annotations.readings.releases.moderation import NOTABLE_LOSS
from annotations.readings.retraining.correction_candidates import candidates, second_sets
from modeling.arrays.retraining.control import own_gain

MAX_OPTIONS = 20  # phrases that can be chosen for a class
SET_NAMES = {"validation": "Validation", "test": "Test", "second": "Second test set"}
_MEASURES = {
    "worst_group": "Worst group",
    "average": "Average, groups weighted as in train",
    "average_plain": "Share of images that are right",
    "minority": "Minority splits, mean over annotated classes",
    "majority": "Majority splits, mean over annotated classes",
}
BEFORE, CONTROL, AFTER = "before", "control", "after"  # models of a correction's effects
_ABLATED = ("worst_group", "average", "minority")


@dataclass(frozen=True)
class Change:
    """An accuracy before and after, 0 to 1; None without images. n: images, where it is of a part of them.

    control: after a correction without any phrase; None also where an earlier version trained it.
    """

    before: float | None
    after: float | None
    n: int | None = None
    control: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def own_gain(self) -> float | None:
        """What the phrases themselves add."""
        return None if self.control is None or self.after is None else own_gain(self.after, self.control)

    @property
    def is_notable_loss(self) -> bool:
        return self.difference is not None and self.difference <= -NOTABLE_LOSS


@dataclass(frozen=True)
class Line:
    """A row of a table: a name, and a change for each set of images."""

    name: str
    changes: Sequence[Change]


@dataclass(frozen=True)
class LeftOut:
    """The correction without one annotation: the accuracies that it then has, less those of the whole."""

    class_name: str
    phrase: str
    changes: Sequence[Change]


@dataclass(frozen=True)
class PartOf:
    part: CorrectionPart
    class_name: str
    n_above: int | None
    n_below: int | None


@dataclass(frozen=True)
class Option:
    """The annotations that a class can have in a correction, the best first, each text once."""

    label: int
    class_name: str
    scores: Sequence[Score]


@dataclass(frozen=True)
class Offer:
    """What can be trained on one base model of a study. silent: how many of its classes have no approved phrase."""

    base_model: BaseModel
    options: Sequence[Option]
    silent: int
    second: Sequence[BaseModel]


@dataclass(frozen=True)
class Report:
    """Everything of one correction. sets: the titles of the sets of images; ablated: those of an ablation's columns."""

    correction: Correction
    parts: Sequence[PartOf]
    sets: Sequence[str]
    overall: Sequence[Line]
    groups: Sequence[tuple[str, Sequence[Line]]]
    classes: Sequence[tuple[str, Sequence[Line]]]
    ablated: Sequence[str]
    left_out: Sequence[LeftOut]

    @property
    def headline(self) -> Change | None:
        """What it does to the worst group of the test images, by which nothing was chosen; None without any."""
        at = {each["name"]: place for place, each in enumerate(self.correction.effects.get("sets", []))}
        return self.overall[0].changes[at["test"]] if self.overall and "test" in at else None

    @property
    def losers(self) -> list[tuple[str, Line]]:
        """Groups that lose notably, each with the set of images where they do."""
        return [(title, line) for title, lines in self.groups for line in lines if line.changes[0].is_notable_loss]


def offers(study: Study) -> list[Offer]:
    """Return what can be trained, for each base model that the study's tasks show."""
    base_models = BaseModel.objects.filter(pk__in=study.tasks.values("base_model")).select_related("dataset")
    return [_offer(study, base_model) for base_model in without_arrays(base_models).order_by("pk")]


def listed(study: Study) -> list[Correction]:
    """Return the study's corrections, the newest first, without their heads."""
    found = study.corrections.select_related("base_model__dataset", "second_base_model__dataset")
    return list(without_arrays(found).order_by("-id"))


def report_of(correction: Correction) -> Report:
    """Return a correction's report; tables are empty until it is done."""
    sets = correction.effects.get("sets", []) if correction.state == JobState.DONE else []
    names = correction.base_model.dataset.class_names
    return Report(
        correction=correction,
        parts=list(_parts(correction, names)),
        sets=[_title(each) for each in sets],
        overall=[Line(words, [_change(each, name) for each in sets]) for name, words in _MEASURES.items()]
        if sets
        else [],
        groups=[(_title(each), list(_groups(each))) for each in sets],
        classes=[(_title(each), list(_classes(each, names))) for each in sets],
        ablated=[f"{_title(each)}: {_short(name)}" for each in sets for name in _ABLATED],
        left_out=[_left_out(each, sets, names) for each in correction.ablations] if sets else [],
    )


def worst_group_gain(effects: Mapping[str, Any], less: str) -> float | None:
    """Return what a correction adds to the worst group of the test images, less that of `CONTROL` or `BEFORE`.

    None without test images, and where an earlier version trained no control.
    """
    for each in effects.get("sets", []):
        if each["name"] == "test" and less in each:
            return own_gain(each[AFTER]["worst_group"], each[less]["worst_group"])
    return None


def _offer(study: Study, base_model: BaseModel) -> Offer:
    found = candidates(study, base_model)
    names = base_model.dataset.class_names
    options = [Option(label, names[label], _distinct(scores)) for label, scores in found.items()]
    asked = set(
        study.tasks.filter(base_model=base_model).exclude(target_class=None).values_list("target_class", flat=True)
    )
    return Offer(base_model, options, len(asked - set(found)), second_sets(base_model))


def _distinct(scores: Sequence[Score]) -> list[Score]:
    by_text: dict[str, Score] = {}
    for score in scores:
        by_text.setdefault(score.phrase.text.casefold(), score)
    return list(by_text.values())[:MAX_OPTIONS]


def _parts(correction: Correction, names: Sequence[str]) -> Iterator[PartOf]:
    sizes = {each["class"]: each for each in correction.effects.get("slices", [])}
    parts = without_arrays(correction.parts.select_related("score__phrase"))
    for part in parts.order_by("target_class"):
        size = sizes.get(part.target_class, {})
        yield PartOf(part, names[part.target_class], size.get("n_above"), size.get("n_below"))


def _change(of: Mapping[str, Any], name: str) -> Change:
    control = of.get("control", {}).get(name)
    return Change(of["before"][name], of["after"][name], control=control)


def _title(of: Mapping[str, Any]) -> str:
    name = SET_NAMES[of["name"]]
    return f"{name} ({of['dataset']})" if of["name"] == "second" else name


def _short(name: str) -> str:
    return {"worst_group": "worst group", "average": "average (groups as in train)", "minority": "minority"}[name]


def _groups(of: Mapping[str, Any]) -> Iterator[Line]:
    before, after = of["before"], of["after"]
    controls = of.get("control", {}).get("accuracies", [None] * len(before["accuracies"]))
    for group, old, new, n, control in zip(
        of["groups"], before["accuracies"], after["accuracies"], before["counts"], controls, strict=True
    ):
        if n:
            yield Line(group, [Change(old, new, n, control)])


def _classes(of: Mapping[str, Any], names: Sequence[str]) -> Iterator[Line]:
    """The annotated classes: minority, majority and the whole class side by side."""
    parts: dict[int, dict[str, Change]] = {}
    for old, new in zip(of["before"]["parts"], of["after"]["parts"], strict=True):
        parts.setdefault(old["class"], {})[old["part"]] = Change(old["accuracy"], new["accuracy"], old["n"])
    for label, found in parts.items():
        if "minority" in found:
            yield Line(names[label], [found["minority"], found["majority"], found["class"]])


def _left_out(ablation: Mapping[str, Any], sets: Sequence[Mapping[str, Any]], names: Sequence[str]) -> LeftOut:
    whole = {each["name"]: each["after"] for each in sets}
    changes = [Change(whole[each["name"]][name], each["after"][name]) for each in ablation["sets"] for name in _ABLATED]
    return LeftOut(names[ablation["class"]], ablation["phrase"], changes)
