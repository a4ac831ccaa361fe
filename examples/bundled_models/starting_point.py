"""Where training starts: motifs of JASPAR as filters, and logistic regressions on k-mers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from data import BASES, Codes, reverse_complement
from sampling import Item, central_window
from scan_network import KMER, SEEN, WORD_SIZE
from sklearn.linear_model import LogisticRegression

from enhancer_variants.motifs import Pwm, bundled_motifs
from enhancer_variants.motifs.pwm import BASES as COLUMNS
from enhancer_variants.motifs.shift_sum import motif_similarity

__all__ = ["MOTIFS", "MotifFilters", "motif_filters", "word_meanings"]

MOTIFS: Final = "JASPAR2024"

NAMED: Final = (
    *("CTCF", "SRF", "TEAD4", "USF1", "YY1", "ZNF143", "TBP", "Pou5f1::Sox2", "Sox2", "GABPA"),
    *("NRF1", "NFYA", "SP1", "CREB1", "TCF12", "FOS::JUN", "GATA1::TAL1", "FOXA1", "CEBPB"),
    *("HNF4A", "RFX1", "IRF1", "NFE2L2", "KLF4", "REST", "ESRRB", "ZIC3", "TFAP2A", "EBF1"),
    *("RUNX1", "SPI1", "MEF2A", "NFIC", "MYC", "E2F1", "THAP11", "HINFP", "ZBTB33", "RELA"),
    "STAT3",
)
"""Factors whose motifs have a hit of their own, those of the labels and of the cells first."""

_ALIKE: Final = 0.6
"""One motif stands for all whose scores correlate with its own at least so much ..."""

_COVERED: Final = 0.9
"""... unless it is a named one's near copy."""

_GAIN: Final = 8.0
"""What a filter gives for the best possible site, above one of none."""

_SITE_SHARE: Final = 0.45
"""Share of the largest score at which a filter gives 0."""

_REGRESSIONS: Final = (("enhancer", "enhancer"), ("nanog", "NANOG"), ("ctcf", "CTCF"))
"""Task and label of each."""

_PENALTY: Final = 1e-4
_SPREAD: Final = 0.25
_LARGEST_WEIGHT: Final = 0.55


@dataclass(frozen=True, slots=True, eq=False)
class MotifFilters:
    """Motifs as filters, two in a row for the two strands.

    Attributes
    ----------
    filters
        (n, 30, 4), in the order of `data.BASES`.
    thresholds
        (n,): what is added to them.
    named
        For each hit the filters that it is the sum of.
    """

    filters: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    named: tuple[tuple[int, int], ...]


def motif_filters() -> MotifFilters:
    """Make filters of a few motifs that stand for all: those of `NAMED`, then others by kind."""
    motifs = bundled_motifs(MOTIFS)
    pwms = [Pwm.from_motif(motif) for motif in motifs]
    names = [motif.name.upper() for motif in motifs]
    named = []
    for name in NAMED:
        of_factor = [place for place, found in enumerate(names) if found == name.upper()]
        if not of_factor:
            raise ValueError(f"no motif of {MOTIFS} is called {name}")
        named.append(max(of_factor, key=lambda place: pwms[place].largest_score))
    similarity = motif_similarity(pwms, pwms)
    others = [
        place
        for place in _representatives(similarity)
        if place not in named and similarity[place, named].max() < _COVERED
    ]
    filters = [
        _filter(strand)
        for place in named + others
        for strand in (pwms[place], pwms[place].reverse_complement())
    ]
    shares = np.stack(filters)
    means = shares.mean(2, keepdims=True)
    return MotifFilters(
        _GAIN * (shares - means),
        _GAIN * (means.sum((1, 2)) - _SITE_SHARE),
        tuple((2 * hit, 2 * hit + 1) for hit in range(len(named))),
    )


def word_meanings(items: Mapping[str, Sequence[Item]], seed: int) -> npt.NDArray[np.float64]:
    """Give each k-mer (4096, 16) its weights in three logistic regressions, at unit length.

    Column 3 makes the sum 0; the others fill up the length with pairs that do so too.
    """
    words = np.zeros((4**KMER, WORD_SIZE))
    for column, (task, label) in enumerate(_REGRESSIONS):
        counts = kmer_counts([item.codes for item in items[task]])
        classes = [item.value for item in items[task]]
        spread = counts.std(0) + 0.05
        regression = LogisticRegression(C=_PENALTY, max_iter=200, random_state=seed)
        regression.fit((counts - counts.mean(0)) / spread, classes)
        weights = regression.coef_[0] / spread
        weights -= weights.mean()
        words[:, column] = np.clip(
            _SPREAD * weights / weights.std(), -_LARGEST_WEIGHT, _LARGEST_WEIGHT
        )
        print(f"6-mer regression of {label}: {len(classes)} sequences", flush=True)
    left = 1 - (words**2).sum(1)
    words[:, 3] = -words.sum(1)
    others = WORD_SIZE - 4
    words[:, 4:] = np.sqrt(np.maximum(0.02, left) / others)[:, None] * ([1, -1] * (others // 2))
    return words


def kmer_counts(sequences: Sequence[Codes]) -> npt.NDArray[np.float32]:
    """Count the 6-mers of each sequence's window on both strands, as of 195 in all."""
    counts = np.zeros((len(sequences), 4**KMER), np.float32)
    powers = 4 ** np.arange(KMER)[::-1]
    for row, codes in enumerate(sequences):
        window = central_window(codes)
        for strand in (window, reverse_complement(window)):
            kmers = np.lib.stride_tricks.sliding_window_view(strand, KMER) @ powers
            counts[row] += np.bincount(kmers, minlength=4**KMER)
    return counts / counts.sum(1, keepdims=True) * 195


def _representatives(similarity: npt.NDArray[np.float64]) -> list[int]:
    """Motifs that together are like all others, the one with the most like it first."""
    alike = similarity >= _ALIKE
    left = np.ones(len(similarity), bool)
    chosen = []
    while left.any():
        covers = (alike & left).sum(1) * left
        chosen.append(int(np.argmax(covers)))
        left &= ~alike[chosen[-1]]
        left[chosen[-1]] = False
    return chosen


def _filter(pwm: Pwm) -> npt.NDArray[np.float64]:
    """Scores of a motif in the middle of 30 places, as shares of the largest (30, 4)."""
    scores = pwm.scores[:, [COLUMNS.index(base) for base in BASES]]
    if len(scores) > SEEN:
        scores = scores[1 : SEEN + 1]
    start = SEEN // 2 - len(scores) // 2
    placed = np.zeros((SEEN, 4))
    placed[start : start + len(scores)] = scores
    return placed / scores.max(1).sum()
