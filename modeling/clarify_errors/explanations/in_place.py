"""A network's own last layer, retrained from a phrase and put back into the network (paper, section 4.2)."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.explanations.correction import Retrained, Weighed, measured, test_rows
from clarify_errors.tensors.baselines.classifiers import without_scaling
from clarify_errors.tensors.retraining.many_heads import train_heads

if TYPE_CHECKING:
    from clarify_errors.explanations.explanation import Explanation, ScoredPhrase

_AT_ONCE = 4096  # rows of activations
_MAY_DIFFER = 0.01  # share of predictions: a network in half precision rounds a few otherwise


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network makes of images, from `activations`.

    Attributes
    ----------
    features : float32 ndarray of shape (n, d)
        What goes into the last layer.
    predictions : int64 ndarray of shape (n,)
        Positions among the layer's outputs.
    """

    features: NDArray[np.float32]
    predictions: NDArray[np.int64]


def activations(model: nn.Module, batches: Iterable[Any], layer: str | None = None) -> Seen:
    """Pass images through a network once, and keep what goes into its last layer.

    Parameters
    ----------
    model : torch.nn.Module
        Set to evaluation while this runs, and back afterwards.
    batches : iterable
        Tensors, or tuples that begin with one, such as a `DataLoader` gives; in the order of the images, so without
        shuffling and without random transforms.
    layer : str, optional
        Name of the last layer. Default: the last `torch.nn.Linear`.

    Returns
    -------
    Seen

    Raises
    ------
    BadArray
        If there is no such layer, or it is not run once for each image.
    """
    name, last = last_layer(model, layer)
    kept: list[Tensor] = []
    modes = [(each, each.training) for each in model.modules()]
    handle = last.register_forward_pre_hook(lambda _, given: kept.append(given[0].detach().float().cpu()))
    found: list[Tensor] = []
    try:
        model.eval()
        with torch.inference_mode():
            for batch in batches:
                images = batch[0] if isinstance(batch, tuple | list) else batch
                if not isinstance(images, Tensor):
                    raise BadArray("a batch is a tensor, or a tuple that begins with one")
                kept.clear()
                outputs = model(
                    images.to(last.weight.device, last.weight.dtype if images.is_floating_point() else None)
                )
                if len(kept) != 1 or kept[0].ndim != 2 or len(kept[0]) != len(images):
                    raise BadArray(f"the layer “{name}” is not run once for each image, so it is not a last layer")
                outputs = getattr(outputs, "logits", outputs)  # transformers answers with more than these
                if not isinstance(outputs, Tensor) or outputs.shape != (len(images), last.out_features):
                    raise BadArray(f"the network does not answer with the outputs of the layer “{name}”")
                found.append(torch.cat([kept[0], outputs.argmax(dim=1).float().cpu()[:, None]], dim=1))
    finally:
        handle.remove()
        for each, mode in modes:
            each.training = mode
    if not found:
        raise BadArray("there is no batch of images")
    rows = torch.cat(found).numpy()
    if not np.isfinite(rows).all():
        raise BadArray(
            f"what goes into the layer “{name}” is not finite for {(~np.isfinite(rows)).any(axis=1).sum()} images"
        )
    return Seen(rows[:, :-1].copy(), rows[:, -1].astype(np.int64))


def last_layer(model: nn.Module, layer: str | None = None) -> tuple[str, nn.Linear]:
    """Find a network's last layer.

    Parameters
    ----------
    model : torch.nn.Module
    layer : str, optional
        Its name, as in `model.named_modules()`. Default: the last `torch.nn.Linear`.

    Returns
    -------
    str
        Its name; "" of a network that is one layer.
    torch.nn.Linear

    Raises
    ------
    BadArray
        If there is none, it has one output, or it stands in the network twice.
    """
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        raise BadArray("pass the network itself, model.module, not its parallel copies")
    modules = dict(model.named_modules(remove_duplicate=False))
    linear = {name: each for name, each in modules.items() if isinstance(each, nn.Linear)}
    if layer is not None and layer not in linear:
        what = f"a {type(modules[layer]).__name__}" if layer in modules else "not there"
        raise BadArray(
            f"layer {layer!r} is {what}; a torch.nn.Linear is needed: {', '.join(linear) or 'there is none'}"
        )
    if not linear:
        raise BadArray("the network has no torch.nn.Linear, so its last layer cannot be retrained")
    name = next(reversed(linear)) if layer is None else layer
    if sum(each is linear[name] for each in linear.values()) > 1:
        raise BadArray(f"the layer “{name}” has several names in the network, so it cannot be replaced under one")
    if linear[name].out_features < 2:
        raise BadArray(f"the layer “{name}” has one output; one for each class is needed")
    return name, linear[name]


