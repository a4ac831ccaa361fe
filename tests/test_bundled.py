"""What ships with the package is what scores where nothing is named: here with a stand-in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

import enhancer_variants as ev
from enhancer_variants import scorer as scorer_module
from enhancer_variants.calibration import calibrate_model
from enhancer_variants.cli import main
from enhancer_variants.demo import demo_files, demo_report
from enhancer_variants.effects import factor_models, model_names
from enhancer_variants.errors import InputError
from enhancer_variants.models import (
    ModelCard,
    ModelView,
    Vocabulary,
    bundled_directory,
    bundled_models,
    describe_model,
    load_model,
    log_odds,
    predict_logits,
    tokenize,
    write_card,
)
from enhancer_variants.models.files import sha256_of
from enhancer_variants.models.network import DnabertNetwork

FILES = demo_files()
LABELS = ("CTCF", "enhancer", "NANOG", "SRF")
"""Labels of the stand-in; `enhancer` is not the first of them, which nothing may rely on."""

SEQUENCES = ["GATTACAACG" * 20, "ACGTTGCAGG" * 20, "CCACTAGAGG" * 20]
MOTIFS = ev.Motif("M1", "CTCF", [[0, 100, 0, 0], [0, 100, 0, 0], [50, 0, 50, 0]] * 3)


def write_multi_label(folder: Path, labels: tuple[str, ...], name: str = "mini") -> Path:
    """Write a random network of several outputs in half precision, with a card."""
    vocabulary = Vocabulary.canonical(6)
    torch.manual_seed(11)
    config = BertConfig(
        vocab_size=vocabulary.size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=256,
        initializer_range=0.3,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        problem_type="multi_label_classification",
    )
    network = BertForSequenceClassification(config)
    folder.mkdir(parents=True)
    config.save_pretrained(folder)
    weights = folder / "model.safetensors"
    tensors = {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }
    save_file(tensors, weights, metadata={"format": "pt"})
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary.tokens()))
    card = ModelCard(
        name=name,
        task="multi_label",
        labels=labels,
        window_length=200,
        kmer=6,
        padding="none",
        weights_sha256=sha256_of(weights),
    )
    write_card(card, folder / "enhancer_variants.json")
    return folder


@pytest.fixture
def bundled_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a random network in the place of the bundled one."""
    folder = write_multi_label(tmp_path / "package" / "mini", LABELS)
    monkeypatch.setattr(bundled_models, "_FOLDER", folder)
    return folder


