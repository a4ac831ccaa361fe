"""The values of a long run: a shard goes in, a piece of the result comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from enhancer_variants.models.files import JSON

__all__ = ["Engine", "MakeWork", "Piece", "Shard", "Work"]


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the input, small enough to be done again when a machine dies over it.

    Attributes
    ----------
    number
        0-based; the pieces of all shards in this order are the result.
    content
        What a worker needs to know of it; it can be pickled.
    size
        How much work it is, in the unit that the progress bar counts (alleles, windows).
    fraction_read
        Share of the input that is read when this shard is, 0 to 1; None where nobody knows.

    Examples
    --------
    >>> Shard(0, ("chr1:2009:A:T",), size=1).number
    0
    """

    number: int
    content: Any
    size: int
    fraction_read: float | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    r"""What became of a shard.

    Attributes
    ----------
    files
        Content of its files by the name of the table they are a part of, with the ending of the
        format: ``{"effects.parquet": b"PAR1..."}``. Every piece of a run has the same names.
    counts
        What the run's summary adds up: numbers by name.
    notes
        What this shard alone was done with, such as a smaller batch after memory ran out.

    Examples
    --------
    >>> Piece({"effects.tsv": b"chr1\t10\n"}, {"ok": 1}).counts
    {'ok': 1}
    """

    files: Mapping[str, bytes]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, JSON] = field(default_factory=dict)


class Work(Protocol):
    """What a worker does with every shard, once its models are loaded.

    Equal shards give equal bytes wherever the conditions are equal.
    """

    @property
    def conditions(self) -> Mapping[str, JSON]:
        """All that the bytes of a piece depend on beside the shard: kept in the manifest.

        Models and reference with their digests, options, precision, batch shape, kind of device,
        threads, versions. A run is only gone on with under the conditions that it began with.
        """
        ...

    @property
    def outline(self) -> Any:
        """What whoever puts the pieces together has to know of them; it can be pickled."""
        ...

    def __call__(self, shard: Shard, advance: Callable[[float], None] | None = None) -> Piece:
        """Do a shard; `advance` is told how much more of its size is done, where it is given."""
        ...


MakeWork: TypeAlias = Callable[[], Work]
"""Called once by each worker, where it works: loads the models. It can be pickled."""


class Engine(Protocol):
    """Who does the work: this process, or the workers of a Ray cluster.

    An engine is used as a context: leaving it lets all workers go.
    """

    def __enter__(self) -> Engine: ...

    def __exit__(self, *exception: object) -> None: ...

    def start(self, make_work: MakeWork) -> tuple[Mapping[str, JSON], Any]:
        """Make the workers; give their conditions, which are the same for all, and the outline.

        Raises
        ------
        InputError
            If workers differ in their conditions; the message says in what.
        """
        ...

    def pieces(
        self, shards: Iterator[Shard], advance: Callable[[float], None] | None = None
    ) -> Iterator[tuple[Shard, Piece]]:
        """Do all shards; give each with its piece as soon as it is done, in any order.

        Only a few shards more than there are workers are taken from `shards` at any time. What a
        shard's work raises is raised here. `advance` is told of the progress within shards.
        """
        ...
