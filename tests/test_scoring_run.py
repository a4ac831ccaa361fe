"""A run in shards writes what a plain run writes, and goes on where it ended."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pysam
import pytest
import torch

import enhancer_variants as ev
from enhancer_variants.cli import main
from enhancer_variants.cli_options import long_run_of
from enhancer_variants.demo import DemoFiles, demo_files
from enhancer_variants.effects import checked_input
from enhancer_variants.errors import (
    DeviceMemoryError,
    InputError,
    ModelError,
    VariantFileError,
)
from enhancer_variants.io.records import parse_vcf_line
from enhancer_variants.models import conditions, find_model
from enhancer_variants.runs import LocalEngine, Piece, Shard
from enhancer_variants.scoring_run import run as run_module
from enhancer_variants.scoring_run import work as work_module

MOTIF = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF toy.1 TOY\nletter-probability matrix:\n"
FACTORS = 17  # one more than a table has columns for
CHUNK = 8  # records that are scored together


@pytest.fixture(scope="module")
def files() -> DemoFiles:
    return demo_files()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, files: DemoFiles) -> Path:
    """The demo's records over and over: 120 of them, which every format can hold."""
    lines = files.variants.read_text().splitlines(keepends=True)
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#")]
    path = tmp_path_factory.mktemp("many") / "many.vcf"
    path.write_text("".join(header + records * 5))
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, files: DemoFiles) -> dict[str, Any]:
    """An enhancer model, more TFBS models than a table has columns for, and a motif."""
    motifs = tmp_path_factory.mktemp("motifs") / "toy.meme"
    motifs.write_text(MOTIF + "0.9 0.05 0.03 0.02\n0.02 0.03 0.05 0.9\n0.9 0.05 0.03 0.02\n")
    factors = {f"F{number}": str(files.model) for number in range(FACTORS)}
    return {
        "enhancer": str(files.model),
        "tfbs": factors,
        "motifs": str(motifs),
        "motif_options": ev.MotifOptions(hit=0.05, no_hit=0.1),
        "device": "cpu",
    }


