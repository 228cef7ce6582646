"""A benchmark and what came out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.baselines.clarify_methods import AnnotationSet, AnnotationSource
from worker.baselines.method_inputs import Bench
from worker.baselines.outcomes import Row
from worker.baselines.scored_annotations import ScoredAnnotation
from worker.baselines.shown_model import ShownModel
from worker.benchmarks.paired_bootstrap import Comparison, GroupedLabels, comparisons, resample, with_intervals


@dataclass(frozen=True, eq=False)
class Report:
    """A benchmark and what came out of it.

    images: the test images that all rows are measured on; comparisons: of the best row with each other one; command:
    what to type for the same again.
    """

    bench: Bench
    model: ShownModel | None
    sources: tuple[AnnotationSource, ...]
    images: GroupedLabels
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    command: str

    @classmethod
    def of(
        cls,
        bench: Bench,
        model: ShownModel | None,
        sources: tuple[AnnotationSource, ...],
        rows: Sequence[Row],
        command: str,
    ) -> "Report":
        """Resample the test images of measured rows."""
        images = GroupedLabels.of(bench.data.dataset)
        values = resample(images, rows)
        compared = tuple(comparisons(images, rows, values))
        return cls(bench, model, sources, images, with_intervals(rows, values), compared, command)

    @property
    def encoder(self) -> str:
        """The name of the encoder whose texts are compared with the images."""
        described = self.bench.data.dataset.files.manifest.encoder_of("similarity") or {}
        return str(described.get("name", self.bench.data.dataset.similarity_encoder))

    @property
    def annotations(self) -> tuple[ScoredAnnotation, ...]:
        """Every annotation of the sources, each once."""
        listed = (each for source in self.sources for each in _annotations(source))
        return tuple({id(annotation): annotation for annotation in listed}.values())


def _annotations(source: AnnotationSource) -> Iterator[ScoredAnnotation]:
    if isinstance(source, AnnotationSet):
        yield from source.annotations
    else:
        for annotations in source.sets.values():
            yield from annotations
