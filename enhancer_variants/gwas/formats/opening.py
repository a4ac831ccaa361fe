"""The front door of risk lists: a file of any known kind, opened to be read once."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from enhancer_variants.errors import GwasFileError, InputError, VariantFileError
from enhancer_variants.gwas.formats.assembly_names import build_named
from enhancer_variants.gwas.formats.catalog import catalog_columns, catalog_rows
from enhancer_variants.gwas.formats.dialects import (
    DIALECTS,
    GENERAL_TABLE,
    LIST_FORMATS,
    POSTERIOR_KEYS,
    Dialect,
    ListFormat,
    dialect_of,
)
from enhancer_variants.gwas.formats.gwas_vcf import (
    site_rows,
    vcf_assembly,
    vcf_effect_kinds,
    vcf_rows,
)
from enhancer_variants.gwas.formats.harmonised import (
    HARMONISED_ASSEMBLY,
    SideFile,
    harmonised_reader,
    read_side_file,
)
from enhancer_variants.gwas.formats.layout import EffectAllele, Layout, layout_of
from enhancer_variants.gwas.formats.row_names import with_row_names
from enhancer_variants.gwas.formats.rsid_lists import NAME_COLUMN, is_name_header, rsid_list_rows
from enhancer_variants.gwas.formats.sniffing import (
    HEAD_BYTES,
    Beginning,
    format_of,
    read_beginning,
    require_text,
)
from enhancer_variants.gwas.formats.summary_statistics import VariantReader, statistics_rows
from enhancer_variants.gwas.formats.table_lines import TableShape, column_key, rows_of
from enhancer_variants.gwas.risk_list import ListRow, ListVariant, RiskList
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.vcf_header import read_header

__all__ = ["open_risk_list", "posterior_column"]

_BUILD_COMMENT: Final = re.compile(
    r"#+\s*(?:genome_?build|genome_?reference|genome_?assembly|build|reference|HmPOS_build)"
    r"\s*[=:]\s*\"?([^\"\s]+)\"?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Content:
    """What a list turned out to be."""

    format: ListFormat
    columns: tuple[str, ...]
    assembly: str
    rows: Iterator[ListRow]


def open_risk_list(
    path: str | os.PathLike[str],
    format: ListFormat | None = None,  # noqa: A002
    *,
    effect_allele: EffectAllele | None = None,
) -> RiskList:
    """Open a risk list, telling by its content what it is.

    Parameters
    ----------
    path
        The file, plain, gzip or bgzip, or ``-`` for standard input.
    format
        One of :data:`LIST_FORMATS`, where its content does not tell.
    effect_allele
        Which of the columns A1 and A2 (or Allele1 and Allele2) holds the effect allele, where
        the format does not say it. It also overrules the format.

    Returns
    -------
    RiskList
        Its rows are read while they are asked for, each of the file's data rows once, in order.

    Raises
    ------
    GwasFileError
        If the file cannot be read, is no risk list, names no variants, or has A1 and A2 without
        saying which of them the effect is of. While reading: compressed data that are damaged or
        end too early.
    InputError
        If there is no such format.

    Notes
    -----
    A row that cannot be understood is a variant with a problem. Text is UTF-8; a row that is not
    is read as Latin-1. Chromosome numbers above 22 are translated as the format means them.
    """
    if format is not None and format not in LIST_FORMATS:
        raise InputError(f"format is {format!r}; expected one of {', '.join(LIST_FORMATS)}")
    stream = _open_stream(path)
    try:
        require_text(_head(stream), stream.name)
        lines = _lines(stream)
        beginning = read_beginning(lines, stream.name)
        content = _content(path, stream.name, beginning, lines, format, effect_allele)
    except BaseException:
        stream.close()
        raise
    return RiskList(
        name=stream.name,
        format=content.format,
        columns=content.columns,
        assembly=content.assembly,
        rows=content.rows,
        fraction_read=lambda: stream.fraction_read,
        close=stream.close,
    )


def posterior_column(columns: Sequence[str]) -> str | None:
    """Name the column that holds the posterior probability of a fine-mapped list, or None.

    Examples
    --------
    >>> posterior_column(["SNP", "cs_id", "PIP"])
    'PIP'
    """
    by_key = {column_key(name): name for name in reversed(columns)}
    return next((by_key[key] for key in POSTERIOR_KEYS if key in by_key), None)


def _open_stream(path: str | os.PathLike[str]) -> InputStream:
    try:
        return InputStream(path)
    except VariantFileError as error:
        hint = " An Excel workbook (.xlsx) is one too: save it as tab-delimited text."
        raise GwasFileError(f"{error}{hint if 'zip archive' in str(error) else ''}") from error


def _head(stream: InputStream) -> bytes:
    try:
        return stream.peek(HEAD_BYTES)
    except VariantFileError as error:
        raise GwasFileError(str(error)) from error


def _lines(stream: InputStream) -> Iterator[bytes]:
    try:
        yield from stream
    except VariantFileError as error:
        raise GwasFileError(str(error)) from error


def _content(
    path: str | os.PathLike[str],
    name: str,
    beginning: Beginning,
    lines: Iterator[bytes],
    asked: ListFormat | None,
    effect_allele: EffectAllele | None,
) -> _Content:
    found = asked or format_of(beginning, name)
    where = f"{name}:{beginning.number}"
    if found in ("rsids", "catalog", "vcf") and effect_allele is not None:
        raise GwasFileError(
            f"{where}: effect_allele={effect_allele!r} is given, and a list of format {found} has "
            "no columns A1 and A2; leave it out"
        )
    if found == "rsids":
        return _names(beginning, lines)
    if found == "vcf":
        return _vcf(beginning, lines, name)
    shape = TableShape.of(beginning.text)
    if found == "catalog" and shape.delimiter == " ":  # its one column has spaces in its name
        shape = TableShape("\t", quoted=False)
    header = tuple(cell.strip() for cell in shape.cells(beginning.text))
    if found == "catalog":
        columns = catalog_columns(header, where)
        rows = rows_of(lines, shape, len(header))
        return _Content(found, header, "", catalog_rows(rows, columns))
    header, lines = with_row_names(header, lines, shape)
    rows = rows_of(lines, shape, len(header))
    dialect = _dialect(header, asked)
    layout = layout_of(header, dialect, where, effect_allele)
    side = read_side_file(path)
    read, assembly = _reader(header, layout, side)
    assembly = assembly or _commented_build(beginning)
    return _Content(dialect.name, header, assembly, statistics_rows(rows, read))


def _names(beginning: Beginning, lines: Iterator[bytes]) -> _Content:
    if is_name_header(beginning.text):
        column = beginning.text.strip().strip("\"'")
        return _Content("rsids", (column,), "", rsid_list_rows(lines))
    rows = rsid_list_rows(itertools.chain([beginning.line], lines))
    return _Content("rsids", (NAME_COLUMN,), "", rows)


def _vcf(beginning: Beginning, lines: Iterator[bytes], name: str) -> _Content:
    try:
        header = read_header(iter((*beginning.before, beginning.line)), name)
    except VariantFileError as error:
        raise GwasFileError(str(error)) from error
    columns = tuple(beginning.text.split("\t"))
    assembly = vcf_assembly(beginning.comments, header.contig_lengths)
    if not {"ES", "LP"} & header.declared["FORMAT"]:
        # Its samples are people, if it has any: they are no columns of a risk list.
        return _Content("vcf", columns[:8], assembly, vcf_rows(site_rows(lines), ()))
    kinds = vcf_effect_kinds(beginning.comments, columns[9:])
    rows = rows_of(lines, TableShape("\t", quoted=False), len(columns))
    return _Content("vcf", columns, assembly, vcf_rows(rows, kinds))


def _dialect(header: Sequence[str], asked: ListFormat | None) -> Dialect:
    """Give the dialect asked for, in the variety that fits best, or tell it by the columns."""
    keys = [column_key(name) for name in header]
    if asked is None:
        return dialect_of(keys)
    varieties = [dialect for dialect in DIALECTS if dialect.name == asked]
    fitting = (dialect for dialect in varieties if dialect.fits(keys))
    return next(fitting, varieties[0] if varieties else GENERAL_TABLE)


def _reader(
    header: Sequence[str], layout: Layout, side: SideFile
) -> tuple[Callable[[Sequence[str]], ListVariant], str]:
    """Give what reads the rows, and the build that the list states."""
    assembly = layout.assembly or side.assembly
    layout = replace(layout, first_base=side.first_base)
    if "hm_code" in map(column_key, header):
        return harmonised_reader(header, layout), assembly or HARMONISED_ASSEMBLY
    return VariantReader(replace(layout, forward=layout.forward or side.harmonised)), assembly


def _commented_build(beginning: Beginning) -> str:
    found = (_BUILD_COMMENT.match(line) for line in beginning.comments)
    return next((build for match in found if match and (build := build_named(match[1]))), "")
