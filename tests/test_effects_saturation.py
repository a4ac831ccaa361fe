"""Saturation mutagenesis, against scoring each changed sequence on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.demo import demo_files
from enhancer_variants.effects.saturation import (
    saturation_by_output,
    saturation_mutagenesis,
    variant_saturation,
)
from enhancer_variants.effects.saturation_map import gradient_correlation
from enhancer_variants.errors import InputError, ModelError, WindowLengthError
from enhancer_variants.genome import Reference, Variant, reverse_complement
from enhancer_variants.models import (
    Model,
    ModelCard,
    load_model,
    log_odds,
    predict_logits,
    tokenize,
    write_card,
)
from enhancer_variants.scorer import VariantScorer

Make = Callable[..., Any]

DNA = "ACGTTGCATTAGGACCATNACGTTAAGC"


def alone(model: Model, sequence: str) -> np.ndarray:
    """Log-odds of one sequence that nothing else was computed with."""
    return log_odds(model, predict_logits(model, tokenize([sequence], model.vocabulary)))[0]


def expected_shifts(model: Model, sequence: str, column: int = 0) -> np.ndarray:
    """Log-odds shift of every change, each scored on its own."""
    shifts = np.full((len(sequence), 4), np.nan)
    own = alone(model, sequence)[column]
    for at, base in enumerate(sequence):
        if base in "ACGT":
            for letter, new in enumerate("ACGT"):
                changed = sequence[:at] + new + sequence[at + 1 :]
                shifts[at, letter] = alone(model, changed)[column] - own
    return shifts


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Model]:
    """Tiny DNABERT models with two labels, or with three in a multi-label one."""

    def make(padding: Any = "none", labels: int = 2) -> Model:
        torch.manual_seed(labels)
        folder = tmp_path_factory.mktemp("model")
        config = BertConfig(
            vocab_size=69,
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=64,
            initializer_range=0.3,
            num_labels=labels,
        )
        BertForSequenceClassification(config).save_pretrained(folder)
        card = ModelCard(
            name="tiny",
            task="single_label" if labels == 2 else "multi_label",
            labels=("no", "yes") if labels == 2 else ("CTCF", "REST", "SPI1"),
            positive_label="yes" if labels == 2 else None,
            window_length=28,
            max_seq_length=36,
            padding=padding,
        )
        write_card(card, folder / "enhancer_variants.json")
        return load_model(folder)

    return make


def test_every_change_to_g_gains_one_and_every_g_that_goes_loses_one(counting_model: Make) -> None:
    saturation = saturation_mutagenesis(counting_model("G"), "agc")
    assert saturation.sequence == "AGC"
    assert saturation.log_odds == pytest.approx(1)
    np.testing.assert_allclose(
        saturation.shifts, [[0, 0, 1, 0], [-1, -1, 0, -1], [0, 0, 1, 0]], atol=1e-6
    )
    assert (saturation.model, saturation.output) == ("enhancer", "enhancer")
    assert (saturation.contig, saturation.start) == (None, None)


def test_both_strands_are_averaged(counting_model: Make) -> None:
    saturation = saturation_mutagenesis(counting_model("G"), "AGC", strand="both")
    assert saturation.strand == "both"
    assert saturation.log_odds == pytest.approx(1)  # one G on either strand
    half = [[0, 0.5, 0.5, 0], [-0.5, 0, 0, -0.5], [-0.5, 0, 0, -0.5]]
    np.testing.assert_allclose(saturation.shifts, half, atol=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(sequence=st.text("ACGTNacgtR", min_size=3, max_size=24))
def test_each_change_is_scored_as_if_alone(position_model: Make, sequence: str) -> None:
    model = position_model(k=3)
    saturation = saturation_mutagenesis(model, sequence)
    np.testing.assert_allclose(
        saturation.shifts, expected_shifts(model, sequence.upper()), atol=1e-5
    )
    assert saturation.log_odds == pytest.approx(alone(model, sequence)[0], abs=1e-5)


@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_a_network_scores_each_change_as_if_alone(networks: Make, padding: str) -> None:
    model = networks(padding)
    saturation = saturation_mutagenesis(model, DNA, batch_size=7)
    np.testing.assert_allclose(saturation.shifts, expected_shifts(model, DNA), atol=1e-5)
    assert np.nanmax(np.abs(saturation.shifts)) > 0.01


def test_both_strands_are_the_mean_of_either(networks: Make) -> None:
    model = networks()
    saturation = saturation_mutagenesis(model, DNA, strand="both")
    other = saturation_mutagenesis(model, reverse_complement(DNA))
    forward = saturation_mutagenesis(model, DNA)
    np.testing.assert_allclose(
        saturation.shifts, (forward.shifts + other.shifts[::-1, ::-1]) / 2, atol=1e-6
    )
    assert saturation.log_odds == pytest.approx((forward.log_odds + other.log_odds) / 2)


@pytest.mark.parametrize("method", ["exact", "gradient"])
def test_own_letters_are_exactly_zero_and_unknown_bases_are_nan(
    networks: Make, method: Any
) -> None:
    saturation = saturation_mutagenesis(networks(), DNA, method=method, strand="both")
    own = [(at, "ACGT".index(base)) for at, base in enumerate(DNA) if base != "N"]
    assert all(saturation.shifts[place] == 0 for place in own)
    missing = np.isnan(saturation.shifts)
    assert missing[DNA.index("N")].all()
    assert missing.sum() == 4


def test_a_sequence_of_n_has_log_odds_and_no_changes(networks: Make) -> None:
    model = networks()
    for method in ("exact", "gradient"):
        saturation = saturation_mutagenesis(model, "N" * 28, method=method)
        assert np.isnan(saturation.shifts).all()
        assert saturation.log_odds == pytest.approx(alone(model, "N" * 28)[0], abs=1e-6)


def test_the_base_in_the_middle_is_scored_as_the_snv_is() -> None:
    files = demo_files()
    position = 4_008
    with Reference(files.reference) as reference:
        contig = reference.find("chr1")
        assert contig is not None
        ref = contig.bases(position - 1, position)
        start = position - 1 - 100
        window = contig.bases(start, start + 200)
    alts = [base for base in "ACGT" if base != ref]
    scorer = VariantScorer(files.reference, enhancer=files.model, device="cpu")
    scored = scorer.score([f"chr1:{position}:{ref}:{alt}" for alt in alts])
    model = load_model(files.model, device="cpu")
    saturation = saturation_mutagenesis(model, window, contig="chr1", start=start)
    found = saturation.to_frame().set_index(["pos", "alt"]).loc[position]
    np.testing.assert_allclose(
        found.loc[alts, "log_odds_shift"], scored["enhancer_log_odds_shift"], atol=1e-5
    )
    assert saturation.log_odds == pytest.approx(scored["enhancer_log_odds_ref"].iloc[0], abs=1e-5)


def test_the_outputs_of_a_multi_label_model_come_from_the_same_passes(networks: Make) -> None:
    model, read = networks(labels=3), list[int]()
    maps = saturation_by_output(model, DNA, progress=read.append)
    assert list(maps) == ["CTCF", "REST", "SPI1"]
    assert sum(read) == 1 + 3 * (len(DNA) - 1)
    for column, (name, saturation) in enumerate(maps.items()):
        assert (saturation.model, saturation.output) == ("tiny", name)
        np.testing.assert_allclose(
            saturation.shifts, expected_shifts(model, DNA, column), atol=1e-5
        )
    some = saturation_by_output(model, DNA, outputs=["SPI1", "CTCF"])
    assert list(some) == ["SPI1", "CTCF"]
    alone = saturation_mutagenesis(model, DNA, output="SPI1")
    np.testing.assert_array_equal(alone.shifts, some["SPI1"].shifts)
    np.testing.assert_array_equal(alone.shifts, maps["SPI1"].shifts)


@pytest.mark.parametrize(
    ("method", "strand", "count"),
    [("exact", "forward", 10), ("exact", "both", 20), ("gradient", "both", 2)],
)
def test_progress_counts_the_sequences_read(
    networks: Make, method: Any, strand: Any, count: int
) -> None:
    read = list[int]()
    saturation_mutagenesis(
        networks(), "ACG", method=method, strand=strand, progress=read.append, batch_size=4
    )
    assert sum(read) == count


@pytest.mark.parametrize("strand", ["forward", "both"])
@pytest.mark.parametrize("padding", ["none", "dnabert"])
def test_the_gradient_follows_the_exact_map(networks: Make, padding: str, strand: Any) -> None:
    model = networks(padding)
    exact = saturation_mutagenesis(model, DNA, strand=strand)
    gradient = saturation_mutagenesis(model, DNA, strand=strand, method="gradient")
    assert (exact.method, gradient.method) == ("exact", "gradient")
    assert gradient.log_odds == pytest.approx(exact.log_odds, abs=1e-6)
    assert gradient_correlation(exact, gradient) > 0.5


def test_the_gradient_of_each_output_is_its_own(networks: Make) -> None:
    model = networks(labels=3)
    exact = saturation_by_output(model, DNA)
    gradient = saturation_by_output(model, DNA, method="gradient")
    for name, other in zip(exact, ("REST", "SPI1", "CTCF"), strict=True):
        of_its_own = gradient_correlation(exact[name], gradient[name])
        assert of_its_own > 0.3
        assert of_its_own > gradient_correlation(exact[name], gradient[other])


def test_several_outputs_need_a_choice(networks: Make) -> None:
    model = networks(labels=3)
    with pytest.raises(InputError, match=r"has 3 outputs; .* one of them: CTCF, REST, SPI1"):
        saturation_mutagenesis(model, DNA)
    with pytest.raises(InputError, match="no output 'GATA1'; expected one of CTCF, REST, SPI1"):
        saturation_mutagenesis(model, DNA, output="GATA1")


@pytest.mark.parametrize(
    ("sequence", "options", "error", "message"),
    [
        ("AC", {}, InputError, "2 bases holds no 3-mer"),
        ("A" * 38, {}, WindowLengthError, "38 bases, but model tiny reads 36 at most"),
        (None, {}, InputError, "None; expected a string"),
        (DNA, {"method": "fast"}, InputError, "method is 'fast'; expected exact or gradient"),
        (DNA, {"strand": "-"}, InputError, "strand is '-'; expected forward or both"),
        (DNA, {"contig": "chr1"}, InputError, "expected both, or none"),
        (DNA, {"batch_size": 0}, ModelError, "batch_size 0"),
    ],
)
def test_what_cannot_be_read_is_refused(
    networks: Make, sequence: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        saturation_mutagenesis(networks(), sequence, **options)


class OverflowingNetwork(nn.Module):
    """Overflows where the first base is changed to A."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: str = "none"
    ) -> Tensor:
        logit = torch.where(ids[:, 1] == 5, torch.inf, 0.0)
        return torch.stack([torch.zeros_like(logit), logit], 1)


