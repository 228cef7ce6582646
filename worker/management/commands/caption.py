"""manage.py caption DATASET: writes captions of a data set's images by a model; killed and run again, it goes on."""

import re
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset
from clarify_errors.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from worker.common.progress_bars import ProgressBars
from worker.research.keywords.captioning import caption

_ALL = "all"


class Command(PlainCommand):
    help = (
        "Write captions of a data set's images by a model, on the GPU if there is one. The captions are stored as they "
        "come: after an interruption, run the command again and it goes on. Keywords are made of them "
        "(rank_keywords --from)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument(
            "--captioner",
            required=True,
            metavar="SPEC",
            help="transformers:Salesforce/blip-image-captioning-base, a folder of a model, or python:MODULE:FACTORY",
        )
        parser.add_argument(
            "--split",
            choices=[*SPLIT_WORDS, _ALL],
            default=Split.VALIDATION.word,
            help="split of the images; keywords need validation alone, the default",
        )
        parser.add_argument("--images", type=Path, metavar="FOLDER", help="the imported folder; default: thumbnails")
        parser.add_argument("--name", metavar="NAME", help="name of the captions; default: the captioner's")

    def handle(self, *args: Any, **options: Any) -> None:
        spec, split = options["captioner"], options["split"]
        name = options["name"] or re.sub(r"^[a-z]+:", "", spec).rstrip("/")
        splits = list(Split) if split == _ALL else [SPLIT_WORDS[split]]
        with ProgressBars() as progress:
            dataset = find_dataset(options["dataset"])
            told = caption(dataset, spec, splits, options["images"], name=name, progress=progress)
        self.tell_left_out(told.unreadable, "images cannot be read and have no caption")
        self.stdout.write(f"{told.n:,} images of {dataset} have a caption of {name}, {told.n_new:,} of them new.")
