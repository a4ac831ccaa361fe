"""What DNA is: sequences, intervals, variants, the reference, and the windows models read."""

from __future__ import annotations

from enhancer_variants.genome.alphabet import is_acgt, reverse_complement
from enhancer_variants.genome.contigs import (
    ASSEMBLIES,
    MITOCHONDRION,
    Assembly,
    accession_length,
    assemblies_with_length,
    canonical_contig,
    is_accession,
    likely_assembly,
)
from enhancer_variants.genome.interval import OPEN_END, Interval, Strand
from enhancer_variants.genome.normal_form import normal_form
from enhancer_variants.genome.placement import Placement, place
from enhancer_variants.genome.random_changes import random_indels, random_snvs
from enhancer_variants.genome.reference import (
    Contig,
    ContigSequence,
    InMemoryContig,
    Reference,
    ReferenceSource,
    ReverseComplementContig,
)
from enhancer_variants.genome.variant import LARGEST_POSITION, Variant
from enhancer_variants.genome.windows import (
    AlleleWindow,
    AlleleWindows,
    WindowRule,
    allele_windows,
)

__all__ = [
    "ASSEMBLIES",
    "LARGEST_POSITION",
    "MITOCHONDRION",
    "OPEN_END",
    "AlleleWindow",
    "AlleleWindows",
    "Assembly",
    "Contig",
    "ContigSequence",
    "InMemoryContig",
    "Interval",
    "Placement",
    "Reference",
    "ReferenceSource",
    "ReverseComplementContig",
    "Strand",
    "Variant",
    "WindowRule",
    "accession_length",
    "allele_windows",
    "assemblies_with_length",
    "canonical_contig",
    "is_accession",
    "is_acgt",
    "likely_assembly",
    "normal_form",
    "place",
    "random_indels",
    "random_snvs",
    "reverse_complement",
]
