"""Candidates of a gathering: pool images of the class, on the error side, and unlike all that is there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from annotations.corrections.correction_candidates import embedding_space
from annotations.models import ClassBy, Dataset, Gathering, ImageIndex
from annotations.pools import gatherings
from annotations.pools.review_outcomes import ABOVE, BELOW, CANDIDATE, KNOWN, RANDOM
from annotations.queue import jobs
from clarify_errors.arrays.common.batches import batched
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.softmax import softmax
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot, class_prompts
from clarify_errors.arrays.pools.candidate_selection import class_probabilities, first_of_near_duplicates, hidden_places
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.tensors.similarity_search.search_protocol import SimilaritySearch
from worker.common import process_cache
from worker.datasets.index_builds import ARRAY, built_index, likeness_of
from worker.datasets.shown_images import show
from worker.queue.due_jobs import progress_of, work_on_due

MAX_PAIRS = 60  # of near-duplicates that are kept to be shown
_AT_ONCE = 256

Item = dict[str, Any]  # of a gathering: row, arm, label and, of a candidate, likeness and probability


class NothingToGather(ModelingError):
    """The candidates cannot be found; the message says why."""


def find_due_candidates() -> int:
    """Answer every gathering that is due, the oldest first; return how many ended. Raises OperationalError."""
    return work_on_due(Gathering, _find)


def _find(gathering: Gathering) -> None:
    parts = list(gathering.parts.select_related("score"))
    if not parts:
        raise NothingToGather("The author of the phrase withdrew. Choose another phrase")
    annotations = [part.annotation for part in parts]
    if gathering.pool is None:
        items = _slice_items(gathering, annotations[0])
        gatherings.store_candidates(gathering, items, {})
        return
    images = gathering.pool.dataset
    assert images is not None, "a gathering is asked for once it is there"
    items, search = _gathered_items(gathering, images, annotations)
    pairs = sorted(search.pairs, key=lambda pair: -pair[3])[:MAX_PAIRS]
    show(images, [row for row, what, _, _ in pairs])
    show(images, [other for _, what, other, _ in pairs if what == "pool"])
    gatherings.store_candidates(gathering, items, {"counts": search.counts, "pairs": pairs})


def _gathered_items(
    gathering: Gathering, images: Dataset, annotations: Sequence[Annotation]
) -> tuple[list[Item], "_Search"]:
    parent = gathering.base_model.dataset
    if embedding_space(images, ARRAY) != embedding_space(parent, ARRAY):
        raise NothingToGather(
            f"The images of {gathering.pool} and {parent} come from different encoders: import the pool with the "
            f"encoder {parent.similarity_encoder}"
        )
    tell = progress_of(gathering)
    jobs.beat(gathering, phase="indexing")
    others = [(each, built_index(each, tell)[2]) for each in _others(gathering)]
    if (limit := gathering.duplicate_threshold) is None:
        stored = ImageIndex.objects.usable(parent)
        likeness = stored.likeness if stored and stored.likeness else likeness_of(parent, ARRAY, others[0][1], tell)
        limit = float(likeness["limit"])
        jobs.beat(gathering, duplicate_threshold=limit)
    search, index = _Search(gathering, images, limit, others), built_index(images, tell)[2]
    allowed = search.allowed()
    jobs.beat(gathering, phase="looking for candidates")
    taken: set[int] = set()
    found: list[Item] = []
    share = -(-gathering.n_candidates // len(annotations))
    for annotation in annotations:
        ranked = search.ranked(annotation, index, allowed)
        some = search.unlike([item for item in ranked if item["row"] not in taken], share)
        taken |= {item["row"] for item in some}
        found += some
    found.sort(key=lambda item: -item["likeness"])
    if not found:
        raise NothingToGather(_nothing(search.counts))
    rng = np.random.default_rng(gathering.seed)
    rest = rng.permutation(np.flatnonzero(allowed)).tolist()  # candidates too, or it were no random sample
    at_random = search.unlike([{"row": row, "arm": RANDOM, "label": None} for row in rest], gathering.n_random)
    known = _known(gathering, parent, rng)
    hidden = [*at_random, *known]
    mixed = [hidden[i] for i in rng.permutation(len(hidden))]
    return [[*found, *mixed][i] for i in hidden_places(len(found), len(mixed), gathering.seed)], search


def _others(gathering: Gathering) -> list[Dataset]:
    """The data sets none of whose images may come in: the parent, and all that can test what is trained on it.

    These are the second test sets of the study's corrections, and every data set of test images alone, such as
    ImageNet-V2, that has the parent's classes and encoder.
    """
    parent = gathering.base_model.dataset
    named = gathering.study.corrections.exclude(second_base_model=None).values("second_base_model__dataset")
    tests = Dataset.objects.filter(class_names=parent.class_names, counts__train=0, counts__validation=0)
    found = Dataset.objects.filter(Q(pk__in=named) | Q(pk__in=tests)).exclude(pk=parent.pk).order_by("pk")
    return [parent, *(each for each in found if embedding_space(each, ARRAY) == embedding_space(parent, ARRAY))]


def _probabilities(gathering: Gathering, target_class: int, images: NDArray[np.float32]) -> NDArray[np.floating]:
    parent = gathering.base_model.dataset
    if gathering.class_by == ClassBy.NONE:
        return np.ones(len(images))
    if gathering.class_by == ClassBy.ZERO_SHOT:
        prompts = class_prompts(parent.class_names)
        zero_shot = ZeroShot.of(prompts, process_cache.text_encoder(parent).encode_texts)
        return class_probabilities(zero_shot, images, target_class)
    arrays = parent.files.manifest.arrays
    if gathering.base_model.head is None or arrays.get("features") != arrays[ARRAY]:
        raise NothingToGather(
            "The base model cannot predict pool images: it has no head, or uses features of its own. "
            "Choose the encoder instead"
        )
    return softmax(Head.from_bytes(bytes(gathering.base_model.head)).logits(images))[:, target_class]


@dataclass(frozen=True, eq=False)
class _Search:
    """A search for candidates: how many images it leaves out, by reason, and pairs of near-duplicates that it met."""

    gathering: Gathering
    images: Dataset
    limit: float
    others: Sequence[tuple[Dataset, SimilaritySearch]]
    counts: dict[str, int] = field(default_factory=dict)
    pairs: list[list[Any]] = field(default_factory=list)

    def leave(self, reason: str, n: int) -> None:
        if n:
            self.counts[reason] = self.counts.get(reason, 0) + n

    def allowed(self) -> NDArray[np.bool_]:
        """Which pool images may be shown."""
        gathering, notes = self.gathering, self.images.files.notes
        licences = {str(each).lower() for each in gathering.licences}
        unknown = np.array([not note["licence"] for note in notes], np.bool_)
        other = np.array([bool(licences) and note["licence"].lower() not in licences for note in notes], np.bool_)
        unsafe = np.array([bool(note["unsafe"]) for note in notes], np.bool_)
        gone = np.zeros(len(notes), np.bool_)
        gone[list(self.images.pool.removed)] = True
        left_out = np.zeros(len(notes), np.bool_)
        for reason, some in (
            ("they were taken out of the pool", gone),
            ("their licence is not known", unknown & (not gathering.allow_unknown_licence)),
            ("their licence is not allowed", other & ~unknown),
            ("they are marked as unsafe", unsafe & (not gathering.allow_unsafe)),
        ):
            self.leave(reason, int((some & ~left_out).sum()))
            left_out |= some
        return ~left_out

    def ranked(self, annotation: Annotation, index: SimilaritySearch, allowed: NDArray[np.bool_]) -> list[Item]:
        """Pool images on the annotation's error side and of its class, the most like first."""
        query = (annotation.sign * annotation.text).astype(np.float32)[None]
        above = index.above(query, np.array([annotation.threshold]))[0]
        above = above[allowed[above]]
        self.leave("they are not on the error side of the annotation", int(allowed.sum()) - len(above))
        if not len(above):
            return []
        some = np.ascontiguousarray(self.images.files.array(ARRAY)[above])
        likeness = annotation.sign * similarities(some, annotation.text)
        probability = _probabilities(self.gathering, annotation.target_class, some)
        fits = probability >= self.gathering.class_threshold
        self.leave("they are not of the class", int((~fits).sum()))
        order = np.lexsort((above, -likeness))
        found = zip(*(each[order[fits[order]]].tolist() for each in (above, likeness, probability)), strict=True)
        of = {"arm": CANDIDATE, "label": annotation.target_class}
        return [{"row": row, **of, "likeness": like, "probability": share} for row, like, share in found]

    def unlike(self, ranked: Sequence[Item], count: int) -> list[Item]:
        """The first `count` items whose images can be seen and are unlike all that is there."""
        kept: list[Item] = []
        for block in batched(ranked, max(count, 1)):
            if len(kept) >= count:
                break
            kept += self._of_block(block, kept)
        return kept[:count]

    def _of_block(self, block: Sequence[Item], kept: Sequence[Item]) -> list[Item]:
        array, rows = self.images.files.array(ARRAY), _rows(block)
        fresh = np.ones(len(rows), np.bool_)
        for dataset, index in self.others:
            fresh &= self._unlike_data(dataset, index, rows, fresh)
        both = np.concatenate([_rows(kept), rows[fresh]])
        own, like, values = first_of_near_duplicates(np.ascontiguousarray(array[both]), self.limit)
        for place in np.flatnonzero(~own):
            self.pairs.append([int(both[place]), "pool", int(both[like[place]]), float(values[place])])
        self.leave("they are nearly the same as another candidate", int((~own).sum()))
        unlike = set(both[own].tolist())
        items = [item for item, is_fresh in zip(block, fresh, strict=True) if is_fresh and item["row"] in unlike]
        seen = show(self.images, [item["row"] for item in items])
        self.leave("the image itself cannot be read", len(items) - len(seen))
        return [item for item in items if item["row"] in seen]

    def _unlike_data(
        self, dataset: Dataset, index: SimilaritySearch, rows: NDArray[np.int64], fresh: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        unlike = np.ones(len(rows), np.bool_)
        of_images, of_data = self.images.files.array(ARRAY), dataset.files.array(ARRAY)
        for start in range(0, len(rows), _AT_ONCE):
            some = np.ascontiguousarray(of_images[rows[start : start + _AT_ONCE]])
            nearest = index.nearest(some, 1)
            others = of_data[nearest.rows[:, 0]]
            # Of rows that were rounded the product of a copy may be less than 1; its cosine is not.
            cosines = nearest.similarities[:, 0] / (np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1))
            for near in np.flatnonzero(cosines > np.float32(self.limit)):
                place, other = start + near, int(nearest.rows[near, 0])
                unlike[place] = False
                if fresh[place]:
                    where = Split(int(dataset.files.splits[other])).word
                    self.leave(f"they are nearly the same as a {where} image of {dataset}", 1)
                    if dataset == self.gathering.base_model.dataset:
                        self.pairs.append([int(rows[place]), where, other, float(cosines[near])])
        return unlike


