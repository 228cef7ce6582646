"""An explanation as FiftyOne opens it: a sample for each image, tags for slices and errors, similarities, scores."""

import json
from collections.abc import Iterator
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.explanations import inputs

if TYPE_CHECKING:
    from clarify_errors.explanations.explanation import Explanation

_VERSION = "1.0.0"  # of FiftyOne, which migrates what is older than itself
_LABELS = "fiftyone.core.labels."
_FIELDS = (  # name, type, class of an embedded document, where it differs the name in the database
    ("id", "ObjectId", None, "_id"),
    ("filepath", "String", None),
    ("tags", "List", None),
    ("metadata", "EmbeddedDocument", "fiftyone.core.metadata.ImageMetadata"),
    ("created_at", "DateTime", None),
    ("last_modified_at", "DateTime", None),
    ("_media_type", "String", None),
    ("_rand", "Float", None),
    ("_dataset_id", "ObjectId", None),
    ("ground_truth", "EmbeddedDocument", _LABELS + "Classification"),
    ("prediction", "EmbeddedDocument", _LABELS + "Classification"),
    ("phrases", "EmbeddedDocument", _LABELS + "Classifications"),
)


def write_fiftyone(explanation: "Explanation", folder: str | PathLike[str]) -> Path:
    """Write an explanation in FiftyOne's format for data sets on disk.

    Parameters
    ----------
    explanation : Explanation
        Of pictures. Paths are referred to; other pictures are stored in `data`.
    folder : path
        Made if it is missing.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    BadArray
        If the images were passed as embeddings.
    """
    if explanation.pictures is None:
        raise BadArray("there are no pictures to open in FiftyOne: the images were passed as embeddings")
    root = Path(folder)
    (root / "data").mkdir(parents=True, exist_ok=True)
    scores = [
        {"phrase": each.phrase, "error_score": each.error_score.value, "threshold": each.error_score.threshold}
        for each in explanation.phrases
    ]
    document = {
        "name": root.name,
        "slug": root.name,
        "version": _VERSION,
        "media_type": "image",
        "sample_fields": [_field(*each) for each in _FIELDS],
        "info": {"class": explanation.class_name, "null_level": explanation.null_level, "phrases": scores},
        "tags": [],
        "persistent": False,
    }
    (root / "metadata.json").write_text(json.dumps(document, default=float), "utf-8")
    (root / "samples.json").write_text(json.dumps({"samples": list(_samples(explanation, root))}), "utf-8")
    return root


def _field(name: str, kind: str, document: str | None, stored: str = "") -> dict[str, Any]:
    subfield = "fiftyone.core.fields.StringField" if kind == "List" else None
    return {
        "name": name,
        "ftype": f"fiftyone.core.fields.{kind}Field",
        "embedded_doc_type": document,
        "subfield": subfield,
        "fields": [],
        "db_field": stored or name,
    }


def _samples(explanation: "Explanation", root: Path) -> Iterator[dict[str, Any]]:
    classes = explanation.classes
    compared = [similarities(explanation.images, each.embedding) * each.read.sign for each in explanation.phrases]
    images = explanation.pictures["image"] if inputs.is_table(explanation.pictures) else explanation.pictures
    for i in range(len(classes.labels)):
        names = [classes.names[of[i]] for of in (classes.labels, classes.predictions)]
        tags = [inputs.SPLITS[explanation.splits[i]], "right" if names[0] == names[1] else "wrong"]
        if classes.labels[i] == explanation.target_class:  # a slice is of its images
            tags += [
                each.phrase
                for each, of in zip(explanation.phrases, compared, strict=True)
                if each.error_score.threshold is not None and of[i] > each.error_score.threshold
            ]
        known = {each.phrase: float(of[i]) for each, of in zip(explanation.phrases, compared, strict=True)}
        yield {
            "_id": _id(root.name, i),
            "filepath": _file(images[i], root, i),
            "tags": tags,
            "metadata": None,
            "_media_type": "image",
            "_rand": i / len(classes.labels),
            "ground_truth": _label(names[0], "ground_truth", i),
            "prediction": _label(names[1], "prediction", i),
            "phrases": {
                "_cls": "Classifications",
                "classifications": [_label(phrase, phrase, i, confidence=of) for phrase, of in known.items()],
            },
        }


def _file(image: Any, root: Path, i: int) -> str:
    if isinstance(image, (str, PathLike)):
        return str(Path(fspath(image)).resolve())
    path = root / "data" / f"{i:06}.png"
    inputs.picture(image).save(path)
    return path.relative_to(root).as_posix()


def _label(name: str, field: str, i: int, **more: float) -> dict[str, Any]:
    return {"_id": _id(field, i), "_cls": "Classification", "tags": [], "label": name, **more}


def _id(*parts: object) -> dict[str, str]:
    """An id of MongoDB, the same each time."""
    return {"$oid": sha256(repr(parts).encode()).hexdigest()[:24]}
