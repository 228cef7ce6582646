"""The rows of the paper's tables 1, 4 and 6, and others that we report beside them, in the order of the tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.retraining.slices import division_weights
from modeling.tensors.baselines.grouped import subsampled_rows, upsampled_rows
from modeling.tensors.baselines.released_sgd import GroupLoss
from worker.baselines import certified_methods, clarify_methods, published_methods, text_methods
from worker.baselines.clarify_methods import AnnotationSource
from worker.baselines.method_inputs import Bench
from worker.baselines.outcomes import Outcome, Over, Result


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
    """A row that needs no annotation. key: its name on the command line; name: in tables; over: see `Row`."""

    key: str
    name: str
    given: Assumption
    over: Over
    train: Callable[[Bench], Iterator[Outcome]]

    @property
    def needs_attribute(self) -> bool:
        """Whether groups must be more than classes."""
        return self.given is Assumption.LABELS_AND_GROUPS or self.key == "group_prompt"


FeedbackTraining = Callable[[Bench, AnnotationSource], Iterator[Result]]


@dataclass(frozen=True)
class FeedbackMethod:
    """A row for each source of annotations. of_people: whether a study's participants are one too."""

    key: str
    name: str
    given: Assumption
    over: Over
    train: FeedbackTraining
    of_people: bool = True


AnyMethod = Method | FeedbackMethod


def find_methods(keys: Sequence[str]) -> tuple[AnyMethod, ...]:
    """The methods of these keys, in the order of the tables. Raises UnknownMethod."""
    known = {method.key for method in METHODS}
    for key in keys:
        if key not in known:
            raise UnknownMethod(f"there is no method {key!r}; there are {', '.join(m.key for m in METHODS)}")
    return tuple(method for method in METHODS if method.key in keys)


def _balanced(key: str, name: str, given: Assumption, of: certified_methods.Division, scheme: str) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        jobs = certified_methods.jobs_over_draws(bench, of(bench.data.train))
        return certified_methods.train_balanced(bench, jobs, scheme, division_weights)

    return Method(key, name, given, Over.DRAWS, train)


def _worst(key: str, name: str, given: Assumption, of: certified_methods.Division) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        return certified_methods.train_worst(bench, certified_methods.jobs_over_draws(bench, of(bench.data.train)))

    return Method(key, name, given, Over.DRAWS, train)


def _released(key: str, name: str, objective: GroupLoss) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        return published_methods.released_sgd(bench, bench.data.train.labels, objective)

    return Method(key, f"{name}, released SGD", Assumption.LABELS, Over.SEEDS, train)


def _published(key: str, name: str, given: Assumption, procedure: published_methods.Procedure) -> Method:
    return Method(key, name, given, Over.SEEDS, partial(published_methods.over_seeds, procedure=procedure))


def _clarify(key: str, name: str, train: FeedbackTraining) -> FeedbackMethod:
    return FeedbackMethod(key, f"Clarify ({name})", Assumption.LABELS_AND_FEEDBACK, Over.DRAWS, train)


def _clarify_released(key: str, name: str, objective: GroupLoss) -> FeedbackMethod:
    name, train = f"Clarify ({name}), released SGD", partial(clarify_methods.released, objective=objective)
    return FeedbackMethod(key, name, Assumption.LABELS_AND_FEEDBACK, Over.SEEDS, train, of_people=False)


_GROUPS = Assumption.LABELS_AND_GROUPS
METHODS: tuple[AnyMethod, ...] = (
    Method("class_prompt", "Class Prompt", Assumption.NOTHING, Over.ONE, text_methods.class_prompt),
    Method("group_prompt", "Group Prompt", Assumption.NOTHING, Over.ONE, text_methods.group_prompt),
    FeedbackMethod("roboshot", "RoboShot", Assumption.FEEDBACK, Over.ONE, clarify_methods.phrases_roboshot),
    _balanced("erm", "ERM", Assumption.LABELS, certified_methods.classes, certified_methods.ALL_ALIKE),
    _balanced("class_balanced", "ERM (class-balanced)", Assumption.LABELS, certified_methods.classes, "class_equal"),
    _worst("worst_class", "ERM (worst-class)", Assumption.LABELS, certified_methods.classes),
    _released("erm_sgd", "ERM", "mean"),
    _released("class_balanced_sgd", "ERM (class-balanced)", "mean_groups"),
    _released("worst_class_sgd", "ERM (worst-class)", "max_groups"),
    _clarify("slice_balanced", "slice-balanced", clarify_methods.slice_balanced),
    _clarify("worst_slice", "worst-slice", clarify_methods.worst_slice),
    _clarify_released("slice_balanced_sgd", "slice-balanced", "mean_groups"),
    _clarify_released("worst_slice_sgd", "worst-slice", "max_groups"),
    _published("dfr_subsample", "DFR (subsample)", _GROUPS, partial(published_methods.probe, resample=subsampled_rows)),
    _published("dfr_upsample", "DFR (upsample)", _GROUPS, partial(published_methods.probe, resample=upsampled_rows)),
    _published("dfr", "DFR", _GROUPS, partial(published_methods.dfr, fit_on="validation")),
    _published("dfr_train", "DFR (on train)", _GROUPS, partial(published_methods.dfr, fit_on="train")),
    _balanced("group_balanced", "DFR (ours)", _GROUPS, certified_methods.groups, "mean_slices"),
    _published("group_dro", "Group DRO", _GROUPS, published_methods.group_dro),
    _worst("worst_group", "Group DRO (ours)", _GROUPS, certified_methods.groups),
    _published("erm_adapter", "ERM Adapter", Assumption.LABELS, published_methods.erm_adapter),
    Method("wise_ft", "WiSE-FT", Assumption.LABELS, Over.DRAWS, text_methods.half_way),
    _published("contrastive_adapter", "Contrastive Adapter", Assumption.LABELS, published_methods.contrastive_adapter),
)
