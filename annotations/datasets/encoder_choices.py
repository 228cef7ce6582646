"""Which encoders an import may name here, the likeliest to work first, and what each needs."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Max

from annotations.models import Dataset

BUNDLED = "bundled:small-clip"

_NEEDS = {
    "bundled": "Comes with Clarify, so it needs nothing. It knows drawn shapes alone: photographs look alike to it.",
    "open_clip": "Needs its weights where the embedding worker runs: without a network, an operator brings them there.",
    "transformers": "Needs the extra “transformers”, and its model where the embedding worker runs.",
    "python": "A module of this site’s operator, who put it where the workers find it.",
}


def encoder_choices() -> list[tuple[str, str]]:
    """Return the encoders that an import may name, each with what it needs and whether it has worked here, as choices.

    The site's own (DEFAULT_SIMILARITY_ENCODER) where its operator wrote it; those of its data sets, the one of the
    newest first; the bundled one; the site's own otherwise, which may lack its weights. Another one is brought
    in by an operator with `manage.py import_dataset`: an encoder is code that runs.
    """
    return [(spec, " ".join([f"{spec}.", *_sentences(spec, dataset)])) for spec, dataset in _known().items()]


def _known() -> dict[str, Dataset | None]:
    """Each spec with the newest data set that it embedded, None where there is none."""
    with_one = Dataset.objects.exclude(similarity_encoder="")
    newest = with_one.values("similarity_encoder").annotate(newest=Max("pk")).values("newest")
    used: dict[str, Dataset | None] = {
        dataset.similarity_encoder: dataset for dataset in with_one.filter(pk__in=newest).order_by("-pk")
    }
    own = settings.DEFAULT_SIMILARITY_ENCODER
    first = (own,) if own.startswith("python:") else ()
    return {spec: used.get(spec) for spec in dict.fromkeys((*first, *used, BUNDLED, own))}


def _sentences(spec: str, dataset: Dataset | None) -> Iterator[str]:
    if dataset is not None:
        yield f"Embedded {dataset} here."
    if dataset is None or spec == BUNDLED:
        yield _NEEDS.get(spec.partition(":")[0], "")
