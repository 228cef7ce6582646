"""Imports unlabelled images as a pool, from which studies gather images for what people found."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser

from annotations.management.plain_command import PlainCommand
from annotations.models import JobState, Pool
from annotations.pools import pool_requests
from worker.datasets.index_builds import build_due_indexes
from worker.pools.pool_imports import import_due_pools
from worker.queue.job_waiting import work_until_ended


class Command(PlainCommand):
    help = (
        "Import a folder of unlabelled images, of tar shards, or of embeddings (img_emb and metadata) as a pool. Run "
        "it again to add the images that are new in the folder."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the pool: letters, digits, _ and -")
        parser.add_argument("path", metavar="FOLDER", type=Path, help="it must stay where it is")
        parser.add_argument(
            "--encoder",
            default=settings.DEFAULT_SIMILARITY_ENCODER,
            metavar="SPEC",
            help="the similarity encoder of the data sets for which you gather (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, folder, encoder = options["name"], options["path"].resolve(), options["encoder"]
        same = Pool.objects.filter(name=name, folder=str(folder), encoder=encoder)
        pool = same.exclude(state=JobState.FAILED, dataset=None).first()
        before = pool.dataset if pool else None
        if pool is None:
            pool = pool_requests.new_pool(name, folder, encoder, by="command")
        elif pool.finished_at is not None:
            pool_requests.import_again(pool, by="command")
            pool.refresh_from_db()
        work_until_ended(pool, import_due_pools)  # a worker of the site may be faster, or go on where one was killed
        build_due_indexes()
        if pool.error or pool.dataset is None:
            raise CommandError(pool.error)
        if pool.dataset == before:
            self.stdout.write(f"Nothing to do: all images of {folder} are in {pool} already.")
            return
        files = pool.dataset.files
        self.stdout.write(f"Imported {pool}: {files.n_rows:,} of {files.manifest.report['listed']:,} images listed.")
        without = sum(not note["licence"] for note in files.notes)
        if without:
            self.stdout.write(f"The licence of {without:,} is not known: they are left out unless a gathering says so.")
        self.stdout.write(f"Directory: {files.directory}")
