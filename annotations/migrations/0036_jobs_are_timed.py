"""How long a job's phase takes and how often it was tried again, what each worker computes on, leases of alarms."""

from django.db import migrations, models

_JOBS = (
    *("benchmark", "correction", "datasetimport", "gatheredtraining", "gathering", "imageindex", "imagesearch"),
    *("pool", "rehearsal", "release", "studyanalysis"),
)
_OF_A_JOB = {
    "attempts_before": models.PositiveIntegerField(db_default=0, default=0, help_text="of them, before the last retry"),
    "phase_began_at": models.DateTimeField(blank=True, null=True),
    "phase_began_with": models.PositiveIntegerField(db_default=0, default=0, help_text="of `n_done`, done before"),
}
_OF_A_WORKER = {
    "code_version": models.CharField(blank=True, db_default="", default="", max_length=40),
    "device": models.CharField(
        blank=True, db_default="", default="", help_text="that trains and encodes", max_length=80
    ),
    "memory": models.BigIntegerField(help_text="bytes of the process in memory, at the most so far", null=True),
}


class Migration(migrations.Migration):
    dependencies = [("annotations", "0034_phrase_languages")]

    operations = [
        *(migrations.AddField(job, name, field) for job in _JOBS for name, field in _OF_A_JOB.items()),
        migrations.AddField(
            "alarm",
            "leased_until",
            models.DateTimeField(blank=True, help_text="by the process that tells the coordinator", null=True),
        ),
        *(migrations.AddField("workerheartbeat", name, field) for name, field in _OF_A_WORKER.items()),
    ]