def test_logits_that_are_not_finite_are_an_error(counting_model: Make) -> None:
    model = counting_model()
    model = replace(model, network=OverflowingNetwork(model.network.config))
    with pytest.raises(ModelError, match=r"\[0.0, inf\] for C1A; .* check the model"):
        saturation_mutagenesis(model, "CC")
    with pytest.raises(ModelError, match=r"for the sequence itself; .* use precision='fp32'"):
        saturation_mutagenesis(replace(model, precision="fp16"), "AC")


CONTIG = "ACGTTGCATTAGGACCATCACGTTAAGCTTGACACAGGT"


def test_a_variant_has_a_map_of_either_allele(position_model: Make, make_reference: Make) -> None:
    model = position_model(window=10, k=2)
    reference = make_reference(chr1=CONTIG)
    ref, alt = variant_saturation(model, Variant("1", 20, "a", "g"), reference)
    assert (ref.sequence, alt.sequence) == (CONTIG[14:24], CONTIG[14:19] + "G" + CONTIG[20:24])
    assert {(saturation.contig, saturation.start) for saturation in (ref, alt)} == {("chr1", 14)}
    # The change from REF to ALT and back is in the one map and, negated, in the other.
    assert ref.shifts[5, 2] == pytest.approx(alt.log_odds - ref.log_odds)
    assert alt.shifts[5, 0] == pytest.approx(-ref.shifts[5, 2])
    for saturation in (ref, alt):
        np.testing.assert_allclose(
            saturation.shifts, expected_shifts(model, saturation.sequence), atol=1e-5
        )


