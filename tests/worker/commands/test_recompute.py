"""`manage.py recompute`: what is stored comes out again, and where it does not that is said."""

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.base.data_store.folder_store import FolderStore
from annotations.models import BaseModel, Dataset, RandomSlices, RandomSliceScores, Run, RunState, Score
from annotations.models.arrays import pack_float32, pack_int32, unpack_float32, unpack_int32
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.retraining.heads import Head
from tests.support import actors
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score
from tests.worker.commands.conftest import Command
from tests.worker.commands.recomputing import change, run_of, score_of, told
from worker.common import process_cache
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.usefixtures("stored_base_model")
FOR_EVER = 4e9


@pytest.fixture(scope="module")
def stored_worked(stored_base_model: BaseModel) -> Visit:
    """Two runs that are done, one of them of a negation, one without a threshold, and one that waits."""
    study = actors.open_study(actors.create_study(stored_base_model))
    alice, bob = (actors.start_visit(study, name) for name in ("alice", "bob"))
    submit_and_score(alice, "red", "blue", "no blue", "red")
    submit_and_score(bob, "red")
    end(alice)
    train_due_runs()
    end(bob)
    return alice


@pytest.fixture
def worked(db: None, stored_worked: Visit) -> Visit:
    return actors.again(stored_worked)


def test_everything_comes_out_as_it_is_stored(worked: Visit, command: Command) -> None:
    assert (
        command("recompute", "--all")
        == "Recomputed 5 scores, 3 runs and 0 sets of random slices: all match what is stored.\n"
    )
    assert "5 scores, 3 runs and" in command("recompute", "--study", "sprites")


def test_a_single_score_and_a_single_run(worked: Visit, command: Command) -> None:
    assert "1 score, 0 runs and" in command("recompute", "--score", score_of("no blue").phrase_id)
    assert "0 scores, 1 run and" in command("recompute", "--run", run_of("no blue").public_id)


def test_nothing_is_changed(worked: Visit, command: Command) -> None:
    before = list(Score.objects.order_by("pk").values()), list(Run.objects.order_by("pk").values())
    change(score_of("red"), value=0.5)
    with pytest.raises(CommandError):
        command("recompute", "--all")
    change(score_of("red"), value=before[0][0]["value"])
    assert (list(Score.objects.order_by("pk").values()), list(Run.objects.order_by("pk").values())) == before


def test_another_study_is_left_out(worked: Visit, command: Command) -> None:
    other = actors.open_study(actors.create_study(worked.assignment.task.base_model, slug="other"))
    submit_and_score(actors.start_visit(other, "carol"), "dark")
    assert "1 score, 0 runs and" in command("recompute", "--study", "other")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", 0.5),
        ("threshold", 0.25),
        ("two_sided", 0.99),
        ("two_sided_threshold", 0.25),
        ("n_correct", 14),
        ("p_value", 0.5),
        ("p_method", "asymptotic"),
        ("tries", 3),
        ("null_level", 0.1),
        ("sign", -1),
        ("subject", "crimson"),
        ("rendered_text", "an image of a crimson"),
        ("text_template", "{phrase}"),
        ("text_digest", "0" * 64),
        ("class_name_cosine", 0.9),
        ("encoder", "python:another"),
        ("dataset_digest", "0" * 64),
    ],
)
def test_a_score_that_comes_out_differently_says_in_which_field(worked: Visit, field: str, value: object) -> None:
    score = score_of("red")
    expected, name = repr(getattr(score, field)), worked.participant.pseudonym
    change(score, **{field: value})
    line = f"sprites, {name}, score of phrase {score.phrase_id} “red”: {field}: stored {value!r}, now {expected}\n"
    assert line in told("--score", score.phrase_id)


def test_similarities_of_other_images_are_told_with_the_place(worked: Visit) -> None:
    score = score_of("red")
    values = score.similarity_array.copy()
    values[7] += 0.5
    change(score, similarities=pack_float32(values))
    assert f"similarities [7]: stored {float(values[7])!r}, now " in told("--score", score.phrase_id)


def test_an_embedding_that_the_words_do_not_have_is_told(worked: Visit) -> None:
    score = score_of("red")
    embedding = unpack_float32(score.text_embedding).copy()
    embedding[3] += 0.01
    change(score, text_embedding=pack_float32(embedding))
    output = told("--score", score.phrase_id)
    assert "text_embedding [3]: stored " in output
    assert "text_digest: stored " in output


