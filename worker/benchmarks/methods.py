"""The rows of the paper's tables 1, 4 and 6, and others that we report beside them, in the order of the tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Literal

import numpy as np

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.slices import slice_ids, uniform_weights
from clarify_errors.tensors.baselines.adapter import AdapterClassifier, train_erm_adapter
from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from clarify_errors.tensors.baselines.dfr import FitOn, train_dfr
from clarify_errors.tensors.baselines.group_dro_eg import train_group_dro_eg
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, subsampled_rows, upsampled_rows
from clarify_errors.tensors.baselines.probes import Resample, train_probe
from clarify_errors.tensors.baselines.released_sgd import GroupLoss, train_released_sgd
from clarify_errors.tensors.baselines.roboshot import roboshot
from clarify_errors.tensors.baselines.wise_ft import wise_ft
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from worker.benchmarks.method_inputs import ANNOTATIONS, CLASSES, GROUPS, Bench, Division, Job, seed_name
from worker.benchmarks.outcomes import Outcome, Over, Result
from worker.benchmarks.scored_annotations import AnnotationSource
from worker.datasets import head_training

ALPHA = 0.5


def zero_shot(bench: Bench, _: AnnotationSource, *, of: Literal["class", "group"]) -> Iterator[Outcome]:
    """The best prompt's class, of prompts for classes or for groups."""
    classifier = bench.class_zero_shot if of == "class" else bench.group_zero_shot
    predictions = classifier.predict(bench.test.in_text_space.features)
    yield Outcome.of(bench.dataset, f"{of} prompts", predictions)


def phrases_roboshot(bench: Bench, source: AnnotationSource) -> Iterator[Outcome]:
    """The class prompts' classifier after RoboShot with people's phrases: no label, no training, only the words."""
    for name, annotations in source.sets.items():
        phrases = np.stack([annotation.embedding for annotation in annotations])
        classifier = roboshot(bench.class_zero_shot, phrases)
        predictions = classifier.predict(bench.test.in_text_space.features)
        directions = {"harmful_directions": len(classifier.harmful), "helpful_directions": len(classifier.helpful)}
        yield Outcome.of(bench.dataset, name or source.name, predictions, **directions)


def half_way(bench: Bench, _: AnnotationSource) -> Iterator[Outcome]:
    """WiSE-FT: half-way between the class prompts and the ERM heads of all train and of draws, on one embedding."""
    train, test = bench.train.in_text_space, bench.test.in_text_space
    standardization = Standardization.fit(train.features)
    draws = dict(bench.draws())
    weights = np.zeros((len(train), len(draws)))
    for k, rows in enumerate(draws.values()):
        weights[rows, k] = uniform_weights(len(rows))
    z = standardization.apply(train.features)
    trained = train_heads(z, train.labels, weights, bench.l2, n_classes=bench.n_classes, device=bench.device)
    for k, (name, rows) in enumerate(draws.items()):
        classifier = wise_ft(
            bench.class_zero_shot.embeddings, trained.coef[k], trained.intercept[k], standardization,
            alpha=ALPHA, logit_scale=bench.logit_scale,
        )  # fmt: skip
        details = {"alpha": ALPHA, "logit_scale": bench.logit_scale, "n_images": len(rows)}
        yield Outcome.of(bench.dataset, name, classifier.predict(test.features), **details)


ALL_ALIKE = "class_mass"  # the scheme that weighs every image alike where classes are the slices: ERM


def balanced(bench: Bench, source: AnnotationSource, *, of: Division, scheme: str | None = None) -> Iterator[Result]:
    """Minimise each job's Σ w · CE + λ/2 ‖W‖², with a scheme's weights: all jobs in one batch, equal ones once.

    scheme: the benchmark's by default.
    """
    jobs, notes = of.jobs(bench, source)
    yield from notes
    if not jobs:
        return
    labels = bench.train.labels
    weights = np.zeros((len(labels), len(jobs)))
    for k, job in enumerate(jobs):
        weights[job.rows, k] = of.weigh(labels[job.rows], job.slices[job.rows], scheme or bench.scheme)
    distinct, column_of = np.unique(weights, axis=1, return_inverse=True)
    trained = head_training.train(bench.dataset, bench.l2, distinct)
    for job, k in zip(jobs, column_of.tolist(), strict=True):
        yield _outcome(bench, job, trained[k].head, loss=trained[k].loss, gap=trained[k].certified_gap)


