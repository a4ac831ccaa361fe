"""Effects of a risk list into files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from enhancer_variants.errors import InputError
from enhancer_variants.io import EffectTable, VariantInput, VariantRecord, effect_writer, is_stream
from enhancer_variants.schema import Column

__all__ = ["UNPLACED_ENDING", "has_place", "is_vcf", "list_effect_writer"]

UNPLACED_ENDING = ".unresolved.tsv"
"""Behind a VCF's name: where the rows go that a VCF has no place for."""


def is_vcf(output_format: str) -> bool:
    """Whether a format has records, which need a position and alleles."""
    return output_format.startswith("vcf") or output_format == "bcf"


def has_place(record: VariantRecord) -> bool:
    """Whether a VCF can have a record of this.

    Examples
    --------
    >>> has_place(VariantRecord(0, "chr1", 100, "rs1", "A", ("T",)))
    True
    >>> has_place(VariantRecord(0, "", None, "rs1", "", ()))
    False
    """
    return bool(record.contig and record.position and record.ref and record.alts)


@contextlib.contextmanager
def list_effect_writer(
    output: str | os.PathLike[str] | None,
    output_format: str,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    *,
    name: str,
    contig_lengths: Mapping[str, int],
) -> Iterator[Callable[[EffectTable], None]]:
    """Open a file for the effects of a list; it appears under its name when the block ends well.

    A VCF has a record for each row that has a position and alleles. The others go to a table of
    their own, ``<output>.unresolved.tsv``, which is there even where it is empty.

    Parameters
    ----------
    output
        A path, or None or ``-`` for standard output.
    output_format
        One of :data:`~enhancer_variants.io.OUTPUT_FORMATS`.
    columns
        The output's columns.
    provenance
        What goes with the output.
    name
        The list's name, for messages.
    contig_lengths
        Contigs of the reference, for the header of a VCF.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.EffectTable` at a time.

    Raises
    ------
    InputError
        If a VCF is to go to standard output, where the other rows would be lost.
    """
    source = VariantInput(name, "table", None, iter(()), lambda: None, lambda: None)
    about = (source, columns, provenance)
    if not is_vcf(output_format):
        with effect_writer(output, output_format, *about, contig_lengths=contig_lengths) as write:
            yield write
        return
    if output is None or is_stream(output):
        raise InputError(
            f"{name}: a VCF has no place for variants that were not found, and standard output "
            "has none beside it: name a file (-o OUT.vcf.gz), or write a table"
        )
    beside = f"{os.fspath(output)}{UNPLACED_ENDING}"
    with (
        effect_writer(output, output_format, *about, contig_lengths=contig_lengths) as write,
        effect_writer(beside, "tsv", *about, contig_lengths=contig_lengths) as write_unplaced,
    ):

        def write_both(table: EffectTable) -> None:
            placed = [has_place(record) for record in table.records]
            write(_some_of(table, placed))
            write_unplaced(_some_of(table, [not is_placed for is_placed in placed]))

        yield write_both


def _some_of(table: EffectTable, wanted: Sequence[bool]) -> EffectTable:
    if all(wanted):
        return table
    rows = [number for number, is_wanted in enumerate(wanted) if is_wanted]
    data = {name: [values[row] for row in rows] for name, values in table.data.items()}
    records = [table.records[row] for row in rows]
    return EffectTable(records, [1] * len(rows), table.columns, data)
