"""Tokens to logits: batches of rows of like length, in any order, results in the input's."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from enhancer_variants.errors import ModelError, WindowLengthError
from enhancer_variants.models.device_memory import memory_errors
from enhancer_variants.models.full_precision import full_precision
from enhancer_variants.models.model import Model
from enhancer_variants.models.network import DnabertNetwork, in_float32
from enhancer_variants.models.tokens import Tokens, kmer_counts, truncate

__all__ = ["batch_rows", "predict_logits", "rows_at_once"]

_GPU_ROWS = 256
"""A GPU needs hundreds of rows to be busy."""

_GPU_LENGTH_STEP = 16
"""On a GPU, padded rows have a multiple of so many tokens."""

_CPU_ACTIVATIONS = 2_457_600
"""Widest activations of a batch on a CPU, in numbers: more than its cache holds is slower.

Measured for a 12 x 768 network (3,072 wide) and rows of 200 tokens, where batches of 4 were best.
"""

_MOST_ROWS = 512

_AHEAD: Final = {False: 0, True: 2}
"""Batches that are computed while the next one is made ready: on a GPU, two."""

Logits: TypeAlias = npt.NDArray[np.float32]
Rows: TypeAlias = npt.NDArray[np.intp]
_Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor | None]


def predict_logits(
    model: Model,
    tokens: Tokens,
    *,
    batch_size: int | Literal["auto"] = "auto",
    progress: Callable[[int], None] | None = None,
) -> npt.NDArray[np.float32]:
    """Logits of every row.

    Parameters
    ----------
    model
        The model.
    tokens
        n rows as `tokenize` makes them, with the model's vocabulary.
    batch_size
        Rows computed at once. It changes a result by rounding only. Where there are several
        batches all have as many rows, so that a result does not depend on how many others there
        are: the last one is filled with copies of a row.
    progress
        Called behind each batch with the number of rows in it, as ``tqdm.update`` wants it.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, labels)``, float32, in the order of `tokens`; values that are not finite are
        returned as they are.

    Raises
    ------
    WindowLengthError
        If a row has more k-mers than the model reads: nothing is cut silently.
    ModelError
        If the batch size is not a positive number.
    DeviceMemoryError
        If the device has too little memory for a batch.

    Notes
    -----
    Rows whose logits are not finite in a half precision are computed again with the same weights
    in float32: activations overflow in fp16 above 65,504.
    """
    tokens = _fitting(model, tokens)
    at_once = rows_at_once(model, tokens.ids.shape[1], batch_size)
    logits = np.empty((len(tokens.lengths), model.network.config.num_labels), dtype=np.float32)
    for rows, found in _batches(model, tokens, at_once):
        logits[rows] = found[: len(rows)]
        if progress is not None:
            progress(len(rows))
    return logits


def batch_rows(device_type: str, length: int, intermediate_size: int) -> int:
    """Rows of a batch when nobody says how many.

    Parameters
    ----------
    device_type
        ``cpu``, ``cuda`` or ``mps``.
    length
        Tokens of the longest row.
    intermediate_size
        Width of the network's widest layer.

    Examples
    --------
    >>> batch_rows("cpu", 200, 3072), batch_rows("cpu", 200, 1024)
    (4, 12)
    """
    if device_type != "cpu":
        return _GPU_ROWS
    return min(_MOST_ROWS, max(1, _CPU_ACTIVATIONS // max(1, length * intermediate_size)))


def rows_at_once(model: Model, length: int, batch_size: int | Literal["auto"]) -> int:
    """Rows of a batch: as many as somebody says, else :func:`batch_rows`.

    Raises
    ------
    ModelError
        If the batch size is not a positive number.
    """
    if batch_size == "auto":
        width = model.network.config.intermediate_size
        return batch_rows(model.device.type, length, width)
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ModelError(f"batch_size {batch_size!r}; expected auto or a whole number above 0")
    return batch_size


def _fitting(model: Model, tokens: Tokens) -> Tokens:
    """Tokens that fit the model, after making sure that no k-mer is lost by the fit."""
    bases = kmer_counts(tokens) + model.vocabulary.k - 1
    if bases.max(initial=0) > model.longest:
        row = int(bases.argmax())
        raise WindowLengthError(
            f"{model.name}: sequence {row} (counted from 0) has {bases[row]} bases; expected at "
            f"most {model.longest}, which is what {model.token_limit} tokens hold"
        )
    # All that is left to cut is an empty last piece, as the published code cuts it.
    return truncate(tokens, model.token_limit)


def _batches(model: Model, tokens: Tokens, at_once: int) -> Iterator[tuple[Rows, Logits]]:
    """Rows of like length, at most `at_once`, and the logits of a batch that begins with them.

    All batches have the same number of rows: the last one repeats its last row.
    """
    by_length = np.argsort(tokens.lengths, kind="stable")
    exact = functools.cache(lambda: in_float32(model.network))
    under_way: deque[tuple[Rows, _Batch, Callable[[], Logits]]] = deque()

    def finish() -> tuple[Rows, Logits]:
        rows, batch, logits_of = under_way.popleft()
        with _errors(model, batch):
            logits = logits_of()
            rounded = model.precision != "fp32" and isinstance(model.network, DnabertNetwork)
            if rounded and not np.isfinite(logits).all():
                wrong = ~np.isfinite(logits).all(axis=1)
                logits[wrong] = _start(replace(model, network=exact()), batch)()[wrong]
        return rows, logits

    for start in range(0, len(by_length), at_once):
        rows = by_length[start : start + at_once]
        missing = at_once - len(rows) if start else 0
        batch = _batch(model, tokens, np.pad(rows, (0, missing), mode="edge"))
        with _errors(model, batch):
            under_way.append((rows, batch, _start(model, batch)))
        if len(under_way) > _AHEAD[model.device.type == "cuda"]:
            yield finish()
    while under_way:
        yield finish()


def _batch(model: Model, tokens: Tokens, rows: Rows) -> _Batch:
    """Token ids and lengths of some rows: (B, L) and (B,).

    L is max_seq_length where the padding has an influence, else the longest row's length; where
    a GPU has to pad anyway, some more, as it prepares for each L anew. Where every row is L long
    there are no lengths, so that nobody has to look for padding.
    """
    lengths = tokens.lengths[rows]
    longest = int(lengths.max())
    width = longest
    if model.padding == "dnabert":
        width = model.token_limit
    elif model.device.type == "cuda" and int(lengths.min()) < longest:
        width = min(model.token_limit, -(-longest // _GPU_LENGTH_STEP) * _GPU_LENGTH_STEP)
    ids = np.full((len(rows), width), model.vocabulary.pad, dtype=np.int32)
    ids[:, :longest] = tokens.ids[rows, :longest]
    padded = int(lengths.min()) < width
    return torch.from_numpy(ids), torch.from_numpy(lengths) if padded else None


def _start(model: Model, batch: _Batch) -> Callable[[], Logits]:
    """Begin to compute a batch; what is returned waits for its logits.

    A GPU is given the next batches meanwhile: ids and logits are copied by way of pinned memory,
    which needs no waiting. Lengths stay here, where the padding can be looked at without waiting.
    """
    ids, lengths = batch
    on_gpu = model.device.type == "cuda"
    with torch.inference_mode(), full_precision(), _current(model.device):
        placed = (ids.pin_memory() if on_gpu else ids).to(model.device, non_blocking=on_gpu)
        logits = model.network(placed, lengths, padding=model.padding)
        if not on_gpu:
            return lambda: logits.cpu().numpy()
        copied = torch.empty(logits.shape, dtype=logits.dtype, pin_memory=True)
        copied.copy_(logits, non_blocking=True)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()

    def wait() -> Logits:
        done.synchronize()
        return copied.numpy()

    return wait


def _current(device: torch.device) -> AbstractContextManager[Any]:
    """Let streams and events belong to the model's GPU, where there are several."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _errors(model: Model, batch: _Batch) -> AbstractContextManager[None]:
    rows, tokens = batch[0].shape
    return memory_errors(model.name, rows, tokens, str(model.device))
