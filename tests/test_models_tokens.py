"""Token ids, against the original program's and against a reading base by base."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants import models
from enhancer_variants.errors import WindowLengthError
from enhancer_variants.models import Vocabulary, longest_sequence, tokenize, truncate
from enhancer_variants.models.tokens import kmer_counts

HERE = Path(__file__).parent

FOLDED = {"lower20", "mixed40"}
"""Lower case is upper-cased here; the original reads it as [UNK]."""
PUNCTUATED = {"dash", "star"}
"""A k-mer with punctuation is one [UNK] here; the original splits it into several."""


def by_the_book(sequence: str, k: int) -> list[int]:
    """The original's tokens, one k-mer after the other, pieces of 510 included."""
    kmers = ["".join(kmer) for kmer in itertools.product("ATCG", repeat=k)]
    ids = {kmer: number for number, kmer in enumerate(kmers, start=5)}
    found = [ids.get(sequence[i : i + k].upper(), 1) for i in range(len(sequence) - k + 1)]
    tokens = []
    for piece in range(len(found) // 510 + 1):
        tokens += [2, *found[510 * piece : 510 * (piece + 1)], 3]
    return tokens


def rows(tokens: Any) -> list[list[int]]:
    return [row[:n].tolist() for row, n in zip(tokens.ids, tokens.lengths, strict=True)]


def committed() -> tuple[dict[str, str], list[dict[str, Any]]]:
    content = json.loads((HERE / "oracle" / "tokens.json").read_text())
    longest = content["longest"]
    sequences = {
        name: longest[:given] if isinstance(given, int) else given
        for name, given in content["sequences"].items()
    }
    return sequences, content["cases"]


def differing(sequences: dict[str, str], cases: list[dict[str, Any]]) -> set[str]:
    """Names of the sequences that are read in another way than the original reads them."""
    names = set()
    for case in cases:
        vocabulary = Vocabulary.canonical(case["k"])
        tokens = truncate(tokenize([sequences[case["name"]]], vocabulary), case["max_seq_length"])
        if rows(tokens) != [case["ids"]]:
            names.add(case["name"])
    return names


def test_ids_are_the_originals_but_for_lower_case_and_punctuation() -> None:
    sequences, cases = committed()
    assert len(cases) > 150
    assert differing(sequences, cases) == FOLDED | PUNCTUATED


def test_ids_are_the_originals_in_every_case(oracle: Path) -> None:
    content = json.loads((oracle / "tokens" / "tokens.json").read_text())
    cases = [{**case, "ids": case["input_ids_unpadded"]} for case in content["cases"]]
    assert not any(case["error"] for case in cases)
    assert differing(content["sequences"], cases) == FOLDED | PUNCTUATED


def test_the_exceptions_differ_in_the_way_that_is_meant() -> None:
    sequences, _ = committed()
    vocabulary = Vocabulary.canonical(6)
    for name in sorted(FOLDED):
        folded = tokenize([sequences[name], sequences[name].upper()], vocabulary)
        assert rows(folded)[0] == rows(folded)[1]
        assert 1 not in rows(folded)[0]
    for name in sorted(PUNCTUATED):
        [ids] = rows(tokenize([sequences[name]], vocabulary))
        assert ids.count(1) == 6
        assert len(ids) == len(sequences[name]) - 6 + 1 + 2


@settings(deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ACGTacgtNU-*é😀\ud800"), max_size=30), max_size=8),
    st.integers(1, 6),
)
def test_batches_equal_reading_base_by_base(sequences: list[str], k: int) -> None:
    tokens = tokenize(sequences, Vocabulary.canonical(k))
    assert rows(tokens) == [by_the_book(sequence, k) for sequence in sequences]
    assert tokens.ids.dtype == tokens.lengths.dtype == np.int32
    longest = max(map(int, tokens.lengths), default=0)
    assert tokens.ids.shape == (len(sequences), longest)
    for row, length in zip(tokens.ids, tokens.lengths, strict=True):
        assert (row[length:] == 0).all()


@pytest.mark.parametrize("k", [7, 8])
def test_long_kmers_need_a_wider_code(k: int) -> None:
    sequence = "GATTACAGATTACACCCGGG" * 3
    assert rows(tokenize([sequence], Vocabulary.canonical(k))) == [by_the_book(sequence, k)]


@pytest.mark.parametrize("bases", [514, 515, 516, 1024, 1025, 1026, 1600])
def test_long_sequences_are_written_in_pieces(bases: int) -> None:
    sequence = ("GATTACA" * 300)[:bases]
    tokens = tokenize([sequence, "ACGTACGT"], Vocabulary.canonical(6))
    assert rows(tokens)[0] == by_the_book(sequence, 6)
    assert kmer_counts(tokens).tolist() == [bases - 5, 3]


def test_many_sequences_are_read_in_blocks() -> None:
    sequences = ["ACGT" * 60, "TTGC" * 60] * 200
    tokens = rows(tokenize(sequences, Vocabulary.canonical(6)))
    assert tokens == [by_the_book("ACGT" * 60, 6), by_the_book("TTGC" * 60, 6)] * 200


def test_a_reordered_vocabulary_gives_the_same_tokens_by_name() -> None:
    reordered = Vocabulary.from_tokens(Vocabulary.canonical(3).tokens()[::-1], "vocab.txt")
    [ids] = rows(tokenize(["ACGNTTT"], reordered))
    names = [reordered.tokens()[i] for i in ids]
    assert names == ["[CLS]", "ACG", "[UNK]", "[UNK]", "[UNK]", "TTT", "[SEP]"]


def test_padding_is_the_vocabularys() -> None:
    reordered = Vocabulary.from_tokens(Vocabulary.canonical(3).tokens()[::-1], "vocab.txt")
    ids = tokenize(["ACGT", "ACGTA"], reordered).ids
    assert ids[0, -1] == reordered.pad == 68


@settings(deadline=None)
@given(st.integers(0, 1200), st.integers(2, 1100))
def test_truncation_keeps_the_first_kmers_and_the_separator(bases: int, tokens: int) -> None:
    whole = tokenize(["C" * bases, "A" * 1300], Vocabulary.canonical(6))
    cut = truncate(whole, tokens)
    assert cut.ids.shape[1] == min(whole.ids.shape[1], tokens)
    kept = min(max(bases - 5, 0), tokens - 2)
    if kept < 510:
        assert rows(cut)[0] == [2, *[2735] * kept, 3]
    else:
        assert rows(cut)[0] == rows(whole)[0][:tokens]


def test_truncation_below_two_tokens_is_refused() -> None:
    with pytest.raises(WindowLengthError, match="max_seq_length is 1; expected at least 2"):
        truncate(tokenize(["ACGT"], Vocabulary.canonical(3)), 1)


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(3, 1700))
def test_the_longest_sequence_loses_no_kmer(k: int, tokens: int) -> None:
    kmers = longest_sequence(k, tokens) - k + 1
    whole = tokenize(["A" * kmers], Vocabulary.canonical(1))  # pieces depend on the number alone
    assert (truncate(whole, tokens).ids == 5).sum() == kmers


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(3, 512))
def test_up_to_512_tokens_one_more_base_loses_a_kmer(k: int, tokens: int) -> None:
    assert longest_sequence(k, tokens) == tokens + k - 3
    one_more = tokenize(["A" * (tokens - 1)], Vocabulary.canonical(1))
    assert (truncate(one_more, tokens).ids == 5).sum() == tokens - 2


def test_tokens_and_cards_do_not_need_torch() -> None:
    code = (
        "import sys; from enhancer_variants.models import Tokens, Vocabulary, tokenize, read_card;"
        "import enhancer_variants.models as models; models.tokens, models.card;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_folders_names_are_sorted_and_resolve() -> None:
    assert models.__all__ == sorted(models.__all__, key=lambda name: (not name.isupper(), name))
    assert dir(models) == sorted(models.__all__)
    for name in [*models.__all__, "Padding", "Precision"]:
        assert getattr(models, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = models.nonsense
