"""The folder of a run: a shard is done or it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.runs import DoneShard, Piece, RunDirectory, Shard
from enhancer_variants.runs import directory as module

ASKED = {"input": {"name": "a.vcf", "sha256": "00"}, "pieces": ["effects.tsv"]}
CONDITIONS = {"devices": ["cpu"], "threads": 2}
SETTLED = {"batch_size": 8}


def begun(directory: RunDirectory) -> dict[str, object]:
    return dict(directory.begin(ASKED, CONDITIONS, SETTLED))


def piece(text: str) -> Piece:
    return Piece({"effects.tsv": text.encode()}, {"ok": len(text)}, {"note": text})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with two shards done."""
    path = tmp_path / "run"
    with RunDirectory(path) as directory:
        begun(directory)
        for number, text in enumerate(["A", "CC"]):
            directory.keep(Shard(number, None, len(text)), piece(text))
    return path


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_layout_and_what_is_known_of_a_shard(folder: Path) -> None:
    shards = {f"{table}/0000{n}.{e}" for n in (0, 1) for table, e in DONE_AND_EFFECTS}
    assert names(folder) == {"run.json", "lock", *shards}
    with RunDirectory(folder) as directory:
        assert directory.verified() == {
            0: DoneShard(0, 1, {"ok": 1}, {"note": "A"}),
            1: DoneShard(1, 2, {"ok": 2}, {"note": "CC"}),
        }
        assert [p.read_text() for p in directory.pieces("effects.tsv", 2)] == ["A", "CC"]


DONE_AND_EFFECTS = (("done", "json"), ("effects", "tsv"))


def test_what_is_settled_stays_once_a_shard_is_done(tmp_path: Path, folder: Path) -> None:
    other = {"batch_size": 99}
    with RunDirectory(folder) as directory:
        assert directory.settled == SETTLED
        assert directory.begin(ASKED, CONDITIONS, other) == SETTLED
    with RunDirectory(tmp_path / "new") as directory:
        begun(directory)
        assert directory.settled == {}
        assert directory.begin({"input": "another"}, CONDITIONS, other) == other
    with RunDirectory(tmp_path / "new") as directory:
        assert directory.begin({"input": "a third"}, CONDITIONS, SETTLED) == SETTLED


def test_a_run_that_begins_anew_has_no_pieces_of_before(folder: Path) -> None:
    for done in (folder / "done").iterdir():
        done.unlink()
    with RunDirectory(folder) as directory:
        directory.begin({"input": "another"}, CONDITIONS, SETTLED)
    assert names(folder) == {"run.json", "lock"}


def test_another_request_is_refused_and_says_what_differs(folder: Path) -> None:
    asked = {**ASKED, "input": {"name": "a.vcf", "sha256": "11"}}
    with (
        RunDirectory(folder) as directory,
        pytest.raises(InputError, match="was 2 when the run began") as caught,
    ):
        directory.begin(asked, {**CONDITIONS, "threads": 4}, SETTLED)
    message = str(caught.value)
    assert "input.sha256 is '11', and was '00' when the run began" in message
    assert "threads is 4" in message
    assert "name another folder" in message
    many = {f"option{n}": n for n in range(9)}
    with RunDirectory(folder) as directory, pytest.raises(InputError, match="; and 4 more"):
        directory.begin({**ASKED, **many}, CONDITIONS, SETTLED)


def spoil_piece(folder: Path) -> None:
    (folder / "effects/00000.tsv").write_text("B")  # as long as before


def cut_piece(folder: Path) -> None:
    (folder / "effects/00000.tsv").write_text("")


def lose_piece(folder: Path) -> None:
    (folder / "effects/00000.tsv").unlink()


def cut_done(folder: Path) -> None:
    done = folder / "done/00000.json"
    done.write_bytes(done.read_bytes()[:-20])


def rename_done(folder: Path) -> None:
    (folder / "done/00001.json").rename(folder / "done/00000.json")


def change(key: str, value: object) -> object:
    def changed(folder: Path) -> None:
        done = folder / "done/00000.json"
        done.write_text(json.dumps({**json.loads(done.read_text()), key: value}))

    return changed