@pytest.fixture
def few_motifs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put one motif in the place of the bundled ones, whose distributions take seconds."""
    path = tmp_path / "one.jaspar"
    counts = {"A": [0, 0, 9, 0], "C": [9, 9, 0, 0], "G": [0, 0, 0, 0], "T": [0, 0, 0, 9]}
    rows = [f"{base} [{' '.join(map(str, row * 2))}]\n" for base, row in counts.items()]
    path.write_text(f">M1 CTCF\n{''.join(rows)}")
    monkeypatch.setattr(model_names, "_BUNDLED_MOTIFS", str(path))
    return path


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[int]]:
    """Count the sequences that each network reads."""
    seen: Counter[int] = Counter()
    forward = DnabertNetwork.forward

    def counted(self: DnabertNetwork, ids: torch.Tensor, *rest: Any, **options: Any) -> Any:
        seen[id(self)] += len(ids)
        return forward(self, ids, *rest, **options)

    monkeypatch.setattr(DnabertNetwork, "forward", counted)
    return seen


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def shifts(effects: pd.DataFrame) -> pd.DataFrame:
    return effects[[name for name in effects if name.endswith("_log_odds_shift")]]


def test_nothing_named_is_the_bundled_set(bundled_stand_in: Path) -> None:
    effects = ev.score_vcf(FILES.variants, FILES.reference, progress=False)
    assert list(shifts(effects)) == [
        f"{output}_log_odds_shift" for output in ("enhancer", "CTCF", "NANOG", "SRF")
    ]
    assert {"motif_id", "motif_shift_sum", "agreement", "agreement_enhancer"} <= set(effects)
    made_with = effects.attrs["enhancer_variants"]
    models = made_with["models"]
    assert [(model["name"], model["card_name"]) for model in models] == [
        ("enhancer", "enhancer-mini"),
        ("tfbs-mini", "tfbs-mini"),
    ]
    assert [model["outputs"] for model in models] == [["enhancer"], ["CTCF", "NANOG", "SRF"]]
    assert {model["sha256"] for model in models} == {
        sha256_of(bundled_stand_in / "model.safetensors")
    }
    assert "JASPAR" in json.dumps(made_with["motifs"])


@pytest.mark.usefixtures("bundled_stand_in")
def test_something_named_means_only_what_is_named() -> None:
    def columns(**options: Any) -> set[str]:
        scorer = ev.VariantScorer(FILES.reference, progress=False, **options)
        names = {column.name.split("_")[0] for column in scorer.plan.columns}
        return names & {"enhancer", "CTCF", "NANOG", "SRF", "motif", "agreement"}

    assert columns(enhancer="enhancer-mini") == columns(enhancer="bundled") == {"enhancer"}
    assert columns(tfbs="tfbs-mini") == columns(tfbs="bundled") == {"CTCF", "NANOG", "SRF"}
    assert columns(motifs=[MOTIFS]) == {"motif"}
    assert columns(tfbs=["bundled"], motifs=[MOTIFS]) == {*LABELS[::2], "SRF", "motif", "agreement"}


@pytest.mark.usefixtures("bundled_stand_in")
def test_bundled_models_may_be_given_other_names() -> None:
    scorer = ev.VariantScorer(
        FILES.reference, enhancer={"mini": "enhancer-mini", "other": FILES.model}
    )
    assert [model.output_names for model in scorer.models] == [("mini",), ("other",)]
    factors = factor_models({"cells": "tfbs-mini"})
    assert factors == {"cells": ModelView(bundled_directory(), "factors", "tfbs-mini")}


@pytest.mark.usefixtures("bundled_stand_in")
@pytest.mark.parametrize(
    "options",
    [{"enhancer": "tfbs-mini"}, {"tfbs": "enhancer-mini"}, {"tfbs": {"a": "enhancer-mini"}}],
)
def test_a_bundled_model_in_the_place_of_the_other_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected enhancer='enhancer-mini' or tfbs='tfbs-mini'"):
        ev.VariantScorer(FILES.reference, **options)


def test_an_installation_without_the_weights_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundled_models, "_FOLDER", tmp_path / "absent")
    for call in (
        lambda: ev.VariantScorer(FILES.reference),
        lambda: ev.predict_sequences(None, SEQUENCES),
        lambda: demo_report(FILES),
    ):
        with pytest.raises(InputError, match=r"not part of this installation.*enhancer=DIR"):
            call()
    assert run("score", FILES.variants, "-r", FILES.reference) == 1
    assert "--enhancer DIR" in capsys.readouterr().err
    assert len(ev.VariantScorer(FILES.reference, motifs=[MOTIFS]).score(["chr1:2009:A:T"])) == 1


@pytest.mark.parametrize("strand", ["forward", "both"])
def test_both_models_take_one_pass_and_give_what_each_gives_alone(
    bundled_stand_in: Path, passes: Counter[int], strand: Any
) -> None:
    """Exactly, not nearly: it is the same network in the same batches."""

    def scored(**named: Any) -> pd.DataFrame:
        passes.clear()
        scorer = ev.VariantScorer(FILES.reference, strand=strand, progress=False, **named)
        return scorer.score_vcf(FILES.variants)

    both = scored(enhancer="enhancer-mini", tfbs="tfbs-mini")
    together = passes.total()
    assert len(passes) == 1
    alone = [scored(enhancer="enhancer-mini"), scored(tfbs="tfbs-mini")]
    assert passes.total() == together > 0
    for one in alone:
        own = shifts(one)
        pd.testing.assert_frame_equal(shifts(both)[list(own)], own, check_exact=True)
    of_directory = scored(enhancer=bundled_stand_in, tfbs=bundled_stand_in)
    assert passes.total() == together
    pd.testing.assert_frame_equal(shifts(of_directory), shifts(both), check_exact=True)


def test_scores_are_those_of_the_whole_model(bundled_stand_in: Path) -> None:
    whole = load_model(bundled_stand_in)
    alts = [sequence[:100] + "T" + sequence[101:] for sequence in SEQUENCES]
    effects = ev.VariantScorer(
        None, enhancer="enhancer-mini", tfbs="tfbs-mini", progress=False
    ).score_sequences(SEQUENCES, alts)
    values = log_odds(whole, predict_logits(whole, tokenize([*SEQUENCES, *alts], whole.vocabulary)))
    for place, label in enumerate(LABELS):
        found = effects[[f"{label}_log_odds_ref", f"{label}_log_odds_alt"]].to_numpy().T.ravel()
        np.testing.assert_allclose(found, values[:, place], atol=1e-5)
    assert np.ptp(values, axis=1).min() > 0.01  # the outputs differ, so none is taken for another


@pytest.mark.usefixtures("bundled_stand_in")
def test_progress_ends_at_the_number_of_alleles(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    scorer = ev.VariantScorer(
        FILES.reference, enhancer="enhancer-mini", tfbs="tfbs-mini", progress=False, batch_size=4
    )
    score_chunks = scorer_module.score_chunks

    def watched(chunks: Any, plan: Any, reference: Any, lengths: Any, _: Any, side: Any) -> Any:
        return score_chunks(chunks, plan, reference, lengths, told.append, side)

    monkeypatch.setattr(scorer_module, "score_chunks", watched)
    effects = scorer.score_vcf(FILES.variants)
    assert sum(told) == pytest.approx(len(effects))
    assert len(told) > 2


def test_weights_that_are_not_kept_are_read_once_a_chunk(
    bundled_stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"enhancer": "enhancer-mini", "tfbs": "tfbs-mini", "progress": False}
    kept = ev.VariantScorer(FILES.reference, **named)
    bytes_of_weights = sum(p.numel() * 4 for p in kept.models[0].network.parameters())
    assert ev.VariantScorer(FILES.reference, model_memory=bytes_of_weights, **named)._shelf.complete
    other = ev.VariantScorer(FILES.reference, model_memory=bytes_of_weights - 1, **named)
    assert not other._shelf.complete
    reads: list[Path] = []
    read = other._shelf._read
    monkeypatch.setattr(other._shelf, "_read", lambda path: (reads.append(path), read(path))[1])
    effects = other.score_vcf(FILES.variants)
    assert reads == [bundled_stand_in]
    pd.testing.assert_frame_equal(effects, kept.score_vcf(FILES.variants))


def test_half_precision_on_disk_is_computed_in_single(bundled_stand_in: Path) -> None:
    model = load_model("enhancer-mini")
    assert model.precision == "fp32"
    assert {p.dtype for p in model.network.parameters()} == {torch.float32}
    theirs = BertForSequenceClassification.from_pretrained(
        bundled_stand_in, dtype=torch.float32
    ).eval()
    tokens = tokenize(SEQUENCES, model.vocabulary)
    with torch.inference_mode():
        expected = theirs(input_ids=torch.from_numpy(tokens.ids).long()).logits.numpy()
    np.testing.assert_allclose(predict_logits(model, tokens), expected, atol=1e-5)


def test_weights_other_than_those_of_the_card_are_refused(bundled_stand_in: Path) -> None:
    weights = bundled_stand_in / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ev.CheckpointError, match="weights_sha256"):
        ev.VariantScorer(FILES.reference)


def test_each_part_has_its_own_null_distributions(bundled_stand_in: Path) -> None:
    calibrate_model(bundled_stand_in, FILES.reference, random_changes=150, progress=False)
    named = {"enhancer": "enhancer-mini", "tfbs": "tfbs-mini"}
    scorer = ev.VariantScorer(FILES.reference, calibrated=True, progress=False, **named)
    whole = load_model(bundled_stand_in)
    effects = scorer.score(["chr1:2009:A:T"])
    for place, label in enumerate(LABELS):
        null = whole.card.nulls[0].outputs[place].snv
        shift = effects[f"{label}_log_odds_shift"].to_numpy()
        assert effects[f"{label}_p"][0] == null.p_value(shift)[0]
    models = effects.attrs["enhancer_variants"]["models"]
    assert [len(model["null"]["n"]) for model in models] == [1, 3]


@pytest.mark.usefixtures("bundled_stand_in")
def test_sequences_are_predicted_by_the_bundled_enhancer_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = ev.predict_sequences("enhancer-mini", SEQUENCES)
    assert "enhancer_log_odds" in expected
    pd.testing.assert_frame_equal(ev.predict_sequences(None, SEQUENCES), expected)
    fasta = tmp_path / "sequences.fa"
    fasta.write_text("".join(f">s{n}\n{sequence}\n" for n, sequence in enumerate(SEQUENCES)))
    output, npy = tmp_path / "predicted.parquet", tmp_path / "pred_results.npy"
    assert run("predict", fasta, "-o", output, "--npy", npy) == 0
    assert "3 predicted" in capsys.readouterr().err
    found = pd.read_parquet(output)
    pd.testing.assert_series_equal(found["enhancer_prob"], expected["enhancer_prob"])
    np.testing.assert_allclose(np.load(npy), expected["enhancer_prob"], atol=1e-6)
    assert run("predict", fasta, "-m", "tfbs-mini", "-o", output, "--npy", npy, "-q") == 0
    assert np.load(npy).shape == (3, 3)
    assert {"CTCF_prob", "NANOG_prob", "SRF_prob"} <= set(pd.read_parquet(output))


@pytest.mark.usefixtures("bundled_stand_in")
def test_models_are_shown_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "show", "enhancer-mini") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["card"]["name"], shown["card"]["labels"]) == ("enhancer-mini", ["enhancer"])
    described = describe_model("tfbs-mini")["card"]
    assert isinstance(described, dict)
    assert described["labels"] == ["CTCF", "NANOG", "SRF"]


@pytest.mark.usefixtures("bundled_stand_in")
def test_the_command_line_scores_with_what_is_bundled(tmp_path: Path, few_motifs: Path) -> None:
    output = tmp_path / "effects.parquet"
    base = ["score", FILES.variants, "-r", FILES.reference, "-o", output, "-q"]
    names = ["--enhancer", "enhancer-mini", "--tfbs", "tfbs-mini", "--motifs", few_motifs]
    assert run(*base, *names) == 0
    expected = pd.read_parquet(output)
    assert run(*base, "--motif-p-hit", "1e-4") == 0  # motif options fit the bundled motifs too
    pd.testing.assert_frame_equal(pd.read_parquet(output), expected)
    assert run(*base, "--tfbs", "bundled") == 0
    assert "enhancer_prob_ref" not in pd.read_parquet(output)
    assert run(*base, "--tfbs", "bundled", "--tfbs", f"RAD21={FILES.model}") == 0
    assert {"CTCF_prob_ref", "RAD21_prob_ref"} <= set(pd.read_parquet(output))
    assert run(*base, "--tfbs", "bundled", "--motif-p-hit", "1e-4") == 2


@pytest.mark.usefixtures("bundled_stand_in")
def test_the_bundled_models_are_explained_in_one_pass(passes: Counter[int]) -> None:
    # In one batch, for a last one of several is filled up.
    scorer = ev.VariantScorer(
        FILES.reference, enhancer="enhancer-mini", tfbs="tfbs-mini", progress=False, batch_size=601
    )
    explained = [*ev.explain(scorer, ["chr1:2009:A:T"]).explained]
    assert passes.total() == 2 + 2 * (3 * 200 + 1)  # both alleles, and each window's changes once
    assert [(one.ref.model, one.alt.output) for one in explained] == [
        ("enhancer", "enhancer"),
        *(("tfbs-mini", factor) for factor in ("CTCF", "NANOG", "SRF")),
    ]
    effects = scorer.score(["chr1:2009:A:T"])
    for one in explained:
        expected = effects[f"{one.ref.output}_log_odds_shift"][0]
        assert one.shift == pytest.approx(expected, abs=1e-4)
    by_gradient = ev.explain(scorer, ["chr1:2009:A:T"], method="gradient", models=["SRF"])
    [srf] = by_gradient.explained
    whole = load_model(bundled_directory())
    expected = ev.saturation_mutagenesis(whole, srf.ref.sequence, output="SRF", method="gradient")
    np.testing.assert_allclose(srf.ref.shifts, expected.shifts, atol=1e-6)
    exact = ev.saturation_mutagenesis(whole, srf.ref.sequence, output="SRF")
    np.testing.assert_allclose(explained[3].ref.shifts, exact.shifts, atol=1e-4)


@pytest.mark.usefixtures("bundled_stand_in", "few_motifs")
def test_the_demo_is_scored_by_what_is_bundled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("demo") == 0
    printed = capsys.readouterr()
    assert "CTCF_site" in printed.out
    assert "made up" in printed.err
    assert run("demo", "-o", tmp_path / "demo") == 0
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"genome.fa", "variants.vcf", "random", "effects.vcf.gz", "effects.tsv"} <= written
    header = (tmp_path / "demo" / "effects.tsv").read_text().splitlines()[0]
    assert {"enhancer_log_odds_shift", "CTCF_log_odds_shift", "motif_id"} <= set(header.split("\t"))
