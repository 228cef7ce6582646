"""Products of matrices, by what multiplies them quickest.

Torch multiplies float32 with MKL, which takes the widest instructions of Intel's processors alone; oneDNN, which comes
with torch, takes those of AMD's too and is then twice as fast. Both sum in float32.
"""

import torch
from torch import Tensor

# Without oneDNN there is none. Torch's own compiler multiplies by it.
_of_onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None  # type: ignore[no-untyped-call]


def times(a: Tensor, b: Tensor) -> Tensor:
    """A B, [k, n], from a [k, m] and b [m, n] of one type, on one device."""
    if _of_onednn is None or a.dtype != torch.float32 or a.device.type != "cpu":
        return a @ b
    product: Tensor = _of_onednn(_dense(a), _dense(b).T, None, "none", [], "")
    return product


def _dense(matrix: Tensor) -> Tensor:
    """The matrix without gaps in memory, a copy where it has some: oneDNN is a thousand times slower with them."""
    return matrix if matrix.is_contiguous() or matrix.T.is_contiguous() else matrix.contiguous()
