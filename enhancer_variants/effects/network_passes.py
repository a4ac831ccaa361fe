"""Passes of networks over the windows of a chunk; models that share a network share its passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.plan import ScoringPlan
from enhancer_variants.effects.window_pairs import WindowPairs
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import Model, Tokens, Vocabulary, predict_logits, tokenize

__all__ = ["Logits", "NetworkPasses"]

Logits: TypeAlias = npt.NDArray[np.float32]
"""What a network says of some windows: shape (windows, labels of the network)."""

_Key: TypeAlias = tuple[int, Vocabulary, str, int, int]


class NetworkPasses:
    """Logits of a chunk's distinct windows, computed once for each network that reads them.

    Outputs of one network may belong to several models: the bundled enhancer and TFBS models, or
    two parts of a multi-label model. Logits are kept only while another such model of the chunk
    has not had them.

    Parameters
    ----------
    plan
        How models are fed; `ready` is called once for each network.
    readers
        Every model with the windows that it will read, as often as it will.

    Attributes
    ----------
    sequences
        How many sequences will be read in all, each strand counted.
    """

    def __init__(self, plan: ScoringPlan, readers: Iterable[tuple[Model, WindowPairs]]) -> None:
        self._plan = plan
        self._readers = list(readers)
        self._strands = (False, True) if plan.strand == "both" else (False,)
        self._tokens: dict[tuple[int, Vocabulary, bool], Tokens] = {}
        self._kept: dict[_Key, list[Logits]] = {}
        self._to_come: Counter[_Key] = Counter()
        self.sequences = 0
        for model, windows in self._readers:
            key = _key(model, windows)
            if key not in self._to_come:
                self.sequences += len(self._strands) * len(windows.sequences)
            self._to_come[key] += 1

    def logits(
        self, model: Model, windows: WindowPairs, progress: Callable[[int], None] | None = None
    ) -> list[Logits]:
        """Give the logits of every distinct window, once for each strand.

        Parameters
        ----------
        model, windows
            One of the readers.
        progress
            Told how many sequences were read, behind each batch; not where none had to be.

        Returns
        -------
        list of numpy.ndarray
            Each of shape (windows, labels of the network): forward, then reverse if asked for.
        """
        key = _key(model, windows)
        self._to_come[key] -= 1
        found = self._kept.pop(key, None)
        if found is None:
            ready = self._plan.ready(model)
            found = [
                predict_logits(
                    ready,
                    self._tokens_of(windows, model.vocabulary, reverse=reverse),
                    batch_size=self._plan.batch_size,
                    progress=progress,
                )
                for reverse in self._strands
            ]
        if self._to_come[key] > 0:
            self._kept[key] = found
        return found

    def make_tokens(self) -> None:
        """Make all tokens now; :meth:`logits` otherwise makes them when a network needs them."""
        for model, windows in self._readers:
            for reverse in self._strands:
                self._tokens_of(windows, model.vocabulary, reverse=reverse)

    def in_turn(self, progress: Callable[[int], None] | None = None) -> Iterator[list[Logits]]:
        """Give the logits of every reader, in the order of the readers (see :meth:`logits`)."""
        for model, windows in self._readers:
            yield self.logits(model, windows, progress)

    def _tokens_of(self, windows: WindowPairs, vocabulary: Vocabulary, *, reverse: bool) -> Tokens:
        key = (id(windows), vocabulary, reverse)
        if key not in self._tokens:
            sequences = windows.sequences
            if reverse:
                sequences = [reverse_complement(sequence) for sequence in sequences]
            self._tokens[key] = tokenize(sequences, vocabulary)
        return self._tokens[key]


def _key(model: Model, windows: WindowPairs) -> _Key:
    """Name what logits depend on: the network, how it is fed, and the windows.

    Both objects live as long as the chunk does, so that their ids stay their own.
    """
    fed = (model.vocabulary, model.padding, model.token_limit)
    return (id(model.network), *fed, id(windows))
