"""The engine that is this process: one shard at a time, the next one read meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from enhancer_variants.models.files import JSON
from enhancer_variants.runs.shard import MakeWork, Piece, Shard, Work

__all__ = ["LocalEngine", "ReadAhead"]

Item = TypeVar("Item")

_READ_AHEAD: Final = 1
"""Shards that wait. One is enough, and each may hold a hundred megabytes of a file's text."""

_PATIENCE: Final = 0.1
"""Seconds after which a thread that waits looks whether it is still wanted."""


class LocalEngine:
    """Does every shard in this process (see :class:`~enhancer_variants.runs.Engine`).

    Examples
    --------
    >>> class Letters:
    ...     conditions, outline = {}, None
    ...
    ...     def __call__(self, shard, advance=None):
    ...         return Piece({"letters.txt": shard.content.encode()})
    >>> with LocalEngine() as engine:
    ...     _ = engine.start(Letters)
    ...     [piece.files for _, piece in engine.pieces(iter([Shard(0, "A", 1)]))]
    [{'letters.txt': b'A'}]
    """

    def __init__(self) -> None:
        self._work: Work | None = None

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._work = None

    def start(self, make_work: MakeWork) -> tuple[Mapping[str, JSON], Any]:
        """Load the models; give their conditions and the outline."""
        self._work = make_work()
        return self._work.conditions, self._work.outline

    def pieces(
        self, shards: Iterator[Shard], advance: Callable[[float], None] | None = None
    ) -> Iterator[tuple[Shard, Piece]]:
        """Do all shards in their order; `shards` is read in another thread."""
        if self._work is None:
            raise RuntimeError("start() makes the worker, and comes before pieces()")
        with ReadAhead(shards, _READ_AHEAD) as ahead:
            for shard in ahead:
                yield shard, self._work(shard, advance)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException


class _End:
    """Stands behind the last item."""


class ReadAhead(Generic[Item]):
    """Items of an iterator that another thread reads, a bounded number of them ahead.

    What reading raises is raised here, behind the items that were read before. Leaving the
    context ends the thread.

    Parameters
    ----------
    items
        What is read, in the other thread alone; closed there where it can be closed.
    waiting
        How many items may wait.

    Examples
    --------
    >>> with ReadAhead(iter("ACG"), 2) as ahead:
    ...     list(ahead)
    ['A', 'C', 'G']
    """

    def __init__(self, items: Iterable[Item], waiting: int) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _Failure | _End] = queue.Queue(waiting)
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._given()

    def __exit__(self, *_: object) -> None:
        self._unwanted.set()
        self._thread.join()

    def _given(self) -> Iterator[Item]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                return
            if isinstance(item, _Failure):
                raise item.error
            yield item

    def _read(self) -> None:
        last: _Failure | _End = _End()
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:  # noqa: BLE001 - raised where the items are wanted
            last = _Failure(error)
        close = getattr(self._items, "close", None)
        if close is not None:
            close()
        self._put(last)

    def _put(self, item: Item | _Failure | _End) -> bool:
        """Put an item into the queue as soon as there is room; False if nobody wants it."""
        while not self._unwanted.is_set():
            try:
                self._queue.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False
