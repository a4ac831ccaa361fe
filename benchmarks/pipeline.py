"""Variants per second of all that is not the network, stage by stage and end to end.

    python benchmarks/pipeline.py [--records 1000000] [--overlapped 50000] [--rate 15000]

A made-up genome and VCF (SNVs, indels, multi-allelic sites), one thread of torch. Correctness
first: rows out = ALT alleles in, the output minus our INFO keys is the input, and the pipeline
writes the bytes that a plain loop writes, chunk after chunk. Then

- with a network that answers zeros: records per second, the plain loop beside it, and each stage
  by itself; resident memory is read along the way: it must stay flat (see memory.py);
- beside a stand-in for a GPU of so many sequences per second: batches take their time one after
  another while Python goes on, two of them ahead, as on a real one. How much of the time is it at
  work? One after the other takes the sum of both times, overlapped the larger of them.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pysam
import torch
from machine import save
from torch import Tensor, nn

import enhancer_variants.scorer
from enhancer_variants import VariantScorer
from enhancer_variants.demo import demo_files
from enhancer_variants.effects import score_chunks, score_records
from enhancer_variants.genome import Reference, WindowRule, allele_windows, place
from enhancer_variants.io import EffectTable, VariantRecord, open_variants
from enhancer_variants.io.effects_as_vcf import VcfLines
from enhancer_variants.models import Model, NetworkConfig, predict_logits, prediction, tokenize

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


class StandIn:
    """A device that is given batches, needs its time for each, and leaves the processor alone."""

    def __init__(self, rows_per_second: float) -> None:
        self.rows_per_second = rows_per_second
        self.free_at = self.seconds_at_work = 0.0

    def start(self, _: Model, batch: tuple[Tensor, Tensor | None]) -> Callable[[], np.ndarray]:
        """Take a batch; what is returned waits for its (B, 2) zeros."""
        rows = len(batch[0])
        taken = rows / self.rows_per_second
        done_at = self.free_at = max(time.perf_counter(), self.free_at) + taken
        self.seconds_at_work += taken

        def wait() -> np.ndarray:
            time.sleep(max(0.0, done_at - time.perf_counter()))
            return np.zeros((rows, 2), dtype=np.float32)

        return wait


@contextlib.contextmanager
def computed_by(device: StandIn) -> Iterator[None]:
    """Give batches to the stand-in, and as many ahead as a GPU is given."""
    start, ahead = prediction._start, prediction._AHEAD
    prediction._start, prediction._AHEAD = device.start, dict.fromkeys(ahead, ahead[True])
    try:
        yield
    finally:
        prediction._start, prediction._AHEAD = start, ahead


def one_after_the_other(
    chunks: Iterable[Sequence[VariantRecord]], *about: Any
) -> Iterator[EffectTable]:
    """Do what `score_chunks` does, without a thread."""
    for chunk in chunks:
        yield score_records(chunk, *about)


WAYS = {"one after the other": one_after_the_other, "pipelined": score_chunks}


@contextlib.contextmanager
def scored(way: str) -> Iterator[None]:
    """Let scorers score chunks this way."""
    enhancer_variants.scorer.score_chunks = WAYS[way]
    try:
        yield
    finally:
        enhancer_variants.scorer.score_chunks = score_chunks


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
            ref, alt = alleles(genome, position, bases)
            line = f"chr1\t{position}\trs{number}\t{ref}\t{alt}\t100\tPASS\t{INFO}\n"
            file.write(line.encode())
    return fasta, vcf


def alleles(genome: str, position: int, bases: random.Random) -> tuple[str, str]:
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
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--records", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--overlapped", type=int, default=50_000, help="records, of a GPU")
    arguments.add_argument("--rate", type=float, default=15_000, help="sequences/s of that GPU")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta, vcf = make_inputs(folder, options.records)
        scorer = VariantScorer(
            fasta, enhancer=demo_files().model, progress=False, batch_size=256, device="cpu"
        )
        config = scorer.models[0].network.config
        give(scorer, Zeros(config))
        _assert_right(scorer, vcf, folder)
        end_to_end = _end_to_end(scorer, vcf, folder, options.rounds)
        seconds = statistics.median(run["seconds"] for run in end_to_end["pipelined"])
        stages = _stages(scorer, vcf, options.records)
        overlap = _overlap(folder, options)
        save(
            "pipeline",
            {
                "what": "all but the network, one thread, 200 bp, VCF.gz to VCF.gz, medians",
                "records": options.records,
                "rounds": options.rounds,
                "seconds": round(seconds, 2),
                "variants_per_second": round(options.records / seconds),
                "microseconds_per_record": _microseconds(end_to_end, options.records),
                "peak_resident_MiB_by_quarter": end_to_end["pipelined"][0]["resident"],
                "microseconds_per_record_by_stage": stages,
                "beside_a_stand_in_for_a_gpu": overlap,
            },
        )


def give(scorer: VariantScorer, network: nn.Module) -> None:
    models = tuple(replace(model, network=network) for model in scorer.models)
    scorer.plan = replace(scorer.plan, enhancers=models, ready=lambda model: model)


def _microseconds(runs: dict[str, list[dict[str, Any]]], records: int) -> dict[str, Any]:
    """Medians of the clock and of the processor's time, by way."""
    return {
        way: {
            measure: round(statistics.median(run[measure] for run in of_way) / records * 1e6, 2)
            for measure in ("seconds", "processor")
        }
        for way, of_way in runs.items()
    }


