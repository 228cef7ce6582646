"""manage.py release_study SLUG: ask for a release of a study, and build it here."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import JobState, Study
from annotations.services import audit, releases
from worker.releases import build_due_releases


class Command(BaseCommand):
    help = "Build a release of a study in this process: tables, Parquet, figures, manifest. See docs/analysts.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study, as in the participants' link")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no study {slug!r}. There are: {known}.")
        release = releases.request(study, by=audit.SYSTEM)
        build_due_releases()
        release.refresh_from_db()
        if release.state == JobState.FAILED:
            raise CommandError(f"Release {release.number} failed. {release.error}")
        if release.state != JobState.DONE:
            self.stdout.write(f"Release {release.number} is being made by another worker.")
            return
        path = releases.file_of(release)
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes).\nSHA-256 {release.digest}")
        for note in release.manifest["notes"]:
            self.stdout.write(note)