def _rows(items: Sequence[Item]) -> NDArray[np.int64]:
    return np.array([item["row"] for item in items], np.int64)


def _known(gathering: Gathering, parent: Dataset, rng: np.random.Generator) -> list[Item]:
    """Training images whose label is known, half of them of the annotated classes."""
    files = parent.files
    train = files.rows(Split.TRAIN)
    train = train[files.pictured[train]]
    targets = list(gathering.parts.values_list("target_class", flat=True))
    of_class = np.isin(files.labels[train], targets)
    half = gathering.n_known // 2
    chosen = [*rng.permutation(train[of_class])[:half], *rng.permutation(train[~of_class])[: gathering.n_known - half]]
    return [{"row": int(row), "arm": KNOWN, "label": int(files.labels[row])} for row in chosen]


def _slice_items(gathering: Gathering, annotation: Annotation) -> list[Item]:
    """As many images of the class's validation split above the threshold as below it, in mixed order."""
    files = gathering.base_model.dataset.files
    rows = files.rows(Split.VALIDATION, annotation.target_class)
    above = annotation.members(files.array(ARRAY), rows, files.labels[rows])
    rng = np.random.default_rng(gathering.seed)
    items = []
    for arm, some in ((ABOVE, rows[above]), (BELOW, rows[~above])):
        seen = some[files.pictured[some]]  # precision and recall are of images that people can see
        chosen = rng.permutation(seen)[: gathering.n_candidates]
        items += [{"row": int(row), "arm": arm, "label": None, "of": len(seen)} for row in chosen]
    if not items:
        raise NothingToGather("The class has no validation image that can be shown")
    return [items[i] for i in rng.permutation(len(items))]


def _nothing(counts: Mapping[str, int]) -> str:
    reasons = "; ".join(f"{n:,}: {reason}" for reason, n in counts.items())
    if not reasons:
        return "No pool image is a candidate: the pool is empty"
    return f"No pool image is a candidate. Left out: {reasons}. Ask again, less strict about what left out most"
