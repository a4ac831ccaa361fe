"""One process that trains, by itself or beside others under torchrun."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
from collections.abc import Iterator
from typing import TypeVar, cast

import numpy as np
import torch
import transformers

from enhancer_variants.errors import MissingDependencyError

__all__ = [
    "processes",
    "random_states_kept",
    "require_training_packages",
    "shared",
    "threads",
    "verbosity_kept",
    "wait_for_others",
]

_Value = TypeVar("_Value")


def require_training_packages() -> None:
    """Refuse to begin without the packages of the extra ``train``.

    Raises
    ------
    MissingDependencyError
        If one is missing.
    """
    if importlib.util.find_spec("accelerate") is None:
        raise MissingDependencyError(
            "training needs accelerate, which is not installed: "
            "pip install 'enhancer-variants[train]'"
        )


def processes() -> int:
    """Count the processes that train together, as torchrun says; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def wait_for_others() -> None:
    """Wait until all processes are here."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()


def shared(value: _Value | None) -> _Value:
    """Give every process what the first one has.

    Parameters
    ----------
    value
        Anything that can be pickled; only the first process's counts.

    Examples
    --------
    >>> shared("alone")
    'alone'
    """
    held = [value]
    if torch.distributed.is_initialized():
        torch.distributed.broadcast_object_list(held, src=0)
    return cast("_Value", held[0])


@contextlib.contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Compute with so many threads of the CPU, and leave torch as the caller had it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def random_states_kept() -> Iterator[None]:
    """Leave the random states, which Trainer seeds, as the caller had them."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - Trainer's own
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002 - likewise


@contextlib.contextmanager
def verbosity_kept() -> Iterator[None]:
    """Leave what transformers logs, which Trainer sets, as the caller had it."""
    before = transformers.logging.get_verbosity()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)
