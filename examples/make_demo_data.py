"""Make the example data that ships in enhancer_variants/demo: always the same bytes.

    python examples/make_demo_data.py

A made-up genome of two contigs with planted binding sites, a VCF with every kind of record, a
list of "risk" variants, summary statistics of one locus with its known sites and its elements, and
a small DNABERT checkpoint with random weights.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.models import ModelCard, Vocabulary, write_card

FOLDER = Path(__file__).parents[1] / "enhancer_variants" / "demo"
LENGTHS = {"chr1": 12_000, "chr2": 6_000}
SITES = {
    "CTCF": ("chr1", 2_000, "TGGCCACCAGGGGGCGCTA"),
    "GATA1": ("chr1", 4_000, "CTAATCTGATAAGG"),
    "SPI1": ("chr1", 6_000, "AAAAAGAGGAAGTG"),
    "REST": ("chr2", 3_000, "TTCAGCACCATGGACAGCGCC"),
}
"""Factor: contig, 0-based start, consensus sequence."""

LOCUS = ("chr1", 3_300, 4_700)
"""Where the summary statistics are, 1-based."""
CAUSAL = 4_005
"""Position in it that lies in GATA1's site."""
LEAD = 3_905
"""Position of the smallest p-value: near the causal one, as leads are."""


def make_genome() -> dict[str, str]:
    """Random bases with the sites planted, and N, IUPAC and lower-case stretches."""
    bases = random.Random(2025)
    genome = {name: bases.choices("ACGT", k=length) for name, length in LENGTHS.items()}
    for contig, start, consensus in SITES.values():
        genome[contig][start : start + len(consensus)] = consensus
    genome["chr1"][8_000 : 8_000 + 12] = "CACACACACACA"  # a microsatellite, for indels
    genome["chr1"][10_000:10_050] = "N" * 50
    genome["chr2"][1_000:1_040] = [base.lower() for base in genome["chr2"][1_000:1_040]]
    genome["chr2"][5_000] = "R"
    return {name: "".join(sequence) for name, sequence in genome.items()}


def write_genome(genome: dict[str, str], path: Path) -> None:
    lines = []
    for name, sequence in genome.items():
        lines.append(f">{name}")
        lines += [sequence[i : i + 60] for i in range(0, len(sequence), 60)]
    path.write_text("\n".join(lines) + "\n")
    pysam.faidx(str(path))


def other_base(base: str) -> str:
    """Give the base that pairs: always another one."""
    return base.upper().translate(str.maketrans("ACGT", "TGCA"))


