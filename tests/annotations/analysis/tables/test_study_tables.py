"""All tables of a study, from rows in the database: the scripted study, and the studies that lack something."""

import statistics
from collections.abc import Hashable

import pytest
from django.db import connection
from django.utils import timezone
from scipy import stats

from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.observations.study_rows import BEST_KEYWORDS
from annotations.analysis.observations.task_concepts import Concepts, words_of
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.measure_columns import Counted
from annotations.analysis.tables.study_tables import tables_of
from annotations.analysis.tables.table3 import PhraseList
from annotations.models import (
    AnnotationSession,
    Audience,
    BaseModel,
    Benchmark,
    Control,
    JobState,
    Moderation,
    Phrase,
    SessionKind,
    Stage,
    Study,
    StudyConfiguration,
)
from annotations.results.study_analysis import Analysed
from annotations.studies import lifecycle
from annotations.visits import erasure, withdrawal
from tests.support.actors import SQUARE, Visit
from tests.support.analysis_studies import store_ranking, tell, two_tasks
from tests.support.rows import add_phrase, add_run
from tests.support.scripted import EXPECTED, PEOPLE
from tests.support.vocabularies import words_scored

pytestmark = pytest.mark.usefixtures("stored_base_model")


def left_out(tables: StudyTables) -> dict[str, int]:
    return {row.what: row.n for row in tables.counted}


def total(tables: StudyTables, task: int, measure: str):
    return next(row for row in tables.totals.rows if (row.task, row.measure) == (task, measure))


def test_the_scripted_study_has_the_three_lists_of_table_3(scripted: Study) -> None:
    rows = Analysed(scripted).tables.table_3.rows
    for task, lists in EXPECTED.items():
        for name in PhraseList:
            found = [row.text for row in rows if row.task == task and row.phrase_list is name]
            assert found == lists[name]


def test_the_scripted_study_has_the_means_worked_by_hand(scripted: Study) -> None:
    tables = Analysed(scripted).tables
    scores = [0.4 + number / 100 for number in range(1, 27)]
    of_scores = total(tables, 1, "best_error_score").estimate
    assert (of_scores.n, of_scores.max) == (26, pytest.approx(0.66))
    assert of_scores.mean == pytest.approx(statistics.fmean(scores))
    assert of_scores.sd == pytest.approx(statistics.stdev(scores))
    assert of_scores.median == pytest.approx(statistics.median(scores))
    assert of_scores.low < of_scores.mean < of_scores.high
    # Of people with an even number, another phrase is the accurate one: their headline is .5.
    headline = [0.5 if number % 2 == 0 else 0.6 + number / 200 for number in range(1, 27)]
    assert total(tables, 1, "worst_group_accuracy").estimate.mean == pytest.approx(statistics.fmean(headline))
    optimistic = [0.6 + number / 200 for number in range(1, 27)]
    chosen = total(tables, 1, "worst_group_accuracy_chosen_on_test").estimate.mean
    assert chosen == pytest.approx(statistics.fmean(optimistic))
    assert total(tables, 2, "worst_group_accuracy").estimate.n == 24
    assert total(tables, 1, "wall_time").estimate.mean == 600.0
    assert total(tables, 1, "active_time").estimate.n == 0


def test_everybody_is_a_row_of_each_task(scripted: Study) -> None:
    people = Analysed(scripted).tables.people.rows
    assert [(row.task, row.participant) for row in people] == [(task, name) for task in (1, 2) for name in PEOPLE]


def test_tasks_stand_in_their_order_however_the_database_groups_them(base_model: BaseModel) -> None:
    tasks = [{"base_model": base_model, "target_class": i % 2} for i in range(40)]
    study = lifecycle.create_study(slug="long", title="A long study", completion_code="C0DE5678", tasks=tasks)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_indexscan = off")  # so it groups by hashing
    assert [task.position for task in Analysed(study).tables.tasks] == list(range(1, 41))


def test_what_could_not_be_counted_is_named(scripted: Study) -> None:
    assert left_out(Analysed(scripted).tables) == {"phrases waiting for a score": 3, "retrainings that failed": 3}


