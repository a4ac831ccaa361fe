"""The tables of random changes that ship with the package, so that nothing is sampled for them."""

from __future__ import annotations

import gzip
from importlib.resources import files
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["CHANGE_TABLES", "TABLE_UNIT", "shipped_changes"]

CHANGE_TABLES: Final = "jaspar2024_changes.npy.gz"
"""File in this folder, for the motifs of JASPAR 2024; examples/make_change_tables.py makes it.

Two arrays of bytes: the digests of the matrices, (motifs, 8); and the changes at the fixed
p-values, each less the one before, (2, p-values, motifs), first the lower bytes, then the upper.
"""

TABLE_UNIT: Final = 2.0**-11
"""Changes in a table are whole multiples of this."""


def shipped_changes() -> dict[bytes, npt.NDArray[np.float64]]:
    """Read the changes at fixed p-values, by the digest of the matrix that they are for.

    Examples
    --------
    >>> len(shipped_changes())
    879
    """
    stream = BytesIO(gzip.decompress((files(__package__) / CHANGE_TABLES).read_bytes()))
    digests, (lower, upper) = np.load(stream), np.load(stream)
    changes = np.cumsum(lower + 256.0 * upper, axis=0).T * TABLE_UNIT
    return {digest.tobytes(): row for digest, row in zip(digests, changes, strict=True)}
