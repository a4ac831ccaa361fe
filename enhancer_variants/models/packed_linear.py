"""Linear layers whose weights can be packed for the matrix products of a CPU.

A product that is computed thousands of times with the same weights need not bring them into the
processor's order each time: oneDNN, which torch carries, multiplies packed weights faster, and
adds a residual or applies GELU on the way. Packing only reorders: the plain weights can be had
back, bit by bit, and are used where a gradient is wanted.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from torch import Tensor, nn

__all__ = ["Linear", "can_pack", "plain"]


class Linear(nn.Linear):
    """A linear layer with what usually follows it: GELU, or the addition of a residual.

    Examples
    --------
    >>> layer = Linear(2, 1).requires_grad_(False)
    >>> _ = layer.weight.fill_(2.0), layer.bias.fill_(0.5)
    >>> layer(torch.tensor([[1.0, 2.0]]), plus=torch.tensor([[10.0]]))
    tensor([[16.5000]])
    """

    def forward(self, x: Tensor, *, gelu: bool = False, plus: Tensor | None = None) -> Tensor:
        """(..., in) to (..., out); `plus` has the shape of the result."""
        if self.weight.is_mkldnn and not (torch.is_grad_enabled() and x.requires_grad):
            return self._packed_product(x, gelu, plus)
        product = F.linear(x, plain(self.weight), self.bias)
        product = F.gelu(product) if gelu else product
        return product if plus is None else product + plus

    def _packed_product(self, x: Tensor, gelu: bool, plus: Tensor | None) -> Tensor:
        products = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - as torch.compile calls it
        product: Tensor
        if plus is not None:
            product = products.binary(x, plus, self.weight, self.bias, "add")
        elif gelu:
            product = products(x, self.weight, self.bias, "gelu", [], "none")
        else:
            product = products(x, self.weight, self.bias, "none", [], "")
        return product

    def pack(self) -> None:
        """Pack the weights; they take the same memory as before and get no gradient."""
        weight = self.weight.detach()
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)  # noqa: SLF001 - likewise
        self.weight = nn.Parameter(packed, requires_grad=False)


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this CPU multiplies packed weights of a kind without widening them first."""
    onednn = torch.ops.mkldnn
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not available or not hasattr(onednn, "_linear_pointwise"):
        return False
    if dtype == torch.bfloat16:
        return bool(onednn._is_mkldnn_bf16_supported())  # noqa: SLF001 - there is no other name
    return dtype == torch.float32


def plain(weight: Tensor) -> Tensor:
    """Weights in their plain order, whether they are packed or not."""
    return weight.to_dense() if weight.is_mkldnn else weight
