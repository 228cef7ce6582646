"""study.json, what the tables of an export stand on, and manifest.json, which state of the study an archive shows."""

from typing import Any

from annotations.models import Study
from annotations.tables.columns import write_time
from annotations.version import CODE_VERSION
from modeling.arrays.datasets.groups import group_names

FORMAT = "clarify study export 1"

_RECOMPUTE = {
    "error_score": "max(0, max over t of F_correct(t) - F_error(t)), F the share of the class's validation images with "
    "sign times similarity at most t; the threshold is midway between the two values around the best t. sign is -1 for "
    "a negation, and the similarity is that of its subject. manage.py recompute score does it.",
    "null_level": "The smallest attainable error score x with F0(x) to the power of tries at least 0.95, F0 its "
    "distribution where every order of correct_images and wrong_images is equally likely. It assumes independent "
    "phrases, chosen blind.",
    "better_than_guessing": "error_score above null_level and above vocabulary_level, which is the smallest of the "
    "error scores of Clarify's common words, each in the template, that at least 95% of them do not exceed. "
    "manage.py recompute --study does it.",
    "run": "An annotation is (class, phrase, threshold). It splits the class's train images into those with sign times "
    "similarity above the threshold and the rest; a linear head is trained on the standardised features with "
    "slice-balanced weights (scheme) and an L2 penalty (l2). Each run's head can be downloaded, and reproduces its "
    "test predictions. manage.py recompute run trains it again.",
    "worst_group_accuracy": "On the test split: the least accuracy over groups (class and attribute) with images.",
    "summary": "For each participant and task take the rows of phrases.csv in their order. best_error_score is the "
    "largest error_score, the first row wins a tie; worst_group_accuracy is that of the row's run in runs.csv; "
    "where nothing could be retrained with (basis) it is the control's, and own_gain is 0. "
    "worst_group_accuracy_chosen_on_test is the largest over all of the rows' runs. estimates.csv has mean, "
    "sample standard deviation and maximum over participants who have the value.",
}


def study_document(study: Study) -> dict[str, Any]:
    """Return the JSON document of a study: its life, its frozen configurations, its groups, how to recompute.

    Completion codes and the outside id of the study are left out.
    """
    return {
        "format": FORMAT,
        "code_version": CODE_VERSION,
        "slug": study.slug,
        "title": study.title,
        "state": study.state,
        "created_at": write_time(study.created_at),
        "opened_at": write_time(study.opened_at) if study.opened_at else None,
        "closed_at": write_time(study.closed_at) if study.closed_at else None,
        "configurations": [
            {
                "version": configuration.version,
                "digest": configuration.digest,
                "created_at": write_time(configuration.created_at),
                "data": configuration.data,
            }
            for configuration in study.configurations.all()
        ],
        "tasks": [
            {
                "task": task.position,
                "class": task.class_name,
                "base_model": task.base_model.name,
                "base_model_test_metrics": task.base_model.test_metrics,
                "groups": group_names(task.base_model.dataset.class_names, task.base_model.dataset.attribute_names),
            }
            for task in study.tasks.with_base_models()
        ],
        "how_to_recompute": _RECOMPUTE,
    }


RELEASE_FORMAT = "clarify study release 1"
NOT_THERE = (
    "Parquet files and figures are not here: a worker makes them when a release is requested. "
    "The CSV files are complete."
)


def manifest(study: Study, notes: list[str]) -> dict[str, Any]:
    """Return the document without its files. Nothing in it depends on when or for whom the archive was made."""
    last = study.events.order_by("-pk").first()
    return {
        "format": RELEASE_FORMAT,
        "study": study.slug,
        "state": study.state,
        "last_event": last.pk if last else None,
        "last_event_at": write_time(last.occurred_at) if last else None,
        "code_version": CODE_VERSION,
        "configurations": [
            {"version": configuration.version, "digest": configuration.digest}
            for configuration in study.configurations.order_by("version")
        ],
        "data_sets": sorted(
            {f"{task.base_model.dataset} {task.base_model.dataset.digest}" for task in study.tasks.with_base_models()}
        ),
        "notes": notes,
    }
