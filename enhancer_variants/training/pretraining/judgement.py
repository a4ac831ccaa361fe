"""How well hidden k-mers are guessed, by a model and by two that have learned nothing of DNA."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from torch import Tensor

from enhancer_variants.models import Vocabulary, tokenize
from enhancer_variants.models.vocabulary import BASES
from enhancer_variants.training.masking import IGNORED
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel

__all__ = ["GuessingScore", "copying_score", "guessing_score", "unigram_score"]

Batch = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class GuessingScore:
    """How well hidden k-mers are guessed.

    Attributes
    ----------
    cross_entropy
        Mean of -ln P(true k-mer), nats; lower is better.
    perplexity
        Its exponential: among so many k-mers, equally likely, the guess is as good as blind.
    accuracy
        Share of hidden k-mers whose most likely guess is the true one.
    kmers
        Hidden k-mers that were judged.

    Examples
    --------
    >>> GuessingScore.of(nats=4 * math.log(4), right=1, kmers=4).rounded()
    {'cross_entropy': 1.386294, 'perplexity': 4.0, 'accuracy': 0.25, 'kmers': 4}
    """

    cross_entropy: float
    perplexity: float
    accuracy: float
    kmers: int

    @classmethod
    def of(cls, nats: float, right: float, kmers: int) -> GuessingScore:
        """Score of sums over k-mers; NaN where there is none."""
        if not kmers:
            return cls(math.nan, math.nan, math.nan, 0)
        mean = nats / kmers
        return cls(mean, math.exp(min(mean, 700.0)), right / kmers, kmers)

    def rounded(self) -> dict[str, float]:
        """Values by name, with six digits behind the point."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def guessing_score(model: MaskedLanguageModel, batches: Iterable[Batch]) -> GuessingScore:
    """Judge a model, in evaluation mode, in which it is left no longer than that.

    Parameters
    ----------
    model
        The model, on any device.
    batches
        As :class:`~enhancer_variants.training.pretraining.windows.SpanMasking` makes them.

    Examples
    --------
    >>> from enhancer_variants.models import DnabertNetwork, NetworkConfig
    >>> network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2))
    >>> guessing_score(MaskedLanguageModel(network), []).kmers
    0
    """
    device = model.bias.device
    nats, right, kmers = 0.0, 0, 0
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for batch in batches:
            moved = {name: tensor.to(device) for name, tensor in batch.items()}
            true = moved["labels"][moved["labels"] != IGNORED]
            guesses = model.guesses(moved["ids"], moved["lengths"], moved["labels"])
            nats += float(F.cross_entropy(guesses.double(), true, reduction="sum"))
            right += int((guesses.argmax(dim=-1) == true).sum())
            kmers += len(true)
    model.train(was_training)
    return GuessingScore.of(nats, right, kmers)


def unigram_score(
    batches: Iterable[Batch], sequences: Sequence[str], vocabulary: Vocabulary
) -> GuessingScore:
    """Judge how often each k-mer is guessed right from its frequency alone.

    Parameters
    ----------
    batches
        What is judged.
    sequences
        Sequences to count k-mers in; one is added to each count.
    vocabulary
        Token ids.

    Examples
    --------
    >>> batch = {"labels": torch.tensor([[-100, 5, 5, -100]])}
    >>> unigram_score([batch], ["AAAAAA"], Vocabulary.canonical(1)).accuracy
    1.0
    """
    ids = tokenize(sequences, vocabulary).ids.ravel()
    counts = np.bincount(ids, minlength=vocabulary.size)[vocabulary.kmer_ids] + 1.0
    log_share = np.full(vocabulary.size, -math.inf)
    log_share[vocabulary.kmer_ids] = np.log(counts / counts.sum())
    nats, right, kmers = 0.0, 0, 0
    for batch in batches:
        true = batch["labels"][batch["labels"] != IGNORED].numpy()
        nats -= float(log_share[true].sum())
        right += int((true == log_share.argmax()).sum())
        kmers += len(true)
    return GuessingScore.of(nats, right, kmers)


def copying_score(
    batches: Iterable[Batch], sequences: Sequence[str], vocabulary: Vocabulary
) -> GuessingScore:
    """Judge a guess that reads every base off the k-mers that are shown, and guesses the others.

    K-mers overlap, so most bases of a hidden k-mer still stand in k-mers that are shown. This is
    the guess of one who knows that, and how frequent each base is, but nothing else of DNA; it is
    even told which of the hidden k-mers are shown as they are. What a model knows of DNA is what
    it guesses better than this.

    Parameters
    ----------
    batches
        What is judged; no sequence of it longer than one piece of 510 k-mers.
    sequences
        Sequences to count bases in.
    vocabulary
        Token ids.

    Examples
    --------
    The T in the middle of ACTGA is in every hidden 3-mer; half of the bases elsewhere are T:

    >>> true = torch.from_numpy(tokenize(["ACTGA"], Vocabulary.canonical(3)).ids).long()
    >>> labels = torch.where(true > 4, true, IGNORED)
    >>> shown = torch.where(true > 4, 4, true)
    >>> batch = {"ids": shown, "labels": labels, "lengths": torch.tensor([5])}
    >>> copying_score([batch], ["TTAC"], Vocabulary.canonical(3)).accuracy
    0.0
    """
    log_share = _log_share_of_bases(sequences)
    digits = _bases_of_tokens(vocabulary)
    nats, right, kmers = 0.0, 0, 0
    for batch in batches:
        shown, labels = batch["ids"].numpy(), batch["labels"].numpy()
        is_hidden = labels != IGNORED
        true = np.where(is_hidden, labels, shown)
        is_read = (true == shown) & (digits[true, 0] >= 0)
        unknown = ~_windows(_covered(is_read, vocabulary.k), vocabulary.k)[is_hidden]
        bases = digits[true[is_hidden]]
        nats -= float(np.where(unknown, log_share[bases], 0.0).sum())
        right += int(((bases == log_share.argmax()) | ~unknown).all(axis=1).sum())
        kmers += int(is_hidden.sum())
    return GuessingScore.of(nats, right, kmers)


def _log_share_of_bases(sequences: Sequence[str]) -> npt.NDArray[np.float64]:
    """Shape (4,): logarithm of the share of each base, in the order of :data:`BASES`."""
    counts = np.array([sum(s.count(base) for s in sequences) + 1.0 for base in BASES])
    return np.asarray(np.log(counts / counts.sum()))


def _bases_of_tokens(vocabulary: Vocabulary) -> npt.NDArray[np.int64]:
    """Shape (tokens, k): the bases of each k-mer as places in :data:`BASES`, -1 for others."""
    codes = np.arange(4**vocabulary.k)
    digits = np.full((vocabulary.size, vocabulary.k), -1)
    powers = 4 ** np.arange(vocabulary.k - 1, -1, -1)
    digits[vocabulary.kmer_ids] = codes[:, None] // powers % 4
    return digits


def _covered(is_read: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Shape (B, L + k - 1): whether a base is in a k-mer that is read, (B, L)."""
    covered = np.zeros((is_read.shape[0], is_read.shape[1] + k - 1), dtype=bool)
    for offset in range(k):
        covered[:, offset : offset + is_read.shape[1]] |= is_read
    return covered


def _windows(covered: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Shape (B, L, k): for each k-mer, which of its bases are covered."""
    return np.lib.stride_tricks.sliding_window_view(covered, k, axis=1)