def test_the_alt_of_an_indel_lies_nowhere(position_model: Make, make_reference: Make) -> None:
    reference = make_reference(chr1=CONTIG)
    variant = Variant("chr1", 34, "ACA", "A")
    ref, alt = variant_saturation(position_model(window=10), variant, reference)
    assert (ref.contig, ref.start) == ("chr1", 25)  # left-aligned: GAC to G at 31
    assert (alt.contig, alt.start) == (None, None)
    assert (ref.sequence, alt.sequence) == (CONTIG[25:35], CONTIG[25:31] + CONTIG[33:37])


def test_options_reach_both_maps(networks: Make, make_reference: Make) -> None:
    reference = make_reference(chr1=CONTIG)
    maps = variant_saturation(
        networks(labels=3),
        Variant("chr1", 20, "A", "G"),
        reference,
        output="REST",
        method="gradient",
        strand="both",
    )
    for saturation in maps:
        assert saturation.output == "REST"
        assert saturation.method == "gradient"
        assert saturation.strand == "both"


def test_a_variant_that_cannot_be_scored_is_refused(
    position_model: Make, make_reference: Make
) -> None:
    model, reference = position_model(window=10), make_reference(chr1=CONTIG)
    for variant, reason in (
        (Variant("chr1", 20, "C", "T"), r"chr1:20:C:T: ref_mismatch \(.*\); expected a variant"),
        (Variant("chr1", 2, "C", "T"), r"chr1:2:C:T: edge \(.*\)"),
        (Variant("chr9", 2, "C", "T"), "chr9:2:C:T: no_contig"),
    ):
        with pytest.raises(InputError, match=reason):
            variant_saturation(model, variant, reference)


