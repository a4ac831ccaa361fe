"""Windows of one length from a file: intervals of a genome, or sequences."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from enhancer_variants.errors import InputError
from enhancer_variants.genome import OPEN_END, Interval, Reference, is_acgt
from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences
from enhancer_variants.io.regions import read_bed
from enhancer_variants.training.windows import centred_windows

__all__ = ["WindowsOfFile", "is_bed", "read_windows"]


@dataclass(frozen=True, slots=True)
class WindowsOfFile:
    """Windows of a file, what it says they lie on, and what was left out.

    Attributes
    ----------
    sequences
        Windows in upper case, of A, C, G and T, all of one length.
    intervals
        All intervals of the file, as long as they were there.
    left_out
        Number of records without a window, by the reason: `has_n`, and `edge` and `no_contig`
        for BED, `short` for sequences.
    """

    sequences: tuple[LabelledSequence, ...]
    intervals: tuple[Interval, ...]
    left_out: Mapping[str, int]

    def around(self, window: int) -> tuple[Interval, ...]:
        """Give the window around each interval, also of those whose window was left out.

        Parameters
        ----------
        window
            Bases of a window, W; what lies before a contig's first base is cut off.

        Examples
        --------
        >>> peaks = (Interval("chr1", 100, 102), Interval("chr1", 0, 2))
        >>> [str(window) for window in WindowsOfFile((), peaks, {}).around(10)]
        ['chr1:97-106', 'chr1:1-6']
        """
        starts = ((each.start + each.end) // 2 - window // 2 for each in self.intervals)
        return tuple(
            Interval(each.contig, max(start, 0), min(start + window, OPEN_END))
            for each, start in zip(self.intervals, starts, strict=True)
            if start + window > 0
        )


def is_bed(path: str | os.PathLike[str]) -> bool:
    r"""Whether the first record of a file is a BED line: a name and two whole numbers.

    Raises
    ------
    VariantFileError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     peaks = pathlib.Path(folder, "peaks.bed")
    ...     _ = peaks.write_text("track name=peaks\nchr1\t100\t300\n")
    ...     is_bed(peaks)
    True
    """
    with InputStream(path) as stream:
        for line in stream:
            fields = line.split()
            if not fields or fields[0].startswith(b"#") or fields[0] in (b"track", b"browser"):
                continue
            is_fasta = fields[0].startswith(b">")
            return not is_fasta and len(fields) > 2 and all(map(bytes.isdigit, fields[1:3]))
    return False


def read_windows(
    path: str | os.PathLike[str], reference: Reference | None, window: int, label: int
) -> WindowsOfFile:
    r"""Read windows around the intervals of a BED file, or the middle of each sequence of another.

    Parameters
    ----------
    path
        BED, or labelled sequences in any format; told by its content.
    reference
        The genome; only BED needs it.
    window
        Bases of a window, W.
    label
        Class of what the file gives none.

    Raises
    ------
    InputError
        If the file is neither, or a BED file comes without a reference.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "peaks.fa")
    ...     _ = fasta.write_text(">a\nGATTACA\n>b\nGAN\n>c\nGA\n")
    ...     windows = read_windows(fasta, None, 3, label=1)
    >>> [record.sequence for record in windows.sequences], dict(windows.left_out)
    (['TTA'], {'has_n': 1, 'short': 1})
    """
    if is_bed(path):
        if reference is None:
            raise InputError(
                f"{os.fspath(path)}: holds intervals, whose bases are in a reference; name one"
            )
        intervals = read_bed(path)
        found = centred_windows(intervals, reference, window, label)
        reasons = {"has_n": found.has_n, "edge": found.edge, "no_contig": found.no_contig}
        return WindowsOfFile(found.sequences, tuple(intervals), reasons)
    records = read_labelled_sequences(path, label=label)
    intervals = [record.interval for record in records if record.interval is not None]
    long_enough = [record for record in records if len(record.sequence) >= window]
    cropped = [record.cropped(window).upper() for record in long_enough]
    known = tuple(record for record in cropped if is_acgt(record.sequence))
    reasons = {"has_n": len(cropped) - len(known), "short": len(records) - len(long_enough)}
    return WindowsOfFile(known, tuple(intervals), reasons)
