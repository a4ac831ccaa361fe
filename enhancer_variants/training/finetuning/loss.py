"""What is made small: the network with its loss."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from torch import Tensor, nn

from enhancer_variants.errors import InputError
from enhancer_variants.models import DnabertNetwork, Padding
from enhancer_variants.training.finetuning.config import TaskName
from enhancer_variants.training.finetuning.data import Targets

__all__ = ["TrainedNetwork", "class_weights", "loss_of"]


def loss_of(logits: Tensor, targets: Tensor, task: TaskName, weights: Tensor | None) -> Tensor:
    """Mean loss in nats.

    Parameters
    ----------
    logits
        (B, labels).
    targets
        (B,) numbers of classes for ``single_label``; (B, labels) 0, 1 or NaN for ``multi_label``,
        where NaN takes no part.
    weights
        (labels,) weight of each class in a weighted mean; of each label's positives for
        ``multi_label``. None for 1 each.

    Returns
    -------
    torch.Tensor
        Scalar, float32; 0 where nothing is known.

    Examples
    --------
    >>> targets = torch.tensor([[1.0, float("nan")]])
    >>> loss_of(torch.tensor([[0.0, 9.0]]), targets, "multi_label", None).item()
    0.6931471824645996
    """
    logits = logits.float()
    if task == "single_label":
        return F.cross_entropy(logits, targets, weight=weights)
    known = ~torch.isnan(targets)
    losses = F.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(targets), pos_weight=weights, reduction="none"
    )
    return (losses * known).sum() / known.sum().clamp(min=1)


def class_weights(
    asked_for: Literal["balanced"] | tuple[float, ...] | None,
    targets: Targets,
    task: TaskName,
    labels: tuple[str, ...],
) -> Tensor | None:
    """Weight of each class in the loss.

    Parameters
    ----------
    asked_for
        ``balanced``, or the weights themselves.
    targets
        Those of the training sequences.
    task, labels
        What they mean.

    Returns
    -------
    torch.Tensor or None
        (labels,) float32. Balanced: n / (labels x n of the class), as in scikit-learn; negatives
        per positive of each label for ``multi_label``.

    Raises
    ------
    InputError
        If there is not one weight for each label, or a class to be balanced has no sequence.

    Examples
    --------
    >>> class_weights("balanced", np.array([0, 0, 0, 1]), "single_label", ("no", "yes")).tolist()
    [0.6666666865348816, 2.0]
    """
    if asked_for is None:
        return None
    if asked_for != "balanced":
        if len(asked_for) != len(labels):
            raise InputError(
                f"class_weights has {len(asked_for)} numbers; expected {len(labels)}, one for "
                f"each of {', '.join(labels)}"
            )
        return torch.tensor(asked_for, dtype=torch.float32)
    if task == "single_label":
        counts = np.bincount(targets.astype(np.int64), minlength=len(labels)).astype(np.float64)
        weighed, against = np.full(len(labels), counts.sum() / len(labels)), counts
    else:
        weighed, against = np.nansum(targets == 0, axis=0), np.nansum(targets == 1, axis=0)
    if not (weighed > 0).all() or not (against > 0).all():
        lacking = int(np.flatnonzero((weighed == 0) | (against == 0))[0])
        raise InputError(
            f"class_weights is 'balanced' and the training sequences lack one class of "
            f"{labels[lacking]!r}; expected sequences of each"
        )
    return torch.tensor(weighed / against, dtype=torch.float32)


class TrainedNetwork(nn.Module):
    """A network with its loss, in the shape that transformers' Trainer takes.

    Parameters
    ----------
    network
        The network, trained in place.
    task, padding
        How it is used.
    weights
        (labels,) as :func:`class_weights` gives them.
    """

    def __init__(
        self,
        network: DnabertNetwork,
        task: TaskName,
        padding: Padding = "none",
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.task: TaskName = task
        self.padding: Padding = padding
        self.weights: Tensor | None
        self.register_buffer("weights", weights, persistent=False)

    def forward(
        self, ids: Tensor, labels: Tensor, lengths: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Mean loss and logits.

        Parameters
        ----------
        ids, lengths
            (B, L) and (B,) as the network takes them.
        labels
            (B,) or (B, labels), as :func:`loss_of` takes them.

        Returns
        -------
        dict
            ``loss`` and ``logits``, (B, labels) float32.
        """
        logits = self.network(ids, lengths, padding=self.padding).float()
        return {"loss": loss_of(logits, labels, self.task, self.weights), "logits": logits}
