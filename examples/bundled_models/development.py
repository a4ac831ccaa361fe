"""How the training does on sequences of contigs that are set aside to watch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from data import Codes
from sampling import (
    FACTORS,
    LABELS,
    Item,
    central_window,
    gc_content,
    nothing_bound,
    shuffled,
)
from scan_network import ScanNetwork, encoded
from scipy.optimize import minimize_scalar
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from variant_pairs import VariantPairs

__all__ = ["Watched", "balance_enhancers", "drawn_watched", "gc_matched", "report"]

_ITEMS: Final = 600
_BATCH: Final = 64
_GC_STEP: Final = 0.02
_CLEAR: Final = 0.5
"""Log2 odds from which on a motif's change is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What the training is watched with.

    Attributes
    ----------
    items
        Sequences of each task.
    shuffles
        Those of the H1-hESC factors shuffled, in the same order.
    pairs
        Changed windows, the last of which are not trained on.
    """

    items: Mapping[str, Sequence[Item]]
    shuffles: Sequence[Item]
    pairs: VariantPairs


def drawn_watched(items: Mapping[str, Sequence[Item]], pairs: VariantPairs, seed: int) -> Watched:
    """Draw a few hundred sequences of each task."""
    generator = np.random.default_rng([seed, 1])
    few = {
        task: [of_task[place] for place in generator.permutation(len(of_task))[:_ITEMS]]
        for task, of_task in items.items()
    }
    shuffles = [
        replace(item, codes=shuffled(item.codes, generator), targets=nothing_bound(), value=0)
        for item in few["h1esc"]
    ]
    return Watched(few, shuffles, pairs)


def report(network: ScanNetwork, watched: Watched) -> str:
    """AUROC by task, all / GC-matched; mean over the H1-hESC factors; correlation of changes."""
    parts = []
    for task, label in (("ctcf", "CTCF"), ("nanog", "NANOG"), ("enhancer", "enhancer")):
        items = watched.items[task]
        scores = log_odds(network, [item.codes for item in items])[:, LABELS.index(label)]
        parts.append(f"{label} {_areas(items, scores)}")
        for collection in ("ienhancer", "nhlf") if task == "enhancer" else ():
            of = [place for place, item in enumerate(items) if item.collection == collection]
            parts.append(f"{collection} {_areas([items[i] for i in of], scores[of])}")
    parts.append(f"factors {_factors(network, watched):.3f}")
    parts.append(f"changes {_changes(network, watched.pairs)}")
    return ", ".join(parts)


@torch.inference_mode()
def log_odds(network: ScanNetwork, sequences: Sequence[Codes]) -> npt.NDArray[np.float32]:
    """Log-odds (n, outputs) of the middle of each sequence."""
    network.eval()
    windows = [central_window(codes) for codes in sequences]
    batches = [windows[start : start + _BATCH] for start in range(0, len(windows), _BATCH)]
    scores = np.concatenate([network(*encoded(batch)).numpy() for batch in batches])
    network.train()
    return scores


def balance_enhancers(network: ScanNetwork, items: Sequence[Item]) -> float:
    """Move the enhancer output so that 0 is where classes of equal size are told apart best.

    The network saw more positives than negatives of enhancers, so that nearly all was above 0. The
    constant is the one with the smallest log loss; no shift changes.
    """
    classes = np.array([item.value for item in items])
    scores = log_odds(network, [item.codes for item in items])[:, 0].astype(np.float64)
    signs = 2 * classes - 1
    weights = np.where(classes == 1, 1 / classes.sum(), 1 / (1 - classes).sum())

    def loss(constant: float) -> float:
        return float((weights * np.logaddexp(0, -signs * (scores + constant))).sum())

    constant = float(minimize_scalar(loss, bounds=(-20, 20), method="bounded").x)
    with torch.no_grad():
        network.classifier.bias[0] += constant
    return constant


def _areas(items: Sequence[Item], scores: npt.NDArray[np.float32]) -> str:
    classes = np.array([item.value for item in items])
    matched = gc_matched([central_window(item.codes) for item in items], classes)
    every = roc_auc_score(classes, scores)
    return f"{every:.4f}/{roc_auc_score(classes[matched], scores[matched]):.4f}"


def gc_matched(windows: Sequence[Codes], classes: npt.NDArray[np.int_]) -> list[int]:
    """Places of as many negatives as positives at every GC content."""
    generator = np.random.default_rng(0)
    contents = np.round(np.array([gc_content(window) for window in windows]) / _GC_STEP)
    kept: list[int] = []
    for content in np.unique(contents):
        sides = [np.flatnonzero((contents == content) & (classes == value)) for value in (1, 0)]
        fewest = min(len(side) for side in sides)
        for side in sides:
            kept += generator.permutation(side)[:fewest].tolist()
    return kept


def _factors(network: ScanNetwork, watched: Watched) -> float:
    peaks = watched.items["h1esc"]
    scores = log_odds(network, [item.codes for item in peaks])
    others = log_odds(network, [item.codes for item in watched.shuffles])
    areas = []
    for factor in FACTORS:
        of = [place for place, item in enumerate(peaks) if item.label == factor]
        if len(of) > 5:
            column = LABELS.index(factor)
            both = np.concatenate([scores[of, column], others[of, column]])
            areas.append(roc_auc_score(np.repeat([1, 0], len(of)), both))
    return float(np.mean(areas))


def _changes(network: ScanNetwork, pairs: VariantPairs) -> str:
    kept = slice(pairs.trained_on, None)
    before = log_odds(network, list(pairs.references[kept]))
    shifts = log_odds(network, list(pairs.alternatives[kept])) - before
    enhancer, wanted = shifts[:, 0], pairs.shifts[kept]
    pearson = np.corrcoef(enhancer, wanted)[0, 1]
    of_factors = []
    for column, factor in enumerate(FACTORS):
        known = np.abs(pairs.factors[kept, column]) > _CLEAR
        if known.sum() > 5:
            found = shifts[known, LABELS.index(factor)], pairs.factors[kept][known, column]
            of_factors.append(f"{factor} {spearmanr(*found).statistic:.2f}")
    return f"{pearson:.3f}/{spearmanr(enhancer, wanted).statistic:.3f}; {', '.join(of_factors)}"
