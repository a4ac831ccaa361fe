"""Proxies: what LD tables say, what genotypes say, and which allele goes with the risk."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pysam.bcftools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import GwasFileError, InputError, VariantFileError
from enhancer_variants.gwas import ListRow, ListVariant, ResolvedAllele
from enhancer_variants.gwas.genotypes import GenotypePanel, correlations
from enhancer_variants.gwas.ld_table import read_ld_table
from enhancer_variants.gwas.proxies import LdPanel, LdTable, Lead, ProxyAllele, check_r2
from enhancer_variants.schema import Status

SAMPLES = [f"s{number}" for number in range(12)]
LEAD = "0|0 0|1 1|1 0|1 0|0 1|1 0|1 0|0 1|1 0|1 0|0 0|1"
OPPOSITE = LEAD.replace("0", "x").replace("1", "0").replace("x", "1")
WEAK = "0|0 0|1 0|0 1|1 0|0 0|1 0|0 0|0 1|1 0|1 0|0 0|1"
ABSENT = " ".join(["0|0"] * 12)
MISSING = LEAD.replace("1|1", ".|.", 1).replace("|", "/")


def _panel(folder: Path, records: Sequence[str], samples: Sequence[str] = SAMPLES) -> Path:
    """Write, compress and index a VCF of ``CHROM POS ID REF ALT genotypes...``."""
    head = "##fileformat=VCFv4.3\n##contig=<ID=1,length=5000000>\n##contig=<ID=2>\n"
    head += '##FORMAT=<ID=GT,Number=1,Type=String,Description="G">\n'
    head += '##FORMAT=<ID=DS,Number=1,Type=Float,Description="D">\n'
    fixed = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
    lines = [head + "\t".join([fixed, *samples])]
    for record in records:
        cells = record.split()
        form = "GT" if "|" in cells[5] or "/" in cells[5] or len(cells[5]) == 1 else "DS"
        lines.append("\t".join([*cells[:5], ".", ".", ".", form, *cells[5 : 5 + len(samples)]]))
    path = folder / "panel.vcf"
    path.write_text("\n".join(lines) + "\n")
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)
    pysam.tabix_index(f"{path}.gz", preset="vcf", force=True)
    return folder / "panel.vcf.gz"


def _lead(risk: str = "G", other: str = "A", **changes: object) -> Lead:
    place = {"contig": "chr1", "position": 1_000_000, "id": "rs1", "ref": "A", "alt": "G"}
    allele = ResolvedAllele(
        3, 0, **(place | changes), orientation="direct", risk_allele=risk, other_allele=other
    )
    return Lead(ListVariant("rs1", "1", 1_000_000), (allele,))


def _no_resolving(rows: Sequence[ListRow]) -> list[ResolvedAllele]:
    pytest.fail(f"asked to resolve {rows}")


def _by_its_own_alleles(rows: Sequence[ListRow]) -> list[ResolvedAllele]:
    """Resolve as a source of sites does that has what each row itself says."""
    return [
        ResolvedAllele(row.number, 0, v.contig, v.position, v.rsid, v.ref, v.alt)
        if v.alt
        else ResolvedAllele(row.number, 0, id=v.rsid, status=Status.RSID_NOT_FOUND)
        for row in rows
        for v in row.variants
    ]


def _told(proxies: Sequence[ProxyAllele]) -> list[tuple[object, ...]]:
    return [
        (p.allele.id, round(p.r2, 4), p.allele.risk_allele, p.allele.other_allele) for p in proxies
    ]


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(-1, 2), min_size=14, max_size=14), min_size=1, max_size=5),
    st.lists(st.integers(-1, 2), min_size=14, max_size=14),
)
def test_correlations_are_those_of_numpy_over_the_samples_known(
    counts: list[list[int]], lead: list[int]
) -> None:
    found = correlations(np.array(counts, dtype=np.int8), np.array(lead, dtype=np.int8))
    for row, r in zip(counts, found, strict=True):
        known = [(x, y) for x, y in zip(row, lead, strict=True) if x >= 0 and y >= 0]
        xs, ys = zip(*known, strict=True) if known else ((), ())
        if len(known) < 10 or len({*xs}) == 1 or len({*ys}) == 1:
            assert np.isnan(r)
        else:
            assert r == pytest.approx(np.corrcoef(xs, ys)[0, 1], abs=1e-12)


def test_a_panel_gives_the_proxies_of_a_lead_and_the_allele_that_goes_with_the_risk(
    tmp_path: Path,
) -> None:
    path = _panel(
        tmp_path,
        [
            f"1 700000 rs2 C T {LEAD}",
            f"1 800000 rs3 C T {OPPOSITE}",
            f"1 900000 none C T {ABSENT}",
            f"1 900001 weak C T {WEAK}",
            f"1 1000000 rs1 A G {LEAD}",
            f"1 1000000 rs1b A T {LEAD}",
            f"1 1500000 rs4 G C,T {LEAD.replace('1', '2')}",
            f"1 1600000 rs5 G GA {MISSING}",
            f"2 1000000 other A G {LEAD}",
        ],
    )
    panel = LdPanel(path, r2=0.8)
    [proxies] = panel.proxies([_lead()], _no_resolving)
    assert _told(proxies) == [
        ("rs2", 1, "T", "C"),
        ("rs3", 1, "C", "T"),
        ("rs1b", 1, "T", "A"),
        ("rs4", 1, "T", "G"),
        ("rs5", 1, "GA", "G"),
    ]
    assert {(p.proxy_of, p.allele.list_row, p.allele.contig) for p in proxies} == {
        ("rs1", 3, "chr1")
    }
    [swapped] = panel.proxies([_lead(risk="A", other="G")], _no_resolving)
    assert _told(swapped)[:2] == [("rs2", 1, "C", "T"), ("rs3", 1, "T", "C")]
    [untold] = panel.proxies([_lead(risk="", other="")], _no_resolving)
    assert {(p.allele.risk_allele, p.allele.orientation) for p in untold} == {("", "unknown")}
    assert panel.unknown_leads == 0
    panel.close()


def test_r2_and_the_window_say_how_far_proxies_reach(tmp_path: Path) -> None:
    records = [
        f"1 999000 near C T {LEAD}",
        f"1 999500 weak C T {WEAK}",
        f"1 1000000 rs1 A G {LEAD}",
        f"1 1001001 far C T {LEAD}",
    ]
    path = _panel(tmp_path, records)
    x, y = ([g.count("1") for g in text.split()] for text in (LEAD, WEAK))
    weak = np.corrcoef(x, y)[0, 1] ** 2
    assert weak < 0.8
    [close] = LdPanel(path, 0.8, window=1_000).proxies([_lead()], _no_resolving)
    assert [p.allele.id for p in close] == ["near"]
    [more] = LdPanel(path, weak - 1e-9, window=1_001).proxies([_lead()], _no_resolving)
    assert [p.allele.id for p in more] == ["near", "far", "weak"]
    assert more[-1].r2 == pytest.approx(weak)


def test_leads_that_the_panel_lacks_have_no_proxies_and_are_counted(tmp_path: Path) -> None:
    panel = LdPanel(_panel(tmp_path, [f"1 1000000 rs1 A G {LEAD}", f"1 1000001 p A G {LEAD}"]))
    leads = [
        _lead(alt="T"),
        _lead(contig="7"),
        _lead(position=None, ref="", alt=""),
        _lead(),
    ]
    found = panel.proxies(leads, _no_resolving)
    assert [len(proxies) for proxies in found] == [0, 0, 0, 1]
    assert panel.unknown_leads == 3


def test_of_a_lead_with_several_alts_the_risk_allele_is_the_one_compared(tmp_path: Path) -> None:
    path = _panel(
        tmp_path,
        [
            f"1 1000000 rs1 A C,G {LEAD.replace('1', '2')[:-7]} 1|1 1|0",
            f"1 1100000 rs2 C T {LEAD.replace('0|1', '0|0')[:-7]} 1|1 0|0",
            f"1 1200000 rs3 C T {LEAD[:-7]} 0|0 0|0",
        ],
    )
    alleles = tuple(
        ResolvedAllele(0, 0, "1", 1_000_000, "rs1", "A", alt, risk_allele=risk, other_allele="A")
        for alt, risk in [("C", "G"), ("G", "G")]
    )
    lead = Lead(ListVariant("rs1"), alleles)
    [proxies] = LdPanel(path, 0.9).proxies([lead], _no_resolving)
    assert _told(proxies) == [("rs3", 1, "T", "C")]
    every = tuple(ResolvedAllele(0, 0, "1", 1_000_000, "rs1", "A", alt) for alt in "CG")
    [both] = LdPanel(path, 0.3).proxies([Lead(ListVariant("rs1"), every)], _no_resolving)
    assert [p.allele.id for p in both] == ["rs3", "rs2"]


def test_haploid_and_half_missing_genotypes(tmp_path: Path) -> None:
    haploid = " ".join("0 1 1 1 0 1 0 0 1 1 0 1".split())
    half = LEAD.replace("1|1", "1|.", 1)
    path = _panel(tmp_path, [f"1 100 a A G {haploid}", f"1 200 b A G {half}"])
    [block] = GenotypePanel(path).blocks("chr1", 0, 1_000)
    assert block.counts[0].tolist() == [int(g) for g in haploid.split()]
    assert block.counts[1].tolist().count(-1) == 1


def test_panels_are_read_block_by_block_and_few_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [f"1 {position} rs{position} A G {LEAD}" for position in (100, 250_000, 250_001)]
    path = _panel(tmp_path, [*records, f"1 600000 rs600000 AT A {LEAD}"])
    monkeypatch.setattr("enhancer_variants.gwas.genotypes._BLOCKS_HELD", 1)
    panel = GenotypePanel(path)
    for _ in range(2):
        blocks = list(panel.blocks("chr1", -5, 600_001))
        found = [[allele.position for allele in block.alleles] for block in blocks]
        assert found == [[100, 250_000], [250_001], [600_000]]
    assert panel.contig_lengths == {"1": 5_000_000}
    assert [len(block.alleles) for block in panel.blocks("2", 0, 10)] == [0]


def test_a_bcf_with_more_than_genotypes_and_a_deletion_over_the_end_of_a_block(
    tmp_path: Path,
) -> None:
    cells = " ".join(f"{genotype}:0.5" for genotype in LEAD.split())
    long = "A" * 9
    panel = _panel(tmp_path, [f"1 249999 a {long} A {cells}", f"1 250001 b A G {cells}"])
    text = panel.with_suffix("").read_text().replace("\tGT\t", "\tGT:DS\t")
    panel.with_suffix("").write_text(text)
    bcf = tmp_path / "panel.bcf"
    pysam.bcftools.view("-Ob", "-o", str(bcf), str(panel.with_suffix("")), catch_stdout=False)
    pysam.bcftools.index("--csi", str(bcf), catch_stdout=False)
    blocks = list(GenotypePanel(bcf).blocks("chr1", 0, 500_000))
    assert [[allele.id for allele in block.alleles] for block in blocks] == [["a"], ["b"]]
    expected = [genotype.count("1") for genotype in LEAD.split()]
    assert blocks[0].counts[0].tolist() == blocks[1].counts[0].tolist() == expected


def test_a_panel_without_contig_lines(tmp_path: Path) -> None:
    text = _panel(tmp_path, [f"1 100 a A G {LEAD}"]).with_suffix("").read_text()
    path = tmp_path / "bare.vcf"
    path.write_text("".join(line for line in text.splitlines(True) if "##contig" not in line))
    panel = GenotypePanel(pysam.tabix_index(str(path), preset="vcf", force=True))
    assert panel.contig_lengths == {}
    assert [len(block.alleles) for block in panel.blocks("chr1", 0, 10)] == [1]


def test_files_that_are_no_panel(tmp_path: Path) -> None:
    path = _panel(tmp_path, [f"1 1000000 rs1 A G {LEAD}"], SAMPLES[:9])
    with pytest.raises(InputError, match=r"9 samples; expected .* 10 people"):
        LdPanel(path)
    path = _panel(tmp_path, ["1 1000000 rs1 A G " + " ".join(["0.5"] * 12)])
    with pytest.raises(VariantFileError, match=r"1:1000000 has no genotypes"):
        LdPanel(path).proxies([_lead()], _no_resolving)
    path = _panel(tmp_path, [f"1 1000000 rs1 A G {LEAD[:-4]}"])
    with pytest.raises(VariantFileError, match=r"1:1000000 has 11 genotypes, .* 12 samples"):
        LdPanel(path).proxies([_lead()], _no_resolving)
    path.with_suffix(".gz.tbi").write_bytes(b"no index")
    with pytest.raises(VariantFileError, match="need an index"):
        LdPanel(path).proxies([_lead()], _no_resolving)
    path.with_suffix(".gz.tbi").unlink()
    with pytest.raises(VariantFileError, match="bcftools index -t panel"):
        LdPanel(path)
    with pytest.raises(VariantFileError, match=r"none.vcf.gz: an LD panel"):
        LdPanel(tmp_path / "none.vcf.gz")
    table = tmp_path / "table.tsv"
    table.write_text("chrom\tpos\tref\talt\n")
    Path(f"{table}.tbi").touch()
    with pytest.raises(VariantFileError, match=r"table.tsv: is no VCF"):
        LdPanel(table)
    for window in (0, True, 1.5):
        with pytest.raises(InputError, match="ld_window"):
            LdPanel(path, window=window)  # type: ignore[arg-type]
    for r2 in (0, 1.1, -0.2):
        with pytest.raises(InputError, match="above 0 and at most 1"):
            LdPanel(path, r2)


def _ld(folder: Path, text: str) -> Path:
    path = folder / "ld.tsv"
    path.write_text(text)
    return path


PLINK_1 = """\
 CHR_A         BP_A SNP_A  CHR_B         BP_B SNP_B           R2
    1      1000000   rs1      1      1000500   rs2          0.9
    1       999000   rs3      1      1000000   rs1         0.95
    1      1000000   rs1      1      1000600   rs4          0.5
    1      1000000   rs1      1      1000000   rs1            1
    1      1000000   rs1      1      1000500   rs2          0.9
   23      1000000   rs8      1      1000700   rs9          nan
