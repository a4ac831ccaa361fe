"""Do what is left of a run: shards to the engine, pieces into the folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from enhancer_variants.errors import InputError
from enhancer_variants.models.files import JSON
from enhancer_variants.progress import ProgressBar
from enhancer_variants.runs.directory import DoneShard, RunDirectory
from enhancer_variants.runs.shard import Engine, Shard

__all__ = ["FinishedRun", "run_shards"]


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a run came to, once all of its shards are done.

    Attributes
    ----------
    shards
        How many there are.
    resumed
        How many of them were done already when this process began.
    counts
        Sum of the counts of all pieces.
    notes
        Notes of the shards that have any, by number.

    Examples
    --------
    >>> FinishedRun(2, 1, Counter(ok=3), {}).counts["ok"]
    3
    """

    shards: int
    resumed: int
    counts: Counter[str]
    notes: Mapping[int, Mapping[str, JSON]]


def run_shards(
    directory: RunDirectory,
    engine: Engine,
    shards: Iterable[Shard],
    bar: ProgressBar | None = None,
) -> FinishedRun:
    """Do every shard that the folder does not hold yet.

    Parameters
    ----------
    directory
        The folder, begun.
    engine
        Who does the work, started.
    shards
        All shards of the run, numbered from 0 without a gap; the same ones whenever the run is
        gone on with. Read in any thread.
    bar
        One bar for the whole run, with the shards that were done before.

    Returns
    -------
    FinishedRun
        Counts and notes of all shards, those done before included.

    Raises
    ------
    InputError
        If the folder holds more shards than there are.

    Examples
    --------
    >>> import tempfile
    >>> from enhancer_variants.runs import LocalEngine, Piece
    >>> class Letters:
    ...     conditions, outline = {}, None
    ...
    ...     def __call__(self, shard, advance=None):
    ...         return Piece({"letters.txt": shard.content.encode()}, {"letters": 1})
    >>> shards = [Shard(0, "A", 1), Shard(1, "C", 1)]
    >>> with tempfile.TemporaryDirectory() as folder, RunDirectory(folder) as directory:
    ...     with LocalEngine() as engine:
    ...         conditions, _ = engine.start(Letters)
    ...         _ = directory.begin({"input": "AC"}, conditions, {})
    ...         run_shards(directory, engine, shards).counts
    Counter({'letters': 2})
    """
    done = directory.verified()
    bar = bar or ProgressBar(False)
    bar.resume(sum(shard.size for shard in done.values()))
    missing = _Missing(shards, done, bar)
    counts, notes = Counter[str](), dict[int, Mapping[str, JSON]]()
    for shard, piece in engine.pieces(iter(missing), bar.advance):
        directory.keep(shard, piece)
        counts.update(piece.counts)
        notes[shard.number] = piece.notes
    if missing.unknown:
        raise InputError(
            f"{directory.path}: holds shard {min(missing.unknown)}, and the input has only "
            f"{missing.count} shards; name another folder"
        )
    for earlier in missing.found:
        counts.update(earlier.counts)
        notes[earlier.number] = earlier.notes
    with_notes = {number: notes[number] for number in sorted(notes) if notes[number]}
    return FinishedRun(missing.count, len(missing.found), counts, with_notes)


@dataclass
class _Missing:
    """Gives the shards that are not done, and counts them all."""

    shards: Iterable[Shard]
    done: Mapping[int, DoneShard]
    bar: ProgressBar
    count: int = 0
    found: list[DoneShard] = field(default_factory=list)

    @property
    def unknown(self) -> set[int]:
        return {number for number in self.done if number >= self.count}

    def __iter__(self) -> Iterator[Shard]:
        for shard in self.shards:
            self.count += 1
            self.bar.expect(shard.size, shard.fraction_read)
            earlier = self.done.get(shard.number)
            if earlier is not None and earlier.size == shard.size:
                self.found.append(earlier)
            else:
                yield shard
