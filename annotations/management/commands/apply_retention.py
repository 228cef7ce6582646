"""Destroy the ids of every study whose retention period is over; workers do the same by themselves, every hour."""

from typing import Any

from django.utils import timezone

from annotations.management.plain_command import PlainCommand
from annotations.services.visits import retention


class Command(PlainCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        due = retention.due(now)
        for study in due:
            ended = retention.ends_at(study)
            self.stdout.write(f"{study.slug}: its retention period ended on {ended:%Y-%m-%d}.")
        if options["dry_run"] or not due:
            self.stdout.write(
                f"{len(due)} {'study is' if len(due) == 1 else 'studies are'} due. Nothing was destroyed."
            )
            return
        self.stdout.write(f"Destroyed the ids of {retention.apply_due(now)} of them.")
