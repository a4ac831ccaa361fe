"""What the last digits of a result depend on beside its models: what computes them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

import torch

from enhancer_variants.models.files import JSON
from enhancer_variants.models.model import Model

__all__ = ["computing_conditions"]

_LIBRARIES: Final = ("numpy", "pyarrow", "scipy", "torch")
"""Libraries whose versions the bytes of a result may depend on; a backend is one more."""


def computing_conditions(models: Iterable[Model]) -> dict[str, JSON]:
    """Say what computes models: kinds of devices, threads on a CPU, versions of libraries.

    Parameters
    ----------
    models
        The models, loaded.

    Returns
    -------
    dict
        ``devices``, ``threads`` (None where nothing is computed on a CPU) and ``versions``.

    Examples
    --------
    >>> conditions = computing_conditions([])
    >>> conditions["devices"], conditions["threads"], sorted(conditions["versions"])
    ([], None, ['numpy', 'pyarrow', 'scipy', 'torch'])
    """
    held = list(models)
    backends = {model.backend for model in held} - {"torch"}
    on_cpu = any(model.device.type == "cpu" for model in held)
    return {
        "devices": [*sorted({_kind(model.device) for model in held})],
        "threads": torch.get_num_threads() if on_cpu else None,
        "versions": {name: version(name) for name in (*_LIBRARIES, *sorted(backends))},
    }


def _kind(device: torch.device) -> str:
    """Name what computes: another kind of processor rounds in another way."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu {torch.backends.cpu.get_cpu_capability()}"
    return device.type
