from __future__ import annotations

import os
from pathlib import Path

import pytest

from enhancer_variants.genome.contigs import (
    ASSEMBLIES,
    accession_length,
    assemblies_with_length,
    canonical_contig,
    likely_assembly,
)

GRCH37, GRCH38, CHM13 = ASSEMBLIES


@pytest.mark.parametrize(
    ("names", "canonical"),
    [
        (["chr1", "1", "Chr1", "CHR1", "NC_000001.10", "NC_000001.11", "NC_060925.1"], "1"),
        (["chr22", "22", "NC_000022.10", "NC_000022.11", "NC_060946.1"], "22"),
        (["chrX", "X", "NC_000023.10", "NC_000023"], "X"),
        (["chrY", "Y", "NC_000024.10", "NC_060948.1"], "Y"),
        (["chrM", "M", "MT", "chrMT", "NC_012920.1", "NC_001807.4"], "M"),
        (["chrUn_KI270302v1", "Un_KI270302v1"], "Un_KI270302v1"),
        (["chrFoo", "Foo"], "Foo"),
        (["chr"], "chr"),
        (["NC_000025.1"], "NC_000025.1"),
        (["NC_000001.x"], "NC_000001.x"),
        (["x"], "x"),
        ([""], ""),
    ],
)
def test_synonyms_share_a_key(names: list[str], canonical: str) -> None:
    assert {canonical_contig(name) for name in names} == {canonical}


def test_accessions_imply_lengths() -> None:
    assert accession_length("NC_000001.10") == 249250621
    assert accession_length("NC_000001.11") == 248956422
    assert accession_length("NC_060925.1") == 248387328
    assert accession_length("NC_012920.1") == 16569
    assert accession_length("NC_001807.4") == 16571
    assert accession_length("NC_000001") is None
    assert accession_length("NC_000001.99") is None
    assert accession_length("chr1") is None


def test_a_length_names_its_build() -> None:
    for assembly in ASSEMBLIES:
        assert len(assembly.lengths) == len(assembly.accessions) == 24
        for contig, length in assembly.lengths.items():
            assert assemblies_with_length(contig, length) == (assembly.name,)
            assert canonical_contig(assembly.accessions[contig]) == contig
            assert accession_length(assembly.accessions[contig]) == length
    assert assemblies_with_length("1", 5) == ()
    assert assemblies_with_length("M", 16569) == ()


def test_likely_assembly_needs_every_known_contig_to_agree() -> None:
    for assembly in ASSEMBLIES:
        named = {f"chr{contig}": length for contig, length in assembly.lengths.items()}
        assert likely_assembly(named) == assembly.name
        assert likely_assembly(named | {"chrM": 1, "chrUn_gl000220": 161802}) == assembly.name
        accessions = {assembly.accessions[c]: length for c, length in assembly.lengths.items()}
        assert likely_assembly(accessions) == assembly.name
    assert likely_assembly({"7": GRCH38.lengths["7"]}) == "GRCh38"
    assert likely_assembly({"1": GRCH37.lengths["1"], "2": GRCH38.lengths["2"]}) is None
    assert likely_assembly({"1": GRCH37.lengths["1"], "2": 1000}) is None
    assert likely_assembly({"z": 1_000_000, "chrM": 16569}) is None
    assert likely_assembly({}) is None


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("index", "assembly"),
    [("genome/hg19_sparse.fa.gz.fai", GRCH37), ("mpra/hg38_elements.fa.gz.fai", GRCH38)],
)
def test_the_table_agrees_with_real_genomes(index: str, assembly: object) -> None:
    folder = os.environ.get("ENHANCER_VARIANTS_DATA")
    if folder is None:
        pytest.skip("ENHANCER_VARIANTS_DATA is not set")
    lines = Path(folder, index).read_text().splitlines()
    lengths = {line.split("\t")[0]: int(line.split("\t")[1]) for line in lines}
    assert likely_assembly(lengths) == assembly.name  # type: ignore[attr-defined]


def test_lengths_agree_with_bioframe() -> None:
    bioframe = pytest.importorskip("bioframe")
    for assembly in ASSEMBLIES:
        sizes = bioframe.assembly_info(assembly.ucsc_name).seqinfo
        aliases = dict(zip(sizes["name"], sizes["aliases"], strict=True))
        lengths = dict(zip(sizes["name"], sizes["length"], strict=True))
        for contig, length in assembly.lengths.items():
            assert lengths[f"chr{contig}"] == length
            assert assembly.accessions[contig] in aliases[f"chr{contig}"].split(",")
