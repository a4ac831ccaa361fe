"""Tables of linkage disequilibrium that other programs write: PLINK 1.9, PLINK 2, LDlink."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from enhancer_variants.errors import GwasFileError
from enhancer_variants.genome import canonical_contig, is_acgt
from enhancer_variants.io.compression import InputStream

__all__ = ["LdPartner", "read_ld_table"]

_PLINK_1 = ("CHR_A", "BP_A", "SNP_A", "CHR_B", "BP_B", "SNP_B")
_PLINK_2 = ("CHROM_A", "POS_A", "ID_A", "CHROM_B", "POS_B", "ID_B")
_LDPROXY = ("RS_NUMBER", "COORD", "ALLELES", "DISTANCE", "R2")
_R2_COLUMNS = ("R2", "UNPHASED_R2", "PHASED_R2")
_EXPECTED = (
    "expected PLINK 1.9 (--r2: CHR_A BP_A SNP_A CHR_B BP_B SNP_B R2), PLINK 2 (--r2-unphased or "
    "--r2-phased: #CHROM_A POS_A ID_A CHROM_B POS_B ID_B ..._R2) or LDlink's LDproxy (RS_Number "
    "Coord Alleles ... R2)"
)
_PLINK_CONTIGS = {"23": "X", "24": "Y", "25": "X", "26": "MT"}
_LDPROXY_ALLELES = re.compile(r"\(([ACGT]+)/([ACGT]+)\)")
_CORRELATED = re.compile(r"([ACGT]+)=([ACGT]+),\s*([ACGT]+)=([ACGT]+)")
_PLINK_PHASE = re.compile(r"([ACGT])([ACGT])/([ACGT])([ACGT])")


@dataclass(frozen=True, slots=True)
class LdPartner:
    """One end of a pair of variants, as seen from the other.

    Attributes
    ----------
    id, contig, position
        As the table has them; `position` is 1-based.
    ref, alt
        Its alleles on the forward strand, where the table says so; else empty.
    r2
        Squared correlation with the other end.
    in_phase
        Which allele of it comes with which of the other end, ``{other's: its}``; empty where the
        table does not say.
    """

    id: str
    contig: str
    position: int
    r2: float
    ref: str = ""
    alt: str = ""
    in_phase: tuple[tuple[str, str], ...] = ()


Pair = tuple[LdPartner, LdPartner]


def read_ld_table(path: str | os.PathLike[str], r2: float) -> Iterator[Pair]:
    """Pairs of a table whose r2 is at least `r2`.

    Parameters
    ----------
    path
        The table, plain or gzipped.
    r2
        The least r2 that is of interest.

    Yields
    ------
    tuple of LdPartner
        Each end of a pair, as seen from the other.

    Raises
    ------
    GwasFileError
        While reading: if the table is none of these, or a line has no such cells, with file and
        line.
    VariantFileError
        If the file cannot be read to its end.
    """
    with InputStream(path) as stream:
        lines = enumerate(stream, 1)
        header = _cells(next((line for _, line in lines), b""))
        names = [name.lstrip("#").upper() for name in header]
        read_pairs = _reader(names, stream.name)
        yield from read_pairs(_rows(lines, names, stream.name), r2)


def _reader(names: Sequence[str], where: str) -> Callable[[Iterator[_Row], float], Iterator[Pair]]:
    """Give what reads a table with these columns."""
    has_r2 = any(name in names for name in _R2_COLUMNS)
    if has_r2 and set(_PLINK_1) <= set(names):
        return lambda rows, r2: _plink_pairs(rows, r2, _PLINK_1)
    if has_r2 and set(_PLINK_2) <= set(names):
        return lambda rows, r2: _plink_pairs(rows, r2, _PLINK_2)
    if set(_LDPROXY) <= set(names):
        return _ldproxy_pairs
    found = " ".join(names)[:120] or "nothing"
    if names[:1] == ["RS_NUMBER"]:
        raise GwasFileError(
            f"{where}: this is LDlink's LDmatrix, which has neither positions nor alleles; "
            "download LDproxy of each lead variant instead"
        )
    if any(name in {"R", "UNPHASED_R", "PHASED_R"} for name in names):
        raise GwasFileError(
            f"{where}: has r and not r2; expected r2, from plink --r2 (plink2 --r2-unphased)"
        )
    raise GwasFileError(f"{where}: begins with {found}; {_EXPECTED}")


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def position(self, column: str) -> int:
        text = self.text(column)
        if not (text.isascii() and text.isdigit()):
            raise GwasFileError(f"{self.where}: {column} is {text[:40]!r}; expected a position")
        return int(text)

    def plink_contig(self, column: str) -> str:
        text = self.text(column)
        return _PLINK_CONTIGS.get(text, text)

    def r2(self) -> float:
        """NaN where the table has none, as for alleles that do not vary."""
        column = next(name for name in _R2_COLUMNS if name in self.cells)
        text = self.text(column)
        if text.lower() in {"", "na", "nan", "."}:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if not -1e-6 <= value <= 1 + 1e-6:
            raise GwasFileError(f"{self.where}: {column} is {text[:40]!r}; expected 0 to 1")
        return min(max(value, 0.0), 1.0)


def _cells(line: bytes) -> list[str]:
    text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    cells = text.split("\t") if "\t" in text else text.split()
    return [cell.strip().strip('"') for cell in cells]


def _rows(lines: Iterator[tuple[int, bytes]], names: Sequence[str], file: str) -> Iterator[_Row]:
    for number, line in lines:
        cells = _cells(line)
        if cells in ([], [""]):
            continue
        if len(cells) == len(names) + 1:
            cells = cells[1:]  # R writes row names without a name of their own
        if len(cells) != len(names):
            raise GwasFileError(
                f"{file}:{number}: has {len(cells)} cells, where the header has {len(names)}"
            )
        yield _Row(f"{file}:{number}", dict(zip(names, cells, strict=True)))


def _plink_pairs(rows: Iterator[_Row], least: float, columns: Sequence[str]) -> Iterator[Pair]:
    contig_a, position_a, id_a, contig_b, position_b, id_b = columns
    for row in rows:
        r2 = row.r2()
        if not r2 >= least:
            continue
        phase = _PLINK_PHASE.fullmatch(row.text("PHASE"))
        a_to_b = ((phase[1], phase[2]), (phase[3], phase[4])) if phase else ()
        b_to_a = tuple((b, a) for a, b in a_to_b)
        yield (
            LdPartner(
                row.text(id_a),
                row.plink_contig(contig_a),
                row.position(position_a),
                r2,
                *_bases(row.text("REF_A"), row.text("ALT_A")),
                b_to_a,
            ),
            LdPartner(
                row.text(id_b),
                row.plink_contig(contig_b),
                row.position(position_b),
                r2,
                *_bases(row.text("REF_B"), row.text("ALT_B")),
                a_to_b,
            ),
        )


def _bases(ref: str, alt: str) -> tuple[str, str]:
    return (ref, alt) if ref and alt and is_acgt(ref) and is_acgt(alt) else ("", "")


def _ldproxy_pairs(rows: Iterator[_Row], least: float) -> Iterator[Pair]:
    """Pairs of each query with its proxies; the query is the first row at distance 0."""
    waiting: dict[str, list[LdPartner]] = {}
    leads: dict[str, LdPartner] = {}
    for row in rows:
        query = row.text("QUERY_SNP")  # where the answers to several queries are in one file
        proxy = _ldproxy_end(row)
        if row.text("DISTANCE") == "0" and query not in leads:
            leads[query] = replace(proxy, in_phase=())
        elif proxy.r2 >= least:
            waiting.setdefault(query, []).append(proxy)
    for query, proxies in waiting.items():
        if query not in leads:
            raise GwasFileError(
                f"{row.where.rpartition(':')[0]}: no row has a distance of 0, so that the lead "
                "variant is not told; expected LDproxy's whole answer"
            )
        for proxy in proxies:
            opposite = tuple((mine, lead) for lead, mine in proxy.in_phase)
            yield replace(leads[query], r2=proxy.r2, in_phase=opposite), proxy


def _ldproxy_end(row: _Row) -> LdPartner:
    contig, colon, position = row.text("COORD").rpartition(":")
    if not (colon and position.isascii() and position.isdigit()):
        found = row.text("COORD")[:40]
        raise GwasFileError(f"{row.where}: Coord is {found!r}; expected one such as chr13:31872705")
    alleles = _LDPROXY_ALLELES.fullmatch(row.text("ALLELES"))
    ref, alt = (alleles[1], alleles[2]) if alleles else ("", "")
    same = _CORRELATED.fullmatch(row.text("CORRELATED_ALLELES"))
    in_phase = ((same[1], same[2]), (same[3], same[4])) if same else ()
    place = (canonical_contig(contig), int(position))
    return LdPartner(row.text("RS_NUMBER"), *place, row.r2(), ref, alt, in_phase)
