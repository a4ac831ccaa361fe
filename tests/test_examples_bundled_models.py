"""The code that makes the bundled models: its two forms of a network, its samples, its sources."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

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


def test_what_like_gc_taught_joins_the_enhancer_output(code: ModuleType) -> None:
    sampling = importlib.import_module("sampling")
    model_directory = importlib.import_module("model_directory")
    scan = _scan(len(sampling.OUTPUTS), 0)
    sequences = list(np.random.default_rng(0).integers(0, 4, (4, 200), dtype=np.uint8))
    whole = code.compiled(scan)(code.token_ids(sequences))
    few = code.compiled(model_directory.with_labels_only(scan))(code.token_ids(sequences))
    assert few.shape == (4, len(sampling.LABELS))
    expected = whole[:, 0] + sampling.MATCHED_SHARE * whole[:, sampling.MATCHED]
    assert torch.allclose(few[:, 0], expected, atol=1e-5)
    assert torch.allclose(few[:, 1:], whole[:, 1 : len(sampling.LABELS)], atol=1e-5)


@pytest.mark.usefixtures("code")
def test_other_bytes_than_the_named_ones_are_refused(tmp_path: Path) -> None:
    sources = importlib.import_module("sources")
    with pytest.raises(InputError, match="no such file; expected SHA-256"):
        sources.require_sources(tmp_path)


@pytest.mark.realdata
@pytest.mark.usefixtures("code")
def test_the_named_files_are_those_of_the_data(data: Path) -> None:
    importlib.import_module("sources").require_sources(data)
