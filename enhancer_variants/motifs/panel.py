"""A set of motifs with all that reading alleles with it needs: made once, used for every chunk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError
from enhancer_variants.motifs.bundled import BUNDLED_MOTIFS, bundled_motifs
from enhancer_variants.motifs.change import CallThresholds, MotifChanges, motif_changes
from enhancer_variants.motifs.change_p_values import (
    CHANGE_SAMPLES,
    CHANGE_SEED,
    ChangeDistributions,
    ChangeMeasure,
)
from enhancer_variants.motifs.context import AlleleContext
from enhancer_variants.motifs.jaspar_releases import jaspar_release_motifs
from enhancer_variants.motifs.p_values import ScoreDistributions
from enhancer_variants.motifs.pwm import (
    PSEUDOCOUNT,
    UNIFORM_BACKGROUND,
    Background,
    Motif,
    Pwm,
    strand_symmetric,
)
from enhancer_variants.motifs.readers import motif_file_bytes, motifs_of
from enhancer_variants.motifs.scanning import MOST_PLACEMENTS, MotifScanner
from enhancer_variants.motifs.shift_sum import motif_weights
from enhancer_variants.motifs.shipped_weights import shipped_weights

__all__ = ["MotifOptions", "MotifPanel", "MotifSource", "motif_panel"]

_JASPAR_RELEASE: Final = re.compile(r"JASPAR\d{4}")


@dataclass(frozen=True, slots=True)
class MotifOptions:
    """How motifs are turned into log-odds, and what counts as a hit.

    Parameters
    ----------
    pseudocount
        Sites added to each position, spread over the bases as the background is.
    background
        Probabilities of A, C, G, T; averaged over both strands.
    hit
        An allele has a hit where its best placement's p-value is at most this.
    no_hit
        An allele surely has none where it is at least this.
    p_change_of
        The measure of an SNV's change whose p-value is given: ``log10_p_ratio``, or
        ``score_shift``, which finds far fewer (:mod:`enhancer_variants.motifs.change_p_values`).

    Raises
    ------
    InputError
        If the pseudocount is negative, the background is none, not 0 < hit <= no_hit <= 1, or
        the measure is another.

    Examples
    --------
    >>> MotifOptions(background=(0.25, 0.25, 0.125, 0.375)).background
    (0.3125, 0.1875, 0.1875, 0.3125)
    """

    pseudocount: float = PSEUDOCOUNT
    background: Background = UNIFORM_BACKGROUND
    hit: float = 1e-4
    no_hit: float = 1e-3
    p_change_of: ChangeMeasure = "log10_p_ratio"

    def __post_init__(self) -> None:
        if not 0 <= self.pseudocount < np.inf:
            raise InputError(f"pseudocount is {self.pseudocount}, expected a number of at least 0")
        object.__setattr__(self, "background", strand_symmetric(self.background))
        CallThresholds(self.hit, self.no_hit)
        if self.p_change_of not in get_args(ChangeMeasure):
            expected = " or ".join(map(repr, get_args(ChangeMeasure)))
            raise InputError(f"p_change_of is {self.p_change_of!r}, expected {expected}")

    @property
    def thresholds(self) -> CallThresholds:
        """What counts as a hit and what as none."""
        return CallThresholds(self.hit, self.no_hit)


@dataclass(frozen=True, slots=True, eq=False)
class MotifPanel:
    """Motifs to read alleles with; :func:`motif_panel` makes it.

    Attributes
    ----------
    name
        ``JASPAR2024`` or another release, the base name of a file, or ``motifs``.
    sha256
        Checksum of the file, or of the motifs' content where there is none.
    options
        How the motifs became log-odds, and what counts as a hit.
    scanner
        The motifs, laid out for scoring.
    given_as_log_odds
        Whether the motifs came as log-odds, so that pseudocount and background of the options
        had no part in them.
    distributions
        Distributions of their scores, each worked out when it is first used.
    by_chance
        Distributions of what random single-base changes do to them, the same way.
    weights
        Shape (motifs,): how much each counts in a sum over motifs
        (:func:`~enhancer_variants.motifs.motif_weights`).
    """

    name: str
    sha256: str
    options: MotifOptions
    scanner: MotifScanner
    given_as_log_odds: bool = False
    distributions: ScoreDistributions = field(init=False)
    by_chance: ChangeDistributions = field(init=False)
    weights: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        distributions = ScoreDistributions()
        by_chance = ChangeDistributions(self.options.p_change_of, distributions)
        object.__setattr__(self, "distributions", distributions)
        object.__setattr__(self, "by_chance", by_chance)
        weights = shipped_weights(self.pwms)
        if weights is None:
            weights = motif_weights(self.pwms)
        object.__setattr__(self, "weights", weights)

    @property
    def pwms(self) -> tuple[Pwm, ...]:
        """The motifs, in the order of all results."""
        return self.scanner.pwms

    @property
    def margin(self) -> int:
        """Bases that are needed on either side of a change: the longest motif's, less one."""
        return self.scanner.longest - 1

    @property
    def longest_allele(self) -> int:
        """Most bases of its own that an allele may have to be read."""
        return MOST_PLACEMENTS - self.margin

    def changes(self, contexts: Sequence[AlleleContext]) -> MotifChanges:
        """Compare every motif's best hit in ALT with that in REF, for some alleles.

        Only placements that overlap the change are looked at, in either allele in its own
        coordinates. The calls, with the default thresholds:

        ============ ==================================================================
        disrupted    p_ref <= 1e-4 and p_alt >= 1e-3
        created      p_alt <= 1e-4 and p_ref >= 1e-3
        weakened     p_ref or p_alt <= 1e-4, neither of the above, and p_alt > p_ref
        strengthened the same with p_alt < p_ref
        none         otherwise; also where p_ref equals p_alt, or an allele has no placement
        ============ ==================================================================

        Parameters
        ----------
        contexts
            The alleles, read with at least :attr:`margin` bases on either side of the change.

        Returns
        -------
        MotifChanges
            One row per allele, one column per motif.

        Raises
        ------
        InputError
            If a context has too narrow a margin, or an allele is too long.

        Examples
        --------
        >>> from enhancer_variants.motifs import sequence_context
        >>> from enhancer_variants.schema import MOTIF_EFFECTS
        >>> panel = motif_panel([Pwm("AAAAAAA", "TOY", [[2, -6, -6, -6]] * 7)])
        >>> context = sequence_context("CCCCAAAAAAACCC", "CCCCAAACAAACCC", panel.margin)
        >>> changes = panel.changes([context])
        >>> MOTIF_EFFECTS[changes.effects[0, 0]], changes.score_shift.item()
        ('disrupted', -8.0)
        >>> changes.starts_ref.item()
        4
        """
        return motif_changes(
            contexts, self.scanner, self.distributions, self.by_chance, self.options.thresholds
        )

    def provenance(self) -> dict[str, Any]:
        """Say what the results were made with, as a JSON object in a fixed order.

        Examples
        --------
        >>> found = motif_panel("JASPAR2024").provenance()
        >>> found["motifs"], found["licence"], found["pseudocount"]
        (879, 'CC BY 4.0', 0.8)
        """
        bundled = BUNDLED_MOTIFS.get(self.name)
        rights = {}
        if bundled is not None and bundled.sha256() == self.sha256:
            rights = {"licence": bundled.licence, "citation": bundled.citation}
        backgrounds = {pwm.background for pwm in self.pwms}
        null = {"of": self.options.p_change_of, "seed": CHANGE_SEED, "samples": CHANGE_SAMPLES}
        return {
            "name": self.name,
            "sha256": self.sha256,
            "motifs": len(self.pwms),
            **rights,
            "pseudocount": None if self.given_as_log_odds else self.options.pseudocount,
            "background": list(backgrounds.pop()) if len(backgrounds) == 1 else None,
            "hit": self.options.hit,
            "no_hit": self.options.no_hit,
            "p_change": null,
        }


