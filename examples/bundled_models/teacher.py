"""What the enhancer output learns from: a regression on motifs and k-mers.

Enhancers with a label are few and differ mostly in GC content from what they were compared with. A
network that reads the labels themselves soon knows these sequences by heart. A logistic regression
with a strong penalty does not: it is fitted to the labels, and its log-odds of sixty thousand
windows, of which most have no label, are what the network learns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pysam
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from data import (
    BASES,
    HELD_OUT_CONTIGS,
    Codes,
    known_stretches,
    reverse_complement,
)
from sampling import WINDOW, Item, between_shuffles, drawn_window, mutated, shuffled
from sklearn.linear_model import LogisticRegression
from sources import GENOME
from starting_point import MOTIFS
from torch import Tensor

from enhancer_variants.motifs import Pwm, bundled_motifs
from enhancer_variants.motifs.pwm import BASES as COLUMNS

__all__ = [
    "CHUNK",
    "CROPS",
    "SPREAD",
    "EnhancerRegression",
    "MotifCounts",
    "TaughtWindows",
    "read_taught",
    "taught_windows",
    "word_counts",
    "write_taught",
]

_WORDS: Final = {5: 1.0, 6: 0.5}
"""Lengths of the k-mers that are counted, and by what the counts are multiplied."""

_INVERSE_PENALTY: Final = 3e-4
SPREAD: Final = 0.05
CROPS: Final = 4
"""Windows of an enhancer or a negative that is longer than two of them ..."""

_LONG_WEIGHT: Final = 2.0
"""... which together weigh as much as so many others: GC content tells these apart least."""

_SITE_SHARE: Final = 0.6
_LARGEST_POWER: Final = 20.0
_NO_SITE: Final = 0.01
CHUNK: Final = 128
_MUTATED: Final = (0.0, 0.02, 0.1)
_FROM_GENOME: Final = 10_000
_FROM_FACTORS: Final = 8_000
_FROM_PEAKS: Final = 6_000
_SHUFFLED: Final = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class TaughtWindows:
    """Windows, and what the regression says of them.

    Attributes
    ----------
    windows
        Codes (n, 200).
    log_odds
        That each is an enhancer, natural logarithm (n,).
    """

    windows: npt.NDArray[np.uint8]
    log_odds: npt.NDArray[np.float64]

    def draw(
        self, size: int, generator: np.random.Generator
    ) -> tuple[list[Codes], npt.NDArray[np.float64]]:
        """Draw windows, each on either strand, with their log-odds."""
        places = generator.integers(0, len(self.log_odds), size)
        drawn = [
            reverse_complement(self.windows[place])
            if generator.random() < 0.5
            else self.windows[place]
            for place in places
        ]
        return drawn, self.log_odds[places]


def taught_windows(items: Mapping[str, Sequence[Item]], data: Path, seed: int) -> TaughtWindows:
    """Fit the regression to the enhancers, and ask it about windows of every kind."""
    generator = np.random.default_rng([seed, 11])
    regression = EnhancerRegression(items["enhancer"], generator)
    windows = _windows(items, data, generator)
    print(f"{len(windows)} windows to learn enhancers from", flush=True)
    parts = range(CHUNK, len(windows), CHUNK)
    log_odds = [regression.log_odds(chunk) for chunk in np.array_split(windows, parts)]
    return TaughtWindows(windows, np.concatenate(log_odds))


def write_taught(taught: TaughtWindows, path: Path) -> None:
    """Write windows to a file."""
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, windows=taught.windows, log_odds=taught.log_odds)
    partial.replace(path)


def read_taught(path: Path) -> TaughtWindows:
    """Read what `write_taught` wrote."""
    with np.load(path) as stored:
        return TaughtWindows(stored["windows"], stored["log_odds"])


class EnhancerRegression:
    """Logistic regression on motifs and k-mers of both strands.

    Parameters
    ----------
    items
        Enhancers and their negatives.
    generator
        Which windows of long ones.
    """

    def __init__(self, items: Sequence[Item], generator: np.random.Generator) -> None:
        self._motifs = MotifCounts()
        windows, classes, weights = [], [], []
        for item in items:
            few = CROPS if len(item.codes) > 2 * WINDOW else 1
            for _ in range(few):
                window = drawn_window(item.codes, generator)
                if len(window) == WINDOW:
                    windows.append(window)
                    classes.append(item.value)
                    weights.append(_LONG_WEIGHT / few if few > 1 else 1.0)
        features = self._features(np.stack(windows))
        self._mean, self._deviation = features.mean(0), features.std(0) + SPREAD
        self._fitted = LogisticRegression(
            C=_INVERSE_PENALTY, max_iter=300, class_weight="balanced"
        ).fit(self._scaled(features), classes, sample_weight=weights)

    def log_odds(self, windows: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """Log-odds (n,) of windows (n, 200)."""
        decided: npt.NDArray[np.float64] = self._fitted.decision_function(
            self._scaled(self._features(windows))
        )
        return decided

    def _features(self, windows: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        parts = np.array_split(windows, range(CHUNK, len(windows), CHUNK))
        motifs = np.concatenate([self._motifs.of(part) for part in parts])
        return np.hstack([motifs, *(np.sqrt(word_counts(windows, k)) for k in _WORDS)])

    def _scaled(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        scaled = (features - self._mean) / self._deviation
        first = self._motifs.number
        for k, factor in _WORDS.items():
            end = first + _number_of_words(k)
            scaled[:, first:end] *= factor
            first = end
        return scaled


class MotifCounts:
    """Best score, and soft count of sites, of every bundled motif."""

    def __init__(self) -> None:
        order = [COLUMNS.index(base) for base in BASES]
        pwms = [Pwm.from_motif(motif) for motif in bundled_motifs(MOTIFS)]
        strands = [s for pwm in pwms for s in (pwm, pwm.reverse_complement())]
        self.number = 2 * len(pwms)
        self._longest = max(len(pwm.scores) for pwm in pwms)
        weights = np.zeros((len(strands), self._longest, 4), np.float32)
        for row, pwm in enumerate(strands):
            weights[row, : len(pwm.scores)] = pwm.scores[:, order]
        self._weights = torch.from_numpy(weights.reshape(len(strands), -1)).T
        self._lengths = torch.tensor([len(pwm.scores) for pwm in strands])
        self._thresholds = torch.tensor([_SITE_SHARE * pwm.largest_score for pwm in strands])

    @torch.inference_mode()
    def of(self, windows: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features (n, 2 x motifs) of windows (n, L)."""
        count, length = windows.shape
        bases = F.one_hot(torch.from_numpy(windows).long(), 4).float()
        padded = F.pad(bases, (0, 0, 0, self._longest - 1))
        placed = padded.unfold(1, self._longest, 1).transpose(2, 3).reshape(count, length, -1)
        scores: Tensor = placed @ self._weights
        beyond = torch.arange(length)[:, None] + self._lengths > length
        scores.masked_fill_(beyond, -100.0)
        best = scores.amax(1).reshape(count, -1, 2).amax(2)
        power = (scores - self._thresholds).clamp_(-_LARGEST_POWER, _LARGEST_POWER)
        sites = power.exp2_().sum(1).reshape(count, -1, 2).sum(2)
        return torch.cat([best, torch.log2(sites + _NO_SITE)], 1).numpy()