def test_rounding_is_no_difference(worked: Visit, command: Command) -> None:
    score = score_of("red")
    assert score.threshold is not None
    change(
        score,
        similarities=pack_float32(score.similarity_array + np.float32(1e-7)),
        threshold=float(np.float32(score.threshold + 1e-7)),
        class_name_cosine=score.class_name_cosine + 1e-7,
    )
    assert "all match what is stored" in command("recompute", "--score", score.phrase_id)


def test_a_score_of_another_version_is_named(worked: Visit, command: Command) -> None:
    change(score_of("red"), code_version="1.2.3")
    output = command("recompute", "--score", score_of("red").phrase_id)
    assert "Some were computed by Clarify 1.2.3; this is" in output
    assert "all match what is stored" in output


def test_tries_must_be_counted_again_where_nothing_was_erased(worked: Visit) -> None:
    score = score_of("blue")
    change(score, tries=3, null_level=null_level(score.n_correct, score.n_error, 3, 0.95))
    assert "“blue”: tries: stored 3, now 2\n" in told("--all")


def test_an_encoder_that_is_gone_is_told_and_the_others_go_on(worked: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    process_cache.failures.clear()
    Dataset.objects.update(similarity_encoder="python:no.such.module")
    output = told("--all")
    assert (
        output.count("cannot be recomputed: the encoder python:no.such.module cannot be loaded: the module no is") == 5
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threshold", 0.25),
        ("sign", -1),
        ("l2", 0.5),
        ("annotation_digest", "0" * 64),
        ("n_above", 3),
        ("n_below", 3),
        ("loss", 0.9),
        ("worst_group_accuracy", 0.125),
        ("average_accuracy", 0.125),
        ("plain_average_accuracy", 0.125),
        ("robustness_gap", 0.5),
        ("group_accuracies", [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_a_run_that_comes_out_differently_says_in_which_field(worked: Visit, field: str, value: object) -> None:
    run = run_of("red")
    name = worked.participant.pseudonym
    change(run, **{field: value})
    output = told("--run", run.public_id)
    assert f"sprites, {name}, run {run.public_id} “red”: {field}: stored {value!r}, now " in output


def test_a_head_that_its_training_does_not_give_is_told(worked: Visit) -> None:
    run = run_of("red")
    assert run.head is not None
    head = Head.from_bytes(bytes(run.head))
    other = Head.of(head.coef + 0.01, head.intercept, head.standardization, head.class_names)
    change(run, head=other.to_bytes())
    assert "head: stored its weights, now weights at a distance of " in told("--run", run.public_id)


def test_predictions_that_differ_are_counted(worked: Visit) -> None:
    run = run_of("red")
    assert run.test_predictions is not None
    predictions = unpack_int32(run.test_predictions).copy()
    predictions[:3] = 1 - predictions[:3]
    change(run, test_predictions=pack_int32(predictions))
    output = told("--run", run.public_id)
    assert "test_predictions: stored its classes, now another class for 3 of 48 images" in output
    assert "test_predictions of the stored head: stored its classes, now another class for 3 of 48" in output


@pytest.fixture
def beside_slices(worked: Visit) -> RandomSlices:
    while train_missing_random_slices():
        pass
    draws = Run.objects.get(phrase_text="red", state=RunState.DONE).random_slices
    assert draws is not None
    return draws


def test_random_slices_come_out_as_they_are_stored(beside_slices: RandomSlices, command: Command) -> None:
    n = RandomSlices.objects.count()
    assert n and f"and {n} set{'s' if n > 1 else ''} of random slices: all match" in command("recompute", "--all")
    assert "1 run and 1 set of random slices: all match" in command("recompute", "--run", run_of("red").public_id)


def test_random_slices_that_come_out_differently_say_where(beside_slices: RandomSlices) -> None:
    scored = beside_slices.scores.get()
    RandomSlices.objects.filter(pk=beside_slices.pk).update(worst_groups=[7.0, *beside_slices.worst_groups[1:]], seed=3)
    RandomSliceScores.objects.filter(pk=scored.pk).update(values=[*scored.values[:-1], 7.0])
    output = told("--run", run_of("red").public_id)
    name = f"{beside_slices.dataset}, 100 random slices of square, {beside_slices.n_above} images"
    assert f"{name}: seed: stored 3, now {beside_slices.seed}\n" in output
    assert f"{name}: worst_groups [0]: stored 7.0, now {beside_slices.worst_groups[0]!r}\n" in output
    assert f"{name}: scores under {scored.base_model.name} [99]: stored 7.0, now {scored.values[-1]!r}\n" in output


def test_draws_of_another_number_are_told(beside_slices: RandomSlices) -> None:
    RandomSlices.objects.update(worst_groups=beside_slices.worst_groups[:9])
    assert "worst_groups: stored 9 of them, now 100 of them" in told("--all")


def test_a_solution_within_both_certificates_is_no_difference(worked: Visit, command: Command) -> None:
    run = run_of("red")
    assert run.head is not None and run.loss is not None
    head = Head.from_bytes(bytes(run.head))
    near = Head.of(head.coef, head.intercept + np.float32(1e-4), head.standardization, head.class_names)
    change(run, head=near.to_bytes(), certified_gap=1e-3, loss=run.loss + 1e-3)
    assert "all match what is stored" in command("recompute", "--run", run.public_id)


def test_a_damaged_head_is_told_of_that_run_alone(worked: Visit) -> None:
    change(run_of("red"), head=b"half of it")
    output = told("--all")
    assert f"run {run_of('red').public_id} “red”: run: stored done, now cannot be recomputed: " in output
    assert output.count("cannot be recomputed") == 1


@pytest.mark.parametrize(("content", "said"), [(b"half of it", "is damaged"), (None, "is missing, which a row names")])
def test_a_file_that_is_not_what_its_row_names_is_told(
    worked: Visit, own_store: FolderStore, content: bytes | None, said: str
) -> None:
    head = run_of("red").head
    assert head is not None
    path = own_store.path(head.digest)
    path.unlink() if content is None else path.write_bytes(content)
    assert f"cannot be recomputed: {path} {said}" in told("--run", run_of("red").public_id)


def test_recomputing_writes_no_file(worked: Visit, own_store: FolderStore, command: Command) -> None:
    before = set(own_store.put_before(FOR_EVER))
    command("recompute", "--all")
    assert set(own_store.put_before(FOR_EVER)) == before


def test_a_refused_run_that_can_be_trained_now_is_told(worked: Visit) -> None:
    change(run_of("red"), state=RunState.REFUSED, reason="a slice is too small")
    assert "state: stored 'refused', now 'done'" in told("--run", run_of("red").public_id)


def test_a_done_run_that_is_refused_now_is_told(worked: Visit) -> None:
    change(run_of("red"), min_slice_size=45)
    assert "state: stored 'done', now 'refused'" in told("--run", run_of("red").public_id)


def test_a_run_that_is_nobodys_is_told(worked: Visit) -> None:
    run = run_of("red")
    Score.objects.filter(run=run).update(run=None)
    assert "it has no score" in told("--run", run.public_id)


def test_files_that_are_missing_are_told_of_each_run(worked: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(dataset: Dataset) -> None:
        raise BadDataset("the disk is not mounted")

    monkeypatch.setattr(Dataset, "files", property(missing))
    output = told("--study", "sprites")
    assert (
        output.count("cannot be recomputed: the disk is not mounted") == 5 + 2
    )  # a run without a threshold is refused without a look


def test_a_run_without_a_result_is_said_to_have_none(worked: Visit, command: Command) -> None:
    waiting = Run.objects.get(state=RunState.PENDING)
    with pytest.raises(CommandError, match="This run is pending, so it has no result"):
        command("recompute", "--run", waiting.public_id)


@pytest.mark.parametrize("id_", ["0", "999999", "-1", "9" * 30])
@pytest.mark.django_db
def test_an_unknown_score_is_refused(command: Command, id_: str) -> None:
    with pytest.raises(CommandError, match="There is no score of phrase"):
        command("recompute", f"--score={id_}")


@pytest.mark.django_db
def test_an_unknown_run_is_refused(command: Command) -> None:
    with pytest.raises(CommandError, match="There is no run"):
        command("recompute", "--run", "0e1f953c-a18a-4701-953e-97d460675022")


@pytest.mark.parametrize("argument", ["--run=7", "--run=", "--score=red", "--score=", "--score=²"])
def test_what_is_no_number_is_refused(command: Command, argument: str) -> None:
    with pytest.raises(CommandError, match="invalid"):
        command("recompute", argument)


@pytest.mark.parametrize("arguments", [[], ["--all", "--study", "sprites"], ["--score", "1", "--all"]])
def test_what_to_compute_is_said_once(command: Command, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"one of the arguments|not allowed with"):
        command("recompute", *arguments)


def test_an_unknown_study_is_refused_and_the_known_ones_named(worked: Visit, command: Command) -> None:
    with pytest.raises(CommandError, match=r"There is no study 'sprite'\. Known studies: sprites\."):
        command("recompute", "--study", "sprite")
