import pytest

from annotations.log.replay import LogCheck
from annotations.models import Event, Phrase, Run, RunState, Score
from annotations.queue import worker_wakeup
from annotations.queue.claims import MAX_ATTEMPTS
from annotations.runs import retraining as runs
from tests.support.steps import end, submit, submit_and_score
from worker.phrases.scoring import score_due_phrases


def test_each_distinct_annotation_of_an_ended_assignment_gets_a_run(alice):
    submit_and_score(alice, "red", "red squares")
    assert not Run.objects.exists()
    end(alice)
    assert [run.phrase_text for run in Run.objects.all()] == ["red", "red squares"]
    assert {run.state for run in Run.objects.all()} == {RunState.PENDING}


def test_a_run_holds_its_annotation_and_how_it_will_be_trained(alice, settings):
    (phrase,) = submit_and_score(alice, "red")
    settings.MIN_SLICE_SIZE = 7
    end(alice)
    run, task = Run.objects.get(), alice.assignment.task
    assert (run.target_class, run.threshold, run.scheme) == (task.target_class, phrase.score.threshold, "class_equal")
    assert (run.l2, run.min_slice_size, run.base_model) == (task.base_model.l2, 7, task.base_model)


def test_phrases_with_one_annotation_share_a_run(alice):
    submit_and_score(alice, "red", "red")
    submit_and_score(alice, "the red", "red ")
    end(alice)
    assert Run.objects.count() == 2
    by_text = {score.phrase.ordinal: score.run.phrase_text for score in Score.objects.select_related("run")}
    assert by_text == {1: "red", 2: "red", 3: "the red", 4: "red"}


def test_two_people_with_one_annotation_have_a_run_each(alice, bob):
    for visit in (alice, bob):
        submit_and_score(visit, "red")
        end(visit)
    assert Run.objects.count() == 2
    assert len(set(Run.objects.values_list("annotation_digest", flat=True))) == 1


def test_without_a_threshold_the_run_is_refused_at_once_with_the_reason(alice):
    submit_and_score(alice, "blue")
    end(alice)
    run = Run.objects.get()
    assert (run.state, run.threshold) == (RunState.REFUSED, None)
    assert run.reason == "the error score is 0, so there is no similarity threshold"
    assert run.finished_at is not None
    assert Event.objects.filter(kind="run_refused").count() == 1


def test_a_phrase_without_a_score_has_no_run(alice):
    submit(alice)
    end(alice)
    assert not Run.objects.exists()


def test_planning_again_adds_nothing(alice):
    submit_and_score(alice, "red", "blue")
    ended = end(alice)
    assert runs.plan_runs(ended) == 0
    assert Run.objects.count() == 2
    assert Event.objects.filter(kind="run_refused").count() == 1


def test_a_run_that_is_trained_while_another_phrase_joins_it_is_done_in_the_log_too(alice, monkeypatch):
    submit_and_score(alice, "red")
    late = submit(alice, "red")
    end(alice)

    def trained_meanwhile(*args, **chosen):
        run, created = get_or_create(*args, **chosen)
        assert runs.refuse_run(Run.objects.get(pk=run.pk), "a slice is too small")
        return run, created

    get_or_create = Run.objects.get_or_create
    monkeypatch.setattr(Run.objects, "get_or_create", trained_meanwhile)
    score_due_phrases()
    assert late.score.run == Run.objects.get()
    assert list(LogCheck(alice.session.study).differences()) == []


def test_a_task_is_dispatched_for_new_runs(alice, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(worker_wakeup, "send", sent.append)
    submit_and_score(alice, "red")
    with django_capture_on_commit_callbacks(execute=True):
        end(alice)
    assert sent == [worker_wakeup.TRAIN_RUNS]


def test_the_digest_tells_annotations_apart():
    base = runs.annotation_digest(0, "ab", 0.25, "class_equal", 1)
    assert base == runs.annotation_digest(0, "ab", 0.25, "class_equal", 1)
    others = [
        runs.annotation_digest(1, "ab", 0.25, "class_equal", 1),
        runs.annotation_digest(0, "cd", 0.25, "class_equal", 1),
        runs.annotation_digest(0, "ab", 0.25000000000000006, "class_equal", 1),
        runs.annotation_digest(0, "ab", None, "class_equal", 1),
        runs.annotation_digest(0, "ab", 0.25, "paper", 1),
        runs.annotation_digest(0, "ab", 0.25, "class_equal", -1),
    ]
    assert len({base, *others}) == 7


def test_a_negation_and_its_subject_are_two_annotations_and_two_negations_with_one_subject_are_one(alice):
    submit_and_score(alice, "blue", "no blue", "without blue")
    end(alice)
    assert [(run.phrase_text, run.sign, run.state) for run in Run.objects.all()] == [
        ("blue", 1, RunState.REFUSED),
        ("no blue", -1, RunState.PENDING),
    ]


def test_a_refused_run_is_not_refused_again(alice):
    submit_and_score(alice, "red")
    end(alice)
    run = Run.objects.get()
    assert runs.refuse_run(run, "first reason")
    assert not runs.refuse_run(run, "second reason")
    run.refresh_from_db()
    assert run.reason == "first reason"


@pytest.mark.parametrize(
    ("attempts", "final", "state"), [(1, False, "pending"), (1, True, "failed"), (5, False, "failed")]
)
def test_a_failed_attempt_fails_the_run_when_final_or_the_last(alice, attempts, final, state):
    submit_and_score(alice, "red")
    end(alice)
    run = Run.objects.get()
    Run.objects.update(attempts=attempts)
    runs.fail_run(run.pk, "no memory", final=final)
    run.refresh_from_db()
    assert (run.state, run.reason) == (state, "no memory")


def test_a_run_that_ended_its_worker_at_every_attempt_fails(alice):
    submit_and_score(alice, "red")
    end(alice)
    Run.objects.update(attempts=MAX_ATTEMPTS)
    assert runs.fail_exhausted_runs() == 1
    run = Run.objects.get()
    assert (run.state, Phrase.objects.get().state) == (RunState.FAILED, "scored")
    assert "worker stopped 5 times" in run.reason
