"""The rows of the paper's tables 1, 4 and 6, and others that we report beside them, in the order of the tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from modeling.baselines.released_sgd import GroupLoss
from modeling.errors import ModelingError
from modeling.slices import division_weights
from worker.benchmark import certified, clarify, published, text_only
from worker.benchmark.bench import Bench
from worker.benchmark.clarify import AnnotationSource
from worker.benchmark.results import Outcome, Over, Result


class UnknownMethod(ModelingError):
    """The benchmark has no method of this name."""

    code = "unknown_method"


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


def _balanced(key: str, name: str, given: Assumption, of: certified.Division, scheme: str) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        jobs = certified.jobs_over_draws(bench, of(bench.data.train))
        return certified.train_balanced(bench, jobs, scheme, division_weights)

    return Method(key, name, given, Over.DRAWS, train)


def _worst(key: str, name: str, given: Assumption, of: certified.Division) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        return certified.train_worst(bench, certified.jobs_over_draws(bench, of(bench.data.train)))

    return Method(key, name, given, Over.DRAWS, train)


def _released(key: str, name: str, objective: GroupLoss) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        return published.released_sgd(bench, bench.data.train.labels, objective)

    return Method(key, f"{name}, released SGD", Assumption.LABELS, Over.SEEDS, train)


def _published(key: str, name: str, given: Assumption, procedure: published.Procedure) -> Method:
    def train(bench: Bench) -> Iterator[Outcome]:
        return published.over_seeds(bench, procedure)

    return Method(key, name, given, Over.SEEDS, train)


def _clarify(key: str, name: str, train: FeedbackTraining) -> FeedbackMethod:
    return FeedbackMethod(key, f"Clarify ({name})", Assumption.LABELS_AND_FEEDBACK, Over.DRAWS, train)


def _clarify_released(key: str, name: str, train: FeedbackTraining) -> FeedbackMethod:
    name = f"Clarify ({name}), released SGD"
    return FeedbackMethod(key, name, Assumption.LABELS_AND_FEEDBACK, Over.SEEDS, train, of_people=False)


METHODS: tuple[AnyMethod, ...] = (
    Method("class_prompt", "Class Prompt", Assumption.NOTHING, Over.ONE, text_only.class_prompt),
    Method("group_prompt", "Group Prompt", Assumption.NOTHING, Over.ONE, text_only.group_prompt),
    FeedbackMethod("roboshot", "RoboShot", Assumption.FEEDBACK, Over.ONE, clarify.phrases_roboshot),
    _balanced("erm", "ERM", Assumption.LABELS, certified.classes, certified.ALL_ALIKE),
    _balanced("class_balanced", "ERM (class-balanced)", Assumption.LABELS, certified.classes, "class_equal"),
    _worst("worst_class", "ERM (worst-class)", Assumption.LABELS, certified.classes),
    _released("erm_sgd", "ERM", "mean"),
    _released("class_balanced_sgd", "ERM (class-balanced)", "mean_groups"),
    _released("worst_class_sgd", "ERM (worst-class)", "max_groups"),
    _clarify("slice_balanced", "slice-balanced", clarify.slice_balanced),
    _clarify("worst_slice", "worst-slice", clarify.worst_slice),
    _clarify_released("slice_balanced_sgd", "slice-balanced", clarify.slice_balanced_released),
    _clarify_released("worst_slice_sgd", "worst-slice", clarify.worst_slice_released),
    _published("dfr_subsample", "DFR (subsample)", Assumption.LABELS_AND_GROUPS, published.subsampled_probe),
    _published("dfr_upsample", "DFR (upsample)", Assumption.LABELS_AND_GROUPS, published.upsampled_probe),
    _published("dfr", "DFR", Assumption.LABELS_AND_GROUPS, published.dfr),
    _published("dfr_train", "DFR (on train)", Assumption.LABELS_AND_GROUPS, published.dfr_train),
    _balanced("group_balanced", "DFR (ours)", Assumption.LABELS_AND_GROUPS, certified.groups, "mean_slices"),
    _published("group_dro", "Group DRO", Assumption.LABELS_AND_GROUPS, published.group_dro),
    _worst("worst_group", "Group DRO (ours)", Assumption.LABELS_AND_GROUPS, certified.groups),
    _published("erm_adapter", "ERM Adapter", Assumption.LABELS, published.erm_adapter),
    Method("wise_ft", "WiSE-FT", Assumption.LABELS, Over.DRAWS, text_only.half_way),
    _published("contrastive_adapter", "Contrastive Adapter", Assumption.LABELS, published.contrastive_adapter),
)
