"""Joins benchmarks of several data sets and encoders into the paper's tables."""

from typing import Any

from annotations.management.plain_command import PlainCommand, write_files
from worker.benchmarks.stored_benchmarks import read_benchmark
from worker.research.benchmarks.joined_tables import CAPTION, PAPER_TABLES, join


class Command(PlainCommand):
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
