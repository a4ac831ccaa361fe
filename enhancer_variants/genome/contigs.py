"""Names of contigs, and the human genome builds.

One contig goes by many names: ``chr1``, ``1`` and ``NC_000001.11`` are the same chromosome. The
mitochondrion is the exception that has to be watched: hg19's ``chrM`` (NC_001807.4, 16,571 bases)
is another sequence than everyone else's (NC_012920.1, 16,569 bases), so its names are only
synonyms where the lengths agree (:meth:`enhancer_variants.genome.Reference.find`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ASSEMBLIES",
    "MITOCHONDRION",
    "Assembly",
    "accession_length",
    "assemblies_with_length",
    "canonical_contig",
    "is_accession",
    "likely_assembly",
]

MITOCHONDRION: Final = "M"
"""Canonical name of the mitochondrial contig."""

_MITOCHONDRION_NAMES: Final = frozenset({"M", "MT"})
_MITOCHONDRION_LENGTHS: Final = {"NC_012920.1": 16569, "NC_001807.4": 16571}

# Contig; GRCh37: length, version of its accession; GRCh38: the same; T2T-CHM13v2.0: length.
_CHROMOSOMES: Final = (
    ("1", 249250621, 10, 248956422, 11, 248387328),
    ("2", 243199373, 11, 242193529, 12, 242696752),
    ("3", 198022430, 11, 198295559, 12, 201105948),
    ("4", 191154276, 11, 190214555, 12, 193574945),
    ("5", 180915260, 9, 181538259, 10, 182045439),
    ("6", 171115067, 11, 170805979, 12, 172126628),
    ("7", 159138663, 13, 159345973, 14, 160567428),
    ("8", 146364022, 10, 145138636, 11, 146259331),
    ("9", 141213431, 11, 138394717, 12, 150617247),
    ("10", 135534747, 10, 133797422, 11, 134758134),
    ("11", 135006516, 9, 135086622, 10, 135127769),
    ("12", 133851895, 11, 133275309, 12, 133324548),
    ("13", 115169878, 10, 114364328, 11, 113566686),
    ("14", 107349540, 8, 107043718, 9, 101161492),
    ("15", 102531392, 9, 101991189, 10, 99753195),
    ("16", 90354753, 9, 90338345, 10, 96330374),
    ("17", 81195210, 10, 83257441, 11, 84276897),
    ("18", 78077248, 9, 80373285, 10, 80542538),
    ("19", 59128983, 9, 58617616, 10, 61707364),
    ("20", 63025520, 10, 64444167, 11, 66210255),
    ("21", 48129895, 8, 46709983, 9, 45090682),
    ("22", 51304566, 10, 50818468, 11, 51324926),
    ("X", 155270560, 10, 156040895, 11, 154259566),
    ("Y", 59373566, 9, 57227415, 10, 62460029),
)


@dataclass(frozen=True, slots=True)
class Assembly:
    """A build of the human genome; the mitochondrion is left out.

    Attributes
    ----------
    name
        Name of the Genome Reference Consortium or the T2T consortium.
    ucsc_name
        Name at UCSC.
    lengths
        Bases of each contig, by canonical name (``1`` to ``22``, ``X``, ``Y``).
    accessions
        RefSeq accession.version of each contig, by canonical name.

    Examples
    --------
    >>> ASSEMBLIES[0].name, ASSEMBLIES[0].ucsc_name, ASSEMBLIES[0].lengths["21"]
    ('GRCh37', 'hg19', 48129895)
    """

    name: str
    ucsc_name: str
    lengths: Mapping[str, int]
    accessions: Mapping[str, str]


ASSEMBLIES: Final = (
    Assembly(
        "GRCh37",
        "hg19",
        {row[0]: row[1] for row in _CHROMOSOMES},
        {row[0]: f"NC_{n:06d}.{row[2]}" for n, row in enumerate(_CHROMOSOMES, 1)},
    ),
    Assembly(
        "GRCh38",
        "hg38",
        {row[0]: row[3] for row in _CHROMOSOMES},
        {row[0]: f"NC_{n:06d}.{row[4]}" for n, row in enumerate(_CHROMOSOMES, 1)},
    ),
    Assembly(
        "T2T-CHM13v2.0",
        "hs1",
        {row[0]: row[5] for row in _CHROMOSOMES},
        {row[0]: f"NC_{n:06d}.1" for n, row in enumerate(_CHROMOSOMES, 60925)},
    ),
)
"""The builds known by contig lengths and RefSeq accessions."""

_ACCESSION_LENGTHS: Final = _MITOCHONDRION_LENGTHS | {
    assembly.accessions[contig]: length
    for assembly in ASSEMBLIES
    for contig, length in assembly.lengths.items()
}

_CONTIG_OF_ACCESSION: Final = {
    accession.partition(".")[0]: contig
    for assembly in ASSEMBLIES
    for contig, accession in assembly.accessions.items()
} | {accession.partition(".")[0]: MITOCHONDRION for accession in _MITOCHONDRION_LENGTHS}

_ACCESSION: Final = re.compile(r"(NC_[0-9]{6})(?:\.[0-9]+)?")


def canonical_contig(name: str) -> str:
    """Give the key that all names of a contig share.

    ``chr`` is taken off whatever its case, RefSeq accessions of human chromosomes become their
    chromosome whatever their version, ``MT`` becomes ``M``; any other name is its own key.

    Parameters
    ----------
    name
        A contig's name in a FASTA or variant file.

    Examples
    --------
    >>> [canonical_contig(name) for name in ("chr1", "1", "NC_000001.11", "CHR1")]
    ['1', '1', '1', '1']
    >>> canonical_contig("chrMT"), canonical_contig("chrUn_KI270302v1")
    ('M', 'Un_KI270302v1')
    """
    match = _ACCESSION.fullmatch(name)
    if match and match[1] in _CONTIG_OF_ACCESSION:
        return _CONTIG_OF_ACCESSION[match[1]]
    rest = name[3:] if name[:3].lower() == "chr" and len(name) > 3 else name
    return MITOCHONDRION if rest in _MITOCHONDRION_NAMES else rest


def is_accession(name: str) -> bool:
    """Whether a contig's name is a RefSeq accession of the human genome with its version.

    Examples
    --------
    >>> is_accession("NC_000001.9"), is_accession("NC_000001"), is_accession("chr1")
    (True, False, False)
    """
    found = _ACCESSION.fullmatch(name)
    return found is not None and "." in name and found[1] in _CONTIG_OF_ACCESSION


def accession_length(name: str) -> int | None:
    """Bases of the contig that a RefSeq accession.version names.

    Parameters
    ----------
    name
        A contig's name; None is returned for one that is no known accession with its version.

    Examples
    --------
    >>> accession_length("NC_000021.8"), accession_length("NC_000021.9")
    (48129895, 46709983)
    >>> accession_length("chr21") is None
    True
    """
    return _ACCESSION_LENGTHS.get(name)


def assemblies_with_length(canonical: str, length: int) -> tuple[str, ...]:
    """Names of the builds in which a contig has this many bases.

    Parameters
    ----------
    canonical
        The contig's key, as :func:`canonical_contig` gives it; for the mitochondrion, which
        does not tell builds apart, and unknown contigs the answer is empty.
    length
        Its number of bases.

    Examples
    --------
    >>> assemblies_with_length("1", 248956422)
    ('GRCh38',)
    """
    return tuple(
        assembly.name for assembly in ASSEMBLIES if assembly.lengths.get(canonical) == length
    )


def likely_assembly(lengths: Mapping[str, int]) -> str | None:
    """Name the build whose contig lengths agree with these.

    Parameters
    ----------
    lengths
        Bases by contig name, under any synonym. Contigs other than 1-22, X and Y say nothing.

    Returns
    -------
    str or None
        The build with which every contig that is known agrees, or None if there is none or no
        contig is known.

    Examples
    --------
    >>> likely_assembly({"chr1": 249250621, "chrM": 16571})
    'GRCh37'
    >>> likely_assembly({"chr1": 1000}) is None
    True
    """
    by_contig = {(canonical_contig(name), length) for name, length in lengths.items()}
    known = {pair for pair in by_contig if pair[0] in ASSEMBLIES[0].lengths}
    for assembly in ASSEMBLIES:
        if known and known <= assembly.lengths.items():
            return assembly.name
    return None
