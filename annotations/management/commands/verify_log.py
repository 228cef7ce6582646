"""manage.py verify_log SLUG: build a study's state from its event log, and name what the tables say differently."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.base.snapshot import snapshot
from annotations.log.log_registry import BY_NAME, TABLES
from annotations.log.replay import LogCheck
from annotations.management.plain_command import PlainCommand, add_study
from annotations.studies.lifecycle import find_study


class Command(PlainCommand):
    help = "Replay a study's event log and compare it with the stored rows. See docs/analysts/files.md."

    def add_arguments(self, parser: CommandParser) -> None:
        add_study(parser)

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        with snapshot():
            check, n_found = LogCheck(find_study(slug)), 0
            for difference in check.differences():
                self.stderr.write(difference)
                n_found += 1
        counts = ", ".join(f"{table.title} {check.replayed[table]:,}" for table in TABLES if check.replayed[table])
        self.stdout.write(f"Rows replayed: {counts}. Erased visits: {len(check.erased):,}.")
        if n_found:
            raise CommandError(f"The log and the tables differ in {n_found:,} place{'' if n_found == 1 else 's'}.")
        self.stdout.write(f"The log and the tables agree on {check.replayed[BY_NAME['session']]:,} visits.")
