"""manage.py verify_log SLUG: build a study's state from its event log, and name what the tables say differently."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.exports.snapshot import snapshot
from annotations.models import Study
from annotations.services.logged_tables import SESSION
from annotations.services.replay import differences, replay, stored


class Command(BaseCommand):
    help = "Replay a study's event log and compare it with the stored rows. See docs/analysts.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study, as in the participants' link")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        with snapshot():
            study = Study.objects.filter(slug=slug).first()
            if study is None:
                known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)) or "none"
                raise CommandError(f"There is no study {slug!r}. There are: {known}.")
            replayed, tables = replay(study), stored(study)
        for visit, kinds in sorted(replayed.incomplete.items()):
            counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            self.stdout.write(f"Visit {visit} is older than events that carry rows, so it is left out: {counted}.")
        found = differences(replayed, tables)
        for difference in found:
            self.stderr.write(difference)
        counts = ", ".join(f"{len(rows):,} {table.title}" for table, rows in replayed.rows.items() if rows)
        self.stdout.write(f"Replayed: {counts}; {len(replayed.erased):,} of the visits are erased.")
        if found:
            raise CommandError(f"The log and the tables differ in {len(found):,} places.")
        n_checked = len(replayed.rows[SESSION].keys() - {str(visit) for visit in replayed.incomplete})
        self.stdout.write(f"The log and the tables agree on {n_checked:,} visits.")
