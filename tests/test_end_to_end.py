"""From peaks and a genome to scored variants, by the command line alone.

A made-up genome in which every peak holds one site, and sites with one wrong base lie between them.
What has to be learned is known, and so is what a change of a site has to do.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from enhancer_variants.cli import cli

SITE = "TGACTCAGCA"
WINDOW = 60
APART = 240
CORE = range(2, 8)
"""Places in the site at which a base is wrong, or made so."""

CHANGED = 20
"""Peaks of the test contig at which variants are made: four each."""


@dataclass(frozen=True)
class Planted:
    """Files of a planted genome."""

    genome: Path
    peaks: Path
    variants: Path


def command(*words: object) -> str:
    """Run a command and give what it says; it must end well."""
    result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def other_base(chance: random.Random, base: str) -> str:
    return chance.choice([letter for letter in "ACGT" if letter != base])


def planted(folder: Path, seed: int, peaks_each: int) -> Planted:
    """Plant a site in each peak of four contigs, and two with a wrong base between peaks."""
    chance = random.Random(seed)
    genome, peaks, records = {}, [], []
    for contig in ("chr1", "chr2", "chr3", "chr4"):
        bases = chance.choices("ACGT", k=peaks_each * APART)
        for number in range(peaks_each):
            start = number * APART
            site = start + 180 + chance.randrange(WINDOW - len(SITE) + 1)
            bases[site : site + len(SITE)] = SITE
            peaks.append(f"{contig}\t{start + 180}\t{start + 180 + WINDOW}\n")
            changes = [("destroyed", site + chance.choice(CORE), None)]
            for broken in (start + 35, start + 125):
                bases[broken : broken + len(SITE)] = SITE
                place = chance.choice(CORE)
                bases[broken + place] = other_base(chance, SITE[place])
                changes.append(("created", broken + place, SITE[place]))
            changes.append(("neither", start + 80, None))
            if contig == "chr4" and number < CHANGED:
                for kind, at, wanted in sorted(changes, key=lambda change: change[1]):
                    alt = wanted or other_base(chance, bases[at])
                    records.append(f"chr4\t{at + 1}\t{kind}\t{bases[at]}\t{alt}\t.\t.\t.\n")
        genome[contig] = "".join(bases)
    files = Planted(folder / "genome.fa", folder / "peaks.bed", folder / "variants.vcf")
    files.genome.write_text("".join(f">{name}\n{text}\n" for name, text in genome.items()))
    files.peaks.write_text("".join(peaks))
    header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    files.variants.write_text(header + "".join(records))
    return files


SMALL_NETWORK = (
    *("-k", 6, "--layers", 1, "--hidden-size", 64, "--heads", 4),
    *("--intermediate-size", 128, "--positions", 64),
)


def test_from_peaks_to_scored_variants(tmp_path: Path) -> None:
    files = planted(tmp_path, seed=1, peaks_each=400)
    data, model = tmp_path / "data", tmp_path / "planted"
    command(
        *("dataset", files.peaks, "-r", files.genome, "--window", WINDOW, "-o", data),
        *("--dev-contigs", "chr3", "--test-contigs", "chr4"),
    )
    said = command(
        *("finetune", data, "-o", model, *SMALL_NETWORK, "--epochs", 2, "--learning-rate", 2e-3),
        *("--dropout", 0, "--best-by", "auroc", "--device", "cpu"),
    )
    assert "test: AUROC" in said

    figures = tmp_path / "figures"
    command("evaluate", model, data, "-o", figures, "--bootstrap", 50, "--no-pictures")
    metrics = pd.read_csv(figures / "metrics.tsv", sep="\t")
    area = metrics[metrics["metric"] == "auroc"].set_index(["set", "method"])["value"]
    assert area["all", "model"] > 0.95
    assert abs(area["all", "gc"] - 0.5) < 0.1

    scored = tmp_path / "scored.tsv"
    command("score", files.variants, "-r", files.genome, "--enhancer", model, "-o", scored)
    shifts = pd.read_csv(scored, sep="\t").set_index("id")["enhancer_log_odds_shift"]
    assert len(shifts) == 4 * CHANGED
    destroyed, created, neither = (shifts.loc[kind] for kind in ("destroyed", "created", "neither"))
    assert (destroyed < 0).mean() > 0.9
    assert (created > 0).mean() > 0.9
    assert destroyed.median() < -1 < 1 < created.median()
    assert neither.abs().median() < min(created.median(), -destroyed.median()) / 2


def test_from_a_genome_without_labels_to_a_model(tmp_path: Path) -> None:
    files = planted(tmp_path, seed=2, peaks_each=60)
    encoder, data, model = (tmp_path / name for name in ("encoder", "data", "model"))
    said = command(
        *("pretrain", files.genome, "-o", encoder, "--max-steps", 20, "--exclude-contigs", "chr4"),
        *("--dev-windows", 50, "--evaluate-every", 20),
        *(*SMALL_NETWORK, "--window", WINDOW, "--device", "cpu"),
    )
    assert "copying: perplexity" in said
    refused = CliRunner().invoke(
        cli, ["predict", str(files.peaks), "-r", str(files.genome), "--model", str(encoder)]
    )
    assert "this is a base model" in str(refused.exception)

    command(
        *("dataset", files.peaks, "-r", files.genome, "--window", WINDOW, "-o", data),
        *("--dev-contigs", "chr3", "--test-contigs", "chr4", "--negatives", "dinucleotide"),
    )
    command(
        *("finetune", data, "-o", model, "--model", encoder, "--max-steps", 20, "--device", "cpu")
    )
    card = json.loads((model / "enhancer_variants.json").read_text())
    assert card["training"]["start"]["from"] == "encoder"
    assert card["training"]["start"]["classifier"] == "new"
    assert card["kmer"] == 6
    predicted = command("predict", files.peaks, "-r", files.genome, "--model", model)
    assert "240 sequences: 240 predicted" in predicted
