"""Motifs in the MEME Suite's minimal text format, as its documentation describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from enhancer_variants.motifs.motif_lines import MotifLines, factor_name, numbers
from enhancer_variants.motifs.pwm import Motif

__all__ = ["read_meme"]

_ATTRIBUTE: Final = re.compile(r"(\w+)\s*=\s*(\S+)")
_MATRIX: Final = "letter-probability matrix"
_SUMS_TO_ONE: Final = 0.01


@dataclass(slots=True)
class _Motif:
    """A motif while its lines are being read."""

    line: int
    id: str
    name: str
    matrix_line: int = 0
    width: int | None = None
    sites: float | None = None
    rows: list[list[float]] = field(default_factory=list)

    @property
    def wants_row(self) -> bool:
        return self.matrix_line > 0 and (self.width is None or len(self.rows) < self.width)


def read_meme(lines: MotifLines) -> Iterator[Motif]:
    r"""Read every motif that has a letter-probability matrix.

    Parameters
    ----------
    lines
        A whole file.

    Yields
    ------
    Motif
        Probabilities, with their number of sites where it is given and above 1.

    Raises
    ------
    MotifFileError
        If a motif has no matrix, the matrix has another width than it says, a row does not have
        four probabilities that sum to 1, or the alphabet is another.

    Examples
    --------
    >>> text = "MOTIF M1 (GATA1)_(Homo)\nletter-probability matrix: w= 1 nsites= 9\n0.5 0 0 0.5"
    >>> [motif] = read_meme(MotifLines("toy.meme", text.split("\n")))
    >>> motif.id, motif.name, motif.sites
    ('M1', 'GATA1', 9.0)
    """
    motif: _Motif | None = None
    seen: dict[str, int] = {}
    for number, text in lines:
        if text.split()[0] == "MOTIF":
            if motif is not None:
                yield _finished(motif, lines)
            motif = _named(text, number, lines)
            lines.check_new(motif.id, number, seen)
        elif text.startswith("ALPHABET"):
            _check_alphabet(text, number, lines)
        elif motif is not None and text.startswith(_MATRIX):
            _read_attributes(motif, text, number, lines)
        elif motif is not None and motif.wants_row and text[0] in "0123456789.+-nNiI":
            motif.rows.append(_probabilities(text, number, lines))
        elif motif is not None and motif.matrix_line and text[0] in "0123456789.":
            raise lines.error(
                number, f"motif {motif.id} says w= {motif.width}, but here is one row more"
            )
    if motif is not None:
        yield _finished(motif, lines)


def _named(text: str, number: int, lines: MotifLines) -> _Motif:
    words = text.split(maxsplit=2)
    if len(words) < 2:
        raise lines.error(number, "a MOTIF line without an identifier")
    identifier = words[1]
    name = words[2].strip() if len(words) > 2 else identifier
    return _Motif(number, identifier, factor_name(name))


def _check_alphabet(text: str, number: int, lines: MotifLines) -> None:
    letters = text.removeprefix("ALPHABET").lstrip("= ").strip()
    if letters != "ACGT" and not letters.startswith(('"DNA"', "DNA")):
        raise lines.error(number, f"the alphabet is {letters!r}, expected ACGT")


def _read_attributes(motif: _Motif, text: str, number: int, lines: MotifLines) -> None:
    if motif.matrix_line:
        raise lines.error(number, f"a second matrix of motif {motif.id}, expected one")
    motif.matrix_line = number
    values: dict[str, float] = {}
    for key, value in _ATTRIBUTE.findall(text):
        if key in ("alength", "w", "nsites"):
            [values[key]] = numbers(value, number, lines)
    if values.get("alength", 4) != 4:
        raise lines.error(number, f"alength= {values['alength']:g}, expected 4 letters")
    if "w" in values:
        if values["w"] < 1 or values["w"] % 1:
            raise lines.error(number, f"w= {values['w']:g}, expected a number of positions")
        motif.width = int(values["w"])
    if values.get("nsites", 0) > 1:
        motif.sites = values["nsites"]


def _probabilities(text: str, number: int, lines: MotifLines) -> list[float]:
    values = numbers(text, number, lines)
    if len(values) != 4:
        raise lines.error(number, f"{len(values)} numbers in a row, expected 4, for A, C, G and T")
    if abs(sum(values) - 1) > _SUMS_TO_ONE:
        raise lines.error(number, f"the row sums to {sum(values):g}, expected probabilities")
    return values


def _finished(motif: _Motif, lines: MotifLines) -> Motif:
    if not motif.matrix_line:
        raise lines.error(motif.line, f"motif {motif.id} has no {_MATRIX}")
    width = len(motif.rows) if motif.width is None else motif.width
    if len(motif.rows) != width or not width:
        expected = f"w= {width}" if width else "at least one row"
        raise lines.error(
            motif.matrix_line,
            f"the matrix of motif {motif.id} has {len(motif.rows)} rows, expected {expected}",
        )
    return Motif(motif.id, motif.name, np.array(motif.rows), sites=motif.sites)
