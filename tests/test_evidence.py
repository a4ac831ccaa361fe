"""Models, motifs and their agreement in one call, as a user makes it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pysam
import pytest

import enhancer_variants as ev
from enhancer_variants.cli import main
from enhancer_variants.demo import demo_files
from enhancer_variants.motifs import Motif, MotifOptions, MotifPanel, motif_panel
from enhancer_variants.schema import AGREEMENT_COLUMNS, MOTIF_COLUMNS, MOTIF_HIT_COLUMNS

FILES = demo_files()
CTCF = Motif("MA1929", "CTCF", [[0, 100, 0, 0], [0, 100, 0, 0], [50, 0, 50, 0]] * 3)
MOTIF_FILE = """MEME version 4
ALPHABET= ACGT
MOTIF M1 CTCF
letter-probability matrix: alength= 4 w= 8 nsites= 100
{}
MOTIF M2 GATA1
letter-probability matrix: alength= 4 w= 8 nsites= 100
{}
"""


def row_of(base: str) -> str:
    return " ".join("0.97" if b == base else "0.01" for b in "ACGT")


@pytest.fixture
def motif_file(tmp_path: Path) -> Path:
    path = tmp_path / "two.meme"
    sites = ["\n".join(row_of(base) for base in site) for site in ("CCACTAGA", "TGATAAGG")]
    path.write_text(MOTIF_FILE.format(*sites))
    return path


@pytest.fixture(scope="module")
def panel() -> MotifPanel:
    return motif_panel([CTCF, Motif("M2", "SPI1::GATA1", [[100, 0, 0, 0], [0, 0, 100, 0]] * 3)])


def scorer(**options: Any) -> ev.VariantScorer:
    return ev.VariantScorer(FILES.reference, **options)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_motifs_alone_use_windows_of_200(panel: MotifPanel) -> None:
    effects = scorer(motifs=panel).score_vcf(FILES.variants)
    with_model = scorer(enhancer=FILES.model).score_vcf(FILES.variants)
    assert effects["status"].tolist() == with_model["status"].tolist()
    assert not [name for name in effects if name.startswith("agreement")]
    scored = effects["status"] == "ok"
    assert effects["motif_shift_sum"].notna().sum() > 0
    assert effects.loc[~scored, "motif_id"].isna().all()
    narrow = scorer(motifs=panel, window=20).score(["chr1:12:A:T", "chr1:8:A:T"])
    assert "edge" not in narrow["status"].tolist()[:1]


def test_one_call_has_all_evidence_and_the_models_answers_stay(panel: MotifPanel) -> None:
    alone = scorer(enhancer=FILES.model).score_vcf(FILES.variants)
    both = scorer(enhancer=FILES.model, tfbs={"CTCF": FILES.model}, motifs=panel).score_vcf(
        FILES.variants
    )
    names = [c.name for c in (*MOTIF_COLUMNS, *AGREEMENT_COLUMNS)]
    assert set(names) <= set(both.columns)
    for name in alone.columns.drop("status_detail"):
        pd.testing.assert_series_equal(alone[name], both[name])
    assert both["status_detail"].dropna().str.contains("motif=").any()


def test_only_snvs_have_a_p_of_the_change(panel: MotifPanel) -> None:
    effects = scorer(motifs=panel).score_vcf(FILES.variants)
    found = effects[effects["motif_id"].notna()]
    assert (found["motif_p_change"].notna() == (found["kind"] == "snv")).all()
    snvs = found[found["kind"] == "snv"]
    assert (
        (snvs["motif_q_change"] >= snvs["motif_p_change"]) & (snvs["motif_q_change"] <= 1)
    ).all()


def test_the_hits_table_holds_what_the_columns_hold(panel: MotifPanel) -> None:
    loose = motif_panel(panel.pwms, MotifOptions(hit=1.0, no_hit=1.0))
    one = scorer(motifs=loose)
    effects, hits = one.score_vcf(FILES.variants), one.motif_hits(FILES.variants)
    assert list(hits.columns) == [column.name for column in MOTIF_HIT_COLUMNS]
    scored = effects[effects["motif_id"].notna()]
    assert len(hits) == 2 * len(scored)  # everything is a hit: both motifs of every allele
    joined = scored.merge(hits, on=["record", "allele", "motif_id"], suffixes=("", "_hit"))
    assert len(joined) == len(scored)
    for name in ("motif_score_ref", "motif_p_alt", "motif_start_ref", "motif_strand"):
        left, right = joined[name].astype(object), joined[f"{name}_hit"].astype(object)
        if name.startswith(("motif_score", "motif_p")):
            np.testing.assert_allclose(left.astype(float), right.astype(float), rtol=1e-6)
        else:
            assert left.tolist() == right.tolist()
    pd.testing.assert_frame_equal(hits, one.motif_hits(str(FILES.variants)))
    assert one.motif_hits(["chr1:2009:A:T"])["chrom"].unique().tolist() == ["chr1"]


def test_motif_hits_need_motifs() -> None:
    with pytest.raises(ev.InputError, match="has no motifs"):
        scorer(enhancer=FILES.model).motif_hits(FILES.variants)


def test_sequences_are_read_with_motifs_too() -> None:
    panel = motif_panel([Motif("M2", "GATA1", [[100, 0, 0, 0], [0, 0, 100, 0]] * 4)])
    one = ev.VariantScorer(None, motifs=panel)
    ref, alt = "CCCCC" + "AGAGAGAG" + "CCCCC", "CCCCC" + "AGAGTGAG" + "CCCCC"
    effects = one.score_sequences([ref, ref], [alt, ref])
    assert effects["motif_effect"].fillna("").tolist() == ["weakened", ""]
    assert effects["motif_start_ref"].tolist()[0] == 5
    assert effects["motif_shift_sum"][0] < 0


def test_a_vcf_lists_the_hits_of_its_alleles(motif_file: Path, tmp_path: Path) -> None:
    vcf = tmp_path / "input.vcf"
    sequence = pysam.FastaFile(str(FILES.reference)).fetch("chr1")
    place = sequence.index("TGATAAGG") + 3
    others = [base for base in "ACGT" if base != sequence[place - 1]]
    vcf.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t{place}\t.\t{sequence[place - 1]}\t{','.join(others)}\t.\t.\t.\n"
        f"chr1\t200\t.\t{sequence[199]}\t.\t.\t.\t.\n"
    )
    output = tmp_path / "out.vcf.gz"
    one = scorer(motifs=motif_file)
    one.annotate(vcf, output, motif_hits=tmp_path / "hits.parquet")
    with pysam.VariantFile(str(output)) as file:
        declared = file.header.info["EV_MOTIF_HITS"]
        assert (declared.number, declared.type) == (".", "String")
        assert "Format: ALLELE|ID|TF|EFFECT" in declared.description
        first, second = file
    entries = [entry.split("|") for entry in first.info["EV_MOTIF_HITS"]]
    assert {entry[0] for entry in entries} == {"1", "2", "3"}
    assert {(entry[1], entry[2]) for entry in entries} == {("M2", "GATA1")}
    assert {entry[3] for entry in entries} <= {"disrupted", "weakened"}
    assert len(entries[0]) == declared.description.partition("Format: ")[2].count("|") + 1
    assert "EV_MOTIF_HITS" not in second.info
    assert len(first.info["EV_MOTIF_ID"]) == 3
    effects = one.score_vcf(vcf)
    np.testing.assert_allclose(
        first.info["EV_MOTIF_SCORE_REF"], effects["motif_score_ref"][:3], rtol=1e-5
    )
    hits = pd.read_parquet(tmp_path / "hits.parquet")
    assert len(hits) == 3
    assert json.loads(pq.read_schema(tmp_path / "hits.parquet").metadata[b"enhancer_variants"])


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="no bcftools here")
def test_bcftools_reads_every_motif_value(panel: MotifPanel, tmp_path: Path) -> None:
    for name in ("effects.vcf.gz", "effects.bcf"):
        scorer(motifs=panel).annotate(FILES.variants, tmp_path / name)
        keys = "[%EV_MOTIF_P_REF][%EV_MOTIF_START_ALT]".replace("[", "").replace("]", "\t")
        command = ["bcftools", "query", "-f", f"%POS\t{keys}%EV_MOTIF_HITS\n", tmp_path / name]
        lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        assert len(lines.splitlines()) == 24
        assert any("e-0" in line or "0." in line for line in lines.splitlines())


def test_what_a_run_was_made_with_is_told(panel: MotifPanel) -> None:
    found = scorer(motifs=panel, agreement_shift=2.0).score(["chr1:2009:A:T"])
    motifs = found.attrs["enhancer_variants"]["motifs"]
    assert motifs["agreement_shift"] == 2.0
    assert motifs["window_length"] == 200
    assert motifs["sha256"] == panel.sha256
    without = scorer(enhancer=FILES.model).score(["chr1:2009:A:T"])
    assert without.attrs["enhancer_variants"]["motifs"] is None


def test_the_command_line_takes_motifs_and_folders(
    motif_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models"
    for name in ("CTCF", "SPI1"):
        shutil.copytree(FILES.model, folder / name)
    base = ["score", FILES.variants, "-r", FILES.reference, "-q", "-o", tmp_path / "e.parquet"]
    tables = ["--tfbs-table", tmp_path / "t.parquet", "--motif-hits", tmp_path / "h.parquet"]
    options = ["--motif-background", "0.3,0.2,0.2,0.3", "--motif-pseudocount", "1"]
    asked = ["--tfbs-dir", folder, "--tfbs", f"GATA1={FILES.model}", "--motifs", motif_file]
    assert run(*base, *tables, *options, *asked, "--model-memory", "1K") == 0
    effects = pd.read_parquet(tmp_path / "e.parquet")
    assert {"GATA1_p", "CTCF_log_odds_shift", "agreement"} - set(effects) == {"GATA1_p"}
    long = pd.read_parquet(tmp_path / "t.parquet")
    assert long["model"].unique().tolist() == ["GATA1", "CTCF", "SPI1"]
    assert set(long.loc[long["model"] == "SPI1", "agreement"].dropna()) == {"no_motif"}
    provenance = json.loads(pq.read_schema(tmp_path / "e.parquet").metadata[b"enhancer_variants"])
    assert provenance["motifs"]["background"] == [0.3, 0.2, 0.2, 0.3]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--motif-p-hit", "1e-5", "--enhancer", FILES.model], 2, "--motif-p-hit needs --motifs"),
        (["--motif-background", "a,b", "--motifs", "JASPAR2024"], 2, "not four numbers"),
        (["--motif-hits", "h.parquet", "--enhancer", FILES.model], 1, "no motifs are named"),
        (["--tfbs-table", "t.parquet", "--enhancer", FILES.model], 1, "no TFBS model is named"),
        (["--motifs", "no-such-file"], 1, "no-such-file"),
        (["--model-memory", "much", "--enhancer", FILES.model], 1, "expected 'auto'"),
        (["--motif-hits", "h.tsv", "--enhancer", FILES.model], 1, "ends in .parquet"),
        (["--motifs", "JASPAR2024", "--motif-hits", "-"], 1, "ends in .parquet"),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: list[object],
    status: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("score", FILES.variants, "-r", FILES.reference, *options) == status
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_many_models_and_standard_output_need_a_table(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    factors = {f"TF{number}": FILES.model for number in range(17)}
    one = scorer(tfbs=factors)
    with pytest.raises(ev.InputError, match="--tfbs-table"):
        one.annotate(FILES.variants, None)
    one.annotate(FILES.variants, None, tfbs_table=tmp_path / "t.parquet")
    assert b"EV_TFBS_TOP_GAIN" in capsysbinary.readouterr().out
    assert len(pd.read_parquet(tmp_path / "t.parquet")) == 17 * 26
    one.annotate(FILES.variants, tmp_path / "e.tsv")
    assert (tmp_path / "e.tsv.tfbs.parquet").exists()
    wide = scorer(tfbs=factors, wide=True)
    wide.annotate(FILES.variants, tmp_path / "wide.tsv")
    assert not (tmp_path / "wide.tsv.tfbs.parquet").exists()
    assert len(pd.read_csv(tmp_path / "wide.tsv", sep="\t").columns) == 10 + 17 * 7


def test_two_tables_in_one_file_are_refused(panel: MotifPanel, tmp_path: Path) -> None:
    one = scorer(tfbs={"CTCF": FILES.model}, motifs=panel)
    same = tmp_path / "same.parquet"
    with pytest.raises(ev.InputError, match="two tables would be written there"):
        one.annotate(FILES.variants, same, motif_hits=same)


@pytest.mark.parametrize("name", ["variants.vcf", "genome.fa", "genome.fa.fai", "two.meme"])
def test_nothing_that_is_read_is_written_over(motif_file: Path, tmp_path: Path, name: str) -> None:
    files = FILES.copied_to(tmp_path)
    one = ev.VariantScorer(files.reference, motifs=motif_file)
    one.score(["chr1:2009:A:T"])  # makes the index
    before = (tmp_path / name).read_bytes()
    with pytest.raises(ev.InputError, match="is an input"):
        one.annotate(files.variants, tmp_path / name, "tsv")
    assert (tmp_path / name).read_bytes() == before


def test_effects_are_there_only_where_all_else_is(
    panel: MotifPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: (names.append(Path(b).name), replace(a, b)))
    one = scorer(tfbs={"CTCF": FILES.model}, motifs=panel)
    tables = {"tfbs_table": tmp_path / "t.parquet", "motif_hits": tmp_path / "h.parquet"}
    one.annotate(FILES.variants, tmp_path / "e.vcf", **tables)
    assert sorted(names[:2]) == ["h.parquet", "t.parquet"]
    assert names[2:] == ["e.vcf"]


def test_a_file_that_is_not_there_is_no_empty_answer(panel: MotifPanel) -> None:
    with pytest.raises(ev.VariantFileError, match=r"missing\.vcf"):
        scorer(motifs=panel).motif_hits("missing.vcf")
    with pytest.raises(ev.InputError, match="at hand"):
        scorer(motifs=panel).motif_hits(["chr1:2009:A:T"], regions="chr1:1-10")


def test_an_allele_too_long_for_motifs_has_a_status(panel: MotifPanel, tmp_path: Path) -> None:
    genome = tmp_path / "long.fa"
    genome.write_text(">c\n" + "ACGTTGCA" * 8_000 + "\n")
    ref = ("ACGTTGCA" * 8_000)[31_999:41_010]
    one = ev.VariantScorer(genome, motifs=panel, window=40_000)
    found = one.score([f"c:32000:{ref}:{ref[0]}", "c:32000:A:T"])
    assert found["status"].tolist() == ["too_long", "ok"]
    assert "motifs are looked for" in found["status_detail"][0]
    pairs = one.score_sequences(["A" * 9_000], ["C" * 9_000])
    assert pairs["status"].tolist() == ["too_long"]


def test_a_frame_of_many_models_says_what_it_lacks() -> None:
    one = scorer(tfbs={f"TF{number}": FILES.model for number in range(17)})
    with pytest.warns(UserWarning, match="of 17 TFBS models the table holds only"):
        one.score(["chr1:2009:A:T"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"motifs": ["JASPAR2024"]}, "motifs holds 'JASPAR2024'"),
        ({"motifs": 5}, "motifs is 5"),
        ({"motifs": [CTCF], "window": 0}, "window is 0"),
        ({"motifs": [CTCF], "window": "200"}, "window is '200'"),
        ({"motifs": [Motif("M", "M", [[1, 2, 3, 4]] * 300)]}, "has 300 positions"),
    ],
)
def test_what_is_no_motif_or_window_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ev.InputError, match=message):
        scorer(**options)


def test_models_read_from_disk_answer_as_those_in_memory() -> None:
    factors = {"CTCF": FILES.model, "SPI1": FILES.model}
    kept = scorer(enhancer=FILES.model, tfbs=factors).score_vcf(FILES.variants)
    read = scorer(enhancer=FILES.model, tfbs=factors, model_memory=0).score_vcf(FILES.variants)
    pd.testing.assert_frame_equal(kept, read)
