"""manage.py caption DATASET: writes captions of a data set's images by a model; killed and run again, it goes on."""

import re
from typing import Any

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand
from modeling.arrays.datasets.dataset_files import SPLIT_WORDS, Split
from worker.common.progress_bars import ProgressBars
from worker.research.keywords.captioning import caption

_ALL = "all"


class Command(PlainCommand):
    more = {"--split": {"choices": [*SPLIT_WORDS, _ALL], "default": Split.VALIDATION.word}}

    def handle(self, *args: Any, **options: Any) -> None:
        spec, split = options["captioner"], options["split"]
        name = options["name"] or re.sub(r"^[a-z]+:", "", spec).rstrip("/")
        splits = list(Split) if split == _ALL else [SPLIT_WORDS[split]]
        with ProgressBars() as progress:
            dataset = find_dataset(options["dataset"])
            told = caption(dataset, spec, splits, options["images"], name=name, progress=progress)
        self.tell_left_out(told.unreadable, "images cannot be read and have no caption")
        self.stdout.write(f"{told.n:,} images of {dataset} have a caption of {name}, {told.n_new:,} of them new.")
