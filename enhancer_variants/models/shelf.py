"""Many models and limited memory: some stay loaded, the others are read when their turn comes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from enhancer_variants.errors import ModelError
from enhancer_variants.models.admission import Backend, Precision
from enhancer_variants.models.card import Padding
from enhancer_variants.models.model import Model, load_model, seen_as
from enhancer_variants.models.network import DnabertNetwork
from enhancer_variants.models.views import ModelView, find_model

__all__ = ["ModelMemory", "ModelShelf"]

ModelMemory: TypeAlias = int | str
"""Bytes, or text as ``8GB``, or ``auto``."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE)
_MEMORY_FILE = "/proc/meminfo"
_GROUPS = "/sys/fs/cgroup"
_GROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
_SHARE = 0.5
"""Share of the memory that is free at the start that ``auto`` gives to models."""


class ModelShelf:
    """Models by name, as many of them in memory as fit.

    Every model is read and checked once when the shelf is made, so that nothing is found wrong
    with the last of them hours later. The first ones that fit stay loaded; the others keep their
    description only, and :meth:`ready` reads their weights again each time (from a safetensors
    file by mapping it into memory). Which stay does not change: models that are used in turn
    would each push out the one that is needed next.

    Names of one directory, such as the bundled ``enhancer-mini`` and ``tfbs-mini``, share its
    network: it is read once, and takes its memory once.

    Parameters
    ----------
    sources
        Directories, names or views (:func:`~enhancer_variants.models.find_model`) by name.
    memory
        Bytes that weights may take, text such as ``8GB``, or ``auto``: half of what is free on
        the device. One model is always loaded, however large it is.
    window, max_seq_length, padding, device, precision, backend
        As for :func:`~enhancer_variants.models.load_model`.

    Attributes
    ----------
    models
        The models in order; those that are not in memory have a network without weights.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError, WindowLengthError, ModelError
        As :func:`~enhancer_variants.models.load_model`, and if `memory` is no size.
    InputError
        If a name stands for no model.

    Examples
    --------
    >>> ModelShelf({}).complete
    True
    """

    def __init__(
        self,
        sources: Mapping[str, str | os.PathLike[str] | ModelView],
        *,
        memory: ModelMemory = "auto",
        window: int | None = None,
        max_seq_length: int | None = None,
        padding: Padding | None = None,
        device: str = "auto",
        precision: Precision | Literal["auto"] = "auto",
        backend: Backend | Literal["auto"] = "auto",
    ) -> None:
        self._views = {name: find_model(source) for name, source in sources.items()}
        self._window, self._max_seq_length, self._padding = window, max_seq_length, padding
        self._device, self._precision, self._backend = device, precision, backend
        self._loaded: dict[Path, Model] = {}
        outlines, limit, used = dict[Path, Model](), _bytes(memory), 0
        for place, directory in {_place(v): v.directory for v in self._views.values()}.items():
            model = self._read(directory)
            if limit is None:
                limit = int(_SHARE * _free_memory(model.device))
            outlines[place] = replace(model, network=_without_weights(model))
            if used + _size(model) <= limit:
                used += _size(model)
                self._loaded[place] = model
            del model  # or it would stay while the next one is read
        self._make_room(outlines, limit or 0)
        wholes = {**outlines, **self._loaded}
        self.models = tuple(
            seen_as(wholes[_place(view)], view, name) for name, view in self._views.items()
        )

    def _make_room(self, outlines: Mapping[Path, Model], limit: int) -> None:
        """Put the last ones away until the largest of those that are away fits beside the rest."""
        sizes = {place: _size(model) for place, model in outlines.items()}
        used = sum(sizes[place] for place in self._loaded)
        away = (size for place, size in sizes.items() if place not in self._loaded)
        largest = max(away, default=0)
        while self._loaded and len(self._loaded) < len(outlines) and used + largest > limit:
            place, _ = self._loaded.popitem()
            used, largest = used - sizes[place], max(largest, sizes[place])

    @property
    def complete(self) -> bool:
        """Whether all models are in memory."""
        return all(_place(view) in self._loaded for view in self._views.values())

    def ready(self, model: Model) -> Model:
        """Give a model of this shelf with its weights, read again where they were not kept.

        Raises
        ------
        ModelError
            If the weights have changed since the shelf was made.
        """
        view = self._views.get(model.name)
        if view is None or _place(view) in self._loaded:
            return model
        again = self._read(view.directory)
        if again.weights_sha256 != model.weights_sha256:
            raise ModelError(
                f"{view.directory}: the weights of model {model.name} changed while "
                f"they were in use (sha256 {model.weights_sha256} before, "
                f"{again.weights_sha256} now): start again"
            )
        return seen_as(again, view, model.name)

    def _read(self, directory: Path) -> Model:
        return load_model(
            directory,
            window=self._window,
            max_seq_length=self._max_seq_length,
            padding=self._padding,
            device=self._device,
            precision=self._precision,
            backend=self._backend,
        )


def _place(view: ModelView) -> Path:
    """Where a model's directory really lies: one place, however it is spelled."""
    return view.directory.resolve()


def _without_weights(model: Model) -> DnabertNetwork:
    """Give a network of the same shape that takes no memory."""
    with torch.device("meta"):
        return DnabertNetwork(model.network.config).to(model.network.pooler.weight.dtype)


def _size(model: Model) -> int:
    """Bytes of a model's weights, wherever they are; OpenVINO has its own beside torch's."""
    size = sum(weight.numel() * weight.element_size() for weight in model.network.parameters())
    return 2 * size if model.backend == "openvino" else size


def _bytes(memory: ModelMemory) -> int | None:
    """Size in bytes; None for ``auto``."""
    if memory == "auto":
        return None
    if isinstance(memory, int) and not isinstance(memory, bool) and memory >= 0:
        return memory
    found = _SIZE.fullmatch(memory.strip()) if isinstance(memory, str) else None
    if found is None:
        raise ModelError(
            f"model_memory is {memory!r}; expected 'auto', a number of bytes or a size as '8GB'"
        )
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def _free_memory(device: torch.device) -> int:
    """Bytes that are free on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_free_on_machine(), *_free_in_groups())


def _free_on_machine() -> int:
    try:
        with Path(_MEMORY_FILE).open(encoding="ascii") as lines:
            available = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(available.split()[1]) * 1024
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _free_in_groups() -> list[int]:
    """Bytes that a container or a batch job leaves, by either version of control groups."""
    free = [sys.maxsize]
    for most, used in _GROUP_FILES:
        try:
            limit, taken = (
                Path(_GROUPS, name).read_text(encoding="ascii") for name in (most, used)
            )
            free.append(max(0, int(limit) - int(taken)))
        except (OSError, ValueError):  # no such group, or no limit ("max")
            continue
    return free
