"""A point that is evaluated once for many heads whose loss weights differ in few images.

With many classes, an annotation changes the weights of the images of one class; all others keep the class-balanced
weights, up to a factor. So the gradient where all heads start is that of balanced weights, and a sum over few images.
"""

from functools import cached_property

import torch
from torch import Tensor

from clarify_errors.tensors.retraining.blocks import PlainBlock
from clarify_errors.tensors.retraining.loss_weights import HeadWeights, class_balanced
from clarify_errors.tensors.retraining.objective import Evaluation, GradientSum, ImageState
from clarify_errors.tensors.retraining.problem import Problem

MANY_COLUMNS = 9  # with fewer classes, most annotations change more images than `FEW`
MOST_LOGITS = 1 << 25  # so many are kept at most, once as they are and once as residuals
FEW = 0.25  # largest share of images whose weights may differ
_ROUNDING = 1e-6  # of weights that are equal


class BalancedPoint:
    """A point of the class-balanced head.

    Parameters
    ----------
    problem : Problem
    v : float64 Tensor of shape (b, p)
    z : Tensor of shape (1, b, n)
        V x, in the features' precision.
    """

    def __init__(self, problem: Problem, v: Tensor, z: Tensor) -> None:
        self._problem, self._v, self._z = problem, v[None], z
        self._weights = class_balanced(problem.labels).to(z.dtype)

    @classmethod
    def pays(cls, problem: Problem) -> bool:
        """Return whether this saves time, and what is kept of the images is small.

        Parameters
        ----------
        problem : Problem

        Returns
        -------
        bool
        """
        n_logits = problem.n_columns * len(problem.labels)
        return problem.n_columns >= MANY_COLUMNS and n_logits <= MOST_LOGITS and problem.kept_stride == 1

    @cached_property
    def _of_images(self) -> tuple[Tensor, Tensor]:
        """Losses [1, n], and residuals [1, b, n] without weights."""
        return self._problem.cross_entropy.of_images(self._z, self._problem.labels)

    @cached_property
    def _gradient(self) -> Tensor:
        """Gradient of the balanced loss, without penalty: float64[1, b, p]."""
        total = GradientSum(self._v, self._z.dtype)
        for block in self._problem.blocks(1, self._z.dtype):
            total.add(self._of_images[1][..., block.rows] * self._weights[block.rows], block)
        return total.total().double()

    def with_weights(self, weights: HeadWeights, kept: ImageState) -> Evaluation | None:
        """Evaluate heads with other weights at this point.

        Parameters
        ----------
        weights : HeadWeights
            Of K heads.
        kept : ImageState
            Of these heads; receives z and the residuals.

        Returns
        -------
        Evaluation or None
            None if the weights differ in too many images.
        """
        given = weights.of_rows(slice(None), self._z.dtype)
        ratios = (given / self._weights).sort(1).values  # torch's median is not deterministic on a GPU
        factor = ratios[:, ratios.shape[1] // 2, None]
        change = given - factor * self._weights
        rows = (change.abs() > _ROUNDING * self._weights).any(0).nonzero()[:, 0]
        if len(rows) > FEW * len(self._weights):
            return None
        losses, residuals = self._of_images
        kept.z.copy_(self._z)
        torch.mul(residuals, given[:, None], out=kept.residuals)
        changed = GradientSum(self._v.expand(len(given), -1, -1), self._z.dtype)
        if len(rows):
            block = PlainBlock(slice(0, len(rows)), self._problem.features[rows])
            changed.add(residuals[..., rows] * change[:, None, rows], block)
        gradient = factor.double()[..., None] * self._gradient + changed.total() + self._problem.l2 * self._v
        return Evaluation.of((given * losses).sum(1).double(), gradient, self._v, self._problem.l2)
