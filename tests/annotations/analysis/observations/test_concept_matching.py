"""Concepts of a study: what is one, whoever came first, what they cover, and what the best explain together."""

import uuid
from collections.abc import Hashable

import numpy as np
import pytest

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.observations.task_concepts import words_of
from annotations.datasets import class_images
from annotations.models import (
    Audience,
    BaseModel,
    Control,
    Moderation,
    Phrase,
    Score,
    SessionKind,
    Study,
    VocabularyLevel,
)
from annotations.models.arrays import pack_float32, pack_float64
from annotations.models.moderated_words import HIDDEN
from annotations.phrases import phrase_submission
from annotations.results.study_analysis import Analysed
from tests.support.actors import Visit
from tests.support.analysis_studies import tell, two_tasks
from tests.support.correcting import say, study_of_both
from tests.support.steps import end, submit_and_score
from worker.runs.run_training import train_due_runs

RED, CRIMSON, BLUE, UNLIKE = "red", "crimson", "blue", "stripy"
N = 24  # validation images of a class


def selecting(*above: int) -> np.ndarray:
    """Similarities with some images above the threshold of .1."""
    values = np.zeros(N, np.float32)
    values[list(above)] = 0.5
    return values


def told(
    base_model: BaseModel,
    said: dict[str, list[str]],
    selects: dict[str, np.ndarray],
    slug: str = "told",
    **kind: object,
) -> Study:
    """A study whose people said these phrases in task 1, each selecting what it is given; scores fall with place."""
    study = two_tasks(base_model, slug, **({"audience": Audience.EXPERTS} if kind else {}))
    order = list(selects)
    rows = [
        Tried(1, person, text, 0.9 - order.index(text) / 100, 0.5, 15, 9, 1)
        for person, texts in said.items()
        for text in texts
    ]
    tell(study, rows, SessionKind.EXPERT if kind else SessionKind.PARTICIPANT)
    for text, similarities in selects.items():
        digest = f"{order.index(text):064x}"
        of_text = Score.objects.filter(phrase__text=text, phrase__assignment__session__study=study)
        of_text.update(similarities=pack_float32(similarities), text_digest=digest)
    return study


def partition(study: Study) -> set[frozenset[str]]:
    """Texts of task 1 that are one concept."""
    of = Analysed(study)
    rule, groups, rows = of.concept, dict[Hashable, set[str]](), of.rows
    for tried in rows.tried:
        groups.setdefault(rule(tried), set()).add(tried.text)
    return {frozenset(texts) for texts in groups.values()}


SELECTS = {
    RED: selecting(*range(9)),
    CRIMSON: selecting(*range(8)),
    BLUE: selecting(*range(12, 20)),
    UNLIKE: selecting(0, 3, 12, 13, 21, 23),
}


def test_phrases_that_select_the_same_images_are_one_concept(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED, UNLIKE], "ben": [CRIMSON, BLUE]}, SELECTS)
    assert partition(study) == {frozenset({RED, CRIMSON}), frozenset({BLUE}), frozenset({UNLIKE})}


def test_whoever_came_first_does_not_matter(base_model: BaseModel) -> None:
    said = {"ann": [RED, UNLIKE], "ben": [CRIMSON, BLUE]}
    first = told(base_model, said, SELECTS)
    again = told(base_model, {"cid": said["ben"], "dot": said["ann"][::-1]}, SELECTS, "again")
    assert partition(first) == partition(again)


def test_a_phrase_that_has_no_score_yet_is_told_by_its_words(open_study: Study, alice: Visit, bob: Visit) -> None:
    submit_and_score(alice, "red")
    phrase_submission.submit(bob.assignment, client_uuid=uuid.uuid4(), text="They have red in them")
    phrase_submission.submit(bob.assignment, client_uuid=uuid.uuid4(), text="mossy")
    assert partition(open_study) == {frozenset({"red", "They have red in them"}), frozenset({"mossy"})}


def test_beyond_those_that_are_compared_words_decide(base_model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotations.analysis.observations.task_concepts.MAX_MERGED", 1)
    selects = {RED: SELECTS[RED], CRIMSON: SELECTS[CRIMSON], "the reds": selecting(20)}
    study = told(base_model, {"ann": [RED, CRIMSON], "ben": [RED, "the reds"]}, selects)
    assert partition(study) == {frozenset({RED, "the reds"}), frozenset({CRIMSON})}


def test_a_hidden_phrase_keeps_its_concept(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED], "ben": [BLUE], "cat": [BLUE, UNLIKE]}, SELECTS)
    Phrase.objects.exclude(text=RED).update(moderation=Moderation.HIDDEN, moderation_reason="a name")
    of = Analysed(study)
    rows, rule = of.rows, of.concept
    assert [tried.text for tried in rows.tried].count(HIDDEN) == 3
    assert len({rule(tried) for tried in rows.tried}) == 3
    names = [row.name for row in Analysed(study).concepts.concepts.rows]
    assert names == [HIDDEN, RED, HIDDEN]


