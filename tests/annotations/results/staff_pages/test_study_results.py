"""The results page: true for every study, not sent again unless something changed, each table and figure as a file."""

import csv
import io
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotations.analysis.figures.chart_values import MAX_TASKS
from annotations.analysis.observations.person_tasks import Tried
from annotations.models import AnnotationSession, BaseModel, Benchmark, JobState, Phrase, PhraseState, Role, Study
from annotations.models.staff import StudyMember
from annotations.results import benchmark_requests
from annotations.results.staff_pages.results_page import MAX_COLUMNS
from annotations.studies import lifecycle
from annotations.visits import withdrawal
from tests.support.actors import SQUARE, Visit, open_study
from tests.support.analysis_studies import analyse, store_ranking, tell, two_tasks
from tests.support.paper import LISTS, papers_phrases
from tests.support.rows import add_phrase, add_run
from tests.support.scripted import EXPECTED
from tests.support.views_pages import tree

MAX_QUERIES = 40  # of a page

pytestmark = pytest.mark.usefixtures("stored_base_model")


def url(study: Study, query: str = "") -> str:
    return f"/admin/annotations/study/{study.pk}/results/{query}"


def page(client: Client, study: Study, *, draws: bool = False) -> str:
    """Of the study as it is by now."""
    return shown_page(client, analyse(study, draws=draws))


def shown_page(client: Client, study: Study) -> str:
    """As its last analysis has it."""
    response = client.get(url(study))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture(scope="module")
def stored_analysed(stored_scripted: Study) -> Study:
    return analyse(stored_scripted, draws=True)


@pytest.fixture
def scripted(db: None, stored_analysed: Study) -> Study:
    """The scripted study of 26 people, analysed as it is."""
    return Study.objects.get(pk=stored_analysed.pk)


