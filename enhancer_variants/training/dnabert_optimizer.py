"""How the published DNABERT code takes a training step: its AdamW and its learning rate.

Not :class:`torch.optim.AdamW`. The published code trains with the AdamW of transformers 2.5, which
adds epsilon before the bias correction rather than after it and decays the weights after the update
rather than before it. Both matter where gradients are small: a run of 20 steps ends 3e-3 away with
torch's. With what is here a run of the published code can be repeated step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.hooks import RemovableHandle

from enhancer_variants.errors import InputError

__all__ = [
    "DnabertAdamW",
    "DnabertRecipe",
    "freeze_padding_embedding",
    "linear_warmup_share",
    "parameter_groups",
]

BETAS = (0.9, 0.999)
EPSILON = 1e-8
GRADIENT_CLIP = 1.0


class DnabertAdamW(torch.optim.Optimizer):
    r"""AdamW as transformers 2.5 computes it (``optimization.py``), hence DNABERT.

    In step t, with gradient g: ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g**2``,
    ``p -= lr sqrt(1 - b2**t) / (1 - b1**t) * m / (sqrt(v) + eps)``, then ``p -= lr decay p``.

    Parameters
    ----------
    params
        Parameters, or groups of them as :func:`parameter_groups` makes them.
    lr
        Learning rate.
    betas
        Decay of the running means of the gradient and of its square, each in [0, 1).
    eps
        Added to the root of the mean square, before the bias correction.
    weight_decay
        Share of the learning rate by which a weight shrinks in each step.

    Raises
    ------
    InputError
        If a number is out of range, or on a step with sparse gradients.

    Examples
    --------
    With the first gradient, whatever its size, a weight moves by the learning rate:

    >>> weight = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimizer = DnabertAdamW([weight], lr=0.25)
    >>> (3 * weight).sum().backward()
    >>> optimizer.step()
    >>> round(weight.item(), 5)
    0.75
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        *,
        betas: tuple[float, float] = BETAS,
        eps: float = EPSILON,
        weight_decay: float = 0.0,
    ) -> None:
        _check_not_negative("lr", lr)
        _check_not_negative("eps", eps)
        _check_not_negative("weight_decay", weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise InputError(f"betas is {betas}; expected two numbers from 0 to below 1")
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient.

        Parameters
        ----------
        closure
            Computes the loss and the gradients anew; not needed.

        Returns
        -------
        float or None
            What `closure` returns.

        Raises
        ------
        InputError
            If a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if gradient.is_sparse:
            raise InputError(
                "a gradient is sparse; expected dense ones: make embeddings with sparse=False"
            )
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(parameter)
            state["mean_square"] = torch.zeros_like(parameter)
        state["step"] += 1
        (beta, beta_square), lr = group["betas"], group["lr"]
        mean, mean_square = state["mean"], state["mean_square"]
        mean.mul_(beta).add_(gradient, alpha=1 - beta)
        mean_square.mul_(beta_square).addcmul_(gradient, gradient, value=1 - beta_square)
        unbias = math.sqrt(1 - beta_square ** state["step"]) / (1 - beta ** state["step"])
        parameter.addcdiv_(mean, mean_square.sqrt().add_(group["eps"]), value=-lr * unbias)
        if group["weight_decay"]:
            parameter.add_(parameter, alpha=-lr * group["weight_decay"])


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split parameters into those that decay and those that do not: biases and layer norms.

    Parameters
    ----------
    network
        The network; parameters that need no gradient are left out.
    weight_decay
        Decay of the first group.

    Returns
    -------
    list of dict
        Two groups, ``params`` and ``weight_decay`` each, as an optimizer takes them.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))
    >>> [(len(group["params"]), group["weight_decay"]) for group in parameter_groups(network, 0.01)]
    [(1, 0.01), (3, 0.0)]
    """
    decaying: list[nn.Parameter] = []
    kept: list[nn.Parameter] = []
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad:
                keep = name == "bias" or isinstance(module, nn.LayerNorm)
                (kept if keep else decaying).append(parameter)
    return [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]


def linear_warmup_share(step: int, warmup_steps: int, total_steps: int) -> float:
    """Share of the full learning rate in a step: up from 0 in a line, then down to 0 in another.

    As ``get_linear_schedule_with_warmup`` of transformers: with a warm-up the first step has
    rate 0 and so changes nothing.

    Parameters
    ----------
    step
        Steps taken before this one, 0 for the first.
    warmup_steps
        The step, from 0, that has the full rate.
    total_steps
        Number of steps of the run.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> [linear_warmup_share(step, 2, 6) for step in range(7)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


@dataclass(frozen=True, slots=True)
class DnabertRecipe:
    """What one step of the published fine-tuning depends on (``run_finetune.py``).

    Attributes
    ----------
    learning_rate
        The largest, reached behind the warm-up.
    warmup_share
        Share of all steps, 0 to 1, in which the learning rate rises.
    weight_decay
        For every parameter but biases and layer norms.
    betas, epsilon
        Of :class:`DnabertAdamW`.
    gradient_clip
        Norm of all gradients together, as :func:`torch.nn.utils.clip_grad_norm_` takes it before
        each step.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> recipe = DnabertRecipe(learning_rate=3e-4, warmup_share=0.5, weight_decay=0.01)
    >>> optimizer = recipe.optimizer(nn.Linear(2, 2))
    >>> schedule = recipe.schedule(optimizer, total_steps=4)
    >>> recipe.gradient_clip, schedule.get_last_lr()[0]
    (1.0, 0.0)
    """

    learning_rate: float
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    betas: tuple[float, float] = BETAS
    epsilon: float = EPSILON
    gradient_clip: float = GRADIENT_CLIP

    def __post_init__(self) -> None:
        for name in ("learning_rate", "weight_decay", "epsilon"):
            _check_not_negative(name, getattr(self, name))
        if not 0 <= self.warmup_share <= 1:
            raise InputError(f"warmup_share is {self.warmup_share}; expected 0 to 1")
        if not self.gradient_clip > 0:
            raise InputError(f"gradient_clip is {self.gradient_clip}; expected a norm above 0")

    def optimizer(self, network: nn.Module) -> DnabertAdamW:
        """Optimizer of a network's parameters, without decay of biases and layer norms."""
        groups = parameter_groups(network, self.weight_decay)
        return DnabertAdamW(groups, self.learning_rate, betas=self.betas, eps=self.epsilon)

    def schedule(self, optimizer: torch.optim.Optimizer, total_steps: int) -> LambdaLR:
        """Learning rate of each step; to be stepped after the optimizer.

        Parameters
        ----------
        optimizer
            Any optimizer; its present rate is the largest of the schedule.
        total_steps
            Number of steps of the run: ``len(loader) // accumulation * epochs``.

        Returns
        -------
        LambdaLR
            Follows :func:`linear_warmup_share`, with ``int(warmup_share * total_steps)`` steps
            of warm-up.
        """
        warmup_steps = int(self.warmup_share * total_steps)
        share = partial(linear_warmup_share, warmup_steps=warmup_steps, total_steps=total_steps)
        return LambdaLR(optimizer, share)


def freeze_padding_embedding(embedding: nn.Embedding, padding_id: int) -> RemovableHandle:
    """Keep the embedding of [PAD] out of training, as the published code does.

    Its padding is attended, so gradients would reach that row; but its embedding is made with
    ``padding_idx``, which drops them. The row still decays.

    Parameters
    ----------
    embedding
        The word embeddings, changed in place.
    padding_id
        Id of [PAD].

    Returns
    -------
    RemovableHandle
        Its ``remove()`` lets the row be trained again.

    Examples
    --------
    >>> embedding = nn.Embedding(3, 1)
    >>> handle = freeze_padding_embedding(embedding, 0)
    >>> embedding(torch.tensor([0, 1, 1])).sum().backward()
    >>> embedding.weight.grad.flatten().tolist()
    [0.0, 2.0, 0.0]
    """

    def without_padding(gradient: Tensor) -> Tensor:
        kept = gradient.clone()
        kept[padding_id] = 0
        return kept

    weight: Tensor = embedding.weight
    handle: RemovableHandle = weight.register_hook(without_padding)  # type: ignore[no-untyped-call]
    return handle


def _check_not_negative(name: str, number: float) -> None:
    if not 0 <= number < math.inf:
        raise InputError(f"{name} is {number}; expected a number from 0 up")
