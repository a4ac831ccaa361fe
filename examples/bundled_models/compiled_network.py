"""The parameters of a scan, written into the DNABERT network that computes the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from data import Codes
from scan_network import (
    CLS_MARK,
    CONTEXT,
    EPSILON,
    HEAD_SIZE,
    HEADS,
    HIDDEN,
    HITS,
    KMER,
    MEAN,
    NOTHING,
    POSITION,
    POSITION_POWER,
    SPECIAL,
    SPECIAL_MARK,
    UNIT,
    UNITS,
    WORDS,
    ScanNetwork,
    encoded,
    norm_with_bases,
)
from torch import Tensor, nn

from enhancer_variants.models import DnabertNetwork, NetworkConfig, Vocabulary

__all__ = ["VOCABULARY", "compiled", "largest_difference", "network_config", "smallest_attention"]

VOCABULARY: Final = Vocabulary.canonical(KMER)

NEIGHBOURS: Final = ((-12, 0), (-8, 0), (-4, 0), (4, 2), (8, 2), (12, 2))
"""For each head of layer 1 the token it looks at, and the first of the four bases it takes."""

_FREQUENCIES: Final = 7
_LONGEST_LAG: Final = 230
_PEAK: Final = 60.0
"""How far the token that is looked at is ahead of one with unrelated angles, in the softmax."""

_AWAY: Final = 0.8
"""Share of the peak that [CLS] has for every head: more than any wrong token, less than the
right one."""

_POSITIONS: Final = 232
"""Tokens the network reads at most: so far apart the angles of two tokens are told apart."""


def network_config(outputs: int) -> NetworkConfig:
    """Sizes of the network."""
    return NetworkConfig(
        vocab_size=VOCABULARY.size,
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=UNITS,
        max_position_embeddings=_POSITIONS,
        type_vocab_size=2,
        layer_norm_eps=EPSILON,
        num_labels=outputs,
    )


@torch.no_grad()
def compiled(scan: ScanNetwork) -> DnabertNetwork:
    """Write a scan's parameters into a DNABERT network."""
    network = DnabertNetwork(network_config(scan.classifier.out_features)).eval()
    for parameter in network.parameters():
        parameter.zero_()
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            module.weight.fill_(1)
    frequencies = _frequencies()
    _write_embeddings(network, scan, frequencies)
    _write_reading(network, frequencies)
    _write_filters(network, scan)
    _write_second_layer(network, scan)
    return network


def token_ids(sequences: Sequence[Codes]) -> Tensor:
    """Tokens (B, L - 3) of sequences of one length, [CLS] and [SEP] at their ends."""
    _, kmers, _ = encoded(sequences)
    ends = torch.ones(len(kmers), 1, dtype=torch.int64)
    tokens = kmers + (VOCABULARY.size - 4**KMER)
    return torch.cat([ends * VOCABULARY.cls, tokens, ends * VOCABULARY.sep], 1)


@torch.inference_mode()
def largest_difference(
    scan: ScanNetwork, network: DnabertNetwork, sequences: Sequence[Codes]
) -> float:
    """Largest difference of a logit between the two forms, over sequences of one length."""
    scan.eval()
    return float((scan(*encoded(sequences)) - network(token_ids(sequences))).abs().max())


@torch.inference_mode()
def smallest_attention(network: DnabertNetwork, sequences: Sequence[Codes]) -> float:
    """Smallest attention that a head of layer 1 pays to what it is meant to look at."""
    attention = network.attention_weights(token_ids(sequences), layer=0)
    tokens = attention.shape[-1] - 2
    smallest = attention[:, : len(NEIGHBOURS), 0, 0].min()
    for head, (offset, _) in enumerate(NEIGHBOURS):
        looking = torch.arange(1, tokens + 1)
        target = looking + offset
        target[(target < 1) | (target > tokens)] = 0  # beyond an end: [CLS]
        smallest = torch.minimum(smallest, attention[:, head, looking, target].min())
    return float(smallest)


