"""What is asked of the workers: an import, a rehearsal, a release … Each is a row that a worker takes up.

Beside them the last sign of life of each worker process, for the web process and the alarms to tell who works.
"""

import datetime as dt

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from annotations.models.constraints import iff, once, rule
from annotations.models.dataset import BaseModel, Dataset
from annotations.models.study import Study


class JobState(models.TextChoices):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNFINISHED = (JobState.PENDING, JobState.RUNNING)
_MIN_ELAPSED_S = 2.0  # before that a rate says nothing


class Job(models.Model):
    """What every such row has. A worker touches `heartbeat_at` while it works; a silent one is taken up again."""

    state = models.CharField(max_length=8, choices=JobState, default=JobState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    attempts_before = models.PositiveIntegerField(default=0, help_text="of them, before the last retry")
    phase = models.CharField(max_length=80, blank=True, help_text="what is being done, in plain words")
    n_done = models.PositiveIntegerField(default=0)
    n_total = models.PositiveIntegerField(null=True)
    phase_began_at = models.DateTimeField(null=True, blank=True)
    phase_began_with = models.PositiveIntegerField(default=0, help_text="of `n_done`, done before")
    error = models.TextField(blank=True)
    requested_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    @property
    def of_study(self) -> Study | None:
        """The study that it belongs to; None where it belongs to a data set, a pool or a base model."""
        return getattr(self, "study", None)

    def pace(self, now: dt.datetime) -> tuple[float | None, float | None]:
        """Of what the phase counts, how much is done a second, and the seconds that are left; None where unknown."""
        if self.state != JobState.RUNNING or self.phase_began_at is None:
            return None, None
        elapsed, done = (now - self.phase_began_at).total_seconds(), self.n_done - self.phase_began_with
        if elapsed < _MIN_ELAPSED_S or done <= 0:
            return None, None
        rate = done / elapsed
        return rate, max(0, self.n_total - self.n_done) / rate if self.n_total else None

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            rule("%(class)s_state_known", state__in=JobState.values),
            rule("%(class)s_finished_has_time", iff(Q(state__in=UNFINISHED), Q(finished_at=None))),
            rule("%(class)s_failed_says_why", ~Q(state=JobState.FAILED) | ~Q(error="")),
        ]


