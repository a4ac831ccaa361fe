"""Notice that a list, its source of sites and the reference are of different builds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from enhancer_variants.effects import assembly_checked
from enhancer_variants.errors import AssemblyMismatchError
from enhancer_variants.genome import ASSEMBLIES, Reference, likely_assembly
from enhancer_variants.gwas.resolved import ResolvedAllele
from enhancer_variants.io import VariantRecord
from enhancer_variants.schema import Status

__all__ = ["require_fitting_alleles", "require_fitting_panel", "require_stated_build"]

_FEWEST = 20
"""So many variants at least say something of a build."""

_OVERRIDE = "To go on as it is: ignore_assembly=True (--ignore-assembly)."


def require_stated_build(stated: str, name: str, reference: Reference, *, lifted: bool) -> None:
    """Refuse a list that states another build than the reference's and is not lifted over.

    Parameters
    ----------
    stated
        The build that the list states, or empty.
    name
        The list's name, for messages.
    reference
        The genome; one whose contigs tell no build fits every list.
    lifted
        Whether there is a chain file.

    Raises
    ------
    AssemblyMismatchError
        Naming both builds; also where a chain file is given for a list that fits.
    """
    theirs, ours = _build(stated), reference.assembly
    if theirs is None or ours is None:
        return
    if theirs != ours and not lifted:
        raise AssemblyMismatchError(
            f"{name}: states that it is of {theirs}, and {reference.name} is {ours}. Name a chain "
            f"file from {theirs} to {ours} (chain, --chain), or a FASTA of {theirs}. {_OVERRIDE}"
        )
    if theirs == ours and lifted:
        raise AssemblyMismatchError(
            f"{name}: states that it is of {theirs}, as {reference.name} is, and a chain file "
            f"would move its positions elsewhere: leave the chain file out. {_OVERRIDE}"
        )


def require_fitting_alleles(
    alleles: Sequence[ResolvedAllele], reference: Reference, name: str
) -> None:
    """Refuse variants that are elsewhere, or have another REF, for the most part.

    Parameters
    ----------
    alleles
        What the first variants of a list resolved to.
    reference
        The genome.
    name
        The list's name, for messages.

    Raises
    ------
    AssemblyMismatchError
        If more than half of the variants that were found are elsewhere in the list (20 at least),
        or more than half of the SNVs have another REF than the reference.
    """
    found = {
        (a.list_row, a.list_variant): a.status
        for a in alleles
        if a.position is not None and a.status is not Status.RSID_NOT_FOUND
    }
    elsewhere = sum(status is Status.POSITION_CONFLICT for status in found.values())
    if elsewhere >= _FEWEST and elsewhere * 2 > len(found):
        raise AssemblyMismatchError(
            f"{name}: {elsewhere} of the first {len(found)} variants that the source of sites has "
            "are at another position there: the list is most likely of another build. Name a chain "
            f"file (chain, --chain), or a source and a FASTA of the list's build. {_OVERRIDE}"
        )
    judged = (a for a in alleles if a.status in {Status.OK, Status.REF_MISMATCH})
    assembly_checked(_records(judged), reference, {}, name)


def require_fitting_panel(lengths: Mapping[str, int], reference: Reference, name: str) -> None:
    """Refuse a panel whose header is of another build than the reference.

    Raises
    ------
    AssemblyMismatchError
        Naming both builds.
    """
    theirs, ours = likely_assembly(lengths), reference.assembly
    if theirs is not None and ours is not None and theirs != ours:
        raise AssemblyMismatchError(
            f"{name}: the panel's contigs are of {theirs}, and {reference.name} is {ours}: use a "
            f"panel of {ours}. {_OVERRIDE}"
        )


def _build(stated: str) -> str | None:
    """Name of a build, by any of its names."""
    name = stated.strip().casefold()
    same = {"b37": "GRCh37", "hg37": "GRCh37", "b38": "GRCh38"}
    named = {n.casefold(): a.name for a in ASSEMBLIES for n in (a.name, a.ucsc_name)}
    return (named | same).get(name)


def _records(alleles: Iterable[ResolvedAllele]) -> Iterator[VariantRecord]:
    return iter(
        [
            VariantRecord(number, a.contig, a.position, a.id, a.ref, (a.alt,))
            for number, a in enumerate(alleles)
        ]
    )
