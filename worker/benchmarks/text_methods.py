"""Rows that classify by texts: prompts, RoboShot with people's phrases, and WiSE-FT, which does so by half."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.slices import uniform_weights
from clarify_errors.tensors.baselines.roboshot import roboshot
from clarify_errors.tensors.baselines.wise_ft import wise_ft
from clarify_errors.tensors.retraining.many_heads import train_heads
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Outcome
from worker.benchmarks.scored_annotations import AnnotationSource

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
