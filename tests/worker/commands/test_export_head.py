"""`manage.py export_head`: the corrected model leaves the system, with a card that says what it is."""

import io
import json
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse
from huggingface_hub import ModelCard

from annotations.base.data_store.folder_store import FolderStore
from annotations.models import BaseModel, BaseModelOrigin, Run, RunState
from annotations.runs.head_files import RunHasNoHead, head_files, head_zip
from annotations.runs.retraining import refuse_run
from clarify_errors.arrays.retraining.heads import Head, read_metadata
from tests.support.actors import ENCODER
from tests.worker.commands.conftest import Command


@pytest.fixture
def refused_run(finished_run: Run) -> Run:
    run = Run.objects.create(
        assignment=finished_run.assignment,
        base_model=finished_run.base_model,
        annotation_digest="1" * 64,
        target_class=0,
        phrase_text="blue",
        l2=0.5,
        min_slice_size=5,
    )
    refuse_run(run, "the error score is 0, so there is no similarity threshold")
    run.refresh_from_db()
    return run


def test_three_files_are_written_and_named(finished_run: Run, command: Command, tmp_path: Path) -> None:
    report = command("export_head", finished_run.public_id, "--output", tmp_path / "head")
    written = sorted(path.name for path in (tmp_path / "head").iterdir())
    assert written == ["MODEL_CARD.md", "head.safetensors", "model_card.json"]
    assert all(name in report for name in written)