@pytest.mark.parametrize(
    "damage",
    [
        *(spoil_piece, cut_piece, lose_piece, cut_done, rename_done),
        *(change("files", {}), change("files", 3), change("shard", 7), change("size", "1")),
        *(change("counts", {"ok": "1"}), change("counts", 3), change("notes", ["A"])),
        *(change("counts", [["ok", 1]]), change("size", 10**400), change("size", -1)),
    ],
)
def test_a_damaged_shard_is_not_done(folder: Path, damage: object) -> None:
    damage(folder)
    with RunDirectory(folder) as directory:
        assert 0 not in directory.verified()
        directory.keep(Shard(0, None, 1), piece("A"))
        assert directory.verified()[0].counts == {"ok": 1}


def test_unfinished_files_go_when_the_run_is_gone_on_with(folder: Path) -> None:
    before = names(folder)
    for place in ("", "done", "effects"):
        (folder / place / ".00002.tsv.0123.tmp").write_text("half")
    with RunDirectory(folder):
        assert names(folder) == before


def test_two_runs_cannot_have_one_folder(folder: Path) -> None:
    with (
        RunDirectory(folder),
        pytest.raises(InputError, match="another process works on this run"),
        RunDirectory(folder),
    ):
        pass
    with RunDirectory(folder):
        pass


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'thesis.txt' and no run.json"):
        RunDirectory(tmp_path).__enter__()
    assert names(tmp_path) == {"thesis.txt"}
    with pytest.raises(InputError, match="is a file"):
        RunDirectory(tmp_path / "thesis.txt").__enter__()


def record_of(**changed: object) -> str:
    return json.dumps({"format": 1, "asked": {}, "conditions": {}, "settled": {}, **changed})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 1', "record is damaged"),
        ('{"format": 2, "asked": {}, "conditions": {}, "settled": {}}', "format 2; expected 1"),
        ('{"format": 1}', "another version"),
        (record_of(asked=[]), "asked is a list in run.json; expected what the run wrote"),
        (record_of(settled=None), "settled is a NoneType in run.json"),
        *(
            (record_of(settled={"batch_size": value}), "batch_size is .{1,40} in run.json")
            for value in (0, -1, 10**400, 2.5, "all", None, [1])
        ),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(folder: Path, content: str, message: str) -> None:
    (folder / "run.json").write_text(content)
    with pytest.raises(InputError, match=message):
        RunDirectory(folder).__enter__()
    with pytest.raises(InputError, match=message):  # and not because it is still locked
        RunDirectory(folder).__enter__()


def test_a_record_that_lacks_what_was_settled_is_refused(folder: Path) -> None:
    manifest = folder / "run.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "settled": {}}))
    with (
        RunDirectory(folder) as directory,
        pytest.raises(InputError, match=r"settled names nothing in run\.json"),
    ):
        begun(directory)


def test_what_the_folder_keeps_is_no_output(folder: Path, tmp_path: Path) -> None:
    with RunDirectory(folder) as directory:
        directory.refuse_output(tmp_path / "effects.tsv")
        directory.refuse_output(folder / "effects.tsv")
        (tmp_path / "link").symlink_to(folder / "run.json")
        for own in ("run.json", "lock", "effects/00000.tsv", "other/../done/x"):
            with pytest.raises(InputError, match="expected an output outside of the folder"):
                directory.refuse_output(folder / own)
        for later in ("done", "tfbs"):  # folders that may not be there yet
            with pytest.raises(InputError, match="expected an output outside of the folder"):
                directory.refuse_output(folder / later, ["effects.tsv", "tfbs.parquet"])
        (tmp_path / "circle").symlink_to("circle")
        directory.refuse_output(tmp_path / "circle")
        with pytest.raises(InputError, match="link: belongs to the run"):
            directory.refuse_output(tmp_path / "link")


def test_a_full_disk_leaves_the_shard_undone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    before = names(folder)
    monkeypatch.setattr(module.os, "fsync", full)
    with (
        RunDirectory(folder) as directory,
        pytest.raises(OSError, match=r"No space left on device: '.*00002\.tsv'"),
    ):
        directory.keep(Shard(2, None, 1), piece("G"))
    assert names(folder) == before
