"""Rules that say that two things hold of the same rows are said so; what the database checks stays as it is."""

from django.db import migrations
from django.db.models import CheckConstraint, Q

JOBS = (
    "benchmark",
    "correction",
    "datasetimport",
    "gatheredtraining",
    "gathering",
    "imageindex",
    "imagesearch",
    "pool",
    "rehearsal",
    "release",
    "studyanalysis",
)
IN_A_JOB = (Q(state__in=("pending", "running")), Q(finished_at=None))
RULES = (
    ("study", "study_opened_unless_draft", Q(state="draft"), Q(opened_at=None)),
    ("study", "study_closed_has_time", Q(state="closed"), ~Q(closed_at=None)),
    ("score", "score_threshold_unless_zero", Q(value=0), Q(threshold=None)),
    ("span", "span_has_image_where_enlarged", Q(kind="enlarged"), ~Q(image_key="")),
    *((job, f"{job}_finished_has_time", *IN_A_JOB) for job in JOBS),
)


class Migration(migrations.Migration):
    dependencies = [("annotations", "0052_devices_say_less")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                operation
                for model, name, one, other in RULES
                for operation in (
                    migrations.RemoveConstraint(model, name),
                    migrations.AddConstraint(
                        model, CheckConstraint(condition=(one & other) | (~one & ~other), name=name)
                    ),
                )
            ]
        )
    ]