def test_without_output_a_new_folder_is_named_after_the_run(
    finished_run: Run, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command("export_head", finished_run.public_id)
    assert (tmp_path / f"head-{finished_run.public_id}" / "head.safetensors").is_file()


def test_the_weights_are_the_stored_ones_to_the_bit(finished_run: Run) -> None:
    assert finished_run.head is not None
    stored = Head.from_bytes(bytes(finished_run.head))
    exported = Head.from_bytes(head_files(finished_run)["head.safetensors"])
    assert exported.class_names == stored.class_names
    assert np.array_equal(exported.coef, stored.coef)
    assert np.array_equal(exported.intercept, stored.intercept)
    assert np.array_equal(exported.standardization.mean, stored.standardization.mean)
    assert np.array_equal(exported.standardization.deviation, stored.standardization.deviation)


def test_the_card_tells_data_annotation_training_and_figures(finished_run: Run) -> None:
    card = json.loads(head_files(finished_run)["model_card.json"])
    dataset = finished_run.base_model.dataset
    assert (card["dataset"]["name"], card["dataset"]["digest"]) == ("mine", dataset.digest)
    assert card["annotation"]["phrase"] == finished_run.phrase_text
    assert card["annotation"]["class_name"] == "square"
    assert card["annotation"]["similarity_threshold"] == finished_run.threshold
    assert card["annotation"]["text_template"] == "an image of a {phrase}"
    assert card["annotation"]["similarity_encoder"]["spec"] == ENCODER
    assert card["training"]["scheme"] == "class_equal"
    assert card["training"]["l2"] == 0.01
    assert card["test"]["worst_group_accuracy"] == finished_run.worst_group_accuracy
    assert [group["accuracy"] for group in card["test"]["groups"]] == finished_run.group_accuracies
    assert card["base_model"]["worst_group_accuracy"] == finished_run.base_model.test_metrics["worst_group"]


def test_the_card_of_a_negation_says_that_the_similarity_is_turned(finished_run: Run) -> None:
    assert "times -1" not in head_files(finished_run)["MODEL_CARD.md"].decode()
    finished_run.sign = -1
    files = head_files(finished_run)
    assert json.loads(files["model_card.json"])["annotation"]["similarity_sign"] == -1
    assert "of the similarity times -1: the phrase is a negation" in files["MODEL_CARD.md"].decode()


def test_the_heads_own_file_carries_the_card_and_the_encoder(finished_run: Run) -> None:
    files = head_files(finished_run)
    metadata = read_metadata(files["head.safetensors"])
    assert metadata["feature_encoder"] == ENCODER
    assert json.loads(metadata["model_card"]) == json.loads(files["model_card.json"])


def test_the_cards_front_matter_is_what_the_hub_reads(finished_run: Run) -> None:
    text = head_files(finished_run)["MODEL_CARD.md"].decode()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "unknown" and "group-robustness" in front["tags"]
    data = ModelCard(text).data
    assert data["datasets"] == [finished_run.base_model.dataset.name]
    metrics = {result.metric_name: result.metric_value for result in data["eval_results"] or []}
    assert metrics["Worst-group accuracy"] == finished_run.worst_group_accuracy
    assert metrics["Accuracy"] == finished_run.plain_average_accuracy


def test_what_a_person_typed_is_escaped_in_the_text_of_the_card(finished_run: Run) -> None:
    text = head_files(finished_run)["MODEL_CARD.md"].decode()
    assert r"\*red\* \| \[x\](http://example.org) \<b\>" in text
    assert "<b>" not in text


def test_the_zip_holds_the_same_files_and_the_same_bytes_each_time(finished_run: Run) -> None:
    data = head_zip(finished_run)
    assert data == head_zip(Run.objects.get(pk=finished_run.pk))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == head_files(finished_run)


def test_a_refused_run_has_no_head_and_the_reason_is_said(refused_run: Run, command: Command, tmp_path: Path) -> None:
    assert refused_run.state == RunState.REFUSED
    with pytest.raises(RunHasNoHead):
        head_files(refused_run)
    with pytest.raises(CommandError, match=r"no head to export because it is refused: the error score is 0"):
        command("export_head", refused_run.public_id, "--output", tmp_path / "head")
    assert not (tmp_path / "head").exists()


def test_a_damaged_head_is_a_sentence_for_operators_and_coordinators(
    finished_run: Run, command: Command, tmp_path: Path, own_store: FolderStore, admin_client: Client
) -> None:
    assert finished_run.head is not None
    own_store.path(finished_run.head.digest).write_bytes(b"half of it")
    with pytest.raises(CommandError, match=r"is damaged: its SHA-256 is not its name\. Copy it here from a back-up\.$"):
        command("export_head", finished_run.public_id, "--output", tmp_path / "head")
    page = admin_client.get(reverse("admin:annotations_run_head", args=[finished_run.pk]), follow=True)
    assert "is damaged: its SHA-256 is not its name" in page.content.decode()


@pytest.mark.django_db
def test_an_unknown_run_is_refused(command: Command) -> None:
    with pytest.raises(CommandError, match="There is no run"):
        command("export_head", uuid.uuid4())


def test_a_folder_that_cannot_be_written_is_named(finished_run: Run, command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match=r"cannot be written"):
        command("export_head", finished_run.public_id, "--output", tmp_path / "file")


def test_the_card_leads_with_the_phrases_own_gain_and_has_the_gain_over_the_base_model_beside_it(
    finished_run: Run,
) -> None:
    run = Run.objects.select_related("control", "base_model").get(pk=finished_run.pk)
    assert run.control is not None and run.worst_group_accuracy is not None
    files, base = head_files(run), run.base_model.test_metrics["worst_group"]
    card = json.loads(files["model_card.json"])
    own, over = run.worst_group_accuracy - run.control.worst_group_accuracy, run.worst_group_accuracy - base
    assert card["gain"] == {
        "own_gain": pytest.approx(own),
        "own_gain_low": None,  # no worker has measured it yet
        "own_gain_high": None,
        "over_base_model": pytest.approx(over),
    }
    assert card["control"]["worst_group_accuracy"] == run.control.worst_group_accuracy
    assert [group["control_accuracy"] for group in card["test"]["groups"]] == run.control.group_accuracies
    text = files["MODEL_CARD.md"].decode().split("---\n", 2)[2].strip()
    _title, _made, gained, *_rest = text.replace("\n\n", "\n").split("\n")
    assert gained.startswith(
        f"The phrase has an own gain of **{100 * own:+.1f} points**: worst-group accuracy on the test images, each "
        "model on its own worst group, less that of the same retraining without it, in which each class has the same "
        "weight."
    )
    assert gained.endswith(f"Over the base model, the head gains {100 * over:+.1f} points.")


def test_of_imported_predictions_the_card_calls_the_control_a_new_last_layer(finished_run: Run) -> None:
    BaseModel.objects.update(origin=BaseModelOrigin.IMPORTED)
    files = head_files(Run.objects.get(pk=finished_run.pk))
    text = files["MODEL_CARD.md"].decode()
    assert "which gives the imported model a new last layer" in text
    assert "Over the imported predictions, which come from another last layer, the head gains " in text
    assert "| | this head | a new last layer | base model " in text
    assert json.loads(files["model_card.json"])["control"]["name"] == "a new last layer"


def test_without_a_control_the_card_says_that_the_own_gain_is_not_known(finished_run: Run) -> None:
    Run.objects.update(control=None)
    files = head_files(Run.objects.get(pk=finished_run.pk))
    assert json.loads(files["model_card.json"])["gain"]["own_gain"] is None
    assert "The phrase's own gain is not known yet." in files["MODEL_CARD.md"].decode()