def _overlap(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Time of both ways beside the stand-in for a GPU, and the share that it is at work."""
    place = folder / "overlap"
    place.mkdir()
    fasta, vcf = make_inputs(place, options.overlapped)
    scorer = VariantScorer(
        fasta, enhancer=demo_files().model, progress=False, batch_size=256, device="cpu"
    )
    give(scorer, Zeros(scorer.models[0].network.config))
    rest = _end_to_end(scorer, vcf, place, options.rounds)
    runs: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for way in [*WAYS] * options.rounds:
        device = StandIn(options.rate)
        start = time.perf_counter()
        with scored(way), computed_by(device):
            scorer.annotate(vcf, place / "out.vcf.gz")
        seconds = time.perf_counter() - start
        runs[way].append((seconds, device.seconds_at_work / seconds))
    return {
        "records": options.overlapped,
        "sequences_per_second": options.rate,
        "seconds_of_all_else_alone": round(
            statistics.median(run["seconds"] for run in rest["one after the other"]), 2
        ),
        "seconds": {way: round(statistics.median(s for s, _ in runs[way]), 2) for way in WAYS},
        "share_of_time_the_device_is_at_work": {
            way: round(statistics.median(share for _, share in runs[way]), 3) for way in WAYS
        },
    }


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


def _end_to_end(
    scorer: VariantScorer, vcf: Path, folder: Path, rounds: int
) -> dict[str, list[dict[str, Any]]]:
    """Run both ways in turn."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for way in [*WAYS] * rounds:
        with scored(way):
            runs[way].append(_run(scorer, vcf, folder / f"{way}.vcf.gz"))
    first, second = (folder / f"{way}.vcf.gz" for way in WAYS)
    assert first.read_bytes() == second.read_bytes()
    return runs


def _run(scorer: VariantScorer, vcf: Path, output: Path) -> dict[str, Any]:
    resident: list[float] = []
    done = threading.Event()

    def sample() -> None:
        process = psutil.Process()
        while not done.wait(0.5):
            resident.append(process.memory_info().rss / 2**20)

    sampler = threading.Thread(target=sample)
    sampler.start()
    start, processor = time.perf_counter(), time.process_time()
    scorer.annotate(vcf, output)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    done.set()
    sampler.join()
    quarter = max(1, len(resident) // 4)
    peaks = [round(max(resident[i : i + quarter])) for i in range(0, len(resident), quarter)]
    return {"seconds": seconds, "processor": processor, "resident": peaks}


def _stages(scorer: VariantScorer, vcf: Path, records_in_all: int) -> dict[str, float]:
    """Microseconds per record of each stage by itself, medians over up to ten chunks."""
    seconds: dict[str, list[float]] = {}
    reference: Reference = scorer.reference
    model = scorer.models[0]
    rule = WindowRule(model.window_length)
    write = VcfLines(scorer.plan.columns)
    with open_variants(vcf) as source:
        for _ in range(min(10, records_in_all // 8_192)):
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
