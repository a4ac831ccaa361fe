"""The weights that ship with the package: complete, small, honest about themselves, and awake."""

from __future__ import annotations

import dataclasses
import random
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import (
    ModelCard,
    bundled_directory,
    load_model,
    log_odds,
    predict_logits,
    read_card,
    tokenize,
)
from enhancer_variants.models.files import read_json_object, sha256_of

FILES = demo_files()
CTCF_SITE = "TGGCCACCAGGGGGCGCTA"
MOST_BYTES = 30 * 10**6


@pytest.fixture(scope="module")
def folder() -> Path:
    return bundled_directory()


@pytest.fixture(scope="module")
def card(folder: Path) -> ModelCard:
    return read_card(folder / "enhancer_variants.json")


def test_the_folder_holds_a_model_and_nothing_else(folder: Path) -> None:
    present = {path.name: path.stat().st_size for path in folder.rglob("*")}
    needed = {"config.json", "model.safetensors", "vocab.txt", "enhancer_variants.json"}
    assert needed <= present.keys() <= needed | {"tokenizer_config.json"}
    assert sum(present.values()) < MOST_BYTES


def test_weights_are_halves_on_disk_and_singles_in_memory(folder: Path, card: ModelCard) -> None:
    weights = folder / "model.safetensors"
    assert card.weights_sha256 == sha256_of(weights)
    with weights.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = file.read(length)
    assert b'"F16"' in header
    assert b'"F32"' not in header
    model = load_model("enhancer-mini")
    assert {p.dtype for p in model.network.parameters()} == {torch.float32}
    assert model.precision == "fp32"


def test_the_card_says_all_that_scoring_and_a_reader_need(folder: Path, card: ModelCard) -> None:
    assert {"enhancer", "CTCF", "NANOG"} <= set(card.labels)
    assert (card.window_length, card.kmer, card.padding) == (200, 6, "none")
    for key in ("licence", "citation", "notes"):
        assert getattr(card, key), key
    assert card.training
    assert load_model(folder).assumptions == ()
    text = str({k: v for k, v in dataclasses.asdict(card).items() if k != "nulls"})
    assert "licence" in text.lower()
    assert not re.search(r"""(^|[\s"'(=])/\w""", text), "a path of the machine that trained it"
    config = read_json_object(folder / "config.json", 1 << 20)
    assert config["problem_type"] == "multi_label_classification"


def test_shifts_are_calibrated_without_further_ado() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scorer = ev.VariantScorer(
            FILES.reference,
            enhancer="enhancer-mini",
            tfbs="tfbs-mini",
            calibrated=True,
            progress=False,
        )
    effects = scorer.score(["chr1:2009:A:T", "chr1:7000:T:TGATTACA"])
    assert effects.filter(regex="_p$").notna().all(axis=None)


def test_nothing_named_scores_the_demo(card: ModelCard) -> None:
    effects = ev.score_vcf(FILES.variants, FILES.reference, progress=False)
    scored = effects["status"] == "ok"
    factors = [label for label in card.labels if label != "enhancer"]
    shown = ["enhancer", *factors] if len(factors) <= 16 else ["enhancer"]
    for output in shown:
        shift = effects[f"{output}_log_odds_shift"]
        assert (shift.notna() == scored).all()
        assert (shift[scored].abs() > 0).any()
    assert effects.loc[scored, "motif_id"].notna().all()


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_ctcf_site_is_seen_on_both_strands(strand: str) -> None:
    model = load_model("tfbs-mini")
    bases = random.Random(1)
    without = ["".join(bases.choices("ACGT", k=200)) for _ in range(40)]
    site = CTCF_SITE if strand == "+" else reverse_complement(CTCF_SITE)
    with_site = [s[:90] + site + s[90 + len(site) :] for s in without]

    def scores(sequences: list[str]) -> np.ndarray:
        logits = predict_logits(model, tokenize(sequences, model.vocabulary))
        return log_odds(model, logits)[:, model.output_names.index("CTCF")]

    gained = scores(with_site) - scores(without)
    assert np.median(gained) > 1
    assert (gained > 0).mean() > 0.9


def test_an_snv_in_a_ctcf_site_weakens_it() -> None:
    scorer = ev.VariantScorer(FILES.reference, tfbs="tfbs-mini", progress=False)
    variants = [
        line.split("\t")[:5]
        for line in FILES.variants.read_text().splitlines()
        if "CTCF_site" in line
    ]
    contig, position, _, ref, alt = variants[0]
    effects = scorer.score([f"{contig}:{position}:{ref}:{alt}"])
    assert effects["CTCF_log_odds_shift"][0] < 0
