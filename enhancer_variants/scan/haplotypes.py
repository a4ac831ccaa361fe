"""Windows around an allele, on the reference and with ALT in place of REF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enhancer_variants.genome import ContigSequence, Variant, is_acgt
from enhancer_variants.scan.tiling import Tiling

__all__ = ["AlleleTiles", "allele_tiles"]


@dataclass(frozen=True, slots=True)
class AlleleTiles:
    """The tiles of a contig around an allele, as either allele has them.

    Attributes
    ----------
    starts
        Shape (n,): first base of each tile on the reference, 0-based.
    ref, alt
        Its sequence with REF and with ALT; empty where that holds another letter than A, C, G and
        T, or leaves the contig.
    """

    starts: npt.NDArray[np.int64]
    ref: tuple[str, ...]
    alt: tuple[str, ...]


def allele_tiles(
    variant: Variant, contig: ContigSequence, tiling: Tiling, flank: int
) -> AlleleTiles:
    """Cut the tiles that share a base with the allele or with its flanks.

    With ALT, a tile begins at the same base of the reference; one that begins within REF begins as
    far within ALT, or behind it where ALT is shorter. Tiles behind the allele are the same for
    both.

    Parameters
    ----------
    variant
        In normal form on `contig`.
    contig
        The contig.
    tiling
        Window and step.
    flank
        Bases to either side of REF, 0 or more.

    Examples
    --------
    >>> from enhancer_variants.genome import InMemoryContig
    >>> contig = InMemoryContig("toy", "AACCGGTTAACC")
    >>> tiles = allele_tiles(Variant("toy", 5, "G", "GT"), contig, Tiling(4, 2), flank=0)
    >>> tiles.starts.tolist(), tiles.ref, tiles.alt
    ([2, 4], ('CCGG', 'GGTT'), ('CCGT', 'GTGT'))
    """
    window = tiling.window
    starts = _starts_near(variant, contig.length, tiling, flank)
    if not len(starts):
        return AlleleTiles(starts, (), ())
    begin = int(starts[0])
    lost = max(len(variant.ref) - len(variant.alt), 0)
    bases = contig.bases(begin, min(int(starts[-1]) + window + lost, contig.length))
    before, after = variant.start - begin, variant.end - begin
    # Of tiles that begin behind the allele, none has a base of it.
    changed = bases[: max(before, 0)] + variant.alt + bases[after:]
    ref, alt = [], []
    for start in (starts - begin).tolist():
        own = _readable(bases[start : start + window], window)
        ref.append(own)
        if start >= after or start + window <= before:
            alt.append(own)
            continue
        inside = max(start - before, 0)
        first = start if not inside else before + min(inside, len(variant.alt))
        alt.append(_readable(changed[first : first + window], window))
    return AlleleTiles(starts, tuple(ref), tuple(alt))


def _starts_near(
    variant: Variant, length: int, tiling: Tiling, flank: int
) -> npt.NDArray[np.int64]:
    left, right = variant.start - flank - tiling.window, variant.end + flank
    # One more on either side, because the last tile of a contig is out of step.
    first = max(left // tiling.step, 0)
    stop = min(-(-right // tiling.step) + 1, tiling.count(length))
    starts = tiling.starts(length, np.arange(first, max(first, stop), dtype=np.int64))
    return starts[(starts > left) & (starts < right)]


def _readable(bases: str, window: int) -> str:
    return bases if len(bases) == window and is_acgt(bases) else ""
