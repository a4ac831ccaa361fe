"""Labelled sequences for the bundled models, and which of them may not be trained on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pysam
from sources import ELEMENTS, GENOME, NHLF_CLASSES, SEQUENCES, Source

from enhancer_variants.io.compression import InputStream
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import read_labelled_sequences

__all__ = [
    "BASES",
    "HELD_OUT_CONTIGS",
    "SHARED_BASES",
    "Codes",
    "Example",
    "codes_of",
    "known_stretches",
    "read_examples",
    "reverse_complement",
    "text_of",
    "training_examples",
]

Codes = npt.NDArray[np.uint8]
"""Bases by their place in `BASES`; another letter is 4."""

BASES: Final = "ATCG"
"""The order of the canonical vocabulary, in which a base and its complement differ by one bit."""

HELD_OUT_CONTIGS: Final = frozenset({"chr8", "chr9", "chr20", "chr21", "chr22"})
SHARED_BASES: Final = 32
"""A sequence that shares so many bases in a row, on either strand, is taken for the same one."""

_CODE_OF_LETTER: Final = np.full(256, 4, np.uint8)
_CODE_OF_LETTER[list(BASES.encode())] = range(4)

# Negatives of iEnhancer-2L are named by contig and start without a separator, then the end.
_UNSEPARATED: Final = re.compile(r"rangechr(\w+?)-(\d+?)5pad")
_LONGEST_NEGATIVE: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A sequence with the class that its publishers gave it.

    Attributes
    ----------
    codes
        Its bases.
    label, value
        Which output of the network it is about, and 1 or 0.
    contig
        Where it is from; None where nobody says.
    collection
        Key of `sources.COLLECTIONS`.
    part
        ``train`` or ``test``, as its publishers have it.
    held_out
        Whether it is from a test set or a held-out contig.
    """

    codes: Codes
    label: str
    value: int
    contig: str | None
    collection: str
    part: str
    held_out: bool


def codes_of(sequence: str) -> Codes:
    """Encode a sequence, upper or lower case."""
    return _CODE_OF_LETTER[np.frombuffer(sequence.upper().encode("ascii"), np.uint8)]


def text_of(codes: Codes) -> str:
    """Spell a sequence of the four bases."""
    return np.frombuffer(BASES.encode("ascii"), np.uint8)[codes].tobytes().decode("ascii")


def reverse_complement(codes: Codes) -> Codes:
    """Read a sequence of the four bases on the other strand."""
    return (codes ^ 1)[::-1]


def read_examples(data: Path) -> list[Example]:
    """Read every labelled sequence, held out or not, in the order of `sources.SEQUENCES`."""
    with pysam.FastaFile(str(data / next(iter(GENOME)))) as genome:
        lengths = dict(zip(genome.references, genome.lengths, strict=True))
    return [
        _example(record, source, lengths)
        for source in SEQUENCES
        for record in _records(data, source)
    ]


def training_examples(examples: Iterable[Example], data: Path) -> list[Example]:
    """Keep what may be trained on, and print what is left out and why.

    Left out is what is held out, what holds another letter than A, C, G and T, and what shares
    `SHARED_BASES` bases in a row, on either strand, with a held-out sequence, with a held-out
    contig or with an element whose variants were measured.
    """
    examples = list(examples)
    forbidden = _forbidden_words(examples, data)
    kept: list[Example] = []
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        reason = _reason_to_leave_out(example, forbidden)
        counts[example.collection, reason] += 1
        if reason == "kept":
            kept.append(example)
    for (collection, reason), count in sorted(counts.items()):
        print(f"{collection}: {count} {reason}", flush=True)
    return kept


def _records(data: Path, source: Source) -> Iterator[LabelledSequence]:
    path = data / source.path
    if source.path not in NHLF_CLASSES:
        yield from read_labelled_sequences(path, label=source.value)
        return
    with InputStream(data / NHLF_CLASSES[source.path][0]) as stream:
        classes = [int(float(line)) for line in stream]
    for record, value in zip(read_labelled_sequences(path), classes, strict=True):
        yield LabelledSequence(record.sequence, value, name=record.name)


def _example(record: LabelledSequence, source: Source, lengths: dict[str, int]) -> Example:
    contig = record.contig or _contig_of_name(record.name, lengths)
    if record.label is None:
        raise ValueError(f"{source.path}: no class for {record.name or record.sequence[:20]!r}")
    held_out = source.part == "test" or contig in HELD_OUT_CONTIGS
    codes = codes_of(record.sequence)
    return Example(
        codes, source.label, record.label, contig, source.collection, source.part, held_out
    )


def _contig_of_name(name: str, lengths: dict[str, int]) -> str | None:
    """Contig of a name such as ``..rangechr2113579-13779..``: two digits if they make sense.

    Where both chr2 and chr21 are possible, the one that may be held out is taken.
    """
    found = _UNSEPARATED.search(name)
    if found is None:
        return None
    left, end = found.group(1), int(found.group(2))
    for digits in (2, 1):
        contig, start = f"chr{left[:digits]}", left[digits:]
        if contig not in lengths or not start.isdigit() or start.startswith("0"):
            continue
        if int(start) <= end <= lengths[contig] and end - int(start) < _LONGEST_NEGATIVE:
            return contig
    return None


def _forbidden_words(examples: Iterable[Example], data: Path) -> npt.NDArray[np.uint64]:
    """Every word of `SHARED_BASES` bases of what is held out, sorted."""
    words = [_words(example.codes) for example in examples if example.held_out]
    for files, contigs in ((GENOME, HELD_OUT_CONTIGS), (ELEMENTS, None)):
        with pysam.FastaFile(str(data / next(iter(files)))) as fasta:
            for contig in fasta.references:
                if contigs is None or contig in contigs:
                    words += [_words(part) for part in known_stretches(fasta.fetch(contig))]
    return np.unique(np.concatenate(words))


def known_stretches(sequence: str) -> list[Codes]:
    """Split a contig into the parts whose bases are known."""
    return [codes_of(part.group()) for part in re.finditer("[ACGTacgt]+", sequence)]


def _words(codes: Codes) -> npt.NDArray[np.uint64]:
    """Words of `SHARED_BASES` bases as numbers, the same on both strands; none with an N."""
    places = len(codes) - SHARED_BASES + 1
    if places < 1:
        return np.zeros(0, np.uint64)
    unknown = codes > 3
    forward = _as_numbers(np.where(unknown, 0, codes).astype(np.uint64), places)
    other = np.where(unknown, 0, codes ^ 1).astype(np.uint64)[::-1]
    known = np.convolve(unknown, np.ones(SHARED_BASES, int), "valid") == 0
    return np.minimum(forward, _as_numbers(other, places)[::-1])[known]


def _as_numbers(codes: npt.NDArray[np.uint64], places: int) -> npt.NDArray[np.uint64]:
    numbers = np.zeros(places, np.uint64)
    for offset in range(SHARED_BASES):
        numbers = (numbers << np.uint64(2)) | codes[offset : offset + places]
    return numbers


def _reason_to_leave_out(example: Example, forbidden: npt.NDArray[np.uint64]) -> str:
    if example.held_out:
        return "held out: test set or held-out contig"
    if (example.codes > 3).any():
        return "left out: letters other than A, C, G and T"
    words = _words(example.codes)
    found = np.searchsorted(forbidden, words)
    found[found == len(forbidden)] = 0
    if (forbidden[found] == words).any():
        return f"left out: shares {SHARED_BASES} bases with what is held out"
    return "kept"
