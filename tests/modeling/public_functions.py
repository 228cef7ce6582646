"""Public functions of the library that take arrays: of each its arrays, how they can be bad, and words for them.

Not every one: the steps that these are made of are tried through them, and encoders, files, `similarities`,
`score_held_out`, `Head`, `select_classes` and `subgroup_accuracy` have tests of their own.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clarify_errors.arrays.concepts.concept_merging import agreement, merge
from clarify_errors.arrays.concepts.concept_unions import (
    select_greedily,
    stratified_half,
    together_by_chance,
)
from clarify_errors.arrays.concepts.phrase_map import phrase_map
from clarify_errors.arrays.datasets.groups import group_counts, group_ids
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot
from clarify_errors.arrays.keywords.keyword_ranking import adjusted_p, clip_scores, permuted_maxima, rank_keywords
from clarify_errors.arrays.phrases.error_score import error_score, error_scores
from clarify_errors.arrays.phrases.null_level import p_values
from clarify_errors.arrays.retraining.group_accuracies import (
    class_error_rates,
    group_metrics,
    group_shares,
    hardest_class,
)
from clarify_errors.arrays.retraining.slices import (
    division_weights,
    slice_ids,
    slice_members,
    slice_membership,
    slice_weights,
)
from clarify_errors.tensors.baselines.adapter import train_erm_adapter
from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from clarify_errors.tensors.baselines.dfr import train_dfr
from clarify_errors.tensors.baselines.group_dro_eg import train_group_dro_eg
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, subsampled_rows, upsampled_rows
from clarify_errors.tensors.baselines.probes import train_probe
from clarify_errors.tensors.baselines.released_sgd import EarlyStopping, train_released_sgd
from clarify_errors.tensors.baselines.roboshot import roboshot
from clarify_errors.tensors.baselines.sgd import SgdSettings
from clarify_errors.tensors.baselines.wise_ft import wise_ft
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.many_heads import train_heads, train_some_classes
from clarify_errors.tensors.retraining.warm_start import prepare_start
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind
from tests.modeling.bad_arrays import (
    BOTH_KINDS,
    FLAGS,
    FLOATS,
    IDS,
    IDS_BELOW,
    SIMILARITIES,
    TRAINED_LABELS,
    UNIT_ROWS,
    WEIGHTS,
    Array,
    Bad,
    N,
    row,
    value,
    without,
)
from tests.modeling.tensors.similarity_search.indexes import in_memory

D, K = 3, 2


@dataclass(frozen=True)
class Public:
    """A function; its array arguments that fit; how each can be bad; the word that names it in errors."""

    call: Callable[..., Any]
    fitting: Mapping[str, Array]
    bad: Mapping[str, Mapping[str, Bad]]
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def word(self, argument: str) -> str:
        """By default the argument's name, in singular or plural."""
        return self.words.get(argument, argument.removesuffix("ies").removesuffix("s"))


RNG = np.random.default_rng(0)
LABELS = np.arange(N) % 2
GROUPS = 2 * LABELS + np.arange(N) // 2 % 2
IS_ERROR = np.arange(N) % 3 == 0
FEATURES = RNG.normal(size=(N, D)) + LABELS[:, None]
UNIT = unit_rows(FEATURES).astype(np.float64)
CLASSES = unit_rows(RNG.normal(size=(2, D))).astype(np.float64)
MEMBERS = GROUPS == 1
MEMBERSHIP = np.where(LABELS == 0, GROUPS, -1)
HEAD = RNG.normal(size=(2, D)), RNG.normal(size=2)
SHORT = SgdSettings(epochs=2, batch_size=8)
SCALING = Standardization.fit(FEATURES)
UNIT_32 = unit_rows(FEATURES)
INDEX = in_memory(unit_rows(RNG.normal(size=(5, D))), IndexKind.FLAT)
PHRASES = RNG.random((K, N)) < 0.5  # hard slices
LEARN = np.arange(N) % 2 == 0
SCORES = RNG.random(N)
ANY_COUNT = without(without(FLOATS, "one short"), "integers")  # vectors of any length, and of whole numbers
HALVES: dict[str, Bad] = {
    **FLAGS,
    "all true": (np.ones_like, "0 images are classified correctly and 12 wrongly"),
    "all false": (np.zeros_like, "12 images are classified correctly and 0 wrongly"),
}
LEARNT: dict[str, Bad] = {
    **FLAGS,
    "all of them": (np.ones_like, "0 images are classified correctly and 0 wrongly"),
    "none of them": (np.zeros_like, "0 images are classified correctly and 0 wrongly"),
}
OF_DRAWS: dict[str, Bad] = {**FLAGS, "one short": (lambda array: array[..., :-1], str(N - 1))}
FEWER_COLUMNS: Bad = (lambda array: unit_rows(array[:, :-1]), rf"\b{D - 1} dimensions")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def on_splits(train: Callable[..., Any], data: Array = FEATURES, **options: Any) -> Public:
    """A baseline that takes two splits, given the arrays of the first."""
    validation = GroupedFeatures(data, LABELS, GROUPS)

    def call(features: Array, labels: Array, groups: Array) -> Any:
        return train(GroupedFeatures(features, labels, groups), validation, rng=rng(), **options)

    bad = {"features": FLOATS, "labels": TRAINED_LABELS, "groups": IDS}
    return Public(call, {"features": data, "labels": LABELS, "groups": GROUPS}, bad)


