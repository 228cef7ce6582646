"""What people have as a classifier, as one interface: networks of torch, by name too, estimators, functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from numpy.typing import NDArray
from PIL.Image import Image
from torch import nn

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.explanations.in_place import Seen, activations, last_layer
from clarify_errors.explanations.inputs import as_array


@dataclass(frozen=True, eq=False)
class Network:
    """A network of torch and how it takes a picture.

    Attributes
    ----------
    module : torch.nn.Module
    layer : str
        Its last layer.
    transform : callable or None
        From a PIL image to a tensor.
    names : tuple of str
        Of the classes in the order of its outputs; empty if the network does not tell.
    """

    module: nn.Module
    layer: str
    transform: Callable[[Image], Any] | None
    names: tuple[str, ...]

    def answer(self, inputs: Sequence[Any]) -> Seen:
        """Pass a batch through the network.

        Parameters
        ----------
        inputs : sequence of Tensor
            Of one shape.

        Returns
        -------
        Seen

        Raises
        ------
        BadArray
            If shapes differ, or the layer is not run once for each image.
        """
        shapes = {tuple(each.shape) for each in inputs}
        if len(shapes) > 1:
            raise BadArray(f"the transform gives tensors of different shapes, {sorted(shapes)[:2]}: add a resize")
        return activations(self.module, [torch.stack(list(inputs))], self.layer)


@dataclass(frozen=True, eq=False)
class Estimator:
    """An estimator of scikit-learn, which predicts from features.

    Attributes
    ----------
    predict : callable
    """

    predict: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class PictureFunction:
    """A function of pictures.

    Attributes
    ----------
    function : callable
        From a list of PIL images to their classes, to a row of scores for each, or to what pipelines of transformers
        answer: for each image a list of labels with scores.
    """

    function: Callable[[list[Image]], Any]

    def answer(self, images: list[Image]) -> NDArray[Any]:
        """Return the classes of pictures, by name or number.

        Parameters
        ----------
        images : list of PIL images

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        BadArray
            If it does not return one answer for each.
        """
        found = self.function(images)
        if isinstance(found, list) and found and isinstance(found[0], list) and "label" in (found[0] or [()])[0]:
            found = [max(each, key=lambda answer: answer["score"])["label"] for each in found]
        answers = as_array(found)
        if answers.ndim == 2:
            answers = answers.argmax(axis=1)
        if answers.shape != (len(images),):
            raise BadArray(f"the model answered {answers.shape} for {len(images)} pictures; one class each is needed")
        return answers


Classifier = Network | Estimator | PictureFunction


def as_classifier(model: Any, layer: str | None, transform: Callable[[Image], Any] | None) -> Classifier:
    """Recognize a classifier.

    Parameters
    ----------
    model : torch.nn.Module, str, pipeline of transformers, estimator of scikit-learn, or callable
        A string is a network of torchvision, else of timm, with its own weights.
    layer : str or None
        Name of a network's last layer. None: the last `torch.nn.Linear`.
    transform : callable or None
        From a PIL image to a network's input. None: what the network's library tells.

    Returns
    -------
    Network, Estimator or PictureFunction

    Raises
    ------
    BadArray
        If it is none of them, or has no last layer that can be retrained.
    """
    names: tuple[str, ...] = ()
    if isinstance(model, str):
        model, own, names = _by_name(model)
        transform = transform or own
    processor = getattr(model, "image_processor", None)
    if processor is not None and isinstance(getattr(model, "model", None), nn.Module):  # a pipeline of transformers
        model = model.model
    if isinstance(model, nn.Module):
        config = getattr(model, "config", None)
        if named := getattr(config, "id2label", None):
            names = tuple(str(named[i]) for i in range(len(named)))
        return Network(model, last_layer(model, layer)[0], transform or _own_transform(model, processor), names)
    if hasattr(model, "predict"):
        return Estimator(model.predict)
    if callable(model):
        return PictureFunction(model)
    raise BadArray(
        f"a {type(model).__name__} is no classifier: pass a torch module, the name of one, an estimator, a function of "
        "a list of pictures, or predictions"
    )


def _own_transform(model: nn.Module, processor: Any) -> Callable[[Image], Any] | None:
    config: Any = getattr(model, "config", None)
    if processor is None and hasattr(config, "id2label"):
        transformers = _library("transformers", "clarify-errors[transformers]")
        processor = transformers.AutoImageProcessor.from_pretrained(config.name_or_path)
    if processor is not None:
        return lambda image: processor(images=image, return_tensors="pt")["pixel_values"][0]
    if hasattr(model, "pretrained_cfg"):
        data = _library("timm", "timm").data
        own: Callable[[Image], Any] = data.create_transform(**data.resolve_data_config({}, model=model))
        return own
    return None


def _by_name(name: str) -> tuple[nn.Module, Callable[[Image], Any] | None, tuple[str, ...]]:
    try:
        return _loaded(name)
    except (OSError, RuntimeError) as error:
        raise BadArray(
            f"the weights of {name} cannot be loaded ({error}): without the internet, bring the folder TORCH_HOME (or "
            "HF_HOME, for timm) of a machine that has them, or pass the network itself"
        ) from error


def _loaded(name: str) -> tuple[nn.Module, Callable[[Image], Any] | None, tuple[str, ...]]:
    models = _library("torchvision", "clarify-errors[explain]").models
    if name in models.list_models(module=models):
        weights = models.get_model_weights(name).DEFAULT
        return models.get_model(name, weights=weights), weights.transforms(), tuple(weights.meta["categories"])
    if name.startswith(("local-dir:", "hf-hub:")) or (find_spec("timm") and _library("timm", "timm").is_model(name)):
        return _library("timm", "timm").create_model(name, pretrained=True), None, ()
    without = "" if find_spec("timm") else "; timm, which has more, is not installed"
    raise BadArray(f"no network is called {name!r} in torchvision or timm{without}")


def _library(name: str, extra: str) -> Any:
    if find_spec(name) is None:
        raise BadArray(f"this model needs {name}: pip install '{extra}'")
    return __import__(name)
