"""Computes stored scores, runs and random slices again, and says where they come out differently."""

from typing import Any
from uuid import UUID

from django.core.management import CommandError, CommandParser
from django.db.models import QuerySet

from annotations.base.version import CODE_VERSION
from annotations.management.plain_command import PlainCommand
from annotations.models import GatheredTraining, JobState, RandomSlices, Run, Score, Study, VocabularyLevel
from annotations.phrases.vocabulary_levels import WHOLE, half_of, levels_of
from annotations.studies.lifecycle import find_study
from worker.common.progress_bars import ProgressBars
from worker.research.recomputing.recomputation import Row, compute_again, random_slices_of
from worker.research.recomputing.stored_runs import HAS_RESULT

_COUNTED = (
    *(("score", "scores"), ("level", "levels"), ("run", "runs"), ("set of random slices", "sets of random slices")),
    ("training with gathered images", "trainings with gathered images"),
)
_RARE = ("level", "training with gathered images")  # not told where there are none
_Chosen = tuple[QuerySet[Score], QuerySet[VocabularyLevel], QuerySet[Run], QuerySet[GatheredTraining]]


class Command(PlainCommand):
    help = (
        "Compute stored scores, vocabulary levels, runs, random slices and trainings with gathered images again, and "
        "report differences. The exit status is 1 if there is one. Nothing is changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--score",
            type=int,
            metavar="PHRASE",
            help="one score, by its phrase's number, as phrases.csv, API and admin have it",
        )
        which.add_argument("--run", type=UUID, metavar="RUN", help="one run")
        which.add_argument("--study", metavar="SLUG", help="all scores, levels, runs and trainings of a study")
        which.add_argument("--all", action="store_true", help="all scores, levels, runs and trainings of all studies")

    def handle(self, *args: Any, **options: Any) -> None:
        scores, levels, runs, trainings = _chosen(options)
        n_different, every = 0, (scores, levels, runs, random_slices_of(runs), trainings)
        counts = ((each.count(), *names) for each, names in zip(every, _COUNTED, strict=True))
        told = [f"{n} {one if n == 1 else several}" for n, one, several in counts if n or one not in _RARE]
        with ProgressBars("rows") as progress:
            for row, differences in compute_again(scores, levels, runs, trainings, progress):
                n_different += bool(differences)
                for difference in differences:
                    self.stdout.write(f"{_name(row)}: {difference}")
        for version in sorted(_versions(*every) - {CODE_VERSION}):
            self.stdout.write(f"Some were computed by Clarify {version}; this is {CODE_VERSION}.")
        what = f"{', '.join(told[:-1])} and {told[-1]}"
        if n_different:
            raise CommandError(f"Recomputed {what}: {n_different} differ from what is stored.")
        self.stdout.write(f"Recomputed {what}: all match what is stored.")


def _chosen(options: dict[str, Any]) -> _Chosen:
    scores, levels, runs = Score.objects.all(), VocabularyLevel.objects.all(), Run.objects.filter(state__in=HAS_RESULT)
    trainings = GatheredTraining.objects.filter(state=JobState.DONE)
    if options["study"] is not None:
        study = find_study(options["study"])
        return (
            scores.filter(phrase__assignment__session__study=study),
            levels.filter(pk__in=_levels_of(study)),
            runs.filter(assignment__session__study=study),
            trainings.filter(gathering__study=study),
        )
    if options["score"] is not None:
        return _one_score(scores, options["score"]), levels.none(), runs.none(), trainings.none()
    if options["run"] is not None:
        return scores.none(), levels.none(), _one_run(runs, options["run"]), trainings.none()
    return scores, levels, runs, trainings


def _levels_of(study: Study) -> set[int]:
    """The levels of the study's tasks, and of the halves that judge its bonus."""
    tasks = list(study.tasks.all())
    return {level.pk for half in (WHOLE, half_of(study)) for level in levels_of(tasks, half).values()}


def _one_score(scores: QuerySet[Score], phrase: int) -> QuerySet[Score]:
    found = scores.filter(phrase=phrase)
    if not found.exists():
        raise CommandError(
            f"There is no score of phrase {phrase}. The study's export lists all phrases in phrases.csv."
        )
    return found


def _one_run(runs: QuerySet[Run], public_id: UUID) -> QuerySet[Run]:
    run = Run.objects.filter(public_id=public_id).first()
    if run is None:
        raise CommandError(f"There is no run {public_id}. The study's export lists all runs in runs.csv.")
    if run.state not in HAS_RESULT:
        raise CommandError(f"This run is {run.get_state_display().lower()}, so it has no result to recompute.")
    return runs.filter(pk=run.pk)


def _name(row: Row) -> str:
    """The row in words: which one, of whose words."""
    if isinstance(row, VocabularyLevel):
        half = " on the half that judges a bonus" if row.half else ""
        return f"{row.base_model}, class {row.target_class}, what common words reach{half}"
    if isinstance(row, GatheredTraining):
        return f"{row.gathering.study.slug}, {row}"
    if isinstance(row, RandomSlices):
        return f"{row.dataset}, {row}, {row.n_above} images"
    if isinstance(row, Score):
        session, name, text = row.phrase.assignment.session, f"score of phrase {row.phrase_id}", row.phrase.text
    else:
        session, name, text = row.assignment.session, f"run {row.public_id}", row.phrase_text
    return f"{session.study.slug}, {session.participant}, {name} “{text}”"


def _versions(*rows: QuerySet[Any]) -> set[str]:
    return {version for each in rows for version in each.order_by().values_list("code_version", flat=True).distinct()}
