"""Goes through the rows of a benchmark, one after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.methods import Method
from worker.benchmarks.outcomes import ALL_TRAIN, Missing, Outcome, Over, Result, Row
from worker.benchmarks.scored_annotations import AnnotationSource

NO_ATTRIBUTE = "the data set has no attribute, so its groups are its classes"
NO_ANNOTATION = "no annotation was given"
NOTHING = AnnotationSource("", {})


class NotUsable(ModelingError):
    """A method needs what the data set, or the command, does not have."""


@dataclass(frozen=True, eq=False)
class _Planned:
    """A row to be."""

    method: Method
    source: AnnotationSource

    @property
    def over(self) -> Over:
        return Over.PARTICIPANTS if self.source.is_people else self.method.over

    @property
    def name(self) -> str:
        return f"{self.method.name} {self.source.name}".rstrip()

    def n_classifiers(self, seeds: int) -> int:
        if self.source.is_people:
            return len(self.source.sets)
        return {Over.DRAWS: seeds + 1, Over.SEEDS: seeds}.get(self.over, 1)


def run_benchmark(
    bench: Bench, methods: Sequence[Method], sources: Sequence[AnnotationSource], progress: Progress
) -> list[Row]:
    """Train and measure every row. A method that cannot be used here has a row that says why (`left_out`).

    progress: called as (stage, classifiers done, all of them). Raises NothingToEvaluate without a test image; whatever
    else a method raises on purpose is its row's.
    """
    planned = [each for method in methods for each in _plan(method, sources)]
    total, begun = sum(each.n_classifiers(bench.seeds) for each in planned), 0
    rows = []

    def tell(done: int) -> None:
        progress("training", begun + done, total)

    for each in planned:
        tell(0)
        rows.append(_row(bench, each, tell))
        begun += each.n_classifiers(bench.seeds)
    tell(0)
    return rows


def _plan(method: Method, sources: Sequence[AnnotationSource]) -> Iterator[_Planned]:
    if not method.needs_annotation or not sources:
        yield _Planned(method, NOTHING)
    else:
        yield from (_Planned(method, each) for each in sources if method.is_of_people or not each.is_people)


def _row(bench: Bench, planned: _Planned, tell: Callable[[int], None]) -> Row:
    method, source = planned.method, planned.source
    row, results = Row(method.key, planned.name, planned.over), list[Result]()
    try:
        if method.needs_annotation and source is NOTHING:
            raise NotUsable(NO_ANNOTATION)
        if method.needs_attribute and not bench.dataset.attribute_names:
            raise NotUsable(NO_ATTRIBUTE)
        for result in method.train(bench, source):
            results.append(result)
            tell(sum(isinstance(each, Outcome) or not each.phrase for each in results))
    except ModelingError as error:
        return replace(row, left_out=str(error))
    outcomes = (each for each in results if isinstance(each, Outcome))
    in_order = tuple(sorted(outcomes, key=lambda each: each.name == ALL_TRAIN))
    return replace(row, classifiers=in_order, missing=tuple(each for each in results if isinstance(each, Missing)))
