"""Train the bundled encoder from drawn sprites and written captions alone.

    python -m modeling.tensors.encoders.small_clip.train --seed 0 --steps 3000 --output DIR

An `open_clip.CLIP` learns which captions are true of which sprites, by a sigmoid loss over images × captions as in
SigLIP. With captions alone the image tower stays on a plateau. So linear heads on its embedding also predict the
attributes, with a weight that falls to zero. `DIR` receives the weights and `training.json`, the record of the
training.
"""

import argparse
import json
import math
import platform
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize
from tqdm import tqdm

from modeling.arrays.sprites.attributes import VALUES, SpriteAttributes
from modeling.tensors.encoders.clip import load_bundled
from modeling.tensors.encoders.small_clip import CONFIG_FOLDER, NAME, RECORD_FILE, WEIGHTS_FILE
from modeling.tensors.encoders.small_clip.evaluate import auroc_table, format_table
from modeling.tensors.encoders.small_clip.grammar import satisfied, vocabulary_texts, write_captions
from modeling.tensors.encoders.small_clip.pool import SpritePool
from modeling.tensors.encoders.small_clip.vocabulary import UNKNOWN, CompactVocabulary


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters; `docs/small-clip.md` says what each was found to do.

    Attributes
    ----------
    steps : int
    pool : int
        Size of the pool of sprites.
    renewed : int
        Sprites replaced at each step.
    images, captions : int
        Batch sizes.
    unknown_tokens : float
        Share of words that are made unknown.
    learning_rate : float
        Peak.
    final_rate : float
        Final learning rate as a share of the peak.
    warm_up : int
        Steps of linear warm-up.
    weight_decay : float
    clip : float
        Largest norm of the gradient.
    largest_scale : float
        Upper limit of the logit scale.
    heads : float
        Initial weight of the attribute heads' loss.
    heads_until : float
        Share of the steps after which that weight is 0.
    easy : float
        Initial share of easy sprites.
    easy_until : float
        Share of the steps after which that share is 0.
    """

    steps: int = 3000
    pool: int = 20_000
    renewed: int = 8
    images: int = 128
    captions: int = 192
    unknown_tokens: float = 0.01
    learning_rate: float = 3e-3
    final_rate: float = 0.02
    warm_up: int = 100
    weight_decay: float = 0.02
    clip: float = 1.0
    largest_scale: float = 60.0
    heads: float = 3.0
    heads_until: float = 0.7
    easy: float = 0.7
    easy_until: float = 0.4


_HEAD_WEIGHTS = {
    "colour": 0.5,
    "shape": 1.0,
    "size": 0.5,
    "tilt": 1.0,
    "shade": 0.5,
    "texture": 0.5,
    "shape and tilt": 2.0,
}


class AttributeHeads(nn.Module):
    """Temporary linear classifiers of the attributes on the image embedding.

    Parameters
    ----------
    dim : int
        Number of columns of the embedding.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        sizes = {name: len(values) for name, values in VALUES.items()}
        sizes["shape and tilt"] = sizes["shape"] * sizes["tilt"]
        self.linear = nn.ModuleDict({name: nn.Linear(dim, size) for name, size in sizes.items()})

    def loss(self, embeddings: torch.Tensor, attributes: SpriteAttributes) -> torch.Tensor:
        """Compute the weighted mean cross-entropy of the heads.

        Parameters
        ----------
        embeddings : Tensor of shape (n, dim)
        attributes : SpriteAttributes
            n sprites.

        Returns
        -------
        Tensor of shape ()
        """
        truth = {name: torch.from_numpy(getattr(attributes, name)).long() for name in VALUES}
        truth["shape and tilt"] = truth["shape"] * len(VALUES["tilt"]) + truth["tilt"]
        losses = [
            weight * cross_entropy(self.linear[name](embeddings), truth[name]) for name, weight in _HEAD_WEIGHTS.items()
        ]
        return torch.stack(losses).sum() / sum(_HEAD_WEIGHTS.values())


