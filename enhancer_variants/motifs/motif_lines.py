"""Lines of a motif file, the numbers in them, and what to say where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from enhancer_variants.errors import MotifFileError

__all__ = ["MotifLines", "factor_name", "numbers"]

LARGEST_COUNT: Final = 1e12
"""Sites of a motif: more than any experiment has, and few enough to be added up."""

_FACTOR_IN_IDENTIFIER: Final = (
    re.compile(r"MA[0-9]+\.[0-9]+(?:_MA[0-9]+\.[0-9]+)?[._](?P<factor>.+)"),  # JASPAR
    re.compile(r"(?P<factor>[^.]+?)(?:_HUMAN|_MOUSE)?\.H[0-9]+[A-Z]+\..+"),  # HOCOMOCO
    re.compile(r"\((?P<factor>[^()]+)\)_\(.*"),  # CIS-BP
)


@dataclass(frozen=True, slots=True)
class MotifLines:
    """The lines of a motif file.

    Attributes
    ----------
    file
        The file's name, for messages.
    lines
        Its lines.
    """

    file: str
    lines: Sequence[str]

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Lines that say something, with their 1-based number; no blank ones, no comments."""
        for number, line in enumerate(self.lines, 1):
            text = line.strip()
            if text and not text.startswith("#"):
                yield number, text

    def error(self, number: int, message: str) -> MotifFileError:
        """Make the exception that says what is wrong in a line."""
        return MotifFileError(f"{self.file}:{number}: {message}")

    def check_new(self, identifier: str, number: int, seen: dict[str, int]) -> None:
        """Refuse an identifier that came before, and remember it.

        Raises
        ------
        MotifFileError
            Naming both lines.
        """
        first = seen.setdefault(identifier, number)
        if first != number:
            raise self.error(
                number,
                f"a second motif {identifier}, the first is in line {first}; expected each "
                "identifier once",
            )


def factor_name(identifier: str) -> str:
    """Transcription factor that an identifier names, as far as it does.

    Examples
    --------
    >>> factor_name("AHR_HUMAN.H11MO.0.B"), factor_name("ANDR.H12CORE.0.P.B")
    ('AHR', 'ANDR')
    >>> factor_name("MA0006.1_MA0006.1.Ahr::Arnt"), factor_name("(TFAP2E)_(Mus_musculus)_(DBD)")
    ('Ahr::Arnt', 'TFAP2E')
    >>> factor_name("MA0004.1")
    'MA0004.1'
    """
    for notation in _FACTOR_IN_IDENTIFIER:
        if match := notation.fullmatch(identifier):
            return match["factor"]
    return identifier


def numbers(text: str, number: int, lines: MotifLines) -> list[float]:
    """Read the counts or probabilities of a row.

    Raises
    ------
    MotifFileError
        If there is none, or one is no number, not finite or negative.
    """
    values = []
    for word in text.split():
        try:
            value = float(word)
        except ValueError:
            value = float("nan")
        if not isfinite(value) or abs(value) > LARGEST_COUNT or "_" in word:
            raise lines.error(number, f"found {word!r}, expected a count or a probability")
        if value < 0:
            raise lines.error(
                number,
                f"found {word}, expected counts or probabilities, which are not negative; a "
                "matrix of log-odds cannot be turned back, use the one of counts",
            )
        values.append(value)
    if not values:
        raise lines.error(number, "a row without numbers")
    return values
