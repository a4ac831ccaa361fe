"""From a line of a VCF to a site: its alleles, and how frequent they are."""

from __future__ import annotations

from typing import Final

from enhancer_variants.genome import is_acgt
from enhancer_variants.gwas.site import Site
from enhancer_variants.gwas.sites.frequencies import allele_frequencies
from enhancer_variants.io.records import VariantRecord

__all__ = ["info_of", "site_of"]

_INFO_COLUMN: Final = 7
_NONE: Final = "."


def info_of(record: VariantRecord) -> str:
    """Give the INFO column of a record that was read from a VCF line."""
    return record.line.decode().rstrip("\r\n").split("\t", _INFO_COLUMN + 1)[_INFO_COLUMN]


def site_of(record: VariantRecord, population: str | None = None) -> Site:
    r"""Read the alleles of a record and their frequencies in a population.

    ALTs that are no bases (``*``, ``<DEL>``, ``N``) are left out. One that no population has stays,
    with a frequency of 0: a list may name it. One that only another population has is of unknown
    frequency.

    Parameters
    ----------
    record
        A record without a problem.
    population
        As for `allele_frequencies`.

    Examples
    --------
    >>> from enhancer_variants.io import parse_vcf_line
    >>> line = b"chr1\t9\trs1;rs2\tg\ta,<DEL>,T\t.\t.\tAF=0.1,0.2,0\n"
    >>> site_of(parse_vcf_line(line, 0))
    Site(contig='chr1', position=9, ids=('rs1', 'rs2'), ref='G', alts=('A', 'T'),
         frequencies=(0.7, 0.1, 0.0))
    """
    info = info_of(record)
    alts = [alt.upper() for alt in record.alts]
    frequencies = allele_frequencies(info, len(alts), population)
    kept = [number for number, alt in enumerate(alts) if is_acgt(alt)]
    reference, *shares = frequencies.values or (None,) * (len(alts) + 1)
    # A 0 that is not `unseen` is that of a population that lacks what another one has.
    of_alts = [0.0 if frequencies.unseen[number] else shares[number] or None for number in kept]
    known = any(share is not None for share in (reference, *of_alts))
    return Site(
        contig=record.contig,
        position=record.position or 0,
        ids=tuple(name for name in record.id.split(";") if name not in ("", _NONE)),
        ref=record.ref.upper(),
        alts=tuple(alts[number] for number in kept),
        frequencies=(reference, *of_alts) if known else (),
    )
