"""manage.py train_correction SLUG: train a pooled correction of a study, and say what it does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.management.plain_errors import plain_errors
from annotations.models import BaseModel, Correction, JobState, Study
from annotations.readings.retraining.correction_candidates import candidates
from annotations.readings.retraining.corrections import report_of
from annotations.services.logs import audit
from annotations.services.retraining import corrections
from annotations.services.studies.lifecycle import find_study
from worker.queue.job_waiting import work_until_ended
from worker.retraining.corrections import train_due_corrections

LEAVE_OUT = "none"


class Command(BaseCommand):
    help = "Retrain a base model with one approved annotation a class. See docs/analysts.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study, as in the participants' link")
        parser.add_argument("--base-model", metavar="NAME", help="where the study shows several base models")
        parser.add_argument(
            "--class",
            dest="classes",
            action="append",
            default=[],
            metavar="CLASS=PHRASE",
            help=f"another approved phrase for a class than its best; CLASS={LEAVE_OUT} leaves the class out",
        )
        parser.add_argument(
            "--second", metavar="DATASET:NAME", help="a base model on a second test set, its newest version"
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        with plain_errors():
            study = find_study(slug)
        base_model = _base_model(study, options["base_model"])
        by_hand = dict(_by_hand(study, base_model, given) for given in options["classes"])
        second = _second(options["second"]) if options["second"] else None
        with plain_errors():
            correction = corrections.request(study, base_model, by=audit.SYSTEM, by_hand=by_hand, second=second)
        work_until_ended(correction, train_due_corrections)
        if correction.state == JobState.FAILED:
            raise CommandError(correction.error)
        for line in _told(correction):
            self.stdout.write(line)


def _base_model(study: Study, name: str | None) -> BaseModel:
    found = {model.name: model for model in BaseModel.objects.filter(tasks__study=study).select_related("dataset")}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise CommandError(
            f"The study shows several base models. Choose one with --base-model: {', '.join(sorted(found))}."
        )
    return found[name]


def _by_hand(study: Study, base_model: BaseModel, given: str) -> tuple[int, int | None]:
    name, equals, text = given.partition("=")
    names = base_model.dataset.class_names
    if not equals or name not in names:
        raise CommandError(f"--class must be CLASS=PHRASE, not {given!r}. Classes: {', '.join(names)}.")
    label = names.index(name)
    if text == LEAVE_OUT:
        return label, None
    scores = candidates(study, base_model).get(label, [])
    score = next((score for score in scores if score.phrase.text.casefold() == text.casefold()), None)
    if score is None:
        known = ", ".join(sorted({f"“{score.phrase}”" for score in scores})) or "none"
        raise CommandError(f"“{text}” is not an approved phrase of “{name}”. Approved phrases: {known}.")
    return label, score.phrase_id


def _second(given: str) -> BaseModel:
    dataset, _, name = given.rpartition(":")
    found = BaseModel.objects.filter(dataset__name=dataset, name=name).select_related("dataset")
    second = found.order_by("-dataset__version").first()
    if second is None:
        raise CommandError(f"There is no base model {name!r} on a data set {dataset!r}. --second must be DATASET:NAME.")
    return second


def _told(correction: Correction) -> list[str]:
    report = report_of(correction)
    lines = [f"Correction {correction.pk} of {correction.base_model}:"]
    lines += [
        f"  {each.class_name}: “{each.part.score.phrase}” ({each.n_above} + {each.n_below})" for each in report.parts
    ]
    for line in report.overall:
        changes = [
            f"{title} {change.before:.1%} → {change.after:.1%}"
            for title, change in zip(report.sets, line.changes, strict=True)
            if change.before is not None and change.after is not None
        ]
        lines.append(f"  {line.name}: {', '.join(changes)}")
    for row in report.left_out:
        lost = row.changes[0].difference
        lines.append(
            f"  Without “{row.phrase}” ({row.class_name}): {report.ablated[0]} {100 * (lost or 0):+.1f} points"
        )
    lines.append(
        "Its head can be downloaded when a coordinator has approved the correction on the study's correction page."
    )
    return lines
