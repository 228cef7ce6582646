import pytest


@pytest.fixture
def device() -> str:
    """Where a test computes; `tests/gpu` asks the same of a GPU."""
    return "cpu"
