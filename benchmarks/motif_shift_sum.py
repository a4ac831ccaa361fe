"""How well motif_shift_sum tells peaks from other DNA, and how it goes with measured effects.

    ENHANCER_VARIANTS_DATA=... python benchmarks/motif_shift_sum.py [--elements]

A motif that is there by selection is lost by random changes, so 20 random SNVs in the middle
100 bp of a peak should sum up to a larger loss than in its negatives. The definition was chosen
by that, on the contigs that are not held out; the held-out contigs only judge it. Beside it: the
hits of the whole sequence, the best hit of the factor's own motif, and the GC content; each as
AUROC over all sequences, and over pairs of a peak and a negative of the same GC content (classes
of 4 %).

With --elements, the measured effects of five enhancers as well (SNVs with 10 barcodes or more
whose 200 bp window has no N), for the definition as it was frozen before they were looked at, and
for the one that it became. They are for reporting: nothing is to be chosen by them.
"""

from __future__ import annotations

import argparse
import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from machine import save
from scipy.stats import pearsonr, rankdata, spearmanr

from enhancer_variants.genome import Reference, Variant, WindowRule, allele_windows
from enhancer_variants.motifs import (
    AlleleContext,
    MotifChanges,
    MotifPanel,
    allele_context,
    best_hits,
    motif_panel,
    sequence_context,
)
from enhancer_variants.motifs.shift_sum import motif_shift_sum, motif_weights, soft_hits
from enhancer_variants.schema import Status

DATA = Path(os.environ["ENHANCER_VARIANTS_DATA"])
HELD_OUT = {"chr8", "chr9", "chr20", "chr21", "chr22"}
PEAKS = {
    "CTCF": ("ctcf/postest.fa.gz", "ctcf/negtest.fa.gz", "MA0139.2"),
    "NANOG": ("nanog/positives_train.fa.gz", "nanog/negatives_train.fa.gz", "MA2339.1"),
}
LENGTH, PER_CLASS, CHANGES = 200, 1000, 20
FROZEN, OURS = "alike from 0.6 (as frozen)", "alike from 0.95 (as it is)"

Numbers = npt.NDArray[np.float64]
Hit = Callable[[Numbers], Numbers]


