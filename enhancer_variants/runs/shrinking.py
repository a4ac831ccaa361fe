"""A shard over which memory runs out is done again in smaller batches, where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from enhancer_variants.errors import DeviceMemoryError
from enhancer_variants.models.files import JSON
from enhancer_variants.runs.shard import Piece

__all__ = ["BatchSize", "OnOom", "in_batches_that_fit"]

OnOom: TypeAlias = Literal["stop", "shrink"]
"""What to do where a device has too little memory for a batch."""

BatchSize: TypeAlias = int | Literal["auto"]
"""Sequences in one pass through a network."""

_GO_ON: Final = (
    "A run keeps its batch size once a shard is done: go on with on_oom='shrink' (--on-oom "
    "shrink), or name another folder"
)


def in_batches_that_fit(
    do: Callable[[BatchSize, Callable[[float], None], Mapping[str, JSON]], Piece],
    batch_size: BatchSize,
    on_oom: OnOom,
    advance: Callable[[float], None] | None = None,
) -> Piece:
    """Do a shard, and again with half the batch as often as memory runs out.

    Parameters
    ----------
    do
        Does it, given the batch size, who is told of the progress, and the notes of its piece.
    batch_size
        The run's.
    on_oom
        ``stop`` does it only once.
    advance
        Told how much more is done; below 0 where it is begun again.

    Raises
    ------
    DeviceMemoryError
        If memory runs out, and nothing smaller is to be tried or can be.

    Examples
    --------
    >>> def do(batch_size, advance, notes):
    ...     if batch_size > 2:
    ...         raise DeviceMemoryError("too little", batch_size)
    ...     return Piece({}, {}, notes)
    >>> in_batches_that_fit(do, 8, "shrink").notes
    {'batch_size': 2}
    """
    notes: dict[str, JSON] = {}
    while True:
        progress = _Retractable(advance)
        try:
            return do(batch_size, progress, notes)
        except DeviceMemoryError as error:
            if on_oom == "stop" or error.batch_size <= 1:
                raise DeviceMemoryError(f"{error}. {_GO_ON}", error.batch_size) from error
            batch_size = error.batch_size // 2
            notes = {"batch_size": batch_size}
            progress.retract()


class _Retractable:
    """Passes progress on, and can take it back."""

    def __init__(self, advance: Callable[[float], None] | None) -> None:
        self._advance, self._told = advance, 0.0

    def __call__(self, done: float) -> None:
        self._told += done
        if self._advance is not None:
            self._advance(done)

    def retract(self) -> None:
        """Say that nothing of it is done."""
        self(-self._told)
