"""What every test has: a home of its own, no network, and the folders of data where they exist."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings
from torch import Tensor, nn

from enhancer_variants.genome import Reference
from enhancer_variants.models import Model, ModelCard, NetworkConfig, Vocabulary
from enhancer_variants.motifs import (
    Pwm,
    ScoreDistribution,
    ScoreDistributions,
    motif_weights,
    panel,
)

# A busy machine is slow, not wrong. Fifty examples are enough unless a test asks for more.
settings.register_profile("no deadline", deadline=None, max_examples=50)
settings.load_profile("no deadline")

# Tests run side by side, a process for each core: threads of their own, and those of the programs
# they start, would only wait for one another.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Numba compiles memelite's Tomtom and FIMO once for one question each: half the time without
# optimising what it writes.
os.environ.setdefault("NUMBA_OPT", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What compiles for half a minute comes first, so that nothing waits for it at the end.
    items.sort(key=lambda item: "no_cover" not in item.keywords)
    if "ENHANCER_VARIANTS_DATA" not in os.environ:
        absent = pytest.mark.skip(reason="ENHANCER_VARIANTS_DATA names no folder of real data")
        for item in items:
            if "realdata" in item.keywords:
                item.add_marker(absent)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process half of the files, and what is left to whoever is done.

    Tests of one file then share what is made once for them.
    """
    from xdist.scheduler import WorkStealingScheduling  # noqa: PLC0415 - only where it is used

    return WorkStealingScheduling(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: compressed ones hold the time, and names must not change."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders in a folder of their own: thousands beside `tmp_path` would slow it."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session", autouse=True)
def _bundled_motifs_worked_out_once() -> Iterator[None]:
    """Score distributions and weights of the bundled motifs take nine seconds for each panel."""
    distributions: dict[Hashable, ScoreDistribution] = {}
    weights: dict[Hashable, Any] = {}

    def shared(self: ScoreDistributions) -> None:
        self._known = distributions  # type: ignore[assignment]

    def known_weights(pwms: Sequence[Pwm]) -> Any:
        content = tuple((pwm.scores.tobytes(), pwm.background) for pwm in pwms)
        if content not in weights:
            weights[content] = motif_weights(pwms)
        return weights[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScoreDistributions, "__init__", shared)
        patch.setattr(panel, "motif_weights", known_weights)
        yield


@pytest.fixture
def one_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluations fit their k-mer baseline with one penalty, where its choice is not asked."""
    penalties = "enhancer_variants.training.evaluation.baselines._STRENGTHS"
    monkeypatch.setattr(penalties, (1.0,))


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


@pytest.fixture(scope="session")
def counting_model() -> Callable[..., Model]:
    """Make a model whose log2 odds are the number of times `base` occurs in the window."""

    def make(base: str = "G", name: str = "enhancer", window: int = 20) -> Model:
        return _model(name, CountingNetwork(base), 1, window, (name,))

    return make


@pytest.fixture(scope="session")
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
