from __future__ import annotations

import gzip
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, pearsonr, spearmanr

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference, Variant, WindowRule, allele_windows
from enhancer_variants.motifs import (
    AlleleContext,
    MotifChanges,
    MotifScanner,
    Pwm,
    allele_context,
    best_hits,
    bundled_motifs,
    motif_panel,
    sequence_context,
)
from enhancer_variants.motifs.shift_sum import (
    motif_shift_sum,
    motif_similarity,
    motif_weights,
    soft_hits,
)
from enhancer_variants.motifs.shipped_weights import shipped_weights
from enhancer_variants.schema import Status

Numbers = npt.NDArray[np.float64]

# Sites AAAAAAA and CGTACGA; the largest score of both is 14 bits.
TOY = Pwm("toy", "TOY", np.tile([2.0, -6.0, -6.0, -6.0], (7, 1)))
OTHER = Pwm("other", "OTHER", [[2.0 if b == x else -6.0 for b in "ACGT"] for x in "CGTACGA"])
FLAT = Pwm("flat", "FLAT", np.zeros((3, 4)))
CONSENSUS, HALF = 1 / (1 + np.exp(-2)), 0.5


def changed(pwms: list[Pwm], contexts: list[AlleleContext]) -> MotifChanges:
    """Scores of the best hits; the sum needs nothing else."""
    changes = MotifChanges.empty(tuple(pwms), len(contexts))
    ref, alt = best_hits(MotifScanner(pwms), contexts)
    changes.scores_ref[:], changes.scores_alt[:] = ref.scores, alt.scores
    return changes


def made_up(pwms: list[Pwm], ref: npt.ArrayLike, alt: npt.ArrayLike) -> MotifChanges:
    changes = MotifChanges.empty(tuple(pwms), len(np.asarray(ref)))
    changes.scores_ref[:], changes.scores_alt[:] = ref, alt
    return changes


def shift_sums(pwms: list[Pwm], *pairs: tuple[str, str]) -> list[float]:
    margin = max(pwm.length for pwm in pwms) - 1
    changes = changed(pwms, [sequence_context(ref, alt, margin) for ref, alt in pairs])
    return motif_shift_sum(changes, motif_weights(pwms)).tolist()


def random_pwms(seed: int, lengths: list[int], background: float = 0.25) -> list[Pwm]:
    random = np.random.default_rng(seed)
    q = (background, 0.5 - background, 0.5 - background, background)
    return [
        Pwm(f"M{number}", "F", random.normal(-1, 2, (length, 4)), background=q)
        for number, length in enumerate(lengths)
    ]


def test_half_a_hit_at_eight_tenths_of_the_largest_score() -> None:
    shares = np.array([[1.0], [0.9], [0.8], [0.7], [0.0], [-1e6], [np.nan]])
    hits = soft_hits(shares * TOY.largest_score, [TOY]).ravel()
    assert hits[:5] == pytest.approx([CONSENSUS, 1 / (1 + np.exp(-1)), HALF, 0.269, 3e-4], abs=5e-4)
    assert hits[5] == 0
    assert np.isnan(hits[6])
    assert np.isnan(soft_hits([0.0], [FLAT])).all()


def test_a_created_site_is_nearly_a_hit_gained() -> None:
    before, after = "CGCGCGCGCG" + "AAACAAA" + "CGCGCGCGCG", "CGCGCGCGCG" + "AAAAAAA" + "CGCGCGCGCG"
    created, destroyed = shift_sums([TOY], (before, after), (after, before))
    hit, one_base_off = soft_hits([[14.0], [6.0]], [TOY]).ravel()
    assert created == hit - one_base_off == pytest.approx(0.857, abs=1e-3)
    assert destroyed == -created
    assert created > 0


def test_another_strand_is_read_as_well() -> None:
    before, after = "CGCGCGCGCG" + "TTTCTTT" + "CGCGCGCGCG", "CGCGCGCGCG" + "TTTTTTT" + "CGCGCGCGCG"
    assert shift_sums([TOY], (before, after)) == [pytest.approx(0.857, abs=1e-3)]


def test_one_site_for_another() -> None:
    lost, gained = "GGGGG" + "AAAAAAA" + "GGGGG", "GGGGG" + "CGTACGA" + "GGGGG"
    [swapped] = shift_sums([TOY, OTHER], (lost, gained))
    assert swapped == pytest.approx(0, abs=0.02)
    [only_lost] = shift_sums([TOY], (lost, gained))
    assert only_lost < -0.85