def test_the_base_model_and_a_finished_benchmark_stand_beside(scripted: Study, base_model: BaseModel) -> None:
    row = {
        "method": "group_dro", "name": "Group DRO", "given": "Labels, Group Labels", "over": "seeds", "n": 3,
        "worst_group": 0.8, "worst_group_sd": 0.01, "average": 0.9, "average_sd": 0.01, "gap": 0.1,
        "plain_average": 0.85, "left_out": "",
    }  # fmt: skip
    Benchmark.objects.create(
        base_model=base_model, methods=["group_dro"], rows=[row], state=JobState.DONE, finished_at=timezone.now(),
        requested_by="coordinator",
    )  # fmt: skip
    rows = [row for row in Analysed(scripted).tables.methods.rows if row.task == 1]
    assert [(row.key, row.worst_group) for row in rows] == [("base_model", pytest.approx(0.25)), ("group_dro", 0.8)]


def test_the_control_of_a_task_stands_beside_and_own_gain_is_what_people_add(
    scripted: Study, base_model: BaseModel
) -> None:
    measures = {"average_accuracy": 0.6, "plain_average_accuracy": 0.6, "robustness_gap": 0.1, "group_accuracies": []}
    Control.objects.create(
        dataset=base_model.dataset, target_classes=[SQUARE], l2=base_model.l2, worst_group_accuracy=0.5, **measures,
        test_predictions=b"", head=b"", loss=0, certified_gap=0, code_version="",
    )  # fmt: skip
    tables = Analysed(scripted).tables
    assert [(row.task, row.worst_group) for row in tables.methods.rows if row.key == "control"] == [(1, 0.5)]
    for row in tables.people.rows:
        reached = row.worst_group_accuracy if row.task == 1 else None
        assert row.own_gain == (None if reached is None else reached - 0.5)
    assert total(tables, 1, "own_gain").estimate.n > 0


def test_experts_of_another_study_on_the_same_class_stand_beside(scripted: Study, base_model: BaseModel) -> None:
    experts = two_tasks(base_model, "experts", audience=Audience.EXPERTS)
    tell(experts, [Tried(1, "prof", "forest", 0.54, 0.7, 15, 9, 1)], SessionKind.EXPERT)
    tables = Analysed(scripted).tables
    assert [(row.task, row.participant, row.best_error_score) for row in tables.experts.rows] == [(1, "prof", 0.54)]
    assert [row.worst_group for row in tables.methods.rows if row.key == "experts"] == [0.7]
    assert total(tables, 1, "best_error_score").estimate.n == 26


def test_a_study_of_experts_has_them_as_its_people(base_model: BaseModel) -> None:
    experts = two_tasks(base_model, "experts", audience=Audience.EXPERTS)
    tell(experts, [Tried(1, "prof", "forest", 0.54, 0.7, 15, 9, 1)], SessionKind.EXPERT)
    tables = Analysed(experts).tables
    assert [row.participant for row in tables.people.rows] == ["prof"]
    assert tables.experts.rows == ()


def test_rehearsals_are_counted_as_left_out_and_nowhere_else(scripted: Study) -> None:
    tell(scripted, [Tried(1, "robot", "nothing", 0.99, 0.99, 15, 9, 1)], SessionKind.SIMULATED)
    tables = Analysed(scripted).tables
    assert "robot" not in {row.participant for row in tables.people.rows}
    assert left_out(tables)["trial visits"] == 1


def test_a_withdrawn_person_is_in_no_number(scripted: Study) -> None:
    AnnotationSession.objects.filter(participant__pseudonym=PEOPLE[25]).update(withdrawn_at=timezone.now())
    tables = Analysed(scripted).tables
    assert total(tables, 1, "best_error_score").estimate.n == 25
    assert left_out(tables)["people who withdrew"] == 1
    assert all(PEOPLE[25] not in row.text for row in tables.table_3.rows)


def test_an_excluded_phrase_is_in_no_number_and_a_hidden_one_has_no_words(scripted: Study) -> None:
    Phrase.objects.filter(text="t1 a of p01").update(moderation=Moderation.EXCLUDED, moderation_reason="rude")
    Phrase.objects.filter(text="t1 a of p03").update(moderation=Moderation.HIDDEN, moderation_reason="a name")
    tables = Analysed(scripted).tables
    best = {row.participant: row for row in tables.people.rows if row.task == 1}
    assert best["p01"].best_error_score == pytest.approx(0.2)
    assert best["p03"].best_error_score == pytest.approx(0.43)
    assert best["p03"].best_phrase == "(hidden)"
    assert left_out(tables)["phrases that were excluded"] == 1


