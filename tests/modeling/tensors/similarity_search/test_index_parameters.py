import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, choose_parameters, inverted_file

GB = 2**30


@pytest.mark.parametrize(
    ("n", "memory", "kind"),
    [
        (1, GB, IndexKind.FLAT),
        (10**6, 4 * GB, IndexKind.FLAT),
        (10**6, 2 * GB, IndexKind.FP16),
        (10**6, GB, IndexKind.SQ8),
        (10**6 + 1, 64 * GB, IndexKind.FP16),
        (10**7, 16 * GB, IndexKind.FP16),
        (10**7, 8 * GB, IndexKind.SQ8),
        (10**7, 4 * GB, IndexKind.IVF_PQ),
        (10**7 + 1, 64 * GB, IndexKind.IVF_PQ),
    ],
)
def test_the_most_exact_type_that_fits_is_chosen(n: int, memory: int, kind: IndexKind) -> None:
    assert choose_parameters(n, 768, memory).kind is kind


@pytest.mark.parametrize(("dim", "code_bytes"), [(768, 64), (512, 64), (7, 7), (1, 1), (66, 33)])
def test_codes_divide_the_dimensions(dim: int, code_bytes: int) -> None:
    assert inverted_file(10**8, dim).code_bytes == code_bytes


def test_only_an_inverted_file_is_not_exact() -> None:
    assert choose_parameters(10, 8, GB).is_exact
    assert not inverted_file(10**8, 768).is_exact


@pytest.mark.parametrize("bad", [{"n": 0}, {"dim": 0}, {"memory": 0}, {"seed": -1}, {"threads": 0}])
def test_numbers_that_make_no_sense_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(BadArray, match=next(iter(bad))):
        choose_parameters(**{"n": 10, "dim": 8, "memory": GB, **bad})