def worst(bench: Bench, source: AnnotationSource, *, of: Division) -> Iterator[Result]:
    """Minimise each job's largest mean loss of a slice + λ/2 ‖W‖²; equal jobs are trained again, and come out equal."""
    jobs, notes = of.jobs(bench, source)
    yield from notes
    train, labels = bench.train.standardised, bench.train.labels
    for job in jobs:  # of a draw that has lost a slice, the largest loss of the others would be another objective
        of.weigh(labels[job.rows], job.slices[job.rows], bench.scheme)
    for job in jobs:
        is_all = len(job.rows) == len(labels)
        slices = slice_ids(labels, job.slices)[job.rows]
        trained = train_worst_group(
            train.features if is_all else train.features[job.rows], labels[job.rows], slices,
            bench.l2, n_classes=bench.n_classes,
            start=bench.start if is_all else None, device=bench.device,
        )  # fmt: skip
        weights = dict(zip(map(str, trained.groups.tolist()), trained.q.tolist(), strict=True))
        head = Head.of(trained.coef, trained.intercept, bench.standardization, bench.dataset.class_names)
        yield _outcome(bench, job, head, loss=trained.loss, gap=trained.gap, slice_weights=weights)


def _outcome(bench: Bench, job: Job, head: Head, **certificate: Any) -> Outcome:
    """The measures of a head in float32, as the system would store it."""
    predictions = head.predict(bench.test.unit.features)
    return Outcome.of(bench.dataset, job.name, predictions, n_images=len(job.rows), **certificate)


# What a procedure makes of a generator of random numbers: a classifier, and the test images as it takes them.
Trained = tuple[LinearClassifier | AdapterClassifier, GroupedFeatures]
Procedure = Callable[[Bench, np.random.Generator], Trained]


def over_seeds(bench: Bench, _: AnnotationSource, *, procedure: Procedure) -> Iterator[Outcome]:
    """One outcome a seed."""
    for seed in range(bench.seeds):
        classifier, test = procedure(bench, np.random.default_rng(seed))
        predictions = classifier.predict(test.features)
        yield Outcome.of(bench.dataset, seed_name(seed), predictions, **classifier.details)


def released_sgd(bench: Bench, source: AnnotationSource, *, of: Division, objective: GroupLoss) -> Iterator[Result]:
    """The released code's training, of the mean loss, or of the mean or the largest of slices' losses.

    Seeds are its randomness, so annotations must be one set.
    """
    jobs, notes = of.jobs(bench, source)
    yield from notes
    train, test = bench.train, bench.test
    sliced = replace(train.standardised, groups=slice_ids(train.labels, jobs[0].slices))

    def train_released(bench: Bench, rng: np.random.Generator) -> Trained:
        settings = bench.settings.released
        trained = train_released_sgd(sliced, objective=objective, rng=rng, settings=settings, device=bench.device)
        return trained, test.standardised

    yield from over_seeds(bench, source, procedure=train_released)


def probe(bench: Bench, rng: np.random.Generator, resample: Resample) -> Trained:
    return train_probe(
        bench.train.standardised, bench.validation.standardised, resample,
        rng=rng, settings=bench.settings.probe, device=bench.device,
    ), bench.test.standardised  # fmt: skip


def dfr(bench: Bench, rng: np.random.Generator, fit_on: FitOn) -> Trained:
    return train_dfr(bench.train.unit, bench.validation.unit, rng=rng, fit_on=fit_on), bench.test.unit


def group_dro(bench: Bench, rng: np.random.Generator) -> Trained:
    return train_group_dro_eg(
        bench.train.standardised, bench.validation.standardised,
        rng=rng, settings=bench.settings.group_dro, device=bench.device,
    ), bench.test.standardised  # fmt: skip


def erm_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    return train_erm_adapter(
        bench.train.in_text_space, bench.validation.in_text_space, bench.class_zero_shot.embeddings,
        rng=rng, settings=bench.settings.erm_adapter, device=bench.device,
    ), bench.test.in_text_space  # fmt: skip


def contrastive_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    settings = bench.settings
    return train_contrastive_adapter(
        bench.train.in_text_space, bench.validation.in_text_space, bench.class_zero_shot.embeddings,
        rng=rng, settings=settings.contrastive_adapter, contrastive=settings.hard_samples, device=bench.device,
    ), bench.test.in_text_space  # fmt: skip


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


def _published(key: str, name: str, given: Assumption, procedure: Procedure) -> Method:
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
    _published("dfr_subsample", "DFR (subsample)", _GROUPS, partial(probe, resample=subsampled_rows)),
    _published("dfr_upsample", "DFR (upsample)", _GROUPS, partial(probe, resample=upsampled_rows)),
    _published("dfr", "DFR", _GROUPS, partial(dfr, fit_on="validation")),
    _published("dfr_train", "DFR (on train)", _GROUPS, partial(dfr, fit_on="train")),
    Method("group_balanced", "DFR (convex)", _GROUPS, Over.DRAWS, partial(balanced, of=GROUPS, scheme="mean_slices")),
    _published("group_dro", "Group DRO", _GROUPS, group_dro),
    Method("worst_group", "Group DRO (convex)", _GROUPS, Over.DRAWS, partial(worst, of=GROUPS)),
    _published("erm_adapter", "ERM Adapter", _LABELS, erm_adapter),
    Method("wise_ft", "WiSE-FT", _LABELS, Over.DRAWS, half_way),
    _published("contrastive_adapter", "Contrastive Adapter", _LABELS, contrastive_adapter),
)
