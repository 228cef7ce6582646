"""manage.py import_captions DATASET FILE: brings captions of a data set's images, which change no version of it."""

from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset
from clarify_errors.arrays.datasets.dataset_files import file_sha256
from clarify_errors.arrays.keywords.caption_files import read_caption_file
from clarify_errors.arrays.keywords.stored_captions import store_captions


class Command(PlainCommand):
    help = (
        "Store captions with a data set: a CSV file with the columns filename and caption, or JSON Lines with these "
        "keys. Keywords are made of them (rank_keywords --from). No version of the data set changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help="captions.csv or captions.jsonl")
        parser.add_argument("--name", metavar="NAME", help="name of the captions; default: the file's name")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        dataset = find_dataset(options["dataset"])
        read = read_caption_file(path, dataset.files.filenames)
        self.tell_left_out(read.problems, "rows were left out")
        if not read.captions:
            raise CommandError(f"{path} has no caption of an image of {dataset}. Nothing was stored.")
        source = {"file": path.name, "sha256": file_sha256(path)}
        store_captions(dataset.files, options["name"] or path.stem, source, read.captions)
        n_images, n = dataset.files.n_rows, len(read.captions)
        self.stdout.write(f"{n:,} of {n_images:,} images of {dataset} have a caption now; {n_images - n:,} have none.")
