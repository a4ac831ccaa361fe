"""Motifs of high attention: by hand, against Biopython, and stage by stage against the original."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from Bio.Align import PairwiseAligner
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.effects.motif_finding import (
    AttentionMotifOptions,
    attention_motifs,
    model_attention_motifs,
)
from enhancer_variants.effects.motif_finding.enrichment import enrichment
from enhancer_variants.effects.motif_finding.merging import best_offset, merge_candidates
from enhancer_variants.effects.motif_finding.regions import (
    AttentionRegion,
    Candidate,
    candidate_motifs,
    high_attention_regions,
    windows_around,
)
from enhancer_variants.errors import InputError
from enhancer_variants.models import Model
from enhancer_variants.motifs import Pwm

RUNS = ["planted_0", "planted_1", "planted_2", "motif120_0", "motif120_1"]


# --- regions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "regions"),
    [
        ([0.1, 9, 9, 9, 0.1, 9, 9, 0.1], ((1, 4),)),
        ([9, 9, 9, 0.1, 0.1, 9, 9, 9], ((0, 3), (5, 8))),
        ([1, 9, 9, 9, 1, 1, 1, 1], ()),  # above the mean, but not ten times the smallest
        ([5, 5, 5, 5], ()),
        ([], ()),
        ([np.nan] * 8, ()),
    ],
)
def test_regions_are_above_the_mean_and_ten_times_the_smallest(
    scores: list[float], regions: tuple[tuple[int, int], ...]
) -> None:
    assert high_attention_regions(np.array(scores), 3) == regions


def test_candidates_are_words_with_all_their_regions() -> None:
    low, high = [0.01], [1.0]
    scores = np.array(
        [low * 2 + high * 3 + low * 3 + high * 3, low + high * 3 + low * 4 + [np.nan] * 3]
    )
    found = candidate_motifs(["TTGATCCCGAT", "CGATCCCC"], scores, 3)
    regions = (AttentionRegion(0, 2, 5), AttentionRegion(0, 8, 11), AttentionRegion(1, 1, 4))
    assert found == (Candidate("GAT", regions),)


def test_what_stands_behind_a_sequence_is_not_read() -> None:
    scores = np.array([[0.01, 1, 1, 1, 0.01, 50, 50, 50]])
    [found] = candidate_motifs(["CGATC"], scores, 3)
    assert found.word == "GAT"


def test_a_word_with_n_is_no_candidate() -> None:
    scores = np.array([[0.01, 1, 1, 1, 0.01, 0.01]])
    assert candidate_motifs(["CGNTCC"], scores, 3) == ()


@pytest.mark.parametrize("shape", [(2, 8), (8,)])
def test_there_is_a_row_of_scores_for_each_sequence(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="for 1 sequences; expected one row for each"):
        candidate_motifs(["ACGTACGT"], np.zeros(shape))


# --- enrichment -------------------------------------------------------------------------------


def test_enrichment_is_fishers_exact_test() -> None:
    positives = ["GATAC"] * 4 + ["CCCCC"] * 2
    negatives = ["GATAC"] + ["CCCCC"] * 7
    found = enrichment(["GATA", "CCC", "TTT", "ATAC"], positives, negatives)
    assert found.n_sequences.tolist() == [5, 9, 0, 5]
    assert found.n_positive.tolist() == [4, 2, 0, 4]
    gata = scipy.stats.fisher_exact([[4, 1], [2, 7]], "greater").pvalue
    ccc = scipy.stats.fisher_exact([[2, 7], [4, 1]], "greater").pvalue
    np.testing.assert_allclose(found.p, [gata, ccc, 1, gata])
    np.testing.assert_allclose(found.q, [2 * gata, min(1, ccc * 4 / 3), 1, 2 * gata])


def test_no_words_no_enrichment() -> None:
    assert len(enrichment([], ["ACGT"], ["ACGT"]).q) == 0


# --- merging ----------------------------------------------------------------------------------


def _aligner() -> PairwiseAligner:
    """Biopython's aligner as version 1.79, which the original pins, had it by default."""
    aligner = PairwiseAligner(mode="global", match_score=1, mismatch_score=0)
    aligner.internal_gap_score = -10_000
    aligner.end_gap_score = 0
    return aligner


words = st.text("ACGT", min_size=1, max_size=14) | st.text("AC", min_size=1, max_size=9)


@given(words, words)
def test_biopython_finds_the_same_offset(word: str, key: str) -> None:
    alignment = _aligner().align(word, key)[0]
    equal, offset = best_offset(word, key)
    assert equal == alignment.score
    if equal:
        (first, *_), (first_of_key, *_) = alignment.aligned
        assert offset == first[0] - first_of_key[0]


