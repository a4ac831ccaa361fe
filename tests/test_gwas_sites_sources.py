from __future__ import annotations

import gzip
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pysam
import pytest

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.gwas import Site, SiteSource, open_sites
from enhancer_variants.gwas.sites import sources

TEXT = """\
##fileformat=VCFv4.2
##INFO=<ID=EUR_AF,Number=A,Type=Float,Description="Frequency in Europe">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
NC_000001.11\t100\trs1\tC\tT,A\t.\t.\tEUR_AF=0.4,0;FREQ=1000Genomes:0.5,0.25,0.25
NC_000001.11\t200\trs2;rs3\tCA\tC\t.\t.\t.
NC_000001.11\t200\trs9\tC\tG\t.\t.\tFREQ=GoNL:0.5,0.5
2\t100\trs2\tg\t<DEL>\t.\t.\t.
chrM\t5\tchrM:5:A:T\tA\tT\t.\t.\t.
"""


@pytest.fixture
def vcf(tmp_path: Path) -> Path:
    path = tmp_path / "sites.vcf"
    path.write_text(TEXT)
    return path


@pytest.fixture(params=["in memory", "indexed"])
def source(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One file, read into memory or found through its two indexes."""
    path = tmp_path / "sites.vcf.gz"
    with pysam.BGZFile(str(path), "wb", index=None) as file:
        file.write(TEXT.encode())
    pysam.tabix_index(str(path), preset="vcf")
    if request.param == "indexed":
        monkeypatch.setattr(sources, "LARGEST_IN_MEMORY", 10)
    return path


def _alleles(sites: tuple[Site, ...]) -> list[tuple[str, int, str, tuple[str, ...]]]:
    return [(site.contig, site.position, site.ref, site.alts) for site in sites]


RS1 = [("NC_000001.11", 100, "C", ("T", "A"))]
RS2 = [("NC_000001.11", 200, "CA", ("C",)), ("2", 100, "G", ())]


def test_identifiers_are_found_under_the_names_that_were_asked(source: Path) -> None:
    with open_sites(source) as sites:
        asked = ["rs1", "RS1", "rs2", "rs3", "rs4", "chrM:5:A:T", "chrm:5:A:T", ""]
        found = {name: _alleles(at) for name, at in sites.by_rsid(asked).items()}
        assert found == {
            "rs1": RS1,
            "RS1": RS1,
            "rs2": RS2,
            "rs3": RS2[:1],
            "chrM:5:A:T": [("chrM", 5, "A", ("T",))],
        }
        assert sites.by_rsid([]) == {}
        assert sites.name == "sites.vcf.gz"


def test_places_are_found_whatever_the_spelling_of_contigs(source: Path) -> None:
    with open_sites(source) as sites:
        asked = [("chr1", 100), ("1", 100), ("NC_000001.10", 200), ("chr2", 100), ("MT", 5)]
        found = {place: _alleles(at) for place, at in sites.at([*asked, ("1", 101)]).items()}
        assert list(found) == asked
        assert found["chr1", 100] == found["1", 100] == RS1
        assert found["NC_000001.10", 200] == [RS2[0], ("NC_000001.11", 200, "C", ("G",))]
        assert sites.at([("3", 100), ("1", 0)]) == sites.at([]) == {}
        assert sites.finds_places


def test_frequencies_are_those_of_the_population(source: Path) -> None:
    def frequencies(population: str | None) -> tuple[object, ...]:
        with closing(open_sites(source, population=population)) as sites:
            (site,) = sites.by_rsid(["rs1"])["rs1"]
            return site.alts, site.frequencies

    assert frequencies(None) == frequencies("1000Genomes") == (("T", "A"), (0.5, 0.25, 0.25))
    assert frequencies("EUR_AF") == (("T", "A"), (0.6, 0.4, 0.0))
    assert frequencies("GoNL") == (("T", "A"), ())
    with pytest.raises(InputError, match="'EUR'; expected one of EUR_AF, 1000Genomes, GoNL"):
        open_sites(source, population="EUR")


def test_merged_identifiers_are_found_under_the_asked_name(source: Path, tmp_path: Path) -> None:
    table = tmp_path / "merged.tsv"
    table.write_text("7\t8\n8\t3\n3\t1\n5\t6\nrs11\trs12\n")
    with open_sites(source, merged_ids=table) as sites:
        found = {n: _alleles(at) for n, at in sites.by_rsid(["rs7", "rs3", "rs5", "ss7"]).items()}
        # rs7 became rs8, rs3, and rs1 at last; rs3 is in the source itself.
        assert found == {"rs7": RS1, "rs3": RS2[:1]}
        table.unlink()  # it is read once
        assert list(sites.by_rsid(["rs8"])) == ["rs8"]


def test_the_latest_that_the_source_has_is_taken(source: Path, tmp_path: Path) -> None:
    table = tmp_path / "merged.tsv"
    table.write_text("7\t1\n1\t8\n")
    with open_sites(source, merged_ids=table) as sites:
        assert _alleles(sites.by_rsid(["rs7"])["rs7"]) == RS1


def test_a_small_source_needs_no_index_and_no_duckdb(vcf: Path) -> None:
    source: SiteSource = open_sites(vcf)
    assert _alleles(source.by_rsid(["rs1"])["rs1"]) == RS1
    assert source.at([("1", 100)])
    source.close()
    assert list(vcf.parent.iterdir()) == [vcf]


def test_small_gzipped_files_and_bcfs_are_read(vcf: Path, tmp_path: Path) -> None:
    gzipped = tmp_path / "gzipped.vcf.gz"
    gzipped.write_bytes(gzip.compress(vcf.read_bytes()))
    bcf = tmp_path / "sites.bcf"
    declared = (
        '##INFO=<ID=FREQ,Number=.,Type=String,Description="x">\n'
        "##contig=<ID=NC_000001.11>\n##contig=<ID=2>\n##contig=<ID=chrM>\n#CHROM"
    )
    lines = TEXT.replace("#CHROM", declared).splitlines(keepends=True)
    vcf.write_text("".join(line for line in lines if "<DEL>" not in line))
    with (
        pysam.VariantFile(str(vcf)) as rows,
        pysam.VariantFile(str(bcf), "wb", header=rows.header) as file,
    ):
        for row in rows:
            file.write(row)
    for path in (gzipped, bcf):
        with open_sites(path, population="EUR_AF") as sites:
            (site,) = sites.by_rsid(["rs1"])["rs1"]
            assert (site.alts, [round(f or 0, 6) for f in site.frequencies]) == (
                ("T", "A"),
                [0.6, 0.4, 0],
            )


def test_without_a_place_index_a_large_source_knows_rsids_alone(
    vcf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sources, "LARGEST_IN_MEMORY", 10)
    index = tmp_path / "index"
    with open_sites(vcf, index=index) as sites:
        assert not sites.finds_places
        with pytest.warns(UserWarning, match=r"sites\.vcf: has no index by place.*tabix -p vcf"):
            assert sites.at([("1", 100)]) == {}
        assert sites.at([("1", 100)]) == {}  # told once
        assert _alleles(sites.by_rsid(["rs1"])["rs1"]) == RS1
    assert index.exists()


def test_a_large_source_needs_random_access(
    vcf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gzipped = tmp_path / "gzipped.vcf.gz"
    gzipped.write_bytes(gzip.compress(vcf.read_bytes()))
    monkeypatch.setattr(sources, "LARGEST_IN_MEMORY", 10)
    with (
        open_sites(gzipped) as sites,
        pytest.raises(VariantFileError, match=r"gunzip -c gzipped\.vcf\.gz \| bgzip"),
    ):
        sites.by_rsid(["rs1"])


def test_what_is_no_source_is_refused(tmp_path: Path, vcf: Path) -> None:
    with pytest.raises(VariantFileError, match="cannot be read"):
        open_sites(tmp_path / "none.vcf")
    with pytest.raises(VariantFileError, match="is a folder or a pipe; expected a VCF file"):
        open_sites(tmp_path)
    table = tmp_path / "table.tsv"
    table.write_text("chrom\tpos\tref\talt\n1\t5\tA\tT\n")
    with pytest.raises(VariantFileError, match="is a table; expected a VCF of known sites"):
        open_sites(table)
    headless = tmp_path / "headless.vcf"
    headless.write_text(TEXT.splitlines()[3] + "\n")
    with pytest.raises(VariantFileError, match="no VCF header line"):
        open_sites(headless)
    cut = tmp_path / "cut.vcf.gz"
    cut.write_bytes(gzip.compress(vcf.read_bytes())[:-10])
    with pytest.raises(VariantFileError, match="truncated or damaged"):
        open_sites(cut)


@pytest.mark.realdata
def test_the_alleles_written_by_hand_are_found(data: Path) -> None:
    with open_sites(data / "gwas/site_alleles_hg38.vcf") as sites:
        found = sites.by_rsid(["rs7903146", "rs660240", "rs12203592", "rs12740374", "rs1"])
        assert {name: (at[0].ref, *at[0].alts) for name, at in found.items()} == {
            "rs7903146": ("C", "T"),
            "rs660240": ("T", "C"),
            "rs12203592": ("C", "T"),
            "rs12740374": ("G", "T"),
        }
        assert list(sites.at([("10", 112998590), ("chr6", 396322)])) == [("10", 112998590)]


needs_bcftools = pytest.mark.skipif(shutil.which("bcftools") is None, reason="no bcftools here")


def _queried(path: Path, columns: str, *options: str) -> list[list[str]]:
    command = ["bcftools", "query", "-f", columns + "\n", *options, str(path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in run.stdout.splitlines()]


@needs_bcftools
@pytest.mark.realdata
@pytest.mark.parametrize("way", ["in memory", "indexed"])
def test_real_dbsnp_records_are_those_of_bcftools(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = Path(shutil.copy(data / "gwas/dbsnp_b157_slice_hg19.vcf.gz", tmp_path))
    path.chmod(0o644)
    if way == "indexed":
        monkeypatch.setattr(sources, "LARGEST_IN_MEMORY", 0)
    rows = _queried(path, "%CHROM\t%POS\t%ID\t%REF\t%ALT\t%INFO/FREQ")
    with open_sites(path, population="1000Genomes") as sites:
        found = sites.by_rsid([row[2] for row in rows])
    assert len(found) == len({row[2] for row in rows})
    compared = 0
    for contig, position, name, ref, alt, text in rows:
        (site,) = [s for s in found[name] if (s.contig, s.position) == (contig, int(position))]
        studies = dict(study.split(":") for study in text.split("|")) if text != "." else {}
        values = studies.get("1000Genomes", "").split(",")
        alts = alt.split(",")
        kept = [n for n, a in enumerate(alts) if set(a) <= set("ACGT")]
        if any(value not in ("", ".") for value in values):
            seen = [n for n in kept if values[n + 1] == "." or float(values[n + 1]) > 0]
            kept = seen or kept
            expected = [None if v == "." else float(v) for v in values]
            assert list(site.frequencies) == [expected[0], *(expected[n + 1] for n in kept)]
            compared += 1
        else:
            assert site.frequencies == ()
        assert (site.ref, list(site.alts)) == (ref, [alts[n] for n in kept])
    assert compared > 2000


@needs_bcftools
@pytest.mark.realdata
def test_real_places_are_those_of_bcftools(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_IN_MEMORY", 0)
    path = data / "gwas/1kg_eas_chr7_hg19.vcf.gz"
    region = ("-r", "7:126400000-126403000")
    rows = _queried(path, "%POS\t%ID\t%REF\t%ALT\t%INFO/AF", *region)
    with open_sites(path) as sites:
        found = sites.at([("chr7", position) for position in range(126400000, 126403001)])
    got = [site for _, at in sorted(found.items()) for site in at]
    assert [(str(s.position), *s.ids, s.ref, *s.alts) for s in got] == [
        (position, name, ref, alt) for position, name, ref, alt, _ in rows
    ]
    for site, row in zip(got, rows, strict=True):
        assert site.frequencies == pytest.approx((1 - float(row[4]), float(row[4])))
    assert {canonical_contig(site.contig) for site in got} == {"7"}
    assert len(got) > 50