@dataclass(frozen=True, eq=False, repr=False)
class InPlaceCorrection(Retrained):
    """A network's last layer, retrained in place; with all of `Retrained`.

    Attributes
    ----------
    layer : str
        Its name in the network.
    weight, bias : Tensor of shape (C, d) and (C,)
        In the layer's own type. They take activations as they are: the z-score of the training is folded into them.
    test_features : float32 ndarray of shape (m, d)
    test_outputs : int64 ndarray of shape (m,)
        What the layer makes of them.
    below : str
        Digest of all weights of the network but the layer's own.
    """

    layer: str
    weight: Tensor
    bias: Tensor
    test_features: NDArray[np.float32]
    test_outputs: NDArray[np.int64]
    below: str

    @classmethod
    def of(
        cls,
        explanation: "Explanation",
        scored: "ScoredPhrase",
        model: nn.Module,
        *,
        layer: str | None,
        outputs: Sequence[str] | NDArray[np.str_] | None,
        l2: float,
        scheme: str,
        threshold: float | None,
        seed: int,
    ) -> Self:
        """Train and measure; see `Explanation.correct_in_place`.

        Parameters
        ----------
        explanation : Explanation
        scored : ScoredPhrase
        model : torch.nn.Module
        layer : str or None
        outputs : sequence or ndarray of str, or None
        l2 : float
        scheme : str
        threshold : float or None
        seed : int

        Returns
        -------
        InPlaceCorrection

        Raises
        ------
        BadArray, SliceTooSmall, NotConverged
            As there.
        """
        name, last = last_layer(model, layer)
        raw = explanation.raw_features
        if raw is None or raw.shape[1] != last.in_features:
            has = "none" if raw is None else raw.shape[1]
            raise BadArray(
                f"the layer “{name}” takes {last.in_features} features, and {has} were passed to explain: pass "
                "features=activations(model, batches).features"
            )
        places = _places(explanation, last, outputs)
        _check_same_network(explanation, raw, name, last, places)
        chosen = Weighed.of(explanation, scored, scheme, threshold)
        features = raw[chosen.rows]
        scaling = Standardization.fit(features)
        labels = places[explanation.classes.labels[chosen.rows]]
        trained = train_heads(scaling.apply(features), labels, chosen.weights, l2, n_classes=last.out_features)
        layers = [
            _typed(last, *without_scaling(trained.coef[k], trained.intercept[k], scaling.mean, scaling.deviation))
            for k in (0, 1)
        ]
        on_test = raw[test_rows(explanation)]
        answers = [_outputs(on_test, *each) for each in layers]
        corrected, beside = (_names(each, places) for each in answers)
        gain, measures = measured(explanation, corrected, beside, seed)
        sizes, (weight, bias) = (chosen.n_above, chosen.n_below), layers[0]
        retrained = chosen.annotation, *sizes, gain, explanation.group_names, measures
        return cls(*retrained, name, weight, bias, on_test, answers[0], digest_of_weights(model, name))

    def to_torch(self) -> nn.Linear:
        """Return the layer alone.

        Returns
        -------
        torch.nn.Linear
            For activations as they are, in the type of the network's own.
        """
        n_classes, n_features = self.weight.shape
        layer = nn.Linear(n_features, n_classes, dtype=self.weight.dtype)
        layer.load_state_dict({"weight": self.weight, "bias": self.bias})
        return layer

    def save(self, path: str | PathLike[str]) -> None:
        """Write the layer alone as a safetensors file, with `weight` and `bias`.

        Parameters
        ----------
        path : path
        """
        save_file(self.to_torch().state_dict(), path)

    def install(self, model: nn.Module) -> nn.Module:
        """Return a copy of a network with the retrained layer in the place of its own.

        Parameters
        ----------
        model : torch.nn.Module
            The one that was corrected; it stays as it is. A layer without a bias gets one.

        Returns
        -------
        torch.nn.Module

        Raises
        ------
        BadArray
            If it is not the network that was corrected, or the layer does not answer as it was measured.
        """
        name, last = last_layer(model, self.layer)
        if last.weight.shape != self.weight.shape:
            raise BadArray(f"the layer “{name}” is {tuple(last.weight.shape)}, not {tuple(self.weight.shape)}")
        if digest_of_weights(model, name) != self.below:
            raise BadArray(f"this is not the network that was corrected: its weights below the layer “{name}” differ")
        layer = self.to_torch().to(last.weight.device, last.weight.dtype).requires_grad_(last.weight.requires_grad)
        copy = deepcopy(model)
        if not name:
            copy = layer
        else:
            path, _, own = name.rpartition(".")
            setattr(copy.get_submodule(path), own, layer)
        layer.train(last.training)
        _, installed = last_layer(copy, self.layer)
        again = _outputs(self.test_features, installed.weight.detach().cpu(), installed.bias.detach().cpu())
        if (again != self.test_outputs).any():
            raise BadArray(
                f"{(again != self.test_outputs).sum()} predictions of the copy are not those that were measured"
            )
        return copy


