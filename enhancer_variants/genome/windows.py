"""The two sequences that a model reads for an allele: the reference and the alternate window.

With v the 0-based position of the allele in normal form and W the window's length, the window
begins at v - W//2; the alternate window holds ALT at the same place and as much of the
reference after it as fits::

    start = v - W//2
    ref   = s[start : start + W]
    alt   = (s[start : v] + ALT + s[v + len(REF) :])[:W]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from enhancer_variants.errors import InputError
from enhancer_variants.genome.alphabet import is_acgt, reverse_complement
from enhancer_variants.genome.normal_form import normal_form
from enhancer_variants.genome.reference import ReverseComplementContig
from enhancer_variants.genome.variant import Variant
from enhancer_variants.schema import Status

if TYPE_CHECKING:
    from enhancer_variants.genome.reference import ContigSequence

__all__ = ["AlleleWindow", "AlleleWindows", "WindowRule", "allele_windows"]

_Reason = tuple[Status, str]


@dataclass(frozen=True, slots=True)
class AlleleWindow:
    """A stretch of the genome with either allele, as the forward strand has it.

    Attributes
    ----------
    ref
        The reference, W bases.
    alt
        The same with the alternate allele, W bases.
    start
        0-based position of the first base of `ref` on the contig; negative where bases before
        the contig's start stand in as N.
    """

    ref: str
    alt: str
    start: int


@dataclass(frozen=True, slots=True)
class WindowRule:
    """How windows are cut.

    Parameters
    ----------
    length
        Bases in a window, W, at least 2.
    anchors
        ``left`` puts the left-aligned allele at index W//2; ``both`` adds the mirror image, the
        right-aligned allele as seen from the other strand.
    shifts
        Windows moved by up to this many bases to either side are added; below W//2.
    allow_n
        Whether windows may hold N and reach over a contig's end, beyond which bases are N.

    Raises
    ------
    InputError
        If one of these is out of range.

    Examples
    --------
    >>> WindowRule(length=350).shifts
    0
    """

    length: int = 200
    anchors: Literal["left", "both"] = "left"
    shifts: int = 0
    allow_n: bool = False

    def __post_init__(self) -> None:
        if self.length < 2:
            raise InputError(f"window length is {self.length}, expected at least 2 bases")
        if self.anchors not in ("left", "both"):
            raise InputError(f"anchors is {self.anchors!r}, expected 'left' or 'both'")
        if not 0 <= self.shifts < self.length // 2:
            raise InputError(
                f"shifts is {self.shifts}, expected 0 to {self.length // 2 - 1} for windows of "
                f"{self.length} bases"
            )

    @property
    def windows_per_allele(self) -> int:
        """2 * shifts + 1 for each anchor.

        >>> WindowRule(anchors="both", shifts=2).windows_per_allele
        10
        """
        return (2 * self.shifts + 1) * (2 if self.anchors == "both" else 1)


@dataclass(frozen=True, slots=True)
class AlleleWindows:
    """All windows of an allele, or why it has none.

    Attributes
    ----------
    status
        ``ok``, ``too_long``, ``edge`` or ``has_n``; the first in this order of precedence that
        is true of any window.
    detail
        What was found; empty for ok.
    windows
        The left anchor's before the right anchor's, each by increasing shift along the strand
        it is anchored on; empty unless ok.
    """

    status: Status
    detail: str
    windows: tuple[AlleleWindow, ...]


def allele_windows(variant: Variant, contig: ContigSequence, rule: WindowRule) -> AlleleWindows:
    """Cut the windows of an allele.

    Parameters
    ----------
    variant
        In normal form on `contig` (:func:`~enhancer_variants.genome.normal_form`).
    contig
        The contig.
    rule
        Length, anchors and shifts of the windows.

    Returns
    -------
    AlleleWindows
        (2 * shifts + 1) windows for each anchor.

    Examples
    --------
    >>> from enhancer_variants.genome.reference import InMemoryContig
    >>> contig = InMemoryContig("toy", "AACCGGTTAACC")
    >>> allele_windows(Variant("toy", 5, "G", "T"), contig, WindowRule(length=4)).windows
    (AlleleWindow(ref='CCGG', alt='CCTG', start=2),)
    >>> allele_windows(Variant("toy", 2, "A", "T"), contig, WindowRule(length=4)).status.value
    'edge'
    """
    if rule.anchors == "left" and not rule.shifts:  # nearly always: one window
        cut = _cut(variant, contig, rule, 0)
        if isinstance(cut, AlleleWindow):
            return AlleleWindows(Status.OK, "", (cut,))
        return AlleleWindows(*cut, ())
    cuts = [_cut(variant, contig, rule, shift) for shift in range(-rule.shifts, rule.shifts + 1)]
    if rule.anchors == "both":
        mirror = ReverseComplementContig(contig)
        mirrored = _mirrored(variant, contig, mirror)
        cuts += [
            _turned(_cut(mirrored, mirror, rule, shift), contig)
            for shift in range(-rule.shifts, rule.shifts + 1)
        ]
    windows = tuple([cut for cut in cuts if isinstance(cut, AlleleWindow)])
    if len(windows) == len(cuts):
        return AlleleWindows(Status.OK, "", windows)
    reasons = [cut for cut in cuts if not isinstance(cut, AlleleWindow)]
    return AlleleWindows(*min(reasons, key=lambda reason: reason[0].rank()), ())


def _cut(
    variant: Variant, contig: ContigSequence, rule: WindowRule, shift: int
) -> AlleleWindow | _Reason:
    """Cut one window pair, moved right by `shift`, or say why that is not possible."""
    ref, alt, length = variant.ref, variant.alt, rule.length
    half = length // 2
    if len(ref) > half - rule.shifts or len(alt) > length - half - rule.shifts:
        return Status.TOO_LONG, _too_long(variant, rule)
    before = half - shift
    start = variant.position - 1 - before
    # An ALT shorter than REF takes in bases from beyond the REF window.
    end = start + length
    if len(ref) > len(alt):
        end += len(ref) - len(alt)
    if start >= 0 and end <= contig.length:
        bases = contig.bases(start, end)
    elif rule.allow_n:
        bases = _with_n_beyond_ends(contig, start, end)
    else:
        return Status.EDGE, _edge(contig, start, end)
    # All of `bases` is in one window or the other, and ALT is A, C, G, T by its normal form.
    if not (rule.allow_n or is_acgt(bases)):
        return Status.HAS_N, _letter(contig, start, bases)
    alt_window = bases[:before] + alt + bases[before + len(ref) :]
    return AlleleWindow(bases[:length], alt_window[:length], start)


def _with_n_beyond_ends(contig: ContigSequence, start: int, end: int) -> str:
    first, last = max(0, start), min(end, contig.length)
    return "N" * (first - start) + contig.bases(first, last) + "N" * (end - last)


def _mirrored(variant: Variant, contig: ContigSequence, mirror: ReverseComplementContig) -> Variant:
    """Give the normal form of the same change as seen from the other strand."""
    position = contig.length - variant.end + 1
    ref, alt = reverse_complement(variant.ref), reverse_complement(variant.alt)
    return normal_form(Variant(variant.contig, position, ref, alt, variant.id), mirror)


def _turned(cut: AlleleWindow | _Reason, contig: ContigSequence) -> AlleleWindow | _Reason:
    """Give a window of the other strand as the forward strand has it."""
    if not isinstance(cut, AlleleWindow):
        return cut
    return AlleleWindow(
        reverse_complement(cut.ref),
        reverse_complement(cut.alt),
        contig.length - cut.start - len(cut.ref),
    )


def _too_long(variant: Variant, rule: WindowRule) -> str:
    half = rule.length // 2
    column, allele, room = "REF", variant.ref, half - rule.shifts
    if len(allele) <= room:
        column, allele, room = "ALT", variant.alt, rule.length - half - rule.shifts
    moved = f" moved by up to {rule.shifts}" if rule.shifts else ""
    return (
        f"{column} has {len(allele)} bases in normal form, "
        f"windows of {rule.length}{moved} have room for {room}"
    )


def _edge(contig: ContigSequence, start: int, end: int) -> str:
    if isinstance(contig, ReverseComplementContig):
        start, end = contig.length - end, contig.length - start
    return (
        f"the window needs bases {start + 1} to {end} of {contig.name}, which has {contig.length}"
    )


def _letter(contig: ContigSequence, start: int, bases: str) -> str:
    position = start + next(n for n, base in enumerate(bases) if not is_acgt(base))
    if isinstance(contig, ReverseComplementContig):
        contig, position = contig.contig, contig.length - 1 - position
    return (
        f"the window holds {contig.bases(position, position + 1)} at {contig.name}:{position + 1}"
    )
