"""The summary: best score, headline, and the optimistic best over all phrases."""

from annotations.analysis.observations.person_tasks import Basis
from annotations.analysis.statistics.estimate_types import Spread, spread
from annotations.models import Study
from annotations.results.stored_rows import read_people
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run


def test_the_headline_is_the_run_of_the_phrase_with_the_best_score(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "dark", 0.25), 0.7)
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    row = read_people(open_study)[0]
    assert (row.n_phrases, row.best_phrase, row.best_error_score) == (2, "red", 0.75)
    assert row.worst_group_accuracy == 0.5
    assert row.worst_group_accuracy_chosen_on_test == 0.7


def test_the_earliest_of_tied_phrases_is_the_best(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    add_run(add_phrase(alice, "crimson", 0.75), 0.6)
    assert read_people(open_study)[0].best_phrase == "red"


def test_a_best_phrase_whose_run_was_refused_gains_nothing_of_its_own(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), None)
    add_run(add_phrase(alice, "dark", 0.5), 0.4)
    row = read_people(open_study)[0]
    assert (row.basis, row.own_gain, row.run_worst_group) == (Basis.REFUSED, 0.0, None)
    assert row.worst_group_accuracy is None  # no control is trained yet
    assert row.worst_group_accuracy_chosen_on_test == 0.4


def test_a_person_without_a_scored_phrase_is_a_row_and_no_part_of_the_mean(
    open_study: Study, alice: Visit, bob: Visit
) -> None:
    add_phrase(alice, "not scored yet")
    add_run(add_phrase(bob, "red", 0.5), 0.6)
    people = read_people(open_study)
    by_name = {row.participant: row for row in people}
    assert by_name[alice.participant.pseudonym].n_phrases == 1
    assert by_name[alice.participant.pseudonym].best_error_score is None
    assert spread(row.best_error_score for row in people) == Spread(1, 0.5, None, 0.5)


def test_a_study_without_data_has_a_summary(draft_study: Study) -> None:
    assert read_people(draft_study) == ()


def test_the_spread_uses_the_sample_standard_deviation() -> None:
    assert spread([1.0, None, 2.0, 3.0]) == Spread(3, 2.0, 1.0, 3.0)
