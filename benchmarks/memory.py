"""Resident memory along a long run: it must not grow with the input.

    python benchmarks/memory.py [--records 10000000]

A made-up VCF.gz of so many records (as in pipeline.py), written once into a temporary folder by a
process of its own, is annotated into another with a network that answers zeros. Behind every
chunk the resident memory is read; the largest of each twentieth of the records goes into
results/memory.json and results/memory.png. Asserted: every allele has its row, the peak of the
whole process is below the limit, and the last half of the run takes no more than the first but
for 5 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import psutil
import pysam
import torch
from machine import RESULTS, save
from pipeline import INFO, Zeros, alleles, give

import enhancer_variants.scorer
from enhancer_variants import VariantScorer
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import score_chunks
from enhancer_variants.io import EffectTable

STEPS = 20
LIMIT = 1536
"""MiB: 1.5 GiB."""

BASES_PER_RECORD = 5


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--records", type=int, default=10_000_000)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        making = multiprocessing.get_context("spawn").Process(
            target=make_inputs, args=(folder, options.records)
        )
        making.start()
        making.join()
        assert making.exitcode == 0
        result = _run(folder, options.records)
    save("memory", result)
    _draw(result, RESULTS / "memory.png")
    _assert_flat(result)


def make_inputs(folder: Path, records: int) -> None:
    """Write genome.fa and variants.vcf.gz, line by line."""
    chance = np.random.default_rng(7)
    length = records * BASES_PER_RECORD + 1_000
    genome = np.frombuffer(b"ACGT", dtype=np.uint8)[chance.integers(0, 4, length)].tobytes()
    with (folder / "genome.fa").open("wb") as fasta:
        fasta.write(b">chr1\n")
        fasta.writelines(genome[i : i + 100] + b"\n" for i in range(0, length, 100))
    text = genome.decode()
    bases = random.Random(7)
    with pysam.BGZFile(str(folder / "variants.vcf.gz"), "wb") as file:
        file.write(
            f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={length}>\n"
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n".encode()
        )
        for number in range(records):
            position = 500 + number * BASES_PER_RECORD + bases.randrange(BASES_PER_RECORD)
            ref, alt = alleles(text, position, bases)
            line = f"chr1\t{position}\trs{number}\t{ref}\t{alt}\t100\tPASS\t{INFO}\n"
            file.write(line.encode())


def _run(folder: Path, records: int) -> dict[str, Any]:
    scorer = VariantScorer(
        folder / "genome.fa", enhancer=demo_files().model, progress=False, device="cpu"
    )
    give(scorer, Zeros(scorer.models[0].network.config))
    process = psutil.Process()
    largest = [0.0] * STEPS
    seen = 0

    def watched(*about: Any) -> Iterator[EffectTable]:
        nonlocal seen
        for table in score_chunks(*about):
            yield table
            step = min(STEPS - 1, seen * STEPS // records)
            largest[step] = max(largest[step], process.memory_info().rss / 2**20)
            seen += len(table.records)

    enhancer_variants.scorer.score_chunks = watched
    before = process.memory_info().rss / 2**20
    start, processor = time.perf_counter(), time.process_time()
    summary = scorer.annotate(folder / "variants.vcf.gz", folder / "effects.vcf.gz")
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    assert summary.records == seen == records
    assert summary.alleles >= records
    return {
        "what": "resident memory of VCF.gz to VCF.gz with a network that answers zeros",
        "records": records,
        "input_MB": round((folder / "variants.vcf.gz").stat().st_size / 1e6),
        "output_MB": round((folder / "effects.vcf.gz").stat().st_size / 1e6),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "variants_per_second": round(summary.alleles / seconds),
        "resident_MiB_before": round(before),
        "resident_MiB_by_twentieth": [round(value) for value in largest],
        "peak_resident_MiB_of_the_process": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ),
    }


def _draw(result: dict[str, Any], path: Path) -> None:
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - behind the choice of what draws

    figure, axes = plt.subplots(figsize=(5, 2.6), dpi=150, layout="constrained")
    curve = result["resident_MiB_by_twentieth"]
    read = [(step + 1) / len(curve) * result["records"] / 1e6 for step in range(len(curve))]
    axes.plot(read, curve, marker=".")
    axes.axhline(LIMIT, color="0.6", linestyle="--")
    axes.text(0.01, LIMIT - 40, "1.5 GiB", transform=axes.get_yaxis_transform(), va="top")
    axes.set(xlabel="million records", ylabel="resident memory, MiB", ylim=(0, LIMIT * 1.08))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    plt.close(figure)


def _assert_flat(result: dict[str, Any]) -> None:
    curve = result["resident_MiB_by_twentieth"]
    half = len(curve) // 2
    assert result["peak_resident_MiB_of_the_process"] < LIMIT, result
    assert max(curve[half:]) <= 1.05 * max(curve[:half]), curve


if __name__ == "__main__":
    main()
