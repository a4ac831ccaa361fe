"""The bundled network as it is trained: a DNABERT whose first layer is a scan for motifs.

A DNABERT of two layers, 256 wide with 16 heads, can be given weights with which its first layer
reads a stretch of 30 bases around every k-mer exactly and compares it with 384 filters, as a
convolution does. In that form nearly all of its products are with zeros. Here they are left
out: what remains is the same function of the sequence with the same free parameters, ten times
faster to train. `compiled_network.compiled` writes those into a `DnabertNetwork`.

What the 256 dimensions hold, and what is done to them:

======== ======= =================================================================================
from     to      content
======== ======= =================================================================================
0        23      the six bases of the token's own k-mer: 1 of 4 for each
24       24      1 for [CLS]
25       29      1 for every special token, so that all tokens have six ones
30       30      0 for every token: what a 0 is after normalisation
31       31      1 for every special token but [CLS]
32       63      position: a cosine and a sine at seven frequencies, each also with its sign changed
64       159     bases around the k-mer, written by layer 1's attention: 6 heads with 4 bases each
160      239     hits, written by layer 1's perceptron: what the filters found, summed up in 80 ways
240      255     what a k-mer means by itself, of length 1 and mean 0: 16 free numbers each
======== ======= =================================================================================

All tokens have the same mean (6/256) and the same length before the first normalisation, so it
multiplies by a constant; later ones depend only on how many bases the attention has found.

How attention reads neighbours: a query turns the angles of its own position by an offset d, a
key does not; their product is the sum over frequencies f of cos(f * (i + d - j)), which is
largest for the token j = i + d and, with suitable frequencies, far lower for every other one.
Scaled by 60, softmax leaves more than 99.9 % on that token. The six heads look at the tokens 12,
8 and 4 before and 4, 8 and 12 behind, and each takes four bases of the k-mer there: with the own
six that is 30 bases in a row, 12 before the k-mer's first base to 12 behind its last. What looks
beyond an end of the sequence finds [CLS], which has no bases: a group of four bases is seen whole
or not at all.

Layer 2 is a DNABERT layer as any other, but its queries are the same for all sequences, since
[CLS] has seen nothing before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from data import Codes
from torch import Tensor, nn

__all__ = [
    "CLS_MARK",
    "CONTEXT",
    "EPSILON",
    "HEADS",
    "HEAD_SIZE",
    "HIDDEN",
    "HITS",
    "KMER",
    "MEAN",
    "NOTHING",
    "NUMBER_OF_HITS",
    "POSITION",
    "POSITION_POWER",
    "REACH",
    "SEEN",
    "SPECIAL",
    "SPECIAL_MARK",
    "UNIT",
    "UNITS",
    "WORDS",
    "WORD_SIZE",
    "ScanNetwork",
    "encoded",
    "norm_with_bases",
]

KMER: Final = 6
HIDDEN, HEADS, HEAD_SIZE, UNITS = 256, 16, 16, 384
CLS_MARK, SPECIAL, NOTHING, SPECIAL_MARK = 24, slice(25, 30), 30, 31
POSITION, CONTEXT, HITS, WORDS = 32, 64, 160, 240
NUMBER_OF_HITS, WORD_SIZE = WORDS - HITS, HIDDEN - WORDS
REACH: Final = 12
"""Bases seen before a k-mer's first base, and behind its last."""

SEEN: Final = 2 * REACH + KMER
"""Bases seen in all."""

GROUP: Final = 4
"""Bases that one head takes from another k-mer."""

POSITION_POWER: Final = 15
"""Squared length of the position's part of an embedding: any number will do."""

EPSILON: Final = 1e-12
MEAN: Final = 6 / HIDDEN
"""Mean of every token's embedding: six ones, everything else sums to 0."""

UNIT: Final = 1 / math.sqrt((6 + POSITION_POWER + 1) / HIDDEN - MEAN**2)
"""What the first normalisation multiplies by: a 1 becomes this, and a mean's worth less."""


