"""q-values put into the lines of a VCF or TSV, every other byte kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from enhancer_variants.errors import InputError
from enhancer_variants.io.vcf_header import BYTE_ORDER_MARK
from enhancer_variants.schema import CALIBRATED_QUANTITIES, Q_VALUE, TFBS_TOP_COLUMNS

__all__ = [
    "TOP_TFBS_COLUMN",
    "EffectLines",
    "TsvEffects",
    "VcfEffects",
    "calibrated_prefixes",
    "tsv_rows",
]

TOP_TFBS_COLUMN = TFBS_TOP_COLUMNS[0].name
"""Column of a table of many TFBS models, whose p-values are in a table beside it."""

_TOP_TFBS_KEY = f"EV_{TOP_TFBS_COLUMN.upper()}".encode()

_P = next(column for column in CALIBRATED_QUANTITIES if column.name == "p")
_P_DECLARATION = re.compile(
    rb'##INFO=<ID=(EV_[A-Za-z0-9_.]+)_P,(?:.*Description="(.*): %s)?'
    % re.escape(_P.description).encode()
)
"""The model's own name stands at the beginning of the description."""

_DECLARATION = re.compile(rb"##INFO=<ID=(EV_[A-Za-z0-9_.]+)[,>]")
_CELL = re.compile(rb'(?:^|\t)("(?:[^"]|"")*"|[^\t]*)')


def calibrated_prefixes(columns: Sequence[str]) -> list[str]:
    """Give what stands before ``_p`` in the names of columns of p-values, in order.

    Examples
    --------
    >>> calibrated_prefixes(["pos", "CTCF_percentile", "CTCF_p", "motif_p"])
    ['CTCF']
    """
    known = set(columns)
    prefixes = (name[:-2] for name in columns if name.endswith("_p"))
    return [prefix for prefix in prefixes if f"{prefix}_percentile" in known]


@dataclass(frozen=True, slots=True)
class VcfEffects:
    """Where a VCF has p-values, and how q-values go behind them.

    Attributes
    ----------
    header
        Header lines with the declarations of the q-values.
    models
        INFO keys of the p-values, without ``_P``.
    has_top_tfbs
        Whether p-values of many TFBS models are in a table beside it.
    """

    header: tuple[bytes, ...]
    models: tuple[bytes, ...]
    has_top_tfbs: bool
    missing: ClassVar[bytes] = b"."

    @classmethod
    def of(cls, header: Sequence[bytes]) -> VcfEffects:
        """Find the p-values that a header declares."""
        declared = {found[1] for line in header if (found := _DECLARATION.match(line))}
        models = {
            found[1]: found[2] or found[1]
            for line in header
            if (found := _P_DECLARATION.match(line)) and found[1] + b"_PERCENTILE" in declared
        }
        lines: list[bytes] = []
        for line in header:
            found = _DECLARATION.match(line)
            key = found[1] if found else b""
            if key.endswith(b"_Q") and key[:-2] in models:
                continue
            lines.append(line)
            if key.endswith(b"_P") and key[:-2] in models:
                ending = line[len(line.rstrip(b"\r\n")) :]
                lines.append(_q_declaration(key[:-2], models[key[:-2]]) + ending)
        return cls(tuple(lines), tuple(models), _TOP_TFBS_KEY in declared)

    @property
    def p_names(self) -> tuple[str, ...]:
        """INFO keys of the p-values."""
        return tuple(f"{key.decode()}_P" for key in self.models)

    def p_values(self, line: bytes) -> list[list[bytes]]:
        """Text of a line's p-values: for each model one for each ALT, or none."""
        found = dict(entry.partition(b"=")[::2] for entry in _info(line).split(b";"))
        values = (found.get(key + b"_P") for key in self.models)
        return [[] if value is None else value.split(b",") for value in values]

    def with_q(self, line: bytes, q_values: Sequence[Sequence[bytes]]) -> bytes:
        """Put q-values behind a line's p-values, in place of those that it has."""
        info = _info(line)
        behind = {
            key + b"_P": key + b"_Q=" + b",".join(values)
            for key, values in zip(self.models, q_values, strict=True)
        }
        replaced = {key + b"_Q" for key in self.models}
        entries = []
        for entry in info.split(b";"):
            key = entry.partition(b"=")[0]
            if key not in replaced:
                entries.append(entry)
            if key in behind:
                entries.append(behind[key])
        start = len(line) - len(_from_info(line))
        return line[:start] + b";".join(entries) + line[start + len(info) :]


