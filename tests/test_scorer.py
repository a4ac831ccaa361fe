from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cyvcf2
import numpy as np
import pandas as pd
import pyfaidx
import pysam
import pytest

import enhancer_variants as ev
from enhancer_variants import scorer as scorer_module
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.effects import checked_input
from enhancer_variants.errors import FastaError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.progress import ProgressBar
from enhancer_variants.schema import IDENTITY_COLUMNS, LIST_STATUSES, MODEL_QUANTITIES

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def files() -> DemoFiles:
    return demo_files()


@pytest.fixture(scope="module")
def scorer(files: DemoFiles) -> ev.VariantScorer:
    return ev.VariantScorer(files.reference, enhancer=files.model)


@pytest.fixture(scope="module")
def effects(scorer: ev.VariantScorer, files: DemoFiles) -> pd.DataFrame:
    return scorer.score_vcf(files.variants)


def test_one_row_per_alt_in_input_order(effects: pd.DataFrame, files: DemoFiles) -> None:
    lines = [line.split("\t") for line in files.variants.read_text().splitlines() if line[0] != "#"]
    expected = [
        (record, line[0], int(line[1]), line[2], line[3], alt)
        for record, line in enumerate(lines)
        for alt in line[4].split(",")
    ]
    found = effects[["record", "chrom", "pos", "id", "ref", "alt"]].itertuples(index=False)
    assert [tuple(row) for row in found] == expected


def test_every_record_kind_of_the_demo_has_the_status_it_is_named_for(
    effects: pd.DataFrame,
) -> None:
    status = dict(zip(effects["id"], effects["status"], strict=True))
    assert status == {
        "edge": "edge",
        "CTCF_site": "ok",
        "two_alts": "ok",
        "GATA1_site": "ok",
        "mnv": "ok",
        "SPI1_site": "ok",
        "insertion": "ok",
        "repeat_deletion": "ok",
        "same_deletion_right": "ok",
        "delins": "ok",
        "structural": "symbolic",
        "breakend": "breakend",
        "spanning": "ok",
        "reference_block": "symbolic",
        "monomorphic": "no_alt",
        "iupac": "non_acgt",
        "same": "same_allele",
        "wrong_ref": "ref_mismatch",
        "near_n": "has_n",
        "long_insertion": "too_long",
        "soft_masked": "ok",
        "other_name": "ok",
        "REST_site": "ok",
        "unknown_contig": "no_contig",
    }
    scored = effects["status"] == "ok"
    assert effects.loc[scored, "enhancer_log_odds_shift"].notna().all()
    assert effects.loc[~scored, "enhancer_log_odds_shift"].isna().all()


def test_one_deletion_spelled_twice_has_one_score(effects: pd.DataFrame) -> None:
    shifts = effects.set_index("id")["enhancer_log_odds_shift"]
    assert shifts["repeat_deletion"] == shifts["same_deletion_right"]
    assert shifts["repeat_deletion"] != 0


def test_columns_are_those_declared(effects: pd.DataFrame) -> None:
    identity = [column.name for column in IDENTITY_COLUMNS]
    quantities = [f"enhancer_{column.name}" for column in MODEL_QUANTITIES]
    assert list(effects.columns) == identity + quantities
    assert effects["enhancer_prob_ref"].dtype == np.float64
    assert str(effects["pos"].dtype) == "Int64"


def test_what_is_reported_fits_together(effects: pd.DataFrame) -> None:
    ok = effects[effects["status"] == "ok"]
    shift = ok["enhancer_log_odds_alt"] - ok["enhancer_log_odds_ref"]
    np.testing.assert_allclose(ok["enhancer_log_odds_shift"], shift)
    np.testing.assert_allclose(
        ok["enhancer_prob_ref"], 1 / (1 + 2 ** -ok["enhancer_log_odds_ref"]), rtol=1e-12
    )


