"""Everything on the results page and in the files of a study is rebuilt from the event log.

All rows of a study that the log tells of are deleted and built again from the log. Then each table of an export and of
the analysis, and the bytes of the whole export, are the same as before.
"""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.log.log_registry import TABLES
from annotations.log.replay import differences, replay
from annotations.models import Study
from annotations.releases.study_export import study_document
from annotations.releases.tables.table_rows import Source, sources
from annotations.results.stored_rows import read_people
from tests.support.analysis_studies import analyse
from tests.support.logged import stored
from tests.support.rebuilding import rebuild
from worker.releases.release_building import EXTRAS

PAGES = ("results", "concepts", "correction")
_CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|data-etag="[^"]*"|As of [^;.]*'
)  # new for each answer
# What the numbers stand on, and is in no log: data sets, base models and what was found without people; the log itself.
MATERIAL = {
    *("Dataset", "BaseModel", "Control", "RandomSlices", "RandomSliceScores", "VocabularyLevel"),
    *("Benchmark", "KeywordRanking"),
    *("Gathering", "GatheringPart", "GatheredTraining"),  # what the staff gathered from a pool
    "StudyAnalysis",  # computed from the rest
    *("Event", "AuditRecord"),
}


def tables(study: Study) -> Iterator[Source]:
    """Every table of an export and of a release."""
    yield from sources(study, read_people(study))
    yield from EXTRAS.analyse(study).tables


def pages(client: Client, study: Study) -> dict[str, str]:
    """The pages of results, with statistics that are computed again."""
    analyse(study, draws=True)
    answers = {name: client.get(f"/admin/annotations/study/{study.pk}/{name}/") for name in PAGES}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: _CHANGING.sub("", answer.content.decode()) for name, answer in answers.items()}


def written(study: Study) -> dict[str, list[list[str]]]:
    return {each.table.file: list(each.table.lines(each)) for each in tables(study)}


def test_every_table_is_the_same_after_the_rows_were_built_again_from_the_log(whole: Study) -> None:
    assert differences(replay(whole), stored(whole)) == []
    before, study_json = written(whole), study_document(whole)
    empty = {file for file, lines in before.items() if len(lines) == 1}
    of_keywords = {"keywords.csv", "keyword_splits.csv", "phrases_among_keywords.csv", "people_less_machine.csv"}
    of_pools = {"slice_checks.csv", "gathered_data.csv"}
    of_others = {"experts.csv", "methods.csv", "conditions.csv", "paired.csv", "panels.csv"}
    assert empty <= of_others | of_keywords | of_pools, empty

    rebuild(whole)
    whole.refresh_from_db()

    assert differences(replay(whole), stored(whole)) == []
    after = written(whole)
    assert after.keys() == before.keys()
    for file, lines in before.items():
        assert after[file] == lines, file
    assert study_document(whole) == study_json


@pytest.mark.usefixtures("stopped_clock")
def test_every_page_of_results_is_the_same_after_the_rows_were_built_again(
    whole: Study, coordinator_client: Client
) -> None:
    before = pages(coordinator_client, whole)
    rebuild(whole)
    assert pages(coordinator_client, whole) == before


def test_what_was_rebuilt_had_been_deleted(whole: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the log there is nothing: no table comes from rows that the rebuilding leaves where they are."""
    before = written(whole)
    monkeypatch.setattr("tests.support.rebuilding.insert", lambda *args: None)
    rebuild(whole)
    left = {file for file, lines in written(whole).items() if len(lines) > 1 and lines == before[file]}
    assert left == set()


def test_every_table_of_the_database_that_a_file_is_made_of_is_in_the_log(whole: Study) -> None:
    logged = {table.model.__name__ for table in TABLES}
    by_table = {model._meta.db_table: model.__name__ for model in apps.get_app_config("annotations").get_models()}
    with CaptureQueriesContext(connection) as queries:
        written(whole)
        study_document(whole)
    named = {by_table[name] for query in queries for name in re.findall(r'"?(annotations_[a-z]+)"?', query["sql"])}
    assert {"Span", "Phrase", "Run", "Correction"} <= named
    assert named - logged <= MATERIAL
