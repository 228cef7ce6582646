"""What people's best phrases gain over a machine's keywords on the worst group, read for many people at once."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotations.analysis.observations.study_rows import MOST_TASKS, Keyword, beside_keywords
from annotations.models import KeywordRanking, RunState, Score, Task
from annotations.models.arrays import unpack_int32
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval

_AT_ONCE = 2_000


def keyword_gains(scores: Sequence[int], tasks: Iterable[Task]) -> dict[int, dict[Keyword, dict[int, GainInterval]]]:
    """Return by the position of a task, and by keyword, the gain of the run of each score; of the first MOST_TASKS.

    Nothing of a task without a keyword whose retraining was measured, or whose data set's files are away.
    """
    found: dict[int, dict[Keyword, dict[int, GainInterval]]] = {}
    for task in tasks:
        if len(found) == MOST_TASKS:
            break
        try:
            files = task.base_model.dataset.files
            rows = files.rows(Split.TEST)
            keywords = dict(_keywords(task, len(rows)))
            if keywords:
                runs = _runs(task, scores, files.labels[rows])
                found[task.position] = beside_keywords(keywords, runs, files.groups[rows])
        except BadDataset:
            continue  # the page says that the files are away
    return found


def lists_of(task: Task) -> QuerySet[KeywordRanking]:
    """Return the lists of keywords that are ranked on a task's class."""
    return KeywordRanking.objects.filter(base_model=task.base_model_id, target_class=task.target_class or 0)


def keyword_right(row: Mapping[str, Any], n_test: int) -> NDArray[np.bool_]:
    """Return which test images retraining with a keyword gets right. row: as `KeywordRanking.retrained` has it."""
    packed = np.frombuffer(base64.b64decode(row["right"]), np.uint8)
    return np.unpackbits(packed, count=n_test).astype(np.bool_)


def _keywords(task: Task, n_test: int) -> Iterator[tuple[Keyword, NDArray[np.bool_]]]:
    for ranking in lists_of(task):
        for row in ranking.retrained_with(task.study.scheme):
            if "right" in row:
                yield (ranking.list_digest, row["by"]), keyword_right(row, n_test)


def _runs(
    task: Task, scores: Sequence[int], labels: NDArray[np.int32]
) -> Iterator[tuple[list[int], NDArray[np.bool_]]]:
    """Yield the scores whose runs are of one annotation, and which test images it gets right."""
    same: dict[str, list[int]] = {}
    predictions = {}
    for start in range(0, len(scores), _AT_ONCE):
        done = Score.objects.filter(
            pk__in=scores[start : start + _AT_ONCE], phrase__assignment__task=task, run__state=RunState.DONE
        )
        fields = "pk", "run__annotation_digest", "run__test_predictions"
        for score, digest, predicted in done.order_by("pk").values_list(*fields):
            same.setdefault(digest, []).append(score)
            predictions[digest] = predicted
    for digest, of_digest in same.items():
        yield of_digest, unpack_int32(predictions[digest]) == labels
