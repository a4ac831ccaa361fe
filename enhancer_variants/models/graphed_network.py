"""The network on a GPU: passes of one shape are recorded once and then replayed.

A pass of a small network is over before Python has asked for its hundreds of operations one by
one; a recorded pass (a CUDA graph) is asked for at once. Not measured on a GPU yet.
"""

from __future__ import annotations

import functools
import threading
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from torch import Tensor

from enhancer_variants.models.card import Padding
from enhancer_variants.models.network import DnabertNetwork, NetworkConfig

__all__ = ["GraphedNetwork"]

_MOST_SHAPES: Final = 6
"""A recorded pass stays, so only so many shapes are recorded."""

_turn: Final = threading.Lock()
"""Passes share memory, and a process can record one at a time: one thread at a time uses them."""

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

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: Padding = "none"
    ) -> Tensor:
        """Logits of each sequence, (B, labels) float32."""
        if not _is_recordable(ids):
            return super().forward(ids, lengths, padding=padding)
        bias = self.attention_bias(self._like_words(ids), lengths, padding)
        with _turn:
            recorded = self._recorded(ids, bias)
            if recorded is not None:
                return recorded(ids, bias)
        return self._logits_of_ids(ids, bias)

    def forget_passes(self) -> None:
        """Give back the memory of recorded passes; shapes that come again are recorded anew.

        So are smaller ones, where there was no memory to record a large one.
        """
        with _turn:
            self._passes.clear()
            self._records = True

    def _recorded(self, ids: Tensor, bias: Tensor | None) -> _RecordedPass | None:
        """Give the pass of a shape, recorded now if this is the second time that it comes."""
        shape = (ids.shape, None if bias is None else bias.shape)
        if shape not in self._passes:
            self._passes[shape] = None  # seen once: perhaps a last batch, which comes once
            return None
        known = sum(recorded is not None for recorded in self._passes.values())
        if self._passes[shape] is None and known < _MOST_SHAPES:
            self._passes[shape] = self._try_to_record(ids, bias)
        return self._passes[shape]

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
    """Whether this is inference on a GPU, on the stream that all threads have in common.

    Passes share memory, which two streams would write to at the same time.
    """
    if not (ids.is_cuda and torch.is_inference_mode_enabled()):
        return False
    return torch.cuda.current_stream(ids.device) == torch.cuda.default_stream(ids.device)


@dataclass(frozen=True, slots=True)
class _Recorder:
    """Where the passes of a GPU are recorded: on one stream, into memory that they share.

    What a pass writes on its way is of no use behind it, so the next one may write there too. Many
    networks then take the memory of one, beside their weights. The stream is for recordings alone:
    what cuBLAS sets aside for it lies in the shared memory too, which torch may take from cuBLAS
    when any of the graphs goes, while the others go on writing to it.
    """

    stream: torch.cuda.Stream
    graphs: weakref.WeakSet[torch.cuda.CUDAGraph]


@functools.cache
def _recorder(device: torch.device) -> _Recorder:
    return _Recorder(torch.cuda.Stream(device), weakref.WeakSet())  # type: ignore[no-untyped-call]


def _record(
    compute: Callable[[Tensor, Tensor | None], Tensor], ids: Tensor, bias: Tensor | None
) -> _RecordedPass:
    """Record a pass, after one that lets libraries choose their algorithms."""
    recorder = _recorder(ids.device)
    with torch.cuda.device(ids.device):
        ids, bias = ids.clone(), None if bias is None else bias.clone()
        compute(ids, bias)
        graph = torch.cuda.CUDAGraph()
        # Held until the end: memory cannot be shared with a graph that is gone by then.
        other = next(iter(recorder.graphs), None)
        with (
            # What one recording in inference mode leaves behind breaks those of others outside of
            # it (pytorch issue 166792).
            torch.inference_mode(False),
            # Brings the stream back where a recording fails, which the context below does not.
            torch.cuda.stream(torch.cuda.current_stream()),
            torch.cuda.graph(
                graph,
                pool=None if other is None else other.pool(),
                stream=recorder.stream,  # torch's own one belongs to the first GPU that recorded
                capture_error_mode="thread_local",  # others may use the GPU
            ),
            torch.inference_mode(),
        ):
            logits = compute(ids, bias)
    recorder.graphs.add(graph)
    return _RecordedPass(graph.replay, ids, bias, logits)
