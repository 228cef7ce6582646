"""Whether people beat the machine, and where: near the top of the results, in words and with the interval."""

from dataclasses import replace

from annotations.admin.results.machine_verdict import Duel, on_class, over_classes
from annotations.analysis.observations.study_rows import RankedList, TaskFacts
from annotations.analysis.tables.keyword_splits import PeopleLessMachine

TASK = TaskFacts(
    1, "square", "shapes", "erm", False, 0.2, 0.5, 0.8, (),
    (RankedList("colours", "a" * 64, "{phrase}", 2, ({"keyword": "dark", "error_score": 0.6},)),),
)  # fmt: skip


def less(measure: str, people: float, machine: float, low: float, high: float) -> PeopleLessMachine:
    named = (1, "square", "class_equal", "colours", "a" * 64, "error_score", measure)
    return PeopleLessMachine(*named, people, machine, people - machine, low, high)


def duel(low: float, high: float, class_name: str = "square", people: float = 0.2) -> Duel:
    before, gain = less("minority_before", 0.2, 0.4, -0.3, -0.1), less("own_gain", people, 0.05, low, high)
    return Duel(class_name, "red", "dark", {"minority_before": before, "own_gain": gain}, "")


def test_who_wins_is_told_with_the_difference_and_its_interval_over_people() -> None:
    winner, verdict, named = on_class(TASK, duel(0.03, 0.27), 0.9)
    assert winner == "People beat the machine."
    assert verdict == (
        "The phrase with the best error score of all people’s, “red”, has an own gain of +20.0 points, and the "
        "machine’s best keyword by error score, “dark”, one of +5.0. The difference is +15.0 points (95% interval over "
        "people +3.0 to +27.0)."
    )
    assert named.startswith("As it is, the model gets 20.0% of the test images like “red” right, and 40.0% of those")
    assert named.endswith("The difference is -20.0 points (95% interval over test images -30.0 to -10.0).")
    assert next(on_class(TASK, duel(-0.27, -0.03, people=-0.1), 0.9)) == "The machine beats people."


def test_the_images_that_a_phrase_names_decide_nothing() -> None:
    of = duel(-0.04, 0.064, people=0.062)
    best = less("minority_gain", 0.9, 0.1, 0.7, 0.9)
    winner, *_ = on_class(TASK, replace(of, less={**of.less, "minority_gain": best}), 0.9)
    assert winner == "Neither people nor the machine is shown to be better."


def test_where_the_interval_holds_nothing_neither_is_said_to_win() -> None:
    _, verdict, _ = on_class(TASK, duel(-0.04, 0.064, people=0.062), 0.9)
    assert verdict.endswith(
        "The difference, +1.2 points, may be nothing: its 95% interval over people, -4.0 to +6.4, holds 0."
    )
    _, verdict, _ = on_class(TASK, duel(0, 0, people=0.05), 0.9)
    assert verdict.endswith(" one of +5.0. There is no difference, however these people are resampled.")
    _, verdict, _ = on_class(TASK, duel(0.05, 0.05, people=0.1), 0.9)
    assert verdict.endswith("The difference is +5.0 points, however these people are resampled.")


def test_why_it_is_not_known_is_told() -> None:
    without = replace(duel(0, 0), less={}, why_not="nothing is retrained with “dark” (too few images)")
    (told,) = on_class(TASK, without, 0.9)
    assert told == (
        "Whether people beat the machine is not known: nothing is retrained with “dark” (too few images). On the "
        "validation images its best keyword, “dark”, has an error score of 0.60, and people’s best phrase 0.90."
    )
    assert list(on_class(replace(TASK, keywords=()), None, 0.9)) == list(on_class(TASK, None, None)) == []


def test_of_several_classes_it_is_told_where_and_the_mean() -> None:
    where, mean = over_classes([duel(0.05, 0.25), duel(0.12, 0.18, "oval"), duel(-0.1, 0.1, "ring", people=0.05)])
    assert where == (
        "People beat the machine on 2 of 3 classes (square, oval). "
        "Neither people nor the machine is shown to be better on 1 of 3 classes (ring)."
    )
    half = (0.1 + 0.03 + 0.1) / 3  # the same people may have worked on all of them
    assert mean == (
        "What counts is own gain. The mean difference is +10.0 points (95% interval over people "
        f"{100 * (0.1 - half):+.1f} to {100 * (0.1 + half):+.1f})."
    )
    assert list(over_classes([duel(0, 1)])) == []
