"""Windows are read in full batches, whatever stretches they come from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from enhancer_variants.demo import demo_files
from enhancer_variants.genome import Reference
from enhancer_variants.models import Model, Tokens, predict_logits
from enhancer_variants.scan import window_reader as module
from enhancer_variants.scan.tiling import TileRange
from enhancer_variants.scan.work import ScanWork, plan_of_scan

FILES = demo_files()


def test_short_stretches_share_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def counted(model: Model, tokens: Tokens, **options: object) -> npt.NDArray[np.float32]:
        batches.append(len(tokens.lengths))
        return predict_logits(model, tokens, **options)  # type: ignore[arg-type]

    plan = plan_of_scan(FILES.model, device="cpu", strand="both", batch_size=8)
    work = ScanWork(Reference(FILES.reference), plan, 50)
    ranges = [TileRange("chr1", 3 * number, 3 * number + 2) for number in range(10)]
    alone = [work.log_odds([tiles])[1] for tiles in ranges]
    monkeypatch.setattr(module, "predict_logits", counted)
    windows, scores = work.log_odds(ranges)
    assert batches == [20, 20]  # one for each strand
    assert [starts.tolist() for _, starts in windows] == [
        [150 * number, 150 * number + 50] for number in range(10)
    ]
    assert scores.tolist() == np.concatenate(alone).tolist()
    batches.clear()
    monkeypatch.setattr(module, "WINDOWS_AT_ONCE", 10)
    assert work.log_odds(ranges)[1].tolist() == scores.tolist()
    assert batches == [8, 8, 8, 8, 8, 8]  # full ones, the last filled up
