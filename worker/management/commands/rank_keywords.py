"""manage.py rank_keywords DATASET: which words of a list name a base model's errors best, without any person."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import BaseCommand, CommandError, CommandParser

from annotations.management.plain_errors import plain_errors
from annotations.models import BaseModel
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.services.datasets.dataset_registration import find_dataset
from annotations.tables.columns import write_cell
from modeling.arrays.phrases.keywords import select_classes
from worker.baselines.shown_model import find_base_model
from worker.benchmarks.keyword_rankings import (
    PERMUTATIONS,
    SEED,
    ClassRanking,
    KeywordList,
    keyword_rows,
    rank_classes,
    read_list,
    settings,
)
from worker.benchmarks.report_tables import Table
from worker.common.progress_bars import ProgressBars

CSV, JSON = "ranked_keywords.csv", "ranked_keywords.json"
SHOWN = 10  # keywords of the table on the terminal, where one class is ranked; of several classes the best alone
_COLUMNS = ("keyword", "text", "sign", "error_score", "threshold", "p_value", "adjusted_p", "clip_score")


class Command(BaseCommand):
    help = (
        "Rank a list of keywords by how well each names a base model's errors on a class. The rankings are stored, and "
        "stand beside what people said on the results pages of studies. See docs/methods.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="NAME, or NAME@VERSION for an older version")
        parser.add_argument("--base-model", required=True, metavar="NAME", help="whose errors the keywords are to name")
        parser.add_argument("--class", dest="class_name", metavar="CLASS", help="default: every class")
        parser.add_argument(
            "--list",
            type=Path,
            metavar="FILE",
            help="keywords, one a line or with commas between them; default: modeling/vocabulary.txt",
        )
        parser.add_argument("--template", default=DEFAULT_TEXT_TEMPLATE, help="of texts; default: %(default)s")
        parser.add_argument(
            "--permutations",
            type=int,
            default=PERMUTATIONS,
            metavar="N",
            help="behind p of the list; default: %(default)s",
        )
        parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="of these; default: %(default)s")
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: keywords-NAME-vVERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        permutations, seed = options["permutations"], options["seed"]
        if permutations < 1 or seed < 0:
            raise CommandError("--permutations must be at least 1, and --seed must be at least 0.")
        with plain_errors(), ProgressBars(unit="steps") as progress:
            dataset = find_dataset(options["dataset"])
            base_model = find_base_model(dataset, options["base_model"])
            words = read_list(options["list"], options["template"])
            classes = _classes(base_model, options["class_name"])
            ranked = rank_classes(base_model, classes, words, permutations=permutations, seed=seed, progress=progress)
            rankings = list(ranked)
        folder = options["output"] or Path(f"keywords-{dataset.name}-v{dataset.version}")
        _write(folder, base_model, words, rankings, settings(base_model, permutations, seed))
        for line in _told(base_model, rankings):
            self.stdout.write(line)
        self.stdout.write(f"Written: {folder / CSV}, with what is needed to recompute it in {JSON}.")


def _classes(base_model: BaseModel, name: str | None) -> list[int]:
    names = base_model.dataset.class_names
    if name is None:
        return list(range(len(names)))
    if name not in names:
        raise CommandError(f"{base_model.dataset} has no class {name!r}. Its classes: {', '.join(names)}.")
    return [names.index(name)]


def _write(
    folder: Path,
    base_model: BaseModel,
    words: KeywordList,
    rankings: Sequence[ClassRanking],
    made_with: dict[str, Any],
) -> None:
    of_list = {"name": words.name, "digest": words.digest, "template": words.template, "keywords": words.keywords}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / CSV).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["class", "rank", *_COLUMNS, "correct_images", "wrong_images"])
            for ranking in rankings:
                name = base_model.dataset.class_names[ranking.target_class]
                for rank, row in enumerate(keyword_rows(words, ranking), 1):
                    cells = [name, rank, *(row[column] for column in _COLUMNS), ranking.n_correct, ranking.n_error]
                    writer.writerow(map(write_cell, cells))
        (folder / JSON).write_text(
            json.dumps({**made_with, "list": of_list}, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}. Choose another --output.") from error


def _told(base_model: BaseModel, rankings: Sequence[ClassRanking]) -> list[str]:
    names, shown = base_model.dataset.class_names, SHOWN if len(rankings) == 1 else 1
    heading = ("class", "keyword", "error score", "p of the list", "CLIP score")
    lines = [
        (
            names[ranking.target_class],
            row.keyword,
            f"{row.error_score.value:.3f}",
            f"{row.adjusted_p:.3g}",
            f"{row.clip_score:.2f}",
        )
        for ranking in rankings
        for row in ranking.ranked[:shown]
    ]
    told = [Table("Keywords", heading, tuple(lines)).markdown()] if lines else []
    told += [f"{names[each.target_class]}: skipped, {each.why_not}." for each in rankings if each.why_not]
    if len(rankings) > 1:
        first = [names[label] for label in _worth_annotating(base_model, rankings)]
        told.append(f"Classes to annotate first (accuracy 20% to 80%): {', '.join(first) or 'none'}.")
    return told


def _worth_annotating(base_model: BaseModel, rankings: Sequence[ClassRanking]) -> list[int]:
    """Of all classes, those within the bounds of `select_classes`, in its order."""
    accuracies = np.array(base_model.validation_accuracies, dtype=np.float64)  # null is NaN
    found: list[int] = select_classes(accuracies, np.array([ranking.best_score for ranking in rankings])).tolist()
    return found
