"""Which columns of a release nothing in it computes: what people and workers did, and what the study was set up with.

The data dictionary marks them as inputs; `rebuild.py` computes every other column again. Some inputs are numbers whose
causes no release holds: embeddings of images (clusters of `unnamed_errors`; `loss`, `certified_gap`, `n_above`,
`n_below`, `images_above`, `images_below`, of which manage.py recompute checks those of runs), embeddings of keywords
and captions of images (manage.py rank_keywords), pool images and what reviewers said of images (`gathered_data`, which
manage.py recompute checks, `slice_checks`), the class name's embedding (`class_name_cosine`), and what the page
showed then (`guessing_level`). The ends of intervals of `corrections` take, of each group, how many test images both
models get right, and one alone: accuracies by group do not say it, and no release has predictions of a correction.
"""

from annotations.base.word_files import read_words

_FILE = read_words(__package__, "input_columns")
OF_ARRAYS, INPUTS = (
    {name: frozenset(columns.split()) for name, columns in _FILE[part].items()} for part in ("arrays", "tables")
)


def is_input(table: str, column: str) -> bool:
    """Return whether a release records a column, and computes none of it. Of the lowest tables it records all."""
    is_whole = table in _FILE["whole"] or "/" in table
    return is_whole or column in _FILE["anywhere"] or column in INPUTS.get(table, ())


def takes_arrays(table: str, column: str) -> bool:
    """Return whether a column can be computed of those tasks alone whose arrays are all in the release."""
    return "*" in (of := OF_ARRAYS.get(table, frozenset())) or column in of
