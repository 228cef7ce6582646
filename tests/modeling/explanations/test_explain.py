"""`explain`: from arrays of several libraries, pictures and data sets to a table of phrases."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray, EncoderUnavailable, NothingToSeparate
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.word_forms import common_words, vocabulary
from tests.modeling.explanations.conftest import BIG, RED, PlantedFlaw
from tests.support.actors import SQUARE, sprite
from tests.support.fake_encoder import FakeEncoder
from tests.support.german_encoder import GermanEncoder

TEXTS = {"red": RED, "big": BIG}


def explained(flaw: PlantedFlaw, **others: object) -> clarify.Explanation:
    given = {"phrases": TEXTS, "splits": flaw.splits, **others}
    return clarify.explain(flaw.images, flaw.labels, flaw.predictions, **given)  # type: ignore[arg-type]


def test_the_planted_phrase_comes_first_with_its_split(flaw: PlantedFlaw) -> None:
    report = explained(flaw)
    assert report.class_name == "square"  # the class with most errors
    best = report.table().iloc[0]
    assert best.phrase == "red" and best.error_score > best.null_level
    assert best.wrong_with / best.n_with > 0.9 > 0.1 > best.wrong_without / best.n_without
    rows = (flaw.splits == "validation") & (flaw.labels == "square")
    assert best.n_with + best.n_without == rows.sum()
    assert best.wrong_with + best.wrong_without == (flaw.predictions != flaw.labels)[rows].sum()


def test_a_score_and_its_level_are_those_of_the_method(flaw: PlantedFlaw) -> None:
    report = explained(flaw)
    rows = (flaw.splits == "validation") & (flaw.labels == "square")
    similarities = (flaw.images[rows] / np.linalg.norm(flaw.images[rows], axis=1, keepdims=True)) @ RED
    expected = error_score(similarities, (flaw.predictions != flaw.labels)[rows])
    scored = report.phrase("red").error_score
    assert scored.value == expected.value
    assert scored.threshold == pytest.approx(expected.threshold, abs=1e-6)
    assert report.null_level == null_level(expected.n_correct, expected.n_error, tries=2)
    p = report.phrase("big").error_score.p_value
    assert report.phrase("big").adjusted_p == pytest.approx(1 - (1 - p) ** 2)


def test_better_than_guessing_is_above_both_levels_and_not_known_without_a_vocabulary(flaw: PlantedFlaw) -> None:
    assert explained(flaw).table().better_than_guessing[0] == "not_known_yet"
    rng = np.random.default_rng(0)
    words = {str(word): rng.normal(size=len(RED)) for word in range(200)}
    table = explained(flaw, vocabulary=words).table()
    assert table.better_than_guessing.tolist() == ["yes", "no"]
    rows = (flaw.splits == "validation") & (flaw.labels == "square")
    images = unit_rows(flaw.images[rows].astype(np.float32))
    is_error = (flaw.predictions != flaw.labels)[rows]
    scores = [error_score(similarities(images, unit_rows(word[None])[0]), is_error).value for word in words.values()]
    assert table.vocabulary_level.unique() == pytest.approx(np.quantile(scores, 0.95, method="inverted_cdf"))
    all_red = dict.fromkeys(words, RED)
    assert explained(flaw, vocabulary=all_red).table().better_than_guessing.tolist() == ["no", "no"]


def test_a_negation_is_held_against_the_negated_vocabulary() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(["a", "b"], 100)
    report = clarify.explain(
        rng.normal(size=(200, FakeEncoder().dim)), labels, np.where(rng.random(200) < 0.4, "a", labels),
        phrases=["there is no red", "red"], vocabulary=["red", "blue"], encoder=FakeEncoder(),
    )  # fmt: skip
    assert set(report.vocabulary_levels) == {-1, 1}
    of_red = {each.read.sign: each.error_score.value for each in report.phrases}
    assert all(report.vocabulary_levels[sign] >= of_red[sign] for sign in (-1, 1))
    assert report.vocabulary_levels[-1] != report.vocabulary_levels[1]


def test_an_encoder_that_hardly_knows_english_gets_words_for_what_images_show() -> None:
    asked: list[str] = []

    class HardlyKnowsEnglish(FakeEncoder):
        def encode_texts(self, texts: Sequence[str], /) -> np.ndarray:
            asked.extend(texts)
            return super().encode_texts(["all the same"] * len(texts))

    labels, images = np.repeat(["a", "b"], 100), np.random.default_rng(1).normal(size=(200, FakeEncoder().dim))
    predictions = np.where(np.arange(200) % 3 == 0, "a", labels)
    clarify.explain(images, labels, predictions, keywords=["red"], vocabulary="common", encoder=HardlyKnowsEnglish())
    assert asked == [render("an image of a {phrase}", word) for word in ("red", *common_words(), *vocabulary())]


def test_arrays_of_torch_pandas_and_lists_say_the_same(flaw: PlantedFlaw) -> None:
    expected = explained(flaw).table()
    again = clarify.explain(
        torch.from_numpy(flaw.images).requires_grad_(),
        pd.Series(flaw.labels),
        flaw.predictions.tolist(),
        phrases=TEXTS,
        splits=pd.Categorical(flaw.splits),
    )
    pd.testing.assert_frame_equal(again.table(), expected)


def test_splits_are_drawn_within_classes_where_none_are_given(flaw: PlantedFlaw) -> None:
    first, again, other = (explained(flaw, splits=None, seed=seed).splits for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    for label in ("square", "oval"):
        shares = np.bincount(first[flaw.labels == label]) / (flaw.labels == label).sum()
        assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.01)


def test_a_phrase_is_read_like_a_participants_and_a_keyword_as_it_stands() -> None:
    rng = np.random.default_rng(1)
    images = rng.normal(size=(200, FakeEncoder().dim))
    labels = np.repeat(["a", "b"], 100)
    predictions = np.where(rng.random(200) < 0.4, "a", labels)
    said = clarify.explain(images, labels, predictions, phrases=["there is no red"], encoder=FakeEncoder())
    named = clarify.explain(images, labels, predictions, keywords=["there is no red"], encoder=FakeEncoder())
    assert (said.phrases[0].read.subject, said.phrases[0].read.sign) == ("red", -1)
    assert (named.phrases[0].read.text, named.phrases[0].read.sign) == ("an image of a there is no red", 1)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[list[Path], list[str], list[str]]:
    """Squares that are wrong where they are red, as files."""
    paths, labels, predictions = [], [], []
    for i in range(48):
        colour = ("red", "blue")[i % 2]
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (32, 32), (200 + i % 5, 0, 0) if colour == "red" else (0, 0, 200 + i % 5)).save(path)
        paths.append(path)
        labels.append("square" if i < 36 else "oval")
        predictions.append("oval" if colour == "red" else labels[-1])
    return paths, labels, predictions


def test_pictures_are_embedded_and_shown_side_by_side(pictures: tuple[list[Path], list[str], list[str]]) -> None:
    paths, labels, predictions = pictures
    report = clarify.explain(paths, labels, predictions, phrases=["red", "blue"], encoder=FakeEncoder())
    assert report.table().phrase[0] == "red"
    sheet = report.show("red", count=4)
    left, right = np.asarray(sheet)[:, : sheet.width // 2], np.asarray(sheet)[:, sheet.width // 2 :]
    assert ((left[..., 0] > 190) & (left[..., 2] < 50)).any() and not ((left[..., 2] > 190) & (left[..., 0] < 50)).any()
    assert ((right[..., 2] > 190) & (right[..., 0] < 50)).any()
    with pytest.raises(BadArray, match="was not scored"):
        report.show("green")


def test_a_column_of_paths_is_as_good_as_a_list_whatever_its_index(
    pictures: tuple[list[Path], list[str], list[str]],
) -> None:
    paths, labels, predictions = pictures
    table = pd.DataFrame({"file": [str(path) for path in paths]}, index=range(7, 7 + len(paths)))
    listed, column = (
        clarify.explain(images, labels, predictions, phrases=["red"], encoder=FakeEncoder())
        for images in (paths, table.file)
    )
    assert column.table().equals(listed.table())
    assert column.show() == listed.show()


def test_a_hugging_face_data_set_brings_its_columns(pictures: tuple[list[Path], list[str], list[str]]) -> None:
    paths, labels, predictions = pictures
    rows = {"image": [str(path) for path in paths], "label": labels, "predicted": predictions}
    table = datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())
    of_table = clarify.explain(table, "label", "predicted", phrases=["red"], encoder=FakeEncoder())
    of_paths = clarify.explain(paths, labels, predictions, phrases=["red"], encoder=FakeEncoder())
    pd.testing.assert_frame_equal(of_table.table(), of_paths.table())
    assert of_table.show(count=4).size == of_paths.show(count=4).size


def test_importing_and_explaining_embeddings_loads_no_torch() -> None:
    script = (
        "import sys; import clarify_errors as clarify; assert not {'torch', 'pandas', 'sklearn'} & set(sys.modules); "
        "import numpy as np; x = np.random.default_rng(0).normal(size=(80, 4)); y = np.repeat([0, 1], 40); "
        "report = clarify.explain(x, y, np.where(x[:, 0] > 0, 0, y), phrases={'red': np.eye(4)[0]}); report.table(); "
        "assert not {'torch', 'open_clip', 'django'} & set(sys.modules), 'torch'; print(report.class_name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"phrases": ()}, "give phrases or keywords"),
        ({"keywords": ["red"]}, "give phrases or keywords"),
        ({"phrases": ["red"]}, "phrases need an encoder"),
        ({"phrases": {"red": RED, "red ": RED}}, "stands twice"),
        ({"phrases": {"...": RED}}, "says nothing"),
        ({"splits": ["test"]}, "splits must be one of"),
        ({"splits": np.full(3000, "dev")}, "splits must be one of"),
        ({"target_class": "star"}, "there is no class 'star'; there are oval, square"),
        ({"groups": ["red"]}, "groups"),
    ],
)
def test_what_does_not_fit_is_named(flaw: PlantedFlaw, others: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadArray, match=sentence):
        explained(flaw, **others)


def test_labels_that_do_not_fit_are_named(flaw: PlantedFlaw) -> None:
    with pytest.raises(BadArray, match="must be one for each image"):
        clarify.explain(flaw.images, flaw.labels, flaw.predictions[1:], phrases=TEXTS)
    with pytest.raises(BadArray, match="there are 3000 images but 2999 labels"):
        clarify.explain(flaw.images, flaw.labels[1:], flaw.predictions[1:], phrases=TEXTS)
    with pytest.raises(BadArray, match="pictures need an encoder"):
        clarify.explain(["a.png", "b.png"], ["x", "y"], ["x", "x"], phrases=TEXTS)
    with pytest.raises(NothingToSeparate):
        clarify.explain(flaw.images, flaw.labels, flaw.labels, phrases=TEXTS)
    with pytest.raises(EncoderUnavailable):
        explained(flaw, phrases=["red"], encoder="open_clip:nothing:nowhere")


def test_the_package_names_what_it_has() -> None:
    assert set(clarify.__all__) <= set(dir(clarify))
    for name in clarify.__all__:
        assert getattr(clarify, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        clarify.magic  # noqa: B018


def test_german_phrases_need_an_encoder_that_knows_german(flaw: PlantedFlaw) -> None:
    drawn = [sprite(SQUARE, i % 2, np.random.default_rng(i)) for i in range(40)]
    labels, predictions = ["square"] * 39 + ["oval"], ["oval" if i % 2 else "square" for i in range(40)]
    given = {"splits": ["validation"] * 40, "target_class": "square", "language": "de"}
    asked = {"phrases": ["rot", "es gibt kein rot"], **given}
    with pytest.raises(BadArray, match=r"^the encoder does not understand German: choose one that does, such as "):
        clarify.explain(drawn, labels, predictions, encoder=FakeEncoder(), **asked)  # type: ignore[arg-type]
    report = clarify.explain(drawn, labels, predictions, encoder=GermanEncoder(), **asked)  # type: ignore[arg-type]
    red, no_red = report.phrase("rot"), report.phrase("es gibt kein rot")
    assert red.error_score.value > 0.8
    assert (no_red.read.subject, no_red.read.sign, no_red.read.text) == ("rot", -1, "ein Bild von rot")
    with pytest.raises(BadArray, match=r"^the list of common words is English: pass words"):
        clarify.explain(
            drawn,
            labels,
            predictions,
            encoder=GermanEncoder(),
            vocabulary="common",
            **asked,  # type: ignore[arg-type]
        )


def test_a_key_with_a_vector_is_a_name_and_never_read_as_a_sentence(flaw: PlantedFlaw) -> None:
    """“no water” beside a vector is what the vector says: it is not turned around."""
    named = explained(flaw, phrases={"no water": RED, "water": BIG})
    red = explained(flaw, phrases={"red": RED, "big": BIG})
    assert named.phrase("no water").read.sign == 1 and named.phrase("no water").read.subject == "no water"
    for name, plain in (("no water", "red"), ("water", "big")):
        assert named.phrase(name).error_score == red.phrase(plain).error_score
        np.testing.assert_array_equal(named.phrase(name).similarities, red.phrase(plain).similarities)
    spanish = explained(flaw, phrases={"no hay agua": RED}, language="es")
    assert spanish.phrase("no hay agua").read.sign == 1