@dataclass(frozen=True, slots=True)
class TsvEffects:
    """Where a table has p-values, and how q-values go behind them.

    Attributes
    ----------
    header
        The header line with the names of the q-values.
    width
        Columns of the table as it is.
    p_places
        Which of them hold p-values.
    p_names
        Names of these.
    q_places
        Which of them hold q-values, which are replaced.
    has_top_tfbs
        Whether p-values of many TFBS models are in a table beside it.
    """

    header: tuple[bytes, ...]
    width: int
    p_places: tuple[int, ...]
    p_names: tuple[str, ...]
    q_places: frozenset[int]
    has_top_tfbs: bool
    missing: ClassVar[bytes] = b""

    @property
    def models(self) -> tuple[int, ...]:
        """One for each model that has p-values."""
        return self.p_places

    @classmethod
    def of(cls, header: bytes) -> TsvEffects:
        """Find the columns of p-values that a header line names."""
        cells, ending = _cells(header)
        names = [_unquoted(cell).decode(errors="replace").lstrip("\ufeff") for cell in cells]
        prefixes = calibrated_prefixes(names)
        p_names = tuple(f"{prefix}_p" for prefix in prefixes)
        places = tuple(names.index(name) for name in p_names)
        replaced = {f"{prefix}_q" for prefix in prefixes}
        others = frozenset(place for place, name in enumerate(names) if name in replaced)
        effects = cls((), len(cells), places, p_names, others, TOP_TFBS_COLUMN in names)
        # The name of p with another last letter, quoted where that is.
        p_cells = (cells[place].removeprefix(BYTE_ORDER_MARK) for place in places)
        new = [[re.sub(rb'p("?)$', rb"q\1", cell)] for cell in p_cells]
        return replace(effects, header=(effects._joined(cells, ending, new),))

    def p_values(self, line: bytes) -> list[list[bytes]]:
        """Text of a row's p-values, one for each model.

        Raises
        ------
        InputError
            If the row has another number of columns than the header.
        """
        cells, _ = _cells(line)
        if len(cells) != self.width:
            raise InputError(f"{len(cells)} columns; expected {self.width}, as in the header")
        return [[_unquoted(cells[place])] for place in self.p_places]

    def with_q(self, line: bytes, q_values: Sequence[Sequence[bytes]]) -> bytes:
        """Put q-values behind a row's p-values, in place of those that it has."""
        return self._joined(*_cells(line), q_values)

    def _joined(
        self, cells: Sequence[bytes], ending: bytes, q_values: Sequence[Sequence[bytes]]
    ) -> bytes:
        behind = {place: value[0] for place, value in zip(self.p_places, q_values, strict=True)}
        kept: list[bytes] = []
        for place, cell in enumerate(cells):
            if place not in self.q_places:
                kept.append(cell)
            if place in behind:
                kept.append(behind[place])
        return b"\t".join(kept) + ending


EffectLines = VcfEffects | TsvEffects
"""Lines with p-values."""


def tsv_rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    r"""Join lines that are one row, because a quoted cell holds the line end.

    Examples
    --------
    >>> [*tsv_rows(iter([b'a\t"b\n', b'c"\n', b'd\te\n']))]
    [b'a\t"b\nc"\n', b'd\te\n']
    """
    row = b""
    for line in lines:
        row += line
        if row.count(b'"') % 2 == 0:
            yield row
            row = b""
    if row:
        yield row


def _q_declaration(key: bytes, model: bytes) -> bytes:
    text = f"{Q_VALUE.description} [{Q_VALUE.unit}]".encode()
    return (
        b"##INFO=<ID=" + key + b'_Q,Number=A,Type=Float,Description="' + model + b": " + text
        + b'">'
    )  # fmt: skip


def _from_info(line: bytes) -> bytes:
    """Give the rest of a line from its INFO column on; nothing where it has none."""
    fields = line.split(b"\t", 7)
    return fields[7] if len(fields) == 8 else b""


def _info(line: bytes) -> bytes:
    return _from_info(line).split(b"\t", 1)[0].rstrip(b"\r\n")


def _cells(line: bytes) -> tuple[list[bytes], bytes]:
    """Cells of a row as they are written, quotes included, and the line end."""
    text = line.rstrip(b"\r\n")
    cells = _CELL.findall(text) if b'"' in text else text.split(b"\t")
    return cells, line[len(text) :]


def _unquoted(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell
