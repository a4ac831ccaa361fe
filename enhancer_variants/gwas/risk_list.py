"""What a risk list says, row by row, before anything is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["EffectSizeKind", "ListRow", "ListVariant", "RiskList"]

EffectSizeKind = Literal["", "log_odds_ratio", "beta"]
"""What an effect size is: natural logarithm of an odds ratio, or a change of the trait."""


@dataclass(frozen=True, slots=True)
class ListVariant:
    """One variant of a row, as the list has it.

    Attributes
    ----------
    rsid
        ``rs7903146``; empty where the list has none.
    contig, position
        Where the list has it: name as written, 1-based position. Empty and None where it does
        not say.
    effect_allele, other_allele
        Upper case, on a strand that the list does not say unless `forward`; the effect allele of a
        list of risk alleles is the risk allele. Empty where unknown (``?``).
    effect_allele_frequency
        From 0 to 1, or None.
    ref, alt
        Where the format says which allele is the reference (a GWAS-VCF, ``chr1:100:A:T``); else
        empty.
    forward
        Whether the format says that its alleles are on the forward strand of the reference.
    effect_size
        Of the effect allele: above 0, it raises the trait or the risk. None where unknown.
    effect_size_kind
        What that is.
    p_value
        As the list has it, None where it has none. A p-value below the smallest float is 0 here.
    minus_log10_p
        -log10 of the p-value, which the smallest ones keep; None likewise.
    problem
        Why this cannot be read, or empty.
    """

    rsid: str = ""
    contig: str = ""
    position: int | None = None
    effect_allele: str = ""
    other_allele: str = ""
    effect_allele_frequency: float | None = None
    ref: str = ""
    alt: str = ""
    forward: bool = False
    effect_size: float | None = None
    effect_size_kind: EffectSizeKind = ""
    p_value: float | None = None
    minus_log10_p: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list.

    Attributes
    ----------
    number
        0-based number of the data row.
    cells
        Its own columns as written, one for each of the list's; a row with fewer is filled up with
        empty ones.
    variants
        What it names, at least one: several for a haplotype or an interaction.
    """

    number: int
    cells: tuple[str, ...]
    variants: tuple[ListVariant, ...]


@dataclass(frozen=True)
class RiskList:
    """A risk list that is open, to be read once, in order.

    Attributes
    ----------
    name
        Base name of the file, for messages and provenance; never a path.
    format
        Which dialect it was read as.
    columns
        Names of its own columns.
    assembly
        Genome build that the list itself states (``GRCh38``), or empty.
    rows
        The rows; errors of a file that is damaged further down surface while reading.
    fraction_read
        Gives the share of the file read so far, or None where that is not known.
    close
        Releases the file.
    """

    name: str
    format: str
    columns: tuple[str, ...]
    assembly: str
    rows: Iterator[ListRow]
    fraction_read: Callable[[], float | None]
    close: Callable[[], None]

    def __enter__(self) -> RiskList:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
