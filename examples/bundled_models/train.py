"""Train the models that ship with the package: about 35 minutes on one core.

    python examples/bundled_models/train.py --data DIR --output DIR [--seed N] [--steps N]

`sources.py` names the files that are read from the data folder, with their checksums. The same
seed, steps and threads give the same weights on one machine; on another one, rounding may make
them others that do the same. DIR/mini of the output folder is the model; beside it are the
state of the training, from which ``--resume`` goes on, and the changes that were scored with
motifs. The modules, in the order in which they are needed:

- `data.py` reads the sequences and leaves out what may not be trained on;
- `sampling.py` draws batches of them;
- `scan_network.py` is the network, in a form that is quick to train, and explains it;
- `starting_point.py`, `occupancy.py` and `variant_pairs.py` put in what is known of motifs;
- `teacher.py` is the regression that the enhancer output learns from;
- `development.py` watches the training;
- `compiled_network.py` and `model_directory.py` make a DNABERT model of the result.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from data import Codes, read_examples, training_examples
from development import Watched, balance_enhancers, drawn_watched, report
from model_directory import NAME, save_model
from sampling import (
    FACTORS,
    LABELS,
    WINDOW,
    Item,
    Sampler,
    Sampling,
    central_window,
    divided_by_task,
)
from scan_network import ScanNetwork, encoded
from sources import require_sources
from starting_point import motif_filters, word_meanings
from teacher import TaughtWindows, read_taught, taught_windows, write_taught
from threadpoolctl import threadpool_limits
from torch import Tensor
from variant_pairs import VariantPairs, drawn_pairs, read_pairs, write_pairs

BATCH: Final = 32
WARM_UP: Final = 50
LOWEST_RATE: Final = 0.02
WEIGHT_DECAY: Final = 0.2
LARGEST_GRADIENT: Final = 1.0
TAUGHT: Final = 32
TAUGHT_WEIGHT: Final = 1.0
"""Windows in a step on the enhancer output, and the weight of its loss."""

CHANGES: Final = 32
"""Single-base changes in a step on these."""

LARGEST_SHIFT: Final = 20.0
LOG_ODDS_PER_BIT: Final = 0.1
"""What the enhancer output is to change by for each bit of motif_shift_sum, natural logarithm."""

LARGEST_FACTOR_SHIFT: Final = 8.0
ENHANCER_WEIGHT: Final = 3.0
FACTOR_WEIGHT: Final = 0.2
"""Of the losses on what a change does to enhancers, and to the factors."""

SAVED_EVERY: Final = 1_000
REPORTED_EVERY: Final = 2_000
CHECKED: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the training with a learning rate that falls to nearly nothing.

    Attributes
    ----------
    share
        Share of all steps.
    filter_rate, rate
        Learning rate of the filters, and of everything else.
    dropout
        Of what the classifier reads.
    changes, taught
        Share of the steps that are followed by one on changes, and by one on the enhancer output.
    sampling
        How sequences are drawn.
    """

    share: float
    filter_rate: float
    rate: float
    dropout: float
    changes: float
    taught: float
    sampling: Sampling


