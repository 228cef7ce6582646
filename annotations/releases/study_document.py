"""The texts of an export: README.txt, study.json, which its tables stand on, and manifest.json, its state."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.template.loader import render_to_string

from annotations.base.tables.columns import Table, write_time
from annotations.base.version import CODE_VERSION
from annotations.models import BaseModelOrigin, Study
from annotations.results.stored_rows import primary_measures


def readme(study: Study, tables: Iterable[Table[Any]], left_out: Sequence[str] | None = None) -> str:
    """Return the text, with one line per table. left_out: of the lowest tables; None where these are not there."""
    title = f"Clarify: export of the study “{study.title}” ({study.slug})"
    context = {
        "study": study,
        "title": title,
        "underline": "=" * len(title),
        "tables": list(tables),
        "is_whole": left_out is not None,
        "left_out": left_out,
    }
    return render_to_string("annotations/files/release_readme.txt", context)


FORMAT = "clarify study export 1"


def study_document(study: Study) -> dict[str, Any]:
    """Return the JSON document of a study: its life, its frozen configurations, its tasks, how to recompute.

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
        "audience": study.audience,
        "conditions": list(study.conditions.values_list("name", flat=True)),
        "primary_measures": list(primary_measures(study)),
        "new_concept_chance": study.new_concept_chance,
        "scheme": study.scheme,
        "phrase_language": study.phrase_language,
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
                "target_class": task.target_class,
                "text_template": task.text_template,
                "dataset": task.base_model.dataset.name,
                "base_model": task.base_model.name,
                "is_imported": task.base_model.origin == BaseModelOrigin.IMPORTED,
                "base_model_test_metrics": task.base_model.test_metrics,
                "groups": task.base_model.dataset.group_names,
                "groups_have_names": bool(task.base_model.dataset.attribute_names),
            }
            for task in study.tasks.with_base_models()
        ],
        "how_to_recompute": json.loads(render_to_string("annotations/files/how_to_recompute.json")),
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
