"""How good a network is on a split, in figures by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, logsumexp

from enhancer_variants.errors import InputError
from enhancer_variants.training.finetuning.config import TaskName
from enhancer_variants.training.finetuning.data import LabelledSplit, Targets
from enhancer_variants.training.finetuning.loss import loss_of
from enhancer_variants.training.metrics import classification_metrics

__all__ = ["Measures", "best_threshold"]

_OF_MANY: Final = ("accuracy", "precision", "recall", "f1", "mcc", "auroc", "auprc", "brier")


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """How logits are judged.

    Attributes
    ----------
    task, labels
        What they mean.
    positive_label
        The class whose log-odds count, for ``single_label``.
    weights
        (labels,) weights of the loss, or None.
    threshold
        Log2 odds above which a sequence is called positive.
    """

    task: TaskName
    labels: tuple[str, ...]
    positive_label: str | None
    weights: torch.Tensor | None = None
    threshold: float = 0.0

    def of(self, logits: npt.NDArray[np.float32], targets: Targets) -> dict[str, float]:
        """Figures of a split.

        Parameters
        ----------
        logits
            (n, labels).
        targets
            (n,) or (n, labels) with NaN where a label is not known.

        Returns
        -------
        dict
            Those of ``ClassificationMetrics``, the counts of its confusion matrix among them, and
            ``loss``. With several labels each one's are ``LABEL/auroc``, and ``auroc`` is the mean
            over labels for which it is defined. With three or more classes they are those of the
            positive class against all others, and ``class_accuracy`` is the share of right
            classes.
        """
        weights = None if self.weights is None else self.weights.cpu()
        loss = loss_of(torch.from_numpy(logits), torch.from_numpy(targets), self.task, weights)
        log_odds = self.log_odds(logits)
        if self.task == "multi_label":
            figures = self._of_labels(log_odds, targets)
        else:
            positive = self.labels.index(self.positive_label or "")
            figures = self._of_one(log_odds[:, 0], (targets == positive).astype(np.float64))
            if len(self.labels) > 2:
                figures["class_accuracy"] = float((logits.argmax(axis=1) == targets).mean())
        return {**figures, "loss": loss.item()}

    def log_odds(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Log2 odds, (n, 1) of the positive class or (n, labels)."""
        exact = logits.astype(np.float64)
        if self.task == "single_label":
            positive = self.labels.index(self.positive_label or "")
            others = logsumexp(np.delete(exact, positive, axis=1), axis=1)
            exact = (exact[:, positive] - others)[:, None]
        scaled: npt.NDArray[np.float64] = exact / math.log(2)
        return scaled

    def _of_labels(self, log_odds: npt.NDArray[np.float64], targets: Targets) -> dict[str, float]:
        by_label = {
            label: self._of_one(log_odds[:, number], targets[:, number].astype(np.float64))
            for number, label in enumerate(self.labels)
        }
        figures: dict[str, float] = {}
        for name in _OF_MANY:
            defined = [f[name] for f in by_label.values() if not math.isnan(f[name])]
            figures[name] = float(np.mean(defined)) if defined else math.nan
        for label, of_label in by_label.items():
            figures.update({f"{label}/{name}": value for name, value in of_label.items()})
        return figures

    def _of_one(
        self, log_odds: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]
    ) -> dict[str, float]:
        probabilities = expit(log_odds * math.log(2))
        calls = (log_odds > self.threshold).astype(np.float64)
        metrics: dict[str, Any] = classification_metrics(targets, probabilities, calls).to_dict()
        counts: Mapping[str, int] = metrics.pop("confusion")
        return {name: float(value) for name, value in {**metrics, **counts}.items()}

    def require_defined(self, split: LabelledSplit, best_by: str) -> None:
        """Refuse a dev split on which weights cannot be chosen.

        Raises
        ------
        InputError
            If it holds positives or negatives alone, for every label.
        """
        targets = split.targets
        if self.task == "single_label":
            positive = self.labels.index(self.positive_label or "")
            targets = (targets == positive).astype(np.float32)[:, None]
        has_both = (targets == 0).any(axis=0) & (targets == 1).any(axis=0)
        if best_by not in ("last", "loss") and not has_both.any():
            raise InputError(
                f"{split.source['name']}: the {split.name} sequences are of one class only, and "
                f"best_by is {best_by!r}; expected positives and negatives"
            )


def best_threshold(log_odds: npt.NDArray[np.float64], is_positive: npt.NDArray[np.bool_]) -> float:
    """Log2 odds above which to call positive, such that MCC is largest.

    Parameters
    ----------
    log_odds, is_positive
        (n,) each.

    Returns
    -------
    float
        In the middle between two neighbouring log-odds; the one nearest to 0 of several that are
        equally good; 0 where none is better than no call at all.

    Examples
    --------
    >>> best_threshold(np.array([-3.0, 1.0, 2.0, 4.0]), np.array([False, False, True, True]))
    1.5
    """
    order = np.argsort(log_odds)
    scores, truth = log_odds[order], is_positive[order].astype(np.float64)
    ends = np.flatnonzero(np.diff(scores) > 0)  # a cut behind each of these
    if not ends.size:
        return 0.0
    negatives_below = np.cumsum(1 - truth)[ends]
    positives_below = np.cumsum(truth)[ends]
    positives, negatives = truth.sum(), (1 - truth).sum()
    tp, fp = positives - positives_below, negatives - negatives_below
    product = positives * negatives * (tp + fp) * (positives_below + negatives_below)
    difference = tp * negatives_below - fp * positives_below
    mcc = np.divide(difference, np.sqrt(product), out=np.zeros(ends.size), where=product > 0)
    if mcc.max() <= 0:
        return 0.0
    cuts = (scores[ends] + scores[ends + 1]) / 2
    best = cuts[mcc >= mcc.max() - 1e-12]
    return float(best[np.abs(best).argmin()])