def peaks(file: str, held_out: bool, random: np.random.Generator) -> list[str]:
    """Draw sequences of a FASTA, cut to their middle."""
    with gzip.open(DATA / "tf" / file, "rt") as lines:
        records = [record.split("\n", 1) for record in lines.read().split(">")[1:]]
    chosen = [
        bases[(len(bases) - LENGTH) // 2 :][:LENGTH]
        for header, text in records
        if (header.split(":")[0] in HELD_OUT) == held_out
        and len(bases := text.replace("\n", "").upper()) >= LENGTH
        and not set(bases) - set("ACGT")
    ]
    return [chosen[place] for place in random.permutation(len(chosen))[:PER_CLASS]]


def random_changes(sequence: str, margin: int, random: np.random.Generator) -> Iterator[Any]:
    """SNVs in the middle 100 bp, as contexts."""
    for place in random.choice(np.arange(50, 150), CHANGES, replace=False).tolist():
        others = [base for base in "ACGT" if base != sequence[place]]
        changed = sequence[:place] + others[random.integers(3)] + sequence[place + 1 :]
        yield sequence_context(sequence, changed, margin)


def auroc(values: Numbers, positive: npt.NDArray[np.bool_]) -> tuple[float, int]:
    """Share of pairs that are in the right order, and how many pairs there are."""
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return 0.5, 0
    ranks = rankdata(values)[positive].sum() - positives * (positives + 1) / 2
    return float(ranks / (positives * negatives)), positives * negatives


def aurocs(values: Numbers, positive: npt.NDArray[np.bool_], gc: Numbers) -> dict[str, float]:
    """AUROC over all pairs, and over those of one GC class."""
    classes = np.round(gc * 25)
    within = [auroc(values[classes == c], positive[classes == c]) for c in np.unique(classes)]
    mean = sum(area * pairs for area, pairs in within) / sum(pairs for _, pairs in within)
    return {"all": round(auroc(values, positive)[0], 3), "same_gc": round(mean, 3)}


def hits(panel: MotifPanel) -> dict[str, Hit]:
    """Ways to say how much of a hit a score is."""
    threshold = np.array(
        [min(panel.distributions.of(p).threshold(1e-4), p.largest_score) for p in panel.pwms]
    )

    def p_value(scores: Numbers) -> Numbers:
        columns = zip(scores.T, panel.pwms, strict=True)
        p_values = [panel.distributions.of(pwm).p_value(column) for column, pwm in columns]
        return np.asarray(1 / (1 + np.stack(p_values, axis=1) / 1e-4))

    return {
        "share of the largest score": lambda scores: soft_hits(scores, panel.pwms),
        "p-value": p_value,
        "occupancy": lambda scores: np.asarray(1 / (1 + 2 ** (threshold - scores))),
    }


def weights_of(panel: MotifPanel) -> dict[str, Numbers]:
    """Ways to weigh motifs."""
    families = [pwm.family for pwm in panel.pwms]
    return {
        "every motif": np.ones(len(families)),
        "a family once": np.array([1 / families.count(name) for name in families]),
        FROZEN: motif_weights(panel.pwms, 0.6),
        OURS: motif_weights(panel.pwms),
    }


def changed(panel: MotifPanel, contexts: Sequence[AlleleContext]) -> MotifChanges:
    """Best hits of both alleles; nothing else is needed here."""
    changes = MotifChanges.empty(panel.pwms, len(contexts))
    ref, alt = best_hits(panel.scanner, contexts)
    changes.scores_ref[:], changes.scores_alt[:] = ref.scores, alt.scores
    return changes


def separation(panel: MotifPanel, factor: str, held_out: bool) -> dict[str, Any]:
    """AUROCs of one factor's peaks against their negatives."""
    random, weights = np.random.default_rng(3 + held_out), motif_weights(panel.pwms)
    *files, own = PEAKS[factor]
    drawn = [peaks(file, held_out, random) for file in files]
    sequences = [*drawn[0], *drawn[1]]
    positive = np.arange(len(sequences)) < len(drawn[0])
    gc = np.array([(text.count("G") + text.count("C")) / LENGTH for text in sequences])
    hit_of = {} if held_out else hits(panel)
    ways, losses = weights_of(panel), list[Numbers]()
    names = ["ours", *(f"{hit}, {way}" for hit in hit_of for way in ways)]
    for begin in range(0, len(sequences), 200):
        contexts = [
            context
            for text in sequences[begin : begin + 200]
            for context in random_changes(text, panel.margin, random)
        ]
        changes = changed(panel, contexts)
        ref, alt = changes.scores_ref.astype(float), changes.scores_alt.astype(float)
        sums = [motif_shift_sum(changes, weights)]
        for hit in hit_of.values():
            gained = np.nan_to_num(hit(alt) - hit(ref))
            sums += [gained @ way for way in ways.values()]
        losses.append(-np.stack(sums).reshape(len(names), -1, CHANGES).mean(axis=2))
    loss = dict(zip(names, np.concatenate(losses, axis=1), strict=True))
    whole = best_hits(panel.scanner, [sequence_context("", s, panel.margin) for s in sequences])[1]
    column = [pwm.id for pwm in panel.pwms].index(own)
    values = {
        "loss by random changes": loss.pop("ours"),
        "hits of the sequence": soft_hits(whole.scores, panel.pwms) @ weights,
        f"best hit of {own}": whole.scores[:, column],
        "gc": gc,
    }
    found = {name: aurocs(value, positive, gc) for name, value in values.items()}
    tried = {name: aurocs(value, positive, gc) for name, value in loss.items()}
    counts = {"positives": len(drawn[0]), "negatives": len(drawn[1])}
    return {**counts, **found, **({} if held_out else {"ways to define it": tried})}


def measured(panel: MotifPanel) -> dict[str, Any]:
    """Correlation with measured effects, element by element."""
    folder, rule = DATA / "mpra", WindowRule(length=LENGTH)
    rows: dict[str, list[tuple[AlleleContext, float]]] = {}
    with (
        Reference(folder / "hg38_elements.fa.gz") as reference,
        gzip.open(folder / "satmut_hg38.vcf.gz", "rt") as lines,
    ):
        for line in lines:
            if line.startswith("#"):
                continue
            contig, position, _, ref, alt, _, _, text = line.rstrip("\n").split("\t")
            info = dict(pair.split("=") for pair in text.split(";"))
            if len(ref) != 1 or len(alt) != 1 or int(info["TAGS"]) < 10:
                continue
            variant, held = Variant(contig, int(position), ref, alt), reference.find(contig)
            if held is not None and allele_windows(variant, held, rule).status is Status.OK:
                context = allele_context(variant, held, panel.margin)
                effect = float(info["MPRA_LOG2FC"])
                rows.setdefault(info["ELEMENT"], []).append((context, effect))
    ways = weights_of(panel)
    found: dict[str, Any] = {FROZEN: {}, OURS: {}}
    for element, pairs in rows.items():
        changes = changed(panel, [context for context, _ in pairs])
        effects = np.array([effect for _, effect in pairs])
        for way, by_element in found.items():
            sums = motif_shift_sum(changes, ways[way])
            by_element[element] = {
                "snvs": len(pairs),
                "pearson": round(float(pearsonr(sums, effects)[0]), 3),
                "spearman": round(float(spearmanr(sums, effects)[0]), 3),
            }
    for by_element in found.values():
        by_element["mean"] = {
            name: round(float(np.mean([row[name] for row in by_element.values()])), 3)
            for name in ("pearson", "spearman")
        }
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--elements", action="store_true", help="the measured effects as well")
    options = arguments.parse_args()
    panel = motif_panel("JASPAR2024")
    result: dict[str, Any] = {
        "what": "motif_shift_sum of JASPAR 2024, AUROC of peaks against negatives",
        "weights sum to": round(float(motif_weights(panel.pwms).sum()), 2),
        "contigs not held out": {factor: separation(panel, factor, False) for factor in PEAKS},
        "held-out contigs": {factor: separation(panel, factor, True) for factor in PEAKS},
    }
    if options.elements:
        result["measured effects"] = measured(panel)
    save("motif_shift_sum", result)


if __name__ == "__main__":
    main()
