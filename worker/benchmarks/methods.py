"""The rows of the paper's tables 1, 4 and 6, and others that we report beside them, in the order of the tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.tensors.baselines.grouped import subsampled_rows, upsampled_rows
from clarify_errors.tensors.baselines.released_sgd import GroupLoss
from worker.benchmarks import published_methods as published
from worker.benchmarks.certified_methods import ALL_ALIKE, balanced, worst
from worker.benchmarks.divisions import ANNOTATIONS, CLASSES, GROUPS, Division
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Over, Result
from worker.benchmarks.published_methods import over_seeds, released_sgd
from worker.benchmarks.scored_annotations import AnnotationSource
from worker.benchmarks.text_methods import half_way, phrases_roboshot, zero_shot


class UnknownMethod(ModelingError):
    """The benchmark has no method of this name."""


class Assumption(StrEnum):
    """What a method is given beside the images, in the words of table 1."""

    NOTHING = "Zero-Shot"
    FEEDBACK = "Text Feedback"
    LABELS = "Labels"
    LABELS_AND_FEEDBACK = "Labels, Text Feedback"
    LABELS_AND_GROUPS = "Labels, Group Labels"


@dataclass(frozen=True)
class Method:
    """A row, or one for each source of annotations where it needs these.

    key: its name on the command line; name: in tables; over: see `Row`; train: its classifiers, from a source that is
    empty where it needs none.
    """

    key: str
    name: str
    given: Assumption
    over: Over
    train: Callable[[Bench, AnnotationSource], Iterator[Result]]

    @property
    def needs_attribute(self) -> bool:
        """Whether groups must be more than classes."""
        return self.given is Assumption.LABELS_AND_GROUPS or self.key == "group_prompt"

    @property
    def needs_annotation(self) -> bool:
        return self.given in (Assumption.FEEDBACK, Assumption.LABELS_AND_FEEDBACK)

    @property
    def is_of_people(self) -> bool:
        """Whether a study's participants are a source: their classifiers differ by people, and by nothing else."""
        return self.over is not Over.SEEDS


def find_methods(keys: Sequence[str]) -> tuple[Method, ...]:
    """The methods of these keys, in the order of the tables. Raises UnknownMethod."""
    known = {method.key for method in METHODS}
    for key in keys:
        if key not in known:
            raise UnknownMethod(f"there is no method {key!r}; there are {', '.join(m.key for m in METHODS)}")
    return tuple(method for method in METHODS if method.key in keys)


def _released(key: str, name: str, given: Assumption, of: Division, objective: GroupLoss) -> Method:
    train = partial(released_sgd, of=of, objective=objective)
    return Method(key, f"{name}, released SGD", given, Over.SEEDS, train)


def _published(key: str, name: str, given: Assumption, procedure: published.Procedure) -> Method:
    return Method(key, name, given, Over.SEEDS, partial(over_seeds, procedure=procedure))


_LABELS, _WORDS, _GROUPS = Assumption.LABELS, Assumption.LABELS_AND_FEEDBACK, Assumption.LABELS_AND_GROUPS
METHODS = (
    Method("class_prompt", "Class Prompt", Assumption.NOTHING, Over.ONE, partial(zero_shot, of="class")),
    Method("group_prompt", "Group Prompt", Assumption.NOTHING, Over.ONE, partial(zero_shot, of="group")),
    Method("roboshot", "RoboShot", Assumption.FEEDBACK, Over.ONE, phrases_roboshot),
    Method("erm", "ERM", _LABELS, Over.DRAWS, partial(balanced, of=CLASSES, scheme=ALL_ALIKE)),
    Method(
        "class_balanced",
        "ERM (class-balanced)",
        _LABELS,
        Over.DRAWS,
        partial(balanced, of=CLASSES, scheme="class_equal"),
    ),
    Method("worst_class", "ERM (worst-class)", _LABELS, Over.DRAWS, partial(worst, of=CLASSES)),
    _released("erm_sgd", "ERM", _LABELS, CLASSES, "mean"),
    _released("class_balanced_sgd", "ERM (class-balanced)", _LABELS, CLASSES, "mean_groups"),
    _released("worst_class_sgd", "ERM (worst-class)", _LABELS, CLASSES, "max_groups"),
    Method("slice_balanced", "Clarify (slice-balanced)", _WORDS, Over.DRAWS, partial(balanced, of=ANNOTATIONS)),
    Method("worst_slice", "Clarify (worst-slice)", _WORDS, Over.DRAWS, partial(worst, of=ANNOTATIONS)),
    _released("slice_balanced_sgd", "Clarify (slice-balanced)", _WORDS, ANNOTATIONS, "mean_groups"),
    _released("worst_slice_sgd", "Clarify (worst-slice)", _WORDS, ANNOTATIONS, "max_groups"),
    _published("dfr_subsample", "DFR (subsample)", _GROUPS, partial(published.probe, resample=subsampled_rows)),
    _published("dfr_upsample", "DFR (upsample)", _GROUPS, partial(published.probe, resample=upsampled_rows)),
    _published("dfr", "DFR", _GROUPS, partial(published.dfr, fit_on="validation")),
    _published("dfr_train", "DFR (on train)", _GROUPS, partial(published.dfr, fit_on="train")),
    Method("group_balanced", "DFR (ours)", _GROUPS, Over.DRAWS, partial(balanced, of=GROUPS, scheme="mean_slices")),
    _published("group_dro", "Group DRO", _GROUPS, published.group_dro),
    Method("worst_group", "Group DRO (ours)", _GROUPS, Over.DRAWS, partial(worst, of=GROUPS)),
    _published("erm_adapter", "ERM Adapter", _LABELS, published.erm_adapter),
    Method("wise_ft", "WiSE-FT", _LABELS, Over.DRAWS, half_way),
    _published("contrastive_adapter", "Contrastive Adapter", _LABELS, published.contrastive_adapter),
)
