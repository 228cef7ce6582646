"""manage.py create_study: set a study up from arguments or a JSON file, and open it where asked."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.base.service_errors import StudyNotReady
from annotations.management.plain_command import PlainCommand
from annotations.models import Audience, BaseModel, Scheme, Study, StudyState
from annotations.models.study import new_code
from annotations.studies.lifecycle import create_study, entry_url, open_study

_OF_STUDY, _OF_TASK = ("slug", "title", "scheme"), ("base_model", "target_class", "time_limit_s")  # options
_NEEDED = "a slug and --base-model, or --from-json FILE"
_JSON_HELP = """
JSON file with the study's fields and its tasks, for example {"slug": "birds", "title": "Birds",
"tasks": [{"base_model": "birds/erm", "target_class": "dog", "time_limit_s": 600}]}; target_class is a name, a number or
missing (the class with the most errors)"""


class Command(PlainCommand):
    help = "Create a study, or open one that is there already."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="appears in the participants' link")
        parser.add_argument("--title", help="participants and coordinators read it (default: the slug)")
        parser.add_argument("--base-model", metavar="DATASET[@VERSION]/NAME", help="base model of the study's one task")
        parser.add_argument("--target-class", help="name or number (default: the class with the most errors)")
        parser.add_argument(
            "--experts",
            action="store_true",
            help="for people who are logged in here; without --time-limit no clock",
        )
        parser.add_argument("--time-limit", dest="time_limit_s", type=int, metavar="SECONDS", help="limit of the task")
        parser.add_argument(
            "--scheme", choices=Scheme.values, help="how images count in retraining: docs/analysts/methods.md"
        )
        parser.add_argument("--from-json", type=Path, metavar="FILE", help=_JSON_HELP)
        parser.add_argument("--open", action="store_true", help="open it: its configuration freezes")
        parser.add_argument(
            "--without-rehearsal",
            action="store_true",
            help="open it although no simulated participants have been through it in the last hour",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fields = _from_file(options["from_json"]) if options["from_json"] else _from_arguments(options)
        study = self._existing_or_new(fields)
        if options["open"] and study.state == StudyState.DRAFT:
            self._open(study, without_rehearsal=options["without_rehearsal"])
        if study.audience == Audience.EXPERTS:
            self.stdout.write("Experts annotate from the study's page in the admin: Annotate as an expert.")
        else:
            self.stdout.write(f"Participants' link: {entry_url(study)}")

    def _existing_or_new(self, fields: dict[str, Any]) -> Study:
        existing = Study.objects.filter(slug=fields["slug"]).first()
        if existing is not None:
            state = f"The study {existing.slug} already exists ({existing.get_state_display().lower()})."
            if any(value for name, value in fields.items() if name != "slug"):
                raise CommandError(f"{state} Choose another slug, or give this slug alone with --open to open it.")
            self.stdout.write(state)
            return existing
        tasks = [_with_base_model(task) for task in fields.pop("tasks", [])]
        if not tasks:
            raise CommandError(f"There is no study {fields['slug']!r} yet. Give {_NEEDED}.")
        fields.setdefault("completion_code", new_code())
        fields.setdefault("title", fields["slug"])
        study = create_study(tasks=tasks, **fields)
        n_tasks = study.tasks.count()
        self.stdout.write(f"Created the study {study.slug} with {n_tasks} task{'' if n_tasks == 1 else 's'}.")
        return study

    def _open(self, study: Study, *, without_rehearsal: bool) -> None:
        try:
            open_study(study, without_rehearsal=without_rehearsal)
        except StudyNotReady as error:
            raise CommandError(
                f"The study {study.slug} is still a draft. {error.message} Start a rehearsal in the admin, on "
                "the study's page “Rehearse and preview”, or open the study with --without-rehearsal."
            ) from error
        if without_rehearsal:
            self.stdout.write(
                "The study has not been rehearsed. Enter by its link and try a phrase before you send people."
            )
        self.stdout.write(f"Opened {study.slug}.")


def _from_arguments(options: dict[str, Any]) -> dict[str, Any]:
    if not options["slug"]:
        raise CommandError(f"Give {_NEEDED}.")
    given = {name: value for name, value in options.items() if value is not None}
    fields: dict[str, Any] = {name: given[name] for name in _OF_STUDY if name in given}
    task: dict[str, Any] = {name: given[name] for name in _OF_TASK if name in given}
    if task and "base_model" not in task:
        raise CommandError("Options of a task need its --base-model.")
    if options["experts"]:
        fields["audience"] = Audience.EXPERTS
        task.setdefault("time_limit_s", None)
    return {**fields, "tasks": [task] if "base_model" in task else []}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{path} is not JSON: {error}.") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("slug"), str):
        raise CommandError(f"{path} must contain one JSON object with a slug.")
    tasks = fields.get("tasks", [])
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and "base_model" in task for task in tasks):
        raise CommandError(f"{path}: tasks must be a list of objects, each with a base_model.")
    return fields


def _with_base_model(task: dict[str, Any]) -> dict[str, Any]:
    base_model = _base_model(str(task["base_model"]))
    resolved = {**task, "base_model": base_model}
    if "target_class" in task and task["target_class"] is not None:
        resolved["target_class"] = _class_number(base_model, str(task["target_class"]))
    return resolved


def _base_model(reference: str) -> BaseModel:
    dataset, _, name = reference.rpartition("/")
    dataset_name, _, version = dataset.partition("@")
    found = BaseModel.objects.filter(dataset__name=dataset_name, name=name).order_by("-dataset__version")
    if version:
        found = found.filter(dataset__version=int(version) if version.isdecimal() else -1)
    base_model = found.select_related("dataset").first()
    if base_model is None:
        known = ", ".join(f"{m.dataset.name}@{m.dataset.version}/{m.name}" for m in BaseModel.objects.all()) or "none"
        raise CommandError(f"There is no base model {reference!r}. Known base models: {known}.")
    return base_model


def _class_number(base_model: BaseModel, given: str) -> int:
    names = base_model.dataset.class_names
    if given in names:
        return int(names.index(given))
    if given.isdecimal() and int(given) < len(names):
        return int(given)
    raise CommandError(f"{base_model.dataset} has no class {given!r}. Its classes: {', '.join(names)}.")
