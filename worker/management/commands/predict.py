"""Classifies images with a head that was exported."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from django.core.management import CommandError, CommandParser
from django.core.management.base import OutputWrapper

from annotations.management.plain_command import PlainCommand, writing
from clarify_errors.arrays.common.modeling_errors import BadHead
from clarify_errors.arrays.retraining.heads import Head, read_metadata
from clarify_errors.tensors.encoders import load_encoder
from worker.common.progress_bars import ProgressBars
from worker.runs.prediction import Prediction, Rejected, find_images, predict_images


class Command(PlainCommand):
    help = "Classify images with an exported head: a CSV of image, predicted class and the probability of each class."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("head", metavar="HEAD", type=Path, help="head.safetensors, as export_head writes it")
        parser.add_argument("images", metavar="IMAGES", type=Path, nargs="+", help="image files, or folders of them")
        parser.add_argument("--output", type=Path, metavar="CSV", help="default: standard output")
        parser.add_argument("--encoder", metavar="SPEC", help="default: the one that the head's file names")

    def handle(self, *args: Any, **options: Any) -> None:
        with ProgressBars() as progress:
            head, spec = _read_head(options["head"], options["encoder"])
            images = find_images(options["images"])
            outcomes = predict_images(head, load_encoder(spec), images, progress)
            rejected = self._write(options["output"], head, outcomes)
        for image in rejected:
            self.stderr.write(f"{image.name}: skipped, {image.why}")
        if len(rejected) == len(images):
            raise CommandError("None of the images could be read.")

    def _write(self, output: Path | None, head: Head, outcomes: Iterable[Prediction | Rejected]) -> list[Rejected]:
        if output is None:
            return _write_csv(self.stdout, head, outcomes)
        with writing(output), output.open("w", encoding="utf-8", newline="") as file:
            return _write_csv(file, head, outcomes)


def _read_head(file: Path, encoder: str | None) -> tuple[Head, str]:
    """The head in a file, and the spec of the encoder whose features it takes."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error
    spec = encoder or read_metadata(data).get("feature_encoder")
    if not spec:
        raise BadHead(f"{file} does not name its encoder. Give it with --encoder SPEC")
    return Head.from_bytes(data), spec


def _write_csv(file: TextIO | OutputWrapper, head: Head, outcomes: Iterable[Prediction | Rejected]) -> list[Rejected]:
    """Write the predictions and return the images that have none."""
    rejected = []
    writer = csv.writer(file)
    writer.writerow(["image", "predicted", *(f"probability of {name}" for name in head.class_names)])
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            rejected.append(outcome)
        else:
            writer.writerow([outcome.name, head.class_names[outcome.label], *map(repr, outcome.probabilities.tolist())])
    return rejected
