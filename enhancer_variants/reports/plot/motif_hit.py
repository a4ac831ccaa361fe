"""A motif's place in one of the alleles, as pictures show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Variant
from enhancer_variants.motifs import sequence_context
from enhancer_variants.reports.plot.columns import Allele

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SHOWN_EFFECTS", "MotifHit", "strongest_hits"]

SHOWN_EFFECTS: Final = ("disrupted", "weakened", "created", "strengthened")
"""Effects that a picture shows, losses first."""

_COLUMNS: Final = (
    "motif_id",
    "motif_tf",
    "motif_effect",
    "motif_strand_ref",
    "motif_strand_alt",
    "motif_start_ref",
    "motif_start_alt",
    "motif_length",
)


@dataclass(frozen=True, slots=True)
class MotifHit:
    """One placement of one motif.

    Parameters
    ----------
    motif_id
        The motif, as in ``MA0139.2``.
    tf
        Its transcription factor; may be empty.
    effect
        ``disrupted``, ``weakened``, ``created`` or ``strengthened``: what ALT does to it.
    strand
        ``+`` or ``-``.
    start
        Leftmost base, 0-based: its index in the allele's window plus the window's start on the
        contig (plus 0 where there is none). In REF that is the contig's coordinate; in ALT, bases
        behind an insertion count on.
    length
        Number of bases, at least 1.
    allele
        ``ref`` or ``alt``: the allele in which the hit is, the one where it is stronger.

    Raises
    ------
    InputError
        If effect, strand, length or allele is none of these.

    Examples
    --------
    >>> MotifHit("MA0035.5", "GATA1", "disrupted", "-", 109_274_960, 11, "ref").label
    'GATA1 disrupted'
    """

    motif_id: str
    tf: str
    effect: str
    strand: Literal["+", "-"]
    start: int
    length: int
    allele: Allele

    def __post_init__(self) -> None:
        if (
            self.effect not in SHOWN_EFFECTS
            or self.strand not in ("+", "-")
            or self.allele not in ("ref", "alt")
            or self.length < 1
        ):
            raise InputError(
                f"no motif hit: effect {self.effect!r}, strand {self.strand!r}, length "
                f"{self.length}, allele {self.allele!r}; expected one of "
                f"{', '.join(SHOWN_EFFECTS)}, '+' or '-', at least 1, 'ref' or 'alt'"
            )

    @property
    def label(self) -> str:
        """The factor, or the motif where none is known, and what happens to it."""
        return f"{self.tf or self.motif_id} {self.effect}"

    @classmethod
    def from_table(cls, hits: pd.DataFrame, variant: Variant) -> tuple[MotifHit, ...]:
        """Take the hits of one allele from the table of motif hits.

        Disrupted and weakened motifs are shown where they are in REF, created and strengthened
        ones where they are in ALT.

        Parameters
        ----------
        hits
            Rows of one allele with the columns ``motif_id``, ``motif_tf``, ``motif_effect``,
            ``motif_strand_ref``, ``motif_strand_alt``, ``motif_start_ref``, ``motif_start_alt``
            and ``motif_length``; rows whose effect is ``none`` or missing are left out. Where the
            allele inserts bases, ``motif_inserted_alt`` as well: ``motif_start_alt`` is in
            coordinates of the reference and cannot say at which inserted base a hit begins.
        variant
            The allele in normal form.

        Returns
        -------
        tuple of MotifHit
            In the order of the rows.

        Raises
        ------
        InputError
            If a column is missing, or the strand of a hit.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"motif_id": ["MA1"], "motif_tf": ["MYB"],
        ...     "motif_effect": ["created"], "motif_strand_ref": ["-"],
        ...     "motif_strand_alt": ["+"], "motif_start_ref": [90], "motif_start_alt": [95],
        ...     "motif_length": [8]})
        >>> [hit] = MotifHit.from_table(table, Variant("1", 101, "G", "A"))
        >>> hit.label, hit.allele, hit.start, hit.strand
        ('MYB created', 'alt', 95, '+')
        """
        needed = (*_COLUMNS, *(["motif_inserted_alt"] if _inserts(variant) else []))
        if missing := [name for name in needed if name not in hits.columns]:
            raise InputError(
                f"the table of motif hits has no column {', '.join(missing)}; for {variant} "
                f"expected {', '.join(needed)}"
            )
        shown = hits[hits["motif_effect"].isin(SHOWN_EFFECTS)]
        return tuple(cls._from_row(row, variant) for row in shown.to_dict("records"))

    @classmethod
    def _from_row(cls, row: dict[Any, Any], variant: Variant) -> MotifHit:
        effect = str(row["motif_effect"])
        allele: Allele = "ref" if effect in ("disrupted", "weakened") else "alt"
        start = int(row[f"motif_start_{allele}"])
        if allele == "alt":
            inserted = int(row["motif_inserted_alt"]) if _inserts(variant) else 0
            start = _start_in_alt(start, inserted, variant)
        tf = row["motif_tf"]
        return cls(
            motif_id=str(row["motif_id"]),
            tf=tf if isinstance(tf, str) else "",
            effect=effect,
            strand=row[f"motif_strand_{allele}"],
            start=start,
            length=int(row["motif_length"]),
            allele=allele,
        )


def strongest_hits(hits: pd.DataFrame, variant: Variant, most: int = 8) -> tuple[MotifHit, ...]:
    """Choose the hits of an allele that change most; motifs of one family repeat each other.

    Parameters
    ----------
    hits
        As for :meth:`MotifHit.from_table`, with ``motif_log10_p_ratio``.
    variant
        The allele in normal form.
    most
        How many at most.

    Returns
    -------
    tuple of MotifHit
        In the order of the rows.
    """
    if hits.empty:
        return ()
    ratio = hits["motif_log10_p_ratio"].abs()
    strongest = ratio.sort_values(ascending=False, kind="stable").index[:most]
    return MotifHit.from_table(hits.loc[strongest.sort_values()], variant)


def _inserts(variant: Variant) -> bool:
    """Whether ALT has bases for which the reference has no coordinate."""
    return len(variant.alt) > len(variant.ref)


def _start_in_alt(start: int, inserted: int, variant: Variant) -> int:
    """Turn a start in coordinates of the reference into one that counts along ALT.

    Parameters
    ----------
    start
        Coordinate of the reference base at which the placement begins, or that follows the
        inserted base at which it does.
    inserted
        Bases that the placement has before that one.
    variant
        The allele.
    """
    differ = sequence_context(variant.ref, variant.alt, margin=0)
    end = variant.start + differ.start + len(differ.ref)
    longer = len(differ.alt) - len(differ.ref)
    return start if start < end else start + longer - inserted
