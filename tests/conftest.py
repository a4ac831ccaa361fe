"""What every test has: a home of its own, no network, and the folders of data where they exist."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from torch import Tensor, nn

from enhancer_variants.genome import Reference
from enhancer_variants.models import Model, ModelCard, NetworkConfig, Vocabulary

# A busy machine is slow, not wrong.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Numba compiles memelite's Tomtom and FIMO once for one question each: half the time without
# optimising what it writes.
os.environ.setdefault("NUMBA_OPT", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "ENHANCER_VARIANTS_DATA" not in os.environ:
        absent = pytest.mark.skip(reason="ENHANCER_VARIANTS_DATA names no folder of real data")
        for item in items:
            if "realdata" in item.keywords:
                item.add_marker(absent)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: compressed ones hold the time, and names must not change."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def data() -> Path:
    """Folder of real data; tests that use it are marked `realdata`."""
    return Path(os.environ["ENHANCER_VARIANTS_DATA"])


@pytest.fixture
def oracle() -> Path:
    """Folder of the original DNABERT's numbers; tests that use it skip without it."""
    if "ENHANCER_VARIANTS_ORACLE" not in os.environ:
        pytest.skip("ENHANCER_VARIANTS_ORACLE names no folder")
    return Path(os.environ["ENHANCER_VARIANTS_ORACLE"])


def _model(name: str, network: nn.Module, k: int, window: int, outputs: tuple[str, ...]) -> Model:
    vocabulary = Vocabulary.canonical(k)
    multi_label = outputs != (name,)
    card = ModelCard(
        name=name,
        task="multi_label" if multi_label else "single_label",
        labels=outputs if multi_label else ("no", "yes"),
        positive_label=None if multi_label else "yes",
    )
    return Model(
        name=name,
        card=card,
        window_length=window,
        max_seq_length=None,
        padding="none",
        vocabulary=vocabulary,
        network=network,  # type: ignore[arg-type]
        device=torch.device("cpu"),
        precision="fp32",
        weights_sha256="0" * 64,
        assumptions=(),
        output_names=outputs,
        decision_threshold=0.0,
    )


class CountingNetwork(nn.Module):
    """Log2 odds = how often a base occurs: the answer to every variant is known by hand."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.token = 5 + "ATCG".index(base)
        self.rows_seen = 0
        self.config = NetworkConfig(9, 8, 1, 1, 8, 4096, 2, 1e-12, 2)

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: str = "none"
    ) -> Tensor:
        self.rows_seen += len(ids)
        counts = (ids == self.token).sum(1).double() * math.log(2)
        return torch.stack([torch.zeros_like(counts), counts], 1).float()


class PositionNetwork(nn.Module):
    """A number of its own for every base at every place: two windows that differ, differ."""

    def __init__(self, k: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(k)
        self.table = torch.randn(1024, 5 + 4**k, generator=generator) / 8
        self.config = NetworkConfig(5 + 4**k, 8, 1, 1, 8, 4096, 2, 1e-12, 2)

    def forward(
        self, ids: Tensor, lengths: Tensor | None = None, *, padding: str = "none"
    ) -> Tensor:
        places = torch.arange(ids.shape[1]).expand(ids.shape)
        logit = self.table[places, ids.long()].sum(1)
        return torch.stack([torch.zeros_like(logit), logit], 1)


@pytest.fixture
def counting_model() -> Callable[..., Model]:
    """Make a model whose log2 odds are the number of times `base` occurs in the window."""

    def make(base: str = "G", name: str = "enhancer", window: int = 20) -> Model:
        return _model(name, CountingNetwork(base), 1, window, (name,))

    return make


@pytest.fixture
def position_model() -> Callable[..., Model]:
    """Make a model that answers differently to any two windows that differ."""

    def make(name: str = "enhancer", window: int = 20, k: int = 2) -> Model:
        return _model(name, PositionNetwork(k), k, window, (name,))

    return make


@pytest.fixture
def make_reference(tmp_path: Path) -> Callable[..., Reference]:
    """Write a FASTA of the contigs given and open it."""

    def make(**contigs: str) -> Reference:
        path = tmp_path / f"genome{len(list(tmp_path.glob('*.fa')))}.fa"
        path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in contigs.items()))
        return Reference(path)

    return make
