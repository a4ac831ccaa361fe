"""The same network computed by OpenVINO, which fuses more of it than torch does on a CPU."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from enhancer_variants.errors import MissingDependencyError
from enhancer_variants.models.admission import Precision
from enhancer_variants.models.card import Padding
from enhancer_variants.models.network import DnabertNetwork, Layer, NetworkConfig

__all__ = ["OpenvinoNetwork", "has_openvino", "require_openvino"]

_TELEMETRY: Final = "openvino_telemetry"
_HINTS: Final = {"fp32": "f32", "bf16": "bf16"}


class OpenvinoNetwork(DnabertNetwork):
    """A network whose logits OpenVINO computes; all else of it, and gradients, is torch's.

    The first pass compiles it, with as many threads as torch has then. The compiled network has
    weights of its own, beside torch's. Nothing is written to disk, nor sent anywhere.

    Parameters
    ----------
    config
        The sizes.
    precision
        ``fp32`` or ``bf16``; torch's weights are float32 in either case.
    """

    def __init__(self, config: NetworkConfig, *, precision: Precision = "fp32") -> None:
        super().__init__(config)
        self._precision = precision
        self._compiled: Any = None
        self._turn = threading.Lock()  # a compiled network has one place for inputs and results

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: Padding = "none"
    ) -> Tensor:
        """Logits of each sequence, as those of torch; without gradients."""
        bias = self.attention_bias(torch.empty(ids.shape), lengths, padding)
        if bias is None:
            bias = torch.zeros((1, 1, 1, ids.shape[1]))
        inputs = [ids.numpy().astype(np.int32, copy=False), bias.numpy()]
        with self._turn:
            if self._compiled is None:
                self._compiled = _compiled(self, self._precision)
            return torch.from_numpy(self._compiled(inputs)[0].copy())


def has_openvino() -> bool:
    """Whether OpenVINO is installed."""
    try:
        require_openvino()
    except MissingDependencyError:
        return False
    return True


def require_openvino() -> None:
    """Make sure that OpenVINO is installed.

    Raises
    ------
    MissingDependencyError
        If it is not; the message names the extra.
    """
    _openvino()


def _openvino() -> Any:
    """Import OpenVINO without the telemetry that it would send and note in the home directory."""
    absent = _TELEMETRY not in sys.modules
    if absent:
        modules: dict[str, Any] = sys.modules
        modules[_TELEMETRY] = None  # what makes an import of it fail
    try:
        import openvino  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            "backend 'openvino' needs OpenVINO: pip install 'enhancer-variants[openvino]'"
        ) from error
    finally:
        if absent:
            del sys.modules[_TELEMETRY]
    return openvino


def _compiled(network: DnabertNetwork, precision: str) -> Any:
    openvino = _openvino()
    settings = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "CACHE_DIR": "",
        "ENABLE_CPU_PINNING": False,  # threads of other runs on this machine stay undisturbed
    }
    graph = _Graph(network).model()
    # In a thread that ends: OpenVINO gives the one that compiles first a stack of its own for
    # signals, and takes its memory back when the last network goes, in whatever thread. In the
    # main thread, the next signal after that would end the process.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(openvino.Core().compile_model, graph, "CPU", settings).result()


class _Graph:
    """Writes a network in OpenVINO's operations, in the order of ``network.py``."""

    def __init__(self, network: DnabertNetwork) -> None:
        self.openvino = _openvino()
        self.ops = self.openvino.opset13
        self.network = network

    def model(self) -> Any:
        """Give the graph: ids (B, L) and attention bias (B or 1, 1, 1, L) to logits."""
        ops, network = self.ops, self.network
        ids = ops.parameter([-1, -1], np.int32, name="ids")
        bias = ops.parameter([-1, 1, 1, -1], np.float32, name="bias")
        states = self.embeddings(ids)
        layers: list[Any] = list(network.layers)
        for layer in layers:
            states = self.layer(layer, states, bias, cls_only=layer is layers[-1])
        pooled = ops.tanh(self.linear(network.pooler, ops.squeeze(states, [1])))
        logits = self.linear(network.classifier, pooled)
        return self.openvino.Model([ops.result(logits)], [ids, bias], "dnabert")

    def embeddings(self, ids: Any) -> Any:
        ops, network = self.ops, self.network
        words = ops.gather(self.constant(network.word_embeddings.weight), ids, 0)
        kind = network.token_type_embeddings.weight[0]
        places = self.constant(network.position_embeddings.weight + kind)
        length = ops.slice(ops.shape_of(ids, "i64"), [1], [2], [1])
        states = ops.add(words, ops.slice(places, np.array([0]), length, np.array([1])))
        return self.norm(network.embedding_norm, states)

    def layer(self, layer: Layer, states: Any, bias: Any, *, cls_only: bool) -> Any:
        ops = self.ops
        own = ops.slice(states, [0], [1], [1], [1]) if cls_only else states
        weights, shifts = layer.query_key_value.weight.chunk(3), layer.query_key_value.bias.chunk(3)
        query, key, value = (
            self.heads(layer.heads, self.product(read, weight, shift))
            for read, weight, shift in zip((own, states, states), weights, shifts, strict=True)
        )
        context = ops.scaled_dot_product_attention(query, key, value, bias)
        context = ops.reshape(ops.transpose(context, [0, 2, 1, 3]), [0, 0, -1], True)
        attended = ops.add(self.linear(layer.attention_output, context), own)
        states = self.norm(layer.attention_norm, attended)
        expanded = ops.gelu(self.linear(layer.intermediate, states), "erf")
        return self.norm(layer.output_norm, ops.add(self.linear(layer.output, expanded), states))

    def heads(self, heads: int, states: Any) -> Any:
        """(B, L, H) to (B, heads, L, D)."""
        split = self.ops.reshape(states, [0, 0, heads, -1], True)
        return self.ops.transpose(split, [0, 2, 1, 3])

    def linear(self, linear: nn.Linear, x: Any) -> Any:
        return self.product(x, linear.weight, linear.bias)

    def product(self, x: Any, weight: Tensor, shift: Tensor) -> Any:
        ops = self.ops
        product = ops.matmul(x, self.constant(weight), False, True)
        return ops.add(product, self.constant(shift))

    def norm(self, norm: nn.LayerNorm, x: Any) -> Any:
        ops = self.ops
        centred = ops.mvn(x, np.array([-1]), True, norm.eps, "inside_sqrt")
        scaled = ops.multiply(centred, self.constant(norm.weight))
        return ops.add(scaled, self.constant(norm.bias))

    def constant(self, weight: Tensor) -> Any:
        return self.ops.constant(weight.detach().numpy(), np.float32)
