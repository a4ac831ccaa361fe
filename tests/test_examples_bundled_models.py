"""The code that makes the bundled models: its two forms of a network, its samples, its sources."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from enhancer_variants.errors import InputError

CODE = Path(__file__).parents[1] / "examples" / "bundled_models"


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if not CODE.is_dir():
        pytest.skip("the examples are not beside these tests")
    monkeypatch.syspath_prepend(CODE)
    return importlib.import_module("compiled_network")


def _scan(outputs: int, seed: int) -> torch.nn.Module:
    scan_network = importlib.import_module("scan_network")
    generator = np.random.default_rng(seed)
    words = generator.normal(size=(4096, 16)).astype(np.float32)
    filters = generator.normal(size=(6, 30, 4)).astype(np.float32)
    scan = scan_network.ScanNetwork(
        outputs, seed=seed, filters=filters, thresholds=np.full(6, 0.5), named=[[0, 1]], words=words
    )
    with torch.no_grad():
        for parameter in scan.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape))
    return scan.eval()


@pytest.mark.parametrize(("length", "seed"), [(36, 0), (101, 1), (200, 2), (235, 3)])
def test_a_scan_and_its_dnabert_network_are_one_function(
    code: ModuleType, length: int, seed: int
) -> None:
    scan = _scan(3, seed)
    network = code.compiled(scan)
    sequences = list(np.random.default_rng(seed).integers(0, 4, (6, length), dtype=np.uint8))
    logits = network(code.token_ids(sequences))
    assert logits.std() > 0.01
    assert code.largest_difference(scan, network, sequences) < 1e-4
    assert code.smallest_attention(network, sequences) > 0.99


@pytest.mark.usefixtures("code")
def test_a_change_in_a_site_moves_its_factor_and_no_other() -> None:
    occupancy = importlib.import_module("occupancy")
    data = importlib.import_module("data")
    site = "TGGCCACCAGGGGGCGCTA"
    before = data.codes_of("A" * 40 + site + "A" * 41)[None]
    after = before.copy()
    after[0, 40 + 9] = data.codes_of("T")[0]  # a G that CTCF reads in nearly all of its sites
    motifs = occupancy.FactorMotifs("JASPAR2024")
    assert motifs.best_places("CTCF", before) == [(42, 57)]
    whole, broken = motifs.log_odds(before), motifs.log_odds(after)
    assert whole["CTCF"][0] > 6
    assert broken["CTCF"][0] < whole["CTCF"][0] - 2
    assert abs(broken["SRF"][0] - whole["SRF"][0]) < 0.1
    turned = motifs.log_odds((before ^ 1)[:, ::-1].copy())
    assert {name: float(value[0]) for name, value in turned.items()} == pytest.approx(
        {name: float(value[0]) for name, value in whole.items()}, abs=1e-3
    )


@pytest.mark.usefixtures("code")
def test_the_teacher_reads_both_strands_alike_and_learns_what_it_is_given() -> None:
    teacher = importlib.import_module("teacher")
    sampling = importlib.import_module("sampling")
    generator = np.random.default_rng(0)
    planted = np.array([3, 2, 0, 1, 3, 2, 0, 1], np.uint8)
    items = []
    for value in (0, 1) * 60:
        codes = generator.integers(0, 4, 200, dtype=np.uint8)
        if value:
            codes[50:58] = codes[120:128] = planted
        targets = sampling.nothing_bound()
        items.append(sampling.Item(codes, targets, "enhancer", value, "toy"))
    regression = teacher.EnhancerRegression(items, generator)
    windows = np.stack([item.codes for item in items])
    log_odds = regression.log_odds(windows)
    classes = np.array([item.value for item in items])
    assert roc_auc_score(classes, log_odds) > 0.95
    turned = regression.log_odds((windows ^ 1)[:, ::-1].copy())
    assert np.allclose(turned, log_odds, atol=1e-3)


@pytest.mark.usefixtures("code")
def test_other_bytes_than_the_named_ones_are_refused(tmp_path: Path) -> None:
    sources = importlib.import_module("sources")
    with pytest.raises(InputError, match="no such file; expected SHA-256"):
        sources.require_sources(tmp_path)


@pytest.mark.realdata
@pytest.mark.usefixtures("code")
def test_the_named_files_are_those_of_the_data(data: Path) -> None:
    importlib.import_module("sources").require_sources(data)