def digest_of_weights(model: nn.Module, layer: str | None = None) -> str:
    """Compute a digest of a network's weights.

    Parameters
    ----------
    model : torch.nn.Module
    layer : str, optional
        One whose own weights are left out.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = sha256()
    for name, value in model.state_dict().items():
        if name.rpartition(".")[0] != layer and isinstance(value, Tensor):
            digest.update(
                name.encode() + value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            )
    return digest.hexdigest()


def _places(
    explanation: "Explanation", last: nn.Linear, outputs: Sequence[str] | NDArray[np.str_] | None
) -> NDArray[np.int64]:
    """Which output of the layer each class is: int64[classes]."""
    names = explanation.classes.names
    if outputs is None:
        if len(names) != last.out_features:
            raise BadArray(
                f"the layer has {last.out_features} outputs, and {len(names)} classes occur: pass outputs=, the names "
                "of classes in the order of the outputs"
            )
        outputs = sorted(names, key=int) if all(name.isdecimal() for name in names) else names
    order = {str(name): place for place, name in enumerate(outputs)}
    if len(order) != last.out_features or len(outputs) != last.out_features:
        raise BadArray(f"outputs= must have {last.out_features} different names, one for each output of the layer")
    if missing := [name for name in names if name not in order]:
        raise BadArray(f"outputs= lacks {missing[0]!r}, which is a label or a prediction")
    return np.array([order[name] for name in names], np.int64)


def _check_same_network(
    explanation: "Explanation", raw: NDArray[np.float32], name: str, last: nn.Linear, places: NDArray[np.int64]
) -> None:
    """Refuse features that do not go into this layer, or outputs in another order: its predictions then differ."""
    bias = torch.zeros(last.out_features, dtype=last.weight.dtype) if last.bias is None else last.bias.detach().cpu()
    own = _outputs(raw, last.weight.detach().cpu(), bias)
    n = int((own != places[explanation.classes.predictions]).sum())
    if n > _MAY_DIFFER * len(own):
        raise BadArray(
            f"the layer “{name}” gives other predictions than those that were passed for {n:,} of {len(own):,} images: "
            "these features do not go into it, its outputs are in another order (outputs=), or something follows it"
        )


def _typed(last: nn.Linear, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    """The layer's numbers in the type that it computes with."""
    return torch.from_numpy(weight).to(last.weight.dtype), torch.from_numpy(bias).to(last.weight.dtype)


def _outputs(features: NDArray[np.float32], weight: Tensor, bias: Tensor) -> NDArray[np.int64]:
    """Which output of a layer is the largest, in the layer's own type; int64[n]."""

    def answers() -> Iterator[Tensor]:
        for start in range(0, len(features), _AT_ONCE):
            rows = torch.from_numpy(features[start : start + _AT_ONCE]).to(weight.dtype)
            yield nn.functional.linear(rows, weight, bias).argmax(dim=1)

    return torch.cat(list(answers())).numpy() if len(features) else np.zeros(0, np.int64)


def _names(outputs: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions among the names of classes; behind them all for an output that no class of these images is."""
    named = np.full(max(int(places.max()), int(outputs.max(initial=0))) + 1, len(places), np.int64)
    named[places] = np.arange(len(places))
    return named[outputs]
