"""The last sign of life of each worker process, for the web process and the alarms to tell who works."""

from django.db import models

from annotations.models.constraints import once


class WorkerHeartbeat(models.Model):
    """Written by the work loop itself every few seconds: a process whose loop stands still grows silent here.

    In the database and not in the broker, which may be emptied at any time.
    """

    queue = models.CharField(max_length=40)
    process = models.CharField(max_length=120, help_text="host and process id")
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    device = models.CharField(max_length=80, blank=True, help_text="that trains and encodes")
    memory = models.BigIntegerField(null=True, help_text="bytes of the process in memory, at the most so far")
    code_version = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["queue", "process"]
        constraints = [once("worker_heartbeat_once", "queue", "process")]
