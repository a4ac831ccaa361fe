"""The published training step: its formula, its schedule, and 20 steps of the original program."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import get_linear_schedule_with_warmup

from enhancer_variants.errors import InputError
from enhancer_variants.models import DnabertNetwork, NetworkConfig, read_checkpoint, tokenize
from enhancer_variants.models.network import from_checkpoint_names, to_checkpoint_names
from enhancer_variants.training.dnabert_optimizer import (
    DnabertAdamW,
    DnabertRecipe,
    freeze_padding_embedding,
    linear_warmup_share,
    parameter_groups,
)


def small_network(seed: int = 0) -> DnabertNetwork:
    torch.manual_seed(seed)
    return DnabertNetwork(NetworkConfig(69, 8, 2, 2, 16, 32, 2, 1e-12, 2))


def train_on(network: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        ids = torch.randint(5, 69, (4, 10), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(network(ids), torch.tensor([0, 1, 0, 1])).backward()
        optimizer.step()


class Replay:
    """The 20 recorded steps, taken by this package."""

    def __init__(self, oracle: Path, trace: str, *, padding_is_trained: bool = False) -> None:
        self.trace = np.load(oracle / "train" / trace)
        self.start = read_checkpoint(oracle / "checkpoints" / "base6_smallinit")
        with (oracle / "inputs" / "sequences.tsv").open() as table:
            rows = [row for row in csv.DictReader(table, delimiter="\t") if row["set"] == "train"]
        tokens = tokenize([row["sequence"] for row in rows], self.start.vocabulary)
        pads = 200 - tokens.ids.shape[1]
        self.ids = F.pad(torch.tensor(tokens.ids), (0, pads), value=self.start.vocabulary.pad)
        self.lengths = torch.tensor(tokens.lengths)
        self.labels = torch.tensor([int(row["label"]) for row in rows])
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.rates: list[float] = []
        self.end = self.run(padding_is_trained)

    def run(self, padding_is_trained: bool) -> dict[str, Tensor]:
        layers = self.start.config.num_hidden_layers
        network = DnabertNetwork(self.start.config)
        network.load_state_dict(from_checkpoint_names(self.start.tensors, layers))
        if not padding_is_trained:
            freeze_padding_embedding(network.word_embeddings, self.start.vocabulary.pad)
        recipe = DnabertRecipe(learning_rate=1e-3, warmup_share=0.1, weight_decay=0.01)
        optimizer = recipe.optimizer(network)
        schedule = recipe.schedule(optimizer, total_steps=20)
        for rows in torch.tensor(self.trace["order"]):
            logits = network(self.ids[rows], self.lengths[rows], padding="dnabert")
            loss = F.cross_entropy(logits, self.labels[rows])
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), recipe.gradient_clip)
            self.losses.append(loss.item())
            self.norms.append(norm.item())
            self.rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return to_checkpoint_names(network.state_dict(), layers)

    def furthest_weight(self, oracle: Path) -> float:
        theirs = read_checkpoint(oracle / "checkpoints" / "trained6_from_base6").tensors
        return max((self.end[name] - theirs[name]).abs().max().item() for name in theirs)


@pytest.mark.parametrize("trace", ["trace_py37_torch1.13.npz", "trace_py311_torch2.13.npz"])
def test_twenty_steps_of_the_original_are_replayed(oracle: Path, trace: str) -> None:
    replay = Replay(oracle, trace)
    assert replay.rates == pytest.approx(replay.trace["lr"], abs=1e-15)
    assert replay.losses == pytest.approx(replay.trace["loss"], abs=1e-5)
    assert replay.norms == pytest.approx(replay.trace["grad_norm_before_clip"], abs=1e-5)
    assert replay.furthest_weight(oracle) < 1e-5


def test_training_the_padding_would_lead_elsewhere(oracle: Path) -> None:
    replay = Replay(oracle, "trace_py311_torch2.13.npz", padding_is_trained=True)
    assert replay.furthest_weight(oracle) > 1e-3


@settings(max_examples=30)
@given(
    gradients=st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=1, max_size=6),
    lr=st.floats(0, 0.5),
    eps=st.sampled_from([0.01, 1e-8]),
    decay=st.sampled_from([0.0, 0.1]),
)
def test_steps_follow_the_formula(
    gradients: list[float], lr: float, eps: float, decay: float
) -> None:
    weight = nn.Parameter(torch.tensor([0.7], dtype=torch.float64))
    optimizer = DnabertAdamW([weight], lr, betas=(0.8, 0.9), eps=eps, weight_decay=decay)
    expected, mean, mean_square = 0.7, 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        mean = 0.8 * mean + 0.2 * gradient
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        unbias = math.sqrt(1 - 0.9**step) / (1 - 0.8**step)
        expected -= lr * unbias * mean / (math.sqrt(mean_square) + eps)
        expected -= lr * decay * expected
    assert weight.item() == pytest.approx(expected, abs=1e-12)


def test_equal_to_torch_where_the_two_agree_and_different_where_they_do_not() -> None:
    ends = {}
    for eps in (1e-30, 1e-2):
        for kind in (DnabertAdamW, torch.optim.AdamW):
            network = small_network()
            options = {"lr": 0.01, "eps": eps, "weight_decay": 0.0}
            train_on(network, kind(network.parameters(), **options), range(5))
            ends[eps, kind] = network.classifier.weight.detach()
    assert torch.allclose(ends[1e-30, DnabertAdamW], ends[1e-30, torch.optim.AdamW], atol=1e-6)
    assert not torch.allclose(ends[1e-2, DnabertAdamW], ends[1e-2, torch.optim.AdamW], atol=1e-3)


def test_a_run_resumes_from_its_saved_state() -> None:
    whole = small_network()
    train_on(whole, DnabertRecipe(0.01).optimizer(whole), range(6))
    part = small_network()
    optimizer = DnabertRecipe(0.01).optimizer(part)
    train_on(part, optimizer, range(3))
    resumed = small_network(seed=1)
    resumed.load_state_dict(part.state_dict())
    again = DnabertRecipe(0.01).optimizer(resumed)
    again.load_state_dict(optimizer.state_dict())
    train_on(resumed, again, range(3, 6))
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_parameter_without_gradient_stays_as_it_is() -> None:
    used, unused = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = DnabertAdamW([used, unused], 0.1, weight_decay=0.5)
    used.sum().backward()
    optimizer.step()
    assert used.item() < 1
    assert unused.item() == 1
    assert unused not in optimizer.state


def test_the_closure_gives_loss_and_gradient() -> None:
    weight = nn.Parameter(torch.tensor([2.0]))
    optimizer = DnabertAdamW([weight], 0.5)

    def loss() -> float:
        optimizer.zero_grad()
        value = (weight**2).sum()
        value.backward()
        return value.item()

    assert optimizer.step(loss) == 4
    assert weight.item() == pytest.approx(1.5)


def test_a_sparse_gradient_is_refused() -> None:
    embedding = nn.Embedding(3, 2, sparse=True)
    optimizer = DnabertAdamW(embedding.parameters(), 0.1)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(InputError, match="a gradient is sparse"):
        optimizer.step()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1.0}, "lr is -1.0"),
        ({"lr": math.nan}, "lr is nan"),
        ({"lr": 0.1, "eps": -1e-8}, "eps is -1e-08"),
        ({"lr": 0.1, "weight_decay": math.inf}, "weight_decay is inf"),
        ({"lr": 0.1, "betas": (0.9, 1.0)}, r"betas is \(0.9, 1.0\)"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DnabertAdamW([nn.Parameter(torch.ones(1))], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": -1.0},
        {"learning_rate": 0.1, "warmup_share": 1.1},
        {"learning_rate": 0.1, "weight_decay": -0.1},
        {"learning_rate": 0.1, "gradient_clip": 0.0},
        {"learning_rate": 0.1, "epsilon": -1.0},
    ],
)
def test_a_recipe_out_of_range_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"{list(options)[-1]} is"):
        DnabertRecipe(**options)  # type: ignore[arg-type]


def test_biases_and_layer_norms_do_not_decay_and_nothing_is_lost() -> None:
    network = small_network()
    network.position_embeddings.weight.requires_grad_(False)
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    decaying, kept = (
        {names[id(parameter)] for parameter in group["params"]}
        for group in parameter_groups(network, 0.3)
    )
    assert decaying == {
        name
        for name in names.values()
        if name.endswith("weight") and "norm" not in name and "position" not in name
    }
    assert kept == set(names.values()) - decaying - {"position_embeddings.weight"}
    assert [group["weight_decay"] for group in parameter_groups(network, 0.3)] == [0.3, 0.0]


@given(warmup=st.integers(0, 12), further=st.integers(0, 12))
def test_the_schedule_is_that_of_transformers(warmup: int, further: int) -> None:
    total = warmup + further
    theirs = get_linear_schedule_with_warmup(
        torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0), warmup, total
    ).lr_lambdas[0]
    for step in range(total + 3):
        assert linear_warmup_share(step, warmup, total) == theirs(step)


def test_the_recipe_schedules_the_first_step_with_rate_zero() -> None:
    network = small_network()
    recipe = DnabertRecipe(0.5, warmup_share=0.2)
    optimizer = recipe.optimizer(network)
    schedule = recipe.schedule(optimizer, total_steps=10)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    train_on(network, optimizer, range(1))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    rates = []
    for _ in range(11):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0, 0.25, *(0.5 * left / 8 for left in range(8, -1, -1))])


def test_the_embedding_of_padding_is_held_until_it_is_let_go() -> None:
    embedding = nn.Embedding(3, 2)
    handle = freeze_padding_embedding(embedding, 0)
    everything = torch.tensor([0, 1, 2])
    embedding(everything).sum().backward()
    assert embedding.weight.grad is not None
    assert embedding.weight.grad.tolist() == [[0, 0], [1, 1], [1, 1]]
    handle.remove()
    embedding.weight.grad = None
    embedding(everything).sum().backward()
    assert embedding.weight.grad.tolist() == [[1, 1]] * 3