@pytest.fixture(scope="module")
def scorer(files: DemoFiles, models: dict[str, Any]) -> ev.VariantScorer:
    return ev.VariantScorer(files.reference, **models)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, in plain runs too, so that 120 records are four shards."""
    monkeypatch.setattr(checked_input, "RECORDS_PER_CHUNK", CHUNK)


@pytest.fixture
def score(files: DemoFiles, many: Path, tmp_path: Path) -> Callable[..., ev.RunSummary]:
    """Run with one model into ``run`` and ``effects.vcf``, unless told otherwise."""

    def run(**changed: Any) -> ev.RunSummary:
        options: dict[str, Any] = {
            "variants": many,
            "reference": files.reference,
            "output": tmp_path / "effects.vcf",
            "run_dir": tmp_path / "run",
            "enhancer": files.model,
            "progress": False,
        }
        options |= changed
        return ev.score_run(**options)

    return run


class Stopping(LocalEngine):
    """An engine that dies after some shards, and counts those it did."""

    def __init__(self, after: int = 10**9) -> None:
        super().__init__()
        self.after, self.did = after, list[int]()

    def pieces(self, shards: Iterator[Shard], advance: Any = None) -> Iterator[tuple[Shard, Piece]]:
        for shard, piece in super().pieces(shards, advance):
            if len(self.did) == self.after:
                raise ConnectionError("the machine is gone")
            self.did.append(shard.number)
            yield shard, piece


def begun(score: Callable[..., ev.RunSummary], after: int = 2, **changed: Any) -> None:
    with pytest.raises(ConnectionError):
        score(engine=Stopping(after), **changed)


@pytest.mark.parametrize("ending", ["vcf", "vcf.gz", "bcf", "tsv", "tsv.gz", "parquet"])
def test_the_bytes_are_those_of_a_plain_run(
    ending: str,
    files: DemoFiles,
    many: Path,
    models: dict[str, Any],
    scorer: ev.VariantScorer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_module, "VariantScorer", lambda *_, **__: scorer)  # is loaded
    plain, sharded = tmp_path / "plain", tmp_path / "sharded"
    for folder in (plain, sharded):
        folder.mkdir()
    output, hits = f"effects.{ending}", "hits.parquet"
    expected = scorer.annotate(many, plain / output, motif_hits=plain / hits)
    summary = ev.score_run(
        *(many, files.reference, sharded / output),
        run_dir=tmp_path / "run",
        motif_hits=sharded / hits,
        **models,
    )
    assert summary == expected
    names = {path.name for path in plain.iterdir()}
    assert {f"{output}.tfbs.parquet", output, hits} <= names
    assert names == {path.name for path in sharded.iterdir()}
    for name in names:
        assert (plain / name).read_bytes() == (sharded / name).read_bytes(), name
    assert len(list((tmp_path / "run" / "done").iterdir())) == 4


def test_a_run_is_finished_in_another_format_of_the_same_kind(
    score: Callable[..., ev.RunSummary], files: DemoFiles, many: Path, tmp_path: Path
) -> None:
    score()
    again = Stopping()
    score(output=tmp_path / "effects.bcf", engine=again)
    assert again.did == []
    ev.VariantScorer(files.reference, enhancer=files.model).annotate(many, tmp_path / "plain.bcf")
    assert (tmp_path / "effects.bcf").read_bytes() == (tmp_path / "plain.bcf").read_bytes()
    with pytest.raises(InputError, match=r"pieces\[0\] is 'effects.tsv.zst'"):
        score(output=tmp_path / "effects.tsv")


def test_without_an_output_the_folder_is_a_data_set(
    score: Callable[..., ev.RunSummary],
    many: Path,
    models: dict[str, Any],
    scorer: ev.VariantScorer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    score(output=None, motif_hits=tmp_path / "hits.parquet", **models)
    folder = tmp_path / "run"
    scorer.annotate(many, tmp_path / "x.parquet")
    plain = pd.read_parquet(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "effects"), plain)
    rows = duckdb.read_parquet(f"{folder}/effects/*.parquet").order("record, allele")
    assert rows.to_arrow_table().to_pylist() == pq.read_table(tmp_path / "x.parquet").to_pylist()
    factors = pq.read_metadata(tmp_path / "x.parquet.tfbs.parquet").num_rows
    assert duckdb.read_parquet(f"{folder}/tfbs/*.parquet").shape[0] == factors
    assert pq.read_metadata(tmp_path / "hits.parquet").num_rows > 0
    assert {path.name for path in tmp_path.iterdir()} == {
        *("run", "hits.parquet", "x.parquet", "x.parquet.tfbs.parquet")
    }
    with pytest.raises(InputError, match="'tsv', and no output"):
        score(output=None, format="tsv")


def test_only_what_is_left_is_done(score: Callable[..., ev.RunSummary], tmp_path: Path) -> None:
    begun(score)
    assert not (tmp_path / "effects.vcf").exists()
    rest = Stopping()
    resumed = score(engine=rest)
    assert rest.did == [2, 3]
    whole = (tmp_path / "effects.vcf").read_bytes()
    assert score(run_dir=tmp_path / "other") == resumed
    assert (tmp_path / "effects.vcf").read_bytes() == whole
    (tmp_path / "effects.vcf").unlink()
    assert score() == resumed
    assert (tmp_path / "effects.vcf").read_bytes() == whole


def test_a_damaged_piece_is_done_again(score: Callable[..., ev.RunSummary], tmp_path: Path) -> None:
    score()
    whole = (tmp_path / "effects.vcf").read_bytes()
    piece = tmp_path / "run/effects/00001.vcf.zst"
    piece.write_bytes(bytes(len(piece.read_bytes())))
    (tmp_path / "run/done/00003.json").write_text("{")
    again = Stopping()
    score(engine=again)
    assert again.did == [1, 3]
    assert (tmp_path / "effects.vcf").read_bytes() == whole


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("input", "input.sha256"),
        ("reference", "made_with.reference.sha256"),
        ("model", "made_with.models[0].sha256"),
        ("option", "made_with.options.strand is 'both', and was 'forward'"),
        ("overwrite", "overwrite_info is True"),
        ("batch", "batch_size is 3, and was 'auto'"),
        ("shards", "shard_records is 20"),
        ("threads", "threads is"),
        ("version", "versions.torch is '0.1'"),
    ],
)
def test_something_else_is_refused_with_what_differs(
    what: str,
    named: str,
    score: Callable[..., ev.RunSummary],
    files: DemoFiles,
    many: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun(score, after=1)
    changed: dict[str, Any] = {}
    if what == "input":
        changed["variants"] = tmp_path / many.name
        changed["variants"].write_text(many.read_text() + many.read_text().splitlines()[-1] + "\n")
    elif what == "reference":
        changed["reference"] = tmp_path / files.reference.name
        changed["reference"].write_text(files.reference.read_text().lower())
    elif what == "model":
        changed["enhancer"] = files.planted_model
    elif what == "threads":
        monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    elif what == "version":
        monkeypatch.setattr(conditions, "version", lambda _: "0.1")
    else:
        changed = {
            "option": {"strand": "both"},
            "overwrite": {"overwrite_info": True},
            "batch": {"batch_size": 3},
            "shards": {"shard_records": 20},
        }[what]
    with pytest.raises(InputError) as caught:
        score(**changed)
    assert named in str(caught.value)
    assert "Give what it began with, or name another folder" in str(caught.value)
    assert not (tmp_path / "effects.vcf").exists()


def test_other_columns_are_another_run(
    score: Callable[..., ev.RunSummary],
    models: dict[str, Any],
    files: DemoFiles,
    tmp_path: Path,
) -> None:
    asked = {**models, "variants": files.variants, "tfbs_table": tmp_path / "t.parquet"}
    score(**asked)
    with pytest.raises(InputError, match="wide is True, and was False"):
        score(**asked, wide=True)


def test_a_manifest_that_somebody_changed_is_refused(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    score(variants=files.variants)
    before = (tmp_path / "effects.vcf").read_bytes()
    manifest = tmp_path / "run/run.json"
    changed = manifest.read_text().replace('"chunks_per_shard": 4', '"chunks_per_shard": 0')
    manifest.write_text(changed)
    with pytest.raises(InputError, match=r"chunks_per_shard is 0 in run\.json"):
        score(variants=files.variants)
    manifest.write_text(changed.replace('"chunks_per_shard": 0', '"chunks_per_shard": true'))
    with pytest.raises(InputError, match=r"chunks_per_shard is True in run\.json"):
        score(variants=files.variants)
    assert (tmp_path / "effects.vcf").read_bytes() == before


@pytest.mark.parametrize("name", ["effects", "done", "run"])
def test_what_could_not_be_written_at_the_end_is_refused_before_anything_is_scored(
    name: str, score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    # Beside "run" its provenance would stand: run.json.
    with pytest.raises(InputError, match="belongs to the run in"):
        score(variants=files.variants, output=tmp_path / "run" / name, format="tsv")
    assert not (tmp_path / "run" / "effects").exists()
    assert not (tmp_path / "run" / "run.json").exists()


def test_what_a_killed_process_left_of_an_output_and_beside_it_goes(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    for name in ("effects.tsv", "effects.tsv.json"):
        (tmp_path / f".{name}.0123456789ab.tmp").touch()
    score(variants=files.variants, output=tmp_path / "effects.tsv")
    assert not [*tmp_path.glob(".effects*")]
    assert (tmp_path / "effects.tsv.json").exists()


@pytest.mark.parametrize("name", ["run.json", "lock", "effects/00000.vcf.zst", "done/x.vcf"])
def test_the_folders_own_files_are_no_output(
    name: str, score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    score(variants=files.variants, output=tmp_path / "run" / "effects.vcf")
    before = _bytes_of(tmp_path / "run")
    with pytest.raises(InputError, match="belongs to the run in"):
        score(variants=files.variants, output=tmp_path / "run" / name, format="vcf")
    assert _bytes_of(tmp_path / "run") == before


def _bytes_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_as_long_as_no_shard_is_done_everything_may_change(
    score: Callable[..., ev.RunSummary], tmp_path: Path
) -> None:
    begun(score, after=0)
    score(strand="both", batch_size=3)
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["settled"]["batch_size"] == 3


@pytest.mark.parametrize(
    ("asked", "chunk", "together"), [(None, 8, 4), (20, 8, 2), (8, 8, 1), (5, 5, 1)]
)
def test_shards_are_whole_chunks(
    asked: int | None,
    chunk: int,
    together: int,
    score: Callable[..., ev.RunSummary],
    files: DemoFiles,
    tmp_path: Path,
) -> None:
    score(variants=files.variants, shard_records=asked, output=None)
    settled = json.loads((tmp_path / "run/run.json").read_text())["settled"]
    assert (settled["records_per_chunk"], settled["chunks_per_shard"]) == (chunk, together)
    assert settled["large_chunks"] is False
    groups = pq.read_metadata(tmp_path / "run/effects/00000.parquet").num_row_groups
    assert groups == min(together, -(-24 // chunk))


def test_where_models_are_read_for_every_chunk_a_shard_is_a_large_one(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    two = {"a": files.model, "b": files.planted_model}
    score(enhancer=two, model_memory=1, variants=files.variants)
    settled = json.loads((tmp_path / "run/run.json").read_text())["settled"]
    assert settled["large_chunks"] is True
    assert (settled["records_per_chunk"], settled["chunks_per_shard"]) == (CHUNK * 32, 1)


def exhausted(at_most: int) -> Callable[..., Any]:
    """Scoring on a device that has memory for so many rows, until told of a smaller batch."""
    scored = work_module.score_chunks

    def score_chunks(chunks: Any, plan: Any, *about: Any) -> Any:
        size = 32 if plan.batch_size == "auto" else plan.batch_size
        if size > at_most and chunks and chunks[0][0].number == 4 * CHUNK:  # the second shard
            about[2](5)
            raise DeviceMemoryError("toy: the memory is too small", size)
        return scored(chunks, plan, *about)

    return score_chunks


def test_where_memory_runs_out_the_run_stops_or_shrinks(
    score: Callable[..., ev.RunSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(work_module, "score_chunks", exhausted(at_most=10))
        with pytest.raises(DeviceMemoryError, match="go on with on_oom='shrink'") as caught:
            score()
        assert caught.value.batch_size == 32
        with pytest.warns(UserWarning, match="over 1 of 4 shards, .* smaller batches: 1 "):
            shrunk = score(on_oom="shrink")
    assert shrunk == score(run_dir=tmp_path / "other", output=tmp_path / "other.vcf")
    done = tmp_path / "run" / "done"
    notes = [json.loads(path.read_text())["notes"] for path in sorted(done.iterdir())]
    assert notes == [{}, {"batch_size": 8}, {}, {}]
    mine, other = (pysam.VariantFile(str(tmp_path / f"{x}.vcf")) for x in ("effects", "other"))
    for one, two in zip(mine, other, strict=True):
        shifts = (record.info.get("EV_ENHANCER_LOG_ODDS_SHIFT") for record in (one, two))
        assert next(shifts) == pytest.approx(next(shifts), abs=1e-4)


def test_a_batch_of_one_that_does_not_fit_stops_the_run(
    score: Callable[..., ev.RunSummary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_module, "score_chunks", exhausted(at_most=0))
    with pytest.raises(DeviceMemoryError) as caught:
        score(on_oom="shrink")
    assert caught.value.batch_size == 1


def test_the_batch_size_is_measured_off_the_cpu_and_kept(
    score: Callable[..., ev.RunSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def network(rows: int) -> SimpleNamespace:
        return SimpleNamespace(parameters=lambda: [torch.zeros(rows, 2)])

    def model(name: str, device: str, rows: int) -> SimpleNamespace:
        return SimpleNamespace(name=name, device=torch.device(device), network=network(rows))

    measured = []

    def measure(chosen: SimpleNamespace) -> int:
        measured.append(chosen.name)
        return 24

    monkeypatch.setattr(work_module, "measured_batch_size", measure)
    several = (model("small", "cuda", 1), model("large", "cuda", 3), model("cpu", "cpu", 9))
    plan = SimpleNamespace(batch_size="auto", models=several, ready=lambda found: found)
    assert work_module._batch_size(plan) == 24
    assert measured == ["large"]
    on_cpu = SimpleNamespace(batch_size="auto", models=several[2:])
    assert work_module._batch_size(on_cpu) == "auto"
    assert work_module._batch_size(SimpleNamespace(batch_size=5, models=several)) == 5

    sizes = itertools.count(20)
    monkeypatch.setattr(work_module, "_batch_size", lambda _: next(sizes))
    begun(score, after=1)
    score()
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["settled"]["batch_size"] == 20
    assert next(sizes) == 21  # measured once


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"variants": "-"}, "standard input cannot be read again"),
        ({"variants": ["chr1:2009:A:T"]}, "a list cannot be read again"),
        ({"variants": "no/such.vcf"}, "no/such.vcf: cannot be read"),
        ({"variants": os.devnull}, "no regular file"),
        ({"on_oom": "swap"}, "on_oom is 'swap'; expected stop or shrink"),
        ({"shard_records": 0}, "shard_records is 0"),
        ({"motifs": object()}, "motifs is a object; every worker"),
        ({"tfbs": [object()]}, "tfbs is a object; every worker"),
        ({"output": "no/such/effects.vcf"}, "no such folder"),
        ({"motif_hits": "hits.parquet"}, "no motifs are named"),
    ],
)
def test_what_cannot_be_a_run_is_refused(
    changed: dict[str, Any], message: str, score: Callable[..., ev.RunSummary], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        score(**changed)
    assert not (tmp_path / "run" / "effects").exists()


def test_a_reference_is_given_by_its_path(
    score: Callable[..., ev.RunSummary], files: DemoFiles
) -> None:
    with (
        pysam.FastaFile(str(files.reference)) as held,
        pytest.raises(InputError, match="reference is a FastaFile"),
    ):
        score(reference=held)
    with pytest.raises(TypeError, match="unexpected keyword argument 'strands'"):
        score(strands="both")
    with pytest.raises(ModelError, match="no such directory"):
        score(enhancer="no/such/model")


def test_paths_are_absolute_for_the_workers_and_names_stay(
    files: DemoFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(files.model, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    by_name = run_module._by_name
    assert by_name("enhancer", "mine") == str(tmp_path / "mine")
    assert by_name("tfbs", {"a": Path("mine")}) == {"a": str(tmp_path / "mine")}
    assert by_name("tfbs", ["mine", "tfbs-mini"]) == [str(tmp_path / "mine"), "tfbs-mini"]
    assert by_name("motifs", "JASPAR2024") == "JASPAR2024"
    assert by_name("strand", "mine") == "mine"
    assert by_name("enhancer", find_model("mine")).directory == tmp_path / "mine"


def test_a_vanished_input_is_an_error_and_its_return_goes_on(
    score: Callable[..., ev.RunSummary], many: Path, tmp_path: Path
) -> None:
    variants = tmp_path / "gone.vcf"
    shutil.copy(many, variants)
    begun(score, variants=variants)
    away = variants.rename(tmp_path / "away")
    with pytest.raises(VariantFileError, match="cannot be read"):
        score(variants=variants)
    away.rename(variants)
    rest = Stopping()
    score(variants=variants, engine=rest)
    assert rest.did == [2, 3]


class Meddling(LocalEngine):
    """Something happens while the first shard is done."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__()
        self.meddle = meddle

    def pieces(self, shards: Iterator[Shard], advance: Any = None) -> Iterator[tuple[Shard, Piece]]:
        for number, done in enumerate(super().pieces(shards, advance)):
            if number == 0:
                self.meddle()
            yield done


