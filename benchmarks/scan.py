"""Windows per second of a scan, against scoring each window as a sequence of its own.

    python benchmarks/scan.py [--windows 400] [--rounds 3] [--device cpu] [--enhancer MODEL]

First the numbers are asserted to be the same within 1e-4 log2 units. Then three things are timed,
interleaved in one process, medians of the rounds: the bundled model (or `--enhancer`) over tiles
of made-up DNA every 50 bases, by the scan and by `predict_sequences` over the windows as text; the
tokens alone, from k-mers that are looked up once and from each window by itself; and all that is
not the network (tokens, calls, bigWig, BED and Parquet) with a network that answers zeros.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import interleaved, save
from torch import Tensor, nn

import enhancer_variants as ev
from enhancer_variants.models import tokenize
from enhancer_variants.scan.kmer_windows import KmerTrack

STEP = 50
TOKENS = 20_000
"""Windows of which tokens are made; a network is not asked."""

WITHOUT_NETWORK = 200_000
"""Windows of a scan whose network answers zeros."""


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--windows", type=int, default=400)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--enhancer", default="enhancer-mini")
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        result = {
            "with_network": with_network(place, asked),
            "tokens": tokens(asked.rounds),
            "without_network": without_network(place, asked.rounds),
        }
    save(f"scan_{asked.device.partition(':')[0]}", result)


def fasta(folder: Path, windows: int) -> Path:
    """Made-up DNA with so many tiles of 200 bases."""
    path = folder / f"{windows}.fa"
    bases = random.Random(windows).choices("ACGT", k=200 + STEP * (windows - 1))
    path.write_text(f">chr1\n{''.join(bases)}\n")
    return path


def with_network(folder: Path, asked: Any) -> dict[str, Any]:
    options = {"step": STEP, "device": asked.device, "progress": False}
    scanner = ev.GenomeScanner(fasta(folder, asked.windows), asked.enhancer, **options)
    model = scanner.work.model
    found = scanner.scan()
    contig = scanner.reference.find("chr1")
    assert contig is not None
    starts = found.windows["start"].tolist()
    texts = [contig.bases(start, start + model.window_length) for start in starts]
    alone = ev.predict_sequences(model, texts, progress=False)
    difference = float(np.abs(alone["enhancer_log_odds"] - found.windows["log_odds"]).max())
    assert difference < 1e-4, difference
    seconds = interleaved(
        {
            "scan": scanner.scan,
            "each_by_itself": lambda: ev.predict_sequences(model, texts, progress=False),
        },
        asked.rounds,
    )
    return {
        "windows": len(texts),
        "largest_difference_log2": difference,
        "windows_per_second": {name: len(texts) / s["median"] for name, s in seconds.items()},
    }


def tokens(rounds: int) -> dict[str, Any]:
    vocabulary = ev.load_model("enhancer-mini", device="cpu").vocabulary
    bases = "".join(random.Random(0).choices("ACGT", k=200 + STEP * (TOKENS - 1)))
    starts = np.arange(TOKENS) * STEP
    texts = [bases[start : start + 200] for start in starts.tolist()]
    shared = KmerTrack(bases, 200, vocabulary).tokens(starts)
    assert np.array_equal(shared.ids, tokenize(texts, vocabulary).ids)
    seconds = interleaved(
        {
            "k-mers_once": lambda: KmerTrack(bases, 200, vocabulary).tokens(starts),
            "each_by_itself": lambda: tokenize(texts, vocabulary),
        },
        rounds,
    )
    return {
        "windows": TOKENS,
        "windows_per_second": {name: TOKENS / s["median"] for name, s in seconds.items()},
    }


class Zeros(nn.Module):
    """A network that takes no time."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def forward(self, ids: Tensor, *_: object, **__: object) -> Tensor:
        """Give as many zeros as there are logits."""
        return torch.zeros(len(ids), self.config.num_labels)


def without_network(folder: Path, rounds: int) -> dict[str, Any]:
    scanner = ev.GenomeScanner(
        fasta(folder, WITHOUT_NETWORK), step=STEP, device="cpu", batch_size=256, progress=False
    )
    model = scanner.work.model
    object.__setattr__(model, "network", Zeros(model.network.config))
    files = [folder / name for name in ("w.bw", "w.parquet", "c.bed")]
    seconds = interleaved(
        {"scan": scanner.scan, "into_files": lambda: scanner.write(files)}, rounds
    )
    return {
        "windows": WITHOUT_NETWORK,
        "windows_per_second": {n: WITHOUT_NETWORK / s["median"] for n, s in seconds.items()},
    }


if __name__ == "__main__":
    main()
