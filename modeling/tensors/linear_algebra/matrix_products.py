"""Products of matrices, by what multiplies them quickest.

Torch multiplies float32 with MKL, which takes the widest instructions of Intel's processors alone; oneDNN, which comes
with torch, takes those of AMD's too and is then twice as fast. Both sum in float32.
"""

import torch
from torch import Tensor

# Without oneDNN there are none. Torch's own compiler multiplies and packs by them.
_has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
_of_onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if _has_onednn else None
_pack = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None) if _has_onednn else None


def times(a: Tensor, b: Tensor) -> Tensor:
    """A B, [k, n], from a [k, m] and b [m, n] of one type, on one device."""
    if _of_onednn is None or a.dtype != torch.float32 or a.device.type != "cpu":
        return a @ b
    product: Tensor = _of_onednn(_dense(a), _dense(b).T, None, "none", [], "")
    return product


def packed(rows: Tensor) -> Tensor:
    """Rows [n, m], for `times_packed` alone: a copy that need not be put in order for every product."""
    if _pack is None or rows.dtype == torch.float64 or rows.device.type != "cpu":
        return rows.clone()
    copy: Tensor = _pack(_dense(rows))
    return copy


def times_packed(a: Tensor, rows: Tensor) -> Tensor:
    """A Rᵀ, [k, n], from a [k, m] and rows r [n, m] that are packed, of one type."""
    if _of_onednn is None or not rows.is_mkldnn:
        return a @ rows.T
    product: Tensor = _of_onednn(_dense(a), rows, None, "none", [], "")
    return product


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware: without, they are slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):  # an older torch cannot say
        return False
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _dense(matrix: Tensor) -> Tensor:
    """The matrix without gaps in memory, a copy where it has some: oneDNN is a thousand times slower with them."""
    return matrix if matrix.is_contiguous() or matrix.T.is_contiguous() else matrix.contiguous()