def test_an_input_that_vanishes_or_changes_meanwhile(
    score: Callable[..., ev.RunSummary], many: Path, tmp_path: Path
) -> None:
    variants = tmp_path / "many.vcf"
    shutil.copy(many, variants)
    # What is open can be read to its end, although it has no name any more.
    score(variants=variants, engine=Meddling(variants.unlink), output=tmp_path / "gone.vcf")
    score(run_dir=tmp_path / "other")
    assert (tmp_path / "gone.vcf").read_bytes() == (tmp_path / "effects.vcf").read_bytes()
    shutil.copy(many, variants)
    with pytest.raises(InputError, match="was changed while it was read"):
        score(
            variants=variants,
            engine=Meddling(lambda: os.truncate(variants, 4000)),
            run_dir=tmp_path / "third",
            output=tmp_path / "short.vcf",
        )
    assert not (tmp_path / "short.vcf").exists()
    shutil.copy2(many, variants)
    rest = Stopping()
    score(variants=variants, run_dir=tmp_path / "third", engine=rest)
    assert 0 not in rest.did
    assert (tmp_path / "gone.vcf").read_bytes() == (tmp_path / "effects.vcf").read_bytes()


def test_a_reference_that_changes_meanwhile(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    reference = tmp_path / "genome.fa"
    shutil.copy(files.reference, reference)
    other = reference.read_bytes().replace(b"A", b"C")

    def change() -> None:
        reference.write_bytes(other)

    with pytest.raises(InputError, match=r"genome\.fa: was changed while it was read"):
        score(reference=reference, engine=Meddling(change))
    assert not (tmp_path / "effects.vcf").exists()
    shutil.copy(files.reference, reference)
    score(reference=reference, engine=Meddling(reference.unlink))
    score(output=tmp_path / "other.vcf", run_dir=tmp_path / "other")
    assert (tmp_path / "effects.vcf").read_bytes() == (tmp_path / "other.vcf").read_bytes()


def test_an_input_without_records_gives_every_table_its_columns(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    header = [x for x in files.variants.read_text().splitlines(True) if x.startswith("#")]
    variants = tmp_path / "none.vcf"
    variants.write_text("".join(header))
    assert score(variants=variants, output=None).records == 0
    assert "enhancer_log_odds_shift" in pd.read_parquet(tmp_path / "run" / "effects").columns


def test_tables_and_regions(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    table = tmp_path / "variants.tsv"
    table.write_text("chrom\tpos\tref\talt\nchr1\t2009\tA\tT\nchr1\t10\tA\tT\n")
    plain = ev.VariantScorer(files.reference, enhancer=files.model)
    score(variants=table, output=tmp_path / "e.vcf.gz")
    plain.annotate(table, tmp_path / "p.vcf.gz")
    assert (tmp_path / "e.vcf.gz").read_bytes() == (tmp_path / "p.vcf.gz").read_bytes()

    indexed = pysam.tabix_index(
        str(shutil.copy(files.variants, tmp_path / "indexed.vcf")), preset="vcf", force=True
    )
    bed = tmp_path / "some.bed"
    bed.write_text("chr1\t2000\t2100\n")
    within = {"variants": indexed, "regions_file": bed, "run_dir": tmp_path / "regions"}
    score(**within)
    plain.annotate(indexed, tmp_path / "plain.vcf", regions_file=bed)
    assert (tmp_path / "effects.vcf").read_bytes() == (tmp_path / "plain.vcf").read_bytes()
    bed.write_text("chr1\t2000\t2200\n")
    with pytest.raises(InputError, match=r"regions_file.sha256"):
        score(**within)


def test_what_the_output_cannot_hold_is_found_before_anything_is_scored(
    score: Callable[..., ev.RunSummary], tmp_path: Path
) -> None:
    score()
    with pytest.raises(InputError, match="already declares EV_"):
        score(
            variants=tmp_path / "effects.vcf",
            output=tmp_path / "again.vcf",
            run_dir=tmp_path / "second",
        )
    assert not (tmp_path / "second" / "run.json").exists()
    with pytest.raises(InputError, match="is an input"):
        score(variants=tmp_path / "effects.vcf", run_dir=tmp_path / "third", overwrite_info=True)


def test_warnings_of_workers_are_heard(
    score: Callable[..., ev.RunSummary], files: DemoFiles, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(files.model, bare)
    (bare / "enhancer_variants.json").unlink()
    with pytest.warns(UserWarning, match="enhancer: "):
        score(enhancer=bare, variants=files.variants)


def test_the_maker_of_work_can_be_pickled(files: DemoFiles) -> None:
    made = work_module.MakeScoringWork(
        str(files.reference), {"enhancer": str(files.model)}, "x.vcf", {}
    )
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    assert again == made
    outline = pickle.loads(pickle.dumps(again().outline))  # noqa: S301
    assert outline == made().outline


def test_a_shard_is_the_same_when_it_was_sent() -> None:
    lines = [b"chr1\t5\t.\tA\tC,<DEL>\n", b"chr1\tno\t.\tA\tC\n", b"", b"chr2\t7\trs1\tG\tT\r\n"]
    records = tuple(parse_vcf_line(line, number) for number, line in enumerate(lines, 3))
    for chunks in ((), (records[:1], (), records[1:])):
        sent = work_module.ScoringShard(chunks, "auto")
        assert pickle.loads(pickle.dumps(sent)) == sent  # noqa: S301 - our own bytes


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_info:
        main([str(argument) for argument in arguments])
    return int(exit_info.value.code or 0)


def test_the_command_line(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["score", files.variants, "-r", files.reference, "--enhancer", files.model]
    output, folder = tmp_path / "effects.vcf", tmp_path / "run"
    asked = [*base, "--run-dir", folder, "--shard-records", "5", "--on-oom", "shrink"]
    assert run(*asked, "-o", output) == 0
    assert "26 alleles in 24 records: 14 scored" in capsys.readouterr().err
    assert len(list((folder / "done").iterdir())) == 5
    plain = tmp_path / "plain.vcf"
    assert run(*base, "-o", plain, "-q") == 0
    assert len(plain.read_text().splitlines()) == len(output.read_text().splitlines())
    capsys.readouterr()
    assert run(*base, "--run-dir", tmp_path / "set", "-q") == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "set" / "effects" / "00000.parquet").exists()
    for wrong, message in (
        (["--workers", "2"], "--workers needs --run-dir"),
        (["--run-dir", folder, "--workers", "2"], "--workers needs --engine ray"),
        (["--run-dir", folder, "-o", "x.html"], "give OUT to 'report'"),
    ):
        assert run(*base, *wrong) == 2
        assert message in " ".join(capsys.readouterr().err.split())
    assert run(*base, "--strand", "both", "--run-dir", tmp_path / "set") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_line_makes_a_ray_engine() -> None:
    options: dict[str, Any] = dict.fromkeys(
        ["run_dir", "engine", "workers", "gpus_per_worker", "ray_address", "on_oom"]
    )
    options |= {"shard_records": 9, "run_dir": "x", "engine": "ray", "workers": 3, "other": 1}
    asked = long_run_of(options)
    assert asked is not None
    assert type(asked.pop("engine")).__name__ == "RayEngine"
    assert asked == {"run_dir": "x", "shard_records": 9}
    assert options == {"other": 1}
