"""manage.py rank_keywords DATASET: which words of a list name a base model's errors best, without any person."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser

from annotations.base.tables.columns import csv_text
from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset, write_files
from annotations.models import BaseModel
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.studies.preselection import preselections
from clarify_errors.arrays.keywords.keyword_sources import KeywordSource
from clarify_errors.arrays.keywords.stored_captions import BadCaptions, StoredCaptions, open_captions
from worker.common.progress_bars import ProgressBars
from worker.datasets.base_models import find_base_model
from worker.research.keywords.keyword_lists import (
    ListOfClass,
    lists_from_sources,
    load_sources,
    read_list,
    reads_pictures,
)
from worker.research.keywords.keyword_rankings import PERMUTATIONS, SEED, ClassRanking, rank_classes, retrain

CSV = "ranked_keywords.csv"
SHOWN = 10  # keywords on the terminal, where one class is ranked; of several classes the best alone
_COLUMNS = ("keyword", "text", "sign", "error_score", "threshold", "p_of_list", "null_level", "clip_score", "clip_rank",
            "n_captioned", "subgroup_accuracy")  # fmt: skip
_NO_P = "no p: it would hold only for words that were chosen without the errors that judge them"


class Command(PlainCommand):
    help = (
        "Rank a list of keywords by how well each names a base model's errors on a class. The rankings are stored, and "
        "the results pages of studies show them beside the participants' phrases. See docs/analysts/methods.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument("--base-model", required=True, metavar="NAME", help="the keywords are to name its errors")
        parser.add_argument("--class", dest="class_name", metavar="CLASS", help="default: every class")
        parser.add_argument(
            "--list",
            type=Path,
            metavar="FILE",
            help="keywords, one per line or with commas between them; default: clarify_errors/vocabulary.txt",
        )
        parser.add_argument(
            "--blind",
            action="store_true",
            help="the author of the --list did not know which images are wrong: without this, it has no p",
        )
        parser.add_argument(
            "--from",
            dest="sources",
            action="append",
            metavar="SOURCE",
            help="instead of a list: keywords from captions, by contrast, yake, keybert:FOLDER, chat:captions or "
            "python:MODULE:FACTORY, or from images by chat:pictures; more than once: of all of them",
        )
        parser.add_argument(
            "--images-may-leave",
            action="store_true",
            help="images may be sent to the model of a source that looks at them, such as chat:pictures",
        )
        parser.add_argument("--captions", metavar="NAME", help="default: the data set's newest")
        parser.add_argument("--template", default=DEFAULT_TEXT_TEMPLATE, help="template of texts; default: %(default)s")
        parser.add_argument(
            "--permutations",
            type=int,
            default=PERMUTATIONS,
            metavar="N",
            help="permutations behind p of the list; default: %(default)s",
        )
        parser.add_argument(
            "--seed", type=int, default=SEED, metavar="N", help="seed of the permutations; default: %(default)s"
        )
        parser.add_argument(
            "--retrain", action="store_true", help="with the best keyword of each class, as a run does with a phrase"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: keywords-NAME-vVERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        permutations, seed = options["permutations"], options["seed"]
        if permutations < 1 or seed < 0:
            raise CommandError("--permutations must be at least 1, and --seed must be at least 0.")
        with ProgressBars(unit="steps") as progress:
            dataset = find_dataset(options["dataset"])
            base_model = find_base_model(dataset, options["base_model"])
            classes = _classes(base_model, options["class_name"])
            sources = load_sources(options["sources"] or ())
            n_look = sum(map(reads_pictures, sources.values()))
            if n_look and not options["images_may_leave"]:
                raise CommandError("The model would get images. Add --images-may-leave if they may be sent to it.")
            captions = _captions(base_model, options["captions"], is_needed=n_look < len(sources))
            list_of = _lists(base_model, captions, sources, options)
            made = {"permutations": permutations, "seed": seed}
            rankings = list(rank_classes(base_model, classes, list_of, captions, **made, progress=progress))
            stored = [each.stored for each in rankings if each.stored and options["retrain"]]
            for done, ranking in enumerate(stored, 1):
                retrain(ranking)
                progress("retraining", done, len(stored))
        folder = options["output"] or Path(f"keywords-{dataset.name}-v{dataset.version}")
        _write(folder, base_model, rankings)
        self.tell(_told(base_model, rankings))
        self.stdout.write(f"Written: {folder / CSV}. What is needed to compute it again is stored with the rankings.")


def _classes(base_model: BaseModel, name: str | None) -> list[int]:
    names = base_model.dataset.class_names
    if name is None:
        return list(range(len(names)))
    if name not in names:
        raise CommandError(f"{base_model.dataset} has no class {name!r}. Its classes: {', '.join(names)}.")
    return [names.index(name)]


def _captions(base_model: BaseModel, name: str | None, *, is_needed: bool) -> StoredCaptions | None:
    try:
        return open_captions(base_model.dataset.files, name)
    except BadCaptions:
        if is_needed or name is not None:
            raise
        return None


def _lists(
    base_model: BaseModel,
    captions: StoredCaptions | None,
    sources: Mapping[str, KeywordSource],
    options: dict[str, Any],
) -> ListOfClass:
    if sources:
        if options["list"] is not None:
            raise CommandError("Keywords come from a --list or --from captions: use one of the two.")
        if options["blind"]:
            raise CommandError("--blind says how a --list was written: leave it out with --from.")
        return lists_from_sources(base_model, captions, sources, options["template"])
    words = read_list(options["list"], options["template"], is_blind=options["blind"])
    return lambda _: words


def _write(folder: Path, base_model: BaseModel, rankings: Sequence[ClassRanking]) -> None:
    names = base_model.dataset.class_names
    rows = (
        [names[each.target_class], rank, *(row[column] for column in _COLUMNS), each.n_correct, each.n_error]
        for each in rankings
        for rank, row in enumerate(each.rows, 1)
    )
    columns = ("adjusted_p" if column == "p_of_list" else column for column in _COLUMNS)
    table = csv_text(["class", "rank", *columns, "correct_images", "wrong_images"], rows)
    write_files(folder, {CSV: table.encode()})


def _told(base_model: BaseModel, rankings: Sequence[ClassRanking]) -> Iterator[str]:
    names, shown = base_model.dataset.class_names, SHOWN if len(rankings) == 1 else 1
    for ranking in rankings:
        name = names[ranking.target_class]
        for row in ranking.rows[:shown]:
            score = f"error score {row['error_score']:.3f} (unrelated words reach {row['null_level']:.3f})"
            p = _NO_P if row["p_of_list"] is None else f"p {row['p_of_list']:.3g}"
            yield f"{name}: “{row['keyword']}”, {score}, {p}"
        if ranking.why_not:
            yield f"{name}: skipped, {ranking.why_not}."
    ranked = {ranking.stored.list_name for ranking in rankings if ranking.stored and len(rankings) > 1}
    for each in preselections(base_model):
        if each.list_name in ranked:
            first = ", ".join(found.name for found in each.classes) or "none"
            yield f"Classes to annotate first (accuracy 20% to 80%): {first}."
