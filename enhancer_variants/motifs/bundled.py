"""The motifs that ship with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.pwm import Motif
from enhancer_variants.motifs.readers import read_motifs

__all__ = ["BUNDLED_MOTIFS", "bundled_motifs"]

BUNDLED_MOTIFS: Final = {"JASPAR2024": "jaspar2024.txt.gz"}
"""Names of the bundled sets, and their files in this folder."""


def bundled_motifs(name: str) -> tuple[Motif, ...]:
    """Read a set of motifs that ships with the package.

    Parameters
    ----------
    name
        ``JASPAR2024``: the 879 vertebrate motifs of JASPAR 2024 CORE (Rauluseviciute I et al.
        2024, Nucleic Acids Res 52:D174-D182), CC BY 4.0, made by examples/make_jaspar_data.py.

    Returns
    -------
    tuple of Motif
        Counts, in order of their identifiers.

    Raises
    ------
    InputError
        If no set has this name.

    Examples
    --------
    >>> motifs = bundled_motifs("JASPAR2024")
    >>> len(motifs), motifs[0].id, motifs[0].name, motifs[0].family
    (879, 'MA0002.3', 'Runx1', 'Runt-related factors')
    """
    if name not in BUNDLED_MOTIFS:
        raise InputError(
            f"no bundled motifs are called {name!r}; there are {', '.join(BUNDLED_MOTIFS)}. "
            "Other motifs are read from a file."
        )
    with as_file(files(__package__) / BUNDLED_MOTIFS[name]) as path:
        return read_motifs(path)
