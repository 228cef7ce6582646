"""Many simulated participants at once."""

import pytest

from annotations.models import AnnotationSession, Outcome, Phrase, Study
from annotations.simulation import crowd
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
