"""Comparison of motifs: one true run of Tomtom, and what is made of its numbers."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.motifs import Motif, Pwm, bundled_motifs
from enhancer_variants.motifs.comparison import compare_motifs

KNOWN = {motif.id: motif for motif in bundled_motifs("JASPAR2024")}
CTCF = KNOWN["MA0139.2"]


def _queries() -> list[Motif | Pwm]:
    core = "CCACCAGGGGGCGC"
    counts = [[17.0 if base == letter else 1.0 for base in "ACGT"] for letter in core]
    flanks = np.full((2, 4), 5.0)
    return [
        KNOWN["MA0106.3"],
        CTCF,
        Pwm.from_motif(CTCF),
        Motif("CTCF-like", "", np.array(counts)),
        Motif("reverse", "", CTCF.matrix[::-1, ::-1]),
        Motif("middle", "", CTCF.matrix[3:11]),
        Motif("flanked", "", np.vstack([flanks, CTCF.matrix / 100, flanks])),
    ]


@pytest.mark.no_cover  # tracing would slow the compiler
def test_tomtom_finds_known_motifs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call for all that is asked of the true Tomtom, as the first one compiles for a minute."""
    importlib.import_module("memelite")
    # A loop for several threads is compiled twice, so this one is for one thread.
    compiled = sys.modules["memelite.tomtom"]._tomtom
    monkeypatch.setitem(compiled.targetoptions, "parallel", False)
    queries, n = _queries(), len(KNOWN)
    table = compare_motifs(queries, list(KNOWN.values()))
    assert list(table.query_id) == [query.id for query in queries for _ in range(n)]
    by_query = [table.iloc[row : row + n] for row in range(0, len(table), n)]
    best = table.iloc[::n]

    # Motifs find themselves, at their own place; and what looks like CTCF is called CTCF.
    p53, ctcf, of_pwm, like_ctcf, *_ = best.target_name
    assert (p53, ctcf, of_pwm, like_ctcf) == ("TP53", "CTCF", "CTCF", "CTCF")
    assert list(best.target_id.drop(3 * n)) == ["MA0106.3", *["MA0139.2"] * 5]
    assert list(best.strand) == ["+", "+", "+", "+", "-", "+", "+"]
    assert list(best.offset.drop(3 * n)) == [0, 0, 0, 0, 3, -2]
    assert list(best.overlap.drop(3 * n)) == [KNOWN["MA0106.3"].length, 15, 15, 15, 8, 15]
    assert (best.q < 1e-3).all()

    # Counts and log-odds are compared alike.
    np.testing.assert_array_equal(by_query[1].p, by_query[2].p)
    assert list(by_query[1].target_id) == list(by_query[2].target_id)

    # Every target has a row, the best first.
    assert all(set(rows.target_id) == set(KNOWN) for rows in by_query)
    assert all(rows.p.is_monotonic_increasing for rows in by_query)
    p, rank = by_query[5].p.to_numpy(), np.arange(1, n + 1)
    by_hand = np.minimum.accumulate((p * n / rank)[::-1])[::-1]
    np.testing.assert_allclose(by_query[5].q, np.minimum(by_hand, 1))


def test_ties_go_to_more_overlap_then_to_the_targets_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def tomtom(queries: list[Any], targets: list[Any]) -> Any:
        seen.extend([queries, targets])
        p = [[0.5, 0.1, 0.1, 0.1]]
        overlap = [[2, 1, 2, 2]]
        return np.array([p, [[0] * 4], [[0, 1, -1, 2]], overlap, [[0, 1, 0, 1]]], dtype=float)

    fake = ModuleType("memelite")
    fake.tomtom = tomtom  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "memelite", fake)
    query = Motif("query", "", np.array([[8.0, 0, 0, 0], [0, 2, 0, 2]]))
    targets = [Motif(name, name.upper(), np.eye(4)[:2]) for name in "abcd"]
    table = compare_motifs([query], targets)
    assert table.target_id.tolist() == ["c", "d", "b", "a"]
    assert table.target_name.tolist() == ["C", "D", "B", "A"]
    assert table.strand.tolist() == ["+", "-", "-", "+"]
    assert table.offset.tolist() == [-1, 2, 1, 0]
    assert table.q.tolist() == pytest.approx([4 * 0.1 / 3] * 3 + [0.5])
    # Tomtom reads probabilities: counts with the pseudocount of 0.8, a column for each position.
    expected = np.array([[8.2, 0.2, 0.2, 0.2], [0.2, 2.2, 0.2, 2.2]]).T / [8.8, 4.8]
    np.testing.assert_allclose(seen[0][0], expected, rtol=1e-6)


@pytest.mark.parametrize("nothing", [0, 1])
def test_there_is_something_to_compare(nothing: int) -> None:
    motifs: list[list[Motif]] = [[CTCF], [CTCF]]
    motifs[nothing] = []
    with pytest.raises(InputError, match="queries and"):
        compare_motifs(motifs[0], motifs[1])


def test_without_memelite_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memelite", None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[tomtom\]"):
        compare_motifs([CTCF], [CTCF])