"""
PLINK_2 = (
    "#CHROM_A\tPOS_A\tID_A\tREF_A\tALT_A\tCHROM_B\tPOS_B\tID_B\tREF_B\tALT_B\tPHASED_R2\n"
    "1\t1000000\t1:1000000:A:G\tA\tG\t1\t1000500\t1:1000500:C:T\tC\tT\t0.9\n"
)
LDPROXY = (
    "RS_Number\tCoord\tAlleles\tMAF\tDistance\tDprime\tR2\tCorrelated_Alleles\tFunction\n"
    "rs1\tchr1:1000000\t(A/G)\t0.3\t0\t1.0\t1.0\tA=A,G=G\tNA\n"
    "rs2\tchr1:1000500\t(C/T)\t0.3\t500\t1.0\t0.97\tA=T,G=C\tNA\n"
    ".\tchr1:1000600\t(-/T)\t0.3\t600\t1.0\t0.85\tA=-,G=T\tNA\n"
    "rs6\tchr1:1000900\t(C/T)\t0.3\t900\t1.0\t0.2\tNA\tNA\n"
)


def test_plink_pairs_are_read_from_both_ends(tmp_path: Path) -> None:
    table = LdTable(_ld(tmp_path, PLINK_1))
    asked: list[ListVariant] = []

    def resolve(rows: Sequence[ListRow]) -> list[ResolvedAllele]:
        asked.extend(row.variants[0] for row in rows)
        return _by_its_own_alleles(rows)

    stranger = Lead(ListVariant("rs77"), (ResolvedAllele(4, 0, id="rs77"),))
    with_proxies, none = table.proxies([_lead(), stranger], resolve)
    assert [(p.allele.id, p.r2, p.proxy_of) for p in with_proxies] == [
        ("rs3", 0.95, "rs1"),
        ("rs2", 0.9, "rs1"),
    ]
    assert {p.allele.status for p in with_proxies} == {Status.RSID_NOT_FOUND}
    assert [(v.rsid, v.contig, v.position, v.effect_allele) for v in asked] == [
        ("rs3", "1", 999_000, ""),
        ("rs2", "1", 1_000_500, ""),
    ]
    assert none == []
    assert table.unknown_leads == 1
    table.close()


def test_a_table_without_alleles_needs_a_source_of_sites(tmp_path: Path) -> None:
    def unknown(rows: Sequence[ListRow]) -> list[ResolvedAllele]:
        judged = "the list names no risk allele"
        return [
            ResolvedAllele(r.number, 0, status=Status.ALLELE_UNKNOWN, detail=judged) for r in rows
        ]

    [[first, *_]] = LdTable(_ld(tmp_path, PLINK_1)).proxies([_lead()], unknown)
    assert first.allele.status is Status.ALLELE_UNKNOWN
    assert first.allele.detail == (
        "the table of proxies has no alleles, and there is no source of sites: --sites"
    )


def test_plink_2_is_matched_by_place_and_brings_its_alleles(tmp_path: Path) -> None:
    table = LdTable(_ld(tmp_path, PLINK_2))
    [proxies] = table.proxies([_lead()], _by_its_own_alleles)
    [proxy] = proxies
    assert (proxy.allele.position, proxy.allele.ref, proxy.allele.alt) == (1_000_500, "C", "T")
    assert (proxy.allele.list_row, proxy.allele.risk_allele) == (3, "")
    unplaced = Lead(ListVariant(""), (ResolvedAllele(0, 0),))
    assert table.proxies([unplaced], _by_its_own_alleles) == [[]]
    by_the_source = Lead(ListVariant("rs1"), _lead().alleles)
    assert len(table.proxies([by_the_source], _by_its_own_alleles)[0]) == 1


def test_ldproxy_names_its_lead_and_the_alleles_that_go_together(tmp_path: Path) -> None:
    table = LdTable(_ld(tmp_path, LDPROXY))
    [proxies] = table.proxies([_lead()], _by_its_own_alleles)
    assert _told(proxies) == [("rs2", 0.97, "C", "T"), ("", 0.85, "", "")]
    assert proxies[0].allele.orientation == "direct"
    [swapped] = table.proxies([_lead("A", "G")], _by_its_own_alleles)
    assert _told(swapped)[0] == ("rs2", 0.97, "T", "C")
    other_end = Lead(
        ListVariant("rs2"),
        (ResolvedAllele(0, 0, "1", 1_000_500, "rs2", "C", "T", risk_allele="T", other_allele="C"),),
    )
    [back] = table.proxies([other_end], _by_its_own_alleles)
    assert _told(back) == [("rs1", 0.97, "A", "G")]


def test_ldproxy_answers_in_one_file_as_r_writes_them(tmp_path: Path) -> None:
    lines = LDPROXY.splitlines()
    second = [lines[1].replace("rs1", "rs11").replace("1000000", "2000000")]
    second += [lines[2].replace("rs2", "rs12").replace("1000500", "2000500")]
    text = "\n".join(
        ["query_snp\t" + lines[0]]
        + [f"{n}\trs1\t{line}" for n, line in enumerate(lines[1:], 1)]
        + [f"{n}\trs11\t{line}" for n, line in enumerate(second, 9)]
    )
    pairs = list(read_ld_table(_ld(tmp_path, text + "\n\n"), 0.9))
    assert [(lead.id, proxy.id) for lead, proxy in pairs] == [("rs1", "rs2"), ("rs11", "rs12")]


def test_plink_says_which_alleles_are_in_phase(tmp_path: Path) -> None:
    text = (
        "CHR_A BP_A SNP_A CHR_B BP_B SNP_B PHASE R2\n"
        "1 1000000 rs1 1 1000500 rs2 AT/GC 0.9\n"
        "1 1000000 rs1 1 1000600 rs3 AIN/GT 0.9\n"
    )
    (lead, partner), (_, unread) = read_ld_table(_ld(tmp_path, text), 0.8)
    assert dict(partner.in_phase) == {"A": "T", "G": "C"}
    assert dict(lead.in_phase) == {"T": "A", "C": "G"}
    assert unread.in_phase == ()


def test_an_allele_of_the_lead_under_another_name_is_no_proxy(tmp_path: Path) -> None:
    table = LdTable(_ld(tmp_path, LDPROXY))

    def to_the_lead(rows: Sequence[ListRow]) -> list[ResolvedAllele]:
        return [ResolvedAllele(row.number, 0, "chr1", 1_000_000, "rs9", "A", "G") for row in rows]

    assert table.proxies([_lead()], to_the_lead) == [[]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"ld.tsv: begins with nothing; expected PLINK"),
        ("RS_number\trs1\trs2\nrs1\t1\t0.4\n", "LDmatrix, .* download LDproxy"),
        (PLINK_1.replace("R2", "R "), "has r and not r2"),
        (PLINK_1.replace("0.95", "1.95"), r"ld.tsv:3: R2 is '1.95'; expected 0 to 1"),
        (PLINK_1.replace("0.95", "much"), r"ld.tsv:3: R2 is 'much'; expected 0 to 1"),
        (PLINK_1.replace("999000", "-9"), r"ld.tsv:3: BP_A is '-9'; expected a position"),
        (PLINK_1.replace("rs2 ", "rs2 9 9 "), r"ld.tsv:2: has 9 cells, where the header has 7"),
        (LDPROXY.replace("chr1:1000500", "here"), r"ld.tsv:3: Coord is 'here'"),
        (LDPROXY.replace("\t0\t", "\t1\t"), "no row has a distance of 0"),
    ],
)
def test_files_that_are_no_table_of_ld(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GwasFileError, match=message):
        LdTable(_ld(tmp_path, text))


def test_a_lead_is_named_by_its_rsid_or_its_place() -> None:
    bare = ResolvedAllele(0, 0, "chr1", 7)
    assert Lead(ListVariant("rs1"), (bare,)).name == "rs1"
    assert Lead(ListVariant(), (ResolvedAllele(0, 0, id="rs2"),)).name == "rs2"
    assert Lead(ListVariant(), (bare,)).name == "chr1:7"
    assert Lead(ListVariant(contig="4", position=9), (ResolvedAllele(0, 0),)).name == "4:9"


@pytest.mark.realdata
@pytest.mark.skipif(shutil.which("bcftools") is None, reason="needs bcftools")
def test_r2_of_a_real_panel_is_that_of_bcftools_and_numpy(data: Path) -> None:
    path = data / "gwas" / "1kg_eas_chr7_hg19.vcf.gz"
    region, place = "7:127240000-127260000", 127_250_126
    form = "%POS %REF %ALT[ %GT]\n"
    text = subprocess.run(
        ["bcftools", "query", "-r", region, "-f", form, str(path)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    dosage: dict[tuple[int, str, str], list[int]] = {}
    for line in text.splitlines():
        position, ref, alts, *genotypes = line.split()
        for number, alt in enumerate(alts.split(","), 1):
            copies = [g.replace("/", "|").split("|").count(str(number)) for g in genotypes]
            dosage[int(position), ref, alt] = copies
    varying = {key: copies for key, copies in dosage.items() if len({*copies}) > 1}
    common = [key for key, copies in varying.items() if 0.4 < np.mean(copies) < 1.6]
    lead = min(common, key=lambda key: abs(key[0] - place))
    r2 = {key: np.corrcoef(varying[lead], copies)[0, 1] ** 2 for key, copies in varying.items()}
    expected = {key: value for key, value in r2.items() if value >= 0.5 and key != lead}
    assert expected
    allele = ResolvedAllele(0, 0, "chr7", lead[0], "", lead[1], lead[2])
    window = min(lead[0] - 127_240_000, 127_260_000 - lead[0])
    panel = LdPanel(path, 0.5, window)
    [proxies] = panel.proxies([Lead(ListVariant(), (allele,))], _no_resolving)
    found = {(p.allele.position, p.allele.ref, p.allele.alt): p.r2 for p in proxies}
    near = {key: value for key, value in expected.items() if abs(key[0] - lead[0]) <= window}
    assert found == pytest.approx(near, abs=1e-9)


@pytest.mark.parametrize("r2", [0, 1.1, -0.5, float("nan"), "0.8", None])
def test_what_is_no_r2(r2: Any) -> None:
    assert check_r2(1) == 1
    with pytest.raises(InputError, match="expected a number above 0"):
        check_r2(r2)
