"""SNVs per second of what ships with the package, from a VCF to a table.

    ENHANCER_VARIANTS_DATA=... python benchmarks/bundled.py [--snvs 300] [--rounds 5]
    ENHANCER_VARIANTS_DATA=... python benchmarks/bundled.py --records 1000000 [--motifs]

Real SNVs of chr20_1Mb, REF and ALT windows of the forward strand, 200 bp, through
VariantScorer.score_vcf: both bundled models, which share one network, with and without the bundled
motifs; in chunks, with the network in a thread of its own (as it is) and in a plain loop; and, for
comparison, the network alone on the windows' tokens. Correctness first: every
shift is asserted to be that of windows cut from the FASTA here and predicted one by one with
load_model.

With --records, one long run in place of these: so many made-up SNVs of the same megabase, each at a
place of its own as long as there are places, annotated in shards from VCF.gz to VCF.gz. A part of a
million (--records 20000) gives the same kind of work, drawn from all places; what a million would
take at that rate is given beside it, and is an extrapolation. Goes to results/bundled_records.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import torch
from machine import interleaved, save
from pipeline import WAYS, scored

from enhancer_variants import VariantScorer, score_run
from enhancer_variants.models import (
    Tokens,
    bundled_directory,
    load_model,
    log_odds,
    predict_logits,
    tokenize,
)

TOLERANCE = 1e-4
"""Log2 units by which a batch may change a shift."""

CHUNK = 64
"""Records; several chunks even of few SNVs, so that one is read while another is scored."""


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--snvs", type=int, default=300)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--model", type=Path, help="another multi-label directory; not saved")
    arguments.add_argument("--records", type=int, help="one run over so many SNVs instead")
    arguments.add_argument("--run-dir", type=Path, help="with --records: keep shards, or go on")
    arguments.add_argument("--motifs", action="store_true", help="with --records: 879 motifs too")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    directory = options.model or bundled_directory()
    ending = "" if options.device == "cpu" else f"_{options.device}"
    genome = Path(os.environ["ENHANCER_VARIANTS_DATA"]) / "genome" / "chr20_1Mb.fa.gz"
    if options.records is not None:
        result = one_run(genome, directory, options)
        print(result) if options.model else save(f"bundled_records{ending}", result)
        return
    model = load_model(directory, device=options.device)
    with tempfile.TemporaryDirectory() as folder:
        vcf = Path(folder, "snvs.vcf")
        windows = write_snvs(genome, options.snvs, vcf, model.window_length)
        common: dict[str, Any] = {"device": options.device, "progress": False}
        named = {"enhancer": directory, "tfbs": directory}
        models = VariantScorer(genome, **named, **common)
        everything = VariantScorer(genome, **named, motifs="JASPAR2024", **common)
        difference = largest_difference(models, vcf, windows, directory)
        assert difference < TOLERANCE, difference
        tokens = tokenize(list(dict.fromkeys(itertools.chain(*windows))), model.vocabulary)
        contestants = {
            "both models": lambda: models.score_vcf(vcf),
            "both models and the motifs": lambda: everything.score_vcf(vcf),
            **in_chunks("both models", models, vcf),
            **in_chunks("both models and the motifs", everything, vcf),
            "the network alone": lambda: predict_logits(model, tokens),
        }
        seconds = interleaved(contestants, options.rounds)
    result = {
        "what": "SNVs/s from VCF to table, 200 bp, forward strand, medians",
        "snvs": options.snvs,
        "rounds": options.rounds,
        "distinct_windows": len(tokens.lengths),
        "tokens_of_a_window": longest(tokens),
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "outputs": list(model.output_names),
        "largest_difference_of_a_shift": difference,
        "snvs_per_second": {n: round(options.snvs / s["median"], 1) for n, s in seconds.items()},
        "seconds": seconds,
    }
    if options.model is None:
        save(f"bundled{ending}", result)
    else:
        print(result)


def in_chunks(name: str, scorer: VariantScorer, vcf: Path) -> dict[str, Callable[[], object]]:
    """Score in chunks, with the network in a thread of its own and without."""

    def run(way: str) -> None:
        with scored(way):
            for _ in scorer.iter_vcf(vcf, chunk_size=CHUNK):
                pass

    return {f"{name}, chunks of {CHUNK}, {way}": partial(run, way) for way in WAYS}


def one_run(genome: Path, directory: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Annotate many SNVs with both models, in shards."""
    motifs = "JASPAR2024" if options.motifs else None
    window = load_model(directory, device=options.device).window_length
    with tempfile.TemporaryDirectory() as folder:
        run_dir = options.run_dir or Path(folder, "run")
        vcf = Path(folder, "snvs.vcf.gz")
        write_random_snvs(genome, options.records, vcf, window)
        done_before = [json.loads(p.read_text())["size"] for p in run_dir.glob("done/*.json")]
        left = options.records - sum(done_before)
        assert left, f"{run_dir}: every shard is done, and there is nothing to time"
        start, processor = time.perf_counter(), time.process_time()
        summary = score_run(
            vcf,
            genome,
            Path(folder, "effects.vcf.gz"),
            run_dir=run_dir,
            enhancer=directory,
            tfbs=directory,
            motifs=motifs,
            device=options.device,
        )
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
    assert summary.scored == summary.alleles == options.records, summary
    rate = left / seconds
    result = {
        "what": "both bundled models over many SNVs, VCF.gz to VCF.gz, 200 bp, one run",
        "snvs": options.records,
        "motifs": motifs,
        "shards_done_before": len(done_before),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "snvs_per_second": round(rate, 1),
    }
    if options.records < 1_000_000:
        result["extrapolated_hours_of_a_million"] = round(1e6 / rate / 3600, 2)
    return result


