"""What keeping a run in shards costs: `score_run` beside `annotate`, and going on with a run.

    python benchmarks/long_runs.py [--records 200000] [--rounds 3]

A made-up VCF.gz (as in memory.py) is annotated with a network that answers zeros, so that only the
work around it is measured: plainly; in shards, into a new folder each time; and once more with a
folder in which every shard is done. Asserted first: all three write the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from machine import interleaved, save
from memory import make_inputs
from pipeline import Zeros, give

import enhancer_variants.scoring_run.work
from enhancer_variants import VariantScorer, score_run
from enhancer_variants.demo import demo_files


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--records", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_inputs(folder, options.records)
        save("long_runs", _compared(folder, options.records, options.rounds))


def _compared(folder: Path, records: int, rounds: int) -> dict[str, Any]:
    about = (folder / "variants.vcf.gz", folder / "genome.fa")
    settings: dict[str, Any] = {"enhancer": demo_files().model, "device": "cpu", "progress": False}
    scorer = VariantScorer(about[1], **settings)
    give(scorer, Zeros(scorer.models[0].network.config))
    enhancer_variants.scoring_run.work.VariantScorer = lambda *_, **__: scorer
    number = itertools.count()

    def plain() -> None:
        scorer.annotate(about[0], folder / "plain.vcf.gz")

    def in_shards(run_dir: str | None = None) -> None:
        run_dir = run_dir or f"run{next(number)}"
        output = folder / f"{'done' if run_dir == 'run0' else 'shards'}.vcf.gz"
        score_run(*about, output, run_dir=folder / run_dir, **settings)

    contestants: dict[str, Callable[[], None]] = {
        "plain": plain,
        "in_shards": in_shards,
        "all_shards_done": lambda: in_shards("run0"),
    }
    in_shards()
    processor = {name: _processor_seconds(run) for name, run in contestants.items()}
    written = [(folder / f"{name}.vcf.gz").read_bytes() for name in ("plain", "shards", "done")]
    assert written[0] == written[1] == written[2]
    pieces = (folder / "run0" / "effects").iterdir()
    return {
        "what": "VCF.gz to VCF.gz with a network that answers zeros, in seconds",
        "records": records,
        "shards": len(list((folder / "run0" / "done").iterdir())),
        "pieces_MB": round(sum(piece.stat().st_size for piece in pieces) / 1e6, 1),
        "output_MB": round(len(written[0]) / 1e6, 1),
        "seconds": interleaved(contestants, rounds),
        "processor_seconds": processor,
    }


def _processor_seconds(run: Callable[[], None]) -> float:
    before = time.process_time()
    run()
    return round(time.process_time() - before, 2)


if __name__ == "__main__":
    main()
