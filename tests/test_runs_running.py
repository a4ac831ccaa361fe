from __future__ import annotations

from pathlib import Path

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.progress import ProgressBar
from enhancer_variants.runs import LocalEngine, Piece, RunDirectory, Shard, run_shards


class Counting:
    """Says which shards it did, and fails at one of them."""

    conditions: dict[str, str] = {}  # noqa: RUF012
    outline = None

    def __init__(self, fails_at: int | None = None) -> None:
        self.did: list[int] = []
        self.fails_at = fails_at

    def __call__(self, shard: Shard, advance: object = None) -> Piece:
        if shard.number == self.fails_at:
            raise MemoryError
        self.did.append(shard.number)
        advance(shard.size)
        notes = {"batch_size": 4} if shard.number == 1 else {}
        return Piece({"t.txt": shard.content.encode()}, {"letters": len(shard.content)}, notes)


SHARDS = [Shard(n, text, len(text), (n + 1) / 4) for n, text in enumerate(["A", "CC", "G", "TT"])]


class Bar(ProgressBar):
    """A bar that nobody sees, but that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(False)
        self.expected: list[tuple[int, float | None]] = []
        self.resumed = self.advanced = 0.0

    def expect(self, alleles: int, fraction_read: float | None) -> None:
        self.expected.append((alleles, fraction_read))
        super().expect(alleles, fraction_read)

    def advance(self, alleles: float) -> None:
        self.advanced += alleles
        super().advance(alleles)

    def resume(self, alleles: int) -> None:
        self.resumed += alleles
        super().resume(alleles)


def go(folder: Path, work: Counting, shards: list[Shard] = SHARDS, bar: Bar | None = None):
    with RunDirectory(folder) as directory, LocalEngine() as engine:
        engine.start(lambda: work)
        directory.begin({}, {}, {})
        finished = run_shards(directory, engine, shards, bar)
        return finished, b"".join(
            path.read_bytes() for path in directory.pieces("t.txt", finished.shards)
        )


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        go(tmp_path / "run", Counting(fails_at=2))
    rest, bar = Counting(), Bar()
    finished, joined = go(tmp_path / "run", rest, bar=bar)
    assert rest.did == [2, 3]
    assert joined == b"ACCGTT"
    assert (finished.shards, finished.resumed, finished.counts) == (4, 2, {"letters": 6})
    assert finished.notes == {1: {"batch_size": 4}}
    assert (bar.resumed, bar.advanced) == (3, 3)
    assert bar.expected == [(shard.size, shard.fraction_read) for shard in SHARDS]
    again = Counting()
    assert go(tmp_path / "run", again)[1] == joined
    assert again.did == []


def test_a_shard_that_was_cut_otherwise_is_done_again(tmp_path: Path) -> None:
    go(tmp_path / "run", Counting())
    work = Counting()
    _, joined = go(tmp_path / "run", work, [Shard(0, "AAAA", 4), *SHARDS[1:]])
    assert work.did == [0]
    assert joined == b"AAAACCGTT"


def test_shards_beyond_the_input_are_refused(tmp_path: Path) -> None:
    go(tmp_path / "run", Counting())
    with pytest.raises(InputError, match="holds shard 2, and the input has only 2 shards"):
        go(tmp_path / "run", Counting(), SHARDS[:2])