def make_records(genome: dict[str, str]) -> list[tuple[str, int, str, str, str]]:
    """CHROM, POS, ID, REF, ALT of one record of every kind."""

    def ref(contig: str, position: int, length: int = 1) -> str:
        return genome[contig][position - 1 : position - 1 + length].upper()

    records = []
    for factor, (contig, start, consensus) in SITES.items():
        position = start + len(consensus) // 2
        base = ref(contig, position)
        records.append((contig, position, f"{factor}_site", base, other_base(base)))
    two = "".join(sorted({"A", "C", "G", "T"} - {ref("chr1", 3_000)})[:2])
    anchor = ref("chr1", 8_000)
    kinds = [
        ("chr1", 10, "edge", ref("chr1", 10), other_base(ref("chr1", 10))),
        ("chr1", 3_000, "two_alts", ref("chr1", 3_000), ",".join(two)),
        (
            "chr1",
            5_000,
            "mnv",
            ref("chr1", 5_000, 3),
            "".join(map(other_base, ref("chr1", 5_000, 3))),
        ),
        ("chr1", 7_000, "insertion", ref("chr1", 7_000), ref("chr1", 7_000) + "GATTACA"),
        ("chr1", 8_000, "repeat_deletion", anchor + "CA", anchor),
        ("chr1", 8_010, "same_deletion_right", ref("chr1", 8_010, 3), ref("chr1", 8_010)),
        ("chr1", 8_500, "delins", ref("chr1", 8_500, 4), "TTGCA"),
        ("chr1", 9_000, "structural", ref("chr1", 9_000), "<DEL>"),
        ("chr1", 9_100, "breakend", ref("chr1", 9_100), f"{ref('chr1', 9_100)}[chr2:100["),
        ("chr1", 9_200, "spanning", ref("chr1", 9_200), f"*,{other_base(ref('chr1', 9_200))}"),
        ("chr1", 9_300, "reference_block", ref("chr1", 9_300), "<NON_REF>"),
        ("chr1", 9_400, "monomorphic", ref("chr1", 9_400), "."),
        ("chr1", 9_500, "iupac", ref("chr1", 9_500), "R"),
        ("chr1", 9_600, "same", ref("chr1", 9_600), ref("chr1", 9_600)),
        ("chr1", 9_700, "wrong_ref", other_base(ref("chr1", 9_700)), ref("chr1", 9_700)),
        ("chr1", 9_950, "near_n", ref("chr1", 9_950), other_base(ref("chr1", 9_950))),
        ("chr1", 11_000, "long_insertion", ref("chr1", 11_000), ref("chr1", 11_000) + "ACGT" * 30),
        ("chr2", 1_010, "soft_masked", ref("chr2", 1_010), other_base(ref("chr2", 1_010))),
        ("2", 2_000, "other_name", ref("chr2", 2_000), other_base(ref("chr2", 2_000))),
        ("chr9", 100, "unknown_contig", "A", "T"),
    ]
    contigs = ["chr1", "chr2", "2", "chr9"]  # one after the other, so that tabix can index them
    return sorted(records + kinds, key=lambda record: (contigs.index(record[0]), record[1]))


def write_variants(records: list[tuple[str, int, str, str, str]], path: Path) -> None:
    header = ["##fileformat=VCFv4.3", "##source=examples/make_demo_data.py"]
    header += [f"##contig=<ID={name},length={length}>" for name, length in LENGTHS.items()]
    header += [
        "##contig=<ID=2>",
        "##contig=<ID=chr9>",
        '##ALT=<ID=DEL,Description="Deletion">',
        '##ALT=<ID=NON_REF,Description="Any other allele">',
        '##INFO=<ID=KIND,Number=1,Type=String,Description="What this record is an example of">',
        "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")),
    ]
    rows = [
        f"{contig}\t{position}\t{name}\t{ref}\t{alt}\t.\t.\tKIND={name}"
        for contig, position, name, ref, alt in records
    ]
    path.write_text("\n".join(header + rows) + "\n")


def write_risk_list(records: list[tuple[str, int, str, str, str]], path: Path) -> None:
    rows = ["rsid\tchrom\tpos\tref\talt\tp_value"]
    sites = [record for record in records if record[2].endswith("_site")]
    for number, (contig, position, _, ref, alt) in enumerate(sites, 1):
        rows.append(f"rs{number:07d}\t{contig}\t{position}\t{ref}\t{alt}\t{number}e-{8 + number}")
    path.write_text("\n".join(rows) + "\n")


@dataclass(frozen=True)
class Associated:
    """A variant of the locus: what the genome has, and what the study says."""

    rsid: str
    position: int
    ref: str
    alt: str
    frequency: float
    effect_allele: str
    other_allele: str
    effect_frequency: float
    beta: float
    minus_log10_p: float


