"""What a device says when its memory is used up, and what to tell the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from enhancer_variants.errors import DeviceMemoryError

__all__ = ["memory_errors"]

_SAID: Final = (
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "out of memory",
    "_status_alloc_failed",
)
"""Parts of the messages of torch's allocators, of OpenVINO, of C++ itself, and of cuBLAS."""


@contextmanager
def memory_errors(model_name: str, batch_size: int, tokens: int, device: str) -> Iterator[None]:
    """Turn what libraries raise when memory runs out into one error with a remedy.

    Parameters
    ----------
    model_name
        Whose batch it is.
    batch_size, tokens
        Rows of the batch, and tokens of a row.
    device
        Where it is computed.

    Raises
    ------
    DeviceMemoryError
        If memory runs out inside; the message names half of `batch_size`.

    Examples
    --------
    >>> with memory_errors("enhancer", 8, 200, "cpu"):  # doctest: +ELLIPSIS
    ...     raise MemoryError
    Traceback (most recent call last):
    enhancer_variants.errors.DeviceMemoryError: enhancer: the memory of cpu is too small for ...
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_about_memory(error):
            raise
        remedy = (
            f"use batch_size {batch_size // 2} (--batch-size {batch_size // 2})"
            if batch_size > 1
            else "free memory of it, or use a device with more"
        )
        raise DeviceMemoryError(
            f"{model_name}: the memory of {device} is too small for a batch of {batch_size} rows "
            f"of {tokens} tokens; expected one that fits: {remedy}",
            batch_size,
        ) from error


def _is_about_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(said in str(error).lower() for said in _SAID)
