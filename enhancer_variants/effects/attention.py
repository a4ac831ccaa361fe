"""How much a model looks at each base: attention of [CLS], from whose state it answers.

The last layer's attention weights of [CLS], summed over the heads, are one number for each
token; the score of a base is their mean over the k-mers that cover it. This is what
``run_finetune.py --do_visualize`` of DNABERT computes (Ji Y et al. 2021, Bioinformatics
37:2112-2120), with one difference: the published code takes as many of the tokens behind [CLS]
as a sequence of `max_seq_length` bases has k-mers, and gives a score to each of those bases.
Where the sequence is shorter than that, [SEP] and padding are among these tokens: they add to
the sequence's last k - 1 bases, get scores of their own behind its end, and lower all others by
way of the norm. The layout ``bases`` takes the sequence's own k-mers and nothing else; ``dnabert``
is the published one, for those who compare with published scores. Both are the same where the
sequence has `max_seq_length` bases.

Attention says where a model looks, not in which direction a base moves the answer: that is what
saturation mutagenesis says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from enhancer_variants.errors import InputError, WindowLengthError
from enhancer_variants.models import Model, Tokens, tokenize, truncate
from enhancer_variants.models.prediction import rows_at_once
from enhancer_variants.models.tokens import KMERS_PER_PIECE

__all__ = ["AttentionLayout", "AttentionTrack", "attention_scores", "attention_track"]

AttentionLayout = Literal["bases", "dnabert"]
"""What a row of scores is: the sequence's bases, or the published code's `max_seq_length`."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AttentionTrack:
    """Attention along one sequence, ready to be drawn.

    Parameters
    ----------
    sequence
        The bases, 5' to 3'.
    scores
        Shape ``(len(sequence),)``. Copied, and read-only from then on.
    contig
        Where the sequence lies; None where it lies nowhere.
    start
        0-based position of its first base.

    Raises
    ------
    InputError
        If there is not one score for each base.

    Examples
    --------
    >>> track = AttentionTrack("GATTACA", [0, 0, 0.6, 0.8, 0, 0, 0], "chr1", 100)
    >>> track.end, int(track.positions[track.scores.argmax()])
    (107, 103)
    """

    sequence: str
    scores: Scores
    contig: str | None = None
    start: int = 0

    def __post_init__(self) -> None:
        scores = np.array(self.scores, dtype=np.float64)
        if scores.shape != (len(self.sequence),):
            raise InputError(
                f"attention scores of shape {scores.shape} for {len(self.sequence)} bases; "
                "expected one for each"
            )
        scores.flags.writeable = False
        object.__setattr__(self, "scores", scores)

    @property
    def end(self) -> int:
        """0-based position behind the last base."""
        return self.start + len(self.sequence)

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """0-based position of each base."""
        return np.arange(self.start, self.end, dtype=np.int64)


def attention_track(
    model: Model,
    sequence: str,
    *,
    contig: str | None = None,
    start: int = 0,
    normalise: bool = True,
) -> AttentionTrack:
    """Attention along one sequence.

    Parameters
    ----------
    model
        The model.
    sequence
        Bases, 5' to 3'.
    contig, start
        Where the sequence lies: a contig's name and the 0-based position of its first base.
    normalise
        Whether the squares of the scores sum to 1.

    Returns
    -------
    AttentionTrack
        The scores of :func:`attention_scores` in the layout ``bases``.

    Raises
    ------
    WindowLengthError
        If the model does not read so many bases.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> track = attention_track(load_model(demo_files().model), "ACGTTGCA", contig="1", start=99)
    >>> track.positions[0].item(), track.end, round((track.scores**2).sum().item(), 6)
    (99, 107, 1.0)
    """
    scores = attention_scores(model, [sequence], normalise=normalise)[0]
    return AttentionTrack(sequence, scores, contig, start)


def attention_scores(
    model: Model,
    sequences: Sequence[str],
    *,
    layout: AttentionLayout = "bases",
    normalise: bool = True,
    batch_size: int | Literal["auto"] = "auto",
    progress: Callable[[int], None] | None = None,
) -> Scores:
    """Score every base by the attention that [CLS] pays to the k-mers that cover it.

    Parameters
    ----------
    model
        The model. Its padding is attended, or not, as when it predicts.
    sequences
        n DNA sequences, of any lengths.
    layout
        ``bases``: one score for each base of the sequence, from its own k-mers alone.
        ``dnabert``: as the published code, `max_seq_length` scores whatever the sequence's length,
        [SEP] and padding among the k-mers; longer sequences are cut as that code cuts them.
    normalise
        Whether each row is divided by its Euclidean norm, as in the published code. Rows of
        different sequences are otherwise parts of a sum that is the number of heads.
    batch_size
        Rows computed at once; ``auto`` keeps the memory bounded. It changes scores by rounding
        only.
    progress
        Called behind each batch with the number of rows in it, as ``tqdm.update`` wants it.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, longest)``, float64, in the order of `sequences`; NaN behind a sequence's
        end, and throughout one that is shorter than k. With ``dnabert``, shape
        ``(n, max_seq_length)`` and no NaN. Scores are 0 or above.

    Raises
    ------
    InputError
        If the layout is none.
    WindowLengthError
        If, in the layout ``bases``, a sequence has more bases than the model reads.
    ModelError
        If the batch size is not a positive number.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> model = load_model(demo_files().model)
    >>> scores = attention_scores(model, ["ACGTTGCA", "ACGTTG"])
    >>> scores.shape, np.isnan(scores).sum(axis=1).tolist()
    ((2, 8), [0, 2])
    >>> attention_scores(model, ["ACGTTGCA"], layout="dnabert").shape
    (1, 200)
    """
    if layout not in get_args(AttentionLayout):
        raise InputError(f"attention layout {layout!r}; expected 'bases' or 'dnabert'")
    tokens = tokenize(sequences, model.vocabulary)
    if layout == "bases":
        _require_fitting(model, sequences)
    tokens = truncate(tokens, model.token_limit)
    if layout == "bases":
        lengths = np.fromiter(map(len, sequences), np.int64, count=len(sequences))
        scores = np.full((len(sequences), lengths.max(initial=0)), np.nan)
    else:
        scores = np.zeros((len(sequences), model.token_limit))
    for rows, weights in _cls_attention(model, tokens, batch_size):
        if layout == "bases":
            of_bases = _scores_of_bases(weights, lengths[rows], model.vocabulary.k)
        else:
            of_bases = _scores_as_published(weights, model.token_limit, model.vocabulary.k)
        scores[rows, : of_bases.shape[1]] = of_bases
        if progress is not None:
            progress(len(rows))
    return _normalised(scores) if normalise else scores


