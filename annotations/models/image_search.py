"""Searching a data set's images by similarity: its index, and what staff asked of it."""

from django.db import models
from django.db.models import Q

from annotations.models.constraints import once, rule
from annotations.models.dataset import Dataset
from annotations.models.jobs import UNFINISHED, Job, JobState


class ImageIndexQuerySet(models.QuerySet["ImageIndex"]):
    """Queries over indexes."""

    def usable(self, dataset: Dataset) -> "ImageIndex | None":
        """The newest finished index of a data set."""
        return self.filter(dataset=dataset, state=JobState.DONE).order_by("-pk").first()


class ImageIndex(Job):
    """An index of a data set's images, and the near-duplicates that it found among them.

    `near_duplicates` has `pairs`, the most similar first: row of the evaluation image, row in train, similarity.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="image_indexes")
    directory = models.CharField(max_length=255, blank=True, help_text="relative to DATA_ROOT")
    kind = models.CharField(max_length=10, blank=True)
    recall = models.FloatField(null=True, help_text="measured; null for an exact index")
    duplicate_threshold = models.FloatField(
        null=True,
        help_text="similarity above which images are near-duplicates; null: the worker takes that of likeness",
    )
    likeness = models.JSONField(
        default=dict, help_text="limit that follows from the images, n_looked_at, n_above: [limit, images]"
    )
    near_duplicates = models.JSONField(default=dict, help_text="n_looked_at, n_images, n_pairs, pairs")

    objects = ImageIndexQuerySet.as_manager()

    class Meta(Job.Meta):
        verbose_name_plural = "image indexes"
        constraints = [
            *Job.Meta.constraints,
            once("image_index_one_at_a_time", "dataset", condition=Q(state__in=UNFINISHED)),
            rule("image_index_done_has_files", ~Q(state=JobState.DONE) | (~Q(directory="") & ~Q(kind=""))),
            rule("image_index_duplicate_threshold_in_range", duplicate_threshold__range=(0, 1)),
            rule("image_index_done_has_limit", ~Q(state=JobState.DONE) | Q(duplicate_threshold__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"index of {self.dataset}"


class ImageSearch(Job):
    """One search: words, images that results shall be like and others that they shall not be like; and its results."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="image_searches")
    searched_in = models.ForeignKey(
        Dataset,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="a pool in whose images the results lie; empty: the data set of the examples",
    )
    words = models.CharField(max_length=200, blank=True)
    like = models.JSONField(default=list, help_text="images that results shall be like: [number of a data set, row]")
    unlike = models.JSONField(default=list, help_text="images that results shall not be like, in the same way")
    rows = models.JSONField(default=list, help_text="of the images that were found, the most similar first")
    similarities = models.JSONField(default=list, help_text="of each, to the query")
    is_exact = models.BooleanField(null=True)

    class Meta(Job.Meta):
        verbose_name_plural = "image searches"
        constraints = [
            *Job.Meta.constraints,
            rule("image_search_has_query", ~Q(words="") | ~Q(like=[])),
            rule("image_search_done_says_how", ~Q(state=JobState.DONE) | Q(is_exact__isnull=False)),
        ]

    @property
    def target(self) -> Dataset:
        """Where the results lie."""
        return self.searched_in or self.dataset

    def __str__(self) -> str:
        return f"search {self.pk} in {self.dataset}"
