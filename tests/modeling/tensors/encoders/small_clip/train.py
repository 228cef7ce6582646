"""Train the bundled encoder from drawn sprites and written captions alone.

    python -m tests.modeling.tensors.encoders.small_clip.train --seed 0 --steps 3000 --output DIR

An `open_clip.CLIP` learns which captions are true of which sprites, by a sigmoid loss over images × captions as in
SigLIP. With captions alone the image tower stays on a plateau. So linear heads on its embedding also predict the
attributes, with a weight that falls to zero. Batches are drawn from a pool of sprites, a few of which are replaced at
every step. Texts are in a compact vocabulary: the few hundred tokens that captions use, out of the tokenizer's 49,408,
in the same order, so that the end token stays the largest and open_clip's pooling finds it. `DIR` receives the weights
and `training.json`, the record of the training.
"""

import argparse
import json
import math
import platform
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

import numpy as np
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize
from tqdm import tqdm

from clarify_errors.arrays.sprites.attributes import VALUES, SpriteAttributes
from clarify_errors.arrays.sprites.drawing import Images, draw
from clarify_errors.tensors.encoders.small_clip import CONFIG_FOLDER, NAME, RECORD_FILE, WEIGHTS_FILE
from tests.modeling.tensors.encoders.small_clip.grammar import satisfied, vocabulary_texts, write_captions
from tests.support.sprites import random_sprites

PADDING = 0
UNKNOWN = 1


@dataclass(frozen=True)
class CompactVocabulary:
    """The tokens that training uses.

    Attributes
    ----------
    tokenizer : open_clip.SimpleTokenizer
    tokens : int64 Tensor of shape (m,)
        Row i of the compact table stands for token `tokens[i]`. Rows 0 and 1 are padding and all unknown tokens.
    rows : int64 Tensor of shape (49408,)
        Row in the compact table of each token.
    """

    tokenizer: SimpleTokenizer
    tokens: torch.Tensor
    rows: torch.Tensor

    @classmethod
    def of(cls, texts: Iterable[str], tokenizer: SimpleTokenizer) -> Self:
        """Make the vocabulary of all tokens of some texts.

        Parameters
        ----------
        texts : iterable of str
        tokenizer : open_clip.SimpleTokenizer

        Returns
        -------
        CompactVocabulary
        """
        used = torch.unique(tokenizer(list(texts)))
        tokens = torch.cat([torch.tensor([PADDING, UNKNOWN]), used[used > UNKNOWN]])
        rows = torch.full((tokenizer.vocab_size,), UNKNOWN)
        rows[tokens] = torch.arange(len(tokens))
        return cls(tokenizer, tokens, rows)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, texts: list[str]) -> torch.Tensor:
        """Encode texts as compact ids.

        Parameters
        ----------
        texts : list of n str

        Returns
        -------
        int64 Tensor of shape (n, context)
        """
        return self.rows[self.tokenizer(texts)]

    def expand(self, table: torch.Tensor) -> torch.Tensor:
        """Expand a compact token table to the tokenizer's full one.

        Parameters
        ----------
        table : Tensor of shape (len(self), width)

        Returns
        -------
        Tensor of shape (49408, width)
            Tokens that training did not use share the unknown row.

        Notes
        -----
        The tokenizer pads with 0 and also gives that id to "!", which therefore reads as padding.
        """
        return table[self.rows]


_MEAN = torch.tensor(OPENAI_DATASET_MEAN).view(1, 3, 1, 1)
_STD = torch.tensor(OPENAI_DATASET_STD).view(1, 3, 1, 1)
_DRAWN_AT_ONCE = 500

Progress = Callable[[Iterable[int]], Iterable[int]]


def pixels(images: Images) -> torch.Tensor:
    """Normalise images as open_clip does.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, 64, 64, 3)

    Returns
    -------
    float32 Tensor of shape (n, 3, 64, 64)
    """
    scaled = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
    return scaled.sub_(_MEAN).div_(_STD)


class SpritePool:
    """Pool of random sprites, drawn in the training process.

    On two cores, a second busy process would slow each step by more than drawing takes.

    Parameters
    ----------
    size : int
    rng : numpy.random.Generator
    progress : callable, optional
        Wraps the iteration over the chunks to draw.
    """

    def __init__(self, size: int, rng: np.random.Generator, progress: Progress = lambda steps: steps) -> None:
        self._rng = rng
        self._columns = {name: np.empty(size, dtype=np.int8) for name in VALUES}
        self._images = np.empty((size, 64, 64, 3), dtype=np.uint8)
        self._oldest = 0
        for _ in progress(range(0, size, _DRAWN_AT_ONCE)):
            self.renew(min(_DRAWN_AT_ONCE, size))

    def renew(self, n: int) -> None:
        """Replace the n oldest sprites by new ones.

        Parameters
        ----------
        n : int
            At most the size of the pool.
        """
        size = len(self._images)
        rows = (self._oldest + np.arange(n)) % size
        attributes = random_sprites(n, self._rng)
        for name, column in self._columns.items():
            column[rows] = getattr(attributes, name)
        self._images[rows] = draw(attributes, self._rng)
        self._oldest = (self._oldest + n) % size

    def batch(self, n: int, easy_share: float) -> tuple[torch.Tensor, SpriteAttributes]:
        """Sample a batch; half of the images are mirrored, which changes no attribute.

        Parameters
        ----------
        n : int
        easy_share : float
            Approximate share of plain sprites that are not small, in [0, 1].

        Returns
        -------
        images : float32 Tensor of shape (n, 3, 64, 64)
        attributes : SpriteAttributes
        """
        easy = np.flatnonzero((self._columns["texture"] == 0) & (self._columns["size"] > 0))
        rows = self._rng.integers(len(self._images), size=n)
        rows = np.where(self._rng.random(n) < easy_share, self._rng.choice(easy, n), rows)
        images = self._images[rows]
        mirrored = self._rng.random(n) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        return pixels(images), SpriteAttributes(**{name: column[rows] for name, column in self._columns.items()})


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters; `docs/engineers/small-clip.md` says what each was found to do.

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
        self._rng = random.Random(seed)
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
        total.backward()
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
    """Train and export the weights, and record how."""
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
    export(trainer, arguments.output / WEIGHTS_FILE.name)
    record = {
        "command": "python -m tests.modeling.tensors.encoders.small_clip.train "
        f"--seed {arguments.seed} --steps {arguments.steps}",
        "seed": arguments.seed,
        "recipe": asdict(trainer.recipe),
        "vocabulary": len(trainer.vocabulary),
        "seconds": round(seconds),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy", "pillow")},
        "loss": round(sum(recent) / len(recent), 4),
    }
    (arguments.output / RECORD_FILE.name).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