def test_the_chance_of_something_new_counts_concepts_and_not_texts(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED], "ben": [CRIMSON], "cat": [BLUE]}, SELECTS)
    novelty = Analysed(study).tables.novelty.rows[0].novelty
    assert (novelty.people, novelty.concepts, novelty.named_once) == (3, 2, 1)


def test_a_negation_is_another_concept() -> None:
    assert words_of("no red squares") == words_of("there are no red squares") == "not red square"
    assert words_of("a red square") != words_of("no red square")


def test_the_table_says_who_named_a_concept_and_what_it_covers(base_model: BaseModel) -> None:
    told(base_model, {"prof": [RED]}, {RED: SELECTS[RED]}, "experts", kind="experts")
    study = told(base_model, {"ann": [RED, UNLIKE], "ben": [CRIMSON, UNLIKE], "cat": [CRIMSON]}, SELECTS)
    red, stripy = Analysed(study).concepts.concepts.rows
    assert (red.name, red.phrases, red.people, red.experts) == (RED, 2, 3, 1)
    assert red.texts == (CRIMSON, RED)
    assert (stripy.name, stripy.people, stripy.experts) == (UNLIKE, 2, 0)
    is_error = errors(base_model)
    assert red.of_errors == pytest.approx(np.mean(SELECTS[RED][is_error] > 0.1))
    assert red.of_correct == pytest.approx(np.mean(SELECTS[RED][~is_error] > 0.1))
    assert red.own_gain is None  # no control is trained
    assert red.gain == pytest.approx(0.5 - base_model.test_metrics["worst_group"])


def test_what_no_concept_selects_is_counted_with_its_interval(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED, UNLIKE], "ben": [CRIMSON]}, SELECTS)
    tables = Analysed(study).concepts
    outside = ~np.any([SELECTS[row.name] > 0.1 for row in tables.concepts.rows], axis=0)
    every, *_ = tables.unnamed.rows
    is_error = errors(base_model)
    assert (every.cluster, every.n) == (0, int((outside & is_error).sum()))
    assert every.of_errors == pytest.approx(every.n / is_error.sum())
    assert every.low <= every.of_errors <= every.high
    assert every.of_correct == pytest.approx(outside[~is_error].mean())
    files = base_model.dataset.files
    rows = np.flatnonzero((files.splits == 1) & (files.labels == 0))
    assert every.images == tuple(key.decode() for key in files.image_keys[rows[outside & is_error]])


def test_where_nothing_passed_all_errors_are_unnamed(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED]}, SELECTS)
    Score.objects.update(n_error=12)
    know_words(study, level=0.95)
    tables = Analysed(study).concepts
    assert not tables.concepts.rows
    assert (tables.unnamed.rows[0].of_errors, tables.unnamed.rows[0].of_correct) == (1.0, 1.0)


def errors(base_model: BaseModel) -> np.ndarray:
    files = base_model.dataset.files
    rows = np.flatnonzero((files.splits == 1) & (files.labels == 0))
    wrong: np.ndarray = base_model.predicted[rows] != 0
    return wrong


def test_real_words_are_merged_explain_and_lie_on_the_map(base_model: BaseModel) -> None:
    study = study_of_both(base_model)
    say(study, "ann", {0: ["red", "red things", "dark"], 1: ["blue"]})
    say(study, "ben", {0: ["a red", "no blue", "mossy"], 1: ["dots"]})
    train_due_runs()
    tables = Analysed(study).concepts
    first = tables.concepts.rows[0]
    assert {row.task for row in tables.concepts.rows} == {1, 2}
    assert "red" in first.texts and first.people == 2  # "a red" is the same annotation
    assert first.of_errors is not None and first.of_errors > 0.8
    assert first.gain is not None and first.own_gain is not None
    control = Control.objects.get(target_classes=[0]).worst_group_accuracy
    assert first.own_gain == pytest.approx(first.gain + base_model.test_metrics["worst_group"] - control)
    assert first.gain > 0.2
    (best, *_) = tables.together.rows
    assert best.number == first.number
    # Named as in concepts.csv; the phrase whose slice is in the union is the concept's best where half of them chose.
    assert (best.name, best.phrase in first.texts) == (first.name, True)
    assert best.held_out > max(best.shuffled_level, best.random)
    assert sorted(row.text for row in tables.map.rows if row.task == 2) == ["blue", "dots"]
    assert not tables.missing
    for table in tables.all:
        assert {len(line) for line in table.lines()} == {len(table.table.columns)}


def test_a_study_without_people_has_empty_tables(draft_study: Study) -> None:
    tables = Analysed(draft_study).concepts
    assert [table.rows for table in tables.all] == [(), (), (), ()]


