"""Packed weights: the same products, in another order of the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.models import DnabertNetwork, NetworkConfig
from enhancer_variants.models.packed_linear import Linear, can_pack, plain

needs_onednn = pytest.mark.skipif(not can_pack(torch.float32), reason="torch without oneDNN")


def layer(inputs: int, outputs: int, seed: int = 0) -> Linear:
    torch.manual_seed(seed)
    return Linear(inputs, outputs).requires_grad_(False)


def formula(linear: Linear, x: torch.Tensor, gelu: bool, plus: torch.Tensor | None) -> torch.Tensor:
    y = F.linear(x.double(), plain(linear.weight).double(), linear.bias.double())
    y = F.gelu(y) if gelu else y
    return y if plus is None else y + plus.double()


@needs_onednn
@settings(max_examples=40)
@given(
    rows=st.integers(1, 9),
    tokens=st.integers(1, 33),
    inputs=st.integers(1, 70),
    outputs=st.integers(1, 70),
    follows=st.sampled_from(["nothing", "gelu", "plus"]),
)
def test_a_packed_layer_computes_what_a_plain_one_does(
    rows: int, tokens: int, inputs: int, outputs: int, follows: str
) -> None:
    linear = layer(inputs, outputs, rows)
    x = torch.randn(rows, tokens, inputs)
    gelu, plus = (
        follows == "gelu",
        torch.randn(rows, tokens, outputs) if follows == "plus" else None,
    )
    expected = formula(linear, x, gelu, plus)
    unpacked = linear(x, gelu=gelu, plus=plus)
    linear.pack()
    packed = linear(x, gelu=gelu, plus=plus)
    for found in (unpacked, packed):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)


@needs_onednn
def test_packing_only_reorders() -> None:
    linear = layer(48, 80)
    before, size = linear.weight.clone(), linear.weight.nbytes
    linear.pack()
    assert linear.weight.is_mkldnn
    assert torch.equal(plain(linear.weight), before)
    assert linear.weight.numel() * linear.weight.element_size() == size


@needs_onednn
def test_a_gradient_goes_through_packed_weights() -> None:
    linear = layer(6, 4)
    linear.pack()
    x = torch.randn(2, 6, requires_grad=True)
    linear(x, gelu=True).sum().backward()
    expected = torch.autograd.grad(formula(linear, x, True, None).sum(), x)[0]
    assert x.grad is not None
    torch.testing.assert_close(x.grad, expected, atol=1e-5, rtol=1e-5)


@needs_onednn
def test_a_row_is_the_same_wherever_it_stands_in_a_batch() -> None:
    linear = layer(64, 96)
    linear.pack()
    x = torch.randn(6, 20, 64)
    assert torch.equal(linear(x.roll(2, 0)), linear(x).roll(2, 0))


def test_other_numbers_are_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not can_pack(torch.float16)
    onednn: Any = torch.ops.mkldnn
    monkeypatch.setattr(onednn, "_is_mkldnn_bf16_supported", lambda: False)
    assert not can_pack(torch.bfloat16)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not can_pack(torch.float32)
    network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2))
    network.pack()
    assert not any(weight.is_mkldnn for weight in network.parameters())
