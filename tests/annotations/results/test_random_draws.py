"""Which random slices people's best phrases are judged beside, as the database has them."""

import numpy as np
import pytest

from annotations.analysis.observations.person_tasks import RandomDraws
from annotations.models import RandomSlices, RandomSliceScores, Run, Score
from annotations.results.stored_rows import draws_of, read_people
from clarify_errors.arrays.retraining.random_slices import DRAWS, percentile_among_best
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs

REACHED = np.linspace(0, 1, DRAWS).tolist()
SCORES = np.roll(np.linspace(0, 1, DRAWS), 7).tolist()


@pytest.fixture
def best(alice: Visit) -> Score:
    """The best of two phrases, whose run has its draws; of these we say what they score and reach."""
    submit_and_score(alice, "red", "blue")
    end(alice)
    train_due_runs()
    while train_missing_random_slices():
        pass
    RandomSlices.objects.update(worst_groups=REACHED)
    RandomSliceScores.objects.update(values=SCORES)
    return Score.objects.get(phrase__text="red")


def test_a_score_has_the_draws_of_its_run(best: Score) -> None:
    assert draws_of([best.pk]) == {best.pk: RandomDraws(tuple(SCORES), tuple(REACHED))}


def test_draws_that_hardly_differ_tell_no_place_and_those_without_scores_are_none(best: Score) -> None:
    RandomSlices.objects.update(worst_groups=[0.5] * DRAWS)
    assert draws_of([best.pk]) == {best.pk: RandomDraws(tuple(SCORES), (0.5,) * DRAWS, is_telling=False)}
    assert draws_of([best.pk])[best.pk].percentile(0.6, 1) is None
    RandomSlices.objects.update(worst_groups=REACHED)
    RandomSliceScores.objects.all().delete()
    assert draws_of([best.pk]) == {}


def test_the_summary_places_a_person_among_the_best_of_two(best: Score) -> None:
    (row,) = read_people(best.phrase.assignment.session.study)
    assert row.best_phrase == "red" and row.tries == 2
    reached = Run.objects.get(phrase_text="red").worst_group_accuracy
    assert reached is not None
    assert row.random_slice_percentile == percentile_among_best(reached, np.array(REACHED), np.array(SCORES), 2)
