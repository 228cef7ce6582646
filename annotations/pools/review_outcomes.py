"""What the reviewers of a gathering decided together."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from annotations.models import Gathering, Verdict
from clarify_errors.arrays.pools.review_agreement import agreed_label

CANDIDATE, RANDOM, KNOWN = "candidate", "random", "known"  # arms of a gathering
ABOVE, BELOW = "above", "below"  # arms of a slice check
FEW_ADDED = 30  # a rule of thumb: what fewer change is mostly less than its interval over the test images


@dataclass(frozen=True)
class Decided:
    """An item on which somebody decided; label: None where it is not kept, or not all said the same."""

    place: int
    row: int
    arm: str
    truth: int | None
    label: int | None
    n_reviewers: int


def review_counts(gathering: Gathering) -> dict[str, Any]:
    """Return how many of a gathering's reviewed images were kept and would be added, each of the one before.

    kept: all who decided gave one class; random and known: those of them that are not added; unseen: pseudo-labels;
    added: the rest, or with these; is_few: whether they can hardly be told from none; classes: how many are added with
    each class, the most frequent first.
    """
    names = gathering.base_model.dataset.class_names
    of = decided(gathering)
    arms = Counter(each.arm for each in of if each.label is not None)
    added = kept(gathering, of)[CANDIDATE]
    labels = Counter(label for _, label, _ in added)
    return {
        "kept": arms.total(),
        "random": arms[RANDOM],
        "known": arms[KNOWN],
        "unseen": len(added) - arms[CANDIDATE],
        "added": len(added),
        "is_few": len(added) < FEW_ADDED,
        "classes": [(names[label], n) for label, n in labels.most_common()],
    }


def decided(gathering: Gathering) -> list[Decided]:
    """Return the items that somebody kept or dropped, in their order; who was unsure does not count."""
    said: dict[int, list[int | None]] = defaultdict(list)
    gone = gathering.gone
    sure = gathering.reviews.exclude(verdict=Verdict.UNSURE).order_by("place", "reviewer")
    for place, label in sure.values_list("place", "label"):
        said[place].append(label)
    return [
        Decided(place, item["row"], item["arm"], item.get("label"), agreed_label(said[place]), len(said[place]))
        for place, item in enumerate(gathering.items)
        if place in said and place not in gone
    ]


def kept(gathering: Gathering, of: list[Decided] | None = None) -> dict[str, list[list[int]]]:
    """Return pool rows that are kept, by arm, each with its label and its number of reviewers. of: what is decided.

    With pseudo-labels the candidates at which nobody looked are among them, with 0 reviewers.
    """
    found: dict[str, list[list[int]]] = {CANDIDATE: [], RANDOM: []}
    for each in decided(gathering) if of is None else of:
        if each.arm in found and each.label is not None:
            found[each.arm].append([each.row, each.label, each.n_reviewers])
    if gathering.pseudo_labels:
        seen = {*gathering.reviews.values_list("place", flat=True), *gathering.gone}
        rest = [item for place, item in enumerate(gathering.items) if place not in seen and item["arm"] == CANDIDATE]
        found[CANDIDATE] += [[item["row"], item["label"], 0] for item in rest]
    return found
