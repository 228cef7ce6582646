"""Who is counted: a study of nine people worked by hand, in which nobody is missing in silence."""

from collections import Counter

from annotations.analysis.observations.course_steps import EXPERTS_STEPS, Course, Courses, Step
from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import Basis, PersonTask, Tried, person_tasks
from annotations.analysis.tables.flow_table import FLOW, STEPS, FlowLine, flow_lines

COURSES = Courses(
    tuple(Step),
    (
        Course("a", Step.FINISHED, ""),
        Course("b", Step.FINISHED, ""),
        Course("c", Step.WORKED, "time_over"),
        Course("d", Step.ALLOCATED, "left"),
        Course("e", Step.WORKED, "withdrew"),
        Course("f", Step.FINISHED, "erased"),
        Course("g", Step.CONSENTED, "failed_check"),
        Course("h", Step.ENTERED, "declined"),
        Course("i", Step.CONSENTED, "erased"),
    ),
)
SAID = {(1, "a"): Basis.RUN, (1, "b"): Basis.REFUSED, (1, "c"): Basis.PENDING, (2, "a"): Basis.RUN}


def rows() -> tuple[PersonTask, ...]:
    tried = [
        Tried(task, person, "red", 0.5, 0.75 if basis is Basis.RUN else None, 25, 25, 1, without_run=basis)
        for (task, person), basis in SAID.items()
    ]
    assigned = [(task, person) for task in (1, 2) for person in "abcd"]
    return person_tasks(assigned, by_person(tried), {}, {}, {1: 0.5, 2: 0.5}, at_work=[(2, "c")])


def told(task: int | None) -> list[tuple[str, str, int]]:
    lines = flow_lines(COURSES, rows(), (1, 2))
    return [(line.step, line.reason, line.people) for line in lines if line.task == task]


def test_the_whole_study() -> None:
    assert told(None) == [
        ("entered", "", 9),
        ("consented", "", 8), ("consented", "declined", 1),
        ("checked", "", 6), ("checked", "erased", 1), ("checked", "failed_check", 1),
        ("allocated", "", 6),
        ("worked", "", 5), ("worked", "left", 1),
        ("finished", "", 3), ("finished", "time_over", 1), ("finished", "withdrew", 1),
        ("counted", "", 3), ("counted", "erased", 1), ("counted", "pending", 1), ("counted", "withdrew", 1),
        ("with_run", "", 1), ("with_run", "no_phrase", 2),
    ]  # fmt: skip


def test_each_task_has_its_own_people() -> None:
    assert told(1) == [
        ("allocated", "", 4),
        ("counted", "", 3), ("counted", "pending", 1),
        ("with_run", "", 1), ("with_run", "no_phrase", 1), ("with_run", "refused", 1),
    ]  # fmt: skip
    assert told(2) == [
        ("allocated", "", 4),
        ("counted", "", 3), ("counted", "pending", 1),
        ("with_run", "", 1), ("with_run", "no_phrase", 2),
    ]  # fmt: skip


def test_the_people_at_a_step_and_those_of_its_reasons_are_the_people_before() -> None:
    lines = flow_lines(COURSES, rows(), (1, 2))
    reached = {(line.task, line.step): line.people for line in lines if not line.reason}
    divided = Counter[tuple[int | None, str, str]]()
    for line in lines:
        if line.of:
            divided[line.task, line.step, line.of] += line.people
    assert len(divided) == 7 + 2 * 2
    assert all(reached[task, of] == n for (task, _step, of), n in divided.items())


def test_experts_neither_consent_nor_are_checked() -> None:
    lines = flow_lines(Courses(EXPERTS_STEPS, (Course("x", Step.ENTERED, "inside"),)), (), ())
    assert lines[:3] == (
        FlowLine(None, "entered", "", 1, ""),
        FlowLine(None, "allocated", "", 0, "entered"),
        FlowLine(None, "allocated", "inside", 1, "entered"),
    )


def test_nobody_is_a_flow_too() -> None:
    lines = flow_lines(Courses(tuple(Step), ()), (), (1,))
    assert {line.people for line in lines} == {0}
    assert [line.step for line in lines if line.task is None] == list(STEPS)
    assert FLOW.cells(lines[0]) == [None, "entered", "", 0, ""]
