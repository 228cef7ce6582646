"""A Hugging Face data set of images as a folder and a table, which the server imports: `clarify unpack`."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from datasets import Dataset, DatasetDict, load_dataset, load_from_disk

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.datasets.dataset_files import SPLIT_WORDS
from modeling.explanations.inputs import picture

TABLE = "metadata.csv"


def unpack(
    splits: Mapping[str, Dataset], folder: Path, *, image: str = "image", label: str = "label", group: str | None = None
) -> int:
    """Write a data set's images as PNG files, and a table of them.

    Parameters
    ----------
    splits : mapping of str to datasets.Dataset
        By the names train, validation or val, and test.
    folder : pathlib.Path
        Made if it is missing. The table is what `clarify import NAME FOLDER --format csv` reads.
    image, label : str
        Columns.
    group : str, optional
        Column of an attribute, such as the background.

    Returns
    -------
    int
        How many images there are.

    Raises
    ------
    BadArray
        If a split or a column is unknown.
    """
    columns = {"class": label} | ({"attribute": group} if group else {})
    count = 0
    for name, rows in splits.items():
        if missing := {image, *columns.values()} - set(rows.column_names):
            raise BadArray(
                f"the split {name} has no column {', '.join(sorted(missing))}: {', '.join(rows.column_names)}"
            )
        if name not in SPLIT_WORDS:
            raise BadArray(f"the split {name!r} is not one of {', '.join(SPLIT_WORDS)}: rename it")
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["filename", "split", *columns])
        for name, rows in splits.items():
            for i, row in enumerate(rows):
                filename = f"{name}/{i:07}.png"
                picture(row[image]).save(folder / filename)
                table.writerow([filename, name, *(_word(rows, column, row[column]) for column in columns.values())])
                count += 1
    return count


@click.command("clarify unpack")
@click.argument("source")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--image", default="image", show_default=True, help="The column of pictures.")
@click.option("--label", default="label", show_default=True, help="The column of classes.")
@click.option("--group", help="A column with an attribute, such as the background.")
def _command(source: str, folder: Path, image: str, label: str, group: str | None) -> None:
    """Write a Hugging Face data set as a folder for `clarify import NAME FOLDER --format csv`.

    SOURCE is a folder of `save_to_disk`, or a name on the hub.
    """
    try:
        data = load_from_disk(source) if Path(source).is_dir() else load_dataset(source)
        splits = data if isinstance(data, DatasetDict) else {"train": data}
        count = unpack(splits, folder, image=image, label=label, group=group)
    except (BadArray, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} images and {TABLE} are in {folder}: clarify import NAME {folder} --format csv")


def _word(rows: Dataset, column: str, value: Any) -> str:
    feature = rows.features[column]
    return str(feature.int2str(value)) if hasattr(feature, "int2str") else str(value)


if __name__ == "__main__":
    _command()
