"""enhancer-variants compare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enhancer_variants.cli import main

CALLS = "chr1\t100\t200\tfirst\nchr1\t900\t950\tsecond\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calls.bed").write_text(CALLS)
    for name in ("known.bed", "known.tsv"):
        (tmp_path / name).write_text("1\t150\t250\n")
    (tmp_path / "toy.sizes").write_text("1\t5000\n")
    return tmp_path


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_a_table_goes_to_standard_output_and_a_summary_beside_it(folder: Path, capfd) -> None:
    assert _run(folder / "calls.bed", "--known", f"atlas={folder / 'known.bed'}") == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[0].startswith("database\treciprocal_overlap\tcalls\t")
    assert len(said.out.splitlines()) == 1 + 2 * 3
    assert "1 novel calls" in said.err


def test_everything_that_can_be_asked_for_is_written(folder: Path, capfd) -> None:
    known = folder / "known.bed"
    status = _run(
        *(folder / "calls.bed", "--known", f"a={known}", "--known", f"b={known}"),
        *("-g", folder / "toy.sizes", "--gaps", known, "--permutations", 20, "--seed", 3),
        *("--reciprocal", 0, "--reciprocal", 0.5, "--novel-reciprocal", 0.6),
        *("-o", folder / "out", "--novel", folder / "novel.bed"),
        *("--picture", folder / "found.svg", "-q"),
    )
    assert (status, capfd.readouterr().err) == (0, "")
    told = json.loads((folder / "out" / "comparison.json").read_text())
    assert told["provenance"]["options"] == {
        "reciprocal": [0.0, 0.5],
        "novel_reciprocal": 0.6,
        "permutations": 20,
        "seed": 3,
    }
    assert told["provenance"]["gaps"]["name"] == "known.bed"
    # Nothing is placed where the one known interval is: chance never overlaps it.
    assert told["databases"][0]["expected"] == 0
    assert (folder / "novel.bed").read_text() == "#chrom\tstart\tend\tname\n" + CALLS
    assert "</svg>" in (folder / "found.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "Missing option '--known'"),
        (["--known", "known.bed"], 2, "expected NAME=BED"),
        (["--known", "a=known.bed", "--known", "a=calls.bed"], 2, "'a' is named twice"),
        (["--known", "a=absent.bed"], 1, "absent.bed: cannot be read"),
        (["--known", "a=known.bed", "-o", "calls.bed"], 1, "ends in .tsv or .json"),
        (["--known", "a=known.tsv", "-o", "known.tsv"], 1, "known.tsv: is an input"),
        (["--known", "a=known.bed", "--novel", "known.bed"], 1, "is an input"),
        (["--known", "a=known.bed", "--picture", "found.jpg"], 1, ".png, .svg or .pdf"),
        (["--known", "a=known.bed", "--gaps", "known.bed"], 1, "need the genome's lengths"),
        (["--known", "a=known.bed", "--reciprocal", "2"], 2, "--reciprocal"),
    ],
)
def test_mistakes_are_one_line(
    folder: Path, monkeypatch, capfd, arguments, status, message
) -> None:
    monkeypatch.chdir(folder)
    assert _run("calls.bed", *arguments) == status
    assert message in capfd.readouterr().err
    assert (folder / "calls.bed").read_text() == CALLS


def test_warnings_are_lines(folder: Path, capfd) -> None:
    (folder / "other.bed").write_text("scaffold\t1\t2\n")
    assert _run(folder / "calls.bed", "--known", f"other={folder / 'other.bed'}") == 0
    assert "warning: other has no contig in common" in capfd.readouterr().err
