"""A FASTA file read in blocks, of which the recent ones are kept."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from enhancer_variants.errors import FastaError, InputError
from enhancer_variants.genome.fasta_index import quiet_htslib

if TYPE_CHECKING:
    from enhancer_variants.genome.fasta_index import FastaFiles

__all__ = ["BLOCK", "BLOCKS_KEPT", "FastaBlocks"]

BLOCK: Final = 65536
"""Bases in a block; one block begins at every multiple of it."""

BLOCKS_KEPT: Final = 512
"""Blocks held in memory, 32 MB in all; the one used longest ago is dropped first."""


class FastaBlocks:
    r"""Upper-case bases of a FASTA file, fetched by the block.

    Dense access is quick whether it is sorted or not. Threads may share an object, and a forked
    process opens the file for itself, since a shared file position would garble both.

    Parameters
    ----------
    files
        The file and its indexes.

    Attributes
    ----------
    lengths : dict of str to int
        Bases of each contig, in file order.
    at_hand : tuple of (object, int, int, str)
        The block read last: whose it is, 0-based start, end and bases. One tuple, so that
        threads see a block together with its own bounds.

    Raises
    ------
    FastaError
        If htslib refuses the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from enhancer_variants.genome.fasta_index import indexed_fasta
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "toy.fa")
    ...     _ = fasta.write_text(">toy\nacgt\n")
    ...     FastaBlocks(indexed_fasta(fasta)).block("toy", 0)
    'ACGT'
    """

    def __init__(self, files: FastaFiles) -> None:
        self._files = files
        self._open()
        self._kept: OrderedDict[tuple[str, int], str] = OrderedDict()
        self.lengths = dict(zip(self._fasta.references, self._fasta.lengths, strict=True))
        self.at_hand: tuple[object, int, int, str] = (None, 0, 0, "")

    def _open(self) -> None:
        self._fasta = self._files.open()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def close(self) -> None:
        """Close the file; blocks that are kept can still be read."""
        self._fasta.close()

    def block(self, contig: str, start: int) -> str:
        """Bases of one block, from memory if it is kept.

        Parameters
        ----------
        contig
            Name in the FASTA.
        start
            0-based, a multiple of :data:`BLOCK` below the contig's length.

        Returns
        -------
        str
            :data:`BLOCK` bases, fewer at the contig's end.
        """
        key = (contig, start)
        block = self._kept.get(key)
        if block is None:
            block = self.fetch(contig, start, min(start + BLOCK, self.lengths[contig]))
        with self._lock:
            self._kept[key] = block
            self._kept.move_to_end(key)
            if len(self._kept) > BLOCKS_KEPT:
                self._kept.popitem(last=False)
        return block

    def fetch(self, contig: str, start: int, end: int) -> str:
        """Read bases from the file, which are not kept.

        Parameters
        ----------
        contig
            Name in the FASTA.
        start, end
            0-based, half-open, within the contig.

        Raises
        ------
        FastaError
            If the file ends or is damaged there.
        InputError
            If the file is closed.
        """
        if self._process != os.getpid():
            self._open()
        with self._lock, quiet_htslib():
            if self._fasta.closed:
                raise InputError(f"{self._files.fasta}: the reference is closed; open it again")
            cause: Exception | None = None
            try:
                bases = self._fasta.fetch(contig, start, end).upper()
            except (OSError, ValueError) as error:
                bases, cause = "", error
        if len(bases) != end - start:
            raise FastaError(
                f"{self._files.fasta}: of {contig}:{start + 1}-{end}, {len(bases)} bases can be "
                "read; the file is damaged or was changed while in use: copy it again, or remove "
                "its .fai and .gzi"
            ) from cause
        return bases
