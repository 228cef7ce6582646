"""Takes images out of a pool, for example since their licence was withdrawn."""

from typing import Any

from django.core.management import CommandError

from annotations.management.plain_command import PlainCommand
from annotations.models import Pool
from annotations.services.pools import pool_requests
from worker.similarity_search.index_builds import build_due_indexes


class Command(PlainCommand):
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
