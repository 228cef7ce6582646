"""Joins benchmarks of several data sets and encoders into the paper's tables."""

from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.management.plain_command import PlainCommand, write_files
from worker.benchmarks.joined_tables import JoinedTable, join
from worker.benchmarks.report_tables import TABLE_1, TABLE_4, TABLE_6
from worker.benchmarks.stored_benchmarks import read_benchmark

_LAYOUTS = {"table1": TABLE_1, "table4": TABLE_4, "table6": TABLE_6}


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
            "--output", type=Path, default=Path("benchmark-tables"), metavar="DIR", help="default: %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["output"]
        benchmarks = [read_benchmark(path) for path in options["records"]]
        tables = {name: join(layout, benchmarks) for name, layout in _LAYOUTS.items()}
        written = {"md": JoinedTable.markdown, "tex": JoinedTable.latex, "csv": JoinedTable.csv}
        files = {
            f"{name}.{end}": text(table).encode() for name, table in tables.items() for end, text in written.items()
        }
        write_files(folder, files)
        for table in tables.values():
            if table.lines:
                self.stdout.write(table.markdown())
        self.stdout.write(f"Written: {', '.join(tables)} in {folder}, each as Markdown, LaTeX and CSV.")
