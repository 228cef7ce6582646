"""Errors of the library. Each message says what is wrong and can be shown to a person."""

import re
from typing import Any, ClassVar


class ModelingError(ValueError):
    """Base of all errors that the library raises on purpose.

    Attributes
    ----------
    code : str
        Stable identifier: the class's name in small letters, such as bad_array.
    """

    code: ClassVar[str] = "modeling_error"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class BadArray(ModelingError):
    """An array or number has a wrong shape, type or value; the message says which."""


class NothingToSeparate(ModelingError):
    """A class has no errors or no correct predictions, so it has no error score.

    Attributes
    ----------
    n_correct, n_error : int
        Images that are classified correctly and wrongly.
    """

    def __init__(self, n_correct: int, n_error: int) -> None:
        super().__init__(
            f"there is nothing to separate: {n_correct} images are classified correctly and {n_error} wrongly, "
            "but an error score needs at least one of each"
        )
        self.n_correct = n_correct
        self.n_error = n_error


class NothingToEvaluate(ModelingError):
    """No image of a split has a prediction, so a base model has no accuracy.

    The base model can be neither shown nor measured.
    """


class SliceTooSmall(ModelingError):
    """A slice of the annotated class has too few training images for a run.

    Attributes
    ----------
    target_class : int
    n_above, n_below : int
        Training images of the class above the similarity threshold, and not above it.
    least : int
        Smallest accepted size of a slice.
    class_name : str, optional
        What the sentence calls the class; without one, its number.
    """

    def __init__(
        self, target_class: int, n_above: int, n_below: int, least: int, class_name: str | None = None
    ) -> None:
        of_class = f"class {target_class}" if class_name is None else f"“{class_name}”"
        super().__init__(
            f"the annotation splits the training images of {of_class} into {n_above} above the similarity "
            f"threshold and {n_below} below it, but each slice needs at least {least}"
        )
        self.target_class = target_class
        self.n_above = n_above
        self.n_below = n_below
        self.least = least

    def named(self, class_name: str) -> "SliceTooSmall":
        """Say the same by the name of the class.

        Parameters
        ----------
        class_name : str

        Returns
        -------
        SliceTooSmall
        """
        return SliceTooSmall(self.target_class, self.n_above, self.n_below, self.least, class_name)


class BadTemplate(ModelingError):
    """A template lacks a slot or repeats one, or a set of prompts is incomplete."""


class BadHead(ModelingError):
    """A head's arrays do not fit together, or its file is damaged."""


class BadWarmStart(ModelingError):
    """A warm start's file is damaged or of another kind; prepare it again."""


class NotConverged(ModelingError):
    """Training ended before every head reached its certificate.

    Either the iterations ran out, or the precision of the numbers allows no further progress. Nothing is returned.

    Attributes
    ----------
    iterations : int
    worst_gap : float
        Largest relative gap of any head.
    tolerance : float
        Largest accepted relative gap.
    """

    def __init__(self, iterations: int, worst_gap: float, tolerance: float, max_iterations: int) -> None:
        more = "Allow more iterations, or" if iterations >= max_iterations else "More iterations will not help:"
        super().__init__(
            f"retraining did not converge in {iterations} iterations: the worst head has a relative gap of "
            f"{worst_gap:.2e}, but the tolerance is {tolerance:.0e}. {more} use a larger l2 or a looser tolerance"
        )
        self.iterations = iterations
        self.worst_gap = worst_gap
        self.tolerance = tolerance


class EncoderUnavailable(ModelingError):
    """An encoder cannot be loaded; the message says in one sentence what to do."""


class BadEmbedding(ModelingError):
    """An encoder returned something other than finite float32 unit rows."""
