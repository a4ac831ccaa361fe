"""Vocabularies: which token id stands for which k-mer."""

from __future__ import annotations

import itertools
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import Vocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def published(k: int) -> list[str]:
    return SPECIAL + ["".join(kmer) for kmer in itertools.product("ATCG", repeat=k)]


@pytest.mark.parametrize("k", range(1, 7))
def test_canonical_is_the_published_order(k: int) -> None:
    vocabulary = Vocabulary.canonical(k)
    assert vocabulary.tokens() == published(k)
    assert vocabulary.size == 4**k + 5
    assert (vocabulary.pad, vocabulary.unk, vocabulary.cls, vocabulary.sep, vocabulary.mask) == (
        0,
        1,
        2,
        3,
        4,
    )


def test_canonical_gives_the_ids_that_the_published_code_is_known_by() -> None:
    tokens = Vocabulary.canonical(6).tokens()
    known = {"AAAAAA": 5, "AAAAAT": 6, "TTTTTT": 1370, "CCCCCC": 2735, "GATTAC": 3159}
    assert {kmer: tokens.index(kmer) for kmer in known} == known


@settings(deadline=None)
@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_any_order_is_honoured_and_comes_back(k: int, shuffler: random.Random) -> None:
    tokens = published(k)
    shuffler.shuffle(tokens)
    vocabulary = Vocabulary.from_tokens(tokens, "vocab.txt")
    assert vocabulary.k == k
    assert vocabulary.tokens() == tokens
    assert tokens[vocabulary.cls] == "[CLS]"
    assert tokens[vocabulary.kmer_ids[0]] == "A" * k


def test_equality_and_hash_are_those_of_the_content() -> None:
    same = Vocabulary.from_tokens(published(3), "vocab.txt")
    other = Vocabulary.from_tokens([*published(3)[:5], *published(3)[:4:-1]], "vocab.txt")
    assert same == Vocabulary.canonical(3)
    assert hash(same) == hash(Vocabulary.canonical(3))
    assert same != other
    assert same != "vocabulary"


def test_ids_are_read_only_and_no_alias_of_the_callers() -> None:
    ids = np.arange(5, 9, dtype=np.int32)
    vocabulary = Vocabulary(1, ids)
    ids[0] = 7
    assert vocabulary.kmer_ids.tolist() == [5, 6, 7, 8]
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.kmer_ids[0] = 7


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (published(1)[:-1], "dna/vocab.txt: 8 tokens; expected 4**k + 5"),
        ([], "0 tokens; expected"),
        (["A"] * 4101, "token 'A' is there twice"),
        ([*published(1)[:-1], "T"], "token 'T' is there twice"),
        ([*published(1)[:-1], "N"], "token 'G' is missing and 'N' is foreign"),
        ([*published(1)[1:], "[pad]"], re.escape("'[PAD]' is missing and '[pad]' is foreign")),
        ([*published(1)[:-1], "x" * 500], "'x{40}...' is foreign"),
    ],
)
def test_what_is_no_vocabulary_is_refused_by_name(tokens: list[str], message: str) -> None:
    with pytest.raises(CheckpointError, match=message.replace("**", r"\*\*").replace("+", r"\+")):
        Vocabulary.from_tokens(tokens, "dna/vocab.txt")


@pytest.mark.parametrize("k", [0, 9, -1])
def test_k_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(CheckpointError, match=f"k is {k}, expected 1 to 8"):
        Vocabulary.canonical(k)


@pytest.mark.parametrize("ids", [[5, 6, 7], [5, 6, 7, 7], [4, 6, 7, 8], [5, 6, 7, 9]])
def test_ids_that_are_no_numbering_are_refused(ids: list[int]) -> None:
    with pytest.raises(CheckpointError, match="expected the ids 0 to 8"):
        Vocabulary(1, np.array(ids, dtype=np.int32))
