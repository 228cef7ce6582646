"""Whether people beat the machine, and where: one verdict a criterion, each with its name and its interval."""

from dataclasses import replace
from typing import Any

from annotations.analysis.observations.study_rows import RankedList, TaskFacts
from annotations.analysis.tables.keyword_splits import PeopleLessMachine
from annotations.results.staff_pages.machine_verdict import Duel, on_class, over_classes
from clarify_errors.arrays.retraining.own_gain_intervals import WHY

TASK = TaskFacts(
    1, "square", "shapes", "erm", False, 0.2, 0.5, 0.8, (),
    (RankedList("colours", "a" * 64, "{phrase}", 2, ({"keyword": "dark", "error_score": 0.6},)),),
)  # fmt: skip


def less(measure: str, people: float, machine: float, low: float, high: float, **counts: Any) -> PeopleLessMachine:
    named = (1, "square", "class_equal", "colours", "a" * 64, "error_score", measure)
    return PeopleLessMachine(*named, people, machine, people - machine, low, high, **counts)


def duel(low: float, high: float, class_name: str = "square", people: float = 0.2, **counts: Any) -> Duel:
    before = less("minority_before", 0.2, 0.4, -0.3, -0.1)
    gain = less("own_gain", people, 0.05, low, high, **counts)
    return Duel(class_name, "red", "dark", {"minority_before": before, "own_gain": gain}, "")


def test_who_wins_is_told_with_the_difference_and_its_interval_for_new_images() -> None:
    winner, verdict, named = on_class(TASK, duel(0.03, 0.27), 0.9)
    assert winner == "By own gain, people beat the machine."
    assert verdict == (
        "People’s phrase with the best error score, “red”, has an own gain of +20.0 points. The machine’s keyword with "
        "the best error score, “dark”, has +5.0. On new images this phrase beats this keyword by "
        f"15.0 points (95% interval 3.0 to 27.0). {WHY}"
    )
    assert named.startswith("People’s phrase names harder images than the machine’s keyword. Before retraining, ")
    assert named.endswith("The difference is −20.0 points (95% interval over test images −30.0 to −10.0).")
    winner, verdict, _ = on_class(TASK, duel(-0.27, -0.03, people=-0.1), 0.9)
    assert winner == "By own gain, the machine beats people."
    assert "On new images this keyword beats this phrase by 15.0 points (95% interval 3.0 to 27.0)." in verdict


def test_each_criterion_that_is_shown_has_its_own_verdict_and_its_name() -> None:
    winner, _, named = on_class(TASK, duel(-0.04, 0.064, people=0.062), 0.9)
    assert winner == "By own gain, people and the machine do not differ reliably."
    assert named.startswith("People’s phrase names harder images than the machine’s keyword.")


def test_the_images_that_a_phrase_names_decide_nothing_of_own_gain() -> None:
    of = duel(-0.04, 0.064, people=0.062)
    best = less("minority_gain", 0.9, 0.1, 0.7, 0.9)
    winner, *_ = on_class(TASK, replace(of, less={**of.less, "minority_gain": best}), 0.9)
    assert winner == "By own gain, people and the machine do not differ reliably."


def test_where_the_interval_holds_nothing_the_images_are_said_not_to_tell_them_apart() -> None:
    _, verdict, _ = on_class(TASK, duel(-0.04, 0.064, people=0.062), 0.9)
    assert (
        "On these test images phrase and keyword do not differ reliably: the difference is +1.2 points (95% interval "
        "−4.0 to +6.4)."
    ) in verdict


def test_how_many_people_beat_the_keyword_is_told_beside_it() -> None:
    counts: dict[str, Any] = {"n_better": 9, "n_worse": 2, "n_not_told_apart": 13}
    _, _, everybody, _ = on_class(TASK, duel(0.03, 0.27, **counts), 0.9)
    assert everybody == (
        "The model was retrained with the best phrases of 24 people. 9 phrases beat the keyword (38%; 95% interval 21 "
        "to 57%), 2 are worse, and 13 do not differ reliably. The interval holds the test images fixed."
    )
    _, _, everybody, _ = on_class(TASK, duel(0.03, 0.27, n_better=1, n_worse=1, n_not_told_apart=1), 0.9)
    assert " 1 phrase beats the keyword (33%; " in everybody
    assert "), 1 is worse, and 1 does not differ reliably." in everybody
    _, _, everybody, _ = on_class(TASK, duel(0.03, 0.27, n_better=1), 0.9)
    assert everybody.startswith("The model was retrained with the best phrase of 1 person. 1 phrase beats the keyword ")


def test_where_the_models_differ_in_how_many_groups_are_tied_the_bias_is_told() -> None:
    _, verdict, _ = on_class(TASK, duel(0.03, 0.27, tied=(1, 4)), 0.9)
    assert verdict.endswith(
        "Four of the keyword’s groups are about equally bad, and one of the phrase’s. The measured difference is then "
        "too high on average."
    )


def test_why_it_is_not_known_is_told() -> None:
    without = replace(duel(0, 0), less={}, why_not="the model is not retrained with “dark” (too few images)")
    (told,) = on_class(TASK, without, 0.9)
    assert told == (
        "It is not known whether people beat the machine: the model is not retrained with “dark” (too few images). On "
        "the validation images, the machine’s best keyword, “dark”, has an error score of 0.60. People’s best phrase "
        "has 0.90."
    )
    assert list(on_class(replace(TASK, keywords=()), None, 0.9)) == list(on_class(TASK, None, None)) == []


def test_of_several_classes_it_is_told_where_and_the_mean() -> None:
    where, mean = over_classes([duel(0.05, 0.25), duel(0.12, 0.18, "oval"), duel(-0.1, 0.1, "ring", people=0.05)])
    assert where == (
        "By own gain, people beat the machine on 2 of 3 classes (square, oval). "
        "By own gain, people and the machine do not differ reliably on 1 of 3 classes (ring)."
    )
    half = (0.1 + 0.03 + 0.1) / 3  # models of one data set's classes share its test images
    assert mean == (
        "The mean difference of own gains is +10.0 points (95% interval over test images "
        f"{100 * (0.1 - half):+.1f} to {100 * (0.1 + half):+.1f})."
    )
    assert list(over_classes([duel(0, 1)])) == []


def test_it_is_told_that_later_classes_are_not_compared() -> None:
    alone = "people and the machine are compared only on the first 100 tasks with keywords"
    later = replace(duel(0, 0), less={}, why_not=alone)
    told = list(over_classes([duel(0.03, 0.27), duel(0.03, 0.27, "oval"), later]))
    assert f"{alone.capitalize()}, and only these are counted here." in told
    assert alone not in " ".join(over_classes([duel(0.03, 0.27), duel(0.03, 0.27, "oval")])).lower()