MotifSource = str | PathLike[str] | Iterable[Motif | Pwm] | MotifPanel
"""What a panel is made of, as :func:`motif_panel` takes it."""


def motif_panel(source: MotifSource, options: MotifOptions | None = None) -> MotifPanel:
    """Make ready the motifs that alleles are read with.

    Parameters
    ----------
    source
        ``JASPAR2024`` (bundled), another release such as ``JASPAR2022`` (its CORE vertebrates,
        through pyjaspar), a JASPAR, HOCOMOCO or MEME file, motifs or log-odds matrices, or a
        panel, which is returned as it is.
    options
        Pseudocount, background and thresholds; of a panel, its own.

    Returns
    -------
    MotifPanel
        For all alleles that are to be read with it.

    Raises
    ------
    InputError
        If there is neither such a set nor such a file, two motifs share an identifier, there is
        none, or a panel is given together with other options than its own.
    MotifFileError
        If a file cannot be read to its end as one of motifs.
    MissingDependencyError
        If a release needs pyjaspar and it is not installed.

    Examples
    --------
    >>> motif_panel("JASPAR2024").margin
    32
    >>> motif_panel([Motif("toy", "TOY", [[0, 0, 9, 1], [10, 0, 0, 0]])]).name
    'motifs'
    """
    if isinstance(source, MotifPanel):
        if options not in (None, source.options):
            raise InputError(
                f"a motif panel made with {source.options} cannot be used with {options}; make "
                "it with these"
            )
        return source
    chosen = options or MotifOptions()
    if not isinstance(source, str | PathLike):
        return _panel_of("motifs", None, _held(source), chosen)
    if isinstance(source, str) and source in BUNDLED_MOTIFS:
        return _panel_of(source, BUNDLED_MOTIFS[source].sha256(), bundled_motifs(source), chosen)
    if isinstance(source, str) and _JASPAR_RELEASE.fullmatch(source):
        return _panel_of(source, None, jaspar_release_motifs(source), chosen)
    path = Path(source)
    if not path.exists():
        raise InputError(
            f"{str(source)!r} is neither a set of motifs nor a file; expected "
            f"{', '.join(BUNDLED_MOTIFS)} (bundled), another release such as JASPAR2022 (needs "
            "pyjaspar), or the path of a JASPAR, HOCOMOCO or MEME file"
        )
    data = motif_file_bytes(path)  # read once: a pipe has nothing the second time
    motifs = motifs_of(data, path.name)
    return _panel_of(path.name, hashlib.sha256(data).hexdigest(), motifs, chosen)


