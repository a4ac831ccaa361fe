"""BCF through htslib."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pysam

from enhancer_variants.errors import VariantFileError
from enhancer_variants.genome.fasta_index import quiet_htslib

__all__ = ["COPY_AGAIN", "htslib_reader"]

COPY_AGAIN = "The file is truncated or damaged: copy or download it again."


@contextlib.contextmanager
def htslib_reader(path: str, name: str) -> Iterator[pysam.VariantFile]:
    """Open a BCF through htslib, without what htslib prints on the way.

    Parameters
    ----------
    path
        The file.
    name
        Its name for messages.

    Raises
    ------
    VariantFileError
        If htslib cannot open it.
    """
    try:
        # htslib would print that there is no index, also where none is needed.
        with quiet_htslib():
            reader = pysam.VariantFile(path)
    except (OSError, ValueError, NotImplementedError) as error:
        raise VariantFileError(f"{name}: cannot be read as BCF ({error}). {COPY_AGAIN}") from error
    try:
        yield reader
    finally:
        # Closing fails after an error in reading, which was told already.
        with contextlib.suppress(OSError):
            reader.close()
