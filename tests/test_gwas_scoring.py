"""Risk lists from end to end, with models whose answers are known by hand."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants import VariantScorer, tidy
from enhancer_variants.effects import ScoringPlan
from enhancer_variants.errors import AssemblyMismatchError, InputError
from enhancer_variants.genome import Reference
from enhancer_variants.gwas import (
    ListSummary,
    ListVariant,
    ResolvedAllele,
    annotate_gwas,
    locus_summary,
    score_gwas,
)
from enhancer_variants.gwas.builds import (
    require_fitting_alleles,
    require_fitting_panel,
    require_stated_build,
)
from enhancer_variants.gwas.effect_rows import EffectRow, ListLayout, layout_of, own_columns
from enhancer_variants.gwas.list_options import ListOptions
from enhancer_variants.gwas.list_run import ListRun
from enhancer_variants.gwas.scored_alleles import AlleleToScore, ScoredAlleles
from enhancer_variants.io import to_frame
from enhancer_variants.motifs import Motif, motif_panel
from enhancer_variants.schema import Status

Make = Callable[..., Any]

GENOME = "".join(random.Random(5).choices("ACGT", k=300))
GENOME = GENOME[:99] + "C" + GENOME[100:149] + "T" + GENOME[150:]
"""C at position 100, T at 150; the toy model counts G in 20 bases."""

MOTIF = Motif("toy", "TOY", np.array([[0, 0, 20, 0]] * 8))

SITES = """\
##fileformat=VCFv4.3
##INFO=<ID=AF,Number=A,Type=Float,Description="f">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chr1\t100\trs1\tC\tT,G\t.\t.\tAF=0.2,0.3
chr1\t150\trs2\tT\tG\t.\t.\tAF=0.1
chr1\t290\trs3\t{last}\t{other}\t.\t.\tAF=0.1
"""


@pytest.fixture
def reference(make_reference: Make) -> Reference:
    return make_reference(chr1=GENOME)


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    other = "A" if GENOME[289] == "C" else "C"
    path = tmp_path / "sites.vcf"
    path.write_text(SITES.format(last=GENOME[289], other=other))
    return path


def _scorer(reference: Reference, **plan: Any) -> VariantScorer:
    """Make a scorer with models that stand in no folder."""
    scorer = VariantScorer(reference, motifs=[MOTIF], progress=False)
    scorer.plan = ScoringPlan(**plan)
    return scorer


@pytest.fixture
def scorer(reference: Reference, counting_model: Make) -> VariantScorer:
    return _scorer(reference, enhancers=(counting_model("G"),))


def _list(folder: Path, *rows: str, header: str = "SNP CHR BP effect_allele other_allele") -> Path:
    path = folder / "list.tsv"
    path.write_text("\n".join("\t".join(row.split(" ")) for row in [header, *rows]) + "\n")
    return path


def _signs(effects: pd.DataFrame) -> list[tuple[Any, ...]]:
    columns = ["list_row", "alt", "risk_allele", "other_allele"]
    shifts = ["enhancer_log_odds_shift", "enhancer_risk_log_odds_shift"]
    table = effects[columns + shifts].round(6).astype(object)
    return [tuple(row) for row in table.where(table.notna(), None).itertuples(index=False)]


def test_the_risk_shift_is_that_of_the_risk_allele_against_the_other(
    tmp_path: Path, scorer: VariantScorer, sites: Path
) -> None:
    path = _list(
        tmp_path,
        "rs2 1 150 G T",
        "rs2 1 150 T G",
        "rs1 1 100 G T",
        "rs1 1 100 T G",
        "rs2 1 150 C A",
        "rs2 1 150 A C",
        "rs2 1 150 ? ?",
    )
    effects = score_gwas(path, scorer=scorer, sites=sites)
    assert _signs(effects) == [
        (0, "G", "G", "T", 1, 1),
        (1, "G", "T", "G", 1, -1),
        (2, "T", "G", "T", 0, 1),
        (2, "G", "G", "T", 1, 1),
        (3, "T", "T", "G", 0, -1),
        (3, "G", "T", "G", 1, -1),
        (4, "G", "G", "T", 1, 1),
        (5, "G", "T", "G", 1, -1),
        (6, "G", None, None, 1, None),
    ]
    assert effects["orientation"].tolist()[6:] == ["complement", "complement", "unknown"]
    assert effects["allele"].tolist() == [1, 1, 1, 2, 1, 2, 1, 1, 1]


def test_a_variant_that_is_not_found_has_its_row_and_the_list_its_columns(
    tmp_path: Path, scorer: VariantScorer, sites: Path
) -> None:
    path = _list(
        tmp_path,
        "rs2 G . kept",
        "rs9 T odd lost",
        "rs2 T . kept",
        header="SNP effect_allele POS STATUS",
    )
    effects = score_gwas(path, scorer=scorer, sites=sites)
    assert list(effects.columns[:6]) == [
        "list_row", "list_variant", "SNP", "effect_allele", "list_POS", "list_STATUS",
    ]  # fmt: skip
    assert effects["list_STATUS"].tolist() == ["kept", "lost", "kept"]
    lost = effects[effects["list_row"] == 1].iloc[0]
    assert (lost["status"], lost["allele"], lost["SNP"]) == ("rsid_not_found", 0, "rs9")
    assert lost[[c for c in effects if c.startswith("enhancer_")]].isna().all()
    assert lost[["chrom", "pos", "alt", "risk_allele", "orientation", "kind"]].isna().all()
    columns = list(effects.columns)
    shift = columns.index("enhancer_log_odds_shift")
    assert columns[shift + 1] == "enhancer_risk_log_odds_shift"
    assert columns.index("orientation") == columns.index("kind") + 1


def test_a_status_of_the_scorer_comes_behind_that_of_the_list(
    tmp_path: Path, scorer: VariantScorer
) -> None:
    ref = GENOME[4]
    alt = "C" if ref != "C" else "T"
    path = _list(tmp_path, f"rs5 1 5 {alt} {ref}", "rs6 9 5 A C")
    effects = score_gwas(path, scorer=scorer)
    assert effects["status"].tolist() == ["edge", "no_contig"]
    assert effects["status_detail"].notna().all()
    assert effects["enhancer_log_odds_shift"].isna().all()
    assert effects["enhancer_risk_log_odds_shift"].isna().all()


def test_what_the_study_found_stands_beside_the_allele(
    tmp_path: Path, scorer: VariantScorer
) -> None:
    header = "SNP CHR BP effect_allele other_allele effect_allele_frequency beta p_value"
    path = _list(tmp_path, "rs1 1 100 G C 0.25 -0.5 1e-400", header=header)
    row = score_gwas(path, scorer=scorer).iloc[0]
    assert (row["risk_allele_frequency"], row["risk_effect_size"]) == (0.25, -0.5)
    assert (row["risk_effect_kind"], row["risk_minus_log10_p"]) == ("beta", 400)
    assert row["p_value"] == "1e-400"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(10, 60), st.permutations("ACGT")), min_size=1, max_size=12),
    chunk_size=st.integers(1, 5),
    remembered=st.integers(0, 3),
)
def test_every_row_comes_out_in_order_whatever_the_chunks_and_the_memory(
    tmp_path: Path,
    scorer: VariantScorer,
    rows: list[tuple[int, list[str]]],
    chunk_size: int,
    remembered: int,
) -> None:
    lines = [f"rs{n} 1 {place * 4} {a} {b}" for n, (place, (a, b, *_)) in enumerate(rows)]
    path = _list(tmp_path, *lines)
    whole = score_gwas(path, scorer=scorer)
    assert whole["SNP"].tolist() == [f"rs{n}" for n in range(len(rows))]
    assert whole["list_row"].tolist() == list(range(len(rows)))
    with ListRun(path, scorer, ListOptions()) as run, pytest.MonkeyPatch.context() as patch:
        patch.setattr("enhancer_variants.gwas.scored_alleles._REMEMBERED", remembered)
        tables = list(run.tables(chunk_size=chunk_size))
        assert len(tables) == -(-len(rows) // chunk_size)
        pd.testing.assert_frame_equal(to_frame(tables, run.layout.columns), whole)
    for row in whole[whole["status"] == "ok"].itertuples():
        change = (row.alt == "G") - (row.ref == "G")
        risk = (row.risk_allele == "G") - (row.other_allele == "G")
        assert row.enhancer_log_odds_shift == pytest.approx(change, abs=1e-6)
        assert row.enhancer_risk_log_odds_shift == pytest.approx(risk, abs=1e-6)


def test_equal_alleles_are_scored_once_and_forgotten_oldest_first(
    reference: Reference, counting_model: Make
) -> None:
    model = counting_model("G")
    asked: list[int] = []
    scored = ScoredAlleles(ScoringPlan(enhancers=(model,)), reference, remembered=2)

    def score(*positions: int) -> list[float]:
        bases = ((p, GENOME[p - 1]) for p in positions)
        keys = [("chr1", p, base, "G" if base != "G" else "A") for p, base in bases]
        values = scored.score([AlleleToScore(k, "", 0, 1) for k in keys], asked.append)
        return [values[key][scored.columns.index("enhancer_log_odds_shift")] for key in keys]

    first = score(100, 150)
    seen = model.network.rows_seen
    assert score(150, 100) == first[::-1]
    assert model.network.rows_seen == seen
    score(100, 160)  # 150 goes: it was not asked for
    seen = model.network.rows_seen
    score(100)
    assert model.network.rows_seen == seen
    score(150)
    assert model.network.rows_seen > seen
    assert sum(asked) == 2 + 2 + 2 + 1 + 1


def test_a_table_a_parquet_and_a_frame_say_the_same(
    tmp_path: Path, scorer: VariantScorer, sites: Path
) -> None:
    path = _list(tmp_path, "rs1 1 100 G T", "rs9 1 200 A C", "rs2 1 150 G T")
    frame = score_gwas(path, scorer=scorer, sites=sites)
    loci, given = tmp_path / "loci.tsv", {"scorer": scorer, "sites": sites}
    for name in ("out.tsv", "out.tsv.gz", "out.parquet"):
        summary = annotate_gwas(path, None, tmp_path / name, loci=loci, **given)
        assert summary == ListSummary.of(frame)
        if name.endswith("parquet"):
            found = pd.read_parquet(tmp_path / name)
        else:
            found = pd.read_csv(tmp_path / name, sep="\t", dtype={"CHR": str, "BP": str})
        as_text = [table.astype(object).fillna("").astype(str) for table in (found, frame)]
        assert list(found.columns) == list(frame.columns)
        for column in ("list_row", "SNP", "BP", "id", "status", "allele"):
            assert as_text[0][column].tolist() == as_text[1][column].tolist()
        risk = "enhancer_risk_log_odds_shift"
        assert found[risk].tolist() == pytest.approx(frame[risk].tolist(), nan_ok=True, rel=1e-5)
    expected, written = locus_summary(frame), pd.read_csv(loci, sep="\t")
    assert list(written.columns) == list(expected.columns)
    values = [table["evidence_value"].tolist() for table in (written, expected)]
    assert values[0] == pytest.approx(values[1], nan_ok=True, rel=1e-5)
    provenance = frame.attrs["enhancer_variants"]
    assert json.loads((tmp_path / "out.tsv.json").read_text()) == provenance
    kept = pq.read_schema(tmp_path / "out.parquet").metadata[b"enhancer_variants"]
    assert json.loads(kept) == provenance
    assert provenance["input"] == "list.tsv"
    assert provenance["options"]["sites"] == "sites.vcf"
    assert "r2" not in provenance["options"]
    assert str(summary) == (
        "4 alleles of 3 variants in 3 rows: 3 scored, 1 not (rsid_not_found 1); "
        "orientation: direct 3"
    )


def test_a_vcf_has_what_has_a_place_and_a_table_the_rest(
    tmp_path: Path,
    reference: Reference,
    counting_model: Make,
    sites: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    panel = motif_panel([MOTIF])
    scorer = _scorer(reference, enhancers=(counting_model("G"),), motifs=panel)
    path = _list(tmp_path, "rs2 1 150 G T", "rs9 1 200 A C", "rs1 1 100 G T")
    output = tmp_path / "out.vcf.gz"
    summary = annotate_gwas(path, None, output, scorer=scorer, sites=sites)
    with pysam.VariantFile(str(output)) as file:
        records = list(file)
        info = file.header.info["EV_LIST_ROW"]
    assert [(r.pos, r.id, r.ref, r.alts) for r in records] == [
        (150, "rs2", "T", ("G",)),
        (100, "rs1", "C", ("T",)),
        (100, "rs1", "C", ("G",)),
    ]
    assert (info.type, info.number) == ("Integer", "A")
    assert [r.info["EV_LIST_ROW"] for r in records] == [(0,), (2,), (2,)]
    assert [r.info["EV_RISK_ALLELE"] for r in records] == [("G",)] * 3
    shifts = [r.info["EV_ENHANCER_RISK_LOG_ODDS_SHIFT"][0] for r in records]
    assert shifts == pytest.approx([1, 1, 1])
    beside = pd.read_csv(f"{output}.unresolved.tsv", sep="\t")
    assert beside[["list_row", "SNP", "status"]].to_numpy().tolist() == [
        [1, "rs9", "rsid_not_found"]
    ]
    assert (summary.unplaced, summary.alleles) == (1, 4)
    assert str(summary).endswith("1 without a place in a VCF, written beside it")
    bcf = annotate_gwas(path, None, tmp_path / "out.bcf", scorer=scorer, sites=sites)
    assert bcf == summary
    capfd.readouterr()
    with pytest.raises(InputError, match="standard output"):
        annotate_gwas(path, None, None, "vcf", scorer=scorer, sites=sites)
    assert capfd.readouterr().out == ""


def test_many_tfbs_models_have_a_table_whose_rows_are_found_again(
    tmp_path: Path, reference: Reference, position_model: Make, counting_model: Make
) -> None:
    factors = tuple(position_model(f"TF{n}", k=1 + n % 3) for n in range(17))
    plan = {"enhancers": (counting_model("G"),), "tfbs": factors, "motifs": motif_panel([MOTIF])}
    scorer = _scorer(reference, **plan)
    path = _list(tmp_path, "rs1 1 100 G C", "rs2 1 150 G T", "rs1 1 100 C G")
    output, hits = tmp_path / "out.parquet", tmp_path / "hits.parquet"
    annotate_gwas(path, None, output, scorer=scorer, motif_hits=hits)
    effects = pd.read_parquet(output)
    assert "TF0_risk_log_odds_shift" not in effects
    assert (effects["tfbs_top_gain"].notna() | effects["tfbs_top_loss"].notna()).all()
    table = pd.read_parquet(f"{output}.tfbs.parquet")
    assert len(table) == 2 * 17
    assert set(zip(table["record"], table["allele"], table["pos"], strict=True)) == {
        (0, 1, 100),
        (1, 1, 150),
    }
    rows = tidy(effects, f"{output}.tfbs.parquet")
    assert len(rows) == 3 + 2 * 17
    assert rows["risk_log_odds_shift"].dropna().round(6).tolist() == [1, 1, -1]
    found = pd.read_parquet(hits)
    assert set(found["record"]) <= {0, 1}
    with pytest.warns(UserWarning, match="17 TFBS models"):
        score_gwas(path, scorer=scorer)
    wide = _scorer(reference, **plan, wide=True)
    assert "TF16_risk_log_odds_shift" in score_gwas(path, scorer=wide)


def _ld(folder: Path, *rows: str) -> Path:
    path = folder / "ld.ld"
    path.write_text("\n".join(["CHR_A BP_A SNP_A CHR_B BP_B SNP_B R2", *rows]) + "\n")
    return path


def test_proxies_follow_their_lead_and_keep_its_cells(
    tmp_path: Path, scorer: VariantScorer, sites: Path
) -> None:
    header = "SNP CHR BP effect_allele other_allele beta"
    path = _list(tmp_path, "rs1 1 100 G C 0.1", "rs9 1 99 G A 0.2", "rs2 1 150 G T 0.3",
                 header=header)  # fmt: skip
    path.write_text(path.read_text() + "rs7\t1\t98\tG\tA\t0\n")
    ld = _ld(tmp_path, "1 100 rs1 1 150 rs2 0.9", "1 99 rs9 1 150 rs2 0.85", "1 99 rs9 1 7 rs8 1")
    with pytest.warns(UserWarning, match=r"ld.ld: has no proxies of 1 of the list's 4"):
        effects = score_gwas(path, scorer=scorer, sites=sites, proxies=ld)
    told = effects[["list_row", "SNP", "id", "alt", "proxy_of", "proxy_r2"]].astype(object)
    assert told.fillna("").to_numpy().tolist() == [
        [0, "rs1", "rs1", "T", "", 1],
        [0, "rs1", "rs1", "G", "", 1],
        [0, "rs1", "rs2", "G", "rs1", 0.9],
        [1, "rs9", "rs9", "", "", 1],
        [1, "rs9", "rs8", "", "rs9", 1],
        [1, "rs9", "rs2", "G", "rs9", 0.85],
        [2, "rs2", "rs2", "G", "", 1],
        [2, "rs2", "rs1", "T", "rs2", 0.9],
        [2, "rs2", "rs1", "G", "rs2", 0.9],
        [2, "rs2", "rs9", "", "rs2", 0.85],
        [3, "rs7", "rs7", "", "", 1],
    ]
    is_proxy = effects["proxy_of"].notna()
    assert effects.loc[is_proxy, "risk_effect_size"].isna().all()
    assert effects.loc[~is_proxy, "risk_effect_size"].notna().all()
    assert effects["list_row"].is_monotonic_increasing
    assert not effects.duplicated(["record", "allele"]).any()
    summary = ListSummary.of(effects)
    assert (summary.rows, summary.variants, summary.proxies) == (4, 4, int(is_proxy.sum()))
    output = tmp_path / "out.tsv"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert summary == annotate_gwas(path, None, output, scorer=scorer, sites=sites, proxies=ld)
    assert f"{summary.proxies} of proxies" in str(summary)
    options = json.loads(Path(f"{output}.json").read_text())["options"]
    assert (options["proxies"], options["r2"], "ld_window" in options) == ("ld.ld", 0.8, False)


def test_a_panel_says_which_allele_of_a_proxy_goes_with_the_risk(
    tmp_path: Path, scorer: VariantScorer
) -> None:
    genotypes = [f"{n % 2}|{n % 3 // 2}" for n in range(12)]
    opposite = [g.replace("0", "x").replace("1", "0").replace("x", "1") for g in genotypes]
    head = "##fileformat=VCFv4.3\n##contig=<ID=1,length=300>\n"
    head += '##FORMAT=<ID=GT,Number=1,Type=String,Description="G">\n'
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()
    fixed = [[*columns, *(f"s{n}" for n in range(12))]]
    fixed += [["1", "100", "rs1", "C", "G", ".", ".", ".", "GT", *genotypes]]
    fixed += [["1", "150", "rs2", "T", "G", ".", ".", ".", "GT", *opposite]]
    panel = tmp_path / "panel.vcf"
    panel.write_text(head + "\n".join("\t".join(line) for line in fixed) + "\n")
    pysam.tabix_index(str(panel), preset="vcf", force=True)
    path = _list(tmp_path, "rs1 1 100 G C")
    options = {"ld_panel": f"{panel}.gz", "ld_window": 60, "r2": 0.9}
    effects = score_gwas(path, scorer=scorer, **options)
    assert _signs(effects) == [(0, "G", "G", "C", 1, 1), (0, "G", "T", "G", 1, -1)]
    assert effects["proxy_of"].fillna("").tolist() == ["", "rs1"]
    assert effects.attrs["enhancer_variants"]["options"]["ld_window"] == 60


def test_annotations_name_the_intervals_of_the_ref_allele(
    tmp_path: Path, scorer: VariantScorer
) -> None:
    bed = tmp_path / "ccre.bed"
    bed.write_text("chr1\t99\t100\tE1\nchr1\t90\t110\tE2\nchr1\t150\t160\tE3\n")
    path = _list(tmp_path, "rs1 1 100 G C", "rs2 1 150 G T")
    effects = score_gwas(path, scorer=scorer, annotate={"ccre": bed})
    assert effects["overlaps_ccre"].fillna("").tolist() == ["E1,E2", ""]
    assert effects.columns[-1] == "overlaps_ccre"
    assert effects.attrs["enhancer_variants"]["options"]["annotate"] == {"ccre": "ccre.bed"}
    annotate_gwas(path, None, tmp_path / "o.vcf", scorer=scorer, annotate={"ccre": bed})
    assert "EV_OVERLAPS_CCRE=E1%2CE2" in (tmp_path / "o.vcf").read_text()


def _conflicting(number: int) -> ResolvedAllele:
    return ResolvedAllele(number, 0, "chr1", 9, status=Status.POSITION_CONFLICT)


def test_lists_of_another_build_are_refused(reference: Reference) -> None:
    class Built:
        name, assembly = "fa", "GRCh38"

    built: Any = Built()
    require_stated_build("", "list", built, lifted=False)
    require_stated_build("hg38", "list", built, lifted=False)
    require_stated_build("b37", "list", built, lifted=True)
    require_stated_build("GRCh37", "list", reference, lifted=False)
    with pytest.raises(AssemblyMismatchError, match=r"of GRCh37, and fa is GRCh38.*--chain"):
        require_stated_build("GRCh37", "list", built, lifted=False)
    with pytest.raises(AssemblyMismatchError, match="leave the chain file out"):
        require_stated_build("GRCh38", "list", built, lifted=True)
    require_fitting_panel({"1": 5}, built, "panel")
    with pytest.raises(AssemblyMismatchError, match="panel's contigs are of GRCh37"):
        require_fitting_panel({"1": 249250621}, built, "panel")
    found = ResolvedAllele(99, 0, "chr1", 100, "", "C", "A")
    require_fitting_alleles([*map(_conflicting, range(19)), found], reference, "list")
    lost = [ResolvedAllele(n, 0, "chr1", 9, status=Status.RSID_NOT_FOUND) for n in range(200, 300)]
    with pytest.raises(AssemblyMismatchError, match="20 of the first 21 variants"):
        require_fitting_alleles([*map(_conflicting, range(20)), found, *lost], reference, "list")
    wrong = [
        ResolvedAllele(n, 0, "chr1", n + 20, "", "A" if GENOME[n + 19] == "C" else "C", "T")
        for n in range(30)
    ]
    with pytest.raises(AssemblyMismatchError, match="list: 30 of the first 30 SNVs"):
        require_fitting_alleles(wrong, reference, "list")


def test_a_list_that_states_its_build_is_judged_before_it_is_read(
    tmp_path: Path, scorer: VariantScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reference, "assembly", "GRCh38")
    header = "SNP chr_name pos_hg19 effect_allele other_allele"
    path = _list(tmp_path, "rs1 1 100 G C", header=header)
    with ListRun(path, _ignoring(scorer), ListOptions()) as run:
        assert run.provenance["options"]["list_assembly"] == "GRCh37"
    with pytest.raises(AssemblyMismatchError, match="--chain"):
        score_gwas(path, scorer=_judging(scorer))


def _ignoring(scorer: VariantScorer) -> VariantScorer:
    scorer.ignore_assembly = True
    return scorer


def _judging(scorer: VariantScorer) -> VariantScorer:
    scorer.ignore_assembly = False
    return scorer


def test_options_that_contradict_each_other(tmp_path: Path, scorer: VariantScorer) -> None:
    path = _list(tmp_path, "rs1 1 100 G C")
    cases: Sequence[tuple[dict[str, Any], str]] = [
        ({"proxies": path, "ld_panel": path}, "name one"),
        ({"population": "EUR"}, "population is about a source of sites"),
        ({"merged_ids": path, "sites": _Source()}, "is open already"),
        ({"r2": 0}, "above 0"),
        ({"annotate": {"a b": path}}, "expected a name"),
        ({"strand": "both"}, "own strand"),
    ]
    for options, message in cases:
        with pytest.raises(InputError, match=message):
            score_gwas(path, scorer=scorer, **options)
    with pytest.raises(InputError, match="own reference"):
        score_gwas(path, "genome.fa", scorer=scorer)
    with pytest.raises(InputError, match="no reference"):
        score_gwas(path)
    scorer.reference = None
    with pytest.raises(InputError, match="sequences only"):
        score_gwas(path, scorer=scorer)


class _Source:
    """A source of sites that a caller holds."""

    name = "held"
    closed = False

    def by_rsid(self, rsids: Any) -> dict[str, Any]:
        return {}

    def at(self, places: Any) -> dict[Any, Any]:
        return {}

    def close(self) -> None:
        self.closed = True


def test_a_source_that_is_held_stays_open(tmp_path: Path, scorer: VariantScorer) -> None:
    source = _Source()
    effects = score_gwas(_list(tmp_path, "rs1 1 100 G C"), scorer=scorer, sites=source)
    assert effects["status"].tolist() == ["rsid_not_found"]
    assert effects.attrs["enhancer_variants"]["options"]["sites"] == "held"
    assert not source.closed


def test_outputs_are_no_inputs_and_not_each_other(tmp_path: Path, scorer: VariantScorer) -> None:
    path = _list(tmp_path, "rs1 1 100 G C")
    with pytest.raises(InputError, match="is an input"):
        annotate_gwas(path, None, path, scorer=scorer)
    out = tmp_path / "out.tsv"
    with pytest.raises(InputError, match="is an input"):
        annotate_gwas(path, None, out, scorer=scorer, loci=path)
    with pytest.raises(InputError, match="two tables"):
        annotate_gwas(path, None, out, scorer=scorer, loci=out)
    vcf = tmp_path / "o.vcf"
    with pytest.raises(InputError, match="two tables"):
        annotate_gwas(path, None, vcf, scorer=scorer, loci=f"{vcf}.unresolved.tsv")
    with pytest.raises(InputError, match="names no format"):
        annotate_gwas(path, None, tmp_path / "out.xyz", scorer=scorer)
    assert not out.exists()


def test_a_list_without_rows_gives_a_table_without_rows(
    tmp_path: Path, scorer: VariantScorer
) -> None:
    path = _list(tmp_path)
    effects = score_gwas(path, scorer=scorer)
    assert len(effects) == 0
    assert effects["enhancer_risk_log_odds_shift"].dtype == float
    assert str(ListSummary.of(effects)) == "0 alleles of 0 variants in 0 rows: 0 scored"


def test_own_columns_never_hide_one_of_ours() -> None:
    own = own_columns(["a", "A", "a", "Pos", "list_pos", "", "list_column_6"], ["pos", "list_row"])
    assert own == ("a", "A", "list_a", "list_Pos", "list_pos", "list_column_6",
                   "list_list_column_6")  # fmt: skip


def test_names_of_models_that_would_give_a_column_twice(counting_model: Make) -> None:
    plan = ScoringPlan(enhancers=(counting_model("G", "a"), counting_model("G", "a_risk")))
    with pytest.raises(InputError, match="a_risk_log_odds_shift"):
        layout_of([], plan, with_proxies=False, annotations=())


def test_an_allele_of_another_record_of_the_site_is_not_compared(counting_model: Make) -> None:
    layout = ListLayout((), ScoringPlan(enhancers=(counting_model("G"),)))
    snv = ResolvedAllele(0, 0, "1", 9, "", "A", "G", risk_allele="A", other_allele="AT")
    insertion = ResolvedAllele(0, 0, "1", 9, "", "AC", "AT", risk_allele="A", other_allele="AT")
    rows = [EffectRow((), ListVariant(), allele) for allele in (snv, insertion)]
    names = ["status", "status_detail", "kind"]
    names += [c.name for c in layout.columns if c.name.startswith("enhancer_")]
    names.remove("enhancer_risk_log_odds_shift")
    values = tuple(
        "ok" if n == "status" else 1.0 if n.startswith("enhancer_") and "effect" not in n else None
        for n in names
    )
    table = layout.table(rows, {row.key: values for row in rows if row.key}, names)
    assert np.isnan(table.data["enhancer_risk_log_odds_shift"]).all()


@pytest.mark.realdata
def test_every_row_of_the_catalogue_is_accounted_for(data: Path) -> None:
    scorer = VariantScorer(data / "mpra" / "hg38_elements.fa.gz", motifs=[MOTIF], allow_n=True)
    effects = score_gwas(
        data / "gwas" / "gwas_catalog_2015_hg38.tsv.gz",
        scorer=scorer,
        sites=data / "gwas" / "site_alleles_hg38.vcf",
    )
    assert effects["list_row"].drop_duplicates().tolist() == list(range(22_714))
    found = effects[effects["status"] == "ok"]
    assert set(effects["status"]) == {"ok", "rsid_not_found"}
    listed = found["STRONGEST SNP-RISK ALLELE"].str.strip()
    told = found.assign(listed=listed).groupby("listed").first()
    expected = {
        "rs7903146-T": ("C", "T", "direct", "T", "C"),
        "rs7903146-A": ("C", "T", "complement", "T", "C"),
        "rs7903146-C": ("C", "T", "direct", "C", "T"),
        "rs7903146-?": ("C", "T", "unknown", None, None),
        "rs12203592-T": ("C", "T", "direct", "T", "C"),
        "rs12203592-C": ("C", "T", "direct", "C", "T"),
        "rs12203592-?": ("C", "T", "unknown", None, None),
        "rs12740374-T": ("G", "T", "direct", "T", "G"),
        "rs660240-T": ("T", "C", "direct", "T", "C"),
        "rs660240-A": ("T", "C", "complement", "T", "C"),
    }
    for name, cells in expected.items():
        row = told.loc[name, ["ref", "alt", "orientation", "risk_allele", "other_allele"]]
        assert tuple(None if pd.isna(cell) else cell for cell in row) == cells, name
