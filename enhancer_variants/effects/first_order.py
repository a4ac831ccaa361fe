"""First-order approximation of single-base changes, from one gradient.

A changed base changes the up to k tokens that cover it. To first order the log-odds change by the
sum over these tokens of gradient . (embedding of new - embedding of old), where the gradient is
that of the log-odds with respect to the token's embedding in the unchanged sequence. This takes
one pass forward and one backward instead of 3 * W passes forward; but the step from one token to
another is not small, and how well the first order follows it differs between models and
sequences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from enhancer_variants.errors import ModelError
from enhancer_variants.models import Model, Tokens

__all__ = ["first_order_shifts"]


def first_order_shifts(
    model: Model, tokens: Tokens, outputs: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Approximate what changed sequences do, by the gradient at the unchanged one.

    Parameters
    ----------
    model
        A model in fp32.
    tokens
        n + 1 rows of the same length, the unchanged sequence first.
    outputs
        Places of the outputs asked for among the model's, m of them; each takes a backward pass.

    Returns
    -------
    numpy.ndarray
        Shape (n, m), float64, log2 odds: above 0, the change gains.

    Raises
    ------
    ModelError
        If the model is not in fp32.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model, tokenize
    >>> model = load_model(demo_files().model)
    >>> tokens = tokenize(["ACGTTGCA", "ACGTTGCC"], model.vocabulary)
    >>> first_order_shifts(model, tokens, [0]).shape
    (1, 1)
    """
    if model.precision != "fp32":
        raise ModelError(
            f"model {model.name} is in {model.precision}; expected fp32 for a gradient: load it "
            "with precision='fp32'"
        )
    gradients = _gradients(model, tokens, outputs)
    embeddings = model.network.word_embeddings.weight
    ids = torch.from_numpy(tokens.ids).to(model.device)
    places = torch.arange(ids.shape[1], device=model.device)
    shifts = []
    for gradient in gradients:
        # What each token would add at each place, (L, vocabulary), looked up for each row.
        adds = (gradient @ embeddings.T)[places, ids]
        shifts.append((adds[1:] - adds[0]).double().sum(dim=1).cpu().numpy())
    return np.stack(shifts, axis=1)


def _gradients(model: Model, tokens: Tokens, outputs: Sequence[int]) -> list[torch.Tensor]:
    """Gradient of each output's log-odds at the first row's embeddings, (L, hidden) each."""
    ids = torch.from_numpy(tokens.ids[:1]).to(model.device)
    read, lengths = ids.shape[1], None
    if model.padding == "dnabert":
        unread = model.token_limit - read
        ids = torch.nn.functional.pad(ids, (0, unread), value=model.vocabulary.pad)
        lengths = torch.tensor([read], device=model.device)
    with torch.enable_grad():
        words = model.network.word_embeddings(ids).detach().requires_grad_()
        logits = model.network.logits_of_words(words, lengths, padding=model.padding)
        log_odds = _log_odds(model, logits)[0]
        return [
            torch.autograd.grad(log_odds[output], words, retain_graph=True)[0][0, :read]
            for output in outputs
        ]


def _log_odds(model: Model, logits: torch.Tensor) -> torch.Tensor:
    """Log2 odds, (n, outputs), as :func:`~enhancer_variants.models.log_odds` has them."""
    if model.card.task == "multi_label":
        own = logits if model.columns is None else logits[:, list(model.columns)]
        return own / math.log(2)
    positive = model.card.labels.index(model.card.positive_label or "")
    is_other = torch.arange(logits.shape[1], device=logits.device) != positive
    others = logits[:, is_other].logsumexp(dim=1, keepdim=True)
    return (logits[:, [positive]] - others) / math.log(2)
