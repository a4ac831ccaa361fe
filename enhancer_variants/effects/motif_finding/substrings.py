"""In how many sequences each of many short words occurs, without looking for them one by one.

Words shorter than :data:`_HEAD` letters are looked up in a table of all words of their length.
Longer ones are looked up by their first letters, which few places share, and compared in full
there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.genome import is_acgt

__all__ = ["sequences_containing"]

_HEAD: Final = 11
"""A table of all words of so many letters has 4 million entries."""

_BASES_AT_ONCE: Final = 1 << 20

_DIGITS: Final = bytes("ACGT".find(chr(byte)) if chr(byte) in "ACGT" else 4 for byte in range(256))
_OTHER: Final = 4

Numbers = npt.NDArray[np.int64]


def sequences_containing(words: Sequence[str], sequences: Sequence[str]) -> Numbers:
    """Count, for each word, the sequences that contain it, once or more often.

    Parameters
    ----------
    words
        Distinct words of A, C, G, T, each of one letter or more.
    sequences
        DNA in upper case, of any lengths.

    Returns
    -------
    numpy.ndarray
        Shape ``(len(words),)``, int64.

    Raises
    ------
    InputError
        If a word is empty, has another letter or comes twice.

    Examples
    --------
    >>> sequences_containing(["GATT", "AC"], ["GATTACA", "ACAC", "TTT"]).tolist()
    [1, 2]
    """
    for word in words:
        if not is_acgt(word):
            raise InputError(f"cannot count {word!r}; expected one or more letters A, C, G, T")
    if len(set(words)) < len(words):
        raise InputError("a word to be counted comes twice; expected distinct words")
    tables = list(_tables(words))
    counts = np.zeros(len(words), dtype=np.int64)
    for chunk in _chunks(sequences):
        text = "N".join(chunk)
        digits = np.frombuffer(text.encode("ascii", "replace").translate(_DIGITS), dtype=np.uint8)
        ends = np.cumsum([len(sequence) + 1 for sequence in chunk])
        for length, table, longer in tables:
            places, found = _heads(digits, length, table)
            if longer:
                places, found = _in_full(text, places, found, words, longer)
            # A word counts once for each sequence. (np.unique hashes, which is slower here.)
            pairs = np.sort(np.searchsorted(ends, places, side="right") * len(words) + found)
            once = pairs[np.diff(pairs, prepend=-1) > 0] % len(words)
            counts += np.bincount(once, minlength=len(words))
    return counts


def _tables(
    words: Sequence[str],
) -> Iterator[tuple[int, npt.NDArray[np.int32], list[list[int]]]]:
    """Length of the words or heads, a table from their code to a number, and what it numbers.

    The number is the word's own, or, for heads, that of a list of words with this head; -1 in
    the table where no word is.
    """
    by_length: dict[int, dict[str, list[int]]] = {}
    for number, word in enumerate(words):
        heads = by_length.setdefault(min(len(word), _HEAD), {})
        heads.setdefault(word[:_HEAD], []).append(number)
    for length, heads in by_length.items():
        digits = np.frombuffer("".join(heads).encode().translate(_DIGITS), dtype=np.uint8)
        codes = digits.reshape(-1, length) @ (4 ** np.arange(length - 1, -1, -1))
        table = np.full(4**length, -1, dtype=np.int32)
        if length < _HEAD:
            table[codes] = [numbers[0] for numbers in heads.values()]
            yield length, table, []
        else:
            table[codes] = np.arange(len(heads))
            yield length, table, list(heads.values())


def _chunks(sequences: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    bases = 0
    for sequence in sequences:
        chunk.append(sequence)
        bases += len(sequence)
        if bases >= _BASES_AT_ONCE:
            yield chunk
            chunk, bases = [], 0
    if chunk:
        yield chunk


def _heads(
    digits: npt.NDArray[np.uint8], length: int, table: npt.NDArray[np.int32]
) -> tuple[Numbers, Numbers]:
    """Every place where one of the table's words begins, and its number there."""
    places = max(digits.size - length + 1, 0)
    codes = np.zeros(places, dtype=np.int32)
    others = np.zeros(places, dtype=bool)
    is_other = digits == _OTHER
    for offset in range(length):
        codes = codes << 2 | (digits[offset : offset + places] & 3)
        others |= is_other[offset : offset + places]
    found = table[codes]
    found[others] = -1
    begins = np.flatnonzero(found >= 0)
    return begins.astype(np.int64), found[begins].astype(np.int64)


def _in_full(
    text: str, places: Numbers, found: Numbers, words: Sequence[str], longer: list[list[int]]
) -> tuple[Numbers, Numbers]:
    """Keep the places where not the head alone but a whole word is."""
    pairs = [
        (place, number)
        for place, head in zip(places.tolist(), found.tolist(), strict=True)
        for number in longer[head]
        if text.startswith(words[number], place)
    ]
    kept = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return kept[:, 0], kept[:, 1]