def test_without_the_data_sets_files_there_is_no_coverage_and_the_page_says_why(
    open_study: Study, alice: Visit, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit_and_score(alice, "red")
    end(alice)
    tables = _without_files(open_study, monkeypatch)
    assert [row.of_errors for row in tables.concepts.rows] == [None]
    assert tables.together.rows == ()
    assert "gone" in tables.missing[0]


def _without_files(study: Study, monkeypatch: pytest.MonkeyPatch) -> ConceptTables:
    study.tasks.get().base_model.dataset.__class__.objects.update(directory="datasets/gone")
    class_images._class_images.cache_clear()
    return Analysed(study).concepts


def test_the_rule_knows_every_phrase_of_a_study(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED, UNLIKE], "ben": [CRIMSON, BLUE]}, SELECTS)
    of = Analysed(study)
    assert {tried.key for tried in of.rows.tried} == set(of.concept.by_task[1].by_key)


def know_words(study: Study, level: float) -> None:
    """Common words are scored on task 1."""
    task = study.tasks.get(position=1)
    VocabularyLevel.objects.create(
        base_model=task.base_model, target_class=task.target_class or 0, text_template=task.text_template,
        n_correct=15, n_error=12, level=level, negated_level=level, scores=pack_float64(np.linspace(0, level, 50)),
        negated_scores=b"", code_version="",
    )  # fmt: skip


def numbers(study: Study) -> dict[str, int]:
    """The number of each phrase's concept, by its words."""
    of = Analysed(study)
    known = of.concept.numbers(of.rows)
    return {tried.text: known.get(tried.phrase, 0) for tried in of.rows.tried}


def test_a_concept_is_called_by_its_most_central_phrase(base_model: BaseModel) -> None:
    selects = {RED: selecting(*range(10)), CRIMSON: selecting(*range(9)), "ruby": selecting(*range(8))}
    study = told(base_model, {"ann": [RED], "ben": [CRIMSON], "cat": ["ruby"]}, selects)
    (row,) = Analysed(study).concepts.concepts.rows
    assert row.name == CRIMSON  # "red" has the highest score, and "crimson" lies between the other two
    assert row.error_score == pytest.approx(0.89)
    assert row.of_errors == pytest.approx(np.mean(selects[CRIMSON][errors(base_model)] > 0.1))


def test_of_equally_central_phrases_the_one_with_the_highest_score_names_it(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [CRIMSON], "ben": [RED]}, {RED: SELECTS[RED], CRIMSON: SELECTS[CRIMSON]})
    (row,) = Analysed(study).concepts.concepts.rows
    assert row.name == RED


def test_a_phrase_that_is_no_better_than_guessing_names_no_concept(base_model: BaseModel) -> None:
    selects = {
        RED: selecting(*range(10)),
        CRIMSON: selecting(*range(9)),
        "asdf": selecting(*range(8)),
        BLUE: SELECTS[BLUE],
    }
    study = told(base_model, {"ann": [RED], "ben": [CRIMSON, "asdf"], "cat": [BLUE]}, selects)
    Score.objects.update(n_error=12)
    know_words(study, level=0.895)  # "red" alone has more
    (row,) = Analysed(study).concepts.concepts.rows
    assert (row.name, row.texts) == (RED, ("asdf", CRIMSON, RED))
    assert numbers(study) == {RED: 1, CRIMSON: 1, "asdf": 1, BLUE: 0}
    assert [(place.text, place.number) for place in Analysed(study).concepts.map.rows][-1] == (BLUE, 0)


def test_the_images_shown_are_of_what_most_people_said_better_than_guessing(base_model: BaseModel) -> None:
    selects = {"asdf": SELECTS[UNLIKE], RED: SELECTS[RED], CRIMSON: SELECTS[CRIMSON], BLUE: SELECTS[BLUE]}
    study = told(base_model, {"ann": ["asdf", RED], "ben": [BLUE], "cat": [BLUE], "dan": ["asdf"]}, selects)
    Score.objects.update(n_error=12)
    Score.objects.filter(phrase__text="asdf").update(tries=10**6)  # any word may score so high once in so many tries
    know_words(study, level=0.5)
    tables = Analysed(study).tables
    assert list(dict.fromkeys(row.phrase for row in tables.panels.rows)) == [BLUE, RED]
    assert {row.phrase for row in tables.splits.rows} == {"asdf"}  # which has the highest error score


def test_where_it_cannot_be_told_every_phrase_counts(base_model: BaseModel) -> None:
    study = told(base_model, {"ann": [RED], "cat": [BLUE]}, SELECTS)
    assert numbers(study) == {RED: 1, BLUE: 2}
    know_words(study, level=0.895)
    VocabularyLevel.objects.update(level=None, negated_level=None)  # too few images
    assert numbers(study) == {RED: 1, BLUE: 2}


def test_a_phrase_that_selects_nearly_all_images_is_no_concept(base_model: BaseModel) -> None:
    selects = {"shape": selecting(*range(N)), "shapes there": selecting(*range(N)), RED: SELECTS[RED]}
    study = told(base_model, {"ann": ["shape", RED], "ben": ["shapes there"]}, selects)
    assert [row.name for row in Analysed(study).concepts.concepts.rows] == [RED]
    assert numbers(study) == {"shape": 0, "shapes there": 0, RED: 1}
    assert Analysed(study).tables.novelty.rows[0].novelty.concepts == 1
