"""Single-base changes of training sequences, with what motifs say that they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from data import Codes, reverse_complement, text_of
from occupancy import MOTIFS_OF_FACTOR, FactorMotifs
from sampling import FACTORS, WINDOW, Item, between_shuffles, drawn_window
from starting_point import MOTIFS

import enhancer_variants as ev

__all__ = ["VariantPairs", "drawn_pairs", "read_pairs", "write_pairs"]

_DRAWN: Final = 16_000
_NEGATIVES: Final = 1_500
_AIMED: Final = 1_400
"""Changes within the best site of each factor that has a motif."""

_EDGE: Final = 30
_WATCHED: Final = 2_000
_CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class VariantPairs:
    """Windows with a base changed.

    Attributes
    ----------
    references, alternatives
        Codes (n, 200).
    shifts
        Sum of the changes of all motifs, bits (n,): the column motif_shift_sum.
    factors
        Change of each factor's log2 odds by its own motif (n, 14), in the order of
        `sampling.FACTORS`; NaN for a factor without one.
    """

    references: npt.NDArray[np.uint8]
    alternatives: npt.NDArray[np.uint8]
    shifts: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float64]

    @property
    def trained_on(self) -> int:
        """How many, from the first, are trained on; the others are to watch."""
        return len(self.shifts) - _WATCHED

    def draw(
        self, size: int, generator: np.random.Generator
    ) -> tuple[list[Codes], list[Codes], npt.NDArray[np.intp]]:
        """Draw changes, each on either strand: references, alternatives, their places."""
        places = generator.integers(0, self.trained_on, size)
        turned = generator.random(size) < 0.5
        sides = (self.references[places], self.alternatives[places])
        references, alternatives = (
            [
                reverse_complement(row) if turn else row
                for row, turn in zip(rows, turned, strict=True)
            ]
            for rows in sides
        )
        return references, alternatives, places


def drawn_pairs(items: Mapping[str, Sequence[Item]], seed: int) -> VariantPairs:
    """Change one base each of training sequences: anywhere, and in the sites of the factors."""
    generator = np.random.default_rng([seed, 7])
    motifs = FactorMotifs(MOTIFS)
    windows, places = _anywhere(items, generator)
    for factor in MOTIFS_OF_FACTOR:
        more, within = _in_sites(factor, items, motifs, generator)
        windows, places = windows + more, places + within
    order = generator.permutation(len(windows))
    references = np.stack([windows[row] for row in order])
    changed = np.array(places)[order]
    alternatives, rows = references.copy(), np.arange(len(references))
    # Another base of the four, in any case.
    steps = generator.integers(1, 4, len(references), dtype=np.uint8)
    alternatives[rows, changed] = (alternatives[rows, changed] + steps) % 4
    print(f"scoring {len(rows)} changes with {MOTIFS}", flush=True)
    before, after = motifs.log_odds(references), motifs.log_odds(alternatives)
    factors = np.full((len(rows), len(FACTORS)), np.nan)
    for factor in MOTIFS_OF_FACTOR:
        factors[:, FACTORS.index(factor)] = after[factor] - before[factor]
    return VariantPairs(references, alternatives, _shift_sums(references, alternatives), factors)


def write_pairs(pairs: VariantPairs, path: Path) -> None:
    """Write changes to a file."""
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        references=pairs.references,
        alternatives=pairs.alternatives,
        shifts=pairs.shifts,
        factors=pairs.factors,
    )
    partial.replace(path)


def read_pairs(path: Path) -> VariantPairs:
    """Read what `write_pairs` wrote."""
    with np.load(path) as stored:
        return VariantPairs(
            stored["references"], stored["alternatives"], stored["shifts"], stored["factors"]
        )


def _anywhere(
    items: Mapping[str, Sequence[Item]], generator: np.random.Generator
) -> tuple[list[Codes], list[int]]:
    """Windows, enhancers twice as often as others, and a base of each."""
    positives = {task: [i for i in items[task] if i.value == 1] for task in items}
    negatives = {task: [i for i in items[task] if i.value == 0] for task in items}
    chosen = positives["enhancer"] * 2 + positives["ctcf"] + positives["nanog"]
    chosen += negatives["ctcf"][:_NEGATIVES] + negatives["nanog"][:_NEGATIVES]
    order = generator.permutation(len(chosen))[:_DRAWN]
    windows = [drawn_window(chosen[place].codes, generator) for place in order]
    windows = [window for window in windows if len(window) == WINDOW]
    return windows, generator.integers(_EDGE, WINDOW - _EDGE, len(windows)).tolist()


def _in_sites(
    factor: str,
    items: Mapping[str, Sequence[Item]],
    motifs: FactorMotifs,
    generator: np.random.Generator,
) -> tuple[list[Codes], list[int]]:
    """Windows of a factor's peaks, and a base of the best site of each."""
    task = factor.lower() if factor.lower() in items else "h1esc"
    peaks = [item for item in items[task] if item.label == factor and item.value == 1]
    chosen = [peaks[place].codes for place in generator.permutation(len(peaks))[:_AIMED]]
    windows = [
        between_shuffles(codes, generator)
        if len(codes) < WINDOW
        else drawn_window(codes, generator)
        for codes in chosen
    ]
    windows = [window for window in windows if len(window) == WINDOW]
    sites = motifs.best_places(factor, windows)
    return windows, [int(generator.integers(first, last)) for first, last in sites]


def _shift_sums(
    references: npt.NDArray[np.uint8], alternatives: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    scorer = ev.VariantScorer(None, motifs=MOTIFS)
    sums = []
    for start in range(0, len(references), _CHUNK):
        part = slice(start, start + _CHUNK)
        table = scorer.score_sequences(
            [text_of(row) for row in references[part]],
            [text_of(row) for row in alternatives[part]],
        )
        sums.append(table["motif_shift_sum"].to_numpy(dtype=np.float64))
    return np.concatenate(sums)
