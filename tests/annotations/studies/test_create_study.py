"""Creating a study, by the service and by the command."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotations.base.service_errors import NotPossible
from annotations.models import BaseModel, Study, StudyState, Task
from annotations.studies.lifecycle import create_study
from tests.support.actors import OVAL, SQUARE

REFERENCE = "sprites-like/by colour"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_study", *arguments, stdout=out)
    return out.getvalue()


def test_tasks_are_numbered_in_the_order_given(base_model: BaseModel) -> None:
    tasks = [{"base_model": base_model, "target_class": OVAL}, {"base_model": base_model, "max_phrases": 3}]
    study = create_study(slug="two", title="Two tasks", completion_code="X", tasks=tasks)
    assert list(study.tasks.values_list("position", "target_class", "max_phrases")) == [(1, OVAL, 20), (2, None, 3)]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"slug": "not a slug"}, "slug"),
        ({"completion_code": ""}, "completion_code"),
        ({"goal": 2.0}, "goal"),
        ({"scheme": "by feeling"}, "scheme"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    base_model: BaseModel, fields: dict[str, object], named: str
) -> None:
    good: dict[str, object] = {"slug": "good", "title": "Good", "completion_code": "X"}
    with pytest.raises(NotPossible, match=named):
        create_study(tasks=[{"base_model": base_model}], **{**good, **fields})  # type: ignore[arg-type]
    assert not Study.objects.exists()


def test_a_bad_task_takes_its_study_with_it(base_model: BaseModel) -> None:
    tasks = [{"base_model": base_model, "min_phrases": 9, "max_phrases": 3}]
    with pytest.raises(NotPossible):
        create_study(slug="good", title="Good", completion_code="X", tasks=tasks)
    assert not Study.objects.exists()


def test_the_command_and_its_file_choose_the_scheme(base_model: BaseModel, tmp_path: Path) -> None:
    run("mean", "--scheme", "mean_slices", "--base-model", REFERENCE)
    file = tmp_path / "study.json"
    file.write_text(json.dumps({"slug": "paper", "scheme": "paper", "tasks": [{"base_model": REFERENCE}]}))
    run("--from-json", str(file))
    assert dict(Study.objects.values_list("slug", "scheme")) == {"mean": "mean_slices", "paper": "paper"}


def test_the_command_makes_a_study_of_experts(base_model: BaseModel) -> None:
    printed = run("experts", "--experts", "--base-model", REFERENCE, "--open")
    study = Study.objects.get(slug="experts")
    assert (study.audience, study.state) == ("experts", StudyState.ACTIVE)
    assert list(study.tasks.values_list("target_class", "time_limit_s")) == [(SQUARE, None)]
    assert "Annotate as an expert" in printed and "Participants' link" not in printed


def test_the_command_creates_and_opens_a_study_and_prints_its_link(base_model: BaseModel) -> None:
    printed = run("birds", "--base-model", REFERENCE, "--target-class", "oval", "--open", "--without-rehearsal")
    study = Study.objects.get(slug="birds")
    assert (study.state, study.tasks.get().target_class) == (StudyState.ACTIVE, OVAL)
    assert len(study.completion_code) == 8
    assert "The study has not been rehearsed" in printed
    assert study.audit_records.filter(act="study_opened").get().detail == {
        "configuration": 1,
        "without_rehearsal": True,
    }
    assert "/study/birds/?PROLIFIC_PID={{%PROLIFIC_PID%}}" in printed


def test_the_command_reads_a_json_file(base_model: BaseModel, tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    tasks = [{"base_model": f"{REFERENCE}"}, {"base_model": "sprites-like@1/by colour", "target_class": 1}]
    file.write_text(json.dumps({"slug": "birds", "title": "Birds", "completion_code": "X", "tasks": tasks}))
    run("--from-json", str(file))
    assert Study.objects.get().state == StudyState.DRAFT
    assert list(Task.objects.values_list("target_class", flat=True)) == [None, OVAL]


def test_the_command_opens_nothing_that_was_not_rehearsed(base_model: BaseModel) -> None:
    with pytest.raises(
        CommandError, match=r"is still a draft\. .* “Rehearse and preview”, or open the study with --without-rehearsal"
    ):
        run("birds", "--base-model", REFERENCE, "--open")
    assert Study.objects.get().state == StudyState.DRAFT


@pytest.mark.parametrize(
    "options", [["--title", "Other"], ["--base-model", REFERENCE], ["--experts"], ["--scheme", "paper", "--open"]]
)
def test_the_command_makes_no_other_study_of_a_slug_that_is_taken(draft_study: Study, options: list[str]) -> None:
    with pytest.raises(CommandError, match=r"already exists \(draft\)\. Choose another slug"):
        run("sprites", *options)
    assert Study.objects.get().state == StudyState.DRAFT
    assert draft_study.tasks.get().target_class == SQUARE


def test_the_command_opens_a_study_that_is_there(draft_study: Study) -> None:
    assert "already exists (draft)" in run("sprites")
    run("sprites", "--open", "--without-rehearsal")
    draft_study.refresh_from_db()
    assert draft_study.state == StudyState.ACTIVE


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["birds", "--title", "Birds", "--time-limit", "90"], "need its --base-model"),
        (["birds"], "Give a slug and --base-model"),
        (["birds", "--base-model", "nothing/erm"], r"Known base models: sprites-like@1/by colour"),
        (["birds", "--base-model", "sprites-like@9/by colour"], "no base model"),
        (["birds", "--base-model", REFERENCE, "--target-class", "cat"], "Its classes: square, oval"),
        (["--from-json", "/nowhere/study.json"], "cannot be read"),
    ],
)
def test_the_command_says_what_is_wrong(base_model: BaseModel, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
    assert not Study.objects.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"slug": "x", "tasks": [1]}', '{"title": "no slug"}'])
def test_a_file_that_is_no_study_is_refused(base_model: BaseModel, tmp_path: Path, text: str) -> None:
    file = tmp_path / "study.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=r"study\.json"):
        run("--from-json", str(file))
