"""The command `clarify`: find, explain and correct a classifier's errors, and run the server's commands.

The server is another distribution: its commands run where it is installed, and say what to install elsewhere
(docs/engineers/python.md).
"""

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np

import clarify_errors
from clarify_errors.arrays.common.modeling_errors import BadArray, ModelingError
from clarify_errors.arrays.phrases.phrase_languages import LANGUAGES
from clarify_errors.explanations.slice_reports import as_junit, as_markdown, as_rows

COLUMNS = ("label", "prediction")
OPTIONAL = {"groups": "group", "splits": "split"}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_THEY_STAND = {"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False}

# Commands that are modules of their own: what they need beside the base, where it is from, and their help.
_SERVER = (("clarify_site", "django", "celery"), "clarify-errors-server[worker]")
_LOCAL = (("clarify_site", "django", "celery", "torch", "psutil", "rich"), "clarify-errors-server[worker,embedded]")
MODULES = {
    "manage": ("clarify_site.command_runner", *_SERVER, "Run a command of the server: `clarify manage migrate`."),
    "import": ("clarify_site.command_runner", *_SERVER, "Import a data set into the server: `import NAME FOLDER`."),
    "demo": ("deploy.local.demo", *_LOCAL, "Run the whole service on this machine, with simulated participants."),
}
FIRST_ARGUMENTS = {"import": ["import_dataset"]}

EXPLAIN = """Score phrases by how well they tell a classifier's errors from its correct predictions.

TABLE is a CSV file with the columns label and prediction, and path (of the image, from the table's folder) unless
--embeddings is given. It may have group (an attribute, such as the background) and split (train, validation, test).

\b
Example:
  clarify explain table.csv --phrases phrases.txt --encoder bundled:small-clip
"""

DIAGNOSE = """Find the words that tell the errors of each class apart.

DATA is a folder with a folder of images for each class, or a CSV file with the columns path (from its folder) and
label, maybe prediction, group and split. The predictions are those of --model, or the table's.

\b
Example:
  clarify diagnose table.csv --encoder bundled:small-clip --html report.html
"""


class _Interruptible(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C ends it with 130, as shells expect."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


@click.group(cls=_Interruptible)
@click.version_option(clarify_errors.__version__, prog_name="clarify")
def main() -> None:
    """Find out in plain words what an image classifier gets wrong, and correct it."""


@main.command("explain", help=EXPLAIN)
@click.argument("table", type=FILE)
@click.option("--phrases", type=FILE, required=True, help="A text file with a phrase in each line.")
@click.option("--encoder", help="Such as bundled:small-clip or open_clip:ViT-L-14:openai.", required=True)
@click.option("--embeddings", type=FILE, help="The images' embeddings, an .npy file, in the table's order.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", help="Of the phrases.")
@click.option("--common-words", is_flag=True, help="Tell what is better than guessing, by thousands of common words.")
@click.option("--class", "target_class", help="The class to explain. Default: the one with most errors.")
@click.option("--correct", metavar="PHRASE", help="Retrain the last layer with this phrase; `best` takes the first.")
@click.option("--head", type=click.Path(path_type=Path), help="Where to store the corrected head (safetensors).")
@click.option("--sheet", type=click.Path(path_type=Path), help="Where to draw both sides of the best phrase (PNG).")
@click.option("--fiftyone", type=click.Path(path_type=Path), help="A folder for what FiftyOne opens.")
@click.option("--csv", "as_csv", type=click.Path(path_type=Path), help="Where to write the phrases' scores.")
@click.option("--seed", default=0, show_default=True, help="Of splits that are drawn, and of intervals.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def _explain(
    table: Path,
    phrases: Path,
    encoder: str,
    embeddings: Path | None,
    language: str,
    common_words: bool,
    target_class: str | None,
    correct: str | None,
    head: Path | None,
    sheet: Path | None,
    fiftyone: Path | None,
    as_csv: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    try:
        rows = _rows(table)
        more: dict[str, Any] = {
            option: [row[column] for row in rows] for option, column in OPTIONAL.items() if column in rows[0]
        }
        report = clarify_errors.explain(
            _images(rows, table.parent) if embeddings is None else np.load(embeddings, allow_pickle=False),
            [row["label"] for row in rows],
            [row["prediction"] for row in rows],
            phrases=_lines(phrases),
            vocabulary="common" if common_words else (),
            encoder=encoder,
            language=language,
            target_class=target_class,
            seed=seed,
            **more,
        )
        best = report.phrases[0].phrase
        scored = report.table()
        chance = report.random_words
        said: dict[str, Any] = {
            "class": report.class_name,
            "phrases": scored.to_dict("records"),
            "random_words": chance and asdict(chance),
        }
        words = [f"Class: {report.class_name}", str(report), scored.to_string(index=False)]
        if as_csv is not None:
            scored.to_csv(as_csv, index=False)
        if sheet is not None:
            report.show(best).save(sheet)
        if fiftyone is not None:
            report.to_fiftyone(fiftyone)
        if correct is not None:
            chosen = best if correct == "best" else correct
            correction = report.correct(chosen, seed=seed)
            groups = correction.table().reset_index(names="group")
            said["correction"] = {
                "phrase": chosen,
                "gain": asdict(correction.gain),
                "groups": groups.to_dict("records"),
            }
            words += [f"Corrected with “{chosen}”: {correction.gain}", groups.to_string(index=False)]
            if head is not None:
                correction.save(head)
    except (ModelingError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(said, indent=2, default=float) if as_json else "\n\n".join(words))


@main.command("diagnose", help=DIAGNOSE)
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--model", help="A network of torchvision or timm by its name, with the weights that it comes with.")
@click.option("--encoder", help="Such as bundled:small-clip or open_clip:ViT-L-14:openai.", required=True)
@click.option("--phrases", type=FILE, help="A text file with a phrase in each line. Default: words are proposed.")
@click.option("--html", type=click.Path(path_type=Path), help="Where to write the report, with pictures, as one page.")
@click.option("--csv", "as_csv", type=click.Path(path_type=Path), help="Where to write a row for each class.")
@click.option("--slices", type=click.Path(path_type=Path), help="Where to write what was found, for `clarify check`.")
@click.option("--cache", default="~/.cache/clarify", show_default=True, help="A folder of what was computed.")
@click.option("--seed", default=0, show_default=True, help="Of splits and halves that are drawn.")
def _diagnose(
    data: Path,
    model: str | None,
    encoder: str,
    phrases: Path | None,
    html: Path | None,
    as_csv: Path | None,
    slices: Path | None,
    cache: str,
    seed: int,
) -> None:
    try:
        texts = [] if phrases is None else _lines(phrases)
        report = clarify_errors.diagnose(model, data, encoder=encoder, phrases=texts, cache=cache, seed=seed)
        click.echo(report)
        for path, reason in report.unreadable.items():
            click.echo(f"Left out: {path}: {reason}", err=True)
        if html is not None:
            report.save(html)
        if as_csv is not None:
            report.table().to_csv(as_csv, index=False)
        if slices is not None:
            report.save_slices(slices)
    except (ModelingError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


class _BadInput(click.ClickException):
    """Ends with 2, since 1 says that a slice got worse."""

    exit_code = 2


CHECK = """Tell whether a new model is worse than the old one on a slice that was found.

SLICES is a file of `Explanation.save_slices`. NEW and OLD are CSV files with the columns path, label and prediction, of
the same images. The exit status is 1 where a slice got worse beyond its own noise, else 0.
"""


@main.command("check", help=CHECK)
@click.argument("slices", type=FILE)
@click.argument("new", type=FILE)
@click.option("--against", "old", type=FILE, required=True, help="The old model's predictions.")
@click.option("--encoder", help="That of the slices, such as open_clip:ViT-L-14:openai.")
@click.option("--embeddings", type=FILE, help="The images' embeddings, an .npy file, in the order of NEW.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Where to write the result as JSON.")
@click.option("--junit", type=click.Path(path_type=Path), help="Where to write it for a CI server.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Where to write it for a pull request.")
def _check(
    slices: Path,
    new: Path,
    old: Path,
    encoder: str | None,
    embeddings: Path | None,
    as_json: Path | None,
    junit: Path | None,
    markdown: Path | None,
) -> None:
    try:
        if (encoder is None) == (embeddings is None):
            raise BadArray("give --encoder or --embeddings, one of them")
        rows, before, found = _rows(new), _by_path(old), clarify_errors.load_slices(slices)
        if set(before) != set(_by_path(new)):
            odd = min(set(before) ^ set(_by_path(new)))
            raise BadArray(f"{odd} is only in {old if odd in before else new}: both need the same images")
        beside = [before[row["path"]] for row in rows]
        if changed := next((a["path"] for a, b in zip(rows, beside, strict=True) if a["label"] != b["label"]), None):
            raise BadArray(f"{changed} has another label in {old}")
        loaded = None if encoder is None else clarify_errors.load_encoder(encoder)
        if loaded and (other := next((each.encoder for each in found if each.encoder not in ("", loaded.name)), "")):
            raise BadArray(f"the slices are of the encoder {other}, and --encoder is {loaded.name}")
        images = _images(rows, new.parent) if embeddings is None else np.load(embeddings, allow_pickle=False)
        labels, after = ([row[column] for row in rows] for column in COLUMNS)
        old_answers = [row["prediction"] for row in beside]
        changes = clarify_errors.check_slices(found, images, labels, old_answers, after, loaded)
        for path, text in (
            (as_json, json.dumps(as_rows(changes), indent=2, ensure_ascii=False) + "\n"),
            (junit, as_junit(changes)),
            (markdown, as_markdown(changes)),
        ):
            if path is not None:
                path.write_text(text, encoding="utf-8")
    except Exception as error:  # nothing but a slice that got worse may end with 1
        raise _BadInput(str(error) or type(error).__name__) from error
    for each in changes:
        click.echo(each)
    sys.exit(int(any(each.verdict == "worse" for each in changes)))


def _by_path(table: Path) -> dict[str, dict[str, str]]:
    rows = _rows(table)
    if "path" not in rows[0]:
        raise BadArray(f"{table} has no column path, which tells its rows from those of the other table")
    by_path = {row["path"]: row for row in rows}
    if len(by_path) < len(rows):
        twice = next(path for path, n in Counter(row["path"] for row in rows).items() if n > 1)
        raise BadArray(f"{table} has {twice} more than once")
    return by_path


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, restval=""))
    if not rows:
        raise BadArray(f"{table} has no row")
    if missing := [column for column in COLUMNS if column not in rows[0]]:
        raise BadArray(f"{table} has no column {' and none '.join(missing)}; it has {', '.join(rows[0])}")
    return rows


def _images(rows: list[dict[str, str]], folder: Path) -> list[Path]:
    if "path" not in rows[0]:
        raise BadArray("the table has no column path: give --embeddings, or the images' paths")
    paths = [folder / row["path"] for row in rows]
    if (lost := next((row for row, path in enumerate(paths, 1) if not path.is_file()), None)) is not None:
        raise BadArray(f"row {lost} of the table: there is no file {paths[lost - 1]}")
    return paths


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]


def _module(name: str, module: str, needs: Iterable[str], source: str, help_text: str) -> click.Command:
    @click.command(name, help=help_text, context_settings=AS_THEY_STAND)
    @click.option("--home", help="Where state lies. Default: CLARIFY_HOME, or the user's data folder.")
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: Iterable[str], home: str | None) -> None:
        if missing := [needed for needed in needs if find_spec(needed) is None]:
            said = f"`clarify {name}` needs more packages ({', '.join(missing)})"
            raise click.ClickException(f"{said}: pip install '{source}'.")
        if home is not None:
            os.environ["CLARIFY_HOME"] = home
        command = [sys.executable, "-m", module, *FIRST_ARGUMENTS.get(name, []), *arguments]
        os.execv(sys.executable, command)  # noqa: S606 - what runs gets Ctrl-C, and time to end, itself

    return run


for _name, _of in MODULES.items():
    main.add_command(_module(_name, *_of))
