"""Domino beside Clarify on 572 photographs and cartoons: the numbers of docs/engineers/comparison.md.

pip install --no-deps domino==0.1.5        # its authors' code
PYTHONPATH=REALDATA/encoder python tests/benchmarks/domino_on_animals.py REALDATA/animals
"""

import sys
import types
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn.mixture._base
from sklearn.utils import check_array

import clarify_errors as clarify
from clarify_errors.arrays.phrases.phrase_text import render
from clarify_errors.arrays.phrases.word_forms import vocabulary
from clarify_errors.explanations.inputs import SPLITS, embeddings_of

SEEDS, TOP, CLASSES, PLANTED = range(10), 10, ("dog", "horse"), "a cartoon drawing"


def domino_slicer() -> Any:
    """Return the authors' DominoSlicer, made to load beside today's scikit-learn and NumPy, without Meerkat."""
    meerkat, package, installed = types.ModuleType("meerkat"), types.ModuleType("domino"), find_spec("domino")
    assert installed is not None
    vars(meerkat)["DataPanel"] = type("DataPanel", (), {})
    package.__path__ = [str(Path(str(installed.origin)).parent)]  # without what its __init__ imports
    sys.modules |= {"meerkat": meerkat, "domino": package}
    vars(np)["infty"] = np.inf
    sklearn.mixture._base._check_X = lambda rows, *_, **__: check_array(rows, dtype=[np.float64, np.float32])
    slicing = import_module("domino._slice.domino")
    for gone in ("_check_n_features", "_check_initial_parameters", "_print_verbose_msg_init_end"):
        setattr(slicing.DominoMixture, gone, lambda *_, **__: None)
    return slicing.DominoSlicer


def main(folder: Path) -> None:
    table, encoder = pd.read_csv(folder / "metadata.csv"), clarify.load_encoder("python:wheel_encoder")
    images = embeddings_of([folder / name for name in table.img_filename], encoder)
    words = [*vocabulary(), PLANTED]
    texts = encoder.encode_texts([render("an image of a {phrase}", word) for word in words])
    labels, splits = np.array(CLASSES)[table.y], np.array(SPLITS)[table.split]
    layer = clarify.LastLayer(l2=0.5).fit(images[splits == "train"], labels[splits == "train"])
    predictions = layer.predict(images)
    is_dog, is_cartoon = labels == "dog", table.place.to_numpy() == 1
    judged, test = splits == "validation", (splits == "test") & is_dog

    keywords = dict(zip(words, texts, strict=True))
    report = clarify.explain(images, labels, predictions, keywords=keywords, splits=splits, target_class="dog")
    print(report.table()[["phrase", "error_score", "wrong_with", "n_with", "wrong_without", "n_without"]].head())
    nearest = np.argsort(-(images[test] @ report.phrases[0].embedding), kind="stable")[:TOP]
    print(f"cartoons among the {TOP} test dogs nearest to the first: {is_cartoon[test][nearest].mean():.0%}")

    given = {"embeddings": images, "targets": table.y.to_numpy(), "pred_probs": layer.predict_proba(images)}
    wrong, rows, slicer_of = (predictions != labels) & judged & is_dog, [], domino_slicer()
    for seed in SEEDS:
        slicer = slicer_of(random_state=seed).fit(**{name: values[judged] for name, values in given.items()})
        slices = slicer.predict_proba(**given)
        members = slices[:, slices[wrong].sum(axis=0).argmax()]  # of its five, the one with most wrong dogs
        inside = judged & (members > 0.5)
        direction = images[inside].mean(axis=0) - images[judged & is_dog].mean(axis=0)  # as domino.describe
        order = np.argsort(-(texts @ direction), kind="stable")
        nearest = np.argsort(-members[test], kind="stable")[:TOP]
        of_seed = {"seed": seed, "images": int(inside.sum()), "wrong dogs": int(wrong[inside].sum())}
        described = ", ".join(words[i] for i in order[:5])
        rows.append({**of_seed, "cartoons": is_cartoon[test][nearest].mean(), "words": described})
    print(f"{wrong.sum()} of {(judged & is_dog).sum()} validation dogs are wrong")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
