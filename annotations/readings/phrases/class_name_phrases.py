"""Phrases that only name the class: true of the right images as well as of the wrong ones."""

from modeling.arrays.phrases.word_forms import contains_words, same_words

SAME_MEANING = 0.95
"""Least cosine, in the text template, of a synonym. Measured with the bundled encoder: "box" and "square" .999, "dark
square" .915; with sentence embeddings "dogs" and "dog" .96, "canine" .94, "cartoon dog" .85, "animal" .82."""


def names_the_class(phrase: str, class_name: str, cosine: float) -> bool:
    """Whether a phrase says the class's name or a synonym of it, and nothing more.

    cosine: of the two in the text template. A phrase with the class's name among other words ("dark squares") says
    more, however near it is.
    """
    if same_words(phrase, class_name):
        return True
    return cosine >= SAME_MEANING and not contains_words(phrase, class_name)