def caption_loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Compute the sigmoid cross-entropy over images × captions.

    For each caption, the images that it is true of have the same total weight as the others.

    Parameters
    ----------
    logits : Tensor of shape (images, captions)
    truth : bool Tensor of shape (images, captions)

    Returns
    -------
    Tensor of shape ()
    """
    positive, negative = truth.float(), (~truth).float()
    weights = positive / positive.sum(0).clamp(min=1) + negative / negative.sum(0).clamp(min=1)
    losses = binary_cross_entropy_with_logits(logits, positive, reduction="none")
    return (losses * weights).sum() / weights.sum()


class Trainer:
    """The model, its optimiser and its data.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe = recipe
        torch.manual_seed(seed)
        self._rng = random.Random(seed)  # noqa: S311 - captions, not secrets
        self._generator = np.random.default_rng(seed)
        self.vocabulary = CompactVocabulary.of(vocabulary_texts(), SimpleTokenizer(context_length=24))
        self.model = _new_model(len(self.vocabulary))
        self._heads = AttributeHeads(self.model.visual.output_dim)
        self._optimiser = _optimiser(nn.ModuleList([self.model, self._heads]), recipe)

    def run(self) -> Iterator[float]:
        """Train, and yield the loss of each step."""
        pool = SpritePool(self.recipe.pool, self._generator, lambda steps: tqdm(steps, "drawing sprites", unit="chunk"))
        self.model.train()
        for step in range(self.recipe.steps):
            yield self._step(step, pool)
            pool.renew(self.recipe.renewed)
        self.model.eval()

    def _step(self, step: int, pool: SpritePool) -> float:
        recipe, done = self.recipe, step / self.recipe.steps
        for group in self._optimiser.param_groups:
            group["lr"] = _learning_rate(step, recipe)
        images, attributes = pool.batch(recipe.images, recipe.easy * max(0, 1 - done / recipe.easy_until))
        captions = write_captions(recipe.captions, self._rng)
        truth = torch.from_numpy(satisfied(captions, attributes))
        embeddings = self.model.encode_image(images.contiguous(memory_format=torch.channels_last))
        texts = self.model.encode_text(self._tokens([caption.text for caption in captions]), normalize=True)
        logits = self.model.logit_scale.exp() * normalize(embeddings, dim=-1) @ texts.T + self.model.logit_bias
        loss = caption_loss(logits, truth)
        heads = recipe.heads * max(0, 1 - done / recipe.heads_until)
        total = loss + heads * self._heads.loss(embeddings, attributes) if heads else loss
        self._optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self._optimiser.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=math.log(recipe.largest_scale))
        return loss.item()

    def _tokens(self, texts: list[str]) -> torch.Tensor:
        """Encode texts, with a few words made unknown, so that the row for unknown words is trained to mean little."""
        tokens = self.vocabulary.encode(texts)
        is_word = (tokens > UNKNOWN) & (tokens < len(self.vocabulary) - 2)  # the last two start and end a text
        return tokens.masked_fill(is_word & (torch.rand(tokens.shape) < self.recipe.unknown_tokens), UNKNOWN)


def _new_model(vocabulary_size: int) -> CLIP:
    config = json.loads((CONFIG_FOLDER / f"{NAME}.json").read_text())
    config["text_cfg"]["vocab_size"] = vocabulary_size
    model: CLIP = CLIP(**config).to(memory_format=torch.channels_last)
    return model


def _optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.98))


def _learning_rate(step: int, recipe: Recipe) -> float:
    """Return the learning rate: linear warm-up, then a cosine down to `final_rate` of the peak."""
    cosine = (1 + math.cos(math.pi * step / recipe.steps)) / 2
    return (
        recipe.learning_rate
        * min(1, (step + 1) / recipe.warm_up)
        * (recipe.final_rate + (1 - recipe.final_rate) * cosine)
    )


def export(trainer: Trainer, file: Path) -> None:
    """Write the weights as fp16 safetensors with the tokenizer's full token table.

    Parameters
    ----------
    trainer : Trainer
    file : pathlib.Path
        Becomes readable by everyone.
    """
    state = {name: tensor.detach().contiguous() for name, tensor in trainer.model.state_dict().items()}
    state["token_embedding.weight"] = trainer.vocabulary.expand(state["token_embedding.weight"])
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    save_file(half, file, metadata={"format": "pt"})
    file.chmod(0o644)  # save_file makes it readable by its owner only


def main() -> None:
    """Train, export and evaluate the weights, and record all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--output", type=Path, default=CONFIG_FOLDER, help="folder for the weights and training.json")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)
    started = time.monotonic()
    trainer = Trainer(Recipe(steps=arguments.steps), arguments.seed)
    recent: list[float] = []
    with tqdm(total=arguments.steps, desc="training", unit="step") as bar:
        for loss in trainer.run():
            recent = [*recent[-99:], loss]
            bar.set_postfix(loss=f"{sum(recent) / len(recent):.3f}", refresh=False)
            bar.update()
    seconds = time.monotonic() - started
    weights = arguments.output / WEIGHTS_FILE.name
    export(trainer, weights)
    table = auroc_table(load_bundled(weights), np.random.default_rng(arguments.seed + 1))
    print(format_table(table))
    record = {
        "command": "python -m modeling.tensors.encoders.small_clip.train "
        f"--seed {arguments.seed} --steps {arguments.steps}",
        "seed": arguments.seed,
        "recipe": asdict(trainer.recipe),
        "vocabulary": len(trainer.vocabulary),
        "seconds": round(seconds),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy", "pillow")},
        "loss": round(sum(recent) / len(recent), 4),
        "auroc": [asdict(row) for row in table],
    }
    (arguments.output / RECORD_FILE.name).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
