"""Send simulated participants through a study's pages."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

import httpx2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from annotations.management.plain_errors import plain_errors
from annotations.models import Study
from annotations.services.studies.lifecycle import find_study
from annotations.services.visits.preview_links import simulated_parameters
from annotations.simulation.crowd import Link, as_participants, send
from annotations.simulation.page_browser import UnexpectedPage
from annotations.simulation.personas import make_personas
from annotations.simulation.visitor import VisitReport


class Command(BaseCommand):
    help = "Send simulated participants through the pages of a running site, as people would go through them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("--participants", type=int, default=26, metavar="N")
        parser.add_argument("--seed", type=int, default=0, help="the same seed sends the same people")
        parser.add_argument("--at-once", type=int, default=4, metavar="N", help="visits side by side")
        parser.add_argument("--run", default="1", help="sets these people apart from those of an earlier crowd")
        parser.add_argument(
            "--as-participants",
            action="store_true",
            help="come by the participants' link, so that these visits count like people's; without it nothing of them "
            "counts, and drafts can be visited too",
        )
        parser.add_argument("--base-url", default=settings.SITE_URL, help="where the site answers")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            study = find_study(options["study"])
        try:
            reports = send(
                options["base_url"],
                reverse("welcome", args=[study.slug]),
                _link(study, options),
                make_personas(options["participants"], options["seed"]),
                at_once=options["at_once"],
                on_end=self._tell,
            )
        except (UnexpectedPage, httpx2.HTTPError) as error:
            raise CommandError(f"A visit failed: {error}") from error
        unscored = sum(report.scores.count(None) for report in reports)
        if unscored:
            raise CommandError(
                f"{unscored} phrases were not scored in time. Check that the interactive worker is running."
            )

        if not options["as_participants"]:
            self.stdout.write("These visits are simulated. No count, quota or export includes them.")

    def _tell(self, report: VisitReport) -> None:
        scores = ", ".join("no score" if score is None else f"{score:.2f}" for score in report.scores) or "no phrases"
        end = "completed" if report.completion_code else "left"
        self.stdout.write(f"{report.persona.name}: {end} ({scores})")


def _link(study: Study, options: Mapping[str, Any]) -> Link:
    if options["as_participants"]:
        parameters = (study.participant_parameter, study.study_parameter, study.session_parameter)
        return as_participants(parameters, study_id=study.external_study_id or "simulated", run=options["run"])
    seed = f"{options['seed']}.{options['run']}"
    return lambda number, _persona: simulated_parameters(study, number, seed)
