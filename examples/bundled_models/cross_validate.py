"""How the regression that teaches the enhancer output was chosen: cross-validation by contig.

    python examples/bundled_models/cross_validate.py --data DIR --table FILE

Only training sequences are read. A fifth of the contigs (and of the sequences that name none) is
left out at a time; a line gives, for one choice of features, penalty and weight of long sequences,
the AUROC on what was left out, of all sequences and of as many of either class at every GC content.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from data import Example, read_examples, text_of, training_examples
from development import gc_matched
from sampling import WINDOW, central_window, drawn_window
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from teacher import CHUNK, CROPS, SPREAD, MotifCounts, word_counts

PARTS: Final = 5
COLLECTIONS: Final = ("ienhancer", "sample200", "sample202", "nhlf")


@dataclass(frozen=True, slots=True)
class Choice:
    """Features (``motifs``, or the length of k-mers) with their factors, penalty and weight."""

    features: tuple[tuple[str, float], ...]
    inverse_penalty: float
    long_weight: float = 1.0


CHOICES: Final = (
    *(Choice(((k, 1.0),), c) for k in "456" for c in (1e-4, 1e-3, 1e-2)),
    *(Choice((("motifs", 1.0),), c) for c in (1e-4, 1e-3)),
    *(
        Choice((("motifs", 1.0), ("5", 1.0), ("6", 0.5)), c, weight)
        for c in (3e-4, 1e-3)
        for weight in (1.0, 2.0, 3.0)
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of the sequences: first the middle of each, then others of the long ones."""

    codes: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.int_]
    shares: npt.NDArray[np.float64]


def windows_of(examples: Sequence[Example]) -> Windows:
    generator = np.random.default_rng(0)
    long = [place for place, e in enumerate(examples) if len(e.codes) > 2 * WINDOW]
    codes = [central_window(example.codes) for example in examples]
    codes += [drawn_window(examples[place].codes, generator) for place in long * (CROPS - 1)]
    owners = np.array([*range(len(examples)), *long * (CROPS - 1)])
    return Windows(np.stack(codes), owners, 1 / np.bincount(owners)[owners])


def features_of(windows: Windows) -> dict[str, npt.NDArray[np.float32]]:
    chunks = np.array_split(windows.codes, range(CHUNK, len(windows.codes), CHUNK))
    motifs = MotifCounts()
    found = {"motifs": np.concatenate([motifs.of(chunk) for chunk in chunks])}
    found |= {str(k): np.sqrt(word_counts(windows.codes, k)) for k in (4, 5, 6)}
    return {name: (of - of.mean(0)) / (of.std(0) + SPREAD) for name, of in found.items()}


def part_of(example: Example) -> int:
    key = example.contig or text_of(example.codes)
    return zlib.crc32(key.encode("ascii")) % PARTS


def left_out_scores(
    features: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int_],
    windows: Windows,
    parts: npt.NDArray[np.int_],
    weights: npt.NDArray[np.float64],
    inverse_penalty: float,
) -> npt.NDArray[np.float64]:
    """Log-odds of the middle of each sequence by the regression that did not see its contig."""
    scores = np.zeros(len(classes))
    for part in range(PARTS):
        seen = parts[windows.owners] != part
        regression = LogisticRegression(
            C=inverse_penalty, max_iter=200, class_weight="balanced"
        ).fit(features[seen], classes[windows.owners][seen], sample_weight=weights[seen])
        out = np.flatnonzero(parts == part)
        scores[out] = regression.decision_function(features[out])
    return scores


def areas(
    scores: npt.NDArray[np.float64],
    classes: npt.NDArray[np.int_],
    windows: Windows,
    chosen: npt.NDArray[np.bool_],
) -> str:
    places = np.flatnonzero(chosen)
    matched = gc_matched([windows.codes[place] for place in places], classes[places])
    every = roc_auc_score(classes[places], scores[places])
    return f"{every:.3f} / {roc_auc_score(classes[places][matched], scores[places][matched]):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare regressions by cross-validation.")
    parser.add_argument("--data", type=Path, required=True, help="folder of sources.py's files")
    parser.add_argument("--table", type=Path, required=True, help="file to write")
    given = parser.parse_args()
    data = given.data
    kept = training_examples(read_examples(data), data)
    examples = [e for e in kept if e.label == "enhancer" and len(e.codes) >= WINDOW]
    windows = windows_of(examples)
    features = features_of(windows)
    classes = np.array([example.value for example in examples])
    collections = np.array([example.collection for example in examples])
    parts = np.array([part_of(example) for example in examples])
    lines = [
        f"| features | C | long | {' | '.join(COLLECTIONS)} | all |",
        "| " + " | ".join(["---"] * (len(COLLECTIONS) + 4)) + " |",
    ]
    for choice in CHOICES:
        joined = np.hstack([features[name] * factor for name, factor in choice.features])
        weights = windows.shares * np.where(windows.shares < 1, choice.long_weight, 1.0)
        scores = left_out_scores(joined, classes, windows, parts, weights, choice.inverse_penalty)
        cells = [areas(scores, classes, windows, collections == name) for name in COLLECTIONS]
        cells.append(areas(scores, classes, windows, np.ones(len(classes), bool)))
        names = (name if name == "motifs" else f"{name}-mers" for name, _ in choice.features)
        lines.append(
            f"| {' + '.join(names)} | {choice.inverse_penalty:g} | x {choice.long_weight:g} "
            f"| {' | '.join(cells)} |"
        )
        print(lines[-1], flush=True)
    given.table.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
