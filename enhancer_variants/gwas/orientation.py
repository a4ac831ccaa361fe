"""On which strand a list has its alleles, judged by those of the site.

A list rarely says on which strand it has its alleles. They are read twice: as they are, and as the
complement. The reading that the alleles of the site allow is the right one. Where both are
possible, as at an A/T site, frequencies may tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from enhancer_variants.genome import reverse_complement
from enhancer_variants.gwas.resolved import Orientation
from enhancer_variants.gwas.risk_list import ListVariant
from enhancer_variants.gwas.site import Site

__all__ = ["COMMON_FROM", "RARE_BELOW", "OrientedSite", "orient"]

RARE_BELOW: Final = 0.4
"""An allele with a smaller frequency than this is the rarer one in either population."""

COMMON_FROM: Final = 0.6
"""One with a larger frequency is the commoner one; in between, populations may disagree."""

_HARDLY_SEEN: Final = 0.01
_DELETED: Final = "-"
_BY_LENGTH: Final = frozenset("ID")

_Reading = tuple[str, str]
"""Effect and other allele as the site spells them; the other one empty where it is not listed."""


@dataclass(frozen=True, slots=True)
class OrientedSite:
    """A site, and what a list's alleles are on the forward strand.

    Attributes
    ----------
    site
        The site.
    alts
        Which of its ALTs are worth a row: those seen in the population, and those listed.
    orientation
        How the alleles were put on the forward strand.
    effect_allele, other_allele
        As the site spells them. Empty where they cannot be said (palindromic, unknown); the other
        one also where it is not listed.
    """

    site: Site
    alts: tuple[str, ...]
    orientation: Orientation
    effect_allele: str = ""
    other_allele: str = ""

    def compared(self, alt: str) -> tuple[str, str]:
        """Say which alleles the list compares, if `alt` is one of them.

        Parameters
        ----------
        alt
            An ALT of the site.

        Returns
        -------
        tuple of str
            Risk and other allele. Both are empty if the list says nothing of this ALT. Where only
            the risk allele is listed, REF is the other allele of an ALT, and each ALT that of REF.

        Examples
        --------
        >>> site = Site("chr1", 5, ("rs1",), "C", ("T", "A"))
        >>> oriented = OrientedSite(site, site.alts, "direct", effect_allele="T")
        >>> oriented.compared("T"), oriented.compared("A")
        (('T', 'C'), ('', ''))
        """
        other = self.other_allele
        if not other:
            other = alt if self.effect_allele == self.site.ref else self.site.ref
        if not self.effect_allele or alt not in (self.effect_allele, other):
            return "", ""
        if self.orientation == "complement" and len(alt) != len(self.site.ref):
            return "", ""
        return self.effect_allele, other


def orient(variant: ListVariant, site: Site) -> OrientedSite | None:
    """Put a list's alleles on the forward strand.

    Parameters
    ----------
    variant
        Its effect and other allele, frequency, and whether the list states the forward strand
        (then no complement is tried).
    site
        The alleles of the site on the forward strand, and their frequencies.

    Returns
    -------
    OrientedSite or None
        None if the alleles are none of the site's on either strand.

    Notes
    -----
    ALTs that the population does not have are left out, unless the list's alleles fit only with
    them. Alleles of the same length as REF may be complemented, several bases reversed too; indels
    are matched as they are, ``I`` and ``D`` by length (unknown at a site of several ALTs), and
    ``-`` as what is left of an allele without the bases that all alleles begin with.

    Where both readings fit, the frequency of the effect allele decides, if it lies under
    :data:`RARE_BELOW` or over :data:`COMMON_FROM` in the list and in the source: on the same side,
    the alleles are taken as they are, on opposite sides as the complement. At a site of several
    ALTs nothing is decided if the allele of the other reading has a frequency that is nearer to
    the list's, in log odds; but an allele with less than 1 % in the source is not one with 10 % or
    more in the list.

    Examples
    --------
    >>> site = Site("chr10", 112998590, ("rs7903146",), "C", ("T",))
    >>> oriented = orient(ListVariant(effect_allele="A"), site)
    >>> oriented.orientation, oriented.effect_allele
    ('complement', 'T')
    >>> print(orient(ListVariant(effect_allele="A", other_allele="C"), site))
    None
    """
    common = _seen(site)
    if not variant.effect_allele or _is_any_indel(variant, common):
        return OrientedSite(site, common[1:], "unknown")
    for alleles in (common, (site.ref, *site.alts)):
        direct, complement = _readings(variant, alleles)
        if direct and complement and direct != complement:
            told = _by_frequency(variant, site, direct, complement)
            if told is None:
                return _oriented(site, alleles, "palindromic", ("", ""))
            return _oriented(site, common, "frequency", told)
        if direct:
            return _oriented(site, common, "direct", direct)
        if complement:
            return _oriented(site, common, "complement", complement)
    return None


def _is_any_indel(variant: ListVariant, alleles: Sequence[str]) -> bool:
    """Whether the list has ``I`` or ``D`` where several alleles may be the one that is meant."""
    by_length = _BY_LENGTH.intersection((variant.effect_allele, variant.other_allele))
    return bool(by_length) and len(alleles) > 2 and len(set(map(len, alleles))) > 1


def _seen(site: Site) -> tuple[str, ...]:
    """REF and the ALTs that the population has; all of them where it has none."""
    frequencies = site.frequencies[1:] or (None,) * len(site.alts)
    seen = [alt for alt, share in zip(site.alts, frequencies, strict=True) if share != 0]
    return (site.ref, *(seen or site.alts))


def _oriented(
    site: Site, alleles: Sequence[str], orientation: Orientation, reading: _Reading
) -> OrientedSite:
    alts = tuple(alt for alt in site.alts if alt in alleles or alt in reading)
    return OrientedSite(site, alts, orientation, *reading)


def _readings(
    variant: ListVariant, alleles: Sequence[str]
) -> tuple[_Reading | None, _Reading | None]:
    """Read the list's alleles as they are, and as the other strand; None where they do not fit."""
    listed = (variant.effect_allele, variant.other_allele)
    direct = _reading(listed, dict(zip(_spellings(listed, alleles), alleles, strict=True)))
    if variant.forward:
        return direct, None
    exchanged = [allele for allele in alleles if len(allele) == len(alleles[0])]
    if len(exchanged) == 1:
        return direct, None
    complemented = (reverse_complement(listed[0]), reverse_complement(listed[1]))
    return direct, _reading(complemented, {allele: allele for allele in exchanged})


