"""Motifs of JASPAR releases that do not ship with the package, read through pyjaspar."""

from __future__ import annotations

import numpy as np

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.motifs.pwm import BASES, Motif

__all__ = ["jaspar_release_motifs"]


def jaspar_release_motifs(release: str) -> tuple[Motif, ...]:
    """Read the vertebrate motifs of a release's CORE collection.

    Parameters
    ----------
    release
        Such as ``JASPAR2022``.

    Returns
    -------
    tuple of Motif
        Counts, in order of their identifiers, with the families of a dimer joined by ``::``.

    Raises
    ------
    MissingDependencyError
        If pyjaspar is not installed.
    InputError
        If pyjaspar has no such release.
    """
    try:
        import pyjaspar  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(
            f"the motifs of {release} are read through pyjaspar, which is not installed: "
            "pip install 'enhancer-variants[jaspar]'"
        ) from error
    if release not in pyjaspar.jaspar_releases:
        known = ", ".join(sorted(pyjaspar.jaspar_releases))
        raise InputError(f"there is no release {release}; pyjaspar has {known}")
    database = pyjaspar.jaspardb(release=release)
    found = database.fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    motifs = []
    for motif in found:
        counts = np.array([motif.counts[base] for base in BASES], dtype=np.float64).T
        family = "::".join(motif.tf_family or [])
        motifs.append(Motif(motif.matrix_id, motif.name, counts, family))
    return tuple(sorted(motifs, key=lambda motif: motif.id))
