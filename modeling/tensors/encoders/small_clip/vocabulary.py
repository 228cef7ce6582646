"""A compact vocabulary for training: the few hundred tokens that captions use, out of the tokenizer's 49,408.

The compact ids keep the order of the tokenizer's, so that the end token stays the largest and open_clip's pooling
finds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import torch
from open_clip.tokenizer import SimpleTokenizer

PADDING = 0
UNKNOWN = 1


@dataclass(frozen=True)
class CompactVocabulary:
    """Row i of the compact table stands for token `tokens[i]`; rows 0 and 1 are padding and every unknown token."""

    tokenizer: SimpleTokenizer
    tokens: torch.Tensor
    rows: torch.Tensor

    @classmethod
    def of(cls, texts: Iterable[str], tokenizer: SimpleTokenizer) -> Self:
        """The vocabulary that holds every token of `texts`."""
        used = torch.unique(tokenizer(list(texts)))
        tokens = torch.cat([torch.tensor([PADDING, UNKNOWN]), used[used > UNKNOWN]])
        rows = torch.full((tokenizer.vocab_size,), UNKNOWN)
        rows[tokens] = torch.arange(len(tokens))
        return cls(tokenizer, tokens, rows)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, texts: list[str]) -> torch.Tensor:
        """int64[n, context] of compact ids."""
        return self.rows[self.tokenizer(texts)]

    def expand(self, table: torch.Tensor) -> torch.Tensor:
        """The full [49408, width] token table from a compact [len(self), width] one: tokens never seen share the
        unknown row.

        The tokenizer pads with 0 and gives that id to "!" too, which therefore reads as padding.
        """
        return table[self.rows]
