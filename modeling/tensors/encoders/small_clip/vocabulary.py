"""Compact vocabulary for training: the few hundred tokens that captions use, out of the tokenizer's 49,408.

Compact ids have the same order as the tokenizer's. So the end token stays the largest, and open_clip's pooling finds
it.
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
