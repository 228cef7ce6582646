"""Which phrases tell a class's errors from its correct predictions (paper, section 4.1)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

import clarify_errors
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.images.contact_sheet import contact_sheet
from clarify_errors.arrays.phrases.error_score import ErrorScore, error_scores
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, phrase_language
from clarify_errors.arrays.phrases.phrase_text import normalise
from clarify_errors.arrays.phrases.vocabulary_level import (
    MIN_DISTINCT,
    chance_to_pass,
    count_distinct,
    vocabulary_level,
    vocabulary_scores,
)
from clarify_errors.arrays.phrases.word_forms import common_words
from clarify_errors.arrays.phrases.word_forms import vocabulary as words_for_images
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing, better_than_guessing
from clarify_errors.arrays.retraining.group_accuracies import hardest_class
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME
from clarify_errors.explanations import inputs
from clarify_errors.explanations.fiftyone_files import write_fiftyone
from clarify_errors.explanations.inputs import SPLITS, Classes
from clarify_errors.explanations.phrase_texts import EmbeddedPhrase, Phrases, embedded_phrases

if TYPE_CHECKING:
    import torch

    from clarify_errors.explanations.correction import Correction
    from clarify_errors.explanations.in_place import InPlaceCorrection
    from clarify_errors.explanations.slices import Slice
    from clarify_errors.tensors.encoders import Encoder

TRAIN, VALIDATION, TEST = range(len(SPLITS))


@dataclass(frozen=True, eq=False)
class ScoredPhrase(EmbeddedPhrase):
    """A phrase and how it splits the validation images of the class.

    Attributes
    ----------
    phrase : str
    read : ReadPhrase
        What of it is scored.
    embedding : float32 ndarray of shape (d,)
    similarities : float32 ndarray of shape (m,)
        Of the m validation images of the class, times the sign.
    error_score : ErrorScore
    adjusted_p : float
        Probability that the best of all the phrases scores at least as high by chance: p-value of this phrase alone,
        adjusted for the number of phrases as if they were independent.
    """

    similarities: NDArray[np.float32]
    error_score: ErrorScore
    adjusted_p: float


@dataclass(frozen=True)
class RandomWords:
    """How many of the phrases pass both levels, and how many random words would.

    Attributes
    ----------
    tries : int
        Phrases that were scored.
    passed : int
        Phrases that pass: each alone is better than guessing.
    expected : float
        Random words, negated like the phrases, that would pass on average.
    any_passes : float
        Probability that at least one of them would.
    """

    tries: int
    passed: int
    expected: float
    any_passes: float

    def __str__(self) -> str:
        return (
            f"{self.passed} of the {self.tries} phrases pass both levels; of {self.tries} random words "
            f"{self.expected:.1f} would, and at least one in {100 * self.any_passes:.0f} of 100 cases"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Phrases scored on one class, from `explain`.

    Attributes
    ----------
    classes : Classes
    target_class : int
        Position of the class among `classes.names`.
    images : float32 ndarray of shape (n, d)
        Unit rows, compared with texts.
    features : float32 ndarray of shape (n, e)
        What a last layer is trained on.
    splits : int64 ndarray of shape (n,)
        0 train, 1 validation, 2 test. Scores are of validation, gains of test.
    groups : int64 ndarray of shape (n,)
        Groups among which the worst one is sought: class by attribute, or the classes.
    group_names : tuple of str
    rows : int64 ndarray of shape (m,)
        The validation images of the class, as positions among all n.
    is_error : bool ndarray of shape (m,)
        Which of `rows` are predicted wrongly.
    phrases : tuple of ScoredPhrase
        By error score, the highest first; the earliest wins a tie.
    null_level : float
        If the phrases had nothing to do with the errors, the best of them would score at most this in 95 of 100 cases.
    vocabulary_scores : dict of int to float64 ndarray of shape (V,)
        For each sign that a phrase has, the error scores of the vocabulary's words. Empty without a vocabulary.
    pictures : object or None
        What was passed as images, where these are pictures.
    raw_features : float32 ndarray of shape (n, e) or None
        What was passed as features, whose rows have any length.
    encoder : str
        Name of the encoder of images and texts, "" where embeddings were passed.
    """

    classes: Classes
    target_class: int
    images: NDArray[np.float32]
    features: NDArray[np.float32]
    splits: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    rows: NDArray[np.int64]
    is_error: NDArray[np.bool_]
    phrases: tuple[ScoredPhrase, ...]
    null_level: float
    vocabulary_scores: dict[int, NDArray[np.float64]]
    pictures: Any = None
    raw_features: NDArray[np.float32] | None = None
    encoder: str = ""

    @classmethod
    def of(
        cls,
        *arrays: Any,
        rows: NDArray[np.int64],
        texts: Sequence[EmbeddedPhrase],
        words: NDArray[np.float32],
        tries: int,
        **known: Any,
    ) -> Self:
        """Score phrases on some images of a class.

        Parameters
        ----------
        *arrays : object
            The attributes of an explanation before `rows`.
        rows : int64 ndarray of shape (m,)
            The images, as positions among all n.
        texts : sequence of EmbeddedPhrase
        words : float32 ndarray of shape (V, d)
            Text embeddings of the vocabulary.
        tries : int
            Phrases that the levels stand for: these, and those of other classes that are judged with them.
        **known : object
            The attributes after `vocabulary_scores`.

        Returns
        -------
        Explanation

        Raises
        ------
        NothingToSeparate
            If no image is wrong, or every image is.
        """
        classes, _, images, *_ = arrays
        is_error = (classes.predictions != classes.labels)[rows]
        scored = _scored(images[rows], is_error, texts, tries)
        level = null_level(scored[0].error_score.n_correct, scored[0].error_score.n_error, tries)
        signs = {each.read.sign for each in texts if len(words)}
        of_words = {sign: vocabulary_scores(images[rows], is_error, words, sign) for sign in signs}
        own: tuple[Any, ...] = (*arrays, rows, is_error, scored, level, of_words)
        return cls(*own, **known)

    def __repr__(self) -> str:
        line = self._line(self.phrases[0])
        if line["threshold"] is None:
            return f"{self.class_name}: no phrase tells errors apart"
        better = {
            "yes": "better than guessing",
            "no": "no better than guessing",
            "too_few_images": "too few images to tell",
        }.get(line["better_than_guessing"], "whether that is more than guessing is not known")
        if line["better_than_guessing"] == "yes" and len(self.phrases) > 1:
            better = str(self.random_words)
        phrases = "1 phrase" if len(self.phrases) == 1 else f"{len(self.phrases)} phrases"
        return (
            f"{self.class_name}: of {phrases}, “{line['phrase']}” tells errors apart best: wrong on "
            f"{line['wrong_with']} of {line['n_with']} images with it, on {line['wrong_without']} of "
            f"{line['n_without']} without it (error score {line['error_score']:.2f}: {better})"
        )

    @property
    def class_name(self) -> str:
        """Return the name of the class."""
        return self.classes.names[self.target_class]

    @cached_property
    def vocabulary_levels(self) -> dict[int, float]:
        """Return by sign what 95 of 100 words of the vocabulary do not exceed."""
        return {sign: vocabulary_level(scores) for sign, scores in self.vocabulary_scores.items()}

    @property
    def random_words(self) -> RandomWords | None:
        """Return how many of as many random words would pass.

        None if that cannot be told. The best of many passes more often than one: of 20 random words in 64 of 100
        cases, if their level is above the permutation level.
        """
        verdicts = [self._better(each) for each in self.phrases]
        if not self.vocabulary_scores or BetterThanGuessing.TOO_FEW in verdicts:
            return None
        tries = Counter(each.read.sign for each in self.phrases)
        levels = {sign: max(self.null_level, level) for sign, level in self.vocabulary_levels.items()}
        one, best = (
            {sign: chance_to_pass(self.vocabulary_scores[sign], levels[sign], k) for sign, k in of.items()}
            for of in (dict.fromkeys(tries, 1), tries)
        )
        return RandomWords(
            len(verdicts),
            verdicts.count(BetterThanGuessing.YES),
            sum(k * one[sign] for sign, k in tries.items()),
            1 - prod(1 - chance for chance in best.values()),
        )

    def table(self) -> pd.DataFrame:
        """Return one row a phrase, the best first.

        Returns
        -------
        pandas.DataFrame
            With these columns:

            - `error_score`;
            - `null_level`, which phrases unrelated to the errors reach, and `vocabulary_level`, which one common word
              reaches;
            - `better_than_guessing`, of each phrase alone: "yes" if the score is above both levels, "no",
              "too_few_images", or "not_known_yet" if it is above the first and there is no vocabulary. Of many
              phrases some pass by chance: `random_words` says how many;
            - `adjusted_p`;
            - `threshold` of the similarity; empty if the phrase separates nothing;
            - the split: `wrong_with` of `n_with` images that have the phrase, `wrong_without` of `n_without` others.
        """
        return pd.DataFrame([self._line(each) for each in self.phrases])

    def phrase(self, phrase: str) -> ScoredPhrase:
        """Find a scored phrase by its words.

        Parameters
        ----------
        phrase : str

        Returns
        -------
        ScoredPhrase

        Raises
        ------
        BadArray
            If it was not scored.
        """
        for each in self.phrases:
            if each.phrase == normalise(phrase):
                return each
        raise BadArray(f"{phrase!r} was not scored; explain with it among the phrases")

    def show(self, phrase: str | None = None, count: int = 12) -> Image.Image:
        """Draw images with a phrase beside images without it, errors first.

        Parameters
        ----------
        phrase : str, optional
            Default: the best one.
        count : int, default 12
            Images on each side, wrong and correct ones in the side's proportion. On the left are the images most
            similar to the phrase, on the right the least similar ones.

        Returns
        -------
        PIL image
            Notebooks show it. Errors have a red frame.

        Raises
        ------
        BadArray
            If the images were passed as embeddings, or the phrase was not scored or has no threshold.
        """
        titles, sides = zip(*self.sides(phrase, count), strict=True)
        return contact_sheet(titles, sides)

    def sides(self, phrase: str | None = None, count: int = 12) -> list[tuple[str, list[tuple[Image.Image, bool]]]]:
        """Return images with a phrase, and images without it, as `show` draws them.

        Parameters
        ----------
        phrase : str, optional
            Default: the best one.
        count : int, default 12
            Images on each side.

        Returns
        -------
        list of 2 (str, list of (PIL image, bool))
            A title, and images with whether each is predicted wrongly.

        Raises
        ------
        BadArray
            As `show`.
        """
        if self.pictures is None:
            raise BadArray("there are no pictures to show: the images were passed as embeddings")
        scored = self.phrases[0] if phrase is None else self.phrase(phrase)
        above, order = self._above(scored), np.argsort(-scored.similarities, kind="stable")
        images = self.pictures["image"] if inputs.is_table(self.pictures) else self.pictures
        sides = [
            [(inputs.picture(images[int(self.rows[i])]), bool(self.is_error[i])) for i in self._sample(side, count)]
            for side in (order[above[order]], order[~above[order]][::-1])
        ]
        line = self._line(scored)
        titles = (
            f"with “{scored.phrase}”: wrong on {line['wrong_with']} of {line['n_with']}",
            f"without: wrong on {line['wrong_without']} of {line['n_without']}",
        )
        return list(zip(titles, sides, strict=True))

    def to_fiftyone(self, folder: str | PathLike[str]) -> Path:
        """Write the images for FiftyOne: slices and errors as tags, similarities, scores.

        Parameters
        ----------
        folder : path
            Made if it is missing. ``fiftyone.Dataset.from_dir(folder, dataset_type=fiftyone.types.FiftyOneDataset)``
            opens it.

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        BadArray
            If the images were passed as embeddings.
        """
        return write_fiftyone(self, folder)

    def correct(
        self,
        phrase: str,
        *,
        l2: float = 0.01,
        scheme: str = DEFAULT_SCHEME,
        threshold: float | None = None,
        seed: int = 0,
    ) -> "Correction":
        """Retrain the last layer with the slices that a phrase makes.

        Images of the class with and without the phrase then count alike (paper, section 4.2).

        Parameters
        ----------
        phrase : str
            One that was scored.
        l2 : float, default 0.01
            Penalty λ > 0.
        scheme : {"class_equal", "paper", "mean_slices", "class_mass"}, default "class_equal"
            Weights of the slices, as in `slice_weights`.
        threshold : float, optional
            Similarity above which an image has the phrase. Default: where the error score is reached.
        seed : int, default 0
            Seed of the gain's interval.

        Returns
        -------
        Correction

        Raises
        ------
        BadArray
            If the phrase was not scored or has no threshold, or an argument is invalid.
        SliceTooSmall
            If a slice has fewer than five training images.
        NotConverged
            If the solver misses its tolerance.
        """
        return clarify_errors.Correction.of(
            self, self.phrase(phrase), l2=l2, scheme=scheme, threshold=threshold, seed=seed
        )

    def correct_in_place(
        self,
        phrase: str,
        model: "torch.nn.Module",
        *,
        layer: str | None = None,
        outputs: Sequence[str] | NDArray[np.str_] | None = None,
        l2: float = 0.01,
        scheme: str = DEFAULT_SCHEME,
        threshold: float | None = None,
        seed: int = 0,
    ) -> "InPlaceCorrection":
        """Retrain a network's own last layer, on the activations that go into it.

        These are what was passed as `features` (`activations` has them). Each is z-scored in training, and the z-score
        is folded into weights and bias, so that the layer takes them as they are.

        Parameters
        ----------
        phrase : str
            One that was scored.
        model : torch.nn.Module
            The network whose predictions were passed.
        layer : str, optional
            Name of its last layer. Default: the last `torch.nn.Linear`.
        outputs : sequence or ndarray of str, optional
            Names of classes in the order of the layer's outputs. Default: those that occur, by number where they are
            numbers, else by alphabet.
        l2 : float, default 0.01
            Penalty λ > 0 on the weights of z-scored activations and on the bias. It is not the network's weight decay.
        scheme : {"class_equal", "paper", "mean_slices", "class_mass"}, default "class_equal"
            Weights of the slices, as in `slice_weights`.
        threshold : float, optional
            Similarity above which an image has the phrase. Default: where the error score is reached.
        seed : int, default 0
            Seed of the gain's interval.

        Returns
        -------
        InPlaceCorrection
            `install` puts it into a copy of the network.

        Raises
        ------
        BadArray
            If the layer gives other predictions than those that were passed, the phrase was not scored or has no
            threshold, or an argument is invalid.
        SliceTooSmall
            If a slice has fewer than five training images.
        NotConverged
            If the solver misses its tolerance.
        """
        return clarify_errors.InPlaceCorrection.of(
            self, self.phrase(phrase), model, layer=layer, outputs=outputs, l2=l2, scheme=scheme, threshold=threshold,
            seed=seed,
        )  # fmt: skip

    def save_slices(self, path: str | PathLike[str], phrases: Sequence[str] | None = None) -> None:
        """Write what was found, for `clarify check` and `check_slices`.

        Parameters
        ----------
        path : path
        phrases : sequence of str, optional
            Which of those that were scored. Default: those that are better than guessing.

        Raises
        ------
        BadArray
            If a phrase was not scored or has no threshold, or none is better than guessing.
        """
        clarify_errors.save_slices(path, self.slices(phrases))

    def slices(self, phrases: Sequence[str] | None = None) -> "list[Slice]":
        """Return what was found as slices.

        Parameters
        ----------
        phrases : sequence of str, optional
            Which of those that were scored. Default: those that are better than guessing.

        Returns
        -------
        list of Slice

        Raises
        ------
        BadArray
            If a phrase was not scored or has no threshold, or none is better than guessing.
        """
        found = [each for each in self.phrases if self._better(each) is BetterThanGuessing.YES]
        chosen = found if phrases is None else [self.phrase(phrase) for phrase in phrases]
        if not chosen:
            raise BadArray("no phrase is better than guessing: name those that are to be kept, phrases=[…]")
        for each in chosen:
            if each.error_score.threshold is None:
                raise BadArray(f"“{each.phrase}” separates nothing: its error score is 0, so it has no threshold")
        return [
            clarify_errors.Slice(
                self.class_name,
                each.phrase,
                each.read.sign,
                each.error_score.threshold or 0.0,
                each.embedding,
                self.encoder,
            )
            for each in chosen
        ]

    def _better(self, scored: ScoredPhrase) -> BetterThanGuessing:
        score, of_words = scored.error_score, self.vocabulary_levels.get(scored.read.sign)
        return better_than_guessing(score.value, self.null_level, of_words, score.n_correct, score.n_error)

    def _line(self, scored: ScoredPhrase) -> dict[str, Any]:
        score = scored.error_score
        above = np.zeros(len(self.rows), np.bool_) if score.threshold is None else self._above(scored)
        return {
            "phrase": scored.phrase,
            "error_score": score.value,
            "null_level": self.null_level,
            "vocabulary_level": self.vocabulary_levels.get(scored.read.sign),
            "better_than_guessing": self._better(scored).value,
            "adjusted_p": scored.adjusted_p,
            "threshold": score.threshold,
            "wrong_with": int(self.is_error[above].sum()),
            "n_with": int(above.sum()),
            "wrong_without": int(self.is_error[~above].sum()),
            "n_without": int((~above).sum()),
        }

    def _above(self, scored: ScoredPhrase) -> NDArray[np.bool_]:
        if scored.error_score.threshold is None:
            raise BadArray(f"“{scored.phrase}” separates nothing: its error score is 0, so it has no threshold")
        return scored.similarities > np.float32(scored.error_score.threshold)

    def _sample(self, side: NDArray[np.int64], count: int) -> list[int]:
        """Of a side's images in order, `count` with as large a share of errors as the side has, errors first."""
        wrong = side[self.is_error[side]]
        n_wrong = round(min(count, len(side)) * len(wrong) / max(len(side), 1))
        right = side[~self.is_error[side]][: min(count, len(side)) - n_wrong]
        return [*wrong[:n_wrong].tolist(), *right.tolist()]


