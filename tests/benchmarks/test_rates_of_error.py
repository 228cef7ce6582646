"""How often each statement on own gain is wrong, where the truth is known: the large runs of the docs.

The suite has the same simulations, small. Each test prints its rates, and holds the bound that the docs state.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.annotations.analysis.statistics import simulated_people
from tests.modeling.arrays.retraining import simulated_models

DATA_SETS, DRAWS, SAMPLES, CROWDS = 1_000, 1_000, 4_000, 2_000
GROUP_SIZES, CROWD_SIZES = (40, 100, 400), (12, 24, 60)
Line = tuple[str, int, float, float]  # what, how many, the rate that it has now, and what it had before

pytestmark = [
    pytest.mark.benchmark(group="Rates of error of statements on own gain"),
    pytest.mark.timeout(1800),  # one takes 260 s on a core that others use
]


def measured(
    benchmark: BenchmarkFixture, lines: Callable[[], Sequence[Line]], heading: tuple[str, str, str]
) -> Iterable[float]:
    """Run a simulation once, put its table below the benchmark's, and return the rates."""
    found = benchmark.pedantic(lines, rounds=1)
    columns = ("simulated", *heading)
    table = ["", f"| {' | '.join(columns)} |", "|---|---|---|---|"]
    table += [f"| {what} | {n} | {now:.3f} | {before:.3f} |" for what, n, now, before in found]
    benchmark.extra_info["table"] = table
    print("\n".join(table))
    return [now for _, _, now, _ in found]


def test_the_interval_of_a_difference_of_worst_groups(benchmark: BenchmarkFixture) -> None:
    def lines() -> Sequence[Line]:
        return [
            (
                name,
                n,
                simulated_models.coverage(name, simulated_models.intervals(name, n, DATA_SETS, DRAWS)),
                simulated_models.percentile_coverage(name, n, DATA_SETS, DRAWS),
            )
            for name, n in product(simulated_models.SHAPES, GROUP_SIZES)
        ]

    held = measured(benchmark, lines, ("images a group", "holds the truth", "percentiles hold it"))
    assert min(held) >= 0.92


def test_a_verdict_on_people_and_machine_whose_words_are_equally_good(benchmark: BenchmarkFixture) -> None:
    def lines() -> Sequence[Line]:
        found = []
        for name, n in product(simulated_models.SHAPES, GROUP_SIZES):
            verdicts = [each.verdict for each in simulated_models.intervals(name, n, DATA_SETS, DRAWS)]
            for_people = sum(each > 0 for each in verdicts) / DATA_SETS
            found.append((name, n, sum(each != 0 for each in verdicts) / DATA_SETS, for_people))
        return found

    wrong = measured(benchmark, lines, ("images a group", "any verdict", "for people"))
    assert max(wrong) <= 0.08


def test_the_interval_of_a_mean_that_few_people_carry(benchmark: BenchmarkFixture) -> None:
    def lines() -> Sequence[Line]:
        cases = product(simulated_people.POPULATIONS, CROWD_SIZES)
        return [(name, n, *simulated_people.coverage(name, n, SAMPLES)[::-1]) for name, n in cases]

    assert min(measured(benchmark, lines, ("people", "holds the mean", "Student's holds it"))) >= 0.94


def test_a_crowd_of_random_slices_beside_random_slices(benchmark: BenchmarkFixture) -> None:
    def lines() -> Sequence[Line]:
        return [
            (f"{tries} tries", n, *simulated_people.rejected(n, tries, n_draws=100, crowds=CROWDS)[::-1])
            for tries, n in product((1, 4), CROWD_SIZES)
        ]

    assert max(measured(benchmark, lines, ("people", "said to gain", "said to, against 0"))) <= 0.07
