from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome import reverse_complement
from enhancer_variants.motifs import (
    AlleleContext,
    BestHits,
    Motif,
    MotifScanner,
    Pwm,
    best_hits,
    bundled_motifs,
    score_distribution,
)

GATA = Pwm("GATA", "GATA", [[-3, -3, 2, -3], [2, -3, -3, -3], [-3, -3, -3, 2], [2, -3, -3, -3]])


MARGIN = 40
"""Bases, N all of them, put around a sequence: more than any motif of these tests needs."""


def context(sequence: str, first: int, end: int) -> AlleleContext:
    """REF and ALT alike, in coordinates of which the sequence begins at MARGIN."""
    text, own = "N" * MARGIN + sequence + "N" * MARGIN, (first + MARGIN, end + MARGIN)
    return AlleleContext(text, text, own, own, -MARGIN)


def hits(pwms: list[Pwm], sequences: list[str], stretch: tuple[int, int]) -> BestHits:
    return best_hits(MotifScanner(pwms), [context(text, *stretch) for text in sequences])[0]


def by_hand(pwm: Pwm, sequence: str, first: int, end: int) -> tuple[float, int, int]:
    """Best score, start and strand over all placements that touch [first, end) or span it."""
    own = set(range(first, end)) if end > first else {first - 0.5}
    best = (float("nan"), -1, 0)
    for start in range(len(sequence) - pwm.length + 1):
        word = sequence[start : start + pwm.length]
        if "N" in word or not any(start <= place <= start + pwm.length - 1 for place in own):
            continue
        for strand, read in ((1, word), (-1, reverse_complement(word))):
            if not best[0] >= pwm.score(read):
                best = (pwm.score(read), start, strand)
    return best


@st.composite
def matrices(draw: st.DrawFn) -> list[Pwm]:
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    # Few different scores make ties frequent.
    rows = st.lists(st.sampled_from([-2.5, -1.0, 0.3, 1.0]), min_size=4, max_size=4)
    return [
        Pwm(f"M{number}", "F", draw(st.lists(rows, min_size=length, max_size=length)))  # type: ignore[arg-type]
        for number, length in enumerate(lengths)
    ]


@settings(max_examples=150, deadline=None)
@given(matrices(), st.lists(st.text("ACGTN", min_size=8, max_size=16), min_size=1), st.data())
def test_every_placement_by_brute_force(
    pwms: list[Pwm], sequences: list[str], data: st.DataObject
) -> None:
    stretches = [
        sorted(data.draw(st.tuples(*[st.integers(0, len(sequence))] * 2))) for sequence in sequences
    ]
    contexts = [
        context(sequence, *stretch) for sequence, stretch in zip(sequences, stretches, strict=True)
    ]
    found, _ = best_hits(MotifScanner(pwms), contexts)
    for row, (sequence, (first, end)) in enumerate(zip(sequences, stretches, strict=True)):
        for column, pwm in enumerate(pwms):
            score, start, strand = by_hand(pwm, sequence, first, end)
            assert found.starts[row, column] == (start + MARGIN if strand else -1)
            assert found.strands[row, column] == strand
            np.testing.assert_allclose(found.scores[row, column], score, rtol=0, atol=1e-12)


def test_strand_and_start_by_hand() -> None:
    found = hits([GATA], ["CCCGATACCC", "CCCTATCCCC", "CCCCCCCCCC"], (5, 6))
    assert found.scores.ravel().tolist() == [8, 8, -7]  # GGGG, read on the other strand
    assert (found.starts.ravel() - MARGIN).tolist() == [3, 3, 2]
    assert found.strands.ravel().tolist() == [1, -1, -1]


@pytest.mark.parametrize(
    ("stretch", "found"),
    [
        ((2, 3), False),
        ((3, 4), True),
        ((6, 7), True),
        ((7, 8), False),
        ((3, 3), False),
        ((4, 4), True),
        ((6, 6), True),
        ((7, 7), False),
    ],
)
def test_only_what_overlaps_the_change_counts(stretch: tuple[int, int], found: bool) -> None:
    assert (hits([GATA], ["CCCGATACCC"], stretch).scores[0, 0] == 8) == found


def test_no_placement_at_an_end_or_beside_n() -> None:
    for sequence, stretch in (("GATA", (0, 0)), ("GATA", (4, 4)), ("GANA", (1, 2))):
        found = hits([GATA], [sequence], stretch)
        assert np.isnan(found.scores[0, 0])
        assert (found.starts[0, 0], found.strands[0, 0]) == (-1, 0)


