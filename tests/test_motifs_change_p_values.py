from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from enhancer_variants.motifs import (
    SMALLEST_P_OF_CHANGE,
    UNIFORM_BACKGROUND,
    Background,
    ChangeDistribution,
    ChangeDistributions,
    ChangeMeasure,
    Motif,
    MotifOptions,
    Pwm,
    ScoreDistributions,
    bundled_motifs,
    change_distribution,
    motif_panel,
    score_distribution,
    sequence_context,
)
from enhancer_variants.motifs.change_tables import TABLE_UNIT, shipped_changes

Floats = npt.NDArray[np.float64]
AT_RICH = (0.3, 0.2, 0.2, 0.3)
STEP = 10 ** (1 / 16)
JASPAR = {motif.id: motif for motif in bundled_motifs("JASPAR2024")}


def random_pwm(length: int, seed: int, background: Background) -> Pwm:
    counts = np.random.default_rng(seed).dirichlet([0.5] * 4, length) * 60
    return Pwm.from_motif(Motif(f"random{seed}", "RANDOM", counts), background=background)


def all_changes(pwm: Pwm) -> tuple[Floats, Floats, Floats]:
    """Best scores before and after each single-base change there is, and its probability."""
    length = pwm.length
    words = np.array(list(itertools.product(range(4), repeat=2 * length - 1)))
    chances = np.array(pwm.background)[words].prod(axis=1)

    def best(codes: npt.NDArray[np.int64]) -> Floats:
        placements = []
        for start in range(length):
            word = codes[:, start : start + length]
            placements.append(pwm.scores[range(length), word].sum(axis=1))
            placements.append(pwm.scores[range(length), 3 - word[:, ::-1]].sum(axis=1))
        return np.max(placements, axis=0)

    before, after = [], []
    for shift in (1, 2, 3):
        changed = words.copy()
        changed[:, length - 1] = (words[:, length - 1] + shift) % 4
        before.append(best(words))
        after.append(best(changed))
    return np.concatenate(before), np.concatenate(after), np.tile(chances, 3) / 3


@pytest.mark.parametrize(
    ("length", "background"),
    [
        (1, AT_RICH),
        (2, UNIFORM_BACKGROUND),
        (3, AT_RICH),
        (4, UNIFORM_BACKGROUND),
        (4, AT_RICH),
        (5, AT_RICH),
    ],
)
@pytest.mark.parametrize("measure", ["log10_p_ratio", "score_shift"])
def test_every_change_by_brute_force(
    length: int, background: Background, measure: ChangeMeasure
) -> None:
    pwm = random_pwm(length, length, background)
    before, after, chances = all_changes(pwm)
    assert chances.sum() == pytest.approx(1)
    if measure == "log10_p_ratio":
        before, after = (np.log10(score_distribution(pwm).p_value(x)) for x in (before, after))
    sizes = np.round(np.abs(after - before), 7)
    distinct, place = np.unique(sizes, return_inverse=True)
    exact = np.cumsum(np.bincount(place, weights=chances)[::-1])[::-1]
    found = change_distribution(pwm, measure).p_value(distinct)
    seen = (distinct > 0) & (exact > 1e-5)
    ratio = found[seen] / exact[seen]
    frequent = exact[seen] > 1e-2
    assert (np.abs(np.log(ratio[frequent])) < np.log(STEP) + 0.1).all()
    assert (np.abs(np.log(ratio)) < np.log(STEP) + 0.4).all()
    # On average over the distinct changes, the table's steps and chance cancel out.
    assert np.abs(np.log(ratio).mean()) < 0.1


@pytest.mark.parametrize(
    ("name", "background"),
    [("MA0139.2", UNIFORM_BACKGROUND), ("MA0080.7", AT_RICH), ("MA1930.2", AT_RICH)],
)
@pytest.mark.parametrize("measure", ["log10_p_ratio", "score_shift"])
def test_random_changes_have_uniform_p(
    name: str, background: Background, measure: ChangeMeasure
) -> None:
    options = MotifOptions(background=background, p_change_of=measure)
    panel = motif_panel([JASPAR[name]], options)
    generator = np.random.default_rng(11)
    changes, margin = 20_000, panel.margin
    bases = generator.choice(list("ACGT"), (changes, 2 * margin + 1), p=background)
    new = [generator.choice([b for b in "ACGT" if b != row[margin]]) for row in bases]
    texts = ["".join(row) for row in bases]
    contexts = [
        sequence_context(text, text[:margin] + base + text[margin + 1 :], margin)
        for text, base in zip(texts, new, strict=True)
    ]
    p_change = panel.changes(contexts).p_change[:, 0]
    for level in (0.3, 0.1, 0.03, 0.01):
        if level > p_change.min() * 3:
            rate, error = np.mean(p_change <= level), np.sqrt(level / changes)
            assert level / STEP - 4 * error < rate < level + 4 * error + 0.05 * level