def make_locus(genome: dict[str, str]) -> list[Associated]:
    """Associated variants around GATA1's site: the nearer to it, the smaller the p-value."""
    chance = random.Random(7)
    contig, first, last = LOCUS
    positions = {CAUSAL, LEAD, *chance.sample(range(first, last), 26)}
    variants = []
    for number, position in enumerate(sorted(positions), 1):
        ref = genome[contig][position - 1].upper()
        alt = "A" if position == CAUSAL else chance.choice([b for b in "ACGT" if b != ref])
        frequency = 0.14 if position == CAUSAL else round(chance.uniform(0.05, 0.95), 2)
        strength = 11.0 * 2 ** (-(abs(position - CAUSAL) / 180))
        minus_log10_p = 12.3 if position == LEAD else strength * chance.uniform(0.75, 1)
        of_ref = chance.random() < 0.5 and position != CAUSAL
        effect, other = (ref, alt) if of_ref else (alt, ref)
        if number % 9 == 0:  # the list has these from the other strand
            effect, other = other_base(effect), other_base(other)
        shown = round((1 - frequency if of_ref else frequency) + chance.uniform(-0.02, 0.02), 3)
        beta = round(math.sqrt(minus_log10_p) * chance.choice([-0.02, 0.02]), 4)
        variants.append(
            Associated(
                f"rs{9_000_000 + number}",
                position,
                ref,
                alt,
                frequency,
                effect,
                other,
                shown,
                0.07 if position == CAUSAL else beta,
                minus_log10_p,
            )
        )
    return variants


def write_locus(variants: list[Associated], folder: Path) -> None:
    """Write the study's list, the source of sites that knows its variants, and the elements."""
    contig = LOCUS[0]
    rows = [
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\t"
        "effect_allele_frequency\tp_value\trsid"
    ]
    rows += [
        f"{contig.removeprefix('chr')}\t{v.position}\t{v.effect_allele}\t{v.other_allele}\t"
        f"{v.beta}\t0.01\t{v.effect_frequency}\t{10**-v.minus_log10_p:.2e}\t{v.rsid}"
        for v in variants
    ]
    rows.append("1\t\tA\tG\t0.02\t0.01\t0.5\t3e-3\trs9999999")
    (folder / "gwas_list.tsv").write_text("\n".join(rows) + "\n")
    header = ["##fileformat=VCFv4.3", "##source=examples/make_demo_data.py"]
    header += [f"##contig=<ID={name},length={length}>" for name, length in LENGTHS.items()]
    header += [
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency">',
        "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")),
    ]
    lines = [
        f"{contig}\t{v.position}\t{v.rsid}\t{v.ref}\t{v.alt}\t.\t.\tAF={v.frequency}"
        for v in variants
    ]
    (folder / "sites.vcf").write_text("\n".join(header + lines) + "\n")
    elements = [(3_420, 3_600, "E1"), (3_870, 4_090, "E2"), (4_380, 4_460, "E3")]
    (folder / "elements.bed").write_text(
        "".join(f"{contig}\t{start}\t{end}\t{name}\n" for start, end, name in elements)
    )


def write_random_model(folder: Path) -> None:
    """Write a DNABERT of two layers, with weights large enough for visible shifts."""
    folder.mkdir(exist_ok=True)
    vocabulary = Vocabulary.canonical(6)
    config = BertConfig(
        vocab_size=vocabulary.size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=256,
        layer_norm_eps=1e-12,
        architectures=["BertForSequenceClassification"],
    )
    torch.manual_seed(2025)
    network = BertForSequenceClassification(config)
    tensors = {
        name: (tensor * (8 if tensor.ndim == 2 else 1)).half().contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }
    assert all(np.isfinite(tensor.numpy()).all() for tensor in tensors.values())
    weights = folder / "model.safetensors"
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # save_file lets only its owner read
    config.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary.tokens()) + "\n")
    card = ModelCard(
        name="random",
        task="single_label",
        labels=("other", "enhancer"),
        positive_label="enhancer",
        window_length=200,
        kmer=6,
        max_seq_length=200,
        padding="none",
        licence="Apache-2.0",
        notes="Random weights, never trained: its numbers mean nothing.",
    )
    write_card(card, folder / "enhancer_variants.json")


def main() -> None:
    genome = make_genome()
    records = make_records(genome)
    write_genome(genome, FOLDER / "genome.fa")
    write_variants(records, FOLDER / "variants.vcf")
    write_risk_list(records, FOLDER / "risk_variants.tsv")
    write_locus(make_locus(genome), FOLDER)
    write_random_model(FOLDER / "random")


if __name__ == "__main__":
    main()
