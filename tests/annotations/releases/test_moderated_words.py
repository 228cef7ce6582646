"""What the staff hid or excluded stands in no table, figure or file that leaves the site."""

import io
import json
import zipfile

import pytest

from annotations.analysis.figures.study_figures import figures
from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_files import correction_document
from annotations.models import Moderation, Phrase, Run, Score, Study
from annotations.releases import moderation
from annotations.releases.study_export import write_study_zip
from annotations.results.study_analysis import Analysed
from annotations.runs.head_files import RunExcluded, head_files
from tests.support import correcting
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score
from worker.corrections import train_due_corrections
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.usefixtures("stored_base_model", "no_snapshot")

HIDDEN, EXCLUDED = "red zanzibar", "crimson quetzal"


@pytest.fixture(scope="module")
def stored_moderated(stored_alice: Visit, stored_bob: Visit) -> Study:
    """Alice's best words are hidden, Bob's are excluded; each was in the analysis before."""
    alice, bob = stored_alice, stored_bob
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


@pytest.fixture
def moderated(db: None, stored_moderated: Study) -> Study:
    return Study.objects.get(pk=stored_moderated.pk)


def told(study: Study) -> str:
    """Everything that the analysis says, as one text."""
    tables = Analysed(study).tables
    return repr([list(table.rows) for table in tables.all]) + repr(figures(tables)) + repr(Analysed(study).concepts)


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


def of(study: Study, text: str) -> Run:
    return Run.objects.select_related("base_model__dataset", "assignment__task").get(
        assignment__session__study=study, phrase_text=text
    )


def test_the_model_card_of_a_head_does_not_say_what_was_hidden_after_it_was_trained(moderated):
    run = of(moderated, HIDDEN)
    files = head_files(run)
    assert all(b"zanzibar" not in data for data in files.values())
    assert json.loads(files["model_card.json"])["annotation"]["phrase"] == "(hidden)"
    assert "with “(hidden)” and without it" in files["MODEL_CARD.md"].decode()
    moderation.moderate(Phrase.objects.get(text=HIDDEN), Moderation.APPROVED, by="carol")
    assert json.loads(head_files(run)["model_card.json"])["annotation"]["phrase"] == HIDDEN


def test_the_head_of_an_excluded_phrase_is_handed_out_no_more(moderated):
    phrase, run = Phrase.objects.get(text=HIDDEN), of(moderated, HIDDEN)
    moderation.moderate(phrase, Moderation.EXCLUDED, by="carol", reason="names somebody")
    with pytest.raises(RunExcluded, match="was excluded, so its head cannot be downloaded"):
        head_files(run)
    moderation.moderate(phrase, Moderation.UNREVIEWED, by="carol")
    assert HIDDEN in head_files(run)["MODEL_CARD.md"].decode()


def test_a_head_that_another_phrase_gave_too_is_handed_out_without_the_words(moderated):
    """Two phrases are the same annotation: one of them was excluded, the other one counts."""
    run = of(moderated, HIDDEN)
    moderation.moderate(Phrase.objects.get(text=HIDDEN), Moderation.EXCLUDED, by="carol", reason="names somebody")
    Score.objects.filter(phrase__text="dark").update(run=run)
    assert "(hidden)" in head_files(run)["MODEL_CARD.md"].decode()


def test_the_report_of_a_correction_does_not_say_what_was_hidden_later(base_model):
    study = correcting.study_of_both(base_model)
    red, blue = correcting.say(study, "ana")
    correcting.approve(red, blue)
    correction = corrections.request(study, base_model, by="carol")
    train_due_corrections()
    correction.refresh_from_db()
    before = correction_document(correction)
    assert [each["phrase"] for each in before["annotations"]] == ["red", "blue"]
    assert [each["phrase"] for each in before["leave_one_out"]] == ["red", "blue"]
    moderation.moderate(red, Moderation.HIDDEN, by="carol", reason="names somebody")
    after = correction_document(correction)
    assert [each["phrase"] for each in after["leave_one_out"]] == ["(hidden)", "blue"]
    (hidden, shown) = after["annotations"]
    assert (hidden["phrase"], hidden["rendered_text"], shown["phrase"]) == ("(hidden)", "(hidden)", "blue")
