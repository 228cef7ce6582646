"""A benchmark and what came out of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from worker.baselines.clarify_methods import AnnotationSet, AnnotationSource
from worker.baselines.method_inputs import Bench
from worker.baselines.outcomes import Row
from worker.baselines.scored_annotations import ScoredAnnotation
from worker.baselines.shown_model import ShownModel


@dataclass(frozen=True, eq=False)
class Report:
    """A benchmark and what came out of it. command: what to type for the same again."""

    bench: Bench
    model: ShownModel | None
    sources: tuple[AnnotationSource, ...]
    rows: tuple[Row, ...]
    command: str

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
