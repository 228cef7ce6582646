"""manifest.json: which state of the study an archive shows, and the digest of each of its files."""

from typing import Any

from annotations.models import Study
from annotations.tables.columns import write_time
from annotations.version import CODE_VERSION

FORMAT = "clarify study release 1"
NOT_THERE = (
    "Parquet files and figures are not here: a worker makes them when a release is requested. "
    "The CSV files are complete."
)


def manifest(study: Study, notes: list[str]) -> dict[str, Any]:
    """Return the document without its files. Nothing in it depends on when or for whom the archive was made."""
    last = study.events.order_by("-pk").first()
    return {
        "format": FORMAT,
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