def _held(source: object) -> tuple[Motif | Pwm, ...]:
    expected = "expected JASPAR2024, a file, or motifs (as read_motifs gives them)"
    if not isinstance(source, Iterable):
        raise InputError(f"motifs is {source!r:.80}; {expected}")
    held = tuple(source)
    for motif in held:
        if not isinstance(motif, Motif | Pwm):
            raise InputError(f"motifs holds {motif!r:.80}; {expected}")
    return held


def _panel_of(
    name: str, sha256: str | None, motifs: Sequence[Motif | Pwm], options: MotifOptions
) -> MotifPanel:
    """Turn counts into log-odds; without a file, the checksum is that of the content."""
    pwms = [
        motif
        if isinstance(motif, Pwm)
        else Pwm.from_motif(motif, options.pseudocount, options.background)
        for motif in motifs
    ]
    given_as_log_odds = all(isinstance(motif, Pwm) for motif in motifs)
    checksum = sha256 or _checksum(motifs)
    return MotifPanel(name, checksum, options, MotifScanner(pwms), given_as_log_odds)


def _checksum(motifs: Iterable[Motif | Pwm]) -> str:
    digest = hashlib.sha256()
    for motif in motifs:
        numbers = motif.scores if isinstance(motif, Pwm) else motif.matrix
        also = motif.background if isinstance(motif, Pwm) else motif.sites
        label = (motif.id, motif.name, motif.family, also, numbers.shape)
        digest.update(repr(label).encode() + numbers.astype("<f8").tobytes())
    return digest.hexdigest()
