"""Hide k-mers for masked language modelling, as DNABERT's ``run_pretrain.py`` does it.

K-mers overlap: a base is in k of them, so one hidden k-mer could be read off its neighbours, and a
network would learn to copy. Therefore all k k-mers that hold one chosen base are hidden together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from enhancer_variants.errors import InputError
from enhancer_variants.models import Vocabulary

__all__ = ["IGNORED", "MaskedTokens", "mask_kmers", "span_offsets"]

IGNORED = -100
"""Label of a position that takes no part in the loss: ``ignore_index`` of cross_entropy."""

# Of the hidden tokens, after Devlin et al. 2019; the rest are left as they are.
_SHOWN_AS_MASK = 0.8
_SHOWN_AS_RANDOM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class MaskedTokens:
    """Tokens to read and tokens to guess.

    Attributes
    ----------
    ids
        (B, L) token ids with some of them replaced, of the type and on the device of the input.
    labels
        (B, L) int64: the true id where a token is to be guessed, -100 elsewhere.
    """

    ids: Tensor
    labels: Tensor


def span_offsets(k: int) -> range:
    """Places, from the centre of a span, of the k neighbouring k-mers that are hidden together.

    ``MASK_LIST`` of ``run_pretrain.py`` for k = 3 to 6, with the centre itself; the same rule for
    others.

    Parameters
    ----------
    k
        Length of a k-mer.

    Returns
    -------
    range
        k offsets in tokens, 0 among them.

    Examples
    --------
    >>> list(span_offsets(6)), list(span_offsets(3))
    ([-2, -1, 0, 1, 2, 3], [-1, 0, 1])
    """
    return range(-((k - 1) // 2), k // 2 + 1)


def mask_kmers(
    ids: Tensor,
    vocabulary: Vocabulary,
    *,
    generator: torch.Generator,
    probability: float = 0.15,
) -> MaskedTokens:
    """Choose spans of k k-mers to be guessed, and hide them.

    Each k-mer is the centre of a span with ``probability / k`` (0.025 for k = 6, as DNABERT was
    trained: its ``--mlm_probability`` is this quotient). Spans may overlap, so
    ``1 - (1 - probability / k)**k`` of the k-mers are to be guessed, a little below `probability`,
    and fewer next to the ends. Of these 80 % are shown as [MASK], 10 % as a random k-mer and 10 %
    as they are, each drawn for itself.

    Special tokens, [UNK] and padding among them, are neither hidden nor centres nor replacements.
    (The published code hides [UNK] like any k-mer, and draws replacements from the special tokens
    too.)

    Parameters
    ----------
    ids
        (B, L) token ids, unchanged.
    vocabulary
        What they mean; gives k.
    generator
        Source of the random numbers: the same seed gives the same masks, on any device of `ids`
        as long as the generator's own is the same.
    probability
        About the share of k-mers to be guessed, 0 to 1.

    Returns
    -------
    MaskedTokens
        What to show and what to guess.

    Raises
    ------
    InputError
        If `probability` is out of range, or `ids` are no batch of token ids of the vocabulary.

    Examples
    --------
    >>> ids = torch.tensor([[2, 5, 6, 7, 8, 9, 10, 3, 0]])
    >>> generator = torch.Generator().manual_seed(1)
    >>> masked = mask_kmers(ids, Vocabulary.canonical(3), generator=generator, probability=0.4)
    >>> masked.ids.tolist()
    [[2, 5, 6, 4, 4, 4, 10, 3, 0]]
    >>> masked.labels.tolist()
    [[-100, -100, -100, 7, 8, 9, -100, -100, -100]]
    """
    _check(ids, vocabulary, probability)
    is_kmer, kmer_ids = _kmers(ids, vocabulary)
    centres = _uniform(ids, generator) < probability / vocabulary.k
    hidden = _spans(centres & is_kmer, vocabulary.k) & is_kmer
    shown = ids.clone()
    fate = _uniform(ids, generator)
    shown[hidden & (fate < _SHOWN_AS_MASK)] = vocabulary.mask
    chosen = torch.randint(
        len(kmer_ids), ids.shape, generator=generator, device=generator.device
    ).to(ids.device)
    at_random = hidden & (fate >= _SHOWN_AS_MASK) & (fate < _SHOWN_AS_MASK + _SHOWN_AS_RANDOM)
    shown[at_random] = kmer_ids[chosen[at_random]].to(ids.dtype)
    return MaskedTokens(shown, torch.where(hidden, ids.long(), IGNORED))


def _uniform(ids: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a number in [0, 1) for every token, where the generator is, so that devices agree."""
    drawn = torch.rand(ids.shape, generator=generator, device=generator.device)
    return drawn.to(ids.device)


def _kmers(ids: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Which tokens are k-mers, (B, L); and the (4**k,) ids of all k-mers."""
    kmer_ids = torch.tensor(vocabulary.kmer_ids, dtype=torch.long, device=ids.device)
    known = torch.zeros(vocabulary.size, dtype=torch.bool, device=ids.device)
    known[kmer_ids] = True
    return known[ids.long()], kmer_ids


def _spans(centres: Tensor, k: int) -> Tensor:
    """Extend each centre, (B, L), to the k k-mers around it, as far as the row goes."""
    width = centres.shape[1]
    spans = torch.zeros_like(centres)
    for offset in span_offsets(k):
        first, last = max(0, offset), min(width, width + offset)
        if first < last:
            spans[:, first:last] |= centres[:, first - offset : last - offset]
    return spans


def _check(ids: Tensor, vocabulary: Vocabulary, probability: float) -> None:
    if not 0 <= probability <= 1:
        raise InputError(f"probability is {probability}; expected 0 to 1")
    if ids.ndim != 2 or ids.is_floating_point() or ids.dtype == torch.bool:
        raise InputError(
            f"ids are {ids.dtype} of shape {tuple(ids.shape)}; expected whole numbers of shape "
            "(sequences, tokens)"
        )
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary.size:
        raise InputError(
            f"ids run from {int(ids.min())} to {int(ids.max())}; expected 0 to "
            f"{vocabulary.size - 1}, the ids of a vocabulary of {vocabulary.k}-mers"
        )