def test_every_way_in_gives_the_same_effects(
    scorer: ev.VariantScorer, files: DemoFiles, effects: pd.DataFrame, tmp_path: Path
) -> None:
    expected = effects["enhancer_log_odds_shift"]

    def same(found: pd.DataFrame, rows: pd.Series | slice = slice(None)) -> None:
        pd.testing.assert_series_equal(
            found["enhancer_log_odds_shift"], expected[rows].reset_index(drop=True), atol=1e-4
        )

    compressed = tmp_path / "variants.vcf.gz"
    compressed.write_bytes(gzip.compress(files.variants.read_bytes()))
    same(scorer.score_vcf(compressed))
    with pysam.VariantFile(str(files.variants)) as held:
        same(scorer.score_vcf(held))
        same(scorer.score(held))
        same(scorer.score(list(held)))
    same(scorer.score_vcf(cyvcf2.VCF(str(files.variants))))
    same(scorer.score(list(cyvcf2.VCF(str(files.variants)))))
    same(pd.concat(scorer.iter_vcf(files.variants, chunk_size=3), ignore_index=True))
    same(scorer.score(effects))  # a DataFrame with chrom, pos, ref, alt
    same(ev.score_vcf(files.variants, files.reference, enhancer=files.model))
    sites = effects["id"].str.endswith("_site")
    table = scorer.score_vcf(files.risk_list)
    same(table, sites)
    spelled = effects[sites].apply(lambda r: f"{r.chrom}-{r.pos}-{r.ref}-{r.alt}", axis=1)
    same(scorer.score(spelled.tolist()), sites)
    variants = [ev.Variant.parse(text) for text in spelled]
    same(scorer.score(variants), sites)


def test_every_way_to_hold_the_reference_gives_the_same_effects(
    files: DemoFiles, effects: pd.DataFrame
) -> None:
    for held in (
        pysam.FastaFile(str(files.reference)),
        pyfaidx.Fasta(str(files.reference)),
        ev.Reference(files.reference),
        str(files.reference),
    ):
        found = ev.VariantScorer(held, enhancer=files.model).score_vcf(files.variants)
        pd.testing.assert_frame_equal(found, effects)


def test_batches_change_nothing_beyond_the_tolerance(
    files: DemoFiles, effects: pd.DataFrame
) -> None:
    for batch_size in (1, 7):
        scorer = ev.VariantScorer(files.reference, enhancer=files.model, batch_size=batch_size)
        found = scorer.score_vcf(files.variants)
        difference = found["enhancer_log_odds_shift"] - effects["enhancer_log_odds_shift"]
        assert difference.abs().max() <= 1e-4


def test_text_that_is_no_variant_has_its_row(scorer: ev.VariantScorer) -> None:
    found = scorer.score(["chr1:3000:A", "nonsense", "chr1:1:A:T"])
    assert found["status"].tolist()[:2] == ["invalid_record"] * 2
    assert found["id"].tolist()[:2] == ["chr1:3000:A", "nonsense"]
    assert found["allele"].tolist()[:2] == [0, 0]
    assert scorer.score([]).columns.tolist() == found.columns.tolist()
    with pytest.raises(ev.InputError, match="item 0 is 7"):
        scorer.score([7])


def test_sequences_need_no_genome(files: DemoFiles, effects: pd.DataFrame) -> None:
    scorer = ev.VariantScorer(None, enhancer=files.model)
    reference = ev.Reference(files.reference)
    contig = reference.find("chr1")
    row = effects[effects["id"] == "CTCF_site"].iloc[0]
    start = row["pos"] - 1 - 100
    ref = contig.bases(start, start + 200)
    alt = ref[:100] + row["alt"] + ref[101:]
    found = scorer.score_sequences([ref, ref[:80]], [alt, alt[:90]])
    assert found["enhancer_log_odds_shift"][0] == pytest.approx(
        row["enhancer_log_odds_shift"], abs=1e-4
    )
    assert found["pos"].isna().all()
    assert found["status"].tolist() == ["ok", "ok"]
    with pytest.raises(ev.InputError, match="no reference genome"):
        scorer.score_vcf(files.variants)
    moved = ev.VariantScorer(None, enhancer=files.model, shifts=2)
    with pytest.raises(ev.InputError, match="mean nothing for given sequences"):
        moved.score_sequences([ref], [alt])


