"""manage.py release_study SLUG: ask for a release of a study, and build it here, or wait for the worker that does."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.log import audit
from annotations.management.plain_command import PlainCommand, add_study
from annotations.models import JobState
from annotations.releases import release_requests
from annotations.studies.lifecycle import find_study
from worker.queue.job_waiting import work_until_ended
from worker.releases.release_building import build_due_releases


class Command(PlainCommand):
    help = "Build a release of a study: tables, Parquet, figures, manifest. See docs/analysts/files.md."

    def add_arguments(self, parser: CommandParser) -> None:
        add_study(parser)

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = find_study(slug)
        release = release_requests.request(study, by=audit.SYSTEM)
        work_until_ended(release, build_due_releases)
        if release.state != JobState.DONE:
            raise CommandError(f"Release {release.number} failed. {release.error}")
        path = release_requests.file_of(release)
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes).\nSHA-256 {release.digest}")
        for note in release.manifest["notes"]:
            self.stdout.write(note)
