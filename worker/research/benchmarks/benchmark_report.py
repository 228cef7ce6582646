"""A benchmark and what came out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.benchmarks.outcomes import Row
from worker.benchmarks.paired_bootstrap import Comparison, GroupedLabels, comparisons, resample, with_intervals
from worker.research.benchmarks.setup import Setup


@dataclass(frozen=True, eq=False)
class Report:
    """A benchmark and what came out of it.

    images: the test images that all rows are measured on; comparisons: of the best row with each other one; command:
    what to type for the same again.
    """

    setup: Setup
    images: GroupedLabels
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    command: str

    @classmethod
    def of(cls, setup: Setup, rows: Sequence[Row], command: str) -> "Report":
        """Resample the test images of measured rows."""
        images = GroupedLabels.of(setup.bench.dataset)
        values = resample(images, rows)
        compared = tuple(comparisons(images, rows, values))
        return cls(setup, images, with_intervals(rows, values), compared, command)

    @property
    def encoder(self) -> str:
        """The name of the encoder whose texts are compared with the images."""
        dataset = self.setup.bench.dataset
        return str((dataset.files.manifest.encoder_of("similarity") or {}).get("name", dataset.similarity_encoder))
