"""A simulated participant goes through the pages as a person would."""

import pytest

from annotations.models import AnnotationSession, AssignmentState, Phrase, Stage, Study
from annotations.simulation import visitor
from annotations.simulation.browser import UnexpectedPage
from annotations.simulation.personas import Leaves, Persona
from annotations.simulation.visitor import VisitReport, visit

PATH = "/study/sprites/"
IDS = {"PROLIFIC_PID": "sim-person", "STUDY_ID": "simulated", "SESSION_ID": "sim-visit"}


def _visit(site: str, *phrases: str, leaves: Leaves = Leaves.FINISHED) -> VisitReport:
    return visit(site, PATH, IDS, Persona("carol", phrases, leaves))


def test_a_finder_gets_scores_and_the_completion_code(site: str, scoring: None, open_study: Study) -> None:
    report = _visit(site, "blue", "red")
    assert report.completion_code == open_study.completion_code
    assert report.scores == [0, pytest.approx(0.87, abs=0.01)]
    assert AnnotationSession.objects.get().stage == Stage.FINISHED


def test_every_phrase_becomes_one_row_in_the_order_of_saying(site: str, scoring: None) -> None:
    _visit(site, "red", "red", "RED")
    assert list(Phrase.objects.values_list("ordinal", "text")) == [(1, "red"), (2, "red"), (3, "RED")]


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