def test_the_best_keywords_of_each_list_stand_beside_their_task(scripted: Study, base_model: BaseModel) -> None:
    store_ranking(base_model, SQUARE, *(f"word {number}" for number in range(BEST_KEYWORDS + 5)))
    store_ranking(base_model, SQUARE, "blue", list_name="two colours")
    rows = Analysed(scripted).tables.keywords.rows
    assert {row.task for row in rows} == {1}
    assert [row.rank for row in rows] == [*range(1, BEST_KEYWORDS + 1), 1]
    assert (rows[0].ranked.n_keywords, rows[0].row["keyword"], rows[-1].row["keyword"]) == (25, "word 0", "blue")
    header, first, *_ = Analysed(scripted).tables.keywords.lines()
    cells = dict(zip(header, first, strict=True))
    told = cells["list"], cells["keyword"], cells["adjusted_p"], cells["null_level"]
    assert told == ("colours", "word 0", "0.02", "0.45")


def test_a_study_without_people_has_every_table(draft_study: Study) -> None:
    tables = Analysed(draft_study).tables
    assert not any(table.rows for table in (tables.people, tables.table_3, tables.saturation)) and not tables.counted
    assert total(tables, 1, "best_error_score").estimate.n == 0
    assert tables.novelty.rows[0].is_enough is None
    assert all(next(table.lines()) for table in tables.all)


