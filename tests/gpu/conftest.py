from collections.abc import Iterator

import pytest
import torch

from tests.modeling.tensors.baselines.conftest import splits

__all__ = ["splits"]


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The GPU, on which an operation that adds in any order is an error."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU: torch.cuda.is_available() is false")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else products count as such operations
    torch.use_deterministic_algorithms(True)
    yield "cuda"
    torch.use_deterministic_algorithms(False)