class DatasetImport(Job):
    """A data set to be imported from a folder below IMPORT_ROOT or from an uploaded archive."""

    name = models.CharField(max_length=60)
    folder = models.CharField(max_length=255, blank=True, help_text="relative to IMPORT_ROOT")
    archive = models.CharField(max_length=255, blank=True, help_text="relative to DATA_ROOT; removed when imported")
    source_format = models.CharField(max_length=20, blank=True)
    similarity_encoder = models.CharField(max_length=255, blank=True)
    train_base_model = models.BooleanField(default=True)
    l2 = models.FloatField(
        "λ",
        null=True,
        blank=True,
        help_text="of the base model; without a source, of one more on `dataset`",
    )
    report = models.JSONField(default=dict, help_text="images listed, imported and left out, by reason")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="imports")

    class Meta(Job.Meta):
        verbose_name = "import of a data set"
        verbose_name_plural = "imports of data sets"
        constraints = [
            *Job.Meta.constraints,
            rule(
                "datasetimport_one_source",
                (Q(folder="") & ~Q(archive=""))
                | (~Q(folder="") & Q(archive=""))
                | Q(folder="", archive="", dataset__isnull=False, l2__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"import of {self.name}"


class ImportShard(models.Model):
    """Some images of an import that workers share: whoever holds the lease embeds them.

    What was made of them lies in files, as does what they are; a row that is lost costs a worker's help.
    """

    directory = models.CharField(max_length=255, help_text="of the data set that is imported, relative to DATA_ROOT")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the list of its images")
    count = models.PositiveIntegerField(help_text="images")
    n_done = models.PositiveIntegerField(default=0, help_text="of them, embedded; all: what was made of them is whole")
    attempts = models.PositiveIntegerField(default=0, help_text="the last one holds the lease")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            once("import_shard_once", "directory", "number"),
            rule("import_shard_done_at_most_whole", n_done__lte=F("count")),
        ]

    def __str__(self) -> str:
        return f"shard {self.number} of {self.directory}"


class Rehearsal(Job):
    """Simulated participants who play a study's visit; a green one is part of the pre-flight."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rehearsals")
    configuration_digest = models.CharField(max_length=64)
    n_people = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    report = models.JSONField(default=dict, help_text="by person: persona, outcome, seconds, what went wrong")

    def __str__(self) -> str:
        return f"rehearsal {self.pk} of {self.study}"


class Licence(models.TextChoices):
    """How a release may be used, by SPDX identifier."""

    CC0 = "CC0-1.0", "CC0 1.0: no rights reserved"
    CC_BY = "CC-BY-4.0", "CC BY 4.0: with attribution"
    CC_BY_SA = "CC-BY-SA-4.0", "CC BY-SA 4.0: with attribution, under the same licence"
    CC_BY_NC = "CC-BY-NC-4.0", "CC BY-NC 4.0: with attribution, not commercially"
    ODBL = "ODbL-1.0", "ODbL 1.0: databases, under the same licence"

    @property
    def url(self) -> str:
        """Where its text is."""
        return f"https://spdx.org/licenses/{self.value}.html"


class Release(Job):
    """A frozen export of a study, numbered from 1; a withdrawal supersedes the releases that hold the person."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    last_event = models.BigIntegerField(null=True, help_text="id of the newest event in it")
    snapshot_at = models.DateTimeField(null=True, blank=True)
    code_version = models.CharField(max_length=40, blank=True)
    file = models.CharField(max_length=255, blank=True, help_text="relative to DATA_ROOT")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file")
    size = models.BigIntegerField(null=True, help_text="bytes")
    manifest = models.JSONField(default=dict)
    superseded_at = models.DateTimeField(null=True, blank=True)
    superseded_reason = models.TextField(blank=True)
    licence = models.CharField(max_length=20, choices=Licence, blank=True, help_text="how others may use the release")
    doi = models.CharField(
        "DOI",
        max_length=120,
        blank=True,
        validators=[RegexValidator(r"^10\.\d{4,9}/\S+$", "A DOI begins with 10., as in 10.5281/zenodo.1234.")],
        help_text="where an archive has reserved one for it, without https://doi.org/",
    )
    authors = models.TextField(
        blank=True, help_text="whom to cite, one a line: “family name, given names”, or the name of a group"
    )

    class Meta(Job.Meta):
        ordering = ["study", "-number"]
        constraints = [
            *Job.Meta.constraints,
            once("release_number_once", "study", "number"),
            rule("release_done_has_file", ~Q(state=JobState.DONE) | (~Q(file="") & ~Q(digest=""))),
        ]

    def __str__(self) -> str:
        return f"release {self.number} of {self.study}"


class Benchmark(Job):
    """One measurement of the methods in `methods`, one after the other. A finished one never changes.

    `rows` has one JSON object a method, in their order: method, name, given (what it knows), over (what mean and sd are
    over), n, worst_group, worst_group_sd, average, average_sd, gap, plain_average (shares on test), left_out, the
    reason where it has no figures, and from version 0.12 on worst_group_low and worst_group_high (95% for other test
    images) and predictions: for each classifier its name, the predictions for the test images as the Base64 of
    compressed little-endian int32, and their SHA-256.
    """

    ALL_TRAIN = "all train"  # name of the classifier of all train images, which no mean is over

    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="benchmarks")
    methods = models.JSONField(help_text="keys of the methods to measure, in order")
    rows = models.JSONField(default=list)
    settings = models.JSONField(default=dict, help_text="λ, seeds, prompts, procedures, versions: to compute it again")
    code_version = models.CharField(max_length=40, blank=True)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            once("benchmark_once_at_a_time", "base_model", condition=Q(state__in=UNFINISHED)),
        ]

    def __str__(self) -> str:
        return f"benchmark of {self.base_model}"


class StudyAnalysis(Job):
    """One analysis of a study. The newest finished one is shown; none is kept for longer than that.

    `study_state` is what `state_of` the study said before its rows were read. `content` is msgpack, as
    `results.study_results` writes and reads it; another version of the code does not read it. `figures` are
    apart, since the API's tables need none: `analysis.figures.drawn_figures` writes and reads them.
    """

    ARRAYS = ("content", "figures")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="analyses")
    study_state = models.CharField(max_length=24, help_text="of the study, when its rows were read")
    content = models.BinaryField(null=True)
    figures = models.BinaryField(null=True)
    code_version = models.CharField(max_length=40, blank=True)

    class Meta(Job.Meta):
        verbose_name_plural = "study analyses"
        constraints = [
            *Job.Meta.constraints,
            once("analysis_one_at_a_time", "study", condition=Q(state__in=UNFINISHED)),
            rule("analysis_done_has_content", ~Q(state=JobState.DONE) | Q(content__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"analysis of {self.study}"


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
