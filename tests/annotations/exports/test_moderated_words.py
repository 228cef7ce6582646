"""What the staff hid or excluded stands in no table, figure or file that leaves the site."""

import io
import zipfile

import pytest

from annotations.analysis.figures import figures
from annotations.analysis.latest import latest_concepts, latest_tables
from annotations.exports.study_export import write_study_zip
from annotations.models import Moderation, Study
from annotations.services import moderation
from tests.steps import end, submit_and_score
from worker.retraining import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)  # an export reads in a transaction of its own

HIDDEN, EXCLUDED = "red zanzibar", "crimson quetzal"


@pytest.fixture
def moderated(alice, bob) -> Study:
    """Alice's best words are hidden, Bob's are excluded; each was in the analysis before."""
    (hidden,), (excluded,) = submit_and_score(alice, HIDDEN), submit_and_score(bob, EXCLUDED)
    submit_and_score(alice, "dark")
    end(alice), end(bob)
    train_due_runs()
    study: Study = alice.session.study
    before = told(study)
    assert HIDDEN in before and EXCLUDED in before
    moderation.moderate(hidden, Moderation.HIDDEN, by="carol", reason="names somebody")
    moderation.moderate(excluded, Moderation.EXCLUDED, by="carol", reason="an insult")
    return study


def told(study: Study) -> str:
    """Everything that the analysis says, as one text."""
    tables = latest_tables(study)
    return repr([list(table.rows) for table in tables.all]) + repr(figures(tables)) + repr(latest_concepts(study))


def exported(study: Study) -> str:
    file = io.BytesIO()
    write_study_zip(study, file)
    with zipfile.ZipFile(file) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def test_no_table_and_no_figure_says_them(moderated):
    said = told(moderated)
    assert "zanzibar" not in said
    assert "quetzal" not in said


def test_no_file_of_an_export_says_them(moderated):
    said = exported(moderated)
    assert "zanzibar" not in said
    assert "quetzal" not in said