def test_of_very_many_tasks_the_first_that_people_had_are_shown(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    tasks = [{"base_model": base_model, "target_class": i % 2} for i in range(MAX_TASKS + 3)]
    draft = lifecycle.create_study(slug="many", title="Many tasks", completion_code="C0DE5678", tasks=tasks)
    study = open_study(draft)
    tell(study, [Tried(MAX_TASKS + 3, "ann", "red", 0.5, 0.5, 15, 9, 1)])
    shown = page(coordinator_client, study)
    titles = re.findall(r"<h2>(\d+)\. ", shown)  # of the answers, then of the sentences below
    assert titles == 2 * [str(number) for number in (*range(1, MAX_TASKS), MAX_TASKS + 3)]
    assert '3 more tasks are in <a href="?table=estimates.csv"' in shown
    assert shown.count("3 more tasks are in its data.") == 8
    assert f"{MAX_TASKS + 3 - MAX_COLUMNS} more tasks are in the file." in shown
    file = coordinator_client.get(url(study, "?table=estimates.csv")).content.decode()
    assert {row["task"] for row in csv.DictReader(io.StringIO(file))} == {str(i + 1) for i in range(MAX_TASKS + 3)}
    concepts = coordinator_client.get(f"/admin/annotations/study/{study.pk}/concepts/").content.decode()
    assert f"{MAX_TASKS + 2} more have no scored phrase." in concepts and f"{MAX_TASKS + 3}. " in concepts


def test_the_answer_comes_first_and_all_else_is_folded(coordinator_client: Client, scripted: Study) -> None:
    first, *others = tree(coordinator_client.get(url(scripted))).select("#results > *")
    assert first["id"] == "results-answer" and len(first.select(".answer")) == 2
    assert [each["id"] for each in others] == [
        f"results-{name}" for name in ("state", "how", "who", "numbers", "figures", "files")
    ]
    assert all(each.name == "details" and not each.has_attr("open") for each in others[1:])


def test_a_study_without_people_says_so(coordinator_client: Client, draft_study: Study) -> None:
    shown = page(coordinator_client, draft_study)
    assert "Nobody has been given this task yet." in shown
    assert "Fewer than five people have submitted a phrase." in shown
    assert "Nothing is left out." in shown


def test_one_person_has_numbers_without_intervals(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    add_run(add_phrase(alice, "red", 0.75), 0.5)
    shown = page(coordinator_client, open_study)
    assert "There are too few images to tell whether anybody is better than guessing." in shown
    assert "It is not reached yet: not enough people." in shown
    assert "<bdi>red</bdi>" in shown


def test_a_person_whose_phrase_failed_has_no_score(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "red")
    Phrase.objects.filter(pk=phrase.pk).update(state=PhraseState.FAILED)
    shown = page(coordinator_client, open_study)
    assert "1 person had this task, and no phrase has a score yet." in shown
    assert "Phrases that could not be scored: <strong>1</strong>" in shown


def test_the_best_keyword_of_a_list_stands_beside_peoples_best(
    coordinator_client: Client, open_study: Study, alice: Visit, base_model: BaseModel
) -> None:
    add_phrase(alice, "red", 0.75)
    store_ranking(base_model, SQUARE, "scarlet", "<b>")
    shown = unescape(page(coordinator_client, open_study))
    assert "By error score the best of 2 is “scarlet”, with 0.70 (p = .020 for the best of so many" in " ".join(
        shown.split()
    )
    assert (
        "It is not known whether people beat the machine: the model must be retrained both with a person’s phrase and "
        "with one of the machine’s keywords. On the validation images, the machine’s best keyword, “scarlet”, has an "
        "error score of 0.70. People’s best phrase has 0.75."
    ) in shown
    file = coordinator_client.get(url(open_study, "?table=keywords.csv")).content.decode()
    assert [row["keyword"] for row in csv.DictReader(io.StringIO(file))] == ["scarlet", "<b>"]


def test_no_participant_is_shown_a_keyword(open_study: Study, alice: Visit, base_model: BaseModel) -> None:
    store_ranking(base_model, SQUARE, "scarlet")
    add_phrase(alice, "red", 0.75)
    response = alice.client.get(f"/visit/tasks/{alice.assignment.public_id}/")
    assert response.status_code == 200 and "red" in response.content.decode()
    assert "scarlet" not in response.content.decode()


def test_withdrawn_people_are_named_and_nothing_of_them_is_shown(coordinator_client: Client, scripted: Study) -> None:
    AnnotationSession.objects.filter(participant__pseudonym="p26").update(withdrawn_at=timezone.now())
    shown = page(coordinator_client, scripted, draws=True)
    assert "People who withdrew: <strong>1</strong>" in shown
    assert "of p26" not in shown


def test_what_people_typed_is_text(coordinator_client: Client, base_model: BaseModel) -> None:
    study = two_tasks(base_model, "typed")
    tell(study, [Tried(1, "ann", "<script>alert(1)</script>", 0.5, 0.5, 15, 9, 1)])
    assert "<script>alert" not in page(coordinator_client, study, draws=True)
    svg = coordinator_client.get(url(study, "?figure=splits")).content.decode()
    assert "<script>" not in svg and "&lt;script&gt;" in svg


def test_table_3_has_the_papers_layout(coordinator_client: Client, scripted: Study) -> None:
    shown = shown_page(coordinator_client, scripted)
    table = shown[shown.index('class="table-3"') :]
    rows = ("Each person’s best on test", "Each person’s best error score", "All other phrases")
    places = [table.index(f'<th scope="row">{name}</th>') for name in rows]
    assert places == sorted(places)
    assert table.index("1. square") < table.index("2. oval") < places[0]
    for lists in EXPECTED.values():
        for texts in lists.values():
            assert ", ".join(f"<bdi>{text}</bdi>" for text in texts) in re.sub("</?a[^>]*>", "", table)


def test_each_phrase_of_table_3_leads_to_the_screen_that_its_author_saw(
    coordinator_client: Client, scripted: Study
) -> None:
    links = tree(coordinator_client.get(url(scripted))).select(".table-3 a")
    texts = {reverse("admin:annotations_phrase_screen", args=[row.pk]): row.text for row in Phrase.objects.all()}
    assert {link["href"] for link in links} == set(texts)
    assert all(link.text == texts[str(link["href"])] for link in links)


def test_the_papers_table_3_is_shown_as_the_paper_has_it(coordinator_client: Client, base_model: BaseModel) -> None:
    study = two_tasks(base_model, "paper")
    scored = [each._replace(error_score=each.error_score or 0.0) for each in papers_phrases()]  # a run needs a score
    tell(study, scored)
    shown = unescape(page(coordinator_client, study))
    for lists in LISTS.values():
        for name, texts in lists.items():
            if name != "Best Error Score (per-user)":
                assert ", ".join(f"<bdi>{text}</bdi>" for text in texts) in re.sub("</?a[^>]*>", "", shown)
    assert "26 people" in shown


def test_nothing_is_sent_while_nothing_has_changed(coordinator_client: Client, scripted: Study, alice: Visit) -> None:
    first = coordinator_client.get(url(scripted))
    again = coordinator_client.get(url(scripted), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_nothing_large_is_read_where_a_process_has_read_it_before(coordinator_client: Client, scripted: Study) -> None:
    etag = coordinator_client.get(url(scripted))["ETag"]
    for headers in ({}, {"If-None-Match": etag}):
        with CaptureQueriesContext(connection) as asked:
            coordinator_client.get(url(scripted), headers=headers)
        of_analyses = [each["sql"] for each in asked if "annotations_studyanalysis" in each["sql"]]
        assert of_analyses and not any('"figures"' in sql or '"content"' in sql for sql in of_analyses)


def test_what_a_page_asks_of_the_database_does_not_grow_with_the_tasks(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    n_queries = []
    for n in (1, 12):
        tasks = [{"base_model": base_model, "target_class": i % 2} for i in range(n)]
        draft = lifecycle.create_study(slug=f"of-{n}", title="Tasks", completion_code="C0DE5678", tasks=tasks)
        study = open_study(draft)
        tell(study, [Tried(i + 1, "ann", f"red {i}", 0.5, 0.5, 15, 9, 1) for i in range(n)])
        shown_page(coordinator_client, analyse(study))
        with CaptureQueriesContext(connection) as asked:
            shown_page(coordinator_client, study)
        n_queries.append(len(asked))
    assert n_queries[0] == n_queries[1] < MAX_QUERIES


def test_an_event_of_the_study_is_news(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    first = coordinator_client.get(url(analyse(open_study)))
    withdrawal.withdraw(alice.session)
    again = coordinator_client.get(url(open_study), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200


def test_a_fragment_is_the_page_without_its_frame(coordinator_client: Client, scripted: Study) -> None:
    fragment = coordinator_client.get(url(scripted), headers={"Clarify-Fragment": "1"}).content.decode()
    assert 'id="results"' in fragment
    assert "<html" not in fragment


def test_each_table_is_a_csv_file(coordinator_client: Client, scripted: Study) -> None:
    response = coordinator_client.get(url(scripted, "?table=table_3.csv"))
    assert response["Content-Disposition"] == 'attachment; filename="scripted-table_3.csv"'
    header, *rows = csv.reader(io.StringIO(response.content.decode()))
    assert header[:3] == ["task", "list", "text"]
    assert len(rows) == sum(len(texts) for lists in EXPECTED.values() for texts in lists.values())


def test_each_figure_is_an_svg_file(coordinator_client: Client, scripted: Study) -> None:
    response = coordinator_client.get(url(scripted, "?figure=error-scores"))
    assert response["Content-Type"] == "image/svg+xml"
    assert response.content.startswith(b"<svg")
    assert b"style=" not in response.content


def test_every_figure_hands_out_each_table_that_it_is_drawn_of(coordinator_client: Client, scripted: Study) -> None:
    shown = shown_page(coordinator_client, scripted)
    offered = {
        key: re.findall(r'href="\?table=([a-z0-9_]+)\.csv"', part)
        for key, part in re.findall(r'<figure id="figure-([a-z-]+)"(.*?)</figure>', shown, re.DOTALL)
    }
    assert offered["error-scores"] == ["summary", "experts", "estimates"]
    assert offered["worst-group"] == ["baselines", "summary", "estimates"]
    for table in {table for tables in offered.values() for table in tables}:
        assert coordinator_client.get(url(scripted, f"?table={table}.csv")).status_code == 200


def test_there_is_no_other_file(coordinator_client: Client, draft_study: Study) -> None:
    analyse(draft_study, draws=True)
    for query in ("?table=passwords.csv", "?figure=none", "?figure=annotation-time"):
        assert coordinator_client.get(url(draft_study, query)).status_code == 404, query


def test_an_analyst_of_the_study_sees_it_and_one_of_another_does_not(scripted: Study, draft_study: Study) -> None:
    analyst = User.objects.create_user("ana", password="x" * 12, is_staff=True)
    StudyMember.objects.create(study=scripted, user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    assert client.get(url(scripted)).status_code == 200
    assert client.get(url(draft_study)).status_code == 404
    assert client.post(url(scripted)).status_code == 404
    assert not Benchmark.objects.exists()


def test_a_coordinator_has_other_methods_measured(coordinator_client: Client, scripted: Study) -> None:
    assert "Measure the other methods" in shown_page(coordinator_client, scripted)
    response = coordinator_client.post(url(scripted))
    assert response.status_code == 302
    benchmark = Benchmark.objects.get()
    assert (benchmark.state, benchmark.methods, benchmark.requested_by) == (
        JobState.PENDING,
        list(benchmark_requests.METHODS),
        "coordinator",
    )
    shown = page(coordinator_client, scripted)
    assert "Other methods are being measured: 0 of 9." in shown
    assert "Measure the other methods" not in shown


def test_a_failed_measurement_says_why_and_can_be_asked_for_again(coordinator_client: Client, scripted: Study) -> None:
    benchmark_requests.ask(scripted, by="coordinator")
    Benchmark.objects.update(state=JobState.FAILED, error="no encoder", finished_at=timezone.now())
    shown = page(coordinator_client, scripted)
    assert "no encoder" in shown
    assert "Measure the other methods" in shown


def test_a_closed_study_is_followed_until_its_workers_are_done(coordinator_client: Client, open_study: Study) -> None:
    lifecycle.close_study(open_study)
    assert 'data-poll="0"' in page(coordinator_client, open_study)


def test_a_closed_study_whose_phrases_wait_is_followed(
    coordinator_client: Client, open_study: Study, alice: Visit
) -> None:
    add_phrase(alice, "red")
    lifecycle.close_study(open_study)
    assert 'data-poll="10"' in page(coordinator_client, open_study)
