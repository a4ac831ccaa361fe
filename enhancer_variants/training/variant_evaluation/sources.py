"""Where scores and measured effects are read from: VCF, BCF, tables, or two of them joined."""

from __future__ import annotations

import io
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import pandas as pd

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import canonical_contig
from enhancer_variants.io import VariantInput, VariantRecord, VariantSource, open_variants
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.parquet_damage import parquet_damage, whole_table
from enhancer_variants.io.tables import records_from_frame
from enhancer_variants.schema import vcf_key
from enhancer_variants.training.variant_evaluation.cells import (
    Allele,
    Cells,
    cells_of,
    declared_numbers,
    info_value,
)

__all__ = ["AlleleSource", "ScoredVariants", "joined", "read_alleles", "require_name"]

ScoredVariants: TypeAlias = VariantSource | pd.DataFrame
"""A VCF, BCF, TSV, CSV or Parquet file, or a DataFrame of effects."""

_PARQUET_MAGIC: Final = b"PAR1"
_SHIFT: Final = "log_odds_shift"
_SUM: Final = "motif_shift_sum"
_DESCRIBED: Final = re.compile(rb'##INFO=<ID=([^,>]+),.*Description="(.+?): ')


class AlleleSource(Protocol):
    """Alleles with what a file says of each."""

    @property
    def name(self) -> str:
        """Base name of the file, for messages."""

    @property
    def alleles(self) -> Sequence[Allele]:
        """The alleles, in the order of the file."""

    @property
    def names(self) -> Sequence[str]:
        """What the file says of them: columns, or INFO keys."""

    def resolved(self, name: str) -> str | None:
        """Find what the file itself calls a quantity, or None where it has no such."""

    def cells(self, name: str, *, shared: bool = False) -> Cells:
        """Give the values of a quantity (`shared`: one may stand for a record's alleles)."""

    def shifts(self) -> dict[str, str]:
        """Name the shifts that scoring wrote, each with what the file calls it."""


@dataclass(frozen=True, slots=True, eq=False)
class _VcfAlleles:
    name: str
    alleles: Sequence[Allele]
    names: Sequence[str]
    numbers: Mapping[str, str]
    info: Sequence[str]
    alts: Sequence[int]
    labels: Mapping[str, str]

    def resolved(self, name: str) -> str | None:
        return next((key for key in (name, vcf_key(name)) if key in self.names), None)

    def cells(self, name: str, *, shared: bool = False) -> Cells:
        field = re.compile(rf"(?:^|;){re.escape(name)}=([^;]*)")
        number = self.numbers.get(name, ".")
        found = []
        for allele in self.alleles:
            match = field.search(self.info[allele.record])
            values = {name: match[1]} if match else {}
            alts = self.alts[allele.record]
            found.append(info_value(values, name, number, allele.number, alts, shared=shared))
        return Cells([text for text, _ in found], [reason for _, reason in found])

    def shifts(self) -> dict[str, str]:
        ending, total = vcf_key(_SHIFT).removeprefix("EV"), vcf_key(_SUM)
        written = [key for key in self.names if key.startswith("EV_") and key.endswith(ending)]
        named = {self._of_model(key, ending): key for key in written}
        return named | ({_SUM: total} if total in self.names else {})

    def _of_model(self, key: str, ending: str) -> str:
        """Name a score as a table has it: a key has the model's name in capitals."""
        model = self.labels.get(key, "")
        if vcf_key(model, _SHIFT) != key:
            model = key.removeprefix("EV_").removesuffix(ending).lower()
        return f"{model}_{_SHIFT}"


@dataclass(frozen=True, slots=True, eq=False)
class _TableAlleles:
    name: str
    alleles: Sequence[Allele]
    frame: pd.DataFrame

    @property
    def names(self) -> Sequence[str]:
        return [str(column) for column in self.frame.columns]

    def resolved(self, name: str) -> str | None:
        return name if name in self.names else None

    def cells(self, name: str, *, shared: bool = False) -> Cells:  # noqa: ARG002 - one per row
        return cells_of(self.frame[name].tolist(), name)

    def shifts(self) -> dict[str, str]:
        return {n: n for n in self.names if n.endswith(f"_{_SHIFT}") or n == _SUM}


@dataclass(frozen=True, slots=True, eq=False)
class _JoinedAlleles:
    """Alleles of one source with what another one says of the same ones.

    `places` has the other source's row for each allele, or why there is none.
    """

    own: AlleleSource
    other: AlleleSource
    places: Sequence[int | str]

    @property
    def name(self) -> str:
        return self.own.name

    @property
    def alleles(self) -> Sequence[Allele]:
        return self.own.alleles

    @property
    def names(self) -> Sequence[str]:
        return [*self.own.names, *self.other.names]

    def resolved(self, name: str) -> str | None:
        return self.own.resolved(name) or self.other.resolved(name)

    def cells(self, name: str, *, shared: bool = False) -> Cells:
        if name in self.own.names:
            return self.own.cells(name, shared=shared)
        cells = self.other.cells(name, shared=shared)
        found = [
            (None, place) if isinstance(place, str) else (cells.texts[place], cells.reasons[place])
            for place in self.places
        ]
        return Cells([text for text, _ in found], [reason for _, reason in found])

    def shifts(self) -> dict[str, str]:
        return self.other.shifts() | self.own.shifts()


