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
    assert "1 novel call that no database has" in said.err


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


def test_what_cannot_be_written_is_refused_before_the_work(folder: Path, capfd) -> None:
    calls, known = folder / "calls.bed", f"known={folder / 'absent.bed'}"
    (folder / "file").write_text("")
    for option in (["-o", "no/c.tsv"], ["--novel", "no/n.bed"], ["--picture", "no/p.png"]):
        assert _run(calls, "--known", known, option[0], folder / option[1]) == 1
        assert "no: no such folder; make it first" in capfd.readouterr().err
    assert _run(calls, "--known", known, "-o", folder / "file") == 1
    assert "file: is a file; expected a folder" in capfd.readouterr().err
    assert _run("-", "--known", "known=-") == 1
    assert "standard input (-) is named more than once" in capfd.readouterr().err


def test_other_files_may_lie_in_the_folder_that_is_made(folder: Path) -> None:
    known, out = f"known={folder / 'known.bed'}", folder / "made"
    where = ["-o", out, "--picture", out / "p.svg", "--novel", out / "other.bed"]
    assert _run(folder / "calls.bed", "--known", known, *where, "-q") == 0
    assert (out / "p.svg").is_file()
    assert (out / "other.bed").read_bytes() == (out / "novel.bed").read_bytes()


def test_novel_calls_keep_their_quotes(folder: Path) -> None:
    (folder / "calls.bed").write_text('chr1\t900\t950\ta "b"\t7\nchr1\t990\t999\n')
    known, novel = f"known={folder / 'known.bed'}", folder / "novel.bed"
    arguments = ["-o", folder / "c.tsv", "--novel", novel, "-q"]
    assert _run(folder / "calls.bed", "--known", known, *arguments) == 0
    lines = novel.read_text().splitlines()
    assert lines == [
        "#chrom\tstart\tend\tname\tscore",
        'chr1\t900\t950\ta "b"\t7',
        "chr1\t990\t999\t.\t.",
    ]


def test_warnings_are_lines(folder: Path, capfd) -> None:
    (folder / "other.bed").write_text("scaffold\t1\t2\n")
    assert _run(folder / "calls.bed", "--known", f"other={folder / 'other.bed'}") == 0
    assert "warning: other has no contig in common" in capfd.readouterr().err