def _frequencies() -> npt.NDArray[np.float64]:
    """Frequencies whose cosines add up to little at every lag but 0: the best of many draws."""
    random = np.random.default_rng(0)
    lags = np.arange(1, _LONGEST_LAG)
    best, lowest = np.zeros(_FREQUENCIES), np.inf
    for _ in range(20_000):
        drawn = np.exp(random.uniform(np.log(0.01), np.log(np.pi), _FREQUENCIES))
        highest = np.cos(np.outer(lags, drawn)).sum(1).max()
        if highest < lowest:
            best, lowest = np.sort(drawn), highest
    return best


def _amplitude() -> float:
    return math.sqrt(POSITION_POWER / (2 * _FREQUENCIES))


def _write_embeddings(
    network: DnabertNetwork, scan: ScanNetwork, frequencies: npt.NDArray[np.float64]
) -> None:
    words = network.word_embeddings.weight
    first = VOCABULARY.size - 4**KMER
    words[first:, WORDS:] = scan.unit_words()
    kmers = torch.arange(4**KMER)
    for place in range(KMER):
        base = (kmers >> (2 * (KMER - 1 - place))) % 4
        words[first + kmers, 4 * place + base] = 1
    words[:first, WORDS:] = torch.tensor([0.25, -0.25] * (words[0, WORDS:].numel() // 2))
    words[:first, SPECIAL] = 1
    words[:first, SPECIAL_MARK] = 1
    words[VOCABULARY.cls, SPECIAL_MARK] = 0
    words[VOCABULARY.cls, CLS_MARK] = 1

    positions = network.position_embeddings.weight
    angles = torch.arange(_POSITIONS, dtype=torch.float64)[:, None] * torch.tensor(frequencies)
    waves = (torch.cat([angles.cos(), angles.sin()], 1) * _amplitude()).float()
    for wave in range(2 * _FREQUENCIES):
        positions[:, _wave(wave)] = waves[:, wave]
        positions[:, _wave(wave) + _FREQUENCIES] = -waves[:, wave]
    # [CLS] has no angle, so that it is equally far from every token.
    positions[0] = 0
    behind = POSITION + 4 * _FREQUENCIES
    positions[0, behind] = math.sqrt(POSITION_POWER / 2)
    positions[0, behind + 1] = -math.sqrt(POSITION_POWER / 2)


def _wave(number: int) -> int:
    """Dimension of a cosine (0 to 6) or sine (7 to 13); its negative is 7 dimensions on."""
    return POSITION + number + (_FREQUENCIES if number >= _FREQUENCIES else 0)


def _write_reading(network: DnabertNetwork, frequencies: npt.NDArray[np.float64]) -> None:
    """Layer 1's attention: heads that look at an offset and copy four bases."""
    layer = network.layers[0]
    projection = layer.query_key_value
    # Query and key are each 2 UNIT amplitude long per frequency: the sum of their products is to
    # be the peak, before attention divides by the root of the head's size.
    scale = math.sqrt(_PEAK * math.sqrt(HEAD_SIZE) / _FREQUENCIES) / (2 * UNIT * _amplitude())
    away = 2 * _FREQUENCIES  # a row of its own, for what [CLS] is to a head
    for head, (offset, first) in enumerate(NEIGHBOURS):
        query, key = head * HEAD_SIZE, HIDDEN + head * HEAD_SIZE
        value = 2 * HIDDEN + head * HEAD_SIZE
        for number, frequency in enumerate(frequencies):
            cosine, sine = math.cos(frequency * offset), math.sin(frequency * offset)
            turned = ((cosine, -sine), (sine, cosine))
            for part, factors in enumerate(turned):
                row = part * _FREQUENCIES + number
                for other, factor in enumerate(factors):
                    wave = _wave(other * _FREQUENCIES + number)
                    projection.weight[query + row, wave] = scale * factor
                    projection.weight[query + row, wave + _FREQUENCIES] = -scale * factor
                wave = _wave(row)
                projection.weight[key + row, wave] = scale
                projection.weight[key + row, wave + _FREQUENCIES] = -scale
        # Where nothing else fits [CLS] does; [SEP], which may be at the offset, never does.
        projection.weight[key + away, CLS_MARK] = 1
        projection.weight[key + away, SPECIAL_MARK] = -1
        projection.bias[query + away] = _AWAY * _PEAK * math.sqrt(HEAD_SIZE) / UNIT
        projection.weight[query + away, CLS_MARK] = 3 * _PEAK * math.sqrt(HEAD_SIZE) / UNIT**2
        for row in range(HEAD_SIZE):
            projection.weight[value + row, 4 * first + row] = 1
            projection.bias[value + row] = MEAN * UNIT  # a base that is not there gives 0
            layer.attention_output.weight[
                CONTEXT + HEAD_SIZE * head + row, head * HEAD_SIZE + row
            ] = 1


def _write_filters(network: DnabertNetwork, scan: ScanNetwork) -> None:
    """Layer 1's perceptron: filters in, sums of hits out."""
    layer = network.layers[0]
    mean, factor = (float(value) for value in norm_with_bases(torch.tensor(30.0)))
    left = range(CONTEXT, CONTEXT + 48)
    right = range(CONTEXT + 48, CONTEXT + 96)
    seen = [*left, *range(4 * KMER), *right]
    layer.intermediate.weight[:, seen] = scan.filters / (UNIT * factor)
    nothing = (-MEAN * UNIT - mean) * factor
    layer.intermediate.bias.copy_(
        scan.thresholds - scan.filters.sum(1) * (nothing / (UNIT * factor))
    )
    layer.output.weight[HITS:WORDS] = scan.hit_sums
    # Only the state goes on, and what tells special tokens from others.
    layer.output_norm.weight.zero_()
    layer.output_norm.weight[HITS:] = scan.state_scale
    layer.output_norm.weight[[CLS_MARK, NOTHING, SPECIAL_MARK]] = 1
    layer.output_norm.bias[HITS:] = scan.state_shift


def _write_second_layer(network: DnabertNetwork, scan: ScanNetwork) -> None:
    layer = network.layers[1]
    projection = layer.query_key_value
    for head in range(HEADS):
        query, key = head * HEAD_SIZE, HIDDEN + head * HEAD_SIZE
        value = 2 * HIDDEN + head * HEAD_SIZE
        projection.bias[query] = math.sqrt(HEAD_SIZE)
        projection.weight[key, HITS:] = scan.looks[head]
        # No special token is looked at; for others these three add up to nothing.
        projection.weight[key, [CLS_MARK, SPECIAL_MARK]] = -20
        projection.weight[key, NOTHING] = 40
        projection.weight[value : value + HEAD_SIZE, HITS:] = scan.takes[head]
        projection.bias[value : value + HEAD_SIZE] = scan.takes_bias[head]
    for ours, theirs in (
        (layer.attention_output, scan.attention_output),
        (layer.attention_norm, scan.attention_norm),
        (layer.intermediate, scan.intermediate),
        (layer.output, scan.output),
        (layer.output_norm, scan.output_norm),
        (network.pooler, scan.pooler),
        (network.classifier, scan.classifier),
    ):
        ours.weight.copy_(theirs.weight)
        ours.bias.copy_(theirs.bias)
    # What is added to attention's output is the state of [CLS] in the one, `summary` in the other.
    layer.attention_output.bias.copy_(
        scan.attention_output.bias + scan.summary - _cls_state(network)
    )


def _cls_state(network: DnabertNetwork) -> Tensor:
    """State of [CLS] behind layer 1: the same for every sequence, since it looks at itself."""
    ids = torch.full((1, 3), VOCABULARY.size - 1)
    ids[0, 0], ids[0, -1] = VOCABULARY.cls, VOCABULARY.sep
    embedded = network.word_embeddings(ids) + network.position_embeddings.weight[: ids.shape[1]]
    embedded = embedded + network.token_type_embeddings.weight[0]
    return network.layers[0](network.embedding_norm(embedded), None)[0, 0]
