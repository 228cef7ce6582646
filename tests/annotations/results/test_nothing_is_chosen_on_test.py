"""The test split chooses nothing: no phrase, concept, name, bonus or correction.

Everything that is known of test images is turned round, and every choice stays. Then no choice may read a test image.
"""

from typing import Any

import numpy as np
import pytest

from annotations.analysis.tables.phrase_splits import Looked
from annotations.analysis.tables.study_tables import tables_of
from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_candidates import candidates
from annotations.datasets import class_images
from annotations.models import BaseModel, Control, RandomSlices, Run, RunState, Study
from annotations.models.arrays import pack_int32, unpack_int32
from annotations.payments.bonuses import verdicts
from annotations.phrases import level_storage as vocabulary_levels
from annotations.results import stored_images
from annotations.results.stored_rows import read_people
from annotations.results.study_analysis import Analysed
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.phrases.held_out import HeldOutScore
from tests.support.whole import whole_study
from worker.phrases.scoring import score_missing_vocabularies
from worker.runs.random_slices import train_missing_random_slices

Choices = dict[str, Any]


@pytest.fixture(scope="module")
def stored_study(stored_base_model: BaseModel) -> Study:
    study = whole_study(stored_base_model)
    while list(vocabulary_levels.lacking()):
        score_missing_vocabularies()
    while train_missing_random_slices():
        pass
    return study


@pytest.fixture
def study(db: None, stored_study: Study) -> Study:
    return Study.objects.get(pk=stored_study.pk)


def choices(study: Study) -> Choices:
    """Everything that is chosen from what people said, with what it was chosen by."""
    for cached in (
        class_images._class_images,
        class_images._base_model,
        stored_images.explained,
        stored_images.merged_by_scores,
    ):
        cached.cache_clear()
    people = read_people(study)
    concepts = Analysed(study).concepts
    base_model = study.tasks.with_base_models()[0].base_model
    return {
        "phrases": [
            (row.participant, row.task, row.best_phrase, row.best_error_score, row.null_level, row.better, row.basis)
            for row in people
        ],
        "concepts": [(row.task, row.number, row.name, row.texts, row.error_score) for row in concepts.concepts.rows],
        "concept of each phrase": concepts.numbers,
        "together": [(row.task, row.concepts, row.number, row.held_out) for row in concepts.together.rows],
        "pictures": _looked_at(study),
        "bonuses": _judged(study),
        "corrections": {
            label: [score.pk for score in scores] for label, scores in candidates(study, base_model).items()
        },
        "correction": _corrected(study, base_model),
    }


def _looked_at(study: Study) -> list[tuple[int, ...]]:
    """The phrases that pages show pictures of."""
    asked = []

    def look(*asks: int) -> Looked:
        asked.append(asks)
        return Looked()

    of = Analysed(study)
    tables_of(of.rows, of.concept, look)
    return asked


def _judged(study: Study) -> list[tuple[str, str, HeldOutScore, bool]]:
    """What the rule of bonuses says of each person."""
    judged = [(each.submission.pseudonym, each.phrase, each.judgement, each.is_earned) for each in verdicts(study)]
    return sorted(judged, key=lambda each: each[0])


def _corrected(study: Study, base_model: BaseModel) -> list[tuple[int, int, float]]:
    """The parts of a pooled correction that is asked for now."""
    asked = corrections.request(study, base_model, by="coordinator")
    parts = list(asked.parts.values_list("target_class", "score", "threshold"))
    asked.delete()
    return parts


def turn_round(study: Study) -> None:
    """Make right on test what was wrong, best what was worst, and random slices better than any phrase."""
    for run in Run.objects.filter(state=RunState.DONE):
        assert run.worst_group_accuracy is not None and run.test_predictions is not None
        run.worst_group_accuracy, run.average_accuracy = 1 - run.worst_group_accuracy, 0.5
        run.group_accuracies = [None if share is None else 1 - share for share in run.group_accuracies or ()]
        run.test_predictions = pack_int32(1 - unpack_int32(run.test_predictions))
        run.save()
    for control in Control.objects.all():
        control.worst_group_accuracy = 1 - control.worst_group_accuracy
        control.save()
    for draws in RandomSlices.objects.all():
        draws.worst_groups = [1 - reached for reached in draws.worst_groups]
        draws.save()
    for base_model in BaseModel.objects.all():
        predicted, test = base_model.predicted.copy(), base_model.dataset.files.rows(Split.TEST)
        predicted[test] = 1 - predicted[test]
        base_model.predictions = pack_int32(predicted)
        base_model.test_metrics |= {"worst_group": 1 - base_model.test_metrics["worst_group"], "average": 0.5}
        base_model.save()


def test_every_choice_stays_where_everything_on_test_is_turned_round(study: Study) -> None:
    before = choices(study)
    assert all(before.values())
    told = [row.worst_group_accuracy_chosen_on_test for row in read_people(study)]
    turn_round(study)
    assert choices(study) == before
    # It was turned round: what is said to be chosen on test is another.
    assert [row.worst_group_accuracy_chosen_on_test for row in read_people(study)] != told


def test_no_choice_reads_a_test_image(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, array = DatasetFiles.rows, DatasetFiles.array

    def rows_but_of_test(files: DatasetFiles, split: Split, label: int | None = None) -> np.ndarray:
        assert split is not Split.TEST, "a choice looks at test images"
        return rows(files, split, label)

    def none_of_test(files: DatasetFiles, name: str) -> np.ndarray:
        values = np.array(array(files, name))
        values[files.splits == Split.TEST] = np.nan
        return values

    before = choices(study)
    monkeypatch.setattr(DatasetFiles, "rows", rows_but_of_test)
    monkeypatch.setattr(DatasetFiles, "array", none_of_test)
    assert choices(study) == before
