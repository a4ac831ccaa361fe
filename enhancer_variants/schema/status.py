"""Why an allele was not scored, or that it was."""

from __future__ import annotations

import enum

__all__ = ["LIST_STATUSES", "Status"]


class Status(enum.StrEnum):
    """Why an allele was not scored, or ``ok``; declared in order of precedence.

    Only risk lists have those from ``rsid_not_found`` to ``allele_unknown`` (`LIST_STATUSES`).
    The last four before ``ok`` (``too_long`` to ``has_n``) depend on the window length, so one
    allele may have them for one model and be scored by another.

    >>> Status.REF_MISMATCH.value
    'ref_mismatch'
    >>> min([Status.HAS_N, Status.EDGE], key=Status.rank)
    <Status.EDGE: 'edge'>
    """

    INVALID_RECORD = "invalid_record"
    RSID_NOT_FOUND = "rsid_not_found"
    RSID_AMBIGUOUS = "rsid_ambiguous"
    POSITION_CONFLICT = "position_conflict"
    LIFTOVER_FAILED = "liftover_failed"
    ALLELE_UNKNOWN = "allele_unknown"
    NO_ALT = "no_alt"
    STAR_ALLELE = "star_allele"
    BREAKEND = "breakend"
    SYMBOLIC = "symbolic"
    NON_ACGT = "non_acgt"
    SAME_ALLELE = "same_allele"
    NO_CONTIG = "no_contig"
    REF_MISMATCH = "ref_mismatch"
    TOO_LONG = "too_long"
    EDGE = "edge"
    HAS_N = "has_n"
    OK = "ok"

    def rank(self) -> int:
        """Place in the order of precedence: the reason with the lowest rank is reported."""
        return _RANK[self]

    @property
    def meaning(self) -> str:
        """One sentence for documentation and headers."""
        return _MEANING[self]


_RANK = {status: rank for rank, status in enumerate(Status)}

_MEANING = {
    Status.INVALID_RECORD: (
        "The line is no record: fewer than eight columns, a POS that is no position, "
        "an empty field, or bytes that are not UTF-8."
    ),
    Status.RSID_NOT_FOUND: "Risk lists: the source of sites does not have the variant.",
    Status.RSID_AMBIGUOUS: (
        "Risk lists: the source has the rsID at several positions, and no coordinate decides."
    ),
    Status.POSITION_CONFLICT: (
        "Risk lists: the list has the variant at another position than the source."
    ),
    Status.LIFTOVER_FAILED: "Risk lists: the chain file leads to no one place in the other build.",
    Status.ALLELE_UNKNOWN: (
        "Risk lists: nothing says which allele to compare with REF, or the list's alleles are "
        "not those of the site on either strand."
    ),
    Status.NO_ALT: "ALT is '.': the record has no alternate allele.",
    Status.STAR_ALLELE: "ALT is '*': the allele is missing because of another record's deletion.",
    Status.BREAKEND: "ALT is a breakend, as in 'G]17:198982]' or 'G.'.",
    Status.SYMBOLIC: "ALT is symbolic, as in '<DEL>' or '<NON_REF>'.",
    Status.NON_ACGT: "REF or ALT holds a letter other than A, C, G and T.",
    Status.SAME_ALLELE: "ALT equals REF.",
    Status.NO_CONTIG: "The reference has no contig of this name.",
    Status.REF_MISMATCH: (
        "The reference has other bases than REF there (N counts as another base), or POS is 0, "
        "or REF runs past the contig."
    ),
    Status.TOO_LONG: "An allele in normal form is longer than its half of the window.",
    Status.EDGE: "The window reaches over an end of the contig.",
    Status.HAS_N: "A window holds N or another letter that is not A, C, G or T.",
    Status.OK: "Scored by every model.",
}

LIST_STATUSES = frozenset(
    {
        Status.RSID_NOT_FOUND,
        Status.RSID_AMBIGUOUS,
        Status.POSITION_CONFLICT,
        Status.LIFTOVER_FAILED,
        Status.ALLELE_UNKNOWN,
    }
)
"""What only a variant of a risk list can be."""