def on_unit_splits(train: Callable[..., Any]) -> Public:
    public = on_splits(lambda *splits, rng: train(*splits, CLASSES, rng=rng, settings=SHORT), data=UNIT)
    return dataclasses.replace(
        public, bad={**public.bad, "features": UNIT_ROWS}, words={"features": "features|training image"}
    )


PUBLIC: dict[str, Public] = {
    "error_score": Public(
        error_score,
        {"similarities": UNIT[:, 0], "is_error": IS_ERROR},
        {"similarities": SIMILARITIES, "is_error": BOTH_KINDS},
        {"is_error": "is_error|classified"},
    ),
    "error_scores": Public(
        error_scores,
        {"similarities": UNIT.T[:K], "is_error": IS_ERROR},
        {"similarities": SIMILARITIES, "is_error": BOTH_KINDS},
        {"is_error": "is_error|classified"},
    ),
    "clip_scores": Public(
        clip_scores,
        {"similarities": UNIT.T[:K], "is_error": IS_ERROR},
        {"similarities": SIMILARITIES, "is_error": BOTH_KINDS},
        {"is_error": "is_error|classified"},
    ),
    "permuted_maxima": Public(
        lambda similarities, is_error: permuted_maxima(similarities, is_error, rng(), 3),
        {"similarities": UNIT.T[:K], "is_error": IS_ERROR},
        {"similarities": SIMILARITIES, "is_error": BOTH_KINDS},
        {"is_error": "is_error|classified"},
    ),
    "rank_keywords": Public(
        lambda similarities, is_error: rank_keywords(["a", "b"], similarities, is_error, ["a b"] * N, rng(), 3),
        {"similarities": UNIT.T[:K], "is_error": IS_ERROR},
        {"similarities": SIMILARITIES, "is_error": BOTH_KINDS},
        {"is_error": "is_error|classified"},
    ),
    "slice_members": Public(
        lambda similarities, labels: slice_members(similarities, labels, 1, 0.1),
        {"similarities": UNIT[:, 0], "labels": LABELS},
        {"similarities": SIMILARITIES, "labels": {**IDS, "another class": (np.zeros_like, "target class 1")}},
    ),
    "slice_membership": Public(
        lambda members, labels: slice_membership(members, labels, 0),
        {"members": MEMBERS, "labels": LABELS},
        {
            "members": {**FLAGS, "empty slice": (np.zeros_like, "0 above .* 12 below")},
            "labels": {**IDS, "another class": (np.ones_like, "image 2 .* class 1 is not")},
        },
        {"members": "members|annotation splits", "labels": "label|class"},
    ),
    "slice_weights": Public(
        slice_weights,
        {"labels": LABELS, "membership": MEMBERSHIP},
        {"labels": IDS, "membership": {**IDS, "one slice": (np.zeros_like, "all images are in 0|more than one class")}},
        {"membership": "slice|membership"},
    ),
    "slice_ids": Public(
        slice_ids,
        {"labels": LABELS, "membership": MEMBERSHIP},
        {"labels": IDS, "membership": IDS},
        {"membership": "slice|membership"},
    ),
    "division_weights": Public(
        division_weights,
        {"labels": LABELS, "parts": GROUPS},
        {"labels": IDS, "parts": {**IDS, "crossing": (np.zeros_like, "slice 0 .* in image 1")}},
        {"parts": "slice|membership"},
    ),
    "group_ids": Public(
        lambda labels, attributes: group_ids(labels, attributes, 2),
        {"labels": LABELS, "attributes": GROUPS % 2},
        {"labels": IDS, "attributes": IDS_BELOW},
    ),
    "group_counts": Public(
        lambda groups: group_counts(groups, 4), {"groups": GROUPS}, {"groups": without(IDS_BELOW, "one short")}
    ),
    "group_shares": Public(
        lambda marked, groups: group_shares(marked, groups, 4),
        {"marked": IS_ERROR, "groups": GROUPS},
        {"marked": FLAGS, "groups": IDS_BELOW},
        {"marked": "mark"},
    ),
    "group_metrics": Public(
        lambda predictions, labels, groups: group_metrics(predictions, labels, groups, [5, 5, 5, 5]),
        {"predictions": LABELS, "labels": LABELS, "groups": GROUPS},
        {"predictions": IDS, "labels": IDS, "groups": IDS_BELOW},
    ),
    "group_metrics, of train": Public(
        lambda counts: group_metrics(LABELS, LABELS, np.arange(N), counts),
        {"counts": np.arange(N)},
        {"counts": {**IDS, "no images": (np.zeros_like, "no group .* has training images")}},
        {"counts": "train count|group|training images"},
    ),
    "class_error_rates": Public(
        lambda predictions, labels: class_error_rates(predictions, labels, 2),
        {"predictions": LABELS, "labels": LABELS},
        {"predictions": IDS, "labels": IDS_BELOW},
    ),
    "hardest_class": Public(
        lambda predictions, labels: hardest_class(predictions, labels, 2),
        {"predictions": LABELS, "labels": LABELS},
        {"predictions": IDS, "labels": IDS_BELOW},
    ),
    "unit_rows": Public(
        lambda rows: unit_rows(rows),
        {"rows": FEATURES},
        {"rows": without(UNIT_ROWS, "one short")},
    ),
    "Standardization": Public(
        lambda features: Standardization.fit(features).apply(features),
        {"features": FEATURES},
        {"features": without(UNIT_ROWS, "one short")},
        {"features": "row|feature"},
    ),
    "ZeroShot": Public(
        lambda embeddings, labels: ZeroShot(embeddings, labels).predict(FEATURES),
        {"embeddings": UNIT, "labels": LABELS},
        {"embeddings": {**UNIT_ROWS, "long row": (row(2), r"\b2\b")}, "labels": IDS},
    ),
    "ZeroShot.predict": Public(
        lambda images: ZeroShot(CLASSES.astype(np.float32), np.arange(2)).predict(images),
        {"images": FEATURES},
        {"images": {**UNIT_ROWS, "one short": (lambda array: array[:, :-1], r", 2\)")}},
    ),
    "train_heads": Public(
        lambda features, labels, weights: train_heads(features, labels, weights, 0.1, n_classes=2),
        {"features": FEATURES, "labels": LABELS, "weights": np.ones((N, K))},
        {
            "features": {**FLOATS, "too large": (value(1e300), r"row 2")},
            "labels": {**TRAINED_LABELS, **IDS_BELOW},
            "weights": WEIGHTS,
        },
        {"weights": "weights"},
    ),
    "train_some_classes": Public(
        lambda features, labels, weights: train_some_classes(free_rows(features, labels, 0.1, HEAD, [0]), weights),
        {"features": FEATURES, "labels": LABELS, "weights": np.ones((N, K))},
        {"features": FLOATS, "labels": {**TRAINED_LABELS, **IDS_BELOW}, "weights": WEIGHTS},
        {"weights": "weights"},
    ),
    "train_worst_group": Public(
        lambda features, labels, groups: train_worst_group(features, labels, groups, 0.1, n_classes=2),
        {"features": FEATURES, "labels": LABELS, "groups": GROUPS},
        {"features": FLOATS, "labels": {**TRAINED_LABELS, **IDS_BELOW}, "groups": IDS},
    ),
    "prepare_start": Public(
        lambda features, labels: prepare_start(features, labels, 0.1, 2).reference.numpy(),
        {"features": FEATURES, "labels": LABELS},
        {"features": FLOATS, "labels": {**TRAINED_LABELS, **IDS_BELOW}},
    ),
    "train_released_sgd": Public(
        lambda features, labels, groups: train_released_sgd(
            GroupedFeatures(features, labels, groups),
            objective="max_groups",
            rng=rng(),
            stopping=EarlyStopping(max_steps=3),
        ),
        {"features": FEATURES, "labels": LABELS, "groups": GROUPS},
        {"features": FLOATS, "labels": TRAINED_LABELS, "groups": IDS},
    ),
    "train_group_dro_eg": on_splits(train_group_dro_eg, settings=SHORT),
    "train_dfr": on_splits(train_dfr, n_models=2, c_options=[1.0, 0.1]),
    "train_probe, subsampled": on_splits(train_probe, resample=subsampled_rows, settings=SHORT),
    "train_probe, upsampled": on_splits(train_probe, resample=upsampled_rows, settings=SHORT),
    "train_erm_adapter": on_unit_splits(train_erm_adapter),
    "train_contrastive_adapter": on_unit_splits(train_contrastive_adapter),
    "LinearClassifier": Public(
        lambda features: LinearClassifier(*HEAD).predict(features),
        {"features": FEATURES},
        {"features": {**FLOATS, "one short": (lambda array: array[:, :-1], r", 2\)")}},
    ),
    "wise_ft": Public(
        lambda embeddings: wise_ft(embeddings, UNIT, np.zeros(N), SCALING),
        {"embeddings": UNIT},
        {"embeddings": UNIT_ROWS},
    ),
    "roboshot": Public(
        lambda phrases: roboshot(ZeroShot(CLASSES.astype(np.float32), np.arange(2)), phrases),
        {"phrases": UNIT},
        {"phrases": {**UNIT_ROWS, "one short": (lambda array: array[:, :-1], r", 2\)")}},
    ),
    "agreement": Public(agreement, {"members": PHRASES}, {"members": without(FLAGS, "one short")}),
    "merge": Public(
        lambda members: merge(members, ["a", "b"]), {"members": PHRASES}, {"members": without(FLAGS, "one short")}
    ),
    "stratified_half": Public(
        lambda is_error: stratified_half(is_error, rng()),
        {"is_error": IS_ERROR},
        {"is_error": without(FLAGS, "one short")},
    ),
    "select_greedily": Public(
        lambda members, is_error, learn: select_greedily(members, is_error, learn, 2),
        {"members": PHRASES[None], "is_error": np.stack([IS_ERROR, ~IS_ERROR]), "learn": LEARN},
        {"members": OF_DRAWS, "is_error": {**HALVES, **OF_DRAWS}, "learn": LEARNT},
        {"is_error": "is_error|classified", "learn": "learn|classified"},
    ),
    "together_by_chance": Public(
        lambda members, is_error, learn: together_by_chance(members, is_error, learn, 2, rng(), 3),
        {"members": PHRASES, "is_error": IS_ERROR, "learn": LEARN},
        {"members": FLAGS, "is_error": HALVES, "learn": LEARNT},
        {"is_error": "is_error|classified", "learn": "learn|classified"},
    ),
    "phrase_map": Public(phrase_map, {"embeddings": FEATURES}, {"embeddings": without(FLOATS, "one short")}),
    "p_values": Public(
        lambda values: p_values(values, 4, 5), {"values": SCORES}, {"values": ANY_COUNT}, {"values": "score"}
    ),
    "adjusted_p": Public(
        adjusted_p,
        {"values": SCORES, "maxima": SCORES[:5]},
        {"values": without(ANY_COUNT, "infinite"), "maxima": without(ANY_COUNT, "infinite")},
        {"values": "score"},
    ),
    "build_segment": Public(
        lambda images: in_memory(images, IndexKind.SQ8).nearest(CLASSES.astype(np.float32), 3),
        {"images": UNIT_32},
        {"images": without(UNIT_ROWS, "one short")},
    ),
    "SegmentedIndex.nearest": Public(
        lambda queries: INDEX.nearest(queries, 3),
        {"queries": UNIT_32},
        {"queries": {**UNIT_ROWS, "one short": FEWER_COLUMNS}},
    ),
    "SegmentedIndex.above": Public(
        lambda queries, thresholds: INDEX.above(queries, thresholds),
        {"queries": UNIT_32, "thresholds": SCORES},
        {"queries": {**UNIT_ROWS, "one short": FEWER_COLUMNS}, "thresholds": without(FLOATS, "integers")},
    ),
}
