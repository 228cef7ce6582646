"""manage.py release_study SLUG: ask for a release of a study, and build it here, or wait for the worker that does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import JobState, Study
from annotations.services import audit, releases
from worker.releases import build_due_releases
from worker.waiting import work_until_ended


class Command(BaseCommand):
    help = "Build a release of a study: tables, Parquet, figures, manifest. See docs/analysts.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study, as in the participants' link")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no study {slug!r}. There are: {known}.")
        release = releases.request(study, by=audit.SYSTEM)
        work_until_ended(release, build_due_releases)
        if release.state != JobState.DONE:
            raise CommandError(f"Release {release.number} failed. {release.error}")
        path = releases.file_of(release)
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes).\nSHA-256 {release.digest}")
        for note in release.manifest["notes"]:
            self.stdout.write(note)
