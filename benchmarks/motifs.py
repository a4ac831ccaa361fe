"""Seconds for all motifs of JASPAR 2024, both strands, on SNVs of real sequence.

    ENHANCER_VARIANTS_DATA=... python benchmarks/motifs.py [--alleles 10000] [--rounds 3]

Random single-base changes at random places of chr20_1Mb.fa.gz: best hits of both alleles, p-values
of placements and of the change, the strongest change and its q. Correctness first: a sample of the
scores is asserted to be that of Biopython's matrices, placement by placement. The distributions of
the scores are worked out beforehand, once, and timed by themselves.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import psutil
from Bio import motifs as biopython
from machine import interleaved, save

from enhancer_variants.genome import Reference, Variant
from enhancer_variants.motifs import (
    AlleleContext,
    MotifPanel,
    allele_context,
    bundled_motifs,
    motif_panel,
    strongest_changes,
)

CHUNK = 8_192


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--alleles", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    panel = motif_panel("JASPAR2024")
    contexts = random_snvs(panel, options.alleles)
    start = time.perf_counter()
    for pwm in panel.pwms:
        panel.distributions.of(pwm)
        panel.by_chance.of(pwm)
    once = time.perf_counter() - start
    check(panel, contexts)

    def annotate() -> None:
        for begin in range(0, len(contexts), CHUNK):
            changes = panel.changes(contexts[begin : begin + CHUNK])
            strongest = strongest_changes(changes)
            assert np.isfinite(changes.q_change[range(len(strongest)), strongest]).all()

    before, cpu = psutil.Process().memory_info().rss, time.process_time()
    seconds = interleaved({"changes": annotate}, options.rounds)["changes"]
    cpu = (time.process_time() - cpu) / (options.rounds + 1)
    save(
        "motifs",
        {
            "what": "seconds for all motifs, both strands, with p, p_change and q, medians",
            "motifs": len(panel.pwms),
            "alleles": len(contexts),
            "rounds": options.rounds,
            "seconds": {name: round(value, 2) for name, value in seconds.items()},
            "processor_seconds": round(cpu, 2),
            "alleles_per_second": round(len(contexts) / seconds["median"]),
            "score_distributions_once": round(once, 2),
            "resident_before_and_after_MiB": [
                round(size / 2**20) for size in (before, psutil.Process().memory_info().rss)
            ],
        },
    )


def random_snvs(panel: MotifPanel, alleles: int) -> list[AlleleContext]:
    generator = np.random.default_rng(0)
    path = Path(os.environ["ENHANCER_VARIANTS_DATA"]) / "genome" / "chr20_1Mb.fa.gz"
    contexts = []
    with Reference(path) as reference:
        [name] = reference.lengths
        contig = reference.find(name)
        assert contig is not None
        for place in generator.integers(100, contig.length - 100, alleles).tolist():
            ref = contig.bases(place, place + 1)
            alt = "ACGT"[("ACGT".index(ref) + int(generator.integers(1, 4))) % 4]
            contexts.append(
                allele_context(Variant(name, place + 1, ref, alt), contig, panel.margin)
            )
    return contexts


def check(panel: MotifPanel, contexts: list[AlleleContext]) -> None:
    some = contexts[:5]
    changes = panel.changes(some)
    for column, motif in enumerate(bundled_motifs("JASPAR2024")[::40]):
        counts = {base: motif.counts[:, n].tolist() for n, base in enumerate("ACGT")}
        theirs = biopython.Motif(alphabet="ACGT", counts=counts).counts.normalize(0.2).log_odds()
        for row, context in enumerate(some):
            near = slice(panel.margin - motif.length + 1, panel.margin + motif.length)
            both = (theirs, theirs.reverse_complement())
            best = max(float(np.max(matrix.calculate(context.alt[near]))) for matrix in both)
            assert abs(best - changes.scores_alt[row, 40 * column]) < 1e-4


if __name__ == "__main__":
    main()
