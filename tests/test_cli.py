from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

import enhancer_variants as ev
from enhancer_variants.cli import cli, main
from enhancer_variants.demo import DemoFiles, demo_files

PROGRAM = [sys.executable, "-m", "enhancer_variants"]


@pytest.fixture(scope="module")
def files() -> DemoFiles:
    return demo_files()


def run(*arguments: object) -> int:
    """Run a command in this process; return its exit status."""
    with pytest.raises(SystemExit) as exit_info:
        main([str(argument) for argument in arguments])
    return int(exit_info.value.code or 0)


def scoring(files: DemoFiles, *more: object) -> list[object]:
    return ["score", files.variants, "-r", files.reference, "--enhancer", files.model, *more]


def test_score_writes_the_file_and_ends_with_a_summary(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "effects.vcf.gz"
    assert run(*scoring(files, "-o", output)) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "26 alleles in 24 records: 14 scored, 12 not (no_alt 1, star_allele 1" in printed.err
    with pysam.VariantFile(str(output)) as effects:
        assert sum(1 for _ in effects) == 24


def test_quiet_says_nothing(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*scoring(files, "-o", tmp_path / "e.tsv", "--quiet")) == 0
    assert capsys.readouterr() == ("", "")


def test_options_reach_the_scorer(files: DemoFiles, tmp_path: Path) -> None:
    output = tmp_path / "effects.parquet"
    options = ["--tfbs", f"CTCF={files.model}", "--strand", "both", "--anchors", "both"]
    more = ["--shifts", 1, "--allow-n", "--batch-size", 8, "--device", "cpu"]
    assert run(*scoring(files, "-o", output, *options, *more)) == 0
    found = pd.read_parquet(output)
    expected = ev.VariantScorer(
        files.reference,
        enhancer=files.model,
        tfbs={"CTCF": files.model},
        strand="both",
        anchors="both",
        shifts=1,
        allow_n=True,
        batch_size=8,
    ).score_vcf(files.variants)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert found["status"].tolist()[0] == "ok"  # over the edge, with --allow-n


@pytest.mark.parametrize("command", ["score", "predict", "evaluate", "scan", "calibrate", "gwas"])
def test_the_backend_reaches_the_model(
    command: str, files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "sequences.tsv"
    table.write_text(
        "sequence\tlabel\n" + "".join(f"{base * 200}\t{n}\n" for n, base in enumerate("AC"))
    )
    model, reference = ("--enhancer", files.model), ("--reference", files.reference)
    commands = {
        "score": ("score", files.variants, *reference, *model),
        "predict": ("predict", table, "--model", files.model),
        "evaluate": ("evaluate", files.model, table),
        "scan": ("scan", *reference, *model, "-o", tmp_path / "calls.bed"),
        "calibrate": ("models", "calibrate", files.copied_to(tmp_path).model, *reference),
        "gwas": ("gwas", files.gwas_list, *reference, *model),
    }
    asked = ("--device", "cpu", "--backend", "openvino", "--precision", "fp16")
    assert run(*commands[command], *asked) == 1
    assert "backend 'openvino' with precision 'fp16'" in capsys.readouterr().err


def test_several_enhancer_models_need_names(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["score", files.variants, "-r", files.reference, "-o", tmp_path / "e.tsv"]
    two = ["--enhancer", f"a={files.model}", "--enhancer", f"b={files.model}"]
    assert run(*base, *two) == 0
    header = (tmp_path / "e.tsv").read_text().splitlines()[0]
    assert "a_log_odds_shift" in header
    assert "b_log_odds_shift" in header
    assert run(*base, "--enhancer", files.model, "--enhancer", files.model) == 2
    assert "expected NAME=" in capsys.readouterr().err
    assert run(*base, "--tfbs", files.model) == 0  # called by its card
    assert "random_log_odds_shift" in (tmp_path / "e.tsv").read_text().splitlines()[0]
    assert run(*base, *two, "--enhancer", f"a={files.model}") == 2


def test_a_folder_whose_name_has_an_equals_sign_is_a_folder(
    files: DemoFiles, tmp_path: Path
) -> None:
    model = demo_files().copied_to(tmp_path / "a=b").model
    base = ["score", files.variants, "-r", files.reference, "-o", tmp_path / "e.tsv"]
    assert run(*base, "--enhancer", model) == 0


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"variants": "no/such.vcf"}, 1, "no/such.vcf: cannot be read"),
        ({"reference": "no/such.fa"}, 1, "no/such.fa"),
        ({"model": "no/such/model"}, 1, "no such directory"),
        ({"output": "effects.docx"}, 1, "its ending names no format"),
        ({"output": "no/such/folder/effects.vcf"}, 1, "no such folder"),
    ],
)
def test_errors_are_one_line(
    files: DemoFiles,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    status: int,
    message: str,
) -> None:
    given = {
        "variants": files.variants,
        "reference": files.reference,
        "model": files.model,
        "output": tmp_path / "effects.vcf",
        **change,
    }
    arguments = ["score", given["variants"], "-r", given["reference"]]
    arguments += ["--enhancer", given["model"], "-o", given["output"]]
    assert run(*arguments) == status
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.startswith("enhancer-variants: error: ")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["score", "x.vcf"],
        ["nonsense"],
        ["score", "x.vcf", "-r", "x.fa", "--batch-size", "0"],
        ["score", "x.vcf", "-r", "x.fa", "--strand", "reverse"],
    ],
)
def test_usage_errors_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert "Usage:" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert ev.__version__ in capsys.readouterr().out
    assert run("score", "--help") == 0
    printed = capsys.readouterr().out
    assert "--reference" in printed
    assert run("--help") == 0
    assert "not for clinical use" in capsys.readouterr().out