@pytest.mark.parametrize("name", ["MA0139.2", "MA0138.3", "MA0844.2", "MA1930.2"])
def test_seeds_agree_in_the_tail(name: str) -> None:
    pwm = Pwm.from_motif(JASPAR[name])
    tables = [change_distribution(pwm, seed=seed) for seed in range(5)]
    change = np.median([table.changes[6 * 16] for table in tables])
    p_values = np.array([float(table.p_value(change)) for table in tables])
    assert np.mean(p_values) == pytest.approx(1e-6, rel=STEP - 1 + 0.2)
    assert np.std(p_values) / np.mean(p_values) < 0.25


def test_many_more_samples_say_the_same() -> None:
    pwm = Pwm.from_motif(JASPAR["MA0139.2"])
    many = change_distribution(pwm, samples=200_000, seed=3)
    for p_value in (1e-2, 1e-4, 1e-6):
        change = many.changes[round(-16 * np.log10(p_value))]
        assert change_distribution(pwm).p_value(change) == pytest.approx(p_value, rel=0.3)


def test_p_falls_and_stays_in_range() -> None:
    table = change_distribution(random_pwm(9, 5, UNIFORM_BACKGROUND))
    sizes = np.linspace(0, 30, 3001)
    p_values = table.p_value(sizes)
    assert (np.diff(p_values) <= 0).all()
    assert p_values[0] == 1
    assert p_values[-1] == pytest.approx(SMALLEST_P_OF_CHANGE, rel=1e-12)
    assert np.array_equal(table.p_value(-sizes), p_values)
    found = table.p_value([[np.nan, 0.0], [1.0, np.inf]])
    assert np.isnan(found[0, 0])
    assert found.shape == (2, 2)


def test_changes_that_many_share_have_the_p_of_all_of_them() -> None:
    table = ChangeDistribution(np.array([0.0, 1.0, 1.0, 1.0, 2.0]))
    expected = 10.0 ** (-np.array([0, 0.5, 1, 3.5, 4, 4]) / 16)
    np.testing.assert_allclose(table.p_value([0, 0.5, 1, 1.5, 2, 3]), expected)


def test_shipped_tables_are_what_is_sampled() -> None:
    shipped = shipped_changes()
    by_chance = ChangeDistributions("log10_p_ratio", ScoreDistributions())
    for motif in list(JASPAR.values())[::100]:
        pwm = Pwm.from_motif(motif)
        sampled = change_distribution(pwm).changes
        # Another machine's logarithms may put a change beside the next multiple.
        assert np.abs(shipped[pwm.digest()] - sampled).max() <= 2 * TABLE_UNIT
        assert by_chance.of(pwm).changes is by_chance.of(pwm).changes
        assert np.array_equal(by_chance.of(pwm).changes, shipped[pwm.digest()])


def test_all_bundled_motifs_have_a_table() -> None:
    assert {Pwm.from_motif(motif).digest() for motif in JASPAR.values()} == set(shipped_changes())


@pytest.mark.parametrize(
    "options",
    [
        MotifOptions(pseudocount=0.1),
        MotifOptions(background=AT_RICH),
        MotifOptions(p_change_of="score_shift"),
    ],
)
def test_other_options_are_sampled(options: MotifOptions) -> None:
    motif = JASPAR["MA0035.5"]
    panel = motif_panel([motif], options)
    table = panel.by_chance.of(panel.pwms[0]).changes
    assert not np.array_equal(table, shipped_changes()[Pwm.from_motif(motif).digest()])
    expected = change_distribution(panel.pwms[0], options.p_change_of).changes
    assert np.array_equal(table, expected)
