"""The toy model that ships with the package sees the sites that it was trained on."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from pathlib import Path

import numpy as np
import pytest

from enhancer_variants import demo
from enhancer_variants.effects.saturation import saturation_mutagenesis
from enhancer_variants.genome import reverse_complement
from enhancer_variants.models import (
    Model,
    load_model,
    log_odds,
    predict_logits,
    read_card,
    tokenize,
)

FOLDER = Path(demo.__file__).parent / "planted"
SITES = {"GATA1": "CTTATCT", "AP-1": "ATGAGTCAT"}
"""Factor: a strong site."""

PLACES = (20, 100, 160)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(FOLDER, device="cpu")


def background(seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=200))


def planted(sequence: str, site: str, start: int) -> str:
    return sequence[:start] + site + sequence[start + len(site) :]


def scores(model: Model, sequences: list[str]) -> np.ndarray:
    return log_odds(model, predict_logits(model, tokenize(sequences, model.vocabulary)))[:, 0]


def test_the_card_is_complete() -> None:
    card = read_card(FOLDER / "enhancer_variants.json")
    content = dataclasses.asdict(card)
    assert {key for key, value in content.items() if value in (None, {})} <= {
        "citation",
        "training",
    }
    assert (card.name, card.labels, card.positive_label) == (
        "planted",
        ("other", "enhancer"),
        "enhancer",
    )
    assert (card.window_length, card.padding, card.licence) == (200, "none", "Apache-2.0")
    assert card.notes is not None
    assert "toy" in card.notes
    assert "made-up sequences" in card.notes
    weights = (FOLDER / "model.safetensors").read_bytes()
    assert card.weights_sha256 == hashlib.sha256(weights).hexdigest()


def test_nothing_is_assumed_and_little_is_shipped(model: Model) -> None:
    assert model.assumptions == ()
    assert model.name == "planted"
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 400_000


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("factor", SITES)
def test_a_site_raises_the_log_odds_wherever_it_is(model: Model, factor: str, strand: str) -> None:
    site = SITES[factor] if strand == "+" else reverse_complement(SITES[factor])
    without = [background(seed) for seed in range(30)]
    before = scores(model, without)
    without = [sequence for sequence, score in zip(without, before, strict=True) if score < 0]
    assert len(without) >= 20  # chance makes few sites
    before = scores(model, without)
    for start in PLACES:
        after = scores(model, [planted(sequence, site, start) for sequence in without])
        assert np.median(after - before) > 4
        assert (after > 0).mean() > 0.9


@pytest.mark.parametrize("start", PLACES)
@pytest.mark.parametrize("factor", SITES)
def test_the_bases_of_a_site_matter_most(model: Model, factor: str, start: int) -> None:
    site = SITES[factor]
    saturation = saturation_mutagenesis(model, planted(background(1), site, start))
    assert saturation.log_odds > 0
    strongest = np.argsort(saturation.importance)[-4:]
    assert all(start <= position < start + len(site) for position in strongest)
    inside = saturation.importance[start : start + len(site)]
    outside = np.delete(saturation.importance, range(start, start + len(site)))
    assert inside.mean() > 1
    assert abs(outside).mean() < inside.mean() / 10