@pytest.mark.parametrize(
    ("word", "key", "expected"),
    [
        ("GTGACTCAC", "TGACTCA", (7, 1)),
        ("TGACTCA", "ACTCAGG", (5, 2)),
        ("ACTCAGG", "TGACTCA", (5, -2)),
        ("ACAC", "AC", (2, 0)),  # offsets 0 and 2: the key ends behind the word with neither
        ("ACCA", "CAAC", (2, 2)),  # offsets -2 and 2
    ],
)
def test_offsets_by_hand(word: str, key: str, expected: tuple[int, int]) -> None:
    assert best_offset(word, key) == expected


def _at(word: str, sequence: int = 0, start: int = 100) -> Candidate:
    return Candidate(word, (AttentionRegion(sequence, start, start + len(word)),))


def test_regions_become_those_that_the_key_covers() -> None:
    merged = merge_candidates([_at("TGACTCA"), _at("ACTCAGGG", 1), _at("CCTGACTC", 2, 0)])
    [key] = merged
    assert key.word == "TGACTCA"
    assert key.regions == (
        AttentionRegion(0, 100, 107),
        AttentionRegion(1, 98, 105),  # two bases of the key stand before the word
        AttentionRegion(2, 2, 9),  # and one behind it
    )


def test_shorter_words_are_keys_first_and_ties_stay_in_order() -> None:
    merged = merge_candidates([_at("GGGGGGG"), _at("TTTTT"), _at("AAAAA")])
    assert [key.word for key in merged] == ["TTTTT", "AAAAA", "GGGGGGG"]


def test_half_of_the_shorter_word_has_to_be_equal() -> None:
    four_of_ten = [_at("AAAATTTTTT"), _at("AAAAGGGGGGG")]
    assert len(merge_candidates(four_of_ten, 5)) == 2
    assert len(merge_candidates([_at("AAAATTTT"), _at("AAAAGGGGGGG")], 5)) == 1


# Equal bases at offset 0: 5 with AAAACCCC, 4 with AAAACCC, 6 with AAATGGGG, the best.
WORD, BEST = _at("AAATGGCC", 2), _at("AAATGGGG", 1)


@pytest.mark.parametrize(
    ("other", "every_tie", "regions"),
    [
        ("AAAACCCC", False, {"AAAACCCC": 2, "AAATGGGG": 1}),
        ("AAAACCCC", True, {"AAAACCCC": 2, "AAATGGGG": 2}),
        ("AAAACCC", False, {"AAAACCC": 1, "AAATGGGG": 2}),
        ("AAAACCC", True, {"AAAACCC": 1, "AAATGGGG": 2}),
    ],
)
def test_alignments_tie_by_length_and_offset_and_not_by_equal_bases(
    other: str, every_tie: bool, regions: dict[str, int]
) -> None:
    merged = merge_candidates([_at(other), BEST, WORD], every_tie=every_tie)
    assert {key.word: len(key.regions) for key in merged} == regions


def test_nothing_to_merge() -> None:
    assert merge_candidates([]) == ()


# --- windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "size", "start"),
    [((4, 8), 6, 3), ((4, 8), 7, 3), ((4, 9), 6, 4), ((2, 10), 4, 4), ((2, 10), 5, 4)],
)
def test_windows_are_centred_and_an_odd_base_is_on_the_right(
    region: tuple[int, int], size: int, start: int
) -> None:
    [window] = windows_around([AttentionRegion(0, *region)], ["ACGT" * 4], size)
    assert window == AttentionRegion(0, start, start + size)


def test_a_window_at_the_very_end_is_dropped_as_in_the_original_unless_asked_for() -> None:
    sequences = ["ACGTACGTAC"]
    last, beyond = AttentionRegion(0, 6, 8), AttentionRegion(0, 7, 9)
    before = AttentionRegion(0, 0, 2)
    assert windows_around([last, beyond, before], sequences, 6) == ()
    kept = windows_around([last, beyond, before], sequences, 6, reach_end=True)
    assert kept == (AttentionRegion(0, 4, 10),)


def test_a_window_with_n_is_dropped() -> None:
    assert windows_around([AttentionRegion(0, 4, 6)], ["ACNTACGTAC"], 6) == ()


# --- all stages -------------------------------------------------------------------------------