def norm_with_bases(number: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and factor of the normalisation, after attention has made it so many bases in all.

    Every base beyond the own six adds `UNIT` to a dimension that was 0 before the first
    normalisation.
    """
    added = number - KMER
    mean = added * (UNIT / HIDDEN)
    power = HIDDEN + added * UNIT**2 * (1 - 2 * MEAN)
    return mean, torch.rsqrt(power / HIDDEN - mean**2)


def encoded(sequences: Sequence[Codes]) -> tuple[Tensor, Tensor, Tensor | None]:
    """Give sequences of the four bases the form that `ScanNetwork` reads.

    Returns
    -------
    tuple
        Bases (B, L + 24, 4) with `REACH` places of none on either side, k-mers (B, L - 5), and
        which of those are there (B, L - 5), None where all are.
    """
    lengths = [len(codes) for codes in sequences]
    longest, places = max(lengths), max(lengths) - KMER + 1
    bases = np.zeros((len(sequences), longest + 2 * REACH, 4), np.float32)
    kmers = np.zeros((len(sequences), places), np.int64)
    for row, codes in enumerate(sequences):
        bases[row, REACH : REACH + len(codes)] = _ONE_HOT[codes]
        kmers[row, : len(codes) - KMER + 1] = _kmers(codes)
    if min(lengths) == longest:
        return torch.from_numpy(bases), torch.from_numpy(kmers), None
    present = torch.arange(places)[None] < torch.tensor(lengths)[:, None] - KMER + 1
    return torch.from_numpy(bases), torch.from_numpy(kmers), present


class ScanNetwork(nn.Module):
    """The network as a scan; S = 96 is the state of a k-mer: its hits, then its own meaning.

    Parameters
    ----------
    outputs
        Labels of the classifier.
    seed
        Seed of everything that is drawn.
    filters, thresholds
        The first filters (n, 30, 4), in the order of `data.BASES`, and what is added to them (n,);
        the rest is drawn.
    named
        Filters of which each of the first hits is the sum; all others are drawn sums.
    words
        What each k-mer means at first, (4096, 16).

    Notes
    -----
    Heads 0 to 11 of layer 2 begin with attention on the sequence's best hits of one of the first
    twelve named motifs; heads 12 to 15 with the mean over the k-mers' own meaning, as a logistic
    regression on k-mer counts takes it.
    """

    def __init__(
        self,
        outputs: int,
        *,
        seed: int,
        filters: npt.NDArray[np.float64],
        thresholds: npt.NDArray[np.float64],
        named: Sequence[Sequence[int]],
        words: npt.NDArray[np.float64],
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        random = torch.Generator().manual_seed(seed)

        def drawn(*shape: int, scale: float) -> Tensor:
            return torch.randn(*shape, generator=random) * scale

        start = drawn(UNITS, SEEN, 4, scale=0.35)
        start -= start.mean(2, keepdim=True)
        start[: len(filters)] = torch.from_numpy(filters).float()
        added = torch.full((UNITS,), -0.5)
        added[: len(thresholds)] = torch.from_numpy(thresholds).float()
        self.filters = nn.Parameter(start.reshape(UNITS, SEEN * 4))
        self.thresholds = nn.Parameter(added)
        sums = drawn(NUMBER_OF_HITS, UNITS, scale=0.15)
        for hit, units in enumerate(named):
            sums[hit] = 0
            sums[hit, list(units)] = 1
        self.hit_sums = nn.Parameter(sums)
        self.words = nn.Parameter(torch.from_numpy(words).float())

        state = NUMBER_OF_HITS + WORD_SIZE
        scale = torch.full((state,), 2.5)
        scale[NUMBER_OF_HITS:] = 8
        self.state_scale = nn.Parameter(scale)
        self.state_shift = nn.Parameter(torch.zeros(state))
        looks = drawn(HEADS, state, scale=0.02)
        looks[:, NUMBER_OF_HITS:] *= 0.2
        takes = drawn(HEADS, HEAD_SIZE, state, scale=0.1)
        for head in range(12):
            looks[head, head] = 1.5
            takes[head, :, head] = drawn(HEAD_SIZE, scale=0.5)
        for head in range(12, HEADS):
            takes[head, :, NUMBER_OF_HITS : NUMBER_OF_HITS + 4] = drawn(HEAD_SIZE, 4, scale=8)
        self.looks = nn.Parameter(looks)
        self.takes = nn.Parameter(takes)
        self.takes_bias = nn.Parameter(torch.zeros(HEADS, HEAD_SIZE))

        self.summary = nn.Parameter(drawn(HIDDEN, scale=1.0))
        self.attention_output = _linear(HIDDEN, HIDDEN, drawn(HIDDEN, HIDDEN, scale=0.08))
        mean_heads = slice(12 * HEAD_SIZE, HEADS * HEAD_SIZE)
        with torch.no_grad():
            self.attention_output.weight[:, mean_heads] = drawn(HIDDEN, 4 * HEAD_SIZE, scale=0.2)
        self.attention_norm = nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.intermediate = _linear(HIDDEN, UNITS, drawn(UNITS, HIDDEN, scale=0.05))
        self.output = _linear(UNITS, HIDDEN, drawn(HIDDEN, UNITS, scale=0.05))
        self.output_norm = nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.pooler = _linear(HIDDEN, HIDDEN, drawn(HIDDEN, HIDDEN, scale=0.06))
        self.classifier = _linear(HIDDEN, outputs, drawn(outputs, HIDDEN, scale=0.06))

    def unit_words(self) -> Tensor:
        """Give what each k-mer means, (4096, 16), of mean 0 and length 1."""
        centred = self.words - self.words.mean(1, keepdim=True)
        return centred / centred.norm(dim=1, keepdim=True)

    def forward(self, bases: Tensor, kmers: Tensor, present: Tensor | None = None) -> Tensor:
        """Log-odds (B, outputs), natural logarithm, of what `encoded` gives."""
        states = self._states(bases, kmers)
        looked = torch.einsum("bts,hs->bht", states, self.looks)
        if present is not None:
            looked = looked.masked_fill(~present[:, None], float("-inf"))
        found = torch.einsum("bht,bts->bhs", torch.softmax(looked, -1), states)
        taken = torch.einsum("bhs,hds->bhd", found, self.takes) + self.takes_bias
        cls = self.attention_norm(self.attention_output(taken.flatten(1)) + self.summary)
        cls = self.output_norm(self.output(F.gelu(self.intermediate(cls))) + cls)
        cls = F.dropout(cls, self.dropout, self.training)
        return self.classifier(torch.tanh(self.pooler(cls)))

    def _states(self, bases: Tensor, kmers: Tensor) -> Tensor:
        """States (B, T, 96) of the k-mers behind layer 1."""
        around, number = _seen(bases, kmers.shape[1])
        hits = F.linear(F.gelu(self._compared(around, number)), self.hit_sums)
        mean, factor = norm_with_bases(number)
        # What a dimension that was 0 all along is by now, and how long a k-mer's meaning.
        nothing = ((-MEAN * UNIT - mean) * factor)[..., None]
        words = self.unit_words()[kmers] * (UNIT * factor)[..., None]
        total = hits.sum(-1, keepdim=True)
        centre = total / HIDDEN
        power = HIDDEN + (hits**2).sum(-1, keepdim=True) + 2 * nothing * total
        deviation = torch.rsqrt(power / HIDDEN - centre**2 + EPSILON)
        residual = torch.cat([hits, words], -1) + (nothing - centre)
        return residual * deviation * self.state_scale + self.state_shift

    def _compared(self, around: Tensor, number: Tensor) -> Tensor:
        """Compare filters with the bases (B, T, 384) as normalisation shows them to the perceptron.

        A filter is meant for a place where all bases are seen. Where some are not, the others
        are larger by a factor, and what is 0 is off by a little everywhere.
        """
        mean, factor = norm_with_bases(number)
        whole_mean, whole = norm_with_bases(torch.tensor(float(SEEN)))
        nothing, whole_nothing = (-MEAN * UNIT - mean) * factor, (-MEAN * UNIT - whole_mean) * whole
        off = (nothing - whole_nothing) / (UNIT * whole)
        shown = torch.cat([around * (factor / whole)[..., None], off[..., None]], -1)
        weights = torch.cat([self.filters, self.filters.sum(1, keepdim=True)], 1)
        return F.linear(shown, weights, self.thresholds)


_ONE_HOT: Final = np.eye(4, dtype=np.float32)


def _kmers(codes: Codes) -> npt.NDArray[np.int64]:
    """Numbers of the k-mers, as the canonical vocabulary counts them."""
    kmers = np.zeros(len(codes) - KMER + 1, np.int64)
    for offset in range(KMER):
        kmers = kmers * 4 + codes[offset : offset + len(kmers)]
    return kmers


def _seen(bases: Tensor, places: int) -> tuple[Tensor, Tensor]:
    """Bases around each k-mer (B, T, 120), groups seen whole or not at all; and their number."""
    windows = bases.unfold(1, SEEN, 1)[:, :places].transpose(2, 3)  # (B, T, 30, 4)
    known = bases.sum(-1).unfold(1, SEEN, 1)[:, :places]
    sides = torch.cat([known[..., :REACH], known[..., REACH + KMER :]], -1)
    whole = sides.unflatten(-1, (-1, GROUP)).amin(-1).repeat_interleave(GROUP, -1)
    own = torch.ones(*whole.shape[:2], KMER)
    seen = torch.cat([whole[..., :REACH], own, whole[..., REACH:]], -1)
    return (windows * seen[..., None]).flatten(2), seen.sum(-1)


def _linear(inputs: int, outputs: int, weight: Tensor) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.zero_()
    return layer
