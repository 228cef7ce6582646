"""A classifier diagnosed in one call: for every class, the words that tell its errors apart."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

import clarify_errors
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.keywords.keyword_ranking import clip_scores
from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, Proposal, merged
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.phrases.held_out import scoring_half
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, phrase_language
from clarify_errors.arrays.phrases.vocabulary_level import MIN_IMAGES, vocabulary_scores
from clarify_errors.arrays.phrases.word_forms import vocabulary as words_for_images
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing
from clarify_errors.explanations import inputs
from clarify_errors.explanations.classifiers import Estimator, Network, as_classifier
from clarify_errors.explanations.explanation import VALIDATION, Explanation, known_words
from clarify_errors.explanations.labelled_pictures import LabelledPictures, Selected, labelled_pictures
from clarify_errors.explanations.one_pass import DiskCache, KeptEncoder, pass_over
from clarify_errors.explanations.phrase_texts import EmbeddedPhrase, embedded_phrases
from clarify_errors.explanations.report_page import report_page

if TYPE_CHECKING:
    from clarify_errors.explanations.correction import Correction
    from clarify_errors.explanations.in_place import InPlaceCorrection
    from clarify_errors.tensors.encoders import Encoder

PROPOSED = 5  # phrases of a class that are judged
_PAIRED = 3  # words that are joined with each other
_LOOKED_AT = 50  # words, the best ones, among which those that say the same are left out
_ADDS = 0.1  # error score by which a pair must exceed its better word: less is often one image
_SAME = 0.8  # correlation of similarities from which two words say the same


@dataclass(frozen=True, eq=False, repr=False)
class ClassReport:
    """What was found of one class, from `diagnose`.

    Attributes
    ----------
    explanation : Explanation
        The phrases, scored on images that had no part in choosing them.
    network : Network or None
    outputs : tuple of str
        Names of classes in the order of the network's outputs.
    corrections : dict of str to InPlaceCorrection or Correction
        By phrase: those that were trained.
    """

    explanation: Explanation
    network: Network | None
    outputs: tuple[str, ...]
    corrections: "dict[str, InPlaceCorrection | Correction]" = field(default_factory=dict)

    def __repr__(self) -> str:
        line = self.line
        if line["better_than_guessing"] != BetterThanGuessing.YES:
            return f"{self.name}: no word tells the errors apart better than guessing"
        return (
            f"{self.name}: wrong on {line['wrong_with']} of {line['n_with']} images like “{line['phrase']}”, on "
            f"{line['wrong_without']} of {line['n_without']} others (error score {line['error_score']:.2f})"
        )

    @property
    def name(self) -> str:
        """Return the name of the class."""
        return self.explanation.class_name

    @cached_property
    def line(self) -> dict[str, Any]:
        """Return the row of the best phrase.

        It is the best of those that are better than guessing, if there are any.
        """
        rows: list[dict[str, Any]] = self.table().to_dict("records")
        return next((row for row in rows if row["better_than_guessing"] == BetterThanGuessing.YES), rows[0])

    @property
    def is_found(self) -> bool:
        """Return whether a phrase is better than guessing."""
        return bool(self.line["better_than_guessing"] == BetterThanGuessing.YES)

    def table(self) -> pd.DataFrame:
        """Return one row a phrase, the best first; see `Explanation.table`."""
        return self.explanation.table()

    def show(self, phrase: str | None = None, count: int = 12) -> Image.Image:
        """Draw images with a phrase beside images without it; see `Explanation.show`.

        Parameters
        ----------
        phrase : str, optional
            Default: the best one.
        count : int, default 12

        Returns
        -------
        PIL image
        """
        return self.explanation.show(self.line["phrase"] if phrase is None else phrase, count)

    def correct(self, phrase: str = "best", **options: Any) -> "InPlaceCorrection | Correction":
        """Retrain the last layer with a phrase: the network's own, if there is one.

        Parameters
        ----------
        phrase : str, default "best"
            One of `table()`; "best" is the best that is better than guessing.
        **options : object
            `l2`, `scheme`, `threshold` and `seed` of `Explanation.correct`.

        Returns
        -------
        InPlaceCorrection or Correction
            The second is a layer on the encoder's embeddings, and its `install` refuses every network.

        Raises
        ------
        BadArray
            If no phrase is better than guessing, or as `Explanation.correct_in_place`.
        SliceTooSmall
            If a slice has fewer than five training images.
        """
        if phrase == "best":
            if not self.is_found:
                raise BadArray(f"{self.name}: no phrase is better than guessing; name one of table() to try it")
            phrase = str(self.line["phrase"])
        if self.network is None:
            found: InPlaceCorrection | Correction = self.explanation.correct(phrase, **options)
        else:
            found = self.explanation.correct_in_place(
                phrase, self.network.module, layer=self.network.layer, outputs=self.outputs, **options
            )
        self.corrections[phrase] = found
        return found


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What `diagnose` found.

    Attributes
    ----------
    classes : dict of str to ClassReport
        Those that found words come first, by the errors that these have.
    left_out : dict of str to str
        Of the other classes, the reason.
    unreadable : dict of str to str
        Of pictures that could not be read, by path, the reason.
    model : str
        What the classifier is called.
    n_images, n_validation : int
        Pictures that were read, and those of validation.
    accuracy : float
        On validation.
    drawn : bool
        Whether the splits were drawn.
    proposals : dict of str to Proposal
        By class, what a source of hypotheses was asked and answered.
    """

    classes: dict[str, ClassReport]
    left_out: dict[str, str]
    unreadable: dict[str, str]
    model: str
    n_images: int
    n_validation: int
    accuracy: float
    drawn: bool
    proposals: dict[str, Proposal] = field(default_factory=dict)

    def __getitem__(self, name: object) -> ClassReport:
        if str(name) in self.classes:
            return self.classes[str(name)]
        why = self.left_out.get(str(name), f"there are {', '.join([*self.classes, *self.left_out])}")
        raise BadArray(f"the report has no class {name!r}: {why}")

    def __iter__(self) -> Iterator[ClassReport]:
        return iter(self.classes.values())

    def __len__(self) -> int:
        return len(self.classes)

    def __repr__(self) -> str:
        return "\n".join([self.summary, *map(repr, self), *(f"{name}: {why}" for name, why in self.left_out.items())])

    def _repr_html_(self) -> str:
        return report_page(self, is_part=True)

    @property
    def found(self) -> list[ClassReport]:
        """Return the classes of which a phrase is better than guessing."""
        return [each for each in self if each.is_found]

    @property
    def summary(self) -> str:
        """Return one sentence on all pictures, and one on the classes."""
        read = f"{self.model}: {self.accuracy:.1%} of {self.n_validation:,} validation images right"
        lost = f", {len(self.unreadable):,} unreadable" if self.unreadable else ""
        return (
            f"{read}{lost}. Words better than guessing for {len(self.found)} of {len(self)} classes with enough errors."
        )

    def table(self) -> pd.DataFrame:
        """Return one row a class.

        Returns
        -------
        pandas.DataFrame
            `class`, the best phrase's row of `Explanation.table`, and `left_out`: why a class has none.
        """
        rows = [{"class": each.name, **each.line, "left_out": ""} for each in self]
        return pd.DataFrame([*rows, *({"class": name, "left_out": why} for name, why in self.left_out.items())])

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the report as one HTML file, which loads nothing from elsewhere.

        Parameters
        ----------
        path : path

        Returns
        -------
        pathlib.Path
        """
        Path(path).write_text(report_page(self), encoding="utf-8")
        return Path(path)

    def save_slices(self, path: str | PathLike[str]) -> None:
        """Write the phrases that are better than guessing, for `clarify check`.

        Parameters
        ----------
        path : path

        Raises
        ------
        BadArray
            If there is none.
        """
        slices = [each for of in self.found for each in of.explanation.slices()]
        if not slices:
            raise BadArray("no phrase is better than guessing, so there is no slice to keep")
        clarify_errors.save_slices(path, slices)


def diagnose(
    model: Any,
    data: Any,
    *,
    encoder: "str | Encoder" = "open_clip:ViT-L-14:openai",
    labels: Any = None,
    pictures: Any = None,
    splits: Any = None,
    groups: Any = None,
    phrases: Sequence[str] = (),
    hypotheses: KeywordSource | None = None,
    classes: Sequence[str] | None = None,
    layer: str | None = None,
    transform: Callable[[Image.Image], Any] | None = None,
    name: str = "",
    language: str = ENGLISH,
    cache: str | PathLike[str] | Literal[False] = "~/.cache/clarify",
    seed: int = 0,
) -> Report:
    """Find the words that tell the errors of each class apart.

    Words for what images show, and pairs of the best, are chosen on one half of the validation images of a class, and
    scored on the other half, beside the common words. The levels stand for all phrases of all classes together. Classes
    with too few errors are left out, with the reason.

    Parameters
    ----------
    model : torch.nn.Module, str, pipeline of transformers, estimator of scikit-learn, callable, array_like, or None
        The classifier: a network; its name in torchvision or timm; an estimator, which predicts from the encoder's
        embeddings; a function from a list of PIL images to classes or scores. Or its predictions; None if `data` has
        them in a column `prediction`.
    data : path, DataFrame, torch Dataset or DataLoader, Hugging Face data set, or sequence of paths or PIL images
        A folder has a folder for each class, maybe within `train`, `validation` and `test`. A table has the columns
        `path` and `label`, maybe `prediction`, `split` and `group`.
    encoder : str or Encoder, default "open_clip:ViT-L-14:openai"
        Embeds pictures and words.
    labels : array_like of shape (n,), optional
        Classes of a list of pictures, by name or by number among `classes`.
    pictures : sequence of paths or PIL images, optional
        Of a data set that yields tensors.
    splits, groups : array_like of shape (n,), optional
        As in `explain`. Without splits, half of each class retrains, a quarter is scored, a quarter measures.
    phrases : sequence of str, optional
        Scored on all validation images instead of words that are proposed.
    hypotheses : KeywordSource, optional
        Looks at the images of the half on which words are chosen and proposes phrases beside the words, such as
        `clarify_errors.arrays.keywords.chat_source.PictureHypotheses()`, which sends images to a model.
    classes : sequence of str, optional
        Names in the order of the network's outputs. Default: what the network or the data tell, else by alphabet.
    layer : str, optional
        Name of the network's last layer. Default: the last `torch.nn.Linear`.
    transform : callable, optional
        From a PIL image to the network's input. Default: what the network's library or the data set has.
    name : str, optional
        Under which a function's answers are kept on the disk.
    language : str, default "en"
        Of the phrases. Words are proposed in English alone.
    cache : path or False, default "~/.cache/clarify"
        Folder of what was computed, by content; it may be deleted.
    seed : int, default 0
        Of splits and halves.

    Returns
    -------
    Report

    Raises
    ------
    BadArray
        If an argument is invalid. What can be told before a picture is read is told then.
    EncoderUnavailable
        If the encoder cannot be loaded; the message says what to do.
    """
    if hypotheses is not None and (len(phrases) or not getattr(hypotheses, "reads_pictures", False)):
        raise BadArray("hypotheses= must look at pictures (`reads_pictures`), and goes without phrases=")
    read = labelled_pictures(data, pictures)
    n = len(read.pictures)
    is_asked = model is not None and not _is_column(model)
    classifier = as_classifier(model, layer, transform) if is_asked else None
    given = read.predictions if model is None else None if is_asked else inputs.as_array(model)
    columns = {
        "labels": read.labels if labels is None else inputs.as_array(labels),
        "predictions": given,
        "splits": read.splits if splits is None else inputs.as_array(splits),
        "groups": read.groups if groups is None else inputs.as_array(groups),
    }
    _check(columns, n, is_asked)
    own = classifier.names if isinstance(classifier, Network) else ()
    told = tuple(map(str, classes or own or read.names))
    of_labels = _named(columns["labels"], tuple(map(str, classes or read.names or own)), "labels")
    names = told or tuple(sorted(set(of_labels.tolist())))
    if isinstance(classifier, Network):
        _check_network(classifier, read, names, of_labels)
    if not is_asked:
        _check_same_names(of_labels, _named(given, names, "predictions"))
    numbers = np.unique(of_labels, return_inverse=True)[1]
    divided = inputs.as_splits(columns["splits"], numbers, seed)
    if not (divided == VALIDATION).any():
        raise BadArray("there is no validation image: words are chosen and scored on these")
    kept = DiskCache(None if cache is False else Path(cache).expanduser())
    loaded = KeptEncoder(clarify_errors.load_encoder(encoder) if isinstance(encoder, str) else encoder, kept)
    if isinstance(phrases, str):
        raise BadArray(f"phrases={phrases!r} is one text: pass a list, phrases=[{phrases!r}]")
    template = phrase_language(language).template
    texts = embedded_phrases(phrases, template, loaded, language, as_sentences=True) if len(phrases) else []
    words = known_words(template, loaded) if language == ENGLISH else []
    candidates = (
        [] if texts or not words else embedded_phrases(words_for_images(), template, loaded, as_sentences=False)
    )
    if not texts and not candidates:
        raise BadArray("words are proposed in English alone: pass phrases=")

    passed = pass_over(read, loaded, classifier, kept, name)
    rows = passed.kept
    answers = given if passed.answers is None else passed.answers
    if isinstance(classifier, Estimator):
        answers = inputs.as_array(classifier.predict(passed.images))
    predictions = _named(answers, names, "predictions")
    numbered = inputs.as_classes(of_labels[rows], predictions if is_asked else predictions[rows])
    _check_same_names(of_labels, predictions)
    of_groups, group_names = inputs.as_groups(
        None if columns["groups"] is None else np.asarray(columns["groups"])[rows], numbered
    )
    features = passed.images if passed.features is None else inputs.embeddings_of(passed.features, None)
    shared = numbered, passed.images, features, divided[rows], of_groups, group_names
    known = {
        "pictures": Selected(read.pictures, rows.tolist()),
        "raw_features": passed.features,
        "encoder": loaded.name,
    }
    asked = _Asked(hypotheses, read.pictures, rows, template, loaded) if hypotheses is not None else None
    found, left_out = _explanations(shared, known, texts, candidates, words, template, loaded, seed, asked)
    network = classifier if isinstance(classifier, Network) else None
    reports = [ClassReport(each, network, names) for each in found]
    reports.sort(key=lambda each: (not each.is_found, -each.line["wrong_with"], -each.line["error_score"]))
    on_validation = divided[rows] == VALIDATION
    return Report(
        {each.name: each for each in reports},
        left_out,
        passed.unreadable,
        model if isinstance(model, str) else type(model).__name__ if is_asked else "predictions",
        len(rows),
        int(on_validation.sum()),
        float((numbered.labels == numbered.predictions)[on_validation].mean()),
        columns["splits"] is None,
        asked.proposals if asked else {},
    )


class _Opened(Selected):
    def __getitem__(self, place: Any) -> Any:
        return inputs.picture(super().__getitem__(place))


@dataclass(frozen=True, eq=False)
class _Asked:
    """A source that looks at pictures, and what it answered, by class. kept: numbers of those that could be read."""

    source: KeywordSource
    pictures: Sequence[Any]
    kept: NDArray[np.int64]
    template: str
    encoder: "Encoder"
    proposals: dict[str, Proposal] = field(default_factory=dict)

    def of(self, name: str, rows: NDArray[np.int64], is_error: NDArray[np.bool_]) -> list[EmbeddedPhrase]:
        """What it proposes by these images of a class."""
        right, wrong = (_Opened(self.pictures, self.kept[rows[side]].tolist()) for side in (~is_error, is_error))
        self.proposals[name] = proposal = self.source.propose(right, wrong)
        return embedded_phrases(merged([proposal.phrases]), self.template, self.encoder, as_sentences=False)


def _explanations(
    shared: tuple[Any, ...],
    known: dict[str, Any],
    texts: list[EmbeddedPhrase],
    candidates: list[EmbeddedPhrase],
    words: list[EmbeddedPhrase],
    template: str,
    encoder: "Encoder",
    seed: int,
    asked: _Asked | None,
) -> tuple[list[Explanation], dict[str, str]]:
    """Every class with enough errors, and the reason of the others."""
    classes, images, _, splits, _, _ = shared
    least = MIN_IMAGES if texts else 2 * MIN_IMAGES
    left_out: dict[str, str] = {}
    chosen: dict[int, NDArray[np.int64]] = {}
    for target, name in enumerate(classes.names):
        rows = np.flatnonzero((splits == VALIDATION) & (classes.labels == target))
        n_error = int((classes.predictions != classes.labels)[rows].sum())
        if min(n_error, len(rows) - n_error) < least:
            left_out[name] = (
                f"{n_error} wrong and {len(rows) - n_error} right on validation; {least} of each are needed"
            )
        else:
            chosen[target] = rows
    tries = len(chosen) * (len(texts) or PROPOSED)
    matrix = np.array([each.embedding for each in words], np.float32)
    found = []
    for target, rows in chosen.items():
        proposed, scoring = texts, rows
        if not texts:
            is_error = (classes.predictions != classes.labels)[rows]
            half = scoring_half(rows.astype("S"), is_error, str(seed))
            scoring = rows[half]
            chosen_by = rows[~half], is_error[~half]
            more = asked.of(classes.names[target], *chosen_by) if asked else []
            proposed = _proposed(images[chosen_by[0]], chosen_by[1], [*more, *candidates], template, encoder)
        found.append(
            Explanation.of(
                shared[0], target, *shared[1:], rows=scoring, texts=proposed, words=matrix, tries=tries, **known
            )
        )
    return found, left_out


def _proposed(
    images: NDArray[np.float32],
    is_error: NDArray[np.bool_],
    words: list[EmbeddedPhrase],
    template: str,
    encoder: "Encoder",
) -> list[EmbeddedPhrase]:
    """The words that tell errors apart best on these images, of which no two say the same, and pairs of them."""
    matrix = np.array([each.embedding for each in words], np.float32)
    scores = vocabulary_scores(images, is_error, matrix)
    by_gap = clip_scores(np.stack([similarities(images, word) for word in matrix]), is_error)
    best = np.lexsort((-by_gap, -scores))[:_LOOKED_AT]  # ties: what wrong images are more like first
    alike = np.abs(np.corrcoef(np.stack([similarities(images, matrix[place]) for place in best])))
    different: list[int] = []
    for k in range(len(best)):
        if len(different) < PROPOSED and (alike[k, different] < _SAME).all():
            different.append(k)
    single = [words[best[k]] for k in different]
    joined = [(i, j) for j in range(len(single[:_PAIRED])) for i in range(j)]
    pairs = [f"{single[i].phrase} and {single[j].phrase}" for i, j in joined]
    both = [*single, *(embedded_phrases(pairs, template, encoder, as_sentences=False) if pairs else [])]
    values = error_scores(np.stack([similarities(images, each.embedding) for each in both]), is_error).value
    for place, (i, j) in enumerate(joined, len(single)):
        values[place] *= values[place] > max(values[i], values[j]) + _ADDS
    return [both[k] for k in np.argsort(-values, kind="stable")[:PROPOSED]]


def _is_column(model: Any) -> bool:
    return isinstance(model, list | tuple | np.ndarray | pd.Series) or hasattr(model, "detach")


def _check(columns: dict[str, Any], n: int, is_asked: bool) -> None:
    """Columns that are missing, too short, or have holes."""
    needs = {"labels": "labels=, or a column label", "predictions": "a model, its predictions, or a column prediction"}
    for name, values in columns.items():
        if values is None:
            if name == "labels" or (name == "predictions" and not is_asked):
                raise BadArray(f"there are no {name}: pass {needs[name]}")
            continue
        shape = np.shape(values)
        if len(shape) != 1 or shape[0] != n:
            raise BadArray(f"{name} {shape} must be one for each of {n} pictures")
        if len(holes := np.flatnonzero(pd.isna(pd.Series(list(values), dtype=object)))):
            raise BadArray(f"{name} lack a value for {len(holes)} pictures, first for number {holes[0]}")


def _check_network(network: Network, data: LabelledPictures, names: tuple[str, ...], labels: NDArray[np.str_]) -> None:
    outputs = network.module.get_submodule(network.layer).out_features
    if outputs != len(names):
        raise BadArray(
            f"the layer “{network.layer}” has {outputs} outputs, and there are {len(names)} classes: pass classes=, "
            "the names in the order of the outputs"
        )
    if len(set(names)) < len(names):
        raise BadArray(f"classes= has {Counter(names).most_common(1)[0][0]!r} more than once")
    if unknown := sorted(set(labels.tolist()) - set(names)):
        raise BadArray(f"{unknown[0]!r} is a label but no class of the network; those are {', '.join(names[:5])} …")
    if network.transform is None and data.tensors is None:
        raise BadArray("pass transform=, which makes the network's input of a PIL image: the one of its evaluation")


def _check_same_names(labels: NDArray[np.str_], predictions: NDArray[np.str_]) -> None:
    if not set(labels.tolist()) & set(predictions.tolist()):
        raise BadArray(
            f"no prediction is a label: labels are {labels[0]!r}, …, and predictions {predictions[0]!r}, …; pass "
            "classes=, names in the order of the numbers"
        )


def _named(values: Any, names: tuple[str, ...], what: str) -> NDArray[np.str_]:
    """Classes by name: numbers are positions among the names, unless these are numbers themselves."""
    array = inputs.as_array(values)
    if array.dtype.kind == "f" and (array == np.rint(array)).all():
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub" or not names or all(name.lstrip("-").isdecimal() for name in names):
        return np.array([str(each) for each in array.tolist()])
    numbers = array.astype(np.int64)
    if (outside := (numbers < 0) | (numbers >= len(names))).any():
        raise BadArray(f"{what} have {numbers[outside][0]}, and there are {len(names)} names of classes")
    return np.array(names)[numbers]
