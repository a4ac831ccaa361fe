from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from enhancer_variants.errors import VariantFileError
from enhancer_variants.runs import LocalEngine, Piece, Shard
from enhancer_variants.runs.local_engine import ReadAhead


class Echo:
    """A piece is its shard's content; progress is told in two steps."""

    conditions = {"letters": "any"}  # noqa: RUF012
    outline = "echo"

    def __call__(self, shard: Shard, advance: object = None) -> Piece:
        if shard.content == "bad":
            raise VariantFileError("x.vcf: damaged")
        if advance is not None:
            advance(shard.size / 2)
            advance(shard.size / 2)
        return Piece({"echo.txt": shard.content.encode()})


def shards(*contents: str) -> list[Shard]:
    return [Shard(number, content, len(content)) for number, content in enumerate(contents)]


def threads() -> int:
    return sum(thread.name == "read-ahead" for thread in threading.enumerate())


def test_shards_are_done_in_order_with_progress() -> None:
    told: list[float] = []
    with LocalEngine() as engine:
        assert engine.start(Echo) == ({"letters": "any"}, "echo")
        done = [*engine.pieces(iter(shards("A", "CC", "")), told.append)]
    assert [piece.files["echo.txt"] for _, piece in done] == [b"A", b"CC", b""]
    assert [shard.number for shard, _ in done] == [0, 1, 2]
    assert sum(told) == 3
    assert threads() == 0


def test_errors_keep_their_type_and_come_in_their_turn() -> None:
    def reading() -> Iterator[Shard]:
        yield from shards("A", "C")
        raise VariantFileError("x.vcf: truncated")

    for given, message in ((reading(), "truncated"), (iter(shards("A", "C", "bad")), "damaged")):
        done = []
        with LocalEngine() as engine, pytest.raises(VariantFileError, match=message):  # noqa: PT012
            engine.start(Echo)
            for shard, _ in engine.pieces(given):
                done.append(shard.number)
        assert done == [0, 1]
        assert threads() == 0


def test_an_engine_is_started_before_it_works() -> None:
    with LocalEngine() as engine, pytest.raises(RuntimeError, match="start"):
        next(engine.pieces(iter(shards("A"))))


def test_reading_stops_a_bounded_number_ahead_and_when_nobody_wants_more() -> None:
    read, closed = [], []

    def endless() -> Iterator[int]:
        try:
            for number in range(10**9):
                read.append(number)
                yield number
        finally:
            closed.append(threading.current_thread().name)

    with ReadAhead(endless(), 2) as ahead:
        assert next(ahead) == 0
        deadline = time.monotonic() + 20
        while len(read) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)  # room for one more, if it were not bounded
        assert len(read) == 4  # one taken, two waiting, one in the reader's hand
    assert threads() == 0
    assert closed == ["read-ahead"]
