"""The pre-flight in a sentence."""

import pytest

from annotations.models import Study, StudyState
from annotations.studies.preflight.check_result import FixIn, block, doubt, passed, warning
from annotations.studies.preflight.preflight_report import Summary, preflight_summary


@pytest.mark.parametrize(
    ("state", "n_blocking", "n_doubts", "n_warnings", "summary"),
    [
        (StudyState.DRAFT, 1, 0, 0, Summary("failed", "Not ready", "1 thing keeps the study from opening.")),
        (
            StudyState.DRAFT,
            2,
            0,
            1,
            Summary("failed", "Not ready", "2 things keep the study from opening.", "1 thing is worth a look."),
        ),
        (StudyState.DRAFT, 0, 0, 0, Summary("done", "Ready", "Everything is as it should be.")),
        (
            StudyState.DRAFT,
            0,
            0,
            2,
            Summary("done", "Ready", "The study can open.", "2 things are worth a look."),
        ),
        (
            StudyState.DRAFT,
            0,
            1,
            2,
            Summary(
                "paused",
                "Ready, with doubts",
                "The study can open, but its results would be in doubt.",
                "1 thing puts what people find in doubt. 2 things are worth a look.",
            ),
        ),
        (StudyState.ACTIVE, 0, 0, 0, Summary("active", "Active", "Everything is as it should be.")),
        (StudyState.ACTIVE, 1, 0, 1, Summary("active", "Active", "1 thing is not right.", "1 thing is worth a look.")),
        (StudyState.PAUSED, 0, 0, 1, Summary("paused", "Paused", "", "1 thing is worth a look.")),
    ],
)
def test_it_says_whether_the_study_can_open_and_how_much_is_worth_a_look(
    state: StudyState, n_blocking: int, n_doubts: int, n_warnings: int, summary: Summary
) -> None:
    told = ((block, n_blocking), (doubt, n_doubts), (warning, n_warnings))
    checks = [act("x", FixIn.TASKS) for act, n in told for _ in range(n)]
    assert preflight_summary(Study(state=state), [passed("z"), *checks]) == summary
