"""Matrix products by the fastest library.

Torch multiplies float32 matrices with MKL, which uses the widest instructions on Intel's processors only. oneDNN, which
comes with torch, also uses those of AMD's processors and is then twice as fast. Both sum in float32.
"""

from typing import Any

import torch
from torch import Tensor

# Operators that torch's own compiler multiplies and packs with.
_multiply: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
_pack: Any = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
has_onednn = bool(_multiply and _pack and torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
# A processor without AVX-512 cannot pack bfloat16.
_packs_bfloat16 = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", bool)()
_PACKED = {torch.float32, torch.bfloat16} if _packs_bfloat16 else {torch.float32}


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Multiply two matrices.

    Parameters
    ----------
    a : Tensor of shape (k, m)
    b : Tensor of shape (m, n)
        Of the same type and on the same device.

    Returns
    -------
    Tensor of shape (k, n)
    """
    if not has_onednn or a.dtype != torch.float32 or a.device.type != "cpu":
        return a @ b
    product: Tensor = _multiply(_dense(a), _dense(b).T, None, "none", [], "")
    return product


def packed(rows: Tensor) -> Tensor:
    """Copy rows into the layout that `matmul_packed` multiplies by.

    Parameters
    ----------
    rows : Tensor of shape (n, m)

    Returns
    -------
    Tensor
        For `matmul_packed` only. Packing once saves reordering the rows for every product.
    """
    if not has_onednn or rows.dtype not in _PACKED or rows.device.type != "cpu":
        return rows.clone()
    copy: Tensor = _pack(_dense(rows))
    return copy


def matmul_packed(a: Tensor, rows: Tensor) -> Tensor:
    """Multiply a matrix by the transpose of packed rows.

    Parameters
    ----------
    a : Tensor of shape (k, m)
    rows : Tensor
        From `packed`, for rows of shape (n, m) of the same type.

    Returns
    -------
    Tensor of shape (k, n)
    """
    if not has_onednn or not rows.is_mkldnn:
        return a @ rows.T
    product: Tensor = _multiply(_dense(a), rows, None, "none", [], "")
    return product


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 matrices in hardware.

    Parameters
    ----------
    device : torch.device

    Returns
    -------
    bool
        Without hardware support, bfloat16 products are slower than float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):  # an older torch does not know
        return False
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _dense(matrix: Tensor) -> Tensor:
    """Return the matrix without gaps in memory, copied if necessary: gaps make oneDNN a thousand times slower."""
    return matrix if matrix.is_contiguous() or matrix.T.is_contiguous() else matrix.contiguous()
