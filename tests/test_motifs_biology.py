"""What is known of binding sites comes out: planted ones, and measured ones of two enhancers."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from enhancer_variants.genome import Reference, Variant
from enhancer_variants.motifs import (
    MotifChanges,
    MotifPanel,
    Pwm,
    allele_context,
    bundled_motifs,
    motif_panel,
    sequence_context,
    strongest_changes,
)
from enhancer_variants.schema import MOTIF_EFFECTS

PLANTED = {
    "CTCF": "MA0139.2",
    "GATA1": "MA0035.5",
    "SPI1": "MA0080.7",
    "REST": "MA0138.3",
    "CEBPA": "MA0102.5",
    "HNF4A": "MA0114.5",
    "NRF1": "MA0506.3",
    "TP53": "MA0106.3",
    "FOS::JUN": "MA0099.4",
    "MEF2A": "MA0052.5",
}
BACKGROUNDS = 10
REPLACEMENTS = 20


@pytest.fixture(scope="module")
def jaspar() -> MotifPanel:
    return motif_panel("JASPAR2024")


def alone(factor: str) -> MotifPanel:
    [motif] = [motif for motif in bundled_motifs("JASPAR2024") if motif.id == PLANTED[factor]]
    assert motif.name.upper() == factor
    return motif_panel([motif])


def bases(generator: np.random.Generator, length: int) -> str:
    return "".join(generator.choice(list("ACGT"), length))


def effects(changes: MotifChanges) -> list[str]:
    return [MOTIF_EFFECTS[code] for code in changes.effects[:, 0]]


def most_informative(pwm: Pwm) -> tuple[int, str]:
    """Position where the best and the worst base differ most, and its worst base."""
    place = int(np.ptp(pwm.scores, axis=1).argmax())
    return place, "ACGT"[pwm.scores[place].argmin()]


@pytest.mark.parametrize("factor", PLANTED)
@pytest.mark.parametrize("strand", [1, -1])
def test_planted_sites_are_found_and_broken(factor: str, strand: int) -> None:
    panel = alone(factor)
    [pwm] = panel.pwms
    read = pwm if strand == 1 else pwm.reverse_complement()
    site, (place, worst) = read.consensus, most_informative(read)
    for seed in range(BACKGROUNDS):
        generator = np.random.default_rng(seed)
        left, right = bases(generator, 60), bases(generator, 60)
        contig = left + site + right
        broken = left + site[:place] + worst + site[place + 1 :] + right
        changes = panel.changes([sequence_context(contig, broken, panel.margin)])
        assert changes.starts_ref[0, 0] == len(left)
        assert changes.scores_ref[0, 0] == pytest.approx(pwm.largest_score, abs=1e-4)
        assert changes.p_ref[0, 0] <= 1e-4
        assert effects(changes)[0] in ("disrupted", "weakened")
        assert changes.log10_p_ratio[0, 0] < 0
        assert changes.p_change[0, 0] < 1e-3
        if factor == "REST":
            assert changes.p_alt[0, 0] < 1e-3
            assert effects(changes) == ["weakened"]


@pytest.mark.parametrize("factor", PLANTED)
def test_a_change_beside_a_site_gives_none_for_it(factor: str) -> None:
    panel = alone(factor)
    site = panel.pwms[0].consensus
    called = 0
    for seed in range(BACKGROUNDS):
        generator = np.random.default_rng(100 + seed)
        beside = panel.margin + 1
        left, right = bases(generator, 80), bases(generator, 80)
        contig = left + site + right
        for place in (len(left) - beside, len(left) + len(site) + beside - 1):
            for base in set("ACGT") - {contig[place]}:
                changed = contig[:place] + base + contig[place + 1 :]
                changes = panel.changes([sequence_context(contig, changed, panel.margin)])
                called += effects(changes) != ["none"]
                # No placement that reaches the planted site is looked at.
                starts = np.append(changes.starts_ref, changes.starts_alt)
                assert (np.abs(starts - len(left)) >= len(site)).all()
    # Sixty changes of random bases; a chance hit beside the site is rare, and is not the site.
    assert called <= 2


def test_a_replaced_core_is_disrupted() -> None:
    """Replacements are drawn from the background without looking, for each motif and seed.

    A drawn core, with what surrounds it, has a chance hit at 1e-3 about 2 * (2 * L - 1) times in
    a thousand, which makes the call weakened; so nine of ten are to be disrupted, and all to
    lose.
    """
    found = []
    for factor in PLANTED:
        panel = alone(factor)
        site = panel.pwms[0].consensus
        generator = np.random.default_rng(sum(map(ord, factor)))
        contexts = []
        for _ in range(REPLACEMENTS):
            left, right = bases(generator, 60), bases(generator, 60)
            other = bases(generator, len(site))
            one = sequence_context(left + site + right, left + other + right, panel.margin)
            contexts.append(one)
        changes = panel.changes(contexts)
        assert (changes.log10_p_ratio < 0).all()
        found += effects(changes)
    assert set(found) <= {"disrupted", "weakened"}
    assert found.count("disrupted") / len(found) > 0.9


def test_the_strongest_change_is_that_of_the_planted_factor(jaspar: MotifPanel) -> None:
    contexts, families = [], []
    family = {pwm.id: pwm.family for pwm in jaspar.pwms}
    for factor, name in PLANTED.items():
        [pwm] = alone(factor).pwms
        place, worst = most_informative(pwm)
        for seed in range(2):
            generator = np.random.default_rng(seed)
            left, right = bases(generator, 60), bases(generator, 60)
            site = pwm.consensus
            broken = site[:place] + worst + site[place + 1 :]
            one = sequence_context(left + site + right, left + broken + right, jaspar.margin)
            contexts.append(one)
            families.append(family[name])
    changes = jaspar.changes(contexts)
    strongest = strongest_changes(changes)
    right_family = [
        jaspar.pwms[column].family == expected
        for column, expected in zip(strongest, families, strict=True)
    ]
    assert np.mean(right_family) > 0.8
    q_change = changes.q_change[range(len(strongest)), strongest]
    assert np.mean(q_change < 0.05) > 0.6


@pytest.mark.realdata
@pytest.mark.parametrize("element", ["SORT1", "IRF4"])
def test_strongest_measured_positions_are_motifs(
    jaspar: MotifPanel, data: Path, element: str
) -> None:
    """The strongest position, and of the ten strongest at least eight (nine in both elements)."""
    with gzip.open(data / "mpra" / "satmut_hg38.vcf.gz", "rt") as opened:
        lines = [line.split() for line in opened if not line.startswith("#")]
    measured: dict[tuple[str, int, str], float] = {}
    for contig_name, position, _, ref, alt, *_, info in lines:
        fields = dict(part.split("=") for part in info.split(";"))
        if fields["ELEMENT"] == element and int(fields["TAGS"]) >= 10 and len(ref) == len(alt):
            place = contig_name, int(position), ref
            measured[place] = max(measured.get(place, 0), abs(float(fields["MPRA_LOG2FC"])))
    strongest = sorted(measured, key=lambda place: -measured[place])[:10]
    with Reference(data / "mpra" / "hg38_elements.fa.gz") as reference:
        contig = reference.find(strongest[0][0])
        assert contig is not None
        # All three changes of each position, measured or not.
        contexts = [
            allele_context(Variant(name, position, ref, alt), contig, jaspar.margin)
            for name, position, ref in strongest
            for alt in "ACGT"
            if alt != ref
        ]
    changes = jaspar.changes(contexts)
    in_hit = (changes.p_ref <= 1e-4).any(axis=1).reshape(-1, 3).all(axis=1)
    lost = [MOTIF_EFFECTS.index("disrupted"), MOTIF_EFFECTS.index("weakened")]
    called = np.isin(changes.effects, lost).any(axis=1).reshape(-1, 3).any(axis=1)
    assert in_hit[0]
    assert called[0]
    assert (in_hit & called).sum() >= 8
