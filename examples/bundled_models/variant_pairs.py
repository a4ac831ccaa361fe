"""Single-base changes of training sequences, with what they change of all motifs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from data import Codes, reverse_complement, text_of
from sampling import WINDOW, Item, drawn_window
from starting_point import MOTIFS

import enhancer_variants as ev

__all__ = ["VariantPairs", "drawn_pairs", "read_pairs", "write_pairs"]

_DRAWN: Final = 16_000
_NEGATIVES: Final = 1_500
_EDGE: Final = 30
_WATCHED: Final = 1_000
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
    """

    references: npt.NDArray[np.uint8]
    alternatives: npt.NDArray[np.uint8]
    shifts: npt.NDArray[np.float64]

    @property
    def trained_on(self) -> int:
        """How many, from the first, are trained on; the others are to watch."""
        return len(self.shifts) - _WATCHED

    def draw(
        self, size: int, generator: np.random.Generator
    ) -> tuple[list[Codes], list[Codes], npt.NDArray[np.float64]]:
        """Draw changes, each on either strand: references, alternatives, sums."""
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
        return references, alternatives, self.shifts[places]


def drawn_pairs(items: Mapping[str, Sequence[Item]], seed: int) -> VariantPairs:
    """Change one base each of training sequences, enhancers twice as often as others."""
    generator = np.random.default_rng([seed, 7])
    positives = {task: [i for i in items[task] if i.value == 1] for task in items}
    negatives = {task: [i for i in items[task] if i.value == 0] for task in items}
    chosen = positives["enhancer"] * 2 + positives["ctcf"] + positives["nanog"]
    chosen += negatives["ctcf"][:_NEGATIVES] + negatives["nanog"][:_NEGATIVES]
    order = generator.permutation(len(chosen))[:_DRAWN]
    windows = [drawn_window(chosen[place].codes, generator) for place in order]
    references = np.stack([window for window in windows if len(window) == WINDOW])
    alternatives = references.copy()
    rows = np.arange(len(references))
    places = generator.integers(_EDGE, WINDOW - _EDGE, len(references))
    # Another base of the four, in any case.
    steps = generator.integers(1, 4, len(references), dtype=np.uint8)
    alternatives[rows, places] = (alternatives[rows, places] + steps) % 4
    print(f"scoring {len(rows)} changes with {MOTIFS}", flush=True)
    return VariantPairs(references, alternatives, _shift_sums(references, alternatives))


def write_pairs(pairs: VariantPairs, path: Path) -> None:
    """Write changes to a file."""
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        references=pairs.references,
        alternatives=pairs.alternatives,
        shifts=pairs.shifts,
    )
    partial.replace(path)


def read_pairs(path: Path) -> VariantPairs:
    """Read what `write_pairs` wrote."""
    with np.load(path) as stored:
        return VariantPairs(stored["references"], stored["alternatives"], stored["shifts"])


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
