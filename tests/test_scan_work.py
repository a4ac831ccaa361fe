"""What a worker needs, and what its results depend on."""

from __future__ import annotations

import pytest
import torch

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.runs import Shard
from enhancer_variants.scan import ScanSummary
from enhancer_variants.scan import work as work_module
from enhancer_variants.scan.shards import ScanShard
from enhancer_variants.scan.tiling import TileRange
from enhancer_variants.scan.work import ScanWork, plan_of_scan

FILES = demo_files()


def test_a_scan_has_one_model() -> None:
    two = {"one": FILES.model, "two": FILES.planted_model}
    with pytest.raises(InputError, match=r"2 outputs \(one, two\); expected one enhancer model"):
        plan_of_scan(two, device="cpu")  # type: ignore[arg-type]


def test_a_contig_that_is_gone_is_named() -> None:
    work = ScanWork(Reference(FILES.reference), plan_of_scan(FILES.model, device="cpu"), 50)
    shard = Shard(0, ScanShard((TileRange("chr7", 0, 1),), 4), 1)
    with pytest.raises(InputError, match="has no contig chr7"):
        work(shard)


def test_progress_counts_every_window_once_on_both_strands() -> None:
    plan = plan_of_scan(FILES.model, device="cpu", strand="both", batch_size=8)
    work = ScanWork(Reference(FILES.reference), plan, 50)
    told: list[float] = []
    # Some of the last windows of chr1 hold N.
    count = work.tiling.count(work.reference.lengths["chr1"])
    tiles = TileRange("chr1", count - 50, count)
    piece = work(Shard(0, ScanShard((tiles,), 8), 50), told.append)
    assert sum(told) == 50
    assert piece.counts["windows"] + piece.counts["has_n"] == 50
    assert piece.counts["has_n"] > 0


def test_on_a_gpu_the_batch_size_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of_scan(FILES.model, device="cpu")
    monkeypatch.setattr(work_module, "measured_batch_size", lambda _: 32)
    assert work_module._batch_size(plan) == "auto"
    object.__setattr__(plan.models[0], "device", torch.device("cuda"))
    assert work_module._batch_size(plan) == 32


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (ScanSummary(0, 0, 0, 0, 0), "0 windows scored; 0 calls, 0 bases"),
        (ScanSummary(1, 0, 0, 1, 1), "1 window scored; 1 call, 1 base"),
        (
            ScanSummary(2000, 3, 2, 1, 200),
            "2,000 windows scored, 3 left out (has_n); 2 contigs shorter than a window; "
            "1 call, 200 bases",
        ),
    ],
)
def test_a_summary_is_one_line(summary: ScanSummary, line: str) -> None:
    assert str(summary) == line
