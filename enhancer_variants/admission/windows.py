"""Real windows to compare precisions on: around variants of a file, or random SNVs of a genome."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from enhancer_variants.effects import Requested, WindowPairs
from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, WindowRule
from enhancer_variants.genome.random_changes import random_snvs
from enhancer_variants.io import VariantRecord

__all__ = ["FEWEST_PAIRS", "changes_to_read", "pairs_of"]

FEWEST_PAIRS = 100
"""With fewer window pairs, a 99th percentile says nothing."""


def changes_to_read(
    genome: Reference,
    variants: str | os.PathLike[str] | None,
    n: int,
    seed: int,
    *,
    ignore_assembly: bool = False,
) -> tuple[Requested, str]:
    """Find what windows are to be cut around, and say in words where it comes from.

    Parameters
    ----------
    genome
        The genome.
    variants
        A file of variants; None for random SNVs.
    n, seed
        How many, and the seed of what is random.
    ignore_assembly
        Take variants that look like those of another build.

    Raises
    ------
    InputError
        If there is no such file, or the genome has no base that could be changed.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> with Reference(demo_files().reference) as genome:
    ...     changes_to_read(genome, None, 200, seed=1)[1]
    '200 random SNVs of genome.fa, seed 1'
    """
    place = f"{_printable(genome.name)}, seed {seed}"
    if variants is None:
        changes = [*random_snvs(genome, n, seed)]
        return Requested.of(changes, genome, at_hand=True), f"{n} random SNVs of {place}"
    if not Path(variants).is_file():
        raise InputError(f"{variants}: no such file; expected a VCF, BCF or table of variants")
    requested = Requested.of(variants, genome, ignore_assembly=ignore_assembly)
    return requested, f"{n} of {_printable(Path(variants).name)} on {place}"


def _printable(name: str) -> str:
    """Give a file's name as a card has room for it."""
    return "".join(c for c in name if c.isprintable()).strip()[:60] or "file"


def pairs_of(
    changes: Requested, named: str, genome: Reference, length: int, n: int, seed: int
) -> WindowPairs:
    """Cut the windows around changes.

    Parameters
    ----------
    changes, named
        The changes and what they are called, from :func:`changes_to_read`.
    genome
        The genome.
    length
        Bases of a window, W.
    n, seed
        Of more than n records, n are taken at random.

    Raises
    ------
    InputError
        If there are fewer than 100 pairs.
    VariantFileError, AssemblyMismatchError
        If the variants cannot be read, or do not belong to the genome.
    """
    with changes.open() as opened:
        source = changes.checked(opened)
        records = _sample(source.records, n, seed)
        rows = AlleleRows.of(records, genome, source.contig_lengths)
    pairs = rows.windows(WindowRule(length=length))
    if len(pairs.rows) < FEWEST_PAIRS:
        raise InputError(
            f"{named}: {len(pairs.rows)} could be read as windows of {length} "
            f"bases; expected {FEWEST_PAIRS} or more: give more variants"
        )
    return pairs


def _sample(records: Iterable[VariantRecord], n: int, seed: int) -> list[VariantRecord]:
    """Take n records of a stream, each as likely as any other, in their order."""
    chosen: list[VariantRecord] = []
    generator = np.random.default_rng(seed)
    for number, record in enumerate(records):
        if number < n:
            chosen.append(record)
        elif (place := int(generator.integers(number + 1))) < n:
            chosen[place] = record
    return sorted(chosen, key=lambda record: record.number)