def explain(
    images: Any,
    labels: Any,
    predictions: Any,
    *,
    phrases: Phrases = (),
    keywords: Phrases = (),
    vocabulary: Phrases | Literal["common"] = (),
    encoder: "str | Encoder | None" = None,
    target_class: object = None,
    groups: Any = None,
    features: Any = None,
    splits: Any = None,
    language: str = ENGLISH,
    template: str | None = None,
    seed: int = 0,
) -> Explanation:
    """Score phrases by how well they tell errors from correct predictions.

    Parameters
    ----------
    images : array_like of shape (n, d), sequence of n PIL images or paths, or a Hugging Face data set
        Embeddings of the encoder, or pictures that it embeds.
    labels, predictions : array_like of shape (n,), or str
        Classes by name or number, or the names of a data set's columns.
    phrases, keywords : sequence of str, or mapping of str to ndarray of shape (d,)
        What to score: phrases are read as people type them ("there is no water" is water with sign -1), keywords as
        they stand. Pass one of the two. A mapping of name to text embedding needs no encoder, and no name is read.
    vocabulary : "common", or as keywords, optional
        What somebody might type who knows nothing of the errors. A phrase that is better than guessing scores above 95
        of 100 of these words. "common" is the server's list: 5,153 English words, which take minutes with a large
        encoder. If the encoder tells fewer than 500 of them apart, 671 words for what images show take their place.
        There is no list for other languages.
    encoder : str or Encoder, optional
        Embeds the pictures and texts that are not given as embeddings: a spec for `load_encoder`, or an encoder.
    target_class : str or int, optional
        Name of the class. Default: the one with the highest error rate on validation.
    groups : array_like of shape (n,), optional
        An attribute, such as the background; the worst group is then sought among class by attribute.
    features : array_like of shape (n, e), optional
        What a last layer is trained on. Default: the image embeddings.
    splits : array_like of shape (n,), optional
        `train`, `validation` or `test` for each image. Default: drawn within classes, 2 : 1 : 1.
    language : str, default "en"
        Code of the language that the phrases are in: `en`, `de`, `es` or `fr`. The encoder has to understand it.
    template : str, optional
        Text with exactly one ``{phrase}``, which is embedded. Default: that of the language, such as
        ``an image of a {phrase}``.
    seed : int, default 0
        Seed of the splits, if they are drawn.

    Returns
    -------
    Explanation

    Raises
    ------
    BadArray
        If shapes, types or values are invalid.
    NothingToSeparate
        If the class has no error, or no correct prediction, on validation.
    EncoderUnavailable
        If the encoder cannot be loaded; the message says what to do.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> is_red = rng.random(400) < 0.3
    >>> images = rng.normal(size=(400, 8)) + 4 * np.outer(is_red, np.eye(8)[0])
    >>> labels = np.repeat(["oval", "square"], 200)
    >>> predictions = np.where(is_red, "oval", labels)
    >>> report = explain(images, labels, predictions, phrases={"red": np.eye(8)[0], "big": np.eye(8)[1]})
    >>> report.class_name, report.table().phrase.tolist(), report.table().better_than_guessing.tolist()
    ('square', ['red', 'big'], ['not_known_yet', 'no'])
    """
    if bool(phrases) == bool(keywords):
        raise BadArray("give phrases or keywords to score, one of the two")
    classes = inputs.as_classes(inputs.column_of(images, labels), inputs.column_of(images, predictions))
    divided = inputs.as_splits(inputs.column_of(images, splits), classes.labels, seed)
    loaded = clarify_errors.load_encoder(encoder) if isinstance(encoder, str) else encoder
    rules = phrase_language(language)
    template = rules.template if template is None else template
    raw = None if features is None else inputs.as_array(features)
    if raw is not None and len(raw) != len(classes.labels):
        raise BadArray(
            f"features has {len(raw)} rows, and there are {len(classes.labels)} labels: one row for each image"
        )
    # Texts before images, which may take minutes: what is wrong with words is told at once.
    texts = embedded_phrases(phrases or keywords, template, loaded, language, as_sentences=bool(phrases))
    embedded = inputs.embeddings_of(images, loaded)
    if len(embedded) != len(classes.labels):
        raise BadArray(f"there are {len(embedded)} images but {len(classes.labels)} labels")
    of_groups, group_names = inputs.as_groups(inputs.column_of(images, groups), classes)
    target = _target(target_class, classes, divided == VALIDATION)
    words = _embedded_words(vocabulary, template, loaded, language)
    return Explanation.of(
        classes,
        target,
        embedded,
        embedded if raw is None else inputs.embeddings_of(raw, None),
        divided,
        of_groups,
        group_names,
        rows=np.flatnonzero((divided == VALIDATION) & (classes.labels == target)),
        texts=texts,
        words=words,
        tries=len(texts),
        pictures=_kept_pictures(images) if loaded is not None and inputs.has_pictures(images) else None,
        raw_features=None if raw is None else raw.astype(np.float32),
        encoder=str(getattr(loaded, "name", "")),  # an encoder of your own may have none
    )


