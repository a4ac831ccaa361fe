"""The main job on real files, against bcftools and samtools."""

from __future__ import annotations

import functools
import gzip
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.genome import Variant, WindowRule, allele_windows, place

pytestmark = pytest.mark.realdata

needs_bcftools = pytest.mark.skipif(
    shutil.which("bcftools") is None or shutil.which("samtools") is None,
    reason="bcftools and samtools are the oracle",
)
CASES = {
    "mpra": ("mpra/satmut_hg38.vcf.gz", "mpra/hg38_elements.fa.gz"),
    "chr20": ("genome/chr20_1Mb.vcf.gz", "genome/chr20_1Mb.fa.gz"),
}


@pytest.fixture(scope="module")
def subsets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """VCFs of every sixth SNV of each case and of all its other records."""
    source = Path(os.environ["ENHANCER_VARIANTS_DATA"])
    folder = tmp_path_factory.mktemp("subsets")
    found = {case: folder / f"{case}.vcf" for case in CASES}
    for case, path in found.items():
        snvs = 0
        with gzip.open(source / CASES[case][0], "rt") as lines, path.open("w") as kept:
            for line in lines:
                fields = line.split("\t", 5)
                is_snv = len(fields) > 4 and len(fields[3]) == len(fields[4]) == 1
                snvs += is_snv
                if not is_snv or snvs % 6 == 0:
                    kept.write(line)
    return found


def data_lines(path: Path) -> list[list[str]]:
    with path.open() as lines:
        return [line.split("\t", 8)[:8] for line in lines if not line.startswith("#")]


@functools.cache
def scored(case: str, vcf: Path) -> pd.DataFrame:
    """Effects of one case, scored once for all tests."""
    fasta = Path(os.environ["ENHANCER_VARIANTS_DATA"]) / CASES[case][1]
    return ev.VariantScorer(fasta, enhancer=demo_files().model).score_vcf(vcf)


@pytest.mark.parametrize("case", CASES)
def test_every_allele_comes_out_with_its_reason(
    case: str, data: Path, subsets: dict[str, Path]
) -> None:
    effects = scored(case, subsets[case])
    lines = data_lines(subsets[case])
    assert len(lines) > {"mpra": 2_000, "chr20": 5_000}[case]
    expected = [
        (number, line[0], int(line[1]), line[3], alt)
        for number, line in enumerate(lines)
        for alt in line[4].split(",")
    ]
    found = effects[["record", "chrom", "pos", "ref", "alt"]].itertuples(index=False)
    assert [tuple(row) for row in found] == expected
    with pysam.FastaFile(str(data / CASES[case][1])) as fasta:
        snvs = effects[(effects["ref"].str.len() == 1) & effects["alt"].isin([*"ACGT"])]
        for row in snvs.itertuples():
            assert row.status == _status_of_snv(fasta, row.chrom, int(row.pos), row.ref)
    others = effects.drop(snvs.index)
    assert set(others["status"]) <= {"ok", "has_n", "edge", "symbolic"}
    assert (others["status"] == "symbolic").sum() == {"mpra": 0, "chr20": 24}[case]
    unscored = effects["status"] != "ok"
    assert effects.loc[unscored, "enhancer_log_odds_shift"].isna().all()
    assert np.isfinite(effects.loc[~unscored, "enhancer_log_odds_shift"]).all()


def _status_of_snv(fasta: pysam.FastaFile, contig: str, position: int, ref: str) -> str:
    """Status by the plainest reading of the rule, through another program's FASTA reader."""
    start = position - 1 - 100
    if start < 0 or start + 200 > fasta.get_reference_length(contig):
        return "edge"
    window = fasta.fetch(contig, start, start + 200).upper()
    assert window[100] == ref
    return "ok" if set(window) <= set("ACGT") else "has_n"