def _reading(listed: _Reading, alleles: dict[str, str]) -> _Reading | None:
    effect, other = alleles.get(listed[0], ""), alleles.get(listed[1], "")
    if not effect or effect == other or (listed[1] and not other):
        return None
    return effect, other


def _spellings(listed: _Reading, alleles: Sequence[str]) -> Sequence[str]:
    """Write the site's alleles as the list writes indels."""
    lengths = [len(allele) for allele in alleles]
    if _BY_LENGTH.intersection(listed) and len(alleles) == 2 and lengths[0] != lengths[1]:
        return ["I" if length == max(lengths) else "D" for length in lengths]
    if _DELETED in listed:
        shared = _shared_beginning(alleles)
        return [allele[shared:] or _DELETED for allele in alleles]
    return alleles


def _shared_beginning(alleles: Sequence[str]) -> int:
    """Count the bases that all alleles begin with: those that the first and last in order do."""
    first, last = min(alleles), max(alleles)
    differing = (k for k, bases in enumerate(zip(first, last, strict=False)) if len(set(bases)) > 1)
    return next(differing, len(first))


def _side(frequency: float | None) -> Literal["rare", "common", ""]:
    if frequency is None or RARE_BELOW <= frequency <= COMMON_FROM:
        return ""
    return "rare" if frequency < RARE_BELOW else "common"


def _by_frequency(
    variant: ListVariant, site: Site, direct: _Reading, complement: _Reading
) -> _Reading | None:
    """Give the reading that the frequencies speak for; None where they do not."""
    listed = variant.effect_allele_frequency
    mine, theirs = (_frequency(site, effect) for effect, _ in (direct, complement))
    if listed is None or mine is None or not _side(listed) or not _side(mine):
        return None
    # At a site of several ALTs both may be on the list's side, or neither: then sides prove little.
    mine_is_off, theirs_is_off = _distance(mine, listed), _distance(theirs or 0.0, listed)
    if _side(mine) != _side(listed):
        return complement if theirs_is_off <= mine_is_off else None
    if mine_is_off <= theirs_is_off:
        return direct
    # That a list has an allele often which the source hardly has is no reading at all.
    is_hardly_seen = mine < _HARDLY_SEEN and listed >= 10 * _HARDLY_SEEN
    return complement if is_hardly_seen and _side(theirs) == _side(listed) else None


def _distance(one: float, two: float) -> float:
    """Distance of two frequencies in log odds, in which 0.1 is as far from 0.2 as 0.8 from 0.9.

    Those below 1 % and above 99 % count as such, because a sample hardly tells them apart.
    """
    first, second = (min(max(share, _HARDLY_SEEN), 1 - _HARDLY_SEEN) for share in (one, two))
    return abs(math.log(first / (1 - first)) - math.log(second / (1 - second)))


def _frequency(site: Site, allele: str) -> float | None:
    """Frequency of an allele in the source; at a site of two, what the other one leaves."""
    shares = dict(zip((site.ref, *site.alts), site.frequencies, strict=False))
    share = shares.get(allele)
    if share is None and len(shares) == 2:
        others = [other for name, other in shares.items() if name != allele]
        share = None if others[0] is None else 1 - others[0]
    return share
