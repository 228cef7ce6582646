"""What the pre-flight finds, each fault planted alone in a study that is right."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import BaseModel, Condition, Dataset, DatasetImport, Study, VocabularyLevel
from annotations.models import Task as StudyTask
from annotations.prolific_client.payloads import CompletionCode, RemoteStudy
from annotations.studies import lifecycle
from annotations.studies.preflight.check_result import FixIn, Level
from annotations.studies.preflight.preflight_report import blocking, report
from annotations.studies.preflight.prolific_checks import remote_checks
from clarify_errors.arrays.datasets.dataset_files import Split, file_sha256, open_dataset
from clarify_errors.arrays.phrases import vocabulary_level
from tests.support import actors
from tests.support.rows import add_phrase
from tests.support.vocabularies import words_scored


def levels(study: Study, text: str) -> list[tuple[Level, FixIn | None]]:
    """How the checks came out whose sentence holds the text."""
    return [(c.level, c.fix_in) for part in report(study) for c in part.checks if text in c.sentence]


def test_a_study_that_is_right_lacks_a_rehearsal_alone(draft_study: Study) -> None:
    assert blocking(draft_study) == [
        "The study has not been rehearsed. Start a rehearsal under “Rehearse and preview”."
    ]
    assert blocking(draft_study, without_rehearsal=True) == []
    assert levels(draft_study, "is right on 15 and wrong on 9 of the validation images of “square”") == [
        (Level.PASS, None)
    ]
    assert levels(draft_study, "is as it was imported: 196 images") == [(Level.PASS, None)]
    assert levels(draft_study, "12 sampled images of sprites-like v1 can be opened.") == [(Level.PASS, None)]


def test_a_study_in_a_language_that_the_encoder_does_not_understand_is_not_opened(draft_study: Study) -> None:
    Study.objects.update(phrase_language="de")
    draft_study.refresh_from_db()
    assert levels(draft_study, "does not understand German") == [(Level.BLOCK, FixIn.TASKS)]


@pytest.mark.parametrize(
    ("field", "value", "text", "level", "mend"),
    [
        ("completion_url", "https://app.prolific.co/x?cc={code}", "no longer answers", Level.BLOCK, FixIn.ENTRY),
        ("completion_url", "https://app.prolific.com/x", "Put {code} where the code belongs", Level.BLOCK, FixIn.ENTRY),
        ("completion_url", "https://elsewhere.org/{code}", "which is not Prolific’s", Level.WARN, FixIn.ENTRY),
        ("completion_url", "", "People copy their code", Level.PASS, None),
        (
            "researcher_code",
            "C0DE1234",
            "The outcomes “completed” and “researcher” have the same code",
            Level.BLOCK,
            FixIn.ENTRY,
        ),
        ("session_parameter", "STUDY_ID", "different names", Level.BLOCK, FixIn.LINK),
        ("external_study_id", "64a0f1", "Links that name another study", Level.PASS, None),
        ("max_minutes", 14, "times people out after 14", Level.BLOCK, FixIn.MONEY),
        ("max_minutes", 15, "Prolific gives 15", Level.PASS, None),
        ("lease_minutes", 10, "Hold it longer", Level.WARN, FixIn.PLACES),
        ("goal", 0.3, "so people can reach it by chance", Level.WARN, FixIn.TASKS),
        (
            "reward_cents",
            100,
            "1.00 GBP each is at least 4.00 GBP an hour. That is less than 9.00",
            Level.WARN,
            FixIn.MONEY,
        ),
        ("reward_cents", 225, "2.25 GBP each is at least 9.00 GBP an hour.", Level.PASS, None),
        ("retention_days", 30, "destroyed 30 days after", Level.PASS, None),
        ("quota", 30, "30 people, who all see the same.", Level.PASS, None),
    ],
)
def test_each_setting_is_looked_at(
    draft_study: Study, field: str, value: Any, text: str, level: Level, mend: FixIn | None
) -> None:
    setattr(draft_study, field, value)
    draft_study.save()
    assert levels(draft_study, text) == [(level, mend)]


@pytest.mark.parametrize("pays", [{"reward_cents": 300}, {"bonus_cents": 50}], ids=["reward", "bonus"])
def test_a_study_that_pays_opens_for_verified_people_alone(draft_study: Study, settings: Any, pays: Any) -> None:
    said = (
        "anybody can use its link to invent people",
        "Only people whom Prolific or an invitation vouches for can enter. ",
    )
    assert [levels(draft_study, text) for text in said] == [[], []]  # nobody is paid
    Study.objects.update(**pays)
    draft_study.refresh_from_db()
    assert levels(draft_study, said[0]) == [(Level.BLOCK, FixIn.ENTRY)]
    draft_study.only_verified = True
    assert [levels(draft_study, text) for text in said] == [[], [(Level.PASS, None)]]
    assert levels(draft_study, "no token is set here") == [(Level.PASS, None)]
    settings.PROLIFIC_TOKEN = "a token"
    assert levels(draft_study, "Prolific’s API confirms them too.") == [(Level.PASS, None)]


@pytest.mark.parametrize("field", ["completion_code", "no_consent_code", "failed_check_code", "researcher_code"])
def test_a_code_that_another_study_has_is_told(draft_study: Study, field: str) -> None:
    other = Study.objects.create(slug="other", title="Other", **{"completion_code": "0TH3R", field: "C0DE1234"})
    sentence = "Another study uses one of these codes too"
    assert levels(draft_study, sentence) == [(Level.WARN, FixIn.ENTRY)]
    Study.objects.filter(pk=other.pk).update(**{field: "ANOTHER1"})
    assert levels(draft_study, sentence) == []


def test_alarms_by_mail_reach_somebody_only_where_the_site_sends_mail(draft_study: Study, settings: Any) -> None:
    draft_study.alarm_email = "a@example.org"
    settings.SENDS_EMAIL = True
    assert levels(draft_study, "Alarms go to a@example.org.") == [(Level.PASS, None)]
    settings.SENDS_EMAIL = False
    assert levels(draft_study, "sends no e-mail, so alarms cannot reach a@example.org") == [(Level.WARN, FixIn.ALARMS)]


def test_a_quota_that_does_not_spread_is_told(draft_study: Study) -> None:
    for position in (1, 2):
        Condition.objects.create(study=draft_study, position=position, name=str(position))
    draft_study.quota = 31
    uneven = "31 people cannot be spread evenly over 2 combinations of condition and order of tasks. Use a multiple"
    assert levels(draft_study, uneven) == [(Level.WARN, FixIn.PLACES)]
    draft_study.quota = 32
    assert levels(draft_study, "32 people, 16 in each of 2 combinations") == [(Level.PASS, None)]


def test_a_crowd_needs_a_clock_and_experts_do_not(draft_study: Study) -> None:
    draft_study.tasks.update(time_limit_s=None)
    assert levels(draft_study, "Task 1: it has no time limit") == [(Level.BLOCK, FixIn.TASKS)]
    draft_study.audience = "experts"
    assert levels(draft_study, "Task 1: it has no") == [(Level.PASS, None)]


def test_files_that_changed_since_the_import_block(
    draft_study: Study, tmp_path: Path, settings: Any, sprites_directory: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sprites_directory, copy)
    settings.DATA_ROOT = tmp_path
    Dataset.objects.update(directory="copy")
    names = copy / "filenames.json"
    names.write_text(names.read_text() + " ")
    assert levels(draft_study, "filenames.json of sprites-like v1 changed") == [(Level.BLOCK, FixIn.LIBRARY)]
    for image in copy.rglob("*.webp"):
        image.write_bytes(b"RIFF")
    assert levels(draft_study, "12 of 12 images of sprites-like v1 cannot be opened") == [(Level.BLOCK, FixIn.LIBRARY)]
    Dataset.objects.update(digest="0" * 64)
    assert levels(draft_study, "have another version than its entry here") == [(Level.BLOCK, FixIn.LIBRARY)]


def test_images_that_nobody_can_see_block(
    draft_study: Study, tmp_path: Path, settings: Any, sprites_directory: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sprites_directory, copy)
    settings.DATA_ROOT = tmp_path
    Dataset.objects.update(directory="copy")
    files, manifest = open_dataset(copy), json.loads((copy / "manifest.json").read_text())
    np.save(copy / "pictured.npy", files.splits != Split.VALIDATION)
    manifest["files"]["pictured.npy"] = file_sha256(copy / "pictured.npy")
    (copy / "manifest.json").write_text(json.dumps(manifest))
    n = len(files.rows(Split.VALIDATION))
    said = f"{n} of {n} validation images of sprites-like v1 have no picture, so people cannot see them"
    assert levels(draft_study, said) == [(Level.BLOCK, FixIn.LIBRARY)]


def test_a_study_without_tasks_says_that_alone_of_them(draft_study: Study) -> None:
    StudyTask.objects.all().delete()
    assert blocking(draft_study) == ["The study has no task. Add at least one."]


def test_an_encoder_is_known_once_it_scored_a_phrase(open_study: Study, alice: actors.Visit) -> None:
    assert levels(open_study, "No phrase has been scored on sprites-like v1") == [(Level.WARN, FixIn.REHEARSAL)]
    score = add_phrase(alice, "red", 0.5).score
    score.dataset_digest = Dataset.objects.get().digest
    score.save()
    assert levels(open_study, "python:tests.support.fake_encoder scored a phrase on sprites-like v1") == [
        (Level.PASS, None)
    ]


def test_images_that_somebody_imported_with_the_bundled_encoder_are_worth_a_look(draft_study: Study) -> None:
    says = "sprites-like v1 uses the encoder that comes with Clarify"
    Dataset.objects.update(similarity_encoder="bundled:small-clip")
    assert levels(draft_study, says) == []  # drawn by a command of the site's own
    DatasetImport.objects.create(
        name="birds", folder="birds", state="done", dataset=Dataset.objects.get(), finished_at=timezone.now()
    )
    assert levels(draft_study, says) == [(Level.DOUBT, FixIn.LIBRARY)]
    Dataset.objects.update(similarity_encoder="python:tests.support.fake_encoder")
    assert levels(draft_study, says) == []


def test_ids_that_are_kept_until_somebody_destroys_them_are_to_be_named_in_the_consent(draft_study: Study) -> None:
    draft_study.consent_text = "We keep your words. Do you agree?"
    assert levels(draft_study, "Say so in the consent text.") == [(Level.WARN, FixIn.PRIVACY)]
    draft_study.consent_text = "We keep your words. {retention} Do you agree?"
    assert levels(draft_study, "The consent text says so.") == [(Level.WARN, FixIn.PRIVACY)]


REMOTE = RemoteStudy(
    status="UNPUBLISHED",
    told_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    name="Sprites",
    url="",
    id_option="url_parameters",
    completion_codes=(CompletionCode("C0DE1234", "COMPLETED", "participant", ("MANUALLY_REVIEW",)),),
    places=30,
    estimated_minutes=15,
    max_minutes=45,
    reward_cents=250,
    currency="GBP",
)


def remote(study: Study, **changed: Any) -> list[tuple[Level, str]]:
    url = lifecycle.entry_url(study)
    theirs = RemoteStudy(**{**REMOTE.__dict__, "url": url, **changed})
    return [(check.level, check.sentence) for check in remote_checks(study, theirs, url)]


def test_a_study_that_agrees_with_prolific_passes(draft_study: Study) -> None:
    assert remote(draft_study) == [(Level.PASS, "“Sprites” on Prolific agrees with this one. It is unpublished there.")]


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        ({}, {"url": "https://elsewhere.org/study/sprites/"}, "sends people to https://elsewhere.org/study/sprites/"),
        ({}, {"url": "http://localhost/study/sprites/?PROLIFIC_PID=x"}, "lacks SESSION_ID, STUDY_ID"),
        ({}, {"id_option": "question"}, "Choose “URL parameters”"),
        ({}, {"completion_codes": ()}, "The code for “completed” is not on Prolific"),
        ({"failed_check_code": "FAIL"}, {}, "The code for “failed check” is not on Prolific"),
        ({}, {"max_minutes": 10}, "times people out after 10 minutes, and a visit may take 15"),
        ({"max_minutes": 60}, {}, "is 45 minutes there and 60 here"),
        ({"reward_cents": 300}, {}, "2.50 there and 3.00 here"),
        ({"quota": 40}, {}, "Prolific has 30 places, but the quota here is 40."),
        ({}, {"currency": "USD"}, "in USD there and in GBP here"),
        (
            {},
            {"status": "ACTIVE"},
            "already sends people, but this study is draft. Open it here, or pause it on Prolific.",
        ),
        ({"state": "paused"}, {"status": "ACTIVE"}, "but this study is paused"),
        (
            {"state": "active"},
            {"status": "COMPLETED"},
            "The study is completed on Prolific, so nobody comes from there any more",
        ),
    ],
)
def test_what_differs_is_told(draft_study: Study, ours: dict[str, Any], theirs: dict[str, Any], text: str) -> None:
    for name, value in ours.items():
        setattr(draft_study, name, value)
    [(level, sentence)] = remote(draft_study, **theirs)
    assert level is Level.WARN
    assert text in sentence


@pytest.mark.parametrize(
    ("code", "ours", "text"),
    [
        (
            CompletionCode("R", "COMPLETED", "participant", ()),
            {"researcher_code": "R"},
            "“researcher” has the participant as its actor on Prolific, and needs the researcher",
        ),
        (
            CompletionCode("N", "NO_CONSENT", "researcher", ()),
            {"no_consent_code": "N"},
            "“no consent” has the researcher as its actor on Prolific, and needs the participant",
        ),
        (
            CompletionCode("F", "OTHER", "participant", ()),
            {"failed_check_code": "F"},
            "does not set off REQUEST_RETURN",
        ),
        (
            CompletionCode("F", "FIXED_SCREENOUT", "participant", ("REQUEST_RETURN",)),
            {"failed_check_code": "F", "failed_check_is_paid": True},
            "does not set off FIXED_SCREEN_OUT_PAYMENT",
        ),
    ],
)
def test_a_code_that_does_something_else_there_is_told(
    draft_study: Study, code: CompletionCode, ours: dict[str, Any], text: str
) -> None:
    for name, value in ours.items():
        setattr(draft_study, name, value)
    [(_level, sentence)] = remote(draft_study, completion_codes=(*REMOTE.completion_codes, code))
    assert text in sentence


def with_tasks(study: Study, n: int, **fields: Any) -> Study:
    """The study with n more tasks like its first."""
    first = study.tasks.get()
    StudyTask.objects.bulk_create(
        StudyTask(study=study, position=position, base_model=first.base_model, target_class=0, **fields)
        for position in range(2, n + 2)
    )
    return study


def test_a_thousand_tasks_are_read_with_as_many_queries_as_one(
    draft_study: Study, django_assert_max_num_queries: Any
) -> None:
    report(draft_study)  # what is cached of the data set is read once
    with CaptureQueriesContext(connection) as one:
        report(draft_study)
    with_tasks(draft_study, 999)
    with django_assert_max_num_queries(len(one)):
        report(draft_study)


def test_of_many_tasks_those_that_are_not_right_are_told_and_counted(draft_study: Study) -> None:
    with_tasks(draft_study, 49, time_limit_s=None)
    (part,) = [part for part in report(draft_study) if part.title == "Tasks and images"]
    blocks = [check.sentence for check in part.checks if check.level is Level.BLOCK]
    assert len(blocks) == 21
    assert blocks[0] == "Task 2: it has no time limit. Only a study of experts may omit it. Set a time limit."
    assert blocks[-1] == "29 more problems like these, in 50 tasks."
    assert levels(draft_study, "Everything else is right in all of the 50 tasks.") == [(Level.PASS, None)]


def test_a_small_class_cannot_tell_anybody_from_guessing(draft_study: Study) -> None:
    assert levels(draft_study, "nobody can be distinguished from guessing") == [(Level.DOUBT, FixIn.TASKS)]


@pytest.mark.parametrize(("shares", "found"), [([0.58, 0.47], [(Level.DOUBT, FixIn.LIBRARY)]), ([0.625, None], [])])
def test_a_model_that_hardly_knows_its_classes_is_told(
    draft_study: Study, shares: list[float | None], found: list[tuple[Level, FixIn | None]]
) -> None:
    BaseModel.objects.update(validation_accuracies=shares)
    assert levels(Study.objects.get(), "of a class’s validation images, on average; guessing reaches 50%") == found


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary_level, "MIN_IMAGES", 5)  # the small set has nine errors, and a half of it five


@pytest.mark.usefixtures("telling")
def test_common_words_that_are_not_scored_yet_are_waited_for(draft_study: Study) -> None:
    assert levels(draft_study, "common words are still being scored") == [(Level.WARN, FixIn.TASKS)]


@pytest.mark.usefixtures("telling")
@pytest.mark.parametrize(
    ("level", "goal", "text", "found"),
    [
        (0.3, None, "People’s words must exceed that", (Level.PASS, None)),
        (0.3, 0.3, "guessing reaches it. Raise the goal", (Level.WARN, FixIn.TASKS)),
        (0.51, None, "only words that explain more than half", (Level.WARN, FixIn.TASKS)),
        (0.75, None, "even words that explain the mistakes very well", (Level.BLOCK, FixIn.TASKS)),
    ],
)
def test_what_one_common_word_reaches_is_looked_at(
    draft_study: Study, level: float, goal: float | None, text: str, found: tuple[Level, FixIn | None]
) -> None:
    Study.objects.filter(pk=draft_study.pk).update(goal=goal)
    words_scored(draft_study.tasks.get(), [level])
    assert levels(Study.objects.get(pk=draft_study.pk), text) == [found]


@pytest.mark.usefixtures("telling")
def test_an_encoder_that_hardly_knows_english_is_told(draft_study: Study) -> None:
    words_scored(draft_study.tasks.get(), [0.1])
    VocabularyLevel.objects.update(n_distinct=12, n_words=4_000)
    assert levels(draft_study, "tells only 12 of 4,000 common words apart, and one that knows English 500 or more") == [
        (Level.DOUBT, FixIn.LIBRARY)
    ]


@pytest.mark.usefixtures("telling")
@pytest.mark.parametrize(("best", "found"), [(0.49, [(Level.DOUBT, FixIn.TASKS)]), (0.5, [])])
def test_a_class_whose_mistakes_no_common_word_explains_well_is_in_doubt(
    draft_study: Study, best: float, found: list[Any]
) -> None:
    words_scored(draft_study.tasks.get(), [*[0.1] * 39, best])
    assert levels(draft_study, f"the best of 40 common words scores {best:.2f}, and “well” begins at 0.50") == found


def test_a_bonus_whose_half_is_small_is_told(draft_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary_level, "MIN_IMAGES", 6)
    words_scored(draft_study.tasks.get(), [0.1])
    assert levels(draft_study, "the half of the images that judges a bonus") == []
    Study.objects.filter(pk=draft_study.pk).update(bonus_cents=50)
    changed = Study.objects.get(pk=draft_study.pk)
    assert levels(changed, "the half of the images that judges a bonus") == [(Level.WARN, FixIn.MONEY)]
