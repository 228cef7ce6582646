"""`make bench`: many heads at once against a loop of torch's L-BFGS, one annotation after the other.

scikit-learn's `newton-cholesky`, its solver for many more images than features, stands beside.

Both end at a loss at most 1e-6 above the optimum, relatively. The loop is told beforehand how many iterations that
takes, so it never computes one too many; ours stops by its own certificate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads
from clarify_errors.tensors.retraining.warm_start import WarmStart, prepare_start
from tests.benchmarks.other_solvers import scikit_learn, torch_lbfgs, with_ones
from tests.benchmarks.planted import L2, Planted, planted

SUBOPTIMALITY = 1e-6
TOLERANCE = 3e-6  # of the certificate, which bounds the suboptimality from far above


@dataclass(frozen=True)
class Size:
    n: int
    d: int
    n_heads: int
    n_looped: int  # heads that the loop trains, one a round

    @property
    def looped(self) -> list[int]:
        """Spread over all heads, as some take more iterations than others."""
        return list(range(0, self.n_heads, self.n_heads // self.n_looped))[: self.n_looped]

    @property
    def group(self) -> str:
        return f"retraining on {self.n:,} x {self.d:,}, per annotation"


WATERBIRDS, CELEBA = Size(4_795, 1_024, 200, n_looped=10), Size(162_770, 768, 26, n_looped=3)


@dataclass(frozen=True)
class Case:
    size: Size
    data: Planted
    start: WarmStart
    optimum: TrainedHeads


@pytest.fixture(scope="module", params=[WATERBIRDS, CELEBA], ids=["waterbirds", "celeba"])
def case(request: pytest.FixtureRequest) -> Case:
    size: Size = request.param
    data = planted(size.n, size.d, size.n_heads)
    start = prepare_start(data.features, data.labels, L2)
    return Case(size, data, start, train_heads(data.features, data.labels, data.weights, L2, start=start))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_all_at_once(benchmark: Any, case: Case) -> None:
    benchmark.group = case.size.group
    benchmark.extra_info["heads"] = case.size.n_heads
    data = case.data
    trained = benchmark.pedantic(
        train_heads,
        (data.features, data.labels, data.weights, L2),
        {"tolerance": TOLERANCE, "start": case.start},
        rounds=3,
        warmup_rounds=1,
    )
    assert (trained.loss <= case.optimum.loss * (1 + SUBOPTIMALITY)).all()
    assert (trained.gap <= TOLERANCE * trained.loss).all()


def test_all_at_once_with_the_one_off_part(benchmark: Any, case: Case) -> None:
    benchmark.group = case.size.group
    benchmark.extra_info["heads"] = case.size.n_heads
    data = case.data
    trained = benchmark.pedantic(
        train_heads, (data.features, data.labels, data.weights, L2), {"tolerance": TOLERANCE}, rounds=3
    )
    assert (trained.loss <= case.optimum.loss * (1 + SUBOPTIMALITY)).all()


def test_a_loop_of_torch_lbfgs(benchmark: Any, case: Case) -> None:
    benchmark.group = case.size.group
    benchmark.extra_info["heads"] = 1
    benchmark.extra_info["baseline"] = True
    enough = case.optimum.loss * (1 + SUBOPTIMALITY)
    looped = case.size.looped
    iterations = {k: torch_lbfgs(case.data, k, 1_000, enough[k]) for k in looped}
    assert max(iterations.values()) < 1_000
    rounds = iter([looped[0], *looped])  # the first is the warm-up

    def setup() -> tuple[tuple[Planted, int, int], dict[str, Any]]:
        k = next(rounds)
        return (case.data, k, iterations[k]), {}

    benchmark.pedantic(torch_lbfgs, setup=setup, rounds=len(looped), warmup_rounds=1)


def test_a_loop_of_scikit_learns_newton_cholesky(benchmark: Any, case: Case) -> None:
    benchmark.group = case.size.group
    benchmark.extra_info["heads"] = 1
    ones = with_ones(case.data.features)
    enough = case.optimum.loss * (1 + SUBOPTIMALITY)
    rounds = iter(case.size.looped)

    def setup() -> tuple[tuple[Planted, int, float], dict[str, Any]]:
        k = next(rounds)
        return (case.data, k, enough[k]), {}

    def train(data: Planted, k: int, enough: float) -> None:
        loss = scikit_learn("newton-cholesky", ones, data, k)
        assert loss <= enough, "it ends at the same suboptimality as the others"

    benchmark.pedantic(train, setup=setup, rounds=len(case.size.looped))
