"""Terms of the pages about results, each with the one sentence that defines it where a page first uses it."""

import re

TERMS = {  # a definition uses only terms that come after it
    "better than guessing": "A phrase is better than guessing if its error score is above what unrelated words reach "
    "in as many tries, and above what 95 of 100 common words reach.",
    "unrelated words": "Unrelated words have nothing to do with the errors, so what they reach is chance alone.",
    "own gain": "Own gain is accuracy on the worst group of test images after retraining with words, less that after "
    "the control.",
    "worst group": "Each model has its own worst group: the class, or the class with an attribute, that it gets wrong "
    "most often.",
    "control": "The control is the same retraining without words: each class keeps its weight, spread evenly over its "
    "images.",
}
_QUOTED = re.compile("“[^”]*”")


class Definitions:
    """What one page has defined so far."""

    terms = TERMS

    def __init__(self) -> None:
        self._told: set[str] = set()

    def added_to(self, text: str) -> str:
        """Return a text, and after it the definition of each term that the page uses there for the first time.

        What people or a data set call things is quoted, and no term.
        """
        for term, definition in TERMS.items():
            if term not in self._told and re.search(rf"\b{term}\b", _QUOTED.sub("", text.casefold())):
                self._told.add(term)
                text = f"{text} {definition}"
        return text
