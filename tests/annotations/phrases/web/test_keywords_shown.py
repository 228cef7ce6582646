"""A machine's keywords on the task page: not shown, from the start, or to whoever asks; who saw them is kept."""

import csv
import io
from typing import Any

import pytest

from annotations.base.tables.columns import csv_text
from annotations.models import Assignment, BaseModel, Condition, Event, KeywordDisplay, Study
from annotations.phrases.assignments import start
from annotations.releases.tables.phrase_columns import PHRASES
from annotations.releases.tables.table_rows import phrase_rows
from annotations.studies.preflight.preflight_report import blocking
from annotations.visits import sessions
from tests.support import actors
from tests.support.analysis_studies import store_ranking
from tests.support.steps import submit_and_score
from tests.support.views_pages import one, task_url, tree

SEEN = [f"machine {number}" for number in range(10)]


def visit_with(base_model: BaseModel, display: str, *, of_condition: bool = False, **fields: Any) -> actors.Visit:
    """Somebody at the first task of a study that shows a machine's keywords so."""
    store_ranking(base_model, actors.SQUARE, "square", *SEEN, "machine 11")
    study = actors.create_study(base_model, comprehension_check=False, **fields)
    if of_condition:
        Condition.objects.create(study=study, name="helped", keyword_display=display)
    else:
        Study.objects.filter(pk=study.pk).update(keyword_display=display)
    study = actors.open_study(Study.objects.get(pk=study.pk))
    session = sessions.enter(study, participant_id="ann", study_id="s", session_id="v")
    actors.do_tutorial(sessions.give_consent(session))
    assignment = start(session.assignments.get())
    return actors.Visit(session, assignment, actors.client_of(session), {})


def words_on(visit: actors.Visit, query: str = "") -> list[str]:
    page = tree(visit.client.get(f"{task_url(visit)}{query}"))
    return [chip.get_text(strip=True) for chip in page.select("#keywords .chip")]


def exported(study: Study) -> list[str]:
    rows = phrase_rows(study)
    text = csv_text(PHRASES.header, map(PHRASES.cells, rows))
    return [row["keywords_seen"] for row in csv.DictReader(io.StringIO(text))]


@pytest.mark.parametrize("of_condition", [False, True])
def test_from_the_start_everybody_reads_the_top_ten_without_the_class_itself(
    base_model: BaseModel, of_condition: bool
) -> None:
    visit = visit_with(base_model, KeywordDisplay.BEFORE, of_condition=of_condition)
    assert words_on(visit) == SEEN
    submit_and_score(visit, "red")
    assert exported(visit.session.study) == ["10"]
    (task,) = visit.session.configuration.data["tasks"]
    assert task["keywords"].split("\n") == SEEN


def test_on_demand_they_come_for_whoever_asks_and_each_phrase_says_so(base_model: BaseModel) -> None:
    visit = visit_with(base_model, KeywordDisplay.ON_DEMAND)
    submit_and_score(visit, "dark")
    assert words_on(visit) == []
    form = one(visit.client.get(task_url(visit)), "form#keywords")
    fields = {field["name"]: field["value"] for field in form.select("input[name]")}
    answer = visit.client.post(str(form["action"]), fields)  # as a browser without scripts sends it
    assert answer.status_code == 303 and "phrase=" in answer["Location"]
    assert words_on(visit) == SEEN
    submit_and_score(visit, "red")
    assert exported(visit.session.study) == ["0", "10"]
    event = Event.objects.get(kind="keywords_shown")
    assert event.session == visit.session
    visit.client.post(str(form["action"]), fields)
    assert Event.objects.filter(kind="keywords_shown").count() == 1


@pytest.mark.parametrize("display", [KeywordDisplay.NONE, KeywordDisplay.BEFORE])
def test_what_is_not_offered_cannot_be_asked_for(base_model: BaseModel, display: str) -> None:
    visit = visit_with(base_model, KeywordDisplay.NONE)
    assert not tree(visit.client.get(task_url(visit))).select("#keywords")
    visit.client.post(f"{task_url(visit)}keywords")
    assert words_on(visit) == [] and Assignment.objects.get().keywords_seen_at is None


def test_a_word_of_a_machine_fills_the_field(base_model: BaseModel) -> None:
    visit = visit_with(base_model, KeywordDisplay.BEFORE)
    link = tree(visit.client.get(task_url(visit))).select("#keywords a")[0]
    page = visit.client.get(f"{task_url(visit)}{link['href']}")
    assert one(page, "#text")["value"] == "machine 0"


def test_it_is_in_german_too(base_model: BaseModel) -> None:
    visit = visit_with(base_model, KeywordDisplay.ON_DEMAND, language="de")
    page = visit.client.get(task_url(visit), headers={"accept-language": "de"})
    assert one(page, "#keywords button").get_text(strip=True) == "Wörter zeigen, die ein Computer fand"


def test_a_study_that_shows_keywords_does_not_open_without_any(base_model: BaseModel) -> None:
    study = actors.create_study(base_model, keyword_display=KeywordDisplay.BEFORE)
    assert any("no keyword is ranked on “square”" in reason for reason in blocking(study))
    study.tasks.update(keywords="scarlet\n")
    assert not any("no keyword is ranked" in reason for reason in blocking(study))
