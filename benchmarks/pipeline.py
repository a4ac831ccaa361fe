"""Variants per second of all that is not the network, stage by stage and end to end.

    python benchmarks/pipeline.py [--records 1000000]

A made-up genome and VCF (SNVs, indels, multi-allelic sites), a network that answers zeros, one
thread. Correctness first: rows out = ALT alleles in, and the output minus our INFO keys is the
input. Resident memory is read along the way: it must stay flat.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pysam
import torch
from machine import save
from torch import Tensor, nn

from enhancer_variants import VariantScorer
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import score_records
from enhancer_variants.genome import Reference, WindowRule, allele_windows, place
from enhancer_variants.io import open_variants
from enhancer_variants.io.effects_as_vcf import VcfLines
from enhancer_variants.models import NetworkConfig, predict_logits, tokenize

CONTIG_LENGTH = 5_000_000
INFO = "AC=12;AF=0.00239617;AN=5008;NS=2504;DP=18669;EAS_AF=0.001;AMR_AF=0.0086;AFR_AF=0;AA=."


class Zeros(nn.Module):
    """A network that costs nothing."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, ids: Tensor, *_: Any, **__: Any) -> Tensor:
        """Give (B, 2) zeros."""
        return torch.zeros(len(ids), 2)


def make_inputs(folder: Path, records: int) -> tuple[Path, Path]:
    bases = random.Random(7)
    genome = "".join(bases.choices("ACGT", k=CONTIG_LENGTH))
    fasta = folder / "genome.fa"
    lines = [genome[i : i + 60] for i in range(0, len(genome), 60)]
    fasta.write_text(">chr1\n" + "\n".join(lines) + "\n")
    vcf = folder / "variants.vcf.gz"
    positions = sorted(bases.choices(range(500, CONTIG_LENGTH - 500), k=records))
    with pysam.BGZFile(str(vcf), "wb") as file:
        file.write(
            f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={CONTIG_LENGTH}>\n"
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n".encode()
        )
        for number, position in enumerate(positions):
            ref, alt = _alleles(genome, position, bases)
            line = f"chr1\t{position}\trs{number}\t{ref}\t{alt}\t100\tPASS\t{INFO}\n"
            file.write(line.encode())
    return fasta, vcf


def _alleles(genome: str, position: int, bases: random.Random) -> tuple[str, str]:
    """94 % SNVs, 2 % deletions, 2 % insertions, 2 % sites with two ALTs, as in 1000 Genomes."""
    start = position - 1
    base = genome[start]
    others = [b for b in "ACGT" if b != base]
    kind = bases.random()
    if kind < 0.94:
        return base, bases.choice(others)
    if kind < 0.96:
        return genome[start : start + bases.randint(2, 6)], base
    if kind < 0.98:
        return base, base + "".join(bases.choices("ACGT", k=bases.randint(1, 5)))
    return base, ",".join(bases.sample(others, 2))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=1_000_000)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta, vcf = make_inputs(folder, options.records)
        scorer = VariantScorer(fasta, enhancer=demo_files().model, progress=False)
        models = [replace(m, network=Zeros(m.network.config)) for m in scorer.models]
        scorer.plan = replace(scorer.plan, enhancers=tuple(models), ready=lambda model: model)
        _assert_right(scorer, vcf, folder)
        end_to_end = [_end_to_end(scorer, vcf, folder) for _ in range(3)]
        seconds = statistics.median(run["seconds"] for run in end_to_end)
        save(
            "pipeline",
            {
                "what": "all but the network, one thread, 200 bp, VCF.gz to VCF.gz, medians of 3",
                "records": options.records,
                "seconds": round(seconds, 2),
                "variants_per_second": round(options.records / seconds),
                "peak_resident_MiB_by_quarter": end_to_end[0]["resident"],
                "microseconds_per_record_by_stage": _stages(scorer, vcf),
            },
        )


def _assert_right(scorer: VariantScorer, vcf: Path, folder: Path) -> None:
    small = folder / "small.vcf"
    with open_variants(vcf) as source:
        kept = [next(source.records) for _ in range(5_000)]
        small.write_bytes(b"".join((*source.header.lines, *(r.line for r in kept))))
    out = folder / "small.out.vcf"
    summary = scorer.annotate(small, out)
    assert summary.alleles == sum(len(r.alts) for r in kept)
    assert summary.scored == summary.alleles, summary
    ours = re.compile(rb";EV_[^;\t\n]*")
    header = re.compile(rb"##(INFO=<ID=EV_|enhancer_variants)")
    lines = [ours.sub(b"", line) for line in out.read_bytes().splitlines(keepends=True)]
    assert b"".join(line for line in lines if not header.match(line)) == small.read_bytes()


def _end_to_end(scorer: VariantScorer, vcf: Path, folder: Path) -> dict[str, Any]:
    resident: list[float] = []
    done = threading.Event()

    def sample() -> None:
        process = psutil.Process()
        while not done.wait(0.5):
            resident.append(process.memory_info().rss / 2**20)

    sampler = threading.Thread(target=sample)
    sampler.start()
    start = time.perf_counter()
    scorer.annotate(vcf, folder / "out.vcf.gz")
    seconds = time.perf_counter() - start
    done.set()
    sampler.join()
    quarter = max(1, len(resident) // 4)
    peaks = [round(max(resident[i : i + quarter])) for i in range(0, len(resident), quarter)]
    return {"seconds": seconds, "resident": peaks}


def _stages(scorer: VariantScorer, vcf: Path) -> dict[str, float]:
    """Microseconds per record of each stage by itself, medians over ten chunks."""
    seconds: dict[str, list[float]] = {}
    reference: Reference = scorer.reference
    model = scorer.models[0]
    rule = WindowRule(model.window_length)
    write = VcfLines(scorer.plan.columns)
    with open_variants(vcf) as source:
        for _ in range(10):
            clock = _Clock(seconds, 8_192)
            records = [next(source.records) for _ in range(8_192)]
            clock.lap("read and parse")
            placed = [
                place(r.contig, r.position, r.ref, alt, reference)
                for r in records
                for alt in r.alts
            ]
            clock.lap("statuses and normal form")
            windows = [allele_windows(p.variant, p.contig, rule).windows[0] for p in placed]
            clock.lap("windows")
            distinct = list(dict.fromkeys(s for w in windows for s in (w.ref, w.alt)))
            clock.lap("distinct windows")
            tokens = tokenize(distinct, model.vocabulary)
            clock.lap("tokens")
            predict_logits(model, tokens)
            clock.lap("batches through a network that answers zeros")
            table = score_records(records, scorer.plan, reference)
            clock.lap("(all of the above from the records on, and the effects)")
            block = b"".join(write(table))
            clock.lap("VCF lines")
            with tempfile.NamedTemporaryFile() as file, pysam.BGZFile(file.name, "wb") as out:
                out.write(block)
            clock.lap("bgzip")
    return {name: round(statistics.median(laps), 2) for name, laps in seconds.items()}


class _Clock:
    def __init__(self, seconds: dict[str, list[float]], records: int) -> None:
        self.seconds, self.records, self.last = seconds, records, time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds.setdefault(stage, []).append((now - self.last) / self.records * 1e6)
        self.last = time.perf_counter()


if __name__ == "__main__":
    main()
