"""Takes images out of a pool, for example since their licence was withdrawn."""

from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser

from annotations.management.plain_command import PlainCommand
from annotations.models import Pool
from annotations.services.pools import pool_requests
from worker.similarity_search.index_builds import build_due_indexes


class Command(PlainCommand):
    help = "Take images out of a pool for good: nobody finds, sees, reviews or trains with them again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="of the pool")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--licence", default="", help="all images of this licence, written as in the pool")
        which.add_argument("--files", type=Path, metavar="LIST", help="a file of names below the folder, one a line")
        parser.add_argument("--why", required=True, help="the reason, for the pool's page and the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        pool = Pool.objects.filter(name=options["name"], dataset__isnull=False).order_by("-pk").first()
        if pool is None:
            raise CommandError(f"There is no pool {options['name']}.")
        lines = options["files"].read_text("utf-8").splitlines() if options["files"] else []
        names = [line.strip() for line in lines if line.strip()]
        n, made = pool_requests.take_out(pool, options["why"], by="command", names=names, licence=options["licence"])
        build_due_indexes()
        self.stdout.write(f"Took {n:,} image{'' if n == 1 else 's'} out of {pool}.")
        for dataset in made:
            self.stdout.write(f"{dataset} was made with some of them, and keeps these.")