PHASES: Final = (
    Phase(
        share=0.4,
        filter_rate=1e-3,
        rate=1e-3,
        dropout=0.4,
        changes=0.2,
        taught=0.0,
        sampling=Sampling(mixture={"ctcf": 4, "nanog": 3, "h1esc": 6}, mutated=0.01),
    ),
    Phase(
        share=0.6,
        filter_rate=5e-4,
        rate=7e-4,
        dropout=0.2,
        changes=0.35,
        taught=0.35,
        sampling=Sampling(mixture={"ctcf": 5, "nanog": 3, "h1esc": 6}, mutated=0.01),
    ),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What, with the data, decides the weights."""

    seed: int
    steps: int
    threads: int
    development: bool


@dataclass(slots=True)
class Training:
    """A training on its way, all that a killed run needs to go on.

    Attributes
    ----------
    network, optimiser, generator
        What is trained, by what, and all chance but that of dropout, which is torch's.
    phase, step
        Where it is.
    """

    network: ScanNetwork
    optimiser: torch.optim.Optimizer
    generator: np.random.Generator
    phase: int = 0
    step: int = 0

    def save(self, path: Path, budget: Budget) -> None:
        """Write all of it to a file, which is never seen half-written."""
        partial = path.with_suffix(".partial")
        state = {
            "budget": asdict(budget),
            "phase": self.phase,
            "step": self.step,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.bit_generator.state,
            "torch": torch.get_rng_state(),
        }
        torch.save(state, partial)
        partial.replace(path)

    def restore(self, path: Path, budget: Budget) -> None:
        """Go on from such a file, if it is of a training like this one."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        if state["budget"] != asdict(budget):
            raise SystemExit(f"{path} is of {state['budget']}, not of {asdict(budget)}")
        self.phase, self.step = state["phase"], state["step"]
        self.network.load_state_dict(state["network"])
        self.optimiser = optimiser_of(self.network)
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.bit_generator.state = state["generator"]
        torch.set_rng_state(state["torch"])


def optimiser_of(network: ScanNetwork) -> torch.optim.Optimizer:
    """AdamW in three groups: the filters, other matrices (with weight decay), and the rest."""
    first = ("filters", "thresholds")
    others = [(name, p) for name, p in network.named_parameters() if name not in first]
    matrices = [p for name, p in others if p.dim() > 1 and name != "words"]
    rest = [p for name, p in others if p.dim() == 1 or name == "words"]
    groups = [
        {"params": [network.filters, network.thresholds], "weight_decay": 0.0},
        {"params": matrices, "weight_decay": WEIGHT_DECAY},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def steps_of(number: int, steps: int) -> int:
    """Count the steps of a phase; the last one has what is left."""
    ends = [round(steps * sum(phase.share for phase in PHASES[:count])) for count in (0, 1)]
    return [*ends, steps][number + 1] - ends[number]


def set_rates(optimiser: torch.optim.Optimizer, phase: Phase, step: int, steps: int) -> None:
    """Rise over the first steps, then fall in a straight line."""
    factor = min(1, (step + 1) / WARM_UP) * max(LOWEST_RATE, 1 - step / steps)
    rates = (phase.filter_rate, phase.rate, phase.rate)
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate * factor


def train(
    training: Training,
    items: Mapping[str, list[Item]],
    taught: TaughtWindows,
    watched: Watched,
    budget: Budget,
    state: Path,
) -> None:
    """Go through the phases, from wherever the training is."""
    while training.phase < len(PHASES):
        phase, steps = PHASES[training.phase], steps_of(training.phase, budget.steps)
        training.network.dropout = phase.dropout
        training.network.train()
        sampler = Sampler(items, phase.sampling, training.generator)
        losses: dict[str, list[float]] = {}
        start = time.monotonic()
        while training.step < steps:
            set_rates(training.optimiser, phase, training.step, steps)
            task, loss = label_step(training, sampler)
            losses.setdefault(task, []).append(loss)
            if training.generator.random() < phase.changes:
                losses.setdefault("changes", []).append(change_step(training, watched.pairs))
            if training.generator.random() < phase.taught:
                losses.setdefault("enhancer", []).append(enhancer_step(training, taught))
            training.step += 1
            if training.step % REPORTED_EVERY == 0 or training.step == steps:
                means = {name: f"{np.mean(few):.3f}" for name, few in sorted(losses.items())}
                where = f"phase {training.phase + 1}, step {training.step} of {steps}"
                print(f"{where}, {time.monotonic() - start:.0f} s: {means}", flush=True)
                print(f"  {report(training.network, watched)}", flush=True)
                losses.clear()
            if training.step % SAVED_EVERY == 0:
                training.save(state, budget)
        training.phase, training.step = training.phase + 1, 0
        training.optimiser = optimiser_of(training.network)
        training.save(state, budget)


def label_step(training: Training, sampler: Sampler) -> tuple[str, float]:
    """Learn the labels of a batch; labels that nobody knows have no part in it."""
    task, sequences, targets = sampler.batch(BATCH)
    wanted = torch.from_numpy(targets).float()
    weights = (wanted >= 0).float()
    logits = training.network(*encoded(sequences))
    losses = F.binary_cross_entropy_with_logits(logits, wanted.clamp(0), reduction="none")
    return task, descend(training, (losses * weights).sum() / BATCH)


def enhancer_step(training: Training, taught: TaughtWindows) -> float:
    """Learn what the regression says of windows."""
    windows, log_odds = taught.draw(TAUGHT, training.generator)
    found = training.network(*encoded(windows))[:, LABELS.index("enhancer")]
    wanted = torch.from_numpy(log_odds).float()
    return descend(training, TAUGHT_WEIGHT * F.smooth_l1_loss(found, wanted))


def change_step(training: Training, pairs: VariantPairs) -> float:
    """Learn what single-base changes do, as far as motifs can tell."""
    references, alternatives, places = pairs.draw(CHANGES, training.generator)
    logits = training.network(*encoded([*references, *alternatives]))
    found = logits[CHANGES:] - logits[:CHANGES]
    sums = torch.from_numpy(pairs.shifts[places]).float().clamp(-LARGEST_SHIFT, LARGEST_SHIFT)
    enhancer = LABELS.index("enhancer")
    loss = F.smooth_l1_loss(found[:, enhancer], sums * LOG_ODDS_PER_BIT, beta=0.2)
    factors = torch.from_numpy(pairs.factors[places]).float()
    known = ~factors.isnan()
    wanted = factors.clamp(-LARGEST_FACTOR_SHIFT, LARGEST_FACTOR_SHIFT) * math.log(2)
    columns = [LABELS.index(factor) for factor in FACTORS]
    of_factors = F.smooth_l1_loss(found[:, columns][known], wanted[known], reduction="sum")
    of_factors *= FACTOR_WEIGHT / CHANGES
    return descend(training, ENHANCER_WEIGHT * loss + of_factors)


def descend(training: Training, loss: Tensor) -> float:
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss is {value} at step {training.step}")
    training.optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(training.network.parameters(), LARGEST_GRADIENT)
    training.optimiser.step()
    return value


def initial_network(items: Mapping[str, Sequence[Item]], seed: int) -> ScanNetwork:
    motifs = motif_filters()
    print(f"{len(motifs.filters)} filters are motifs, {len(motifs.named)} hits named", flush=True)
    return ScanNetwork(
        len(LABELS),
        seed=seed,
        filters=motifs.filters,
        thresholds=motifs.thresholds,
        named=motifs.named,
        words=word_meanings(items, seed),
    )


def check_sequences(items: Mapping[str, Sequence[Item]]) -> list[Codes]:
    """Windows of every task that has whole ones, to check the written network with."""
    tasks = ("ctcf", "nanog", "enhancer")
    few = [item.codes for task in tasks for item in items[task][: CHECKED // 2]]
    return [central_window(codes) for codes in few if len(codes) >= WINDOW]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the models that ship with the package.")
    parser.add_argument("--data", type=Path, required=True, help="folder of sources.py's files")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=16_000, help="batches of 32 sequences")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--development",
        action="store_true",
        help="leave out the contigs to watch; the shipped weights are trained on them too",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved state")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    budget = Budget(given.seed, given.steps, given.threads, given.development)
    torch.set_num_threads(budget.threads)
    torch.manual_seed(budget.seed)
    state, scored = given.output / "state.pt", given.output / "changes.npz"
    asked = given.output / "taught.npz"
    if state.exists() and not given.resume:
        raise SystemExit(f"{state} exists: --resume goes on from it; else name another folder")
    require_sources(given.data)
    given.output.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(budget.threads):
        examples = training_examples(read_examples(given.data), given.data)
        items, set_aside = divided_by_task(examples)
        for task in items:
            print(f"{task}: {len(items[task])} to train on, {len(set_aside[task])} to watch")
        if not budget.development:
            items = {task: items[task] + set_aside[task] for task in items}
        if not (given.resume and scored.exists()):
            write_pairs(drawn_pairs(items, budget.seed), scored)
        pairs = read_pairs(scored)
        if not (given.resume and asked.exists()):
            write_taught(taught_windows(items, given.data, budget.seed), asked)
        taught = read_taught(asked)
        watched = drawn_watched(set_aside, pairs, budget.seed)
        network = initial_network(items, budget.seed)
        generator = np.random.default_rng([budget.seed, 0])
        training = Training(network, optimiser_of(network), generator)
        if given.resume and state.exists():
            training.restore(state, budget)
        train(training, items, taught, watched, budget, state)
        constant = balance_enhancers(network, items["enhancer"])
        print(f"enhancer output moved by {constant:.3f}", flush=True)
    details = {
        **asdict(budget),
        "batch": BATCH,
        "phases": [asdict(phase) for phase in PHASES],
        "sequences": {task: len(of_task) for task, of_task in items.items()},
        "changes": pairs.trained_on,
    }
    save_model(network, given.output / NAME, check_sequences(set_aside), details)
    print(f"{given.output / NAME}: written", flush=True)


if __name__ == "__main__":
    main()
