"""Torch's settings of matrix products: full precision inside, the caller's outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from enhancer_variants.models.full_precision import full_precision

pytestmark = pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="torch before 2.9"
)


def settings() -> tuple[str, str]:
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.mkldnn.matmul.fp32_precision


@pytest.fixture(autouse=True)
def _tf32_on_gpus() -> Iterator[None]:
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    yield
    torch.backends.cuda.matmul.fp32_precision = before


def test_an_error_inside_brings_the_settings_back() -> None:
    before, inside = settings(), full_precision()
    inside.__enter__()
    assert settings() == ("ieee", "ieee")
    assert not inside.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert settings() == before


def test_of_two_who_overlap_the_last_one_out_brings_them_back() -> None:
    """As two threads do: each enters and leaves when it likes."""
    before = settings()
    one, other = full_precision(), full_precision()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert settings() == ("ieee", "ieee")
    other.__exit__(None, None, None)
    assert settings() == before