def _kept_pictures(images: Any) -> Any:
    """A data set as it is, else a list: a column of pandas would be asked by its index."""
    return images if inputs.is_table(images) else list(images)


def _target(target_class: object, classes: Classes, is_validation: NDArray[np.bool_]) -> int:
    if target_class is None:
        return hardest_class(classes.predictions[is_validation], classes.labels[is_validation], len(classes.names))
    if str(target_class) not in classes.names:
        raise BadArray(f"there is no class {target_class!r}; there are {', '.join(classes.names)}")
    return classes.names.index(str(target_class))


def _embedded_words(
    vocabulary: Phrases | Literal["common"], template: str, encoder: "Encoder | None", language: str = ENGLISH
) -> NDArray[np.float32]:
    """Embed the words of a vocabulary; an encoder that hardly knows English gets words for what images show."""
    if vocabulary != "common":
        texts = embedded_phrases(vocabulary, template, encoder, language, as_sentences=False) if vocabulary else []
        return np.array([each.embedding for each in texts], np.float32)
    if language != ENGLISH:
        raise BadArray("the list of common words is English: pass words of the phrases' language as the vocabulary")
    return np.stack([each.embedding for each in known_words(template, encoder)])


def known_words(template: str, encoder: "Encoder | None") -> list[EmbeddedPhrase]:
    """Embed the common words.

    If the encoder tells too few of them apart, words for what images show take their place.

    Parameters
    ----------
    template : str
    encoder : Encoder or None

    Returns
    -------
    list of EmbeddedPhrase

    Raises
    ------
    BadArray
        If there is no encoder.
    """
    words = embedded_phrases(common_words(), template, encoder, as_sentences=False)
    if count_distinct(np.stack([each.embedding for each in words])) >= MIN_DISTINCT:
        return words
    return embedded_phrases(words_for_images(), template, encoder, as_sentences=False)


def _scored(
    images: NDArray[np.float32], is_error: NDArray[np.bool_], texts: Sequence[EmbeddedPhrase], tries: int
) -> tuple[ScoredPhrase, ...]:
    values = np.stack([each.read.sign * similarities(images, each.embedding) for each in texts])
    scores = error_scores(values, is_error)
    adjusted = -np.expm1(tries * np.log1p(-scores.p_value.clip(max=1 - 1e-16)))
    phrases = [
        ScoredPhrase(**vars(each), similarities=values[k], error_score=scores[k], adjusted_p=float(adjusted[k]))
        for k, each in enumerate(texts)
    ]
    return tuple(sorted(phrases, key=lambda each: -each.error_score.value))
