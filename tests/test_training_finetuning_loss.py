"""The loss, against formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from enhancer_variants.errors import InputError
from enhancer_variants.models import DnabertNetwork, NetworkConfig
from enhancer_variants.training.finetuning.loss import TrainedNetwork, class_weights, loss_of

NAN = math.nan
LOGITS = st.lists(st.floats(-5, 5), min_size=2, max_size=2)


@given(rows=st.lists(LOGITS, min_size=1, max_size=4), weights=LOGITS)
def test_single_label_loss_is_the_weighted_mean_of_minus_log_p(
    rows: list[list[float]], weights: list[float]
) -> None:
    weights = [abs(weight) + 0.1 for weight in weights]
    classes = [row % 2 for row in range(len(rows))]
    losses = [
        -(row[c] - math.log(sum(map(math.exp, row)))) for row, c in zip(rows, classes, strict=True)
    ]
    counts = [weights[c] for c in classes]
    expected = sum(w * x for w, x in zip(counts, losses, strict=True)) / sum(counts)
    found = loss_of(
        torch.tensor(rows), torch.tensor(classes), "single_label", torch.tensor(weights)
    )
    assert found.item() == pytest.approx(expected, abs=1e-5)


def test_what_is_not_known_takes_no_part_in_loss_and_gradient() -> None:
    logits = torch.tensor([[1.0, 5.0], [-2.0, 3.0]], requires_grad=True)
    targets = torch.tensor([[1.0, NAN], [0.0, NAN]])
    loss = loss_of(logits, targets, "multi_label", None)
    expected = (math.log1p(math.exp(-1)) + math.log1p(math.exp(-2))) / 2
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[:, 1].tolist() == [0, 0]
    assert (logits.grad[:, 0] != 0).all()


def test_a_batch_of_which_nothing_is_known_has_loss_0() -> None:
    logits = torch.zeros(1, 2, requires_grad=True)
    loss = loss_of(logits, torch.full((1, 2), NAN), "multi_label", None)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert logits.grad.tolist() == [[0, 0]]


def test_weights_of_labels_count_their_positives() -> None:
    targets = torch.tensor([[1.0], [0.0]])
    loss = loss_of(torch.zeros(2, 1), targets, "multi_label", torch.tensor([3.0]))
    assert loss.item() == pytest.approx((3 + 1) * math.log(2) / 2)


@given(classes=st.lists(st.integers(0, 2), min_size=3).filter(lambda c: {*c} == {0, 1, 2}))
def test_balanced_weights_are_those_of_scikit_learn(classes: list[int]) -> None:
    found = class_weights("balanced", np.array(classes), "single_label", ("a", "b", "c"))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=classes)
    assert found is not None
    assert found.numpy() == pytest.approx(expected, rel=1e-6)


def test_balanced_labels_weigh_negatives_against_positives() -> None:
    targets = np.array([[1, 0], [0, NAN], [0, 1], [0, NAN]], np.float32)
    found = class_weights("balanced", targets, "multi_label", ("a", "b"))
    assert found is not None
    assert found.tolist() == [3, 1]


def test_weights_may_be_given_or_absent() -> None:
    classes = np.array([0, 1])
    assert class_weights(None, classes, "single_label", ("a", "b")) is None
    given_weights = class_weights((1.0, 4.0), classes, "single_label", ("a", "b"))
    assert given_weights is not None
    assert given_weights.tolist() == [1, 4]
    with pytest.raises(InputError, match="class_weights has 3 numbers; expected 2"):
        class_weights((1.0, 1.0, 1.0), classes, "single_label", ("a", "b"))


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (np.array([0, 0]), "single_label"),
        (np.array([[1, 1], [0, 1]], np.float32), "multi_label"),
        (np.array([[1, 0], [0, NAN]], np.float32), "multi_label"),
    ],
)
def test_a_class_without_sequences_cannot_be_balanced(targets: np.ndarray, task: str) -> None:
    with pytest.raises(InputError, match="lack one class of 'b'"):
        class_weights("balanced", targets, task, ("a", "b"))  # type: ignore[arg-type]


def test_the_trained_network_gives_loss_and_logits() -> None:
    torch.manual_seed(0)
    network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2)).eval()
    trained = TrainedNetwork(network, "single_label", weights=torch.tensor([1.0, 2.0]))
    ids, labels = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]]), torch.tensor([0, 1])
    lengths = torch.tensor([4, 3])
    output = trained(ids, labels, lengths)
    assert torch.equal(output["logits"], network(ids, lengths))
    expected = loss_of(output["logits"], labels, "single_label", torch.tensor([1.0, 2.0]))
    assert output["loss"].item() == expected.item()
    assert all(name.startswith("network.") for name in trained.state_dict())