def test_models_are_shown_and_converted(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("models", "show", files.model) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "random" in json.dumps(shown)
    target = tmp_path / "converted"
    assert run("models", "convert", files.model, target) == 0
    assert "sha256" in capsys.readouterr().err
    one, other = (
        ev.VariantScorer(files.reference, enhancer=model).score_vcf(files.variants)
        for model in (files.model, target)
    )
    pd.testing.assert_frame_equal(one, other)


def test_assumptions_are_warned_of_in_one_line_each(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = demo_files().copied_to(tmp_path).model
    (bare / "enhancer_variants.json").unlink()
    base = ["score", files.variants, "-r", files.reference, "--enhancer", bare]
    assert run(*base, "-o", tmp_path / "e.tsv") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("warning: enhancer: ")


def test_standard_input_to_standard_output(files: DemoFiles) -> None:
    command = [*PROGRAM, *map(str, scoring(files))]
    command[command.index(str(files.variants))] = "-"
    result = subprocess.run(
        command, input=files.variants.read_bytes(), capture_output=True, check=True
    )
    assert sum(not line.startswith(b"#") for line in result.stdout.splitlines()) == 24
    assert b"26 alleles" in result.stderr


def _parts(files: DemoFiles) -> tuple[bytes, bytes]:
    """Header and records of the example variants."""
    lines = files.variants.read_bytes().splitlines(keepends=True)
    header = [line for line in lines if line.startswith(b"#")]
    return b"".join(header), b"".join(lines[len(header) :])


def _many_records(folder: Path, files: DemoFiles) -> Path:
    header, records = _parts(files)
    path = folder / "many.vcf"
    path.write_bytes(header + records * 300)
    return path


def test_a_closed_pipe_is_quiet(files: DemoFiles, tmp_path: Path) -> None:
    many = _many_records(tmp_path, files)
    command = [*PROGRAM, *map(str, scoring(files, "--output-format", "tsv"))]
    command[command.index(str(files.variants))] = str(many)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(300) == 141
    assert errors == b""


def test_a_signal_that_compiled_code_overlooks_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raised = ValueError()

    def overlooked(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException as error:
            raise SystemError("returned a result with an exception set") from error

    def of_its_own(*_: object) -> None:
        raise SystemError from raised

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        monkeypatch.setattr(cli, "invoke", overlooked)
        with pytest.raises(SystemExit) as ended:
            main(["demo"])
        monkeypatch.setattr(cli, "invoke", of_its_own)
        with pytest.raises(SystemError):
            main(["demo"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended.value.code == 143
    assert capsys.readouterr() == ("", "")


def _heed_interrupts() -> None:
    """Undo what a shell does to its background jobs, among which these tests may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_are_quiet_and_leave_nothing(
    files: DemoFiles,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    sent: signal.Signals,
    status: int,
) -> None:
    output = tmp_path / "effects.vcf"
    command = [*PROGRAM, *map(str, scoring(files, "-o", output))]
    command[command.index(str(files.variants))] = "-"
    header, records = _parts(files)
    said = tmp_path_factory.mktemp("said") / "errors"
    with (
        said.open("wb") as errors,
        subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stderr=errors,
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - the child has no threads yet
        ) as process,
    ):
        # Standard input stays open: the run is in its middle whenever the signal comes, and most
        # often it waits for the next record.
        process.stdin.write(header + records * 300)
        try:
            latest = time.monotonic() + 300
            while not list(tmp_path.glob(".effects.vcf.*")):
                assert process.poll() is None, "the run ended before it began to write"
                assert time.monotonic() < latest, "the run never began to write"
                time.sleep(0.05)
            process.send_signal(sent)
            assert process.wait(300) == status
        finally:
            process.kill()
    assert b"Traceback" not in said.read_bytes()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_error(files: DemoFiles, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*scoring(files, "-o", "/dev/full", "--output-format", "tsv")) == 1
    assert os.strerror(28) in capsys.readouterr().err


def test_calibrate_score_and_add_q(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = files.copied_to(tmp_path / "demo").model
    command = ["models", "calibrate", model, "-r", files.reference, "--random", "150"]
    assert run(*command, "--seed", "3") == 0
    assert " SNVs and " in capsys.readouterr().err
    output = tmp_path / "effects.tsv"
    base = ["score", files.variants, "-r", files.reference, "--enhancer", model, "-q"]
    assert run(*base, "--calibrated", "-o", output) == 0
    assert run("add-q", output) == 0
    effects = pd.read_csv(output, sep="\t")
    place = list(effects.columns).index("enhancer_p")
    assert list(effects.columns)[place - 1 : place + 3] == [
        "enhancer_percentile",
        "enhancer_p",
        "enhancer_q",
        "enhancer_phred",
    ]
    known = effects.dropna(subset=["enhancer_p"])
    assert (known["enhancer_q"] >= known["enhancer_p"]).all()
    assert run("add-q", tmp_path / "effects.tsv", "-o", tmp_path / "again.tsv") == 0
    assert run(*command, "--variants", files.variants) == 2
    assert "one or the other" in capsys.readouterr().err


def test_sequences_are_predicted_from_the_command_line(
    files: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fasta = tmp_path / "sequences.fa"
    fasta.write_text(">one;label=1\n" + "ACGTTGCA" * 25 + "\n>two;label=0\nACGTNGCA\n>three\nAC\n")
    output = tmp_path / "predicted.tsv"
    assert run("predict", fasta, "-m", f"toy={files.planted_model}", "-o", output) == 0
    assert "1 predicted" in capsys.readouterr().err
    predicted = pd.read_csv(output, sep="\t")
    assert predicted["status"].tolist() == ["ok", "has_n", "too_short"]
    assert predicted["toy_prob"].notna().tolist() == [True, False, False]
    npy = tmp_path / "pred_results.npy"
    assert run("predict", fasta, "-m", files.planted_model, "-o", output, "--npy", npy, "-q") == 0
    assert np.load(npy).shape == (3,)


def test_a_data_set_is_made_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bases = random.Random(5)
    fasta = tmp_path / "positives.fa"
    sequences = ("".join(bases.choices("ACGT", k=210)) for _ in range(40))
    fasta.write_text("".join(f">p{number}\n{s}\n" for number, s in enumerate(sequences)))
    folder = tmp_path / "data"
    options = ["--negatives", "dinucleotide", "--split", "80:20"]
    assert run("dataset", fasta, "-o", folder, *options) == 0
    assert "train: label" in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"train.tsv", "dev.tsv", "data_card.json"}
    card = json.loads((folder / "data_card.json").read_text())
    assert sum(sum(split["counts"].values()) for split in card["splits"].values()) == 80
