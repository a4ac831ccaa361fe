"""The weights of the bundled motifs, which ship with the package: to compare all takes seconds."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.motifs.pwm import Pwm

__all__ = ["COPIES", "digest_of_all", "shipped_weights"]

COPIES: Final = "jaspar2024_copies.npy.gz"
"""File in this folder, for the motifs of JASPAR 2024; examples/make_change_tables.py makes it.

Two arrays of bytes: the digest of all matrices, (32,); and how many copies each motif has among
them, itself included, (motifs,).
"""


def shipped_weights(pwms: Iterable[Pwm]) -> npt.NDArray[np.float64] | None:
    """Give what :func:`~enhancer_variants.motifs.motif_weights` gives; None for other motifs.

    Parameters
    ----------
    pwms
        The motifs: those of JASPAR 2024 with the default pseudocount and background, in order.

    Examples
    --------
    >>> shipped_weights([Pwm("toy", "TOY", [[2, -6, -6, -6]] * 7)]) is None
    True
    """
    stream = BytesIO(gzip.decompress((files(__package__) / COPIES).read_bytes()))
    digest, copies = np.load(stream), np.load(stream)
    if digest.tobytes() != digest_of_all(pwms):
        return None
    return np.asarray(1 / copies.astype(np.float64))


def digest_of_all(pwms: Iterable[Pwm]) -> bytes:
    """Give the bytes that tell these motifs, in this order, from any others."""
    return hashlib.sha256(b"".join(pwm.digest() for pwm in pwms)).digest()
