"""Which type of index fits a number of images and a memory, and with which parameters."""

from dataclasses import dataclass
from enum import StrEnum

from clarify_errors.arrays.common.array_checks import check_count

FLAT_ROWS, SCAN_ROWS = 10**6, 10**7  # the most images of a flat index, and of a scan of codes
_CODE_BYTES = 64  # of a product-quantised image, at the most
_LISTS_PER_ROOT = 4  # lists of an inverted file, for each √n
_ROWS_PER_LIST = 64  # training images for each list
_MOST_LISTS = 2**16


class IndexKind(StrEnum):
    """How images are stored.

    They are whole (FLAT), codes that are all scanned (FP16, SQ8), or codes in lists of which some are probed (IVF_PQ).
    """

    FLAT = "flat"
    FP16 = "fp16"
    SQ8 = "sq8"
    IVF_PQ = "ivf_pq"


@dataclass(frozen=True)
class IndexParameters:
    """Everything that a build depends on beside its images.

    Attributes
    ----------
    kind : IndexKind
    segment_rows : int
        Images in one file, which is built and stored at once.
    seed : int
        Of the training sample and of k-means.
    threads : int
        That build and search.
    n_lists, code_bytes, sample_rows : int
        Of an inverted file; 0 otherwise.
    """

    kind: IndexKind
    segment_rows: int
    seed: int
    threads: int
    n_lists: int = 0
    code_bytes: int = 0
    sample_rows: int = 0

    @property
    def is_exact(self) -> bool:
        """Return whether the index finds all images that it should."""
        return self.kind is not IndexKind.IVF_PQ


def choose_parameters(n: int, dim: int, memory: int, *, seed: int = 0, threads: int = 1) -> IndexParameters:
    """Choose the most exact type of index that a memory holds.

    Parameters
    ----------
    n, dim : int
        Number of images, and of dimensions.
    memory : int
        Bytes that the index may take.
    seed : int, default 0
    threads : int, default 1

    Returns
    -------
    IndexParameters

    Raises
    ------
    BadArray
        If a number is not a whole number ≥ 1 (the seed: ≥ 0).

    Notes
    -----
    Half-precision codes leave almost nothing to compute again, and 8-bit codes about one image in twenty; but these
    take half the memory.

    Examples
    --------
    >>> [choose_parameters(n, 768, 16 * 2**30).kind.value for n in (10**5, 10**6, 10**7, 10**8)]
    ['flat', 'flat', 'fp16', 'ivf_pq']
    >>> choose_parameters(10**7, 768, 8 * 2**30).kind.value
    'sq8'
    """
    for given, what, least in ((n, "n", 1), (dim, "dim", 1), (memory, "memory", 1), (seed, "seed", 0)):
        check_count(given, what, least)
    check_count(threads, "threads")
    if n <= FLAT_ROWS and 4 * n * (dim + 1) <= memory:
        return IndexParameters(IndexKind.FLAT, FLAT_ROWS, seed, threads)
    if n <= SCAN_ROWS and n * (2 * dim + 8) <= memory:
        return IndexParameters(IndexKind.FP16, FLAT_ROWS, seed, threads)
    if n <= SCAN_ROWS and n * (dim + 8) <= memory:
        return IndexParameters(IndexKind.SQ8, FLAT_ROWS, seed, threads)
    return inverted_file(n, dim, seed=seed, threads=threads)


def inverted_file(n: int, dim: int, *, seed: int = 0, threads: int = 1) -> IndexParameters:
    """Choose the parameters of an inverted file with product quantisation.

    Parameters
    ----------
    n, dim : int
        Number of images, and of dimensions.
    seed : int, default 0
    threads : int, default 1

    Returns
    -------
    IndexParameters
    """
    n_lists = max(1, min(_MOST_LISTS, int(_LISTS_PER_ROOT * n**0.5), n // 39))  # fewer and k-means warns
    code_bytes = max(size for size in range(1, min(_CODE_BYTES, dim) + 1) if dim % size == 0)
    sample = min(n, max(_ROWS_PER_LIST * n_lists, 2**16))
    return IndexParameters(IndexKind.IVF_PQ, SCAN_ROWS, seed, threads, n_lists, code_bytes, sample)
