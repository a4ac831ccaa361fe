"""The network of DNABERT: BERT (Devlin et al. 2019) with a classifier on [CLS].

To be read from top to bottom: what it is made of, how one layer works, the whole, and how the
names of a checkpoint's tensors relate to the names here. Shapes: B sequences, L tokens each, H
hidden units, D = H / heads. One file serves scoring (``forward``: the last layer is computed for
[CLS] alone), pre-training (``hidden_states``: every position) and explanation
(``attention_weights``). Dropout acts in training mode alone, at BERT's five places: embeddings,
attention probabilities, the outputs of attention and of the perceptron, and what the classifier
reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from torch import Tensor, nn

from enhancer_variants.errors import ModelError
from enhancer_variants.models.card import Padding
from enhancer_variants.models.packed_linear import Linear, can_pack, plain

__all__ = [
    "DnabertNetwork",
    "NetworkConfig",
    "from_checkpoint_names",
    "in_float32",
    "to_checkpoint_names",
]


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Sizes of a network, by the names that ``config.json`` has for them.

    Examples
    --------
    >>> NetworkConfig(4101, 768, 12, 12, 3072, 512, 2, 1e-12, 2).hidden_size
    768
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float
    num_labels: int


class Layer(nn.Module):
    """One encoder layer: self-attention, then a two-layer perceptron, each added and normalised."""

    def __init__(self, config: NetworkConfig, dropout: float = 0.0) -> None:
        super().__init__()
        width = config.hidden_size
        self.dropout = dropout
        self.heads = config.num_attention_heads
        self.query_key_value = Linear(width, 3 * width)
        self.attention_output = Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.intermediate = Linear(width, config.intermediate_size)
        self.output = Linear(config.intermediate_size, width)
        self.output_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, states: Tensor, bias: Tensor | None, *, cls_only: bool = False) -> Tensor:
        """(B, L, H) to (B, L, H), or to (B, 1, H) for [CLS], the first position, alone."""
        if cls_only and not self.training:
            context = self._context_of_cls(states, bias)
        else:
            context = self._context(states, bias, cls_only=cls_only)
        residual = states[:, :1] if cls_only else states
        states = self.attention_norm(self._added(self.attention_output, context, residual))
        expanded = self.intermediate(states, gelu=True)
        normalised: Tensor = self.output_norm(self._added(self.output, expanded, states))
        return normalised

    def _added(self, linear: Linear, x: Tensor, residual: Tensor) -> Tensor:
        if self.training:
            return F.dropout(linear(x), self.dropout) + residual
        added: Tensor = linear(x, plus=residual)
        return added

    def project(self, states: Tensor, *, cls_only: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, (B, heads, L, D) each; the query of [CLS] alone if asked for."""
        if not cls_only:
            query, key, value = self.query_key_value(states).chunk(3, dim=-1)
        else:
            width = states.shape[-1]
            weight, shift = plain(self.query_key_value.weight), self.query_key_value.bias
            query = F.linear(states[:, :1], weight[:width], shift[:width])
            key, value = F.linear(states, weight[width:], shift[width:]).chunk(2, dim=-1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)
        )
        return query, key, value

    def _context(self, states: Tensor, bias: Tensor | None, *, cls_only: bool) -> Tensor:
        """(B, L, H), or (B, 1, H), what each position reads from those that it attends."""
        query, key, value = self.project(states, cls_only=cls_only)
        if states.dtype == torch.bfloat16 and states.device.type == "cpu":
            # Quicker there than in bfloat16, and more precise.
            query, key, value = query.float(), key.float(), value.float()
        dropped = self.dropout if self.training else 0.0
        bias = None if bias is None else bias.to(query.dtype)
        context = F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, dropout_p=dropped
        )
        return context.transpose(1, 2).flatten(2).to(states.dtype)

    def _context_of_cls(self, states: Tensor, bias: Tensor | None) -> Tensor:
        """(B, 1, H) what [CLS] reads, without the key and value of every position.

        With q the query, a the attention and x the states, q.(Kx + k) is (K'q).x and a number
        that is the same for every position, which attention does not see; and the mean of Vx + v
        is V times the mean of x, plus v, because a sums to 1. In float32, as this is little work.
        """
        states = states.float()
        q, k, v = self._of_heads(plain(self.query_key_value.weight))
        q_shift, _, v_shift = self._of_heads(self.query_key_value.bias)
        query = torch.einsum("hdw,bw->bhd", q, states[:, 0]) + q_shift
        asked = torch.einsum("hdw,bhd->bhw", k, query) * query.shape[-1] ** -0.5
        scores = asked @ states.transpose(1, 2)
        attention = torch.softmax(scores if bias is None else scores + bias[:, 0], dim=-1)
        read: Tensor = torch.einsum("hdw,bhw->bhd", v, attention @ states) + v_shift
        return read.flatten(1)[:, None].to(self.query_key_value.weight.dtype)

    def _of_heads(self, parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Split query, key and value, each into (heads, D, ...), float32."""
        query, key, value = parts.float().reshape(3, self.heads, -1, *parts.shape[1:])
        return query, key, value


class DnabertNetwork(nn.Module):
    """BERT encoder, pooler and classifier.

    Parameters
    ----------
    config
        The sizes.
    dropout
        Share of activations that are dropped in training mode, 0 to below 1; none in evaluation
        mode.

    Examples
    --------
    >>> network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)).eval()
    >>> network(torch.tensor([[2, 5, 6, 3]])).shape
    torch.Size([1, 2])
    """

    def __init__(self, config: NetworkConfig, *, dropout: float = 0.0) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ModelError(f"dropout is {dropout}; expected a share from 0 to below 1")
        width = config.hidden_size
        self.config = config
        self.dropout = dropout
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.embedding_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config, dropout) for _ in range(config.num_hidden_layers))
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, config.num_labels)

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: Padding = "none"
    ) -> Tensor:
        """Logits of each sequence.

        Parameters
        ----------
        ids
            (B, L) token ids, the shorter rows padded on the right.
        lengths
            (B,) tokens of each row without its padding; None where no row is padded.
        padding
            ``none``: no position attends padding. ``dnabert``: padding is attended with odds
            lower by e, because the published code adds the 0/1 mask itself to the attention scores.

        Returns
        -------
        torch.Tensor
            (B, labels) logits, float32 whatever the precision of the weights.
        """
        words = self.word_embeddings(ids)
        return self.logits_of_words(words, lengths, padding=padding)

    def logits_of_words(
        self, words: Tensor, lengths: Tensor | None = None, *, padding: Padding = "none"
    ) -> Tensor:
        """Logits of each sequence from the embeddings of its tokens: for gradients.

        Parameters
        ----------
        words
            (B, L, H) rows of ``word_embeddings``, one for each token; any other vectors will do.
        lengths, padding
            As for ``forward``.

        Returns
        -------
        torch.Tensor
            (B, labels) logits, float32.

        Examples
        --------
        >>> network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)).eval()
        >>> ids = torch.tensor([[2, 5, 6, 3]])
        >>> torch.equal(network.logits_of_words(network.word_embeddings(ids)), network(ids))
        True
        """
        return self.logits_with_bias(words, self.attention_bias(words, lengths, padding))

    def logits_with_bias(self, words: Tensor, bias: Tensor | None) -> Tensor:
        """Give the logits of (B, L, H) embeddings; `bias` is what `attention_bias` gives."""
        states = self._embed(words)
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            states = layer(states, bias, cls_only=number == last)
        return self._classify(states[:, 0])

    def pack(self) -> None:
        """Bring the weights into the order that this CPU multiplies best; no gradients for them."""
        if can_pack(self.pooler.weight.dtype):
            for linear in (
                module for module in self.layers.modules() if isinstance(module, Linear)
            ):
                if linear is not self.layers[-1].query_key_value:  # used in parts, for [CLS]
                    linear.pack()

    def hidden_states(
        self,
        ids: Tensor,
        lengths: Tensor | None = None,
        padding: Padding = "none",
        every_layer: bool = False,
    ) -> Tensor:
        """States of every position behind the last layer, or behind each of them.

        Parameters
        ----------
        ids, lengths, padding
            As for ``forward``.
        every_layer
            Whether to return the embeddings and every layer's states, not the last ones alone.

        Returns
        -------
        torch.Tensor
            (B, L, H), or (layers + 1, B, L, H) with `every_layer`.
        """
        words = self.word_embeddings(ids)
        bias = self.attention_bias(words, lengths, padding)
        states = [self._embed(words)]
        for layer in self.layers:
            states = [*(states if every_layer else ()), layer(states[-1], bias)]
        return torch.stack(states) if every_layer else states[-1]

    def attention_weights(
        self,
        ids: Tensor,
        lengths: Tensor | None = None,
        padding: Padding = "none",
        layer: int = -1,
        *,
        cls_only: bool = False,
    ) -> Tensor:
        """How much each position (third axis) attends each other one (fourth axis).

        Parameters
        ----------
        ids, lengths, padding
            As for ``forward``.
        layer
            Which layer, 0 for the first, -1 for the last.
        cls_only
            Whether only [CLS], the first position, attends.

        Returns
        -------
        torch.Tensor
            (B, heads, L, L) float32, or (B, heads, 1, L) for [CLS] alone; each row of the last
            axis sums to 1.

        Raises
        ------
        ModelError
            If there is no such layer.
        """
        if not -len(self.layers) <= layer < len(self.layers):
            raise ModelError(f"layer {layer}: expected one of the network's {len(self.layers)}")
        words = self.word_embeddings(ids)
        bias = self.attention_bias(words, lengths, padding)
        states = self._embed(words)
        number = layer % len(self.layers)
        for below in self.layers[:number]:
            states = below(states, bias)
        query, key, _ = cast("Layer", self.layers[number]).project(states, cls_only=cls_only)
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        return torch.softmax((scores if bias is None else scores + bias).float(), dim=-1)

    def pooled(self, cls_states: Tensor) -> Tensor:
        """(B, H) states of [CLS] behind the last layer to (B, H) input of the classifier.

        Computed in float32, which costs nothing here and keeps the digits that logits need.
        """
        weight, shift = self.pooler.weight, self.pooler.bias
        return torch.tanh(F.linear(cls_states.float(), weight.float(), shift.float()))

    def _classify(self, cls_states: Tensor) -> Tensor:
        weight, shift = self.classifier.weight, self.classifier.bias
        pooled = F.dropout(self.pooled(cls_states), self.dropout, self.training)
        return F.linear(pooled, weight.float(), shift.float())

    def _embed(self, words: Tensor) -> Tensor:
        positions = self.position_embeddings.weight[: words.shape[1]]
        places = positions + self.token_type_embeddings.weight[0]
        states: Tensor = self.embedding_norm(words + places)
        return F.dropout(states, self.dropout, self.training)

    def attention_bias(
        self, words: Tensor, lengths: Tensor | None, padding: Padding
    ) -> Tensor | None:
        """Give what is added to the attention scores of each key, (B or 1, 1, 1, L).

        None where no row is padded: adding the same to every key changes nothing, which is also
        why 0 on tokens and -1 on padding equal the published +1 and 0.

        Parameters
        ----------
        words
            Shape (B, L, ...): its shape, type and place are all that is looked at.
        lengths, padding
            As for ``forward``. With lengths on the CPU nobody waits for a GPU here.

        Returns
        -------
        torch.Tensor or None
            Of the type and on the device of `words`.
        """
        longest = words.shape[1]
        if lengths is None or bool((lengths == longest).all()):
            return None
        if bool((lengths == lengths[0]).all()):
            lengths = lengths[:1]
        is_padding = torch.arange(longest, device=lengths.device) >= lengths[:, None]
        bias = torch.zeros(is_padding.shape, device=lengths.device, dtype=words.dtype)
        bias.masked_fill_(is_padding, -1.0 if padding == "dnabert" else float("-inf"))
        if words.is_cuda and not bias.is_cuda:
            bias = bias.pin_memory()  # else the copy would wait for the GPU
        return bias[:, None, None, :].to(words.device, non_blocking=True)


def in_float32(network: DnabertNetwork) -> DnabertNetwork:
    """Give a network with the same weights in float32, which shares those that are already."""
    with torch.device("meta"):
        wider = DnabertNetwork(network.config)
    state = {name: plain(weight).float() for name, weight in network.state_dict().items()}
    wider.load_state_dict(state, assign=True)
    return wider.requires_grad_(False).eval()


_OUTSIDE_LAYERS = {
    "word_embeddings": ("bert.embeddings.word_embeddings",),
    "position_embeddings": ("bert.embeddings.position_embeddings",),
    "token_type_embeddings": ("bert.embeddings.token_type_embeddings",),
    "embedding_norm": ("bert.embeddings.LayerNorm",),
    "pooler": ("bert.pooler.dense",),
    "classifier": ("classifier",),
}
_IN_LAYER = {
    "query_key_value": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention_output": ("attention.output.dense",),
    "attention_norm": ("attention.output.LayerNorm",),
    "intermediate": ("intermediate.dense",),
    "output": ("output.dense",),
    "output_norm": ("output.LayerNorm",),
}


def from_checkpoint_names(tensors: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Rename a checkpoint's tensors to this network's names; query, key, value become one."""
    return {ours: torch.cat([tensors[name] for name in theirs]) for ours, theirs in _names(layers)}


def to_checkpoint_names(state: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Rename this network's tensors to a checkpoint's names: the inverse of the above."""
    return {
        name: part.contiguous()
        for ours, theirs in _names(layers)
        for name, part in zip(theirs, state[ours].chunk(len(theirs)), strict=True)
    }


def _names(layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name of this network with the names of the checkpoint's tensors that make it up."""
    modules: list[tuple[str, tuple[str, ...]]] = [*_OUTSIDE_LAYERS.items()]
    for layer in range(layers):
        for ours, parts in _IN_LAYER.items():
            names = tuple(f"bert.encoder.layer.{layer}.{part}" for part in parts)
            modules.append((f"layers.{layer}.{ours}", names))
    for ours, theirs in modules:
        yield f"{ours}.weight", tuple(f"{name}.weight" for name in theirs)
        if not ours.endswith("_embeddings"):
            yield f"{ours}.bias", tuple(f"{name}.bias" for name in theirs)
