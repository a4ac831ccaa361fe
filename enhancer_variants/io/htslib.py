"""BCF through htslib."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pysam

from enhancer_variants.errors import VariantFileError

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
    # htslib would print that there is no index, also where none is needed.
    verbosity = pysam.set_verbosity(0)
    try:
        reader = pysam.VariantFile(path)
    except (OSError, ValueError, NotImplementedError) as error:
        raise VariantFileError(f"{name}: cannot be read as BCF ({error}). {COPY_AGAIN}") from error
    finally:
        pysam.set_verbosity(verbosity)
    try:
        yield reader
    finally:
        # Closing fails after an error in reading, which was told already.
        with contextlib.suppress(OSError):
            reader.close()
