"""The network on a GPU: passes of one shape are recorded once and then replayed.

A pass of a small network is over before Python has asked for its hundreds of operations one by
one; a recorded pass (a CUDA graph) is asked for at once. Not measured on a GPU yet.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from torch import Tensor

from enhancer_variants.models.card import Padding
from enhancer_variants.models.network import DnabertNetwork, NetworkConfig

__all__ = ["GraphedNetwork"]

_MOST_SHAPES: Final = 4
"""Recorded passes keep their activations, so only so many shapes are recorded."""

_Shape: TypeAlias = tuple[torch.Size, torch.Size | None]


class GraphedNetwork(DnabertNetwork):
    """A network whose passes are replayed from the second one of a shape on.

    In inference mode on a GPU only; elsewhere it is a `DnabertNetwork`. The weights must not
    move after the first pass. A pass that cannot be recorded, for want of memory say, is computed
    as elsewhere, with a warning.

    Parameters
    ----------
    config
        The sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self._passes: dict[_Shape, _RecordedPass | None] = {}
        self._records = True
        self._turn = threading.Lock()  # a recorded pass has one place for inputs and results

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: Padding = "none"
    ) -> Tensor:
        """Logits of each sequence, (B, labels) float32."""
        if not _is_recordable(ids):
            return super().forward(ids, lengths, padding=padding)
        bias = self.attention_bias(self._like_words(ids), lengths, padding)
        with self._turn:
            return self._recorded_or_first(ids, bias)

    def forget_passes(self) -> None:
        """Give back the memory of recorded passes; shapes that come again are recorded anew."""
        with self._turn:
            self._passes.clear()

    def _recorded_or_first(self, ids: Tensor, bias: Tensor | None) -> Tensor:
        shape = (ids.shape, None if bias is None else bias.shape)
        if shape not in self._passes:
            self._passes[shape] = None  # seen once: perhaps a last batch, which comes once
            return self._logits_of_ids(ids, bias)
        recorded = self._passes[shape]
        if recorded is None:
            if sum(known is not None for known in self._passes.values()) >= _MOST_SHAPES:
                return self._logits_of_ids(ids, bias)
            recorded = self._passes[shape] = self._try_to_record(ids, bias)
        return self._logits_of_ids(ids, bias) if recorded is None else recorded(ids, bias)

    def _try_to_record(self, ids: Tensor, bias: Tensor | None) -> _RecordedPass | None:
        if not self._records:
            return None
        try:
            return _record(self._logits_of_ids, ids, bias)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            self._records = False
            warnings.warn(
                f"passes of {ids.shape[0]} rows of {ids.shape[1]} tokens are not recorded as CUDA "
                f"graphs, which costs speed alone: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            return None

    def _logits_of_ids(self, ids: Tensor, bias: Tensor | None) -> Tensor:
        return self.logits_with_bias(self.word_embeddings(ids), bias)

    def _like_words(self, ids: Tensor) -> Tensor:
        """Something of the shape, type and place of the embeddings that takes no memory."""
        return self.word_embeddings.weight[:1, :1].expand(ids.shape)


@dataclass(frozen=True, slots=True)
class _RecordedPass:
    """Where a recorded pass reads and writes: always the same memory."""

    replay: Callable[[], None]
    ids: Tensor
    bias: Tensor | None
    logits: Tensor

    def __call__(self, ids: Tensor, bias: Tensor | None) -> Tensor:
        self.ids.copy_(ids)
        if self.bias is not None and bias is not None:
            self.bias.copy_(bias)
        self.replay()
        return self.logits.clone()


def _is_recordable(ids: Tensor) -> bool:
    return ids.is_cuda and torch.is_inference_mode_enabled()


def _record(
    compute: Callable[[Tensor, Tensor | None], Tensor], ids: Tensor, bias: Tensor | None
) -> _RecordedPass:
    """Record a pass, after one aside that lets libraries choose their algorithms."""
    ids, bias = ids.clone(), None if bias is None else bias.clone()
    stream = torch.cuda.current_stream()
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(stream)
    try:
        with torch.cuda.stream(aside):
            compute(ids, bias)
    finally:
        stream.wait_stream(aside)  # it reads the clones above
    graph = torch.cuda.CUDAGraph()
    # "thread_local": others may use the GPU. The outer context brings the stream back where a
    # recording fails, which the inner one then does not.
    with torch.cuda.stream(stream), torch.cuda.graph(graph, capture_error_mode="thread_local"):
        logits = compute(ids, bias)
    return _RecordedPass(graph.replay, ids, bias, logits)
