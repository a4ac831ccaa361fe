"""Tokens of windows to their log-odds, in batches that all have one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.models import Model, Tokens, log_odds, predict_logits
from enhancer_variants.models.prediction import rows_at_once
from enhancer_variants.runs.shrinking import BatchSize

__all__ = ["WINDOWS_AT_ONCE", "WindowReader"]

WINDOWS_AT_ONCE: Final = 4096
"""Windows whose tokens are held at once: a few megabytes."""


@dataclass(frozen=True, slots=True)
class WindowReader:
    """Reads windows with one model, so that no number depends on how they were cut.

    Attributes
    ----------
    model
        The model; of its outputs the first one is read.
    batch_size
        Windows in one pass through the network. A last batch is filled up.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model, tokenize
    >>> model = load_model(demo_files().model, device="cpu")
    >>> tokens = tokenize(["GATTACA" * 29, "TTGACAC" * 29], model.vocabulary)
    >>> WindowReader(model, 2).log_odds([tokens]).shape
    (2,)
    """

    model: Model
    batch_size: BatchSize

    def log_odds(
        self, tokens: Iterable[Tokens], told: Callable[[int], None] | None = None
    ) -> npt.NDArray[np.float64]:
        """Log-odds of windows that come some at a time; few are read together with the next ones.

        Parameters
        ----------
        tokens
            Of windows of one length.
        told
            Called with how many more windows were read.

        Returns
        -------
        numpy.ndarray
            Shape (windows,), float64, log2 units, in the order of `tokens`.
        """
        scores, held, rows = [np.empty(0)], list[Tokens](), 0
        for some in tokens:
            held.append(some)
            rows += len(some.lengths)
            of_a_batch = rows_at_once(self.model, some.ids.shape[1], self.batch_size)
            if rows >= max(WINDOWS_AT_ONCE, of_a_batch):
                joined, full = _together(held), rows - rows % of_a_batch
                scores.append(self._predicted(_rows(joined, slice(full)), told))
                held, rows = [_rows(joined, slice(full, None))], rows - full
        if rows:
            scores.append(self._predicted(_together(held), told))
        return np.concatenate(scores)

    def _predicted(
        self, tokens: Tokens, told: Callable[[int], None] | None
    ) -> npt.NDArray[np.float64]:
        rows = len(tokens.lengths)
        missing = max(rows_at_once(self.model, tokens.ids.shape[1], self.batch_size) - rows, 0)
        if missing:
            tokens = Tokens(
                np.pad(tokens.ids, ((0, missing), (0, 0)), mode="edge"),
                np.pad(tokens.lengths, (0, missing), mode="edge"),
            )
        left = rows

        def progress(done: int) -> None:
            nonlocal left
            if told is not None:
                told(min(done, left))
            left -= min(done, left)

        logits = predict_logits(self.model, tokens, batch_size=self.batch_size, progress=progress)
        return log_odds(self.model, logits[:rows])[:, 0]


def _together(several: Sequence[Tokens]) -> Tokens:
    """Join the tokens of windows, which are equally many for each."""
    ids = np.concatenate([tokens.ids for tokens in several])
    return Tokens(ids, np.concatenate([tokens.lengths for tokens in several]))


def _rows(tokens: Tokens, which: slice) -> Tokens:
    return Tokens(tokens.ids[which], tokens.lengths[which])
