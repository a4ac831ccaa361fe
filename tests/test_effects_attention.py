"""Attention per base, by hand, against transformers and against the original program."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.effects.attention import (
    AttentionTrack,
    attention_scores,
    attention_track,
)
from enhancer_variants.errors import InputError, ModelError, WindowLengthError
from enhancer_variants.models import (
    DnabertNetwork,
    Model,
    NetworkConfig,
    Vocabulary,
    load_model,
    tokenize,
)
from enhancer_variants.models.network import from_checkpoint_names

PUBLISHED = 1e-6
"""How far float32 attention may be from the original's."""


class CountingAttention(nn.Module):
    """[CLS] attends token number t with weight t, half of it in each of two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.config = NetworkConfig(9, 8, 1, 2, 8, 4096, 2, 1e-12, 2)
        self.widths: list[tuple[int, int]] = []

    def attention_weights(
        self,
        ids: Tensor,
        lengths: Tensor | None = None,
        padding: str = "none",
        *,
        cls_only: bool = False,
    ) -> Tensor:
        assert cls_only
        batch, tokens = ids.shape
        self.widths.append((batch, tokens))
        weights = torch.arange(tokens).expand(batch, 2, 1, tokens) / 2
        if padding == "none" and lengths is not None:
            behind = torch.arange(tokens) >= lengths[:, None]
            weights[:, :, 0] *= ~behind[:, None]
        return weights


@pytest.fixture
def counting(counting_model: Callable[..., Model]) -> Callable[..., Model]:
    """Make a model with `CountingAttention` and k-mers of two bases."""

    def make(max_seq_length: int | None = None, padding: Any = "none", k: int = 2) -> Model:
        return replace(
            counting_model(),
            network=CountingAttention(),  # type: ignore[arg-type]
            vocabulary=Vocabulary.canonical(k),
            max_seq_length=max_seq_length,
            padding=padding,
        )

    return make


@pytest.fixture
def random_model(counting_model: Callable[..., Model]) -> Callable[..., Model]:
    """Make a model of random weights, with as many heads as asked for."""

    def make(heads: int = 3, max_seq_length: int | None = 24, padding: Any = "dnabert") -> Model:
        return replace(
            counting_model(),
            network=_network(_bert(heads)),
            vocabulary=Vocabulary.canonical(3),
            max_seq_length=max_seq_length,
            padding=padding,
        )

    return make


def _bert(heads: int) -> Any:
    torch.manual_seed(heads)
    config = BertConfig(
        vocab_size=69,
        hidden_size=heads * 4,
        num_hidden_layers=2,
        num_attention_heads=heads,
        intermediate_size=24,
        max_position_embeddings=40,
        num_labels=2,
        initializer_range=0.5,
        attn_implementation="eager",
    )
    return BertForSequenceClassification(config).eval()


def _network(model: Any) -> DnabertNetwork:
    c = model.config
    heads, width = c.num_attention_heads, c.hidden_size
    network = DnabertNetwork(NetworkConfig(69, width, 2, heads, 24, 40, 2, c.layer_norm_eps, 2))
    network.load_state_dict(from_checkpoint_names(model.state_dict(), 2))
    return network.requires_grad_(False).eval()


def test_scores_are_means_over_the_kmers_that_cover_a_base(counting: Any) -> None:
    scores = attention_scores(counting(), ["ACGT"], normalise=False)
    assert scores.tolist() == [[1, 1.5, 2.5, 3]]


def test_rows_of_other_lengths_end_in_nan(counting: Any) -> None:
    scores = attention_scores(counting(), ["ACG", "ACGTA", "A", ""], normalise=False)
    nan = np.nan
    np.testing.assert_array_equal(
        scores, [[1, 1.5, 2, nan, nan], [1, 1.5, 2.5, 3.5, 4], [nan] * 5, [nan] * 5]
    )


def test_rows_are_divided_by_their_norm(counting: Any) -> None:
    scores = attention_scores(counting(), ["ACG", "ACGTA", "A"])
    assert np.nansum(scores**2, axis=1) == pytest.approx([1, 1, 0])
    raw = attention_scores(counting(), ["ACG"], normalise=False)
    assert scores[0, :3] == pytest.approx(raw[0] / np.sqrt(1 + 1.5**2 + 2**2))


def test_nothing_in_nothing_out(counting: Any) -> None:
    assert attention_scores(counting(), []).shape == (0, 0)
    assert attention_scores(counting(8), [], layout="dnabert").shape == (0, 8)


def test_published_layout_takes_sep_and_padding_for_kmers(counting: Any) -> None:
    """ACGT is tokens 1 to 3, [SEP] 4, padding 5 to 7: all of them are read as k-mers."""
    model = counting(max_seq_length=8, padding="dnabert")
    scores = attention_scores(model, ["ACGT"], layout="dnabert", normalise=False)
    assert scores.tolist() == [[1, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7]]
    own = attention_scores(model, ["ACGT"], normalise=False)
    assert own.tolist() == [[1, 1.5, 2.5, 3]]


def test_published_layout_drops_sep_where_padding_is_not_attended(counting: Any) -> None:
    scores = attention_scores(counting(8), ["ACGT", "ACG"], layout="dnabert", normalise=False)
    assert scores.tolist() == [[1, 1.5, 2.5, 1.5, 0, 0, 0, 0], [1, 1.5, 1, 0, 0, 0, 0, 0]]


def test_published_layout_cuts_what_the_other_refuses(counting: Any) -> None:
    model = counting(max_seq_length=6, padding="dnabert")
    cut = attention_scores(model, ["ACGTACGTAC"], layout="dnabert", normalise=False)
    assert cut.tolist() == [[1, 1.5, 2.5, 3.5, 4.5, 5]]
    with pytest.raises(WindowLengthError, match=r"sequence 1 .* has 10 bases; expected at most 5,"):
        attention_scores(model, ["ACGTA", "ACGTACGTAC"])


def test_pieces_of_long_sequences_are_joined_without_their_cls_and_sep(counting: Any) -> None:
    scores = attention_scores(counting(), ["A" * 600], normalise=False)[0]
    # K-mer 509 is token 510, [SEP] 511, [CLS] 512, k-mer 510 is token 513.
    assert scores[508:513].tolist() == [508.5, 509.5, 511.5, 513.5, 514.5]
    assert scores[-1] == 598 + 1 + 2


def test_padding_is_there_where_it_is_attended(counting: Any) -> None:
    attended, masked = counting(8, "dnabert"), counting(8)
    for model in (attended, masked):
        attention_scores(model, ["ACGT"])
    assert attended.network.widths == [(1, 8)]
    assert masked.network.widths == [(1, 5)]


def test_both_layouts_agree_where_the_sequence_fills_the_input(random_model: Any) -> None:
    model = random_model(max_seq_length=24)
    for sequence, same in (("ACGTTGCAACGGATTACAGATTAC", 24), ("ACGTTGCA", 6)):
        published = attention_scores(model, [sequence], layout="dnabert", normalise=False)[0]
        own = attention_scores(model, [sequence], normalise=False)[0]
        np.testing.assert_allclose(published[:same], own[:same], rtol=1e-6)
        # [SEP] and padding are in the mean of the last k - 1 bases.
        assert (abs(published[: len(own)] - own)[same:] > 1e-3).all()


@pytest.mark.parametrize("heads", [1, 2, 5])
def test_transformers_agrees(heads: int, random_model: Any) -> None:
    model = random_model(heads, None, "none")
    sequences = ["ACGTTGCAACGGATTACA", "GATTACA", "NACGTTT", "TTT"]
    scores = attention_scores(model, sequences)
    bert = _bert(heads)
    for sequence, row in zip(sequences, scores, strict=True):
        tokens = tokenize([sequence], model.vocabulary)
        with torch.inference_mode():
            ids = torch.from_numpy(tokens.ids).long()
            last = bert(ids, output_attentions=True).attentions[-1][0]
        of_kmers = last[:, 0, 1:-1].sum(0).double().numpy()
        expected = np.array(
            [of_kmers[max(0, base - 2) : base + 1].mean() for base in range(len(sequence))]
        )
        expected /= np.linalg.norm(expected)
        np.testing.assert_allclose(row[: len(sequence)], expected, atol=1e-6)


@settings(max_examples=25)
@given(
    st.lists(st.text("ACGTN", max_size=26), min_size=1, max_size=6),
    st.integers(1, 4),
    st.sampled_from(["dnabert", "none"]),
)
def test_batches_agree(sequences: list[str], batch_size: int, padding: Any) -> None:
    network = _network(_bert(2))
    model = replace(_MODEL, network=network, padding=padding)
    together = attention_scores(model, sequences)
    apart = attention_scores(model, sequences, batch_size=batch_size)
    np.testing.assert_allclose(together, apart, atol=2e-6)
    assert (together[~np.isnan(together)] >= 0).all()


_MODEL = Model(
    name="toy",
    card=None,  # type: ignore[arg-type]
    window_length=20,
    max_seq_length=30,
    padding="none",
    vocabulary=Vocabulary.canonical(3),
    network=None,  # type: ignore[arg-type]
    device=torch.device("cpu"),
    precision="fp32",
    weights_sha256="",
    assumptions=(),
    output_names=("toy",),
    decision_threshold=0.0,
)


def test_batches_have_as_many_rows_as_asked_for(counting: Any) -> None:
    model, seen = counting(), list[int]()
    attention_scores(model, ["ACGTACGTA"] * 7, batch_size=3, progress=seen.append)
    assert [rows for rows, _ in model.network.widths] == seen == [3, 3, 1]


@pytest.mark.parametrize("batch_size", [0, True, 2.0, "all"])
def test_a_batch_size_is_a_positive_number(batch_size: Any, counting: Any) -> None:
    with pytest.raises(ModelError, match="batch_size"):
        attention_scores(counting(), ["ACGT"], batch_size=batch_size)


def test_a_layout_is_one_of_two(counting: Any) -> None:
    with pytest.raises(InputError, match="'tokens'; expected 'bases' or 'dnabert'"):
        attention_scores(counting(), ["ACGT"], layout="tokens")  # type: ignore[arg-type]


def test_a_track_knows_where_it_lies(counting: Any) -> None:
    track = attention_track(counting(), "ACGT", contig="chr1", start=7, normalise=False)
    assert (track.sequence, track.contig, track.start, track.end) == ("ACGT", "chr1", 7, 11)
    assert track.positions.tolist() == [7, 8, 9, 10]
    assert track.scores.tolist() == [1, 1.5, 2.5, 3]
    with pytest.raises(ValueError, match="read-only"):
        track.scores[0] = 2


def test_a_track_has_a_score_for_each_base() -> None:
    with pytest.raises(InputError, match=r"shape \(3,\) for 4 bases"):
        AttentionTrack("ACGT", np.zeros(3))


@pytest.mark.parametrize(
    ("file", "checkpoint", "sequences", "max_seq_length"),
    [
        ("enhancer3_vis20_200", "enhancer3", "vis20", 200),
        ("enhancer6_vis20_200", "enhancer6", "vis20", 200),
        ("enhancer6_vis20_150", "enhancer6", "vis20", 150),
        ("enhancer6_motif300", "enhancer6", "motif300", 200),
    ],
)
def test_the_original_agrees(
    oracle: Path, file: str, checkpoint: str, sequences: str, max_seq_length: int
) -> None:
    with (oracle / "inputs" / "sequences.tsv").open() as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["set"] == sequences]
    model = load_model(
        oracle / "checkpoints" / checkpoint,
        max_seq_length=max_seq_length,
        window=max_seq_length,
        device="cpu",
    )
    scores = attention_scores(model, [row["sequence"] for row in rows], layout="dnabert")
    expected = np.load(oracle / "attention" / f"{file}.npz")["atten"]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=PUBLISHED)


def test_the_originals_attention_of_cls_agrees(oracle: Path) -> None:
    with (oracle / "inputs" / "sequences.tsv").open() as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["set"] == "vis20"]
    model = load_model(oracle / "checkpoints" / "enhancer6", device="cpu")
    cls_sum = np.load(oracle / "attention" / "enhancer6_vis20_200_cls_sum_per_token.npz")["cls_sum"]
    scores = attention_scores(model, [row["sequence"] for row in rows], normalise=False)
    expected = [
        [of_row[1:196][max(0, base - 5) : base + 1].mean() for base in range(200)]
        for of_row in cls_sum
    ]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=PUBLISHED)
