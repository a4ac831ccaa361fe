"""Networks are run once for the models that share them, and for no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from enhancer_variants.effects import ScoringPlan, WindowPairs, network_passes, pair_windows
from enhancer_variants.effects.network_passes import NetworkPasses
from enhancer_variants.models import Model, Tokens, Vocabulary

Make = Callable[..., Any]

REF, ALT = ["ACGT" * 5, "GATTA" * 4], ["ACGA" * 5, "GATTA" * 4]


def windows_of(*models: Model, **options: Any) -> tuple[ScoringPlan, WindowPairs]:
    plan = ScoringPlan(models, **options)
    return plan, pair_windows(REF, ALT, plan)[1]


@pytest.mark.parametrize(("strand", "strands"), [("forward", 1), ("both", 2)])
def test_models_of_one_network_share_its_passes(
    counting_model: Make, strand: Any, strands: int
) -> None:
    first = counting_model("G", "a")
    second = replace(first, name="b", output_names=("b",))
    other = counting_model("G", "c")
    plan, windows = windows_of(first, second, other, strand=strand)
    passes = NetworkPasses(plan, [(model, windows) for model in plan.models])
    assert passes.sequences == 2 * strands * 3  # two networks, three distinct windows
    told: list[int] = []
    found = [passes.logits(model, windows, told.append) for model in plan.models]
    assert sum(told) == passes.sequences
    assert [first.network.rows_seen, other.network.rows_seen] == [3 * strands] * 2
    assert found[0] is found[1]
    assert all(np.array_equal(one, two) for one, two in zip(found[0], found[2], strict=True))
    assert passes._kept == {}  # nothing is kept that nobody waits for


def test_one_network_that_is_fed_otherwise_runs_again(counting_model: Make) -> None:
    first = counting_model("G", "a")
    padded = replace(first, name="b", output_names=("b",), padding="dnabert", max_seq_length=30)
    plan, windows = windows_of(first, padded)
    _, more = windows_of(first, padded)
    readers = [(first, windows), (padded, windows), (first, more)]
    passes = NetworkPasses(plan, readers)
    for model, read in readers:
        passes.logits(model, read)
    assert first.network.rows_seen == passes.sequences == 9


def test_a_network_is_made_ready_once(counting_model: Make) -> None:
    asked: list[str] = []

    def ready(model: Model) -> Model:
        asked.append(model.name)
        return model

    first = counting_model("G", "a")
    second = replace(first, name="b", output_names=("b",))
    plan, windows = windows_of(first, second, ready=ready)
    passes = NetworkPasses(plan, [(first, windows), (second, windows)])
    passes.logits(first, windows)
    passes.logits(second, windows)
    assert asked == ["a"]


@pytest.mark.parametrize(("strand", "strands"), [("forward", 1), ("both", 2)])
def test_windows_become_tokens_once_for_all_models_of_one_k(
    counting_model: Make,
    position_model: Make,
    monkeypatch: pytest.MonkeyPatch,
    strand: Any,
    strands: int,
) -> None:
    made: list[tuple[int, int]] = []
    tokenize = network_passes.tokenize

    def counted(sequences: list[str], vocabulary: Vocabulary) -> Tokens:
        made.append((vocabulary.k, len(sequences)))
        return tokenize(sequences, vocabulary)

    monkeypatch.setattr(network_passes, "tokenize", counted)
    models = [counting_model("G", "a"), counting_model("C", "b"), position_model("c", k=2)]
    plan, windows = windows_of(*models, strand=strand)
    passes = NetworkPasses(plan, [(model, windows) for model in models])
    passes.make_tokens()
    assert made == [(1, 3)] * strands + [(2, 3)] * strands
    logits = list(passes.in_turn())
    assert len(made) == 2 * strands  # made ahead, and not again
    assert [model.network.rows_seen for model in models[:2]] == [3 * strands] * 2
    assert [len(of_strand) for of_model in logits for of_strand in of_model] == [3] * 3 * strands