def test_many_alleles_are_as_one_by_one() -> None:
    generator = np.random.default_rng(0)
    letters = np.array(list("ACGT"))
    sequences = ["".join(row) for row in letters[generator.integers(0, 4, (1200, 60))]]
    pwms = [Pwm.from_motif(motif) for motif in bundled_motifs("JASPAR2024")[::30]]
    edges = zip(generator.integers(20, 30, 1200), generator.integers(30, 130, 1200), strict=True)
    contexts = [
        context(text, int(first), min(int(end), 50))
        for text, (first, end) in zip(sequences, edges, strict=True)
    ]
    scanner = MotifScanner(pwms)
    whole, _ = best_hits(scanner, contexts)
    for row in (0, 511, 512, 1199):
        alone, _ = best_hits(scanner, contexts[row : row + 1])
        assert np.array_equal(alone.scores[0], whole.scores[row])
        assert np.array_equal(alone.starts[0], whole.starts[row])


def test_each_allele_in_its_own_coordinates() -> None:
    one = AlleleContext("CCCATACCC", "CCCGATACCC", (3, 3), (3, 4), 100)
    ref, alt = best_hits(MotifScanner([GATA]), [one])
    assert (alt.scores[0, 0], alt.starts[0, 0]) == (8, 3)
    assert ref.scores[0, 0] == GATA.score("CATA")


def test_no_allele_gives_no_row() -> None:
    assert hits([GATA], [], (1, 2)).scores.shape == (0, 1)


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="at least one"):
        MotifScanner([])
    with pytest.raises(InputError, match="two motifs have the identifier GATA"):
        MotifScanner([GATA, GATA])
    for own in ((2, 3), (3, 2), (6, 8)):
        narrow = AlleleContext("ACGTACGTA", "ACGTACGTA", own, own, 0)
        with pytest.raises(InputError, match="expected at least 3, the length of the longest"):
            best_hits(MotifScanner([GATA]), [narrow])
    long = "A" * 9100
    with pytest.raises(InputError, match="9003 placements"):
        best_hits(MotifScanner([GATA]), [AlleleContext(long, long, (50, 9050), (50, 9050), 0)])


@pytest.mark.no_cover  # tracing would slow the compiler
def test_fimo_of_memelite_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    memelite = pytest.importorskip("memelite")
    # Loops for several threads are compiled twice, so these are for one thread.
    for name in ("_fill_tables", "_fast_hits"):
        compiled = getattr(sys.modules["memelite.fimo"], name)
        monkeypatch.setitem(compiled.targetoptions, "parallel", False)
    generator = np.random.default_rng(5)
    codes = generator.integers(0, 4, (1, 60_000))
    sequence = "".join("ACGT"[code] for code in codes[0])
    one_hot = np.eye(4, dtype=np.int8)[codes].transpose(0, 2, 1)
    chosen = [motif for motif in bundled_motifs("JASPAR2024")[::110] if motif.length > 7]
    pwms = {motif.id: Pwm.from_motif(motif) for motif in chosen}
    theirs = memelite.fimo(
        {name: np.exp2(pwm.scores.T) / 4 for name, pwm in pwms.items()},
        one_hot.astype(np.float64),
        bin_size=0.002,
        eps=0.0,
        threshold=1e-4,
    )
    compared = 0
    for table in theirs:
        for hit in table.itertuples(index=False):
            pwm = pwms[hit.motif_name]
            word = sequence[hit.start : hit.start + pwm.length]
            score = pwm.score(word if hit.strand == "+" else reverse_complement(word))
            assert hit.score == pytest.approx(score, abs=1e-4)
            p_value = float(score_distribution(pwm).p_value(score))
            if 4.0**-pwm.length * 100 < p_value:  # one word more or less is no 2 %
                assert hit[-1] == pytest.approx(p_value, rel=0.02)
                compared += 1
    assert compared > 20


def test_biopython_finds_the_same_scores() -> None:
    motifs = pytest.importorskip("Bio.motifs")
    generator = np.random.default_rng(6)
    sequence = "".join("ACGT"[code] for code in generator.integers(0, 4, 80))
    for motif in bundled_motifs("JASPAR2024")[::97]:
        counts = {base: motif.counts[:, column].tolist() for column, base in enumerate("ACGT")}
        theirs = motifs.Motif(alphabet="ACGT", counts=counts).counts.normalize(0.2).log_odds()
        length = motif.length
        window = slice(40 - length + 1, 40 + length)
        forward = theirs.calculate(sequence[window])
        reverse = theirs.reverse_complement().calculate(sequence[window])
        pwm = Pwm.from_motif(Motif(motif.id, motif.name, motif.matrix))
        found = hits([pwm], [sequence], (40, 41)).scores[0, 0]
        assert found == pytest.approx(max(forward.max(), reverse.max()), abs=1e-4)