@needs_bcftools
@pytest.mark.parametrize("case", CASES)
def test_windows_equal_those_of_samtools_and_bcftools(
    case: str, data: Path, subsets: dict[str, Path], tmp_path: Path
) -> None:
    """500 random scored alleles: samtools faidx cuts the region, bcftools consensus applies the
    allele that bcftools norm writes."""
    fasta = data / CASES[case][1]
    reference = ev.Reference(fasta)
    effects = scored(case, subsets[case])
    ok = effects[effects["status"] == "ok"]
    rows = ok.loc[sorted(random.Random(1).sample(list(ok.index), 500))]
    own = [
        Variant(row.chrom, int(row.pos), row.ref, row.alt, f"v{n}")
        for n, row in enumerate(rows.itertuples())
    ]
    normal = _normalised(own, fasta, tmp_path)
    # Each allele gets a contig of its own, so that one call of each program serves all.
    regions, lines = [], []
    for variant in normal:
        start = variant.position - 100
        first, last = start, start + 199 + max(0, len(variant.ref) - len(variant.alt))
        regions.append(f"{variant.contig}:{first}-{last}")
        lines.append(f"{variant.id}\t101\t.\t{variant.ref}\t{variant.alt}\t.\t.\t.")
    pieces = _faidx(fasta, regions)
    genome, calls = tmp_path / "pieces.fa", tmp_path / "calls.vcf"
    genome.write_text("".join(f">{v.id}\n{s}\n" for v, s in zip(normal, pieces, strict=True)))
    contigs = [f"##contig=<ID={v.id},length={len(s)}>" for v, s in zip(normal, pieces, strict=True)]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    calls.write_text("\n".join(["##fileformat=VCFv4.2", *contigs, columns, *lines]) + "\n")
    subprocess.run(["bcftools", "view", "-Oz", "-o", f"{calls}.gz", calls], check=True)
    subprocess.run(["bcftools", "index", f"{calls}.gz"], check=True)
    consensus = subprocess.run(
        ["bcftools", "consensus", "-f", genome, f"{calls}.gz"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    changed = [entry.split("\n", 1)[1].replace("\n", "") for entry in consensus.split(">")[1:]]
    for variant, ref, alt in zip(own, pieces, changed, strict=True):
        placement = place(variant.contig, variant.position, variant.ref, variant.alt, reference)
        windows = allele_windows(placement.variant, placement.contig, WindowRule(200)).windows
        assert windows[0].ref == ref[:200].upper()
        assert windows[0].alt == alt[:200].upper()


def _normalised(variants: list[Variant], fasta: Path, folder: Path) -> list[Variant]:
    """The variants as bcftools norm writes them, in the order given."""
    contigs = [f"##contig=<ID={name}>" for name in dict.fromkeys(v.contig for v in variants)]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    lines = [f"{v.contig}\t{v.position}\t{v.id}\t{v.ref}\t{v.alt}\t.\t.\t." for v in variants]
    path = folder / "own.vcf"
    path.write_text("\n".join(["##fileformat=VCFv4.2", *contigs, columns, *lines]) + "\n")
    # bcftools wants its index beside the FASTA, whose folder may be read-only.
    copy = folder / fasta.name
    shutil.copy(fasta, copy)
    text = subprocess.run(
        ["bcftools", "norm", "-f", copy, path], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    found = {row[2]: Variant(row[0], int(row[1]), row[3], row[4], row[2]) for row in rows}
    return [found[v.id] for v in variants]


def _faidx(fasta: Path, regions: list[str]) -> list[str]:
    text = subprocess.run(
        ["samtools", "faidx", fasta, *regions], capture_output=True, text=True, check=True
    ).stdout
    return [entry.split("\n", 1)[1].replace("\n", "") for entry in text.split(">")[1:]]


@needs_bcftools
def test_what_bcftools_norm_rewrites_scores_the_same(data: Path, tmp_path: Path) -> None:
    """chr20: every sequence-resolved allele, as given and as bcftools norm writes it."""
    vcf, fasta = (data / name for name in CASES["chr20"])
    scorer = ev.VariantScorer(fasta, enhancer=demo_files().model)
    copy = tmp_path / "z.fa.gz"
    shutil.copy(fasta, copy)
    split = tmp_path / "split.vcf"
    resolved = tmp_path / "resolved.vcf"
    subprocess.run(
        ["bcftools", "view", "-v", "indels,mnps,other", "-e", 'ALT~"<"', "-o", resolved, vcf],
        check=True,
    )
    subprocess.run(
        ["bcftools", "norm", "-m", "-any", "-f", copy, "-o", split, resolved],
        check=True,
        capture_output=True,
    )
    one, other = scorer.score_vcf(resolved), scorer.score_vcf(split)
    key = ["id", "enhancer_prob_ref", "enhancer_log_odds_shift"]
    one, other = (
        f[f["status"] == "ok"].sort_values(key).reset_index(drop=True) for f in (one, other)
    )
    assert len(one) > 800
    np.testing.assert_allclose(
        one["enhancer_log_odds_shift"], other["enhancer_log_odds_shift"], atol=1e-4
    )


def test_variants_of_another_build_are_refused(data: Path, tmp_path: Path) -> None:
    builds = {"GRCh37": "genome/hg19_sparse.fa.gz", "GRCh38": "mpra/hg38_elements.fa.gz"}
    cases = {"GRCh38": "mpra/satmut_hg38.vcf.gz", "GRCh37": "gwas/dbsnp_b157_slice_hg19.vcf.gz"}
    output = tmp_path / "out.vcf"
    for theirs, ours in (("GRCh38", "GRCh37"), ("GRCh37", "GRCh38")):
        scorer = ev.VariantScorer(data / builds[ours], enhancer=demo_files().model)
        message = f"variants look like {theirs}.*reference looks like {ours}"
        with pytest.raises(ev.AssemblyMismatchError, match=message):
            scorer.annotate(data / cases[theirs], output)
    assert not output.exists()


def test_a_sample_column_and_every_byte_of_the_input_are_kept(data: Path, tmp_path: Path) -> None:
    vcf = data / "genome" / "NA12878_chr21_hg38.vcf.gz"
    elements = ev.VariantScorer(data / "mpra" / "hg38_elements.fa.gz", enhancer=demo_files().model)
    output = tmp_path / "out.vcf"
    summary = elements.annotate(vcf, output)
    assert summary.statuses[ev.Status.NO_CONTIG] == summary.alleles > 65_000
    with gzip.open(vcf, "rb") as before:
        original = [line for line in before if not line.startswith(b"##")]
    after = [line for line in output.read_bytes().splitlines(keepends=True) if line[:2] != b"##"]
    for line, annotated in zip(original[1:], after[1:], strict=True):
        fields, ours = line.split(b"\t"), annotated.split(b"\t")
        assert ours[7].startswith(fields[7] + b";EV_STATUS=no_contig")
        assert ours[:7] + ours[8:] == fields[:7] + fields[8:]