def word_counts(windows: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.float32]:
    """Count the k-mers of each window (n, words), a word and its reverse complement as one."""
    powers = 4 ** np.arange(k)[::-1]
    words = np.lib.stride_tricks.sliding_window_view(windows, k, axis=1) @ powers
    turned = np.lib.stride_tricks.sliding_window_view(windows ^ 1, k, axis=1) @ powers[::-1]
    _, place = np.unique(_either_strand(k), return_inverse=True)
    counts = np.zeros((len(windows), _number_of_words(k)), np.float32)
    rows = np.arange(len(windows))[:, None]
    np.add.at(counts, (rows, place[np.minimum(words, turned)]), 1)
    return counts


def _either_strand(k: int) -> npt.NDArray[np.int64]:
    """For each k-mer the smaller number of its two strands."""
    numbers = np.arange(4**k)
    turned = np.zeros_like(numbers)
    for place in range(k):
        turned = turned * 4 + (((numbers >> (2 * place)) & 3) ^ 1)
    return np.minimum(numbers, turned)


def _number_of_words(k: int) -> int:
    return len(np.unique(_either_strand(k)))


def _windows(
    items: Mapping[str, Sequence[Item]], data: Path, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Windows of enhancers, also changed ones, of sites, shuffled ones, and of the genome."""
    drawn: list[Codes] = []
    for item in items["enhancer"]:
        for share in _MUTATED:
            few = CROPS if len(item.codes) > 2 * WINDOW else 1
            drawn += [
                mutated(drawn_window(item.codes, generator), share, generator) for _ in range(few)
            ]
    others, peaks = [*items["ctcf"], *items["nanog"]], items["h1esc"]
    for place in generator.integers(0, len(others), _FROM_FACTORS):
        drawn.append(drawn_window(others[place].codes, generator))
    for place in generator.integers(0, len(peaks), _FROM_PEAKS):
        drawn.append(between_shuffles(peaks[place].codes, generator))
    drawn = [codes for codes in drawn if len(codes) == WINDOW]
    for place in generator.integers(0, len(drawn), _SHUFFLED):
        drawn.append(shuffled(drawn[place], generator))
    return np.stack([*drawn, *_from_genome(data, generator)])


def _from_genome(data: Path, generator: np.random.Generator) -> list[Codes]:
    """Windows of the known bases outside the held-out contigs."""
    with pysam.FastaFile(str(data / next(iter(GENOME)))) as genome:
        stretches = [
            stretch
            for contig in genome.references
            if contig not in HELD_OUT_CONTIGS
            for stretch in known_stretches(genome.fetch(contig))
            if len(stretch) >= WINDOW
        ]
    spare = np.array([len(stretch) - WINDOW + 1 for stretch in stretches])
    ends = np.cumsum(spare)
    drawn = []
    for place in generator.integers(0, ends[-1], _FROM_GENOME):
        row = int(np.searchsorted(ends, place, side="right"))
        start = int(place - (ends[row] - spare[row]))
        drawn.append(stretches[row][start : start + WINDOW])
    return drawn
