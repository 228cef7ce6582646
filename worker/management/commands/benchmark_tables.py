"""Joins benchmarks of several data sets and encoders into the paper's tables."""

from typing import Any

from annotations.management.plain_command import PlainCommand, write_files
from worker.benchmarks.joined_tables import JoinedTable, join
from worker.benchmarks.report_tables import TABLE_1, TABLE_4, TABLE_6
from worker.benchmarks.stored_benchmarks import read_benchmark

_LAYOUTS = {"table1": TABLE_1, "table4": TABLE_4, "table6": TABLE_6}


class Command(PlainCommand):
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
