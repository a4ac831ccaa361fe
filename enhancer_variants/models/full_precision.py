"""Float32 that is multiplied as float32, whatever a program has told torch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch

__all__ = ["full_precision"]

_turn: Final = threading.Lock()
_inside = 0
_of_the_caller: list[Any] = []
"""What the settings were before the first of those who are inside came."""


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply float32 as float32 inside, and leave torch's settings as the caller had them.

    TF32 and its like round to 10 or fewer bits, which a program may have allowed for itself. The
    settings are those of the whole process: of several threads that are inside at once, the first
    one changes them and the last one brings them back.

    Examples
    --------
    >>> before = torch.get_float32_matmul_precision()
    >>> with full_precision():
    ...     product = torch.ones(2, 2) @ torch.ones(2, 2)
    >>> torch.get_float32_matmul_precision() == before
    True
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside  # noqa: PLW0603 - torch's settings are the process's too
    with _turn:
        if _inside == 0:
            _of_the_caller[:] = _settings()
            _set(["ieee"] * len(_of_the_caller) if _by_kind() else ["highest"])
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603 - likewise
    with _turn:
        _inside -= 1
        if _inside == 0:
            _set(_of_the_caller)


def _by_kind() -> bool:
    """Whether GPU and CPU have a setting each, as from torch 2.9 on.

    From there on the older function refuses to work where the caller has used the newer names.
    """
    return hasattr(torch.backends.cuda.matmul, "fp32_precision")


def _kinds() -> tuple[Any, Any]:
    return torch.backends.cuda.matmul, torch.backends.mkldnn.matmul  # type: ignore[attr-defined]


def _settings() -> list[str]:
    if _by_kind():
        return [kind.fp32_precision for kind in _kinds()]
    return [torch.get_float32_matmul_precision()]


def _set(settings: list[Any]) -> None:
    if not _by_kind():
        torch.set_float32_matmul_precision(settings[0])
        return
    for kind, setting in zip(_kinds(), settings, strict=True):
        kind.fp32_precision = setting
