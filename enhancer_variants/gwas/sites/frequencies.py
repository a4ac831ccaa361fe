"""Allele frequencies as dbSNP, 1000 Genomes, gnomAD and others write them into INFO."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.io.vcf_header import VcfHeader

__all__ = ["OVERALL_STUDIES", "AlleleFrequencies", "allele_frequencies", "require_population"]

OVERALL_STUDIES: Final = ("dbGaP_PopFreq", "1000Genomes", "GnomAD_genomes", "TOPMED")
"""Studies of many populations, in the order in which one is taken where none is named.

The first (ALFA) covers most records of dbSNP.
"""

_OVERALL_KEY: Final = "AF"
_STUDIES_KEY: Final = "FREQ"
_UNKNOWN: Final = "."
_ROUNDING: Final = 1e-3
"""How far written frequencies may exceed 1 together."""

_FREQUENCY_KEY: Final = re.compile(
    r"^##INFO=<(?=[^\"]*\bNumber=A\b)(?=[^\"]*\bType=Float\b)[^\"]*\bID=([^,>]+)"
)
_LOOKS_LIKE_A_FREQUENCY: Final = re.compile(r"(?:^|_)AF(?:_|$)")
_NAMES_SHOWN: Final = 40

_Frequencies: TypeAlias = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class AlleleFrequencies:
    """How frequent a record's alleles are in a population.

    Attributes
    ----------
    values
        Of REF and of each ALT, from 0 to 1, None where unknown. Empty where the record has none.
    unseen
        For each ALT, whether it is known not to occur.
    """

    values: tuple[float | None, ...]
    unseen: tuple[bool, ...]


def allele_frequencies(
    info: str, alternates: int, population: str | None = None
) -> AlleleFrequencies:
    """Read the frequencies of a record's alleles.

    Parameters
    ----------
    info
        The INFO column.
    alternates
        Number of ALTs.
    population
        Name of an INFO key with one value for each ALT (``EUR_AF``, ``AF_nfe``), or of a study of
        dbSNP's ``FREQ``, which has REF first. None: ``AF``, else the first of `OVERALL_STUDIES`
        that the record has, else its first study.

    Notes
    -----
    Where an INFO key does not have the frequency of REF, it is what the ALTs leave. An ALT is
    unseen if its frequency is 0; without a population and ``AF``, if it is 0 in some study and
    above 0 in none.

    Examples
    --------
    >>> allele_frequencies("AF=0.25;EUR_AF=0.5", 1, "EUR_AF").values
    (0.5, 0.5)
    >>> allele_frequencies("RS=1;FREQ=1000Genomes:1,0,.|GoNL:0.5,0.5,0", 2)
    AlleleFrequencies(values=(1.0, 0.0, None), unseen=(False, True))
    """
    fields = _fields(info)
    key = _OVERALL_KEY if population is None else population
    if key in fields and key != _STUDIES_KEY:
        values = _with_reference(_numbers(fields[key]), alternates)
        return AlleleFrequencies(values, _unseen([values], alternates))
    studies = _studies(fields)
    if population is None:
        population = next((name for name in (*OVERALL_STUDIES, *studies) if name in studies), "")
        telling = studies
    else:
        telling = {name: of for name, of in studies.items() if name == population}
    of_length = {name: _of_length(of, alternates + 1) for name, of in telling.items()}
    return AlleleFrequencies(of_length.get(population, ()), _unseen(of_length.values(), alternates))


def _unseen(told: Iterable[_Frequencies], alternates: int) -> tuple[bool, ...]:
    by_alternate = zip(*(values[1:] for values in told if values), strict=True)
    return tuple(0 in of and not any(of) for of in by_alternate) or (False,) * alternates


def require_population(population: str, header: VcfHeader, infos: Iterable[str], name: str) -> None:
    """Refuse a population that neither the header nor the first records of a source know.

    Parameters
    ----------
    population
        As for `allele_frequencies`.
    header
        Header of the source.
    infos
        INFO of its first records.
    name
        Its name, for the message.

    Raises
    ------
    InputError
        With the populations that there are.
    """
    text = [line.decode(errors="replace") for line in header.lines]
    found = {known[1]: None for line in text if (known := _FREQUENCY_KEY.match(line))}
    if population in found:
        return
    for info in infos:
        fields = _fields(info)
        found |= dict.fromkeys(filter(_LOOKS_LIKE_A_FREQUENCY.search, fields))
        found |= dict.fromkeys(_studies(fields))
        if population in found:
            return
    frequencies_first = sorted(found, key=lambda key: not _LOOKS_LIKE_A_FREQUENCY.search(key))
    shown = ", ".join(frequencies_first[:_NAMES_SHOWN])
    more = f" and {len(found) - _NAMES_SHOWN} more" if len(found) > _NAMES_SHOWN else ""
    expected = f"expected one of {shown}{more}" if found else "it seems to have no frequencies"
    raise InputError(
        f"{name}: has no frequencies of population {population!r}; {expected} "
        "(an INFO key with a value for each ALT, or a study of dbSNP's FREQ)"
    )


def _fields(info: str) -> dict[str, str]:
    pairs = (field.partition("=") for field in info.split(";"))
    return {key: value for key, _, value in pairs}


def _studies(fields: Mapping[str, str]) -> dict[str, _Frequencies]:
    """_Frequencies of REF and ALTs by study, in the order of the record."""
    parts = (study.rpartition(":") for study in fields.get(_STUDIES_KEY, "").split("|"))
    return {study: _numbers(values) for study, colon, values in parts if colon}


def _numbers(text: str) -> _Frequencies:
    return tuple(_number(value) for value in text.split(","))


def _number(text: str) -> float | None:
    if text == _UNKNOWN:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _of_length(values: _Frequencies, expected: int) -> _Frequencies:
    """_Frequencies, if there is one for each allele and any is known."""
    known = len(values) == expected and any(value is not None for value in values)
    return values if known else ()


def _with_reference(alternates: _Frequencies, expected: int) -> _Frequencies:
    if not (values := _of_length(alternates, expected)):
        return ()
    numbers: Sequence[float] = [value for value in values if value is not None]
    left = 1 - sum(numbers)
    reference = max(left, 0.0) if len(numbers) == expected and left >= -_ROUNDING else None
    return (reference, *values)