def read_alleles(source: ScoredVariants) -> AlleleSource:
    """Read every allele of a file with what the file says of it.

    Parameters
    ----------
    source
        VCF or BCF (INFO), TSV, CSV or Parquet with a row for each allele, or a DataFrame.

    Returns
    -------
    AlleleSource
        One allele for each ALT, one without ALT for a record that has none.

    Raises
    ------
    VariantFileError
        If the file is damaged or none of these.

    Examples
    --------
    >>> frame = pd.DataFrame({"chrom": ["1"], "pos": [7], "ref": ["A"], "alt": ["T"], "x": [0.5]})
    >>> read_alleles(frame).cells("x").texts
    ['0.5']
    """
    if isinstance(source, pd.DataFrame):
        return _of_table(source, "the DataFrame")
    if isinstance(source, str | os.PathLike) and source != "-":
        with InputStream(source) as stream:
            if stream.peek(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC:
                return _of_table(_parquet(source), stream.name)
    with open_variants(source) as opened:
        if opened.header is not None:
            return _of_vcf(opened)
        name = opened.name
    if not isinstance(source, str | os.PathLike) or source == "-":
        raise InputError(f"{name}: a table of effects needs a name: write it to a file first")
    return _of_table(_text_table(source), name)


def _of_vcf(opened: VariantInput) -> _VcfAlleles:
    lines = opened.header.lines if opened.header else ()
    numbers = declared_numbers(lines)
    names = dict.fromkeys(numbers)
    alleles, info, alts = list[Allele](), list[str](), list[int]()
    for record in opened.records:
        fields = record.line.decode(errors="replace").rstrip("\r\n").split("\t", 8)
        info.append(fields[7] if len(fields) > 7 else "")
        names.update(dict.fromkeys(re.findall(r"(?:^|;)([^=;]+)=", info[-1])))
        alts.append(len(record.alts))
        alleles += _alleles_of(record)
    described = [_DESCRIBED.match(line) for line in lines]
    labels = {found[1].decode(): found[2].decode(errors="replace") for found in described if found}
    return _VcfAlleles(opened.name, alleles, tuple(names), numbers, info, alts, labels)


def _alleles_of(record: VariantRecord) -> list[Allele]:
    place = (record.contig, record.position, record.id, record.ref)
    if record.problem or not record.alts:
        alt = ",".join(record.alts)
        return [Allele(*place, alt, record.number, 0, record.problem or "ALT is empty")]
    if record.alts == (".",):
        return [Allele(*place, ".", record.number, 0)]
    return [Allele(*place, alt, record.number, i) for i, alt in enumerate(record.alts, 1)]


def _of_table(frame: pd.DataFrame, name: str) -> _TableAlleles:
    """Take one allele from each row; a row of several has nothing that is said of each."""
    alleles = []
    for record in records_from_frame(frame, name):
        first, *others = _alleles_of(record)
        problem = "several ALT alleles in one row of a table" if others else first.problem
        alleles.append(replace(first, problem=problem))
    return _TableAlleles(name, alleles, frame)


def _parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    with parquet_damage(Path(path).name):
        return whole_table(path).to_pandas()


def _text_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    with InputStream(path) as stream:
        text, name = b"".join(stream), stream.name
    header = text.split(b"\n", 1)[0]
    delimiter = next((sign for sign in "\t,;" if sign.encode() in header), ",")
    try:
        table = pd.read_csv(
            io.BytesIO(text), sep=delimiter, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
        if not isinstance(table.index, pd.RangeIndex):  # cells without a name, taken as an index
            raise ValueError("rows have more cells than the header")
        return table
    except (ValueError, pd.errors.ParserError) as error:
        raise VariantFileError(
            f"{name}: cannot be read as a table ({error}); expected one header line and as many "
            "cells in every row"
        ) from error


def joined(scored: AlleleSource, measured: AlleleSource) -> tuple[AlleleSource, int]:
    """Add what a second file says of the same alleles, told by contig, position, REF and ALT.

    An allele that several rows of both files have is joined in their order; with more rows in one
    file than in the other, nothing says which is which, and it stays without a partner.

    Returns
    -------
    AlleleSource, int
        The alleles of `scored`, and how many of `measured` are not among them.
    """
    own, other = _rows_by_allele(scored), _rows_by_allele(measured)
    places: list[int | str] = [f"not in {measured.name}"] * len(scored.alleles)
    for key, rows in own.items():
        partners = other.get(key, [])
        for place, row in enumerate(rows):
            if len(partners) == len(rows):
                places[row] = partners[place]
            elif partners:
                places[row] = f"in {measured.name} in another number of rows"
    left = sum(len(rows) for key, rows in other.items() if key not in own)
    return _JoinedAlleles(scored, measured, places), left


def _rows_by_allele(source: AlleleSource) -> dict[tuple[str, int | None, str, str], list[int]]:
    rows = defaultdict(list)
    for row, allele in enumerate(source.alleles):
        contig = canonical_contig(allele.contig)
        rows[contig, allele.position, allele.ref.upper(), allele.alt.upper()].append(row)
    return rows


def require_name(source: AlleleSource, name: str, role: str) -> str:
    """Find what the file calls a quantity that somebody named.

    Raises
    ------
    InputError
        If it has none of this name; the message lists those it has.
    """
    found = source.resolved(name)
    if found is None:
        known = ", ".join(source.names[:30]) or "none"
        raise InputError(f"{source.name}: has no {name}, named as {role}; it has {known}")
    return found