def _planted(word: str = "TGACTCAT", n: int = 12) -> SimpleNamespace:
    """Random sequences; every positive one has the word at its own place, and attends it."""
    random = np.random.default_rng(1)
    texts = ["".join(random.choice(list("ACGT"), 60)) for _ in range(2 * n)]
    scores = np.full((n, 60), 0.01)
    for row in range(n):
        at = 20 + row % 5
        texts[row] = texts[row][:at] + word + texts[row][at + len(word) :]
        scores[row, at : at + len(word)] = 0.5
    return SimpleNamespace(positives=texts[:n], scores=scores, negatives=texts[n:])


def test_a_planted_word_is_found_and_scans() -> None:
    toy = _planted()
    [found] = attention_motifs(toy.positives, toy.scores, toy.negatives)
    assert (found.id, found.consensus) == ("attention_1", "TGACTCAT")
    assert (found.n_positive, found.n_sequences, len(found.instances)) == (12, 12, 12)
    assert found.p == found.q == pytest.approx(1 / 2_704_156)  # 24 choose 12
    assert {site[8:16] for site in found.sites} == {"TGACTCAT"}
    motif = found.motif
    assert (motif.id, motif.name, motif.length) == ("attention_1", "TGACTCAT", 24)
    assert (motif.counts.sum(axis=1) == 12).all()
    pwm = Pwm.from_motif(motif)
    assert pwm.consensus[8:16] == "TGACTCAT"
    assert min(pwm.score(site) for site in found.sites) > 10


@pytest.mark.parametrize(
    ("window_size", "core"), [(24, "TGACTCAT"), (15, "TGACTCAT"), (5, "ACTCA")]
)
def test_the_core_is_the_consensus_without_flanks(window_size: int, core: str) -> None:
    toy = _planted()
    options = AttentionMotifOptions(window_size=window_size)
    [found] = attention_motifs(toy.positives, toy.scores, toy.negatives, options)
    assert found.motif.length == window_size
    assert Pwm.from_motif(found.core).consensus == core
    assert (found.core.counts.max(axis=1) == 12).all()


def test_case_does_not_matter() -> None:
    toy = _planted()
    upper = attention_motifs(toy.positives, toy.scores, toy.negatives)
    positives = [sequence.lower() for sequence in toy.positives]
    assert attention_motifs(positives, toy.scores, [x.lower() for x in toy.negatives]) == upper


def test_no_attention_no_motif() -> None:
    toy = _planted()
    assert attention_motifs(toy.positives, np.ones((12, 60)), toy.negatives) == ()


def test_options_decide() -> None:
    toy = _planted()

    def found(**options: Any) -> int:
        chosen = AttentionMotifOptions(**options)
        return len(attention_motifs(toy.positives, toy.scores, toy.negatives, chosen))

    assert found() == 1
    assert found(minimum_length=9) == 0
    assert found(cutoff=1e-7) == 0
    assert found(minimum_instances=13) == 0
    assert found(window_size=120) == 0


def test_a_motif_of_one_site_is_counts() -> None:
    toy = _planted()
    options = AttentionMotifOptions(minimum_instances=1, cutoff=2)
    [found] = attention_motifs(toy.positives[:1], toy.scores[:1], toy.negatives, options)
    assert found.motif.counts.sum() == 24


@pytest.mark.parametrize("option", ["window_size", "minimum_length", "cutoff", "minimum_instances"])
def test_options_are_above_zero(option: str) -> None:
    with pytest.raises(InputError, match=f"{option} of attention motifs is 0"):
        AttentionMotifOptions(**{option: 0})


def test_both_classes_are_needed() -> None:
    toy = _planted()
    with pytest.raises(InputError, match="12 positive and 0 negative sequences"):
        attention_motifs(toy.positives, toy.scores, [])
    with pytest.raises(InputError, match="0 positive and 24 negative sequences"):
        attention_motifs([], np.zeros((0, 60)), toy.positives + toy.negatives)