def test_indels() -> None:
    flank = "CGCGCGCGCG"
    short, long, split = (flank + site + flank for site in ("AAA", "AAAAAAA", "AAACCAAAA"))
    inserted, deleted, parted, joined = shift_sums(
        [TOY], (short, long), (long, short), (long, split), (split, long)
    )
    assert inserted > 0.85
    assert deleted == -inserted
    assert parted < -0.85
    assert joined == -parted


def test_copies_of_one_motif_count_once() -> None:
    pairs = [("CGCGCGCGAAACAAACGCGCGC", "CGCGCGCGAAAAAAACGCGCGC"), ("TCGTACTAT", "TCGTACGAT")]
    copies = [
        TOY,
        OTHER,
        Pwm("again", "TOY", TOY.scores),
        Pwm("opposite", "TOY", TOY.reverse_complement().scores),
    ]
    assert motif_weights(copies).tolist() == [1 / 3, 1, 1 / 3, 1 / 3]
    assert shift_sums(copies, *pairs) == pytest.approx(shift_sums([TOY, OTHER], *pairs))


def test_motifs_without_a_placement_do_not_count() -> None:
    nan, pwms = np.nan, [TOY, OTHER]
    ref, alt = (
        [[6, nan], [nan, nan], [6, 14], [nan, 6]],
        [[14, 14], [14, nan], [nan, nan], [6, nan]],
    )
    sums = motif_shift_sum(made_up(pwms, ref, alt), np.array([1.0, 1.0]))
    assert sums[0] == pytest.approx(0.857, abs=1e-3)
    assert np.isnan(sums[1:]).all()
    # N on all sides: no placement at all.
    assert np.isnan(shift_sums([TOY], ("NNNANNN", "NNNCNNN"))).all()


def test_a_motif_that_says_nothing_has_no_weight() -> None:
    never = Pwm("never", "NEVER", [[-1.0, -2.0, -1.0, -2.0]] * 4)
    weights = motif_weights([FLAT, TOY, never])
    assert weights.tolist() == [0, 1, 0]
    changes = made_up([FLAT, TOY, never], [[0, 6, -4], [0, np.nan, -4]], [[0, 14, -4], [0, 6, -4]])
    sums = motif_shift_sum(changes, weights)
    assert sums[0] == pytest.approx(0.857, abs=1e-3)
    assert np.isnan(sums[1])
    assert motif_weights([]).tolist() == []
    assert motif_weights([FLAT]).tolist() == [0]
    assert np.isnan(motif_shift_sum(made_up([FLAT], [[0]], [[0]]), np.zeros(1))).all()


def test_one_weight_for_each_motif() -> None:
    with pytest.raises(InputError, match=r"weights of shape \(2,\) for 1 motifs"):
        motif_shift_sum(made_up([TOY], [[1]], [[2]]), np.ones(2))


@pytest.mark.parametrize("alike_from", [0, -1, 1.1, float("nan")])
def test_threshold_of_likeness_is_checked(alike_from: float) -> None:
    with pytest.raises(InputError, match="expected above 0 and at most 1"):
        motif_weights([TOY], alike_from)


def words(length: int) -> npt.NDArray[np.intp]:
    return np.array(list(itertools.product(range(4), repeat=length)))


