"""One way to write effects, whatever the format."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from enhancer_variants.io.effects_as_bcf import bcf_writer, require_place
from enhancer_variants.io.effects_as_table import WriteTable, parquet_writer, tsv_writer
from enhancer_variants.io.effects_as_vcf import (
    VcfLines,
    header_of_contigs,
    header_with_effects,
    vcf_writer,
)
from enhancer_variants.io.records import VariantRecord
from enhancer_variants.io.variants import VariantInput
from enhancer_variants.schema import Column

__all__ = ["effect_writer", "output_header", "writable"]


def writable(source: VariantInput, output_format: str) -> VariantInput:
    """Give the same input, which stops at a record that the output format has no place for.

    Writing would stop there too, but only after the records before it were scored.

    Raises
    ------
    VariantFileError
        While reading: for a table's row that is no variant where VCF is to be written, and for a
        line that BCF cannot hold.
    """
    if output_format == "bcf":
        width = 8 if source.header is None else source.header.lines[-1].count(b"\t") + 1
    elif output_format.startswith("vcf") and source.header is None:
        width = 8
    else:
        return source

    def checked() -> Iterator[VariantRecord]:
        for record in source.records:
            require_place(record, width, f"{source.name}:{source.line_number(record)}")
            yield record

    return replace(source, records=checked())


def output_header(
    source: VariantInput,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    contig_lengths: Mapping[str, int],
    *,
    overwrite_info: bool = False,
) -> tuple[bytes, ...]:
    """Header of a VCF or BCF with effects (parameters as for :func:`effect_writer`).

    Raises
    ------
    InputError
        If the input already declares ``EV_`` keys that are not to be overwritten.
    """
    header = source.header or header_of_contigs(contig_lengths)
    return header_with_effects(header, columns, provenance, overwrite_info=overwrite_info)


@contextlib.contextmanager
def effect_writer(
    output: str | os.PathLike[str] | None,
    output_format: str,
    source: VariantInput,
    columns: Sequence[Column],
    provenance: Mapping[str, Any],
    *,
    contig_lengths: Mapping[str, int],
    overwrite_info: bool = False,
) -> Iterator[WriteTable]:
    """Open a file for effects; it appears under its name when the block ends well.

    Parameters
    ----------
    output
        A path, or None or ``-`` for standard output.
    output_format
        One of :data:`~enhancer_variants.io.output.OUTPUT_FORMATS`.
    source
        The input, whose header a VCF output keeps.
    contig_lengths
        Contigs of the reference, for the header of variants that came without one.

    Yields
    ------
    Callable
        Takes one :class:`~enhancer_variants.io.effect_table.EffectTable` at a time.

    Raises
    ------
    InputError
        If the input already has ``EV_`` keys that are not to be overwritten.
    """
    compressed = output_format.endswith(".gz")
    if output_format == "parquet":
        writer = parquet_writer(output, columns, provenance)
    elif output_format.startswith("tsv"):
        writer = tsv_writer(output, columns, provenance, compressed=compressed)
    else:
        header = output_header(
            source, columns, provenance, contig_lengths, overwrite_info=overwrite_info
        )
        lines = VcfLines(tuple(columns), overwrite_info, source.name)
        if output_format == "bcf":
            writer = bcf_writer(output, header, lines)
        else:
            writer = vcf_writer(output, header, lines, compressed=compressed)
    with writer as write:
        yield write
