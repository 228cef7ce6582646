"""The errors of the modeling package: each names what is wrong, in a sentence that can be shown to a person."""

from typing import ClassVar


class ModelingError(ValueError):
    """Base of every error that modeling raises on purpose.

    `code` is stable: rows and exports record it as the reason of a refusal.
    """

    code: ClassVar[str] = "modeling_error"


class BadArray(ModelingError):
    """An array has the wrong shape, type or values; the message says which array and where."""

    code = "bad_array"


class NothingToSeparate(ModelingError):
    """A class without errors, or without correct predictions, has no error score and cannot be annotated."""

    code = "nothing_to_separate"

    def __init__(self, n_correct: int, n_error: int) -> None:
        super().__init__(
            f"there is nothing to separate: {n_correct} images are classified correctly and {n_error} wrongly, "
            "and an error score needs at least one of each"
        )
        self.n_correct = n_correct
        self.n_error = n_error


class SliceTooSmall(ModelingError):
    """A slice of the annotated class has fewer training images than the least size, so no run is made."""

    code = "slice_too_small"

    def __init__(self, target_class: int, n_above: int, n_below: int, least: int) -> None:
        super().__init__(
            f"the annotation splits the training images of class {target_class} into {n_above} above the similarity "
            f"threshold and {n_below} below it, and each slice needs at least {least}"
        )
        self.target_class = target_class
        self.n_above = n_above
        self.n_below = n_below
        self.least = least


class BadTemplate(ModelingError):
    """A text template does not hold {phrase} exactly once."""

    code = "bad_template"


class BadHead(ModelingError):
    """A head's arrays or its file do not fit together."""

    code = "bad_head"


class BadSharedStart(ModelingError):
    """A file is not the shared start of a data set's heads, or is damaged; prepare it again."""

    code = "bad_shared_start"


class NotConverged(ModelingError):
    """Retraining ended before every head reached its certificate; nothing is returned.

    It had no iterations left, or the numbers' precision led no further.
    """

    code = "not_converged"

    def __init__(self, iterations: int, worst_gap: float, tolerance: float, max_iterations: int) -> None:
        more = "Allow more iterations, or" if iterations >= max_iterations else "More iterations would not help:"
        super().__init__(
            f"retraining did not converge in {iterations} iterations: the worst head is certified only to a relative "
            f"gap of {worst_gap:.2e}, and {tolerance:.0e} is asked for. {more} take a larger l2 or a looser tolerance"
        )
        self.iterations = iterations
        self.worst_gap = worst_gap
        self.tolerance = tolerance


class EncoderUnavailable(ModelingError):
    """An encoder cannot be loaded; the message says in one sentence what to do about it."""

    code = "encoder_unavailable"


class BadEmbedding(ModelingError):
    """An encoder returned something other than finite float32 unit rows."""

    code = "bad_embedding"
