"""Slice checks by a vision-language model: it answers what people answer, and stands among the reviewers."""

from collections.abc import Sequence
from typing import Protocol

from PIL.Image import Image

from annotations.models import GatheringPart, JobState, Study, Verdict
from annotations.pools import image_reviews
from annotations.pools.review_progress import review_progress
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.images.image_decoding import read_image

BATCH = 16


class SliceReviewer(Protocol):
    """Anything that says whether images show what words say; `python:<module>:<factory>` names what returns one.

    name: with what decides its answers, such as a model's version. It is stored as the reviewer's.
    """

    name: str

    def holds(self, phrase: str, images: Sequence[Image]) -> Sequence[bool | None]:
        """Say of each image whether the phrase holds, None where it cannot be told."""
        ...


class ReviewerFailed(ModelingError):
    """A model that was to review images answers with something that is no answer."""


def review_slices(study: Study, reviewer: SliceReviewer, progress: Progress) -> tuple[int, list[str]]:
    """Have every image of a study's slice checks judged; what is judged is not asked again.

    Returns how many were, and of each check that takes no more answers why. Raises ReviewerFailed, ImageRejected.
    """
    parts = GatheringPart.objects.filter(
        gathering__in=study.gatherings.counted(),
        gathering__pool=None,
        gathering__state=JobState.DONE,
        score__phrase__assignment__session__in=study.sessions.in_results(),  # nobody's words after they withdrew
    )
    n, left_out = 0, []
    for part in parts.select_related("gathering__base_model__dataset", "score__phrase"):
        check, files = part.gathering, part.gathering.base_model.dataset.files
        done = set(check.reviews.filter(reviewer=reviewer.name).values_list("place", flat=True))
        left = [place for place in range(len(check.items)) if place not in done]
        if left and (over := review_progress(check, reviewer.name).over):
            left_out.append(f"{check}: {over}")
            continue
        for start in range(0, len(left), BATCH):
            progress(str(check), start, len(left))
            places = left[start : start + BATCH]
            keys = [files.image_keys[check.items[place]["row"]].decode() for place in places]
            said = _said(reviewer, str(part.score.phrase), [read_image(files.image_path(key)) for key in keys])
            for place, holds in zip(places, said, strict=True):
                verdict = Verdict.UNSURE if holds is None else Verdict.KEEP if holds else Verdict.DROP
                image_reviews.say(check, place, verdict, part.target_class if holds else None, by=reviewer.name)
            n += len(places)
    return n, left_out


def _said(reviewer: SliceReviewer, phrase: str, images: Sequence[Image]) -> list[bool | None]:
    try:
        said = [None if holds is None else bool(holds) for holds in reviewer.holds(phrase, images)]
    except Exception as error:  # other people's code, and a server behind it
        raise ReviewerFailed(f"{reviewer.name} says nothing: {type(error).__name__}: {error}") from error
    if len(said) != len(images):
        raise ReviewerFailed(f"{reviewer.name} gave {len(said)} answers for {len(images)} images")
    return said
