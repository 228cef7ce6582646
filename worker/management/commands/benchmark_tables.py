"""Joins benchmarks of several data sets and encoders into the paper's tables."""

from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.management.plain_command import PlainCommand, write_files
from worker.benchmarks.stored_benchmarks import read_benchmark
from worker.research.benchmarks.joined_tables import CAPTION, PAPER_TABLES, join


class Command(PlainCommand):
    help = "Join benchmarks of several data sets and encoders into the paper's tables 1, 4 and 6: Markdown, LaTeX, CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "records",
            nargs="+",
            type=Path,
            metavar="benchmark.json",
            help="as manage.py benchmark writes it, with the predictions beside it; data sets stand in this order",
        )
        parser.add_argument(
            "--output", type=Path, default="benchmark-tables", metavar="DIR", help="default: %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["output"]
        benchmarks = [read_benchmark(path) for path in options["records"]]
        files: dict[str, bytes] = {}
        for number, layout in PAPER_TABLES.items():
            table = join(layout, benchmarks)
            page = f"## {table.title}\n\n{table.markdown()}\n\n{CAPTION}\n"
            latex = f"% {table.title}. {CAPTION}\n{table.latex()}"
            texts = {"md": page, "tex": latex, "csv": table.csv()}
            files |= {f"table{number}.{end}": text.encode() for end, text in texts.items()}
            if table.lines:
                self.stdout.write(page)
        write_files(folder, files)
        self.stdout.write(f"Written: {', '.join(files)} in {folder}.")
