"""`make bench`: how training a head grows with heads at once, images, features and classes, beside other solvers.

All end at a loss at most 1e-6 above the optimum, relatively. Ours stops by its own certificate; the others are told
beforehand how many iterations, or which tolerance, that takes.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from functools import partial
from time import process_time
from typing import Any

import pytest
import torch

from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.warm_start import prepare_start
from tests.benchmarks.other_solvers import loosest_tolerance, scikit_learn, torch_lbfgs, with_ones
from tests.benchmarks.planted import L2, planted_classes

SUBOPTIMALITY = 1e-6
ROUNDS = 3
MAX_HESSIAN = 2_500  # C (d + 1) of scikit-learn's newton-cholesky, which factors a matrix of this size
OURS, WITH_START, TORCH = "ours", "ours with the warm start", "torch's L-BFGS"
SOLVERS = (TORCH, "lbfgs", "newton-cholesky", WITH_START)


@dataclass(frozen=True)
class Size:
    """K heads at once on n images with d features, of C classes."""

    K: int = 16
    n: int = 4_000
    d: int = 128
    C: int = 2


GROWTH = {
    "heads at once (K)": {K: Size(K=K) for K in (1, 4, 16, 64, 256)},
    "images (n)": {n: Size(n=n) for n in (1_000, 4_000, 16_000, 64_000)},
    "features (d)": {d: Size(d=d) for d in (32, 128, 512, 1_024)},
    "classes (C)": {C: Size(K=1, n=10_000, d=64, C=C) for C in (2, 10, 100, 1_000)},
}
CASES = [(of, at) for of, sizes in GROWTH.items() for at in sizes]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("of", "at"), CASES)
def test_training(benchmark: Any, of: str, at: int) -> None:
    """The others take turns with ours, and what is kept is the smallest of the rounds' ratios."""
    benchmark.group = f"training a head by {of}"
    size = GROWTH[of][at]
    solvers = solvers_at(size)
    ours = solvers.pop(OURS)
    ratios: list[dict[str, float]] = []

    def others() -> None:
        own = _seconds(ours) / size.K
        a_head = {name: _seconds(solve) / (size.K if name == WITH_START else 1) for name, solve in solvers.items()}
        ratios.append({name: took / own for name, took in a_head.items()})

    benchmark.pedantic(ours, setup=others, rounds=ROUNDS)
    least = {name: min(each[name] for each in ratios) for name in solvers}
    benchmark.extra_info |= {"heads": size.K, "size": at, "ratios": least}
    cells = (f"{least[name]:.1f} x" if name in least else "" for name in SOLVERS)
    others_at = ", ".join(f"{name} {value:,}" for name, value in asdict(size).items() if f"({name})" not in of)
    head = ["", f"Throughout: {others_at}.", "", f"| {of} | {' | '.join(SOLVERS)} |", f"|---|{'---|' * len(SOLVERS)}"]
    benchmark.extra_info["table"] = [*(head if at == min(GROWTH[of]) else []), f"| {at:,} | {' | '.join(cells)} |"]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_all_solvers_have_the_same_optimum(n_classes: int) -> None:
    data = planted_classes(150, 4, n_classes, 2)
    least = train_heads(data.features, data.labels, data.weights, L2).loss[1]
    for solver in ("lbfgs", "newton-cholesky"):
        assert scikit_learn(solver, with_ones(data.features), data, 1) == pytest.approx(least, rel=SUBOPTIMALITY)
    assert torch_lbfgs(data, 1, 100, least * (1 + SUBOPTIMALITY)) < 100


def solvers_at(size: Size) -> dict[str, Callable[[], object]]:
    """Calls that train a head: one with each of the other solvers, or all of ours."""
    n_heads, n, d, n_classes = astuple(size)
    data = planted_classes(n, d, n_classes, n_heads)
    k = n_heads // 2
    prepare = partial(prepare_start, data.features, data.labels, L2, n_classes)
    train = partial(train_heads, data.features, data.labels, data.weights, L2, n_classes=n_classes)
    start = prepare()
    enough = train(start=start).loss[k] * (1 + SUBOPTIMALITY)
    ones, iterations = with_ones(data.features), torch_lbfgs(data, k, 1_000, enough)
    assert iterations < 1_000
    names = ["lbfgs", *(["newton-cholesky"] if n_classes == 2 or n_classes * (d + 1) <= MAX_HESSIAN else [])]
    told = {name: loosest_tolerance(name, ones, data, k, enough) for name in names}
    theirs = {name: partial(scikit_learn, name, ones, data, k, tolerance) for name, tolerance in told.items()}
    return {
        OURS: partial(train, start=start, tolerance=SUBOPTIMALITY),
        WITH_START: partial(train, tolerance=SUBOPTIMALITY),
        TORCH: partial(torch_lbfgs, data, k, iterations),
        **theirs,
    }


def _seconds(call: Callable[[], object]) -> float:
    since = process_time()
    call()
    return process_time() - since
