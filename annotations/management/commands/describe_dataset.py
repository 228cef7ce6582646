"""manage.py describe_dataset DATASET FOLDER: a data set's images as a table, described in the format Croissant."""

import csv
import json
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, writing
from clarify_errors.arrays.common.croissant import CROISSANT, DescribedTable, croissant
from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split

_COLUMNS = (
    ("filename", "text", "the image, as it was called where the data set was imported"),
    ("image_key", "text", "what exports and logs call it"),
    ("split", "text", "train, validation or test"),
    ("class", "text", "ground truth"),
    ("attribute", "text", "the other half of its group; empty without groups"),
)


class Command(PlainCommand):
    help = "Write a data set's images as a table, and its description for catalogues and loaders (Croissant)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="its name, or name@digest of one version")
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="made if it is missing; no image is copied")

    def handle(self, *args: Any, dataset: str, folder: Path, **options: Any) -> None:
        found = find_dataset(dataset)
        with writing(folder, "Choose another."):
            folder.mkdir(parents=True, exist_ok=True)
            table = folder / "images.csv"
            _write(found.files, table)
            described = DescribedTable(table.name, file_sha256(table), "one row an image", _COLUMNS)
            said = f"{found.files.n_rows} images of {', '.join(found.class_names)}; version {found.digest}."
            document = croissant(found.name, said, [described])
            (folder / CROISSANT).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        self.stdout.write(f"Wrote {table} and {folder / CROISSANT}.")


def _write(files: DatasetFiles, table: Path) -> None:
    attributes = (
        [""] * files.n_rows if files.attributes is None else [files.attribute_names[a] for a in files.attributes]
    )
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, *_ in _COLUMNS])
        for i, filename in enumerate(files.filenames):
            split, label = Split(files.splits[i]).word, files.class_names[files.labels[i]]
            writer.writerow([filename, files.image_keys[i].decode(), split, label, attributes[i]])