class AttentionToWord(torch.nn.Module):
    """[CLS] attends the 1-mers of TGACTCAT wherever all of it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_attention_heads=1, intermediate_size=8)

    def attention_weights(
        self, ids: torch.Tensor, lengths: Any, *, padding: str, cls_only: bool
    ) -> torch.Tensor:
        assert cls_only
        word = torch.tensor([5 + "ATCG".index(base) for base in "TGACTCAT"])
        weights = torch.full((*ids.shape, 1), 0.01).transpose(1, 2)
        for row, start in (ids.unfold(1, 8, 1) == word).all(2).nonzero().tolist():
            weights[row, 0, start : start + 8] = 0.5
        return weights[:, None]


def test_motifs_of_a_model(counting_model: Callable[..., Model]) -> None:
    toy = _planted()
    model = replace(counting_model(window=60), network=AttentionToWord())  # type: ignore[arg-type]
    model = replace(model, max_seq_length=80)
    sequences = [text for pair in zip(toy.negatives, toy.positives, strict=True) for text in pair]
    labels = [0, 1] * 12
    [found] = model_attention_motifs(model, sequences, labels, batch_size=5)
    [expected] = attention_motifs(toy.positives, toy.scores, toy.negatives)
    assert found == expected
    assert model_attention_motifs(model, sequences, labels, layout="dnabert") == (expected,)


@pytest.mark.parametrize("labels", [[1], [1, 2], [1, 0, 0]])
def test_labels_are_zero_or_one(labels: list[int], counting_model: Callable[..., Model]) -> None:
    with pytest.raises(InputError, match="expected 0 or 1 for each"):
        model_attention_motifs(counting_model(), ["ACGT", "ACGT"], labels)


@pytest.mark.parametrize("labels", [[1, 1], [0, 0]])
def test_labels_are_of_both_classes(
    labels: list[int], counting_model: Callable[..., Model]
) -> None:
    with pytest.raises(InputError, match="at least one of each"):
        model_attention_motifs(counting_model(), ["ACGT", "ACGT"], labels)


# --- the original -----------------------------------------------------------------------------


def _run(oracle: Path, name: str) -> SimpleNamespace:
    expected = json.loads((oracle / "motif" / "motif.json").read_text())[name]
    inputs = name.partition("_")[0]
    with (oracle / "inputs" / f"{inputs}.tsv").open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    if inputs == "planted":
        scores = np.load(oracle / "inputs" / "planted_atten.npy")
    else:
        scores = np.load(oracle / "attention" / "sharp_motif120.npz")["atten"]
    of = {label: [row["sequence"] for row in rows if row["label"] == label] for label in "01"}
    params = expected["params"]
    return SimpleNamespace(
        expected=expected,
        positives=of["1"],
        negatives=of["0"],
        scores=scores[[row["label"] == "1" for row in rows]],
        options=AttentionMotifOptions(
            window_size=params["window_size"],
            minimum_length=params["min_len"],
            cutoff=params["pval_cutoff"],
            minimum_instances=params["min_n_motif"],
            every_tie=params["align_all_ties"],
        ),
    )


def _positions(regions: tuple[AttentionRegion, ...]) -> tuple[list[int], list[list[int]]]:
    return [at.sequence for at in regions], [[at.start, at.end] for at in regions]


@pytest.mark.parametrize("name", RUNS)
def test_every_stage_of_the_original_agrees(oracle: Path, name: str) -> None:
    run = _run(oracle, name)
    expected, options = run.expected, run.options
    regions = [
        [list(region) for region in high_attention_regions(row, options.minimum_length)]
        for row in run.scores
    ]
    assert regions == expected["regions"]

    candidates = candidate_motifs(run.positives, run.scores, options.minimum_length)
    assert [candidate.word for candidate in candidates] == expected["candidates"]

    found = enrichment(expected["candidates"], run.positives, run.negatives)
    assert found.n_sequences.tolist() == expected["n_all"]
    assert found.n_positive.tolist() == expected["n_pos"]
    np.testing.assert_allclose(found.p, expected["p_raw"], rtol=1e-9)
    np.testing.assert_allclose(found.q, expected["p_bh"], rtol=1e-9)

    kept = [x for x, q in zip(candidates, found.q, strict=True) if q < options.cutoff]
    assert [candidate.word for candidate in kept] == expected["kept"]

    merged = merge_candidates(kept, options.minimum_length, every_tie=options.every_tie)
    assert [key.word for key in merged] == [key["motif"] for key in expected["merged"]]
    for key, of_original in zip(merged, expected["merged"], strict=True):
        assert _positions(key.regions) == (of_original["seq_idx"], of_original["pos"])


@pytest.mark.parametrize("name", RUNS)
def test_the_motifs_of_the_original_agree(oracle: Path, name: str) -> None:
    run = _run(oracle, name)
    motifs = attention_motifs(run.positives, run.scores, run.negatives, run.options)
    expected = run.expected["final"]
    assert [motif.consensus for motif in motifs] == [motif["motif"] for motif in expected]
    for motif, of_original in zip(motifs, expected, strict=True):
        assert _positions(motif.instances) == (of_original["seq_idx"], of_original["pos"])
        assert list(motif.sites) == of_original["seqs"]