def test_averaging_both_strands_is_the_mean_of_the_two(
    files: DemoFiles, effects: pd.DataFrame
) -> None:
    both = ev.VariantScorer(files.reference, enhancer=files.model, strand="both")
    found = both.score_vcf(files.variants)
    row = effects["id"].tolist().index("SPI1_site")
    contig = ev.Reference(files.reference).find("chr1")
    start = effects["pos"][row] - 101
    ref = contig.bases(start, start + 200)
    alt = ref[:100] + effects["alt"][row] + ref[101:]
    turned = ev.VariantScorer(None, enhancer=files.model).score_sequences(
        [reverse_complement(ref)], [reverse_complement(alt)]
    )["enhancer_log_odds_shift"][0]
    forward = effects["enhancer_log_odds_shift"][row]
    mean = (forward + turned) / 2
    assert found["enhancer_log_odds_shift"][row] == pytest.approx(mean, abs=1e-4)
    spread = found["enhancer_log_odds_shift_spread"][row]
    assert spread == pytest.approx(abs(forward - turned), abs=1e-4)


def test_several_models_are_scored_in_one_call(files: DemoFiles) -> None:
    scorer = ev.VariantScorer(
        files.reference, tfbs={"NKX2-5": files.model, "MAX::MYC": files.model}
    )
    found = scorer.score_vcf(files.variants)
    assert "enhancer_log_odds_shift" not in found
    pd.testing.assert_series_equal(
        found["NKX2-5_log_odds_shift"], found["MAX::MYC_log_odds_shift"], check_names=False
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"enhancer": {}}, ev.InputError, "no model is named"),
        ({"enhancer": "no/such/folder"}, ev.CheckpointError, "no such directory"),
        ({"window": 300}, ev.ModelError, "card says 200"),
        ({"enhancer": 5}, ev.InputError, "expected its directory"),
        ({"enhancer": None, "tfbs": "a/folder"}, ev.InputError, "a/folder: no directory"),
        ({"enhancer": None, "tfbs": "folder"}, ev.CheckpointError, "folder: no such directory"),
        ({"tfbs": 5}, ev.InputError, "tfbs is 5"),
        ({"motifs": "no-such-set"}, ev.InputError, "neither a set of motifs nor a file"),
        ({"agreement_shift": -1.0}, ev.InputError, "agreement_shift is -1.0"),
        ({"model_memory": "much"}, ev.ModelError, "model_memory is 'much'"),
        ({"enhancer": {"motif": demo_files().model}}, ev.InputError, "name other things"),
        ({"padding": "dnabert"}, ev.ModelError, "card says 'none'"),
        ({"shifts": 100}, ev.InputError, "shifts is 100"),
        ({"device": "abacus"}, ev.ModelError, "abacus"),
    ],
)
def test_what_cannot_be_scored_is_refused_at_once(
    files: DemoFiles, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    if "enhancer" not in options:
        options = {"enhancer": files.model, **options}
    with pytest.raises(error, match=message):
        ev.VariantScorer(files.reference, **options)


def test_a_model_without_a_card_warns_what_is_assumed(files: DemoFiles, tmp_path: Path) -> None:
    bare = demo_files().copied_to(tmp_path).model
    (bare / "enhancer_variants.json").unlink()
    with pytest.warns(UserWarning, match="assumed") as caught:
        scorer = ev.VariantScorer(files.reference, enhancer=bare)
    assert all(str(warning.message).startswith("enhancer: ") for warning in caught)
    provenance = scorer.score(["chr1:3000:A:T"]).attrs["enhancer_variants"]
    assert "200 are assumed" in " ".join(provenance["models"][0]["assumptions"])


FORMATS = ["vcf", "vcf.gz", "bcf", "tsv", "tsv.gz", "parquet"]


@pytest.mark.parametrize("ending", FORMATS)
def test_annotate_writes_what_score_vcf_returns(
    scorer: ev.VariantScorer,
    files: DemoFiles,
    effects: pd.DataFrame,
    tmp_path: Path,
    ending: str,
) -> None:
    output = tmp_path / f"effects.{ending}"
    summary = scorer.annotate(files.variants, output)
    assert (summary.records, summary.alleles) == (24, len(effects))
    assert summary.scored == (effects["status"] == "ok").sum()
    expected = effects["enhancer_log_odds_shift"]
    if ending == "parquet":
        pd.testing.assert_frame_equal(
            pd.read_parquet(output), effects, check_dtype=False, check_exact=False, atol=1e-4
        )
    elif "tsv" in ending:
        table = pd.read_csv(output, sep="\t")
        assert list(table.columns) == list(effects.columns)
        np.testing.assert_allclose(table["enhancer_log_odds_shift"], expected, rtol=1e-5, atol=1e-4)
        provenance = json.loads((tmp_path / f"effects.{ending}.json").read_text())
        assert provenance["notice"] == "For research, not for clinical use."
    else:
        with pysam.VariantFile(str(output)) as written:
            shifts = [
                value
                for record in written
                for value in record.info.get("EV_ENHANCER_LOG_ODDS_SHIFT", (None,))
            ]
        found = np.array(shifts, dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)
    leftovers = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert leftovers == []


def _every_status(files: DemoFiles, ending: bytes) -> bytes:
    """The demo's records, samples added, and lines that are no records."""
    lines = files.variants.read_bytes().splitlines()
    whole = [
        line
        if line[:2] == b"##"
        else line + (b"\tFORMAT\tS1" if line[:1] == b"#" else b"\tGT\t0/1")
        for line in lines
    ]
    no_records = [
        b"chr1\t.\trs1\tA\tT\t.\t.\t.\tGT\t0/1",
        b"chr1\t99999999999\t.\tA\tT\t.\t.\t.",
        b"chr1\t100\t.\tA",
        b"chr1\t3000\t\xff\tA\tT\t.\t.\t.",
        b"",
    ]
    odd = [
        b"chr1\t0\ttelomere\tN\tT\t.\t.\t.",
        b"chr1\t0\tbefore\tA\tT\t.\t.\t",
        b"chr1\t12000\tpast\tAA\tT\t.\t.\tX;",
    ]
    return ending.join([*whole, *no_records, *odd]) + ending


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_vcf_of_every_status_comes_back_with_only_info_appended(
    files: DemoFiles, tmp_path: Path, ending: bytes
) -> None:
    vcf, output = tmp_path / "in.vcf", tmp_path / "out.vcf"
    vcf.write_bytes(_every_status(files, ending))
    scorer = ev.VariantScorer(
        files.reference, enhancer=files.model, tfbs={"NKX2-5": files.model}, strand="both"
    )
    summary = scorer.annotate(vcf, output)
    assert set(summary.statuses) == set(ev.Status) - LIST_STATUSES
    frame = scorer.score_vcf(vcf)
    filled = frame.drop(columns=["status_detail"]).notna().any()
    assert filled.all()
    written = output.read_bytes()
    for column in scorer.plan.columns:
        assert not column.vcf_key or column.vcf_key.encode() + b"=" in written
    kept = [
        re.sub(rb"(^|\t|;)EV_STATUS=[^\t\r\n]*", rb"\1", line)
        for line in written.splitlines(keepends=True)
        if not re.match(rb"##(INFO=<ID=EV_|enhancer_variants=)", line)
    ]
    before = vcf.read_bytes().splitlines(keepends=True)
    assert len(kept) == len(before)
    for ours, theirs in zip(kept, before, strict=True):
        # What stays of `;EV_...` and of a `.` that was replaced is all that may differ.
        assert _info_cut(ours) == _info_cut(theirs)


def _info_cut(line: bytes) -> list[bytes]:
    fields = line.split(b"\t")
    if len(fields) >= 8 and not line.startswith(b"#"):
        stripped = fields[7].rstrip(b"\r\n")
        rest = fields[7][len(stripped) :]
        fields[7] = (b"" if stripped == b"." else stripped.rstrip(b";")) + rest
    return fields


def test_equal_runs_write_equal_bytes(
    scorer: ev.VariantScorer, files: DemoFiles, tmp_path: Path
) -> None:
    for ending in FORMATS:
        one, other = tmp_path / f"one.{ending}", tmp_path / f"other.{ending}"
        scorer.annotate(files.variants, one)
        scorer.annotate(files.variants, other)
        assert one.read_bytes() == other.read_bytes()
        assert str(tmp_path).encode() not in one.read_bytes()


def test_another_build_ends_before_anything_is_written(
    scorer: ev.VariantScorer, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    lines = "".join(f"chr1\t{n}\t.\tA\tT\t.\t.\t.\n" for n in range(200, 300))
    vcf = tmp_path / "other.vcf"
    vcf.write_text("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + lines)
    for output in (tmp_path / "out.vcf", None):
        with pytest.raises(ev.AssemblyMismatchError, match="of the first 100 SNVs"):
            scorer.annotate(vcf, output)
    assert not (tmp_path / "out.vcf").exists()
    assert capsysbinary.readouterr().out == b""
    forced = ev.VariantScorer(
        scorer.reference, enhancer=demo_files().model, ignore_assembly=True
    ).score_vcf(vcf)
    assert set(forced["status"]) <= {"ok", "ref_mismatch"}


def test_a_reference_that_is_changed_meanwhile_gives_no_output(
    files: DemoFiles, tmp_path: Path
) -> None:
    reference, output = tmp_path / "genome.fa", tmp_path / "effects.vcf"
    shutil.copy(files.reference, reference)
    scorer = ev.VariantScorer(reference, enhancer=files.model, device="cpu", progress=False)
    tables = scorer.iter_vcf(files.variants, chunk_size=8)
    next(tables)
    reference.write_bytes(files.reference.read_bytes().replace(b"A", b"C"))
    with pytest.raises(FastaError, match=r"genome\.fa: was changed while it was read"):
        list(tables)
    with pytest.raises(FastaError, match="was changed"):
        scorer.annotate(files.variants, output)
    assert not output.exists()


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("effects.xlsx", {}, "names no format"),
        ("no/such/folder/effects.vcf", {}, "no such folder"),
        ("effects.vcf", {"format": "docx"}, "not one of"),
        ("again.vcf", {}, "already declares EV_"),
        ("effects.bcf", {}, r"in\.vcf:\d+ is no record.*has no place for it"),
    ],
)
def test_what_the_output_objects_to_comes_before_any_scoring(
    scorer: ev.VariantScorer,
    files: DemoFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    output: str,
    options: dict[str, str],
    message: str,
) -> None:
    source = tmp_path / "in.vcf"
    if output == "again.vcf":
        scorer.annotate(files.variants, source)
    else:
        source.write_bytes(files.variants.read_bytes() + b"no record\n")
    monkeypatch.setattr(scorer_module, "score_chunks", lambda *_: pytest.fail("scored"))
    with pytest.raises(ev.InputError, match=message):
        scorer.annotate(source, tmp_path / output, **options)


def test_a_table_row_that_no_vcf_line_can_hold_ends_before_scoring(
    scorer: ev.VariantScorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "variants.tsv"
    table.write_text("chrom\tpos\tref\talt\nchr1\t3000\tG\tA\nchr1\tx\tG\tA\n")
    monkeypatch.setattr(scorer_module, "score_chunks", lambda *_: pytest.fail("scored"))
    with pytest.raises(ev.VariantFileError, match=r"variants\.tsv:3 is no record"):
        scorer.annotate(table, tmp_path / "effects.vcf")


def test_the_provenance_names_the_model_and_not_only_its_columns(
    effects: pd.DataFrame, scorer: ev.VariantScorer, files: DemoFiles
) -> None:
    model = effects.attrs["enhancer_variants"]["models"][0]
    assert (model["name"], model["card_name"]) == ("enhancer", "random")
    assert "mean nothing" in model["notes"]
    for frame in scorer.iter_vcf(files.variants, chunk_size=10):
        assert frame.attrs == effects.attrs


def test_a_long_allele_is_not_taken_for_a_file(scorer: ev.VariantScorer) -> None:
    """No file name can be as long; asking for one fails on its own account."""
    assert scorer.score("chr1:3000:G:" + "GATTACA" * 1_000)["status"].tolist() == ["too_long"]
    with pytest.raises(ev.VariantFileError, match="cannot be read"):
        scorer.score_vcf("x" * 5_000 + ".vcf")


def test_a_file_is_opened_again_only_where_its_header_is_suspicious(
    scorer: ev.VariantScorer, files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    open_once = checked_input.open_variants
    monkeypatch.setattr(
        checked_input,
        "open_variants",
        lambda *given: (opened.append(given[0]), open_once(*given))[1],
    )
    assert len(scorer.score_vcf(files.variants)) == 26
    assert opened == [files.variants]


def test_a_file_is_not_taken_for_a_variant(scorer: ev.VariantScorer, files: DemoFiles) -> None:
    with pytest.raises(ev.InputError, match="is a file: score it with score_vcf"):
        scorer.score(str(files.variants))
    assert len(scorer.score(files.variants)) == 26


def test_a_contig_of_another_build_far_down_ends_before_any_scoring(
    scorer: ev.VariantScorer,
    files: DemoFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    contig = ev.Reference(files.reference).find("chr1")
    bases = contig.bases(0, contig.length)
    snvs = "".join(
        f"chr1\t{n}\t.\t{bases[n - 1]}\t{'A' if bases[n - 1] != 'A' else 'C'}\t.\t.\t.\n"
        for n in range(1, 4_200)  # more than a chunk
    )
    vcf = tmp_path / "late.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    lengths = "##contig=<ID=chr2,length=5>\n##contig=<ID=chr1,length=12000>\n"
    vcf.write_text(f"##fileformat=VCFv4.2\n{lengths}{columns}{snvs}")
    assert len(scorer.score_vcf(vcf)) == 4_199  # chr2 carries no record
    vcf.write_text(vcf.read_text() + "chr2\t10\t.\tA\tT\t.\t.\t.\n")
    monkeypatch.setattr(scorer_module, "score_chunks", lambda *_: pytest.fail("scored"))
    with pytest.raises(ev.AssemblyMismatchError, match="chr2 has 5 bases by its header"):
        scorer.annotate(vcf, None)
    assert capsysbinary.readouterr().out == b""


def test_a_failing_run_leaves_the_old_output(
    scorer: ev.VariantScorer, files: DemoFiles, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.vcf.gz"
    whole = gzip.compress(files.variants.read_bytes())
    cut.write_bytes(whole[:-20])
    for ending in FORMATS:
        output = tmp_path / f"effects.{ending}"
        output.write_text("old")
        with pytest.raises(ev.VariantFileError, match="truncated"):
            scorer.annotate(cut, output)
        assert output.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {
        "cut.vcf.gz",
        *(f"effects.{ending}" for ending in FORMATS),
    }


def test_the_output_is_not_the_input(scorer: ev.VariantScorer, tmp_path: Path) -> None:
    copy = demo_files().copied_to(tmp_path)
    with pytest.raises(ev.InputError, match="is an input"):
        scorer.annotate(copy.variants, copy.variants)
    with pytest.raises(ev.InputError, match="names no format"):
        scorer.annotate(copy.variants, tmp_path / "effects.xlsx")


def test_standard_input_to_standard_output(
    scorer: ev.VariantScorer,
    files: DemoFiles,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(files.variants.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    scorer.annotate("-", None)
    written = capsysbinary.readouterr().out
    assert sum(not line.startswith(b"#") for line in written.splitlines()) == 24
    assert b'"input": "standard input"' in written


def test_a_summary_reads_like_a_sentence() -> None:
    assert str(ev.RunSummary(1, 1, {ev.Status.OK: 1})) == "1 allele in 1 record: 1 scored"


def test_21_models_on_disk_are_each_read_once_for_a_large_chunk(
    files: DemoFiles, effects: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One model after the other over many records: not each again for every few records."""
    factors = {}
    for number in range(20):
        factors[f"TF{number}"] = tmp_path / str(number)
        shutil.copytree(files.model, factors[f"TF{number}"])
    monkeypatch.setattr(checked_input, "RECORDS_PER_CHUNK", 4)
    scorer = ev.VariantScorer(
        files.reference, enhancer=files.model, tfbs=factors, wide=True, model_memory=0
    )
    assert scorer.records_per_chunk == 128
    reads: list[Path] = []
    read = scorer._shelf._read
    monkeypatch.setattr(scorer._shelf, "_read", lambda path: (reads.append(path), read(path))[1])
    told: list[float] = []
    monkeypatch.setattr(ProgressBar, "advance", lambda _, alleles: told.append(alleles))
    found = scorer.score_vcf(files.variants)
    assert len(reads) == len(set(reads)) >= 20  # one at most stayed in memory
    assert sum(told) == pytest.approx(len(found))
    for name in ("enhancer", *factors):  # they are copies of one model
        shifts = found[f"{name}_log_odds_shift"]
        np.testing.assert_allclose(shifts, effects["enhancer_log_odds_shift"], atol=1e-4)
