"""A study whose people write German: how its phrases are read and scored, and what is English alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from annotations.models import BaseModel, Dataset, Score, Study, Task, VocabularyLevel
from annotations.phrases.vocabulary_levels import levels_of
from annotations.studies.preflight.check_result import Level
from annotations.studies.preflight.preflight_report import report
from clarify_errors.arrays.phrases import vocabulary_level as levels
from clarify_errors.arrays.phrases.phrase_languages import phrase_language
from clarify_errors.arrays.phrases.word_forms import words_digest
from tests.support import actors
from tests.support.steps import submit_and_score
from tests.support.views_pages import say
from worker.phrases import rewordings
from worker.phrases import scoring as worker
from worker.phrases.scoring import score_due_phrases, score_missing_vocabularies

WORDS = ("rot", "blau", "dunkel", "Quadrat", "Wald", "Wiese", "Haus", "Tisch")


@pytest.fixture
def german_study(base_model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> Study:
    Dataset.objects.update(similarity_encoder="python:tests.support.german_encoder")
    monkeypatch.setattr(Dataset, "phrase_languages", ("en", "de"))  # as a manifest says that was written with it
    study = actors.create_study(base_model, phrase_language="de", suggest_rewordings=True)
    Task.objects.update(text_template=phrase_language("de").template)
    return study


@pytest.fixture
def german(german_study: Study) -> actors.Visit:
    return actors.start_visit(actors.open_study(german_study), "grete")


@pytest.fixture
def data_root_of_ones_own(base_model: BaseModel, tmp_path: Path) -> Iterator[Path]:
    """A DATA_ROOT with the data sets of the other, into which a list of words can be put."""
    for entry in settings.DATA_ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    with override_settings(DATA_ROOT=tmp_path):
        yield tmp_path


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worker.forget()
    monkeypatch.setattr(levels, "MIN_IMAGES", 4)  # the small set has nine errors
    monkeypatch.setattr(worker, "TURN_S", 600.0)
    yield
    worker.forget()


def checks(study: Study, text: str) -> list[tuple[Level, str]]:
    return [(c.level, c.sentence) for part in report(study) for c in part.checks if text in c.sentence]


def list_words(data_root: Path, *words: str) -> None:
    (data_root / "common-words").mkdir()
    (data_root / "common-words" / "de.txt").write_text("\n".join(["# from a test", "", *words]), "utf-8")


def test_a_german_phrase_is_scored_by_its_german_rules_and_says_so(german: actors.Visit) -> None:
    red, no_red, said = (phrase.score for phrase in submit_and_score(german, "rot", "kein rot", "es gibt kein rot"))
    assert red.value > 0.8
    assert (red.language, red.text_template, red.rendered_text) == ("de", "ein Bild von {phrase}", "ein Bild von rot")
    assert (no_red.sign, no_red.subject) == (said.sign, said.subject) == (-1, "rot")
    assert no_red.text_embedding == red.text_embedding


def test_what_is_made_from_english_words_alone_is_left_out(german: actors.Visit) -> None:
    assert say(german, "qwzx").status_code == 303  # without a question whether it is spelled right
    score_due_phrases()
    assert Score.objects.get().rewordings == []


def test_without_a_list_of_german_words_no_level_is_scored_and_preflight_says_so(german_study: Study) -> None:
    assert score_missing_vocabularies() == 0
    assert not VocabularyLevel.objects.exists()
    ((level, sentence),) = checks(german_study, "list of common")
    assert level is Level.DOUBT
    assert sentence == (
        "Task 1: this site has no list of common German words, so nobody counts as better than guessing. Ask its "
        "operator for common-words/de.txt (docs/operators/operations.md)."
    )
    Study.objects.update(bonus_cents=50)
    german_study.refresh_from_db()
    ((level, sentence),) = checks(german_study, "list of common")
    assert level is Level.BLOCK and "no bonus is earned" in sentence


def test_that_other_wordings_are_english_is_told_before_opening(german_study: Study) -> None:
    told = "Suggested rewordings are English, so nobody gets any in this language."
    assert checks(german_study, "Suggested rewordings") == [(Level.WARN, told)]
    Study.objects.update(suggest_rewordings=False)
    german_study.refresh_from_db()
    assert checks(german_study, "Suggested rewordings") == []


def test_an_operators_list_of_german_words_makes_the_level(german_study: Study, data_root_of_ones_own: Path) -> None:
    list_words(data_root_of_ones_own, *WORDS, "rot")
    assert score_missing_vocabularies() == 1
    level = VocabularyLevel.objects.get()
    assert (level.language, level.n_words, level.words_digest) == ("de", len(WORDS), words_digest(WORDS))
    assert list(levels_of(german_study.tasks.all()).values()) == [level]
    assert checks(german_study, "list of common") == []
    assert len(checks(german_study, "and one that knows German 500 or more")) == 1  # eight words are few


def test_the_same_template_in_two_languages_has_two_levels(
    german_study: Study, base_model: BaseModel, data_root_of_ones_own: Path
) -> None:
    list_words(data_root_of_ones_own, *WORDS)
    english = actors.create_study(base_model, "english")
    Task.objects.update(text_template="{phrase}")
    assert score_missing_vocabularies() == 2
    of_english, of_german = (next(iter(levels_of(study.tasks.all()).values())) for study in (english, german_study))
    assert of_english and of_german
    assert (of_english.language, of_german.language) == ("en", "de")
    assert of_english.n_words > of_german.n_words == len(WORDS)


def test_no_rewordings_are_made_ready_for_a_german_study(german: actors.Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(rewordings, "embedded", lambda spec, template: asked.append(template))
    rewordings.prepare()
    assert asked == []
    Study.objects.update(phrase_language="en")
    rewordings.prepare()
    assert asked == ["ein Bild von {phrase}"]