def write_random_snvs(genome: Path, count: int, vcf: Path, width: int) -> None:
    """Write SNVs at places drawn without repetition; a further ALT only where all are taken."""
    chance = random.Random(7)
    with pysam.FastaFile(str(genome)) as fasta:
        (contig,) = fasta.references
        bases = fasta.fetch(contig).upper()
    # An N anywhere in a window would refuse it.
    places = [
        place
        for first, last in acgt_stretches(bases)
        for place in range(first + width // 2, last - width // 2)
    ]
    order = {base: [alt for alt in "ACGT" if alt != base] for base in "ACGT"}
    assert count <= 3 * len(places), f"{3 * len(places)} SNVs at most"
    whole, part = divmod(count, len(places))
    drawn = [(place, alt) for alt in range(whole) for place in places]
    drawn += [(place, whole) for place in chance.sample(places, part)]
    with pysam.BGZFile(str(vcf), "wb") as file:
        header = f"##fileformat=VCFv4.2\n##contig=<ID={contig},length={len(bases)}>\n"
        file.write((header + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n").encode())
        for place, alt in sorted(drawn):
            ref = bases[place]
            file.write(f"{contig}\t{place + 1}\t.\t{ref}\t{order[ref][alt]}\t.\t.\t.\n".encode())


def acgt_stretches(bases: str) -> list[tuple[int, int]]:
    """Where there are only A, C, G and T: 0-based, half-open."""
    return [found.span() for found in re.finditer("[ACGT]+", bases)]


def write_snvs(genome: Path, count: int, vcf: Path, width: int) -> list[tuple[str, str]]:
    """Write the first SNVs that have whole windows; give the REF and ALT window of each."""
    windows = []
    source = genome.with_name(genome.name.replace(".fa.gz", ".vcf.gz"))
    with pysam.FastaFile(str(genome)) as fasta, pysam.VariantFile(str(source)) as records:
        (contig,) = fasta.references
        bases = fasta.fetch(contig).upper()
        lines = [
            "##fileformat=VCFv4.2",
            f"##contig=<ID={contig},length={len(bases)}>",
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        ]
        for record in records:
            start = record.start - width // 2
            alts = record.alts or ()
            is_snv = len(record.ref) == 1 and len(alts) == 1 and alts[0] in set("ACGT")
            if not is_snv or start < 0 or start + width > len(bases):
                continue
            ref = bases[start : start + width]
            windows.append((ref, ref[: width // 2] + alts[0] + ref[width // 2 + 1 :]))
            lines.append(f"{contig}\t{record.pos}\t.\t{record.ref}\t{alts[0]}\t.\t.\t.")
            if len(windows) == count:
                break
    assert len(windows) == count, f"{len(windows)} SNVs; expected {count}"
    vcf.write_text("\n".join(lines) + "\n")
    return windows


def largest_difference(
    scorer: VariantScorer, vcf: Path, windows: list[tuple[str, str]], directory: Path
) -> float:
    """Largest difference between a shift of the scorer and that of its two windows alone."""
    effects = scorer.score_vcf(vcf)
    assert (effects["status"] == "ok").all()
    model = load_model(directory, device="cpu")
    values = np.array(
        [
            [log_odds(model, predict_logits(model, tokenize([s], model.vocabulary)))[0] for s in w]
            for w in windows
        ]
    )
    expected = values[:, 1] - values[:, 0]
    found = effects[[f"{output}_log_odds_shift" for output in model.output_names]].to_numpy()
    assert np.abs(expected).max() > TOLERANCE  # something happens at all
    return float(np.abs(found - expected).max())


def longest(tokens: Tokens) -> int:
    return int(tokens.lengths.max())


if __name__ == "__main__":
    main()
