"""Whole scans against each window by itself, and every file read back by another reader."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyBigWig
import pysam
import pytest

from enhancer_variants.demo import demo_files
from enhancer_variants.errors import (
    DeviceMemoryError,
    FastaError,
    InputError,
    ModelError,
    VariantFileError,
)
from enhancer_variants.genome import Reference, reverse_complement
from enhancer_variants.models import Model, log_odds, predict_logits, tokenize
from enhancer_variants.runs import LocalEngine
from enhancer_variants.scan import CallRule, GenomeScanner, scan_genome, window_reader
from enhancer_variants.scan import scanning as scanning_module
from enhancer_variants.scan.work import MakeScanWork, ScanWork, plan_of_scan

MakeReference = Callable[..., Reference]
MakeModel = Callable[..., Model]
MakeScanner = Callable[..., GenomeScanner]

ALL = ("w.bw", "w.bedgraph", "w.bedgraph.gz", "w.parquet", "c.bed", "c.bed.gz")
PEAKS = ("c.narrowPeak", "c.narrowPeak.gz")


def _dna(bases: int, seed: int = 0, letters: str = "ACGT") -> str:
    return "".join(random.Random(seed).choices(letters, k=bases))


@pytest.fixture
def make_scanner(monkeypatch: pytest.MonkeyPatch) -> MakeScanner:
    """Make a scanner with a model of the tests in the place of one from a directory."""

    def make(reference: Reference, model: Model, **options: object) -> GenomeScanner:
        def with_model(_: object, **given: object) -> object:
            plan = plan_of_scan(demo_files().model, strand=given["strand"], device="cpu")
            size = given["batch_size"]
            return type(plan)(enhancers=(model,), strand=plan.strand, batch_size=size)

        monkeypatch.setattr(scanning_module, "plan_of_scan", with_model)
        return GenomeScanner(reference, demo_files().model, progress=False, **options)

    return make


def _by_itself(model: Model, text: str) -> float:
    logits = predict_logits(model, tokenize([text], model.vocabulary))
    return float(log_odds(model, logits)[0, 0])


@pytest.mark.parametrize("strand", ["forward", "both"])
def test_windows_are_scored_as_each_by_itself(
    make_scanner: MakeScanner,
    make_reference: MakeReference,
    position_model: MakeModel,
    strand: str,
) -> None:
    model = position_model(window=20, k=2)
    bases = _dna(130) + "N" + _dna(37, 1).lower() + "R" + _dna(60, 2)
    scanner = make_scanner(make_reference(chr1=bases), model, step=7, strand=strand)
    found = scanner.scan()
    starts = [*range(0, len(bases) - 20, 7), len(bases) - 20]
    texts = {start: bases[start : start + 20].upper() for start in starts}
    kept = {start: text for start, text in texts.items() if set(text) <= set("ACGT")}
    assert found.windows["start"].tolist() == list(kept)
    assert found.windows["end"].tolist() == [start + 20 for start in kept]
    expected = [_by_itself(model, text) for text in kept.values()]
    if strand == "both":
        other = [_by_itself(model, reverse_complement(text)) for text in kept.values()]
        expected = [(a + b) / 2 for a, b in zip(expected, other, strict=True)]
    assert found.windows["log_odds"].to_numpy() == pytest.approx(expected, abs=1e-5)
    assert found.summary.windows == len(kept)
    assert found.summary.has_n == len(texts) - len(kept) > 0


def test_calls_are_where_a_base_is_frequent(
    make_scanner: MakeScanner, make_reference: MakeReference, counting_model: MakeModel
) -> None:
    # Log2 odds are the number of G: 0 without one, which is P = 0.5.
    bases = "A" * 40 + "G" * 10 + "A" * 50
    scanner = make_scanner(make_reference(chr1=bases), counting_model(), step=5, threshold=0.999)
    (call,) = scanner.scan().calls.to_dict("records")
    # Windows of 20 with all ten G begin at 30, 35 and 40: P = 1 / (1 + 2**-10) = 0.99902.
    assert (call["start"], call["end"], call["windows"]) == (30, 60, 3)
    assert (call["name"], call["score"], call["strand"]) == ("call_1", 999, ".")
    assert call["summit_offset"] == 10
    assert call["max_log_odds"] == pytest.approx(10)
    assert call["mean_probability"] == pytest.approx(1 / (1 + 2**-10))


def test_a_reference_that_is_changed_meanwhile_is_told_of(
    make_scanner: MakeScanner, make_reference: MakeReference, position_model: MakeModel
) -> None:
    reference = make_reference(chr1=_dna(130))
    scanner = make_scanner(reference, position_model(), step=10)
    reference.path.write_text(f">chr1\n{_dna(130, 1)}\n")
    with pytest.raises(FastaError, match="was changed while it was read"):
        scanner.scan()


def test_regions_are_a_part_of_the_whole(
    make_scanner: MakeScanner,
    make_reference: MakeReference,
    position_model: MakeModel,
    tmp_path: Path,
) -> None:
    reference = make_reference(chr1=_dna(300), chr2=_dna(150, 1))
    scanner = make_scanner(reference, position_model(), step=10)
    whole = scanner.scan().windows
    bed = tmp_path / "r.bed"
    bed.write_text("2\t60\t80\n1\t90\t130\nchr1\t20\t100\n1\t280\t900\n")
    part = scanner.scan(regions_file=bed)
    marked = whole.merge(part.windows, how="left", indicator=True)
    assert (marked["_merge"] == "both").sum() == len(part.windows) == part.summary.windows
    assert not part.windows.duplicated(["chrom", "start"]).any()
    assert part.provenance["options"]["regions_file"] == "r.bed"
    same = scanner.scan(["chr1:21-130", "2:61-80", "1:281-"]).windows
    pd.testing.assert_frame_equal(same, part.windows)
    joined = pd.concat(scanner.iter_windows(["chr1:21-130", "2:61-80", "1:281-"]))
    assert joined["log_odds"].tolist() == part.windows["log_odds"].tolist()


def test_regions_that_cannot_be_found_are_named(
    make_scanner: MakeScanner,
    make_reference: MakeReference,
    position_model: MakeModel,
    tmp_path: Path,
) -> None:
    scanner = make_scanner(make_reference(chr1=_dna(100)), position_model())
    with pytest.warns(UserWarning, match=r"2 of 3 regions lie on no contig .*chr5:1-9, chr1:500"):
        assert scanner.scan(["chr5:1-9", "chr1:500-600", "chr1:1-50"]).summary.windows == 2
    with pytest.raises(InputError, match="expected regions of chr1"):
        scanner.scan("chr7")
    bed = tmp_path / "no.bed"
    bed.write_text("chr1 here\n")
    with pytest.raises(VariantFileError, match=r"no.bed:1"):
        scanner.scan(regions_file=bed)


def _tracks(folder: Path, names: tuple[str, ...]) -> list[Path]:
    return [folder / name for name in names]


def test_every_file_says_the_same_to_an_independent_reader(
    make_scanner: MakeScanner,
    make_reference: MakeReference,
    position_model: MakeModel,
    tmp_path: Path,
) -> None:
    bases = {"chr10": _dna(150), "chr2": _dna(95, 1) + "N" * 30 + _dna(88, 2), "chr1": "ACGT"}
    reference = make_reference(**bases)
    scanner = make_scanner(reference, position_model(), step=8, threshold=0.5)
    memory = scanner.scan()
    assert len(memory.calls) > 1
    summary = scanner.write(_tracks(tmp_path, ALL + PEAKS))
    assert summary == memory.summary
    assert summary.short_contigs == 1
    expected = np.full((2, 213), np.nan)
    for row in memory.windows.itertuples():
        length = len(bases[row.chrom])
        tiling, number = scanner.tiling, np.array([-(-row.start // 8)])
        begin, end = tiling.own_bases(length, number)
        expected[int(row.chrom == "chr2"), begin[0] : end[0]] = row.probability
    with pyBigWig.open(str(tmp_path / "w.bw")) as track:
        assert track.chroms() == {"chr10": 150, "chr2": 213}
        for line, contig in enumerate(("chr10", "chr2")):
            values = track.values(contig, 0, len(bases[contig]))
            assert values == pytest.approx(expected[line][: len(bases[contig])], nan_ok=True)
    graph = (tmp_path / "w.bedgraph").read_text()
    with pysam.BGZFile(str(tmp_path / "w.bedgraph.gz")) as stream:
        assert stream.read().decode() == graph
    for line in graph.splitlines():
        contig, begin_, end_, value = line.split("\t")
        shown = expected[int(contig == "chr2"), int(begin_) : int(end_)]
        assert shown == pytest.approx(float(value), abs=1e-5)
    table = pq.read_table(tmp_path / "w.parquet")
    assert table.to_pandas()["start"].tolist() == memory.windows["start"].tolist()
    made_with = json.loads(table.schema.metadata[b"enhancer_variants"])
    assert made_with == json.loads((tmp_path / "c.bed.json").read_text()) == memory.provenance
    bed = pd.read_csv(tmp_path / "c.bed", sep="\t").rename(columns={"#chrom": "chrom"})
    assert list(bed) == list(memory.calls)
    for column in ("chrom", "start", "end", "name", "score", "summit_offset", "windows"):
        assert bed[column].tolist() == memory.calls[column].tolist()
    assert bed["max_log_odds"].to_numpy() == pytest.approx(memory.calls["max_log_odds"], rel=1e-5)
    first = memory.calls.iloc[0]
    place = f"{first['chrom']}:{first['start'] + 1}-{first['end']}"
    for name in ("c.bed.gz", "c.narrowPeak.gz"):
        shown_ = subprocess.run(
            ["tabix", str(tmp_path / name), place], check=True, capture_output=True, text=True
        ).stdout
        assert shown_.split("\t")[:4] == [
            first["chrom"],
            str(first["start"]),
            str(first["end"]),
            "call_1",
        ]
    peaks = pd.read_csv(tmp_path / "c.narrowPeak", sep="\t", header=None)
    assert peaks.shape[1] == 10
    assert peaks[9].tolist() == memory.calls["summit_offset"].tolist()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "contigs",
    [{"c": "N" * 50}, {"c": "ACG"}, {"c": "acgtn" * 20}, {"c": "ACGTR" * 20, "d": "A"}],
    ids=["all N", "short", "soft-masked with N", "IUPAC"],
)
def test_an_empty_scan_gives_files_that_can_be_read(
    contigs: dict[str, str],
    make_scanner: MakeScanner,
    make_reference: MakeReference,
    position_model: MakeModel,
    tmp_path: Path,
) -> None:
    scanner = make_scanner(make_reference(**contigs), position_model(), step=10)
    summary = scanner.write(_tracks(tmp_path, ALL + PEAKS))
    assert (summary.windows, summary.calls) == (0, 0)
    assert summary.has_n + summary.short_contigs > 0
    with pyBigWig.open(str(tmp_path / "w.bw")) as track:
        assert track.chroms() == {name: len(bases) for name, bases in contigs.items()}
        assert track.intervals("c") is None
    assert (tmp_path / "w.bedgraph").read_text() == ""
    assert (tmp_path / "c.bed").read_text().startswith("#chrom\tstart\tend\tname")
    assert pq.read_table(tmp_path / "w.parquet").num_rows == 0
    for name in ("c.bed.gz", "w.bedgraph.gz", "c.narrowPeak.gz"):
        with pysam.TabixFile(str(tmp_path / name)) as indexed:
            assert list(indexed.fetch()) == []
    assert scanner.scan().calls.empty


def test_soft_masked_bases_are_read(
    make_scanner: MakeScanner, make_reference: MakeReference, position_model: MakeModel
) -> None:
    bases, model = _dna(90), position_model()
    upper = make_scanner(make_reference(c=bases), model, step=10).scan()
    lower = make_scanner(make_reference(c=bases.lower()), model, step=10).scan()
    pd.testing.assert_frame_equal(upper.windows, lower.windows)


def test_a_run_in_a_folder_goes_on_and_has_the_same_bytes(
    make_reference: MakeReference, tmp_path: Path
) -> None:
    reference = make_reference(chr1=_dna(1900), chr2=_dna(700, 1))
    files = demo_files()
    scanner = GenomeScanner(reference, files.planted_model, step=100, progress=False, device="cpu")
    names = ("w.bw", "c.bed", "w.parquet")
    plain, cut = tmp_path / "plain", tmp_path / "cut"
    plain.mkdir()
    cut.mkdir()
    summary = scanner.write(_tracks(plain, names))
    options = {"run_dir": tmp_path / "run", "shard_windows": 7}
    assert scanner.write(_tracks(cut, names), **options) == summary
    done = sorted((tmp_path / "run" / "windows").iterdir())
    assert len(done) == -(-summary.windows // 7)
    (tmp_path / "run" / "done" / "00001.json").unlink()
    done[1].unlink()
    kept = done[0].stat().st_mtime_ns
    # As a process that was killed while it wrote leaves them.
    left = [cut / f".{name}.0123456789ab.tmp" for name in ("w.bw", "w.bw.json", "c.bed")]
    for path in left:
        path.touch()
    left.append(cut / ".w.bw.0123456789ab.tmp.values")
    left[-1].mkdir()
    (left[-1] / "values").touch()
    assert scanner.write(_tracks(cut, names), **options, engine=LocalEngine()) == summary
    assert done[0].stat().st_mtime_ns == kept
    assert not any(path.exists() for path in left)
    for name in names:
        assert (plain / name).read_bytes() == (cut / name).read_bytes(), name
    strict = GenomeScanner(
        reference, files.planted_model, step=100, threshold=1.0, progress=False, device="cpu"
    )
    assert strict.write(cut / "none.bed", **options).calls == 0
    other = GenomeScanner(reference, files.planted_model, step=90, progress=False, device="cpu")
    with pytest.raises(InputError, match="holds the run of something else"):
        other.write(cut / "other.bed", **options)
    with pytest.raises(InputError, match="name one"):
        scanner.write(cut / "a.bed", engine=LocalEngine())


def test_an_output_is_not_written_over_a_piece_of_its_run(
    make_reference: MakeReference, tmp_path: Path
) -> None:
    reference = make_reference(c=_dna(600))
    scanner = GenomeScanner(reference, demo_files().model, progress=False, device="cpu")
    run = tmp_path / "run"
    scanner.write(tmp_path / "a.bed", run_dir=run)
    [piece] = (run / "windows").iterdir()
    before = piece.read_bytes()
    with pytest.raises(InputError, match="belongs to the run"):
        scanner.write(run / "windows" / "b.bed", run_dir=run)
    assert piece.read_bytes() == before
    assert [*(run / "windows").iterdir()] == [piece]


def test_memory_that_runs_out_shrinks_the_batch_or_stops(
    make_reference: MakeReference, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    predicted, sizes = window_reader.predict_logits, list[object]()

    def little_memory(*given: object, batch_size: int, **options: object) -> object:
        sizes.append(batch_size)
        if batch_size > 2:
            raise DeviceMemoryError("too little", batch_size)
        return predicted(*given, batch_size=batch_size, **options)

    monkeypatch.setattr(window_reader, "predict_logits", little_memory)
    scanner = GenomeScanner(
        make_reference(c=_dna(600)),
        demo_files().model,
        step=100,
        batch_size=8,
        progress=False,
        device="cpu",
    )
    with pytest.raises(DeviceMemoryError):
        scanner.write(tmp_path / "a.bed", run_dir=tmp_path / "run")
    assert not (tmp_path / "a.bed").exists()
    sizes.clear()
    output = tmp_path / "a.bed"
    assert scanner.write(output, run_dir=tmp_path / "run", on_oom="shrink").windows == 5
    assert sizes == [8, 4, 2]
    notes = json.loads((tmp_path / "run" / "done" / "00000.json").read_text())["notes"]
    assert notes == {"batch_size": 2}


def test_what_makes_the_work_travels(make_reference: MakeReference) -> None:
    reference = make_reference(c=_dna(400))
    options = {"strand": "both", "device": "cpu"}
    make_work = MakeScanWork(reference.path, demo_files().model, 100, options)
    work = pickle.loads(pickle.dumps(make_work))()  # noqa: S301 - what this test made itself
    assert isinstance(work, ScanWork)
    assert work.tiling.step == 100
    assert work.outline == "auto"
    assert work.conditions["made_with"]["options"]["strand"] == "both"  # type: ignore[call-overload, index]
    json.dumps(dict(work.conditions))


def test_a_logit_that_is_not_finite_is_an_error(
    make_scanner: MakeScanner, make_reference: MakeReference, position_model: MakeModel
) -> None:
    model = position_model()
    model.network.table[:] = float("nan")  # type: ignore[index, operator]
    scanner = make_scanner(make_reference(c=_dna(60)), model)
    with pytest.raises(ModelError, match="not finite"):
        scanner.scan()


def test_the_preset_sets_step_and_threshold_and_asks_for_its_window(
    make_scanner: MakeScanner, make_reference: MakeReference, position_model: MakeModel
) -> None:
    reference = make_reference(c=_dna(900))
    scanner = make_scanner(reference, position_model(window=350), preset="published")
    assert (scanner.tiling.window, scanner.tiling.step) == (350, 150)
    assert scanner.rule == CallRule(0.5)
    assert scanner.scan().windows["start"].tolist() == [0, 150, 300, 450, 550]
    with pytest.raises(ModelError, match=r"windows of 20 bases; the preset 'published'"):
        make_scanner(reference, position_model(), preset="published")
    with pytest.raises(InputError, match="expected one of: published"):
        make_scanner(reference, position_model(), preset="other")


def test_a_model_of_several_outputs_needs_one_called_enhancer(
    make_reference: MakeReference,
) -> None:
    reference = make_reference(c=_dna(450))
    found = scan_genome(reference, step=100, progress=False, device="cpu")
    assert found.summary.windows == 4
    assert found.provenance["models"][0]["outputs"] == ["enhancer"]
    with pytest.raises(InputError, match="expected enhancer="):
        scan_genome(reference, "tfbs-mini", device="cpu")


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["calls.txt"], "its ending names no format|whose ending says what it holds"),
        (["-"], "whose ending says what it holds"),
        (["a.bed", "a.bed"], "is named twice"),
        (["nowhere/a.bed"], "no such folder"),
    ],
)
def test_outputs_that_cannot_be_are_refused(
    outputs: list[str],
    message: str,
    make_reference: MakeReference,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    scanner = GenomeScanner(
        make_reference(c=_dna(220)), demo_files().model, progress=False, device="cpu"
    )
    with pytest.raises(InputError, match=message):
        scanner.write(outputs)
    bed = tmp_path / "regions.bed"
    bed.write_text("c\t0\t10\n")
    with pytest.raises(InputError, match="is an input"):
        scanner.write(bed, regions_file=bed)
    assert bed.read_text() == "c\t0\t10\n"


@pytest.mark.realdata
def test_a_stretch_of_real_dna_has_the_numbers_of_each_window(data: Path) -> None:
    reference = Reference(data / "genome" / "chr20_1Mb.fa.gz")
    found = scan_genome(reference, regions="z:500001-500800", progress=False, device="cpu")
    scanner = GenomeScanner(reference, progress=False, device="cpu")
    contig = reference.find("z")
    assert contig is not None
    texts = [contig.bases(start, start + 200) for start in found.windows["start"]]
    expected = scanner.work.sequence_log_odds(texts)
    assert found.windows["log_odds"].to_numpy() == pytest.approx(expected, abs=1e-4)
