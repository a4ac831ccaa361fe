"""Lists of nothing but names: rsIDs or places, one or several to a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from enhancer_variants.gwas.formats.catalog import listed_risk_allele
from enhancer_variants.gwas.formats.cell_values import TABLE_NUMBERS
from enhancer_variants.gwas.formats.table_lines import TableShape, column_key, data_lines
from enhancer_variants.gwas.formats.variant_names import is_variant_name, read_variant_name
from enhancer_variants.gwas.risk_list import ListRow, ListVariant

__all__ = ["NAME_COLUMN", "is_list_of_names", "is_name_header", "names_on", "rsid_list_rows"]

NAME_COLUMN: Final = "variant"
"""What the one column of a list without a header is called."""

_BETWEEN: Final = re.compile(r"[\s,;]+")
_HEADERS: Final = frozenset(
    (
        *("snp", "snps", "rsid", "rsids", "rs_id", "id", "ids", "variant", "variants"),
        *("variant_id", "markername", "marker", "name", "rs", "rs_number", "snpid", "snp_id"),
    )
)
_ONE_COLUMN: Final = TableShape(" ", quoted=False)


def names_on(line: str) -> list[str]:
    """Split a line at commas, semicolons and white space; quotes are no part of a name.

    >>> names_on("rs1, rs2  chr1:1000:A:T")
    ['rs1', 'rs2', 'chr1:1000:A:T']
    """
    return [name for text in _BETWEEN.split(line) if (name := text.strip("\"'"))]


def is_list_of_names(line: str) -> bool:
    r"""Whether all that a line holds are names of variants.

    >>> is_list_of_names("rs1 rs2"), is_list_of_names("rs1\t1\t1000"), is_list_of_names("")
    (True, False, False)
    """
    names = names_on(line)
    return bool(names) and all(map(is_variant_name, names))


def is_name_header(line: str) -> bool:
    """Whether a line is the header of a list of names.

    >>> is_name_header("SNP"), is_name_header("rs1"), is_name_header("SNP CHR")
    (True, False, False)
    """
    return len(names_on(line)) == 1 and column_key(line.strip("\"' ")) in _HEADERS


def rsid_list_rows(lines: Iterable[bytes]) -> Iterator[ListRow]:
    r"""Read a list of names, whose header is no longer among the lines.

    Notes
    -----
    A line is a row, and each name on it a variant. REF and ALT of ``1:1000:A:T`` are taken to
    be in this order; which of them is the risk allele such a list does not say. ``rs1-T``, as the
    GWAS Catalog writes it, does: T. Lines that begin with ``#`` are comments, and no rows. A blank
    line between others is a row with a problem.

    Examples
    --------
    >>> [[v.rsid for v in row.variants] for row in rsid_list_rows([b"rs1\n", b"rs2,rs3\n"])]
    [['rs1'], ['rs2', 'rs3']]
    """
    rows = (line for line in lines if not line.lstrip().startswith(b"#"))
    for number, text in enumerate(data_lines(rows, _ONE_COLUMN)):
        names = names_on(text)
        variants = tuple(map(_variant, names)) or (ListVariant(problem="an empty line"),)
        yield ListRow(number, (text.strip(),), variants)


def _variant(text: str) -> ListVariant:
    name, allele = read_variant_name(text, TABLE_NUMBERS), ""
    if not name.alleles and (listed := listed_risk_allele(text)).name.is_variant:
        name, allele = listed.name, listed.allele
    if not name.is_variant:
        return ListVariant(problem=f"{text[:60]!r} is no rsID and no place")
    ref, alt = name.alleles or ("", "")
    return ListVariant(
        rsid=name.rsid,
        contig=name.contig,
        position=name.position,
        effect_allele=allele,
        ref=ref,
        alt=alt,
        forward=bool(ref),
    )
