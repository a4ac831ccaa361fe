"""Memory that runs out: one error, whoever says so."""

from __future__ import annotations

import pickle

import pytest
import torch

from enhancer_variants.errors import DeviceMemoryError, ModelError
from enhancer_variants.models.device_memory import memory_errors

SAID = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    RuntimeError("Exception from src/inference: std::bad_alloc"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@pytest.mark.parametrize("error", SAID, ids=lambda error: type(error).__name__)
def test_every_library_is_understood(error: Exception) -> None:
    with pytest.raises(DeviceMemoryError) as raised, memory_errors("CTCF", 12, 200, "cuda:1"):
        raise error
    assert raised.value.batch_size == 12
    assert raised.value.__cause__ is error
    for part in ("CTCF", "cuda:1", "12 rows of 200 tokens", "use batch_size 6 (--batch-size 6)"):
        assert part in str(raised.value)


def test_one_row_cannot_be_halved() -> None:
    with (
        pytest.raises(DeviceMemoryError, match="use a device with more"),
        memory_errors("CTCF", 1, 200, "cpu"),
    ):
        raise MemoryError


def test_a_real_allocation_that_fails_is_understood() -> None:
    with pytest.raises(DeviceMemoryError), memory_errors("CTCF", 2, 200, "cpu"):
        torch.empty(2**55, dtype=torch.uint8)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes") as raised, memory_errors("A", 2, 9, "cpu"):
        raise RuntimeError("shapes cannot be multiplied")
    assert not isinstance(raised.value, ModelError)


def test_the_error_crosses_processes() -> None:
    again = pickle.loads(pickle.dumps(DeviceMemoryError("too little", 8)))  # noqa: S301
    assert (str(again), again.batch_size) == ("too little", 8)