def test_one_person_has_a_mean_and_no_interval(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    tables = Analysed(open_study).tables
    of = total(tables, 1, "worst_group_accuracy").estimate
    assert (of.n, of.mean, of.sd, of.low) == (1, 0.5, None, None)
    assert [(row.measure, row.people, row.mean) for row in tables.saturation.rows] == [("best_score", 1, 0.75)]
    assert tables.novelty.rows[0].novelty.chance == 1.0


def test_a_study_whose_only_person_withdrew_has_nothing_but_that(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    now = timezone.now()
    AnnotationSession.objects.update(stage=Stage.WITHDRAWN, outcome="withdrawn", withdrawn_at=now, ended_at=now)
    tables = Analysed(open_study).tables
    assert tables.people.rows == ()
    assert left_out(tables) == {"people who withdrew": 1}


def test_a_visit_that_was_erased_is_named_once(open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    withdrawal.withdraw(alice.session)
    erasure.erase_due(timezone.now())
    assert left_out(Analysed(open_study).tables) == {"visits that were erased": 1}


def test_the_same_study_gives_the_same_tables(scripted: Study) -> None:
    first, second = Analysed(scripted).tables, Analysed(scripted).tables
    assert [list(table.lines()) for table in first.all] == [list(table.lines()) for table in second.all]


def test_no_two_tables_have_one_file(draft_study: Study) -> None:
    files = [table.table.file for table in Analysed(draft_study).tables.all]
    assert len(set(files)) == len(files)


def test_every_row_of_every_table_can_be_written(scripted: Study) -> None:
    for table in Analysed(scripted).tables.all:
        lines = list(table.lines())
        assert {len(line) for line in lines} == {len(table.table.columns)}


def test_people_are_compared_by_the_condition_of_their_visits(scripted: Study) -> None:
    give_conditions(scripted)
    tables = Analysed(scripted).tables
    score = next(row for row in tables.conditions.rows if row.measure == "best_error_score")
    assert (score.first, score.second, score.result.n) == ("plain", "goal", (13, 13))
    # In task 1 people with even numbers score .01 more on average; in task 2 the last of them has no score.
    assert score.result.difference == pytest.approx((0.01 + (0.4 + 0.13) - (0.4 + 0.13)) / 2)
    assert {row.participant: row.condition for row in tables.people.rows}["p02"] == "goal"


def test_somebody_who_saw_two_conditions_is_in_no_comparison_of_them(scripted: Study) -> None:
    give_conditions(scripted)
    first = AnnotationSession.objects.get(participant__pseudonym="p01")
    goal = scripted.conditions.get(name="goal")
    AnnotationSession.objects.create(
        study=scripted, participant=first.participant, configuration=first.configuration, condition=goal,
        submission_key="again", seed=1, code_version="1",
    )  # fmt: skip
    tables = Analysed(scripted).tables
    assert next(row for row in tables.conditions.rows if row.measure == "tries").result.n == (12, 13)
    assert left_out(tables)["people who saw several conditions"] == 1


def give_conditions(study: Study) -> None:
    """People with an even number see the goal, the others do not."""
    plain, goal = (study.conditions.create(position=i, name=name) for i, name in enumerate(("plain", "goal"), 1))
    for session in study.sessions.select_related("participant"):
        is_even = int(session.participant.pseudonym[1:]) % 2 == 0
        AnnotationSession.objects.filter(pk=session.pk).update(condition=goal if is_even else plain)


class ByWords(Concepts):
    """Phrases say the same that have the same words, whatever they select."""

    def __call__(self, tried: Tried) -> Hashable:
        return words_of(tried.text)


def test_ideas_are_counted_that_are_better_than_guessing(base_model: BaseModel) -> None:
    study = two_tasks(base_model, "words")
    said = [("ann", "red", 0.9), ("ann", "asdf", 0.45), ("ben", "dark red", 0.8), ("cat", "qwer", 0.45)]
    said += [("dan", "rotten", 0.4), ("eve", "dark red", 0.7)]
    tell(study, [Tried(task, who, text, score, 0.5, 25, 25, 1) for task in (1, 2) for who, text, score in said])
    words_scored(study.tasks.get(position=1), [place / 200 for place in range(100)])
    of = Analysed(study)
    tables = tables_of(of.rows, ByWords(of.concept.by_task), of.images.look)
    novelty = {row.task: row for row in tables.novelty.rows}
    assert [(novelty[task].counted, novelty[task].novelty.concepts) for task in (1, 2)] == [
        (Counted.BETTER, 2),
        (Counted.ALL, 5),
    ]
    assert {row.novelty.people for row in tables.novelty.rows} == {5}  # who named nothing counts among all
    asked = [row for row in tables.saturation.rows if not row.is_beyond]
    last = {row.task: row.mean for row in asked if row.measure == "concepts"}
    assert last == {1: 2.0, 2: 5.0}
    assert max(row.people for row in asked) == 5  # the curve is of the same people
    of_task = {(row.task, row.participant): row.better for row in tables.people.rows}
    assert [of_task[1, who] for who in ("ann", "ben", "cat")] == ["yes", "yes", "no"]
    assert {of_task[2, who] for who in ("ann", "ben", "cat")} == {"not_known_yet"}


def test_what_was_declared_before_opening_is_tested_and_adjusted(base_model: BaseModel) -> None:
    study = two_tasks(base_model, "declared")
    Study.objects.filter(pk=study.pk).update(primary_measures=["tries"])  # too late: the configuration counts
    tell(study, [Tried(1, f"p{i}", f"red {i}", 0.5 + i / 50, 0.5, 25, 25, 1) for i in range(5)])
    tables = Analysed(study).tables
    found = {(row.measure, row.over): row for row in tables.totals.rows if row.task == 1}
    assert {key for key, row in found.items() if row.is_primary} == {
        ("own_gain", "allocated"),
        ("best_error_score", "with_score"),
    }
    scores = found["best_error_score", "with_score"]
    null = [row.null_mean for row in tables.people.rows]
    theirs = stats.ttest_rel([row.best_error_score for row in tables.people.rows], null)
    assert scores.p_value == pytest.approx(theirs.pvalue)
    assert scores.adjusted_p == pytest.approx(theirs.pvalue)  # nobody has an own gain without a control
    assert found["tries", "allocated"].p_value is None


def test_a_study_that_opened_before_anything_was_declared_has_no_primary_measure(base_model: BaseModel) -> None:
    study = two_tasks(base_model, "earlier")
    frozen = study.configurations.get()
    del frozen.data["study"]["primary_measures"]
    StudyConfiguration.objects.filter(pk=frozen.pk).update(data=frozen.data)
    tell(study, [Tried(1, f"p{i}", "red", 0.5, 0.5, 25, 25, 1) for i in range(3)])
    assert not any(row.is_primary for row in Analysed(study).tables.totals.rows)
