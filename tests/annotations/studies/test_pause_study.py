"""Pausing and resuming a study, and its links."""

import pytest

from annotations.base.service_errors import NotPossible
from annotations.models import AssignmentState, Event, Study, StudyConfiguration, StudyState, event_kinds
from annotations.studies import lifecycle
from tests.support.actors import Visit


def test_a_paused_study_takes_nobody_new_and_leaves_those_inside_at_work(open_study: Study, alice: Visit) -> None:
    lifecycle.pause_study(open_study)
    alice.assignment.refresh_from_db()
    assert open_study.state == StudyState.PAUSED
    assert alice.assignment.state == AssignmentState.ACTIVE


def test_a_resumed_study_runs_under_the_same_configuration(open_study: Study) -> None:
    lifecycle.pause_study(open_study)
    lifecycle.resume_study(open_study)
    assert open_study.state == StudyState.ACTIVE
    assert StudyConfiguration.objects.filter(study=open_study).count() == 1
    assert list(Event.objects.values_list("kind", flat=True)) == [
        event_kinds.STUDY_OPENED,
        event_kinds.STUDY_PAUSED,
        event_kinds.STUDY_RESUMED,
    ]


def test_a_draft_can_be_neither_paused_nor_resumed(draft_study: Study) -> None:
    for act in (lifecycle.pause_study, lifecycle.resume_study):
        with pytest.raises(NotPossible, match="draft"):
            act(draft_study)


def test_the_participants_link_holds_prolifics_placeholders_under_the_studys_own_names(open_study: Study) -> None:
    open_study.participant_parameter = "pid"
    assert lifecycle.entry_url(open_study).endswith(
        "/study/sprites/?pid={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )


def test_a_test_link_names_another_person_for_each_number(open_study: Study) -> None:
    first, second = (lifecycle.test_entry_url(open_study, n) for n in (1, 2))
    assert first.endswith("?PROLIFIC_PID=test-participant-1&STUDY_ID=test-study&SESSION_ID=test-session-1")
    assert first != second
