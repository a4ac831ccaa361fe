"""The motifs that ship with the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Final

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.pwm import Motif
from enhancer_variants.motifs.readers import read_motifs

__all__ = ["BUNDLED_MOTIFS", "BundledMotifs", "bundled_motifs"]


@dataclass(frozen=True, slots=True)
class BundledMotifs:
    """A set of motifs that ships with the package.

    Attributes
    ----------
    file
        Its file in this folder.
    licence, citation
        Under what it may be used, and what to cite.
    """

    file: str
    licence: str
    citation: str

    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256((files(__package__) / self.file).read_bytes()).hexdigest()


BUNDLED_MOTIFS: Final = {
    "JASPAR2024": BundledMotifs(
        file="jaspar2024.txt.gz",
        licence="CC BY 4.0",
        citation="Rauluseviciute I et al. 2024, Nucleic Acids Res 52:D174-D182",
    )
}
"""The bundled sets by name."""


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
    with as_file(files(__package__) / BUNDLED_MOTIFS[name].file) as path:
        return read_motifs(path)
