"""Many simulated participants at once, and the command that sends them."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotations.models import AnnotationSession, Outcome, Phrase, Study
from annotations.simulation import crowd, visitor
from annotations.simulation.page_browser import UnexpectedPage
from annotations.simulation.personas import Persona

PARAMETERS = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
LINK = crowd.as_participants(PARAMETERS)
PEOPLE = [Persona(f"person-{i}", ("red", "blue")) for i in range(6)]


def test_a_crowd_completes_side_by_side_and_nobody_gets_anothers_phrases(site: str, scoring: None) -> None:
    ended: list[str] = []
    reports = crowd.send(site, "/study/sprites/", LINK, PEOPLE, on_end=lambda report: ended.append(report.persona.name))
    assert [report.persona for report in reports] == PEOPLE
    assert sorted(ended) == [person.name for person in PEOPLE]
    assert AnnotationSession.objects.filter(outcome=Outcome.COMPLETED).count() == len(PEOPLE)
    for session in AnnotationSession.objects.all():
        assert Phrase.objects.filter(assignment__session=session).count() == 2


def test_the_same_crowd_again_is_the_same_people(
    site: str, scoring: None, open_study: Study, vouched_for: None
) -> None:
    for _ in range(2):
        crowd.send(site, "/study/sprites/", LINK, PEOPLE[:2])
    assert open_study.participants.count() == 2
    assert Phrase.objects.count() == 4


def test_another_run_brings_other_people(site: str, scoring: None, open_study: Study) -> None:
    for run in ("1", "2"):
        crowd.send(site, "/study/sprites/", crowd.as_participants(PARAMETERS, run=run), PEOPLE[:1])
    assert open_study.participants.count() == 2


def test_a_failed_visit_is_raised(site: str) -> None:
    with pytest.raises(UnexpectedPage):
        crowd.send(site, "/study/nowhere/", LINK, PEOPLE[:2])


def test_the_command_sends_simulated_visits_and_tells_of_each(site: str, scoring: None) -> None:
    said = io.StringIO()
    call_command("simulate_participants", "sprites", participants=2, base_url=site, stdout=said)
    *lines, last = said.getvalue().splitlines()
    assert sorted(line.split(":")[0] for line in lines) == ["diligent-0", "diligent-1"]
    assert all("completed (0." in line for line in lines)
    assert "No count, quota or export" in last
    assert set(AnnotationSession.objects.values_list("kind", "outcome")) == {("simulated", "completed")}


def test_the_command_sends_people_who_count_only_where_it_is_asked_to(site: str, scoring: None) -> None:
    said = io.StringIO()
    call_command("simulate_participants", "sprites", participants=1, as_participants=True, base_url=site, stdout=said)
    assert AnnotationSession.objects.counted().count() == 1
    assert "are simulated" not in said.getvalue()


def test_the_same_run_is_the_same_visits_and_another_run_is_others(site: str, scoring: None) -> None:
    for run in ("1", "1", "2"):
        call_command("simulate_participants", "sprites", participants=1, run=run, base_url=site, stdout=io.StringIO())
    assert AnnotationSession.objects.count() == 2


def test_the_command_refuses_a_study_that_is_not_there(site: str) -> None:
    with pytest.raises(CommandError, match="no study 'nowhere'"):
        call_command("simulate_participants", "nowhere", base_url=site)


def test_the_command_fails_when_nothing_answers(open_study: Study) -> None:
    with pytest.raises(CommandError, match="A visit failed"):
        call_command("simulate_participants", "sprites", participants=1, base_url="http://127.0.0.1:9")


def test_the_command_fails_when_scores_do_not_come(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "SCORE_WITHIN_S", 0.2)
    with pytest.raises(CommandError, match="interactive worker is running"):
        call_command("simulate_participants", "sprites", participants=1, base_url=site, stdout=io.StringIO())
