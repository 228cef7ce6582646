"""Minimises one head's objective by passes that keep nothing of the images: for more logits than memory holds.

`solver` keeps every image's logits, so that its steps may be multiplied in low precision and its line search is free.
Here each iteration evaluates the whole objective in the features' precision, and in the end in float64. Whatever it
starts from, the certificate is of where it ends; so a point that an interrupted process left in a file is as good a
start as any.
"""

import hashlib
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from clarify_errors.arrays.common.modeling_errors import NotConverged
from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner
from clarify_errors.tensors.retraining.lbfgs import Pairs
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.objective import Evaluation, dot, evaluate
from clarify_errors.tensors.retraining.problem import Precision, Problem
from clarify_errors.tensors.retraining.solver import GOAL, Solution, Start, precisions

logger = logging.getLogger(__name__)

_FLATTENED = 0.8  # as in `descent`: largest slope after a step, as a share of the one before
_MOST_TRIALS = 10
_WITHOUT_PROGRESS = 8  # so many iterations without a smaller gap have exhausted the precision
_KEPT_S = 14 * 24 * 3600  # points that nobody took up again for so long are removed


def solve_streamed(
    problem: Problem,
    weights: HeadWeights,
    start: Start,
    tolerance: float,
    max_iterations: int,
    checkpoints: Path | None = None,
) -> Solution:
    """Minimise one head, to gap ≤ tolerance × loss.

    Parameters
    ----------
    problem : Problem
    weights : HeadWeights
        Of one head.
    start : Start
    tolerance : float
    max_iterations : int
    checkpoints : pathlib.Path, optional
        Folder in which the point that each iteration reaches is kept until the end. A process that is interrupted goes
        on from there when it is asked for the same again.

    Returns
    -------
    Solution

    Raises
    ------
    NotConverged
        If the head misses `tolerance`.
    """
    checkpoint = _Checkpoint.of(checkpoints, start.v, weights)
    v, pairs, iterations, gap = checkpoint.reached(start.v)[None], Pairs(), 0, torch.inf
    for precision in precisions(problem.features)[-2:]:
        at, least, waited = _Reached(v, evaluate(problem, weights, v, precision.values), pairs), torch.inf, 0
        is_exact = precision.values == torch.float64
        while (gap := float(at.found.gap(problem.l2) / at.found.loss)) > tolerance * (1 if is_exact else GOAL):
            if iterations >= max_iterations:
                raise NotConverged(iterations, gap, tolerance, max_iterations)
            least, waited = (gap, 0) if gap < least else (least, waited + 1)
            lower = (
                _lower(problem, weights, at, start.preconditioner, precision) if waited < _WITHOUT_PROGRESS else None
            )
            if lower is None:
                break
            at = lower
            iterations += 1
            checkpoint.save(at.v[0])
        if is_exact and gap <= tolerance:
            checkpoint.remove()
            return Solution(at.v, at.found.loss, at.found.gap(problem.l2), iterations)
        v, pairs = at.v, at.pairs
    raise NotConverged(iterations, gap, tolerance, max_iterations)


@dataclass(frozen=True)
class _Reached:
    """A point, [1, b, p], its evaluation, and the steps that led there."""

    v: Tensor
    found: Evaluation
    pairs: Pairs


def _lower(
    problem: Problem, weights: HeadWeights, at: _Reached, preconditioner: Preconditioner, precision: Precision
) -> _Reached | None:
    """Take a step of L-BFGS, or a shorter one; None if none lowers the loss by more than rounding."""
    dtype = preconditioner.whitening.dtype
    scaled_direction = -at.pairs.times(preconditioner.to_coordinates(at.found.gradient.to(dtype)))
    direction = preconditioner.from_coordinates(scaled_direction)
    slope, length = float(dot(at.found.gradient, direction)), 1.0
    for _ in range(_MOST_TRIALS if slope < 0 else 0):
        v = at.v + length * direction
        there = evaluate(problem, weights, v, precision.values)
        slope_there = float(dot(there.gradient, direction))
        rose = float(there.loss - at.found.loss)
        if slope_there <= _FLATTENED * -slope and rose <= precision.rounding * float(at.found.data_loss):
            change = preconditioner.to_coordinates((there.gradient - at.found.gradient).to(dtype))
            return _Reached(v, there, at.pairs.and_then(length * scaled_direction, change))
        length *= min(max(0.1, slope / (slope - slope_there)), 0.5)
    return None


@dataclass(frozen=True)
class _Checkpoint:
    """The file with the point that a solve has reached; none without a path."""

    path: Path | None

    @classmethod
    def of(cls, folder: Path | None, start: Tensor, weights: HeadWeights) -> "_Checkpoint":
        """Name the file by what is trained: the warm start, which stands for the data and λ, and the weights."""
        if folder is None:
            return cls(None)
        for old in (*folder.glob("*.iterate"), *folder.glob("*.unfinished")):
            with suppress(FileNotFoundError):
                if old.stat().st_mtime < time.time() - _KEPT_S:
                    old.unlink()
        digest = hashlib.sha256(start.cpu().numpy().tobytes())
        digest.update(weights.given.cpu().numpy().tobytes())
        return cls(folder / f"{digest.hexdigest()}.iterate")

    def reached(self, start: Tensor) -> Tensor:
        if self.path is None or not self.path.exists():
            return start
        try:
            found = load_file(self.path)["v"].to(start.device)
        except (OSError, KeyError, SafetensorError) as error:
            logger.warning("%s cannot be read, so training starts anew: %s", self.path, error)
            return start
        return found if found.shape == start.shape and found.isfinite().all() else start

    def save(self, v: Tensor) -> None:
        if self.path is None:
            return
        unfinished = self.path.with_suffix(f".{os.getpid()}.unfinished")
        try:
            self.path.parent.mkdir(exist_ok=True)
            save_file({"v": v.cpu().contiguous()}, unfinished)
            unfinished.replace(self.path)
        except (OSError, SafetensorError) as error:
            logger.warning("%s cannot be written, so an interruption would start training anew: %s", self.path, error)

    def remove(self) -> None:
        with suppress(OSError):  # of a folder that cannot be written
            if self.path is not None:
                self.path.unlink(missing_ok=True)
