"""Retrains with the machine's best keyword of a class, as a run does with a phrase (Appendix B, Figure 9)."""

import base64
from typing import Any

import numpy as np
from django.conf import settings

from annotations.models import KeywordRanking, Scheme
from annotations.results import stored_rankings
from annotations.runs.trained_rows import rows_to_train
from clarify_errors.arrays.common.modeling_errors import SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.annotation import Annotation
from worker.common import process_cache
from worker.datasets import head_training
from worker.datasets.head_training import ClassSlices

BY_CLIP, BY_ERROR = "clip_score", "error_score"


def retrain(ranking: KeywordRanking) -> None:
    """Retrain with the best keyword by CLIP score and with that by error score, each chosen on validation images.

    What that does on the test images is stored with the ranking, for each scheme, since a ranking stands beside the
    people of any study. Raises EncoderUnavailable, BadDataset, BadArray, NotConverged, NothingToEvaluate.
    """
    best = {BY_CLIP: min(ranking.rows, key=lambda row: row["clip_rank"]), BY_ERROR: ranking.rows[0]}
    found = {by: zip(Scheme.values, _retrained(ranking, row), strict=True) for by, row in best.items()}
    made = [{"by": by, "scheme": scheme, **each} for by, rows in found.items() for scheme, each in rows]
    stored_rankings.store_retrained(ranking, made)


def _retrained(ranking: KeywordRanking, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What retraining with a keyword does under each of the schemes, in their order."""
    base_model, label = ranking.base_model, ranking.target_class
    dataset = base_model.dataset
    found: dict[str, Any] = {"keyword": row["keyword"], "sign": row["sign"], "threshold": row["threshold"]}
    if row["threshold"] is None:
        return _nothing(found, "it separates no errors, so it has no threshold")
    text = process_cache.text_encoder(dataset).encode_texts([row["text"]])[0]
    found["text_embedding"] = _packed(text, "<f4")
    if not dataset.has_features:
        return _nothing(found, "the data set has no features to retrain on")
    slices = ClassSlices.of(Annotation(label, text, row["sign"], row["threshold"]), dataset)
    found |= {"n_above": slices.n_above, "n_below": slices.n_below}
    least = settings.MIN_SLICE_SIZE
    try:
        weights = [head_training.loss_weights(dataset, [slices], scheme, least) for scheme in Scheme.values]
    except SliceTooSmall as error:
        return _nothing(found, str(error))
    columns, rows = np.stack(weights, axis=1), rows_to_train(base_model, label)
    if rows is None:
        heads = head_training.train(dataset, base_model.l2, columns)
    else:
        heads = head_training.train_rows(base_model, columns, rows)
    labels = dataset.files.labels[dataset.files.rows(Split.TEST)]
    return [
        {
            **found,
            "trained_rows": rows,
            "certified_gap": each.certified_gap,
            "worst_group": each.metrics.worst_group,
            "predictions": _packed(each.test_predictions[labels == label], "<i4"),
            "right": _packed(np.packbits(each.test_predictions == labels), "u1"),
        }
        for each in head_training.measure(dataset, heads)
    ]


def _nothing(found: dict[str, Any], why_not: str) -> list[dict[str, Any]]:
    return [{**found, "why_not": why_not} for _ in Scheme.values]


def _packed(values: np.ndarray[Any, Any], dtype: str) -> str:
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode("ascii")