def test_windows_over_the_edge_hold_n_where_asked_for(
    position_model: Make, make_reference: Make
) -> None:
    variant, reference = Variant("chr1", 2, "C", "T"), make_reference(chr1=CONTIG)
    ref, _ = variant_saturation(position_model(window=10), variant, reference, allow_n=True)
    assert ref.sequence == "NNNNACGTTG"
    assert ref.start == -4
    assert np.isnan(ref.shifts[:4]).all()
    assert ref.to_frame()["pos"].min() == 1


def test_a_published_checkpoint_scores_each_change_as_if_alone(oracle: Path) -> None:
    model = load_model(oracle / "checkpoints" / "enhancer6", device="cpu")
    sequence = "ACGTTGCATTAGGACCATCACGTTAAGCTTGACACAGGT"[:12]
    saturation = saturation_mutagenesis(model, sequence)
    np.testing.assert_allclose(saturation.shifts, expected_shifts(model, sequence), atol=1e-5)


@pytest.mark.parametrize("method", ["exact", "gradient"])
def test_some_bases_alone_are_the_same_and_less_is_read(
    method: Any, networks: Callable[..., Model]
) -> None:
    model, read = networks(), []
    (whole,) = saturation_by_output(model, DNA, method=method).values()
    (some,) = saturation_by_output(
        model, DNA, bases=(-3, 5), method=method, progress=read.append
    ).values()
    np.testing.assert_allclose(some.shifts[:5], whole.shifts[:5], atol=1e-5)
    assert np.isnan(some.shifts[5:]).all()
    assert sum(read) == (1 + 3 * 5 if method == "exact" else 1)
    assert some.log_odds == pytest.approx(whole.log_odds, abs=1e-5)
