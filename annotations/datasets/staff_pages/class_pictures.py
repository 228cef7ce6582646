"""The classes of a base model with some of the images that it gets wrong and right, the worst class first."""

from dataclasses import dataclass

from django.http import HttpRequest

from annotations.datasets.class_images import Picture, class_images, classes_with_errors, pictures_of
from annotations.models import BaseModel
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.datasets.dataset_files import BadDataset

FEW = 20  # wrong images: with fewer, what people say about them is mostly chance
MAX_CLASSES = 12


@dataclass(frozen=True)
class ClassPictures:
    """One class: how many of its validation images are wrong and right, and some of each."""

    model: int
    number: int
    name: str
    n_wrong: int
    n_right: int
    wrong: tuple[Picture, ...]
    right: tuple[Picture, ...]

    @property
    def value(self) -> str:
        """What stands for it in a form."""
        return f"{self.model}:{self.number}"

    @property
    def title(self) -> str:
        """What a study of it is called that is given no other title."""
        return usual_title(self.name)

    @property
    def share_wrong(self) -> float:
        return self.n_wrong / (self.n_wrong + self.n_right)

    @property
    def has_few(self) -> bool:
        """Whether there are too few wrong ones to say much about."""
        return self.n_wrong < FEW


def usual_title(class_name: str) -> str:
    return f"Images of {class_name} that go wrong"


def readable_classes(request: HttpRequest, model: BaseModel) -> list[ClassPictures]:
    """Return the same for whoever asks; nothing where the files are not there, which the data set's page says."""
    try:
        return classes_of(f"user:{request.user.pk}", model)
    except (BadDataset, OSError):
        return []


def classes_of(owner: str, model: BaseModel, n_pictures: int = 3, limit: int = MAX_CLASSES) -> list[ClassPictures]:
    """Return the classes of which people can be shown both, the one with most errors first; at most `limit`.

    Raises BadDataset, OSError.
    """
    return [_of_class(owner, model, number, n_pictures) for number in classes_with_errors(model)[:limit]]


def _of_class(owner: str, model: BaseModel, number: int, n_pictures: int) -> ClassPictures:
    images = class_images(model, number)
    wrong, right = (
        places[sample(len(places), n_pictures, 0, (model.pk, number))]
        for places in (images.is_error.nonzero()[0], (~images.is_error).nonzero()[0])
    )
    return ClassPictures(
        model.pk,
        number,
        str(model.dataset.class_names[number]),
        images.n_error,
        images.n_correct,
        pictures_of(owner, model, images, wrong),
        pictures_of(owner, model, images, right),
    )
