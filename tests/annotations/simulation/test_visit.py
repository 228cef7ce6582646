"""A simulated participant goes through the pages as a person would."""

import pytest

from annotations.models import AnnotationSession, AssignmentState, Phrase, Stage, Study
from annotations.simulation import visitor
from annotations.simulation.page_browser import UnexpectedPage
from annotations.simulation.personas import GIBBERISH, Kind, Leaves, Persona
from annotations.simulation.visitor import VisitReport, visit

PATH = "/study/sprites/"
IDS = {"PROLIFIC_PID": "sim-person", "STUDY_ID": "simulated", "SESSION_ID": "sim-visit"}


def _visit(site: str, *phrases: str, leaves: Leaves = Leaves.FINISHED, kind: Kind = Kind.GROPER) -> VisitReport:
    return visit(site, PATH, IDS, Persona("carol", phrases, leaves, kind))


def test_a_finder_gets_scores_and_the_completion_code(site: str, scoring: None, open_study: Study) -> None:
    report = _visit(site, "blue", "red")
    assert report.completion_code == open_study.completion_code
    assert report.scores == [0, pytest.approx(0.87, abs=0.01)]
    assert AnnotationSession.objects.get().stage == Stage.FINISHED


def test_every_other_phrase_becomes_one_row_in_the_order_of_saying(site: str, scoring: None) -> None:
    _visit(site, "red", "blue", "RED")
    assert list(Phrase.objects.values_list("ordinal", "text")) == [(1, "red"), (2, "blue")]


def test_a_refused_phrase_is_told_and_the_visit_goes_on(site: str, scoring: None) -> None:
    report = _visit(site, "?!", "red")
    assert (report.refused, len(report.scores)) == (["?!"], 1)
    assert report.completion_code


def test_one_who_declines_leaves_without_a_code(site: str) -> None:
    assert _visit(site, leaves=Leaves.DECLINING).completion_code is None
    assert AnnotationSession.objects.get().stage == Stage.DECLINED


def test_one_who_leaves_before_the_tutorial_stays_there(site: str) -> None:
    assert _visit(site, leaves=Leaves.BEFORE_TUTORIAL).completion_code is None
    assert AnnotationSession.objects.get().stage == Stage.TUTORIAL


def test_one_who_leaves_in_the_middle_keeps_a_running_assignment(site: str, scoring: None) -> None:
    report = _visit(site, "blue", leaves=Leaves.MID_TASK)
    assert (report.completion_code, report.scores) == (None, [0])
    assert AnnotationSession.objects.get().assignments.get().state == AssignmentState.ACTIVE


def test_a_score_that_does_not_come_in_time_is_none(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "SCORE_WITHIN_S", 0.3)
    assert _visit(site, "red").scores == [None]
    assert Phrase.objects.get().text == "red"


def test_a_visit_to_a_study_that_is_not_there_says_so(site: str) -> None:
    with pytest.raises(UnexpectedPage, match="/study/nowhere/ answered 404"):
        visit(site, "/study/nowhere/", IDS, Persona("carol", ()))


def test_one_who_loads_every_page_again_gets_as_far_and_says_nothing_twice(site: str, scoring: None) -> None:
    report = _visit(site, "blue", "red", kind=Kind.RELOADER)
    assert report.completion_code
    assert list(Phrase.objects.values_list("text", flat=True)) == ["blue", "red"]


def test_what_is_sent_twice_and_from_two_tabs_counts_once(site: str, scoring: None) -> None:
    report = _visit(site, "red", "red", "blue", kind=Kind.TWO_TABS)
    assert report.completion_code
    assert list(Phrase.objects.order_by("ordinal").values_list("text", flat=True)) == ["red", "blue"]
    session = AnnotationSession.objects.get()
    assert session.check_attempts.count() == 1
    assert session.practice_phrases.count() == 2
    kinds = list(session.events.values_list("kind", flat=True))
    stored_once = ["session_entered", "consent_given", "tutorial_done", "assignment_started", "session_finished"]
    assert [kinds.count(kind) for kind in stored_once] == [1] * len(stored_once)


def test_a_hasty_one_passes_the_check_at_the_second_try_and_waits_for_no_score(site: str) -> None:
    report = _visit(site, "red", kind=Kind.HASTY)
    assert report.completion_code
    assert report.scores == []
    assert AnnotationSession.objects.get().check_attempts.count() == 2


def test_one_who_fails_the_check_twice_gets_no_code_and_its_own_outcome(site: str) -> None:
    report = _visit(site, kind=Kind.CHECK_FAILER)
    assert (report.passed, report.completion_code) == (False, None)
    session = AnnotationSession.objects.get()
    assert (session.stage, session.check_attempts.count()) == (Stage.NOT_PASSED, 2)


def test_gibberish_is_scored_or_refused_and_never_stops_a_visit(site: str, scoring: None) -> None:
    report = _visit(site, *GIBBERISH, kind=Kind.GIBBERISH)
    assert report.completion_code
    assert sorted(report.refused) == sorted(text for text in GIBBERISH if text in {"?!", "…"} or len(text) > 120)
    assert len(report.scores) == len(GIBBERISH) - len(report.refused)


def test_a_diligent_one_answers_and_moves_the_threshold_and_back(site: str, scoring: None) -> None:
    _visit(site, "light", "red", kind=Kind.DILIGENT)
    first, second = Phrase.objects.select_related("judgement", "threshold_choice").order_by("ordinal")
    assert first.judgement.answer == "unsure"
    assert second.threshold_choice.threshold is None
    assert not hasattr(second, "judgement")


def test_time_is_reported_as_a_browser_would(site: str, scoring: None, open_study: Study) -> None:
    _visit(site, "red", "blue")
    assignment = AnnotationSession.objects.get().assignments.get()
    assert sorted(assignment.spans.values_list("kind", flat=True)) == ["visible", "waiting", "waiting"]
    seen = assignment.spans.get(kind="visible")
    assert all(seen.began_at <= each.began_at <= each.ended_at <= seen.ended_at for each in assignment.spans.all())


def test_who_leaves_in_the_middle_was_there(site: str, scoring: None, open_study: Study) -> None:
    _visit(site, "red", leaves=Leaves.MID_TASK)
    assert AnnotationSession.objects.get().assignments.get().spans.filter(kind="visible").count() == 1