def _require_fitting(model: Model, sequences: Sequence[str]) -> None:
    for row, sequence in enumerate(sequences):
        if len(sequence) > model.longest:
            raise WindowLengthError(
                f"{model.name}: sequence {row} (counted from 0) has {len(sequence)} bases; "
                f"expected at most {model.longest}, which is what {model.token_limit} tokens hold"
            )


def _cls_attention(
    model: Model, tokens: Tokens, batch_size: int | Literal["auto"]
) -> Iterator[tuple[npt.NDArray[np.intp], Scores]]:
    """Rows of a batch, and the attention of [CLS] to each of their tokens: (B, L), float64."""
    # Attended padding has to be there; other padding need not.
    attended = model.token_limit if model.padding == "dnabert" else 0
    at_once = rows_at_once(model, max(attended, tokens.ids.shape[1]), batch_size)
    by_length = np.argsort(tokens.lengths, kind="stable")
    for start in range(0, len(by_length), at_once):
        rows = by_length[start : start + at_once]
        lengths = tokens.lengths[rows]
        longest = int(lengths.max())
        ids = np.full((len(rows), max(attended, longest)), model.vocabulary.pad, dtype=np.int32)
        ids[:, :longest] = tokens.ids[rows, :longest]
        with torch.inference_mode():
            weights = model.network.attention_weights(
                torch.from_numpy(ids).to(model.device),
                torch.from_numpy(lengths).to(model.device),
                padding=model.padding,
                cls_only=True,
            )
            of_cls = weights[:, :, 0].sum(dim=1)
        yield rows, of_cls.cpu().numpy().astype(np.float64)


def _scores_of_bases(weights: Scores, bases: npt.NDArray[np.int64], k: int) -> Scores:
    """Mean of the weights of a sequence's own k-mers over each base, NaN where there is none."""
    kmers = np.maximum(bases - k + 1, 0)
    numbers = np.arange(kmers.max(initial=0))
    # Each piece of a long sequence is between a [CLS] and a [SEP] of its own.
    of_kmers = weights[:, 1 + numbers + 2 * (numbers // KMERS_PER_PIECE)]
    present = numbers < kmers[:, None]
    covering = _sum_over_kmers(present.astype(np.float64), k)
    sums = _sum_over_kmers(np.where(present, of_kmers, 0.0), k)
    return np.divide(sums, covering, out=np.full_like(sums, np.nan), where=covering > 0)


def _scores_as_published(weights: Scores, max_seq_length: int, k: int) -> Scores:
    """Mean of the weights of the tokens behind [CLS], taken for k-mers, over each base."""
    behind_cls = np.zeros((len(weights), max(max_seq_length - k + 1, 0)))
    taken = weights[:, 1 : 1 + behind_cls.shape[1]]
    behind_cls[:, : taken.shape[1]] = taken
    # The published code means to drop [SEP] here, as the token before the first one that is not
    # attended at all. With its own padding, which is attended, there never is such a token.
    unattended = behind_cls[:, 1:] == 0
    rows = np.flatnonzero(unattended.any(axis=1))
    behind_cls[rows, unattended[rows].argmax(axis=1)] = 0
    covering = _sum_over_kmers(np.ones_like(behind_cls[:1]), k)
    return _sum_over_kmers(behind_cls, k) / covering


def _sum_over_kmers(of_kmers: Scores, k: int) -> Scores:
    """Sum over the k-mers that cover each base: (B, k-mers) to (B, k-mers + k - 1)."""
    n, kmers = of_kmers.shape
    sums = np.zeros((n, kmers + k - 1 if kmers else 0))
    for base in range(k):
        sums[:, base : base + kmers] += of_kmers
    return sums


def _normalised(scores: Scores) -> Scores:
    norms = np.sqrt(np.nansum(scores**2, axis=1, keepdims=True))
    return np.asarray(np.divide(scores, norms, out=scores, where=norms > 0))
