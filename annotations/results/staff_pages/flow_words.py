"""Who is counted, in words: the steps of a study's people, and why some came no further."""

from collections.abc import Iterable, Sequence
from typing import Any

from annotations.analysis.tables.flow_table import COUNTED, WITH_RUN, FlowLine

_STEPS = {
    "entered": "entered",
    "consented": "agreed",
    "checked": "passed the check",
    "allocated": "were given a task",
    "worked": "wrote a phrase",
    "finished": "finished with a phrase",
    COUNTED: "are counted: they were given a task, finished or not",
    WITH_RUN: "of these have a retraining with their words",
}
_REASONS = {
    "declined": "declined",
    "no_answer": "did not answer",
    "failed_check": "did not pass the entry check",
    "returned": "returned it on Prolific",
    "timed_out": "timed out on Prolific",
    "time_over": "ran out of time",
    "left": "left",
    "study_closed": "stopped because the study closed",
    "no_phrase": "without a phrase",
    "inside": "may still go on",
    "withdrew": "withdrew",
    "erased": "withdrew; what they did is erased",
    "refused": "with words that are unsuitable for retraining",
    "pending": "with a result that is still pending",
    "failed": "with a failed computation",
    "no_control": "without a trained control yet",
}


def flow_steps(lines: Sequence[FlowLine]) -> list[dict[str, Any]]:
    """Return the steps of the whole study; `checked`, which is one with `allocated`, is left to the file.

    n_entered: of the whole study; out: those who did not come to a step, and why.
    """
    whole = [line for line in lines if line.task is None]
    n_entered = next(line.people for line in whole)
    reached = {line.step: line.people for line in whole if not line.reason}
    return [
        {
            "label": _STEPS[step],
            "n": n,
            "n_entered": n_entered,
            "out": _out(line for line in whole if line.step in (step, _BEFORE.get(step))),
        }
        for step, n in reached.items()
        if step != "checked"
    ]


_BEFORE = {"allocated": "checked"}


def _out(lines: Iterable[FlowLine]) -> tuple[str, ...]:
    return tuple(f"{line.people:,} {_REASONS[line.reason]}" for line in lines if line.reason)


def reasons(out: Iterable[tuple[str, int]]) -> str:
    """Return reasons with their numbers of people as the end of a sentence.

    >>> reasons([("no_phrase", 1), ("refused", 2)])
    '1 without a phrase, 2 with words that are unsuitable for retraining'
    """
    return ", ".join(f"{n:,} {_REASONS[reason]}" for reason, n in out)