def enumerated(one: Pwm, other: Pwm) -> float:
    """Largest correlation of two motifs' scores, over every word that both lie in."""
    found, room = 0.0, other.length - 1
    bases = words(one.length + 2 * room)
    chances = np.array(one.background)[bases].prod(axis=1)
    first = one.scores[np.arange(one.length), bases[:, room : room + one.length]].sum(axis=1)
    for strand in (other, other.reverse_complement()):
        for start in range(bases.shape[1] - other.length + 1):
            covered = bases[:, start : start + other.length]
            second = strand.scores[np.arange(other.length), covered].sum(axis=1)
            covariance = np.cov(first, second, aweights=chances, ddof=0)
            found = max(found, covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return found


@pytest.mark.parametrize("background", [0.25, 0.35])
def test_similarity_is_the_correlation_over_all_words(background: float) -> None:
    pwms = random_pwms(1, [1, 2, 3, 4], background)
    expected = [[enumerated(one, other) for other in pwms[:3]] for one in pwms]
    assert motif_similarity(pwms, pwms[:3]) == pytest.approx(np.array(expected), abs=1e-9)


@given(st.integers(0, 1000), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_similarity_is_symmetric_and_blind_to_the_strand(seed: int, lengths: list[int]) -> None:
    pwms = random_pwms(seed, lengths)
    turned = [pwm.reverse_complement() for pwm in pwms]
    similarity = motif_similarity(pwms, pwms)
    assert similarity == pytest.approx(similarity.T)
    assert similarity == pytest.approx(motif_similarity(pwms, turned))
    assert np.diag(similarity) == pytest.approx(1)
    assert (similarity >= 0).all()
    assert (similarity <= 1 + 1e-12).all()


@given(st.integers(0, 1000), st.permutations(range(6)), st.integers(1, 4))
def test_weights_do_not_depend_on_order_and_copies_share_theirs(
    seed: int, order: list[int], copies: int
) -> None:
    pwms = random_pwms(seed, [3, 4, 5, 6, 7, 8])
    weights = motif_weights(pwms)
    assume(weights[0] > 0)
    assert np.array_equal(motif_weights([pwms[place] for place in order]), weights[order])
    more = [Pwm(f"copy{number}", "F", pwms[0].scores) for number in range(copies)]
    with_copies = motif_weights([*pwms, *more])
    like_the_first = motif_similarity([pwms[0]], pwms)[0] >= 0.95
    assert 1 / with_copies[0] == pytest.approx(1 / weights[0] + copies)
    assert np.array_equal(with_copies[:6][~like_the_first], weights[~like_the_first])


scores = st.one_of(st.floats(-40, 14, width=32), st.just(np.nan))


@given(st.lists(st.tuples(scores, scores, scores, scores), min_size=1, max_size=20))
def test_swapping_the_alleles_negates_the_sum(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows)
    weights = np.array([0.3, 1.0])
    one = motif_shift_sum(made_up([TOY, OTHER], table[:, :2], table[:, 2:]), weights)
    two = motif_shift_sum(made_up([TOY, OTHER], table[:, 2:], table[:, :2]), weights)
    assert np.array_equal(one, -two, equal_nan=True)
    both = ~np.isnan(table[:, :2] + table[:, 2:])
    assert np.array_equal(np.isnan(one), ~both.any(axis=1))
    assert (np.abs(one[~np.isnan(one)]) <= both[~np.isnan(one)] @ weights).all()


@given(scores, scores, scores)
def test_a_better_hit_in_alt_never_lowers_the_sum(ref: float, alt: float, better: float) -> None:
    low, high = sorted([alt, better])
    sums = motif_shift_sum(made_up([TOY], [[ref], [ref]], [[low], [high]]), np.ones(1))
    assert np.isnan(sums).any() or sums[0] <= sums[1]


def test_a_sum_does_not_depend_on_the_other_alleles() -> None:
    random, pwms = np.random.default_rng(2), random_pwms(3, [6] * 40)
    ref, alt = random.normal(0, 6, (2, 5000, 40))
    weights = motif_weights(pwms)
    together = motif_shift_sum(made_up(pwms, ref, alt), weights)
    for rows in (slice(0, 1), slice(2040, 2060), slice(4999, 5000)):
        alone = motif_shift_sum(made_up(pwms, ref[rows], alt[rows]), weights)
        assert np.array_equal(alone, together[rows])
    assert motif_shift_sum(made_up(pwms, ref[:0], alt[:0]), weights).shape == (0,)


@pytest.fixture(scope="module")
def bundled() -> tuple[list[Pwm], Numbers]:
    """Give the bundled motifs and their weights, which take four seconds."""
    pwms = [Pwm.from_motif(motif) for motif in bundled_motifs("JASPAR2024")]
    return pwms, motif_weights(pwms)


def test_weights_of_the_bundled_motifs(bundled: tuple[list[Pwm], Numbers]) -> None:
    pwms, weights = bundled
    assert ((weights > 0) & (weights <= 1)).all()
    assert weights.sum() == pytest.approx(742.547, abs=1e-3)
    of = dict(zip([pwm.name for pwm in pwms], weights, strict=True))
    assert of["CTCF"] == of["REST"] == 1
    assert of["Spi1"] < 1
    some = pwms[::8]
    without_families = [Pwm(pwm.id, pwm.name, pwm.scores) for pwm in some]
    assert np.array_equal(motif_weights(without_families), motif_weights(some))
    assert motif_weights(some, 0.6).sum() == pytest.approx(47.534, abs=1e-3)


def held_out_sequences(path: Path, count: int) -> list[str]:
    """First sequences of held-out contigs in a FASTA, the middle 200 bases of each."""
    with gzip.open(path, "rt") as lines:
        records = [record.split("\n", 1) for record in lines.read().split(">")[1:]]
    held_out = {"chr8", "chr9", "chr20", "chr21", "chr22"}
    chosen = [
        bases[(len(bases) - 200) // 2 :][:200]
        for name, text in records
        if name.split(":")[0] in held_out
        and len(bases := text.replace("\n", "").upper()) >= 200
        and not set(bases) - set("ACGT")
    ]
    return chosen[:: len(chosen) // count][:count]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("positives", "negatives", "recorded"),
    [
        ("ctcf/postest.fa.gz", "ctcf/negtest.fa.gz", 0.42),
        ("nanog/positives_train.fa.gz", "nanog/negatives_train.fa.gz", 0.65),
    ],
)
def test_hits_of_peaks_and_negatives(
    bundled: tuple[list[Pwm], Numbers],
    data: Path,
    positives: str,
    negatives: str,
    recorded: float,
) -> None:
    pwms, weights = bundled
    sequences = [
        sequence
        for file in (positives, negatives)
        for sequence in held_out_sequences(data / "tf" / file, 100)
    ]
    whole = changed(pwms, [sequence_context("", bases, 34) for bases in sequences])
    hits = soft_hits(whole.scores_alt, pwms) @ weights
    area = mannwhitneyu(hits[:100], hits[100:]).statistic / 100**2
    assert area == pytest.approx(recorded, abs=0.01)


@pytest.mark.realdata
def test_correlation_with_measured_effects(bundled: tuple[list[Pwm], Numbers], data: Path) -> None:
    pwms, weights = bundled
    contexts, effects = measured_snvs(data / "mpra")
    correlations = []
    for element, some in contexts.items():
        sums = motif_shift_sum(changed(pwms, some), weights)
        correlations.append([f(sums, effects[element])[0] for f in (pearsonr, spearmanr)])
    assert len(correlations) == 5
    pearson, spearman = np.mean(correlations, axis=0)
    assert pearson >= 0.20
    assert spearman >= 0.21


def measured_snvs(folder: Path) -> tuple[dict[str, list[AlleleContext]], dict[str, list[float]]]:
    """SNVs with 10 barcodes or more whose 200 bp window is complete, by element."""
    contexts, effects = defaultdict(list), defaultdict(list)
    with (
        Reference(folder / "hg38_elements.fa.gz") as reference,
        gzip.open(folder / "satmut_hg38.vcf.gz", "rt") as lines,
    ):
        for line in itertools.dropwhile(lambda text: text.startswith("#"), lines):
            name, position, _, ref, alt, _, _, text = line.rstrip("\n").split("\t")
            info = dict(pair.split("=") for pair in text.split(";"))
            if len(ref) != 1 or len(alt) != 1 or int(info["TAGS"]) < 10:
                continue
            variant, contig = Variant(name, int(position), ref, alt), reference.find(name)
            assert contig is not None
            if allele_windows(variant, contig, WindowRule(length=200)).status is Status.OK:
                contexts[info["ELEMENT"]].append(allele_context(variant, contig, 34))
                effects[info["ELEMENT"]].append(float(info["MPRA_LOG2FC"]))
    return contexts, effects


def test_shipped_weights_are_those_that_are_computed(bundled: tuple[list[Pwm], Numbers]) -> None:
    pwms, weights = bundled
    shipped = shipped_weights(pwms)
    assert shipped is not None
    assert np.array_equal(shipped, weights)
    assert np.array_equal(motif_panel("JASPAR2024").weights, weights)


def test_other_motifs_have_no_shipped_weights(bundled: tuple[list[Pwm], Numbers]) -> None:
    pwms, _ = bundled
    assert shipped_weights(pwms[::-1]) is None
    assert shipped_weights(pwms[:-1]) is None
    assert shipped_weights([]) is None
