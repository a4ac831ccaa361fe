"""A model that is ready to score: its network on a device, and how it wants to be fed."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import scipy.special
import torch

from enhancer_variants.errors import CheckpointError, ModelError
from enhancer_variants.models.admission import Backend, Precision
from enhancer_variants.models.admission_choice import admitted
from enhancer_variants.models.card import ModelCard, Padding
from enhancer_variants.models.checkpoint import Checkpoint, read_checkpoint
from enhancer_variants.models.completion import complete_card
from enhancer_variants.models.graphed_network import GraphedNetwork
from enhancer_variants.models.network import DnabertNetwork, from_checkpoint_names
from enhancer_variants.models.openvino_network import (
    OpenvinoNetwork,
    has_openvino,
    require_openvino,
)
from enhancer_variants.models.tokens import longest_sequence
from enhancer_variants.models.views import ModelView, find_model
from enhancer_variants.models.vocabulary import Vocabulary

__all__ = [
    "Model",
    "joined",
    "load_model",
    "log_odds",
    "longest_sequence",
    "probability",
    "seen_as",
]

_DTYPES: dict[str, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model.

    Attributes
    ----------
    name
        Name, the prefix of its columns.
    card
        What is known of it; nothing that scoring needs is None.
    window_length
        Bases of a window, W.
    max_seq_length
        Tokens of the padded input; None where padding has no influence.
    padding
        ``dnabert`` or ``none``.
    vocabulary
        Token ids.
    network
        The network, in evaluation mode, on `device` and in `precision`.
    device, precision
        Where and how it computes.
    weights_sha256
        SHA-256 of the weights file.
    assumptions
        One sentence for each property that neither the card nor an argument gave.
    output_names
        One name for each column of log-odds: the model's own for a single-label model, the labels
        of a multi-label one.
    decision_threshold
        Log2 odds at which the call changes.
    columns
        Which of the network's outputs are the model's, where another model has the others; None
        for all.
    backend
        What computes the logits: ``torch`` or ``openvino``.
    """

    name: str
    card: ModelCard
    window_length: int
    max_seq_length: int | None
    padding: Padding
    vocabulary: Vocabulary
    network: DnabertNetwork
    device: torch.device
    precision: Precision
    weights_sha256: str
    assumptions: tuple[str, ...]
    output_names: tuple[str, ...]
    decision_threshold: float
    columns: tuple[int, ...] | None = None
    backend: Backend = "torch"

    @property
    def token_limit(self) -> int:
        """Most tokens that a row can have."""
        return self.max_seq_length or self.network.config.max_position_embeddings

    @property
    def longest(self) -> int:
        """Bases of the longest sequence of which the model reads every k-mer."""
        return longest_sequence(self.vocabulary.k, self.token_limit)


def load_model(
    directory: str | os.PathLike[str] | ModelView,
    name: str | None = None,
    *,
    window: int | None = None,
    max_seq_length: int | None = None,
    padding: Padding | None = None,
    device: str = "auto",
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto",
    backend: Literal["auto", "torch", "openvino"] = "auto",
) -> Model:
    """Load a model.

    Parameters
    ----------
    directory
        A directory as the published DNABERT code, transformers or this package writes it;
        ``enhancer-mini`` or ``tfbs-mini``, which are bundled; or the name of a model that has
        been downloaded.
    name
        Name of the model; by default the card's, else the directory's.
    window, max_seq_length, padding
        What the card does not say: bases of a window, tokens of the padded input, ``dnabert`` or
        ``none``. By default W = 200, ``dnabert`` for directories of the published code and
        ``none`` for those of today's transformers, and 200 tokens or what the window needs.
    device
        ``auto`` (an accelerator if there is one), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    precision, backend
        ``auto`` is the quickest that the card admits on this kind of device, of what is
        installed: fp32 on torch where ``enhancer-variants models check`` has recorded nothing.
        ``openvino``, for CPUs, is fp32 or bf16 and needs the extra of that name.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    CheckpointError, UnsafeCheckpointError
        As `read_checkpoint`; also if several labels leave it open which one is positive.
    WindowLengthError
        If the window has more bases than the model reads.
    ModelError
        If an argument contradicts the card, or there is no such device, precision or backend.
    MissingDependencyError
        If OpenVINO is asked for and is not installed.
    InputError
        If a bundled model is named and not installed.

    Examples
    --------
    >>> load_model("no/such/model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    enhancer_variants.errors.CheckpointError: no/such/model: no such directory; expected a model ...
    """
    _check_choice("precision", precision, get_args(Precision))
    _check_choice("backend", backend, get_args(Backend))
    torch_device = _device("cpu" if (device, backend) == ("auto", "openvino") else device)
    view = find_model(directory)
    checkpoint = read_checkpoint(view.directory)
    card, assumptions = complete_card(
        checkpoint, window=window, max_seq_length=max_seq_length, padding=padding
    )
    if card.task == "single_label" and card.positive_label is None:
        raise CheckpointError(
            f"{view.directory}: labels {list(card.labels)}, none of them marked as positive; "
            "expected a card that does: convert the model with positive_label set to one of them"
        )
    chosen, computed_by = _choice(card, torch_device, precision, backend)
    whole = Model(
        name=card.name,
        card=card,
        window_length=cast("int", card.window_length),
        max_seq_length=card.max_seq_length,
        padding=cast("Padding", card.padding),
        vocabulary=checkpoint.vocabulary,
        network=_network(checkpoint, torch_device, chosen, computed_by),
        device=torch_device,
        precision=chosen,
        weights_sha256=checkpoint.weights_sha256,
        assumptions=assumptions,
        output_names=ModelView(view.directory).output_names(card, None),
        decision_threshold=float(card.decision_threshold),
        backend=computed_by,
    )
    return seen_as(whole, view, name)


def seen_as(whole: Model, view: ModelView, name: str | None = None) -> Model:
    """Give a part of a model, or all of it under another name; the network is the same object.

    Parameters
    ----------
    whole
        The model with all of its outputs.
    view
        Which of them are meant.
    name
        What the part is called; by default the view's name, else the card's.

    Returns
    -------
    Model
        A card with the part's labels and their null distributions, and the part's columns.

    Raises
    ------
    InputError
        If the part has no outputs.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> model = load_model(demo_files().model)
    >>> again = seen_as(model, ModelView(demo_files().model), "CTCF")
    >>> again.output_names, again.network is model.network
    (('CTCF',), True)
    """
    card = view.card_of(whole.card)
    return replace(
        whole,
        name=name or card.name,
        card=card,
        output_names=view.output_names(whole.card, name),
        columns=view.columns(whole.card),
    )


def joined(parts: Sequence[Model]) -> Model:
    """Put parts of one network together again, to be read in one pass.

    Parameters
    ----------
    parts
        One or more models that :func:`seen_as` made of one network.

    Returns
    -------
    Model
        Its outputs are those of the parts, in their order; without null distributions.

    Raises
    ------
    ModelError
        If a model is no part of the first one's network.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> model = load_model(demo_files().model)
    >>> joined([model]) is model
    True
    """
    first, *others = parts
    if not others:
        return first
    for model in others:
        if model.network is not first.network or None in (model.columns, first.columns):
            raise ModelError(
                f"models {first.name} and {model.name} are no parts of one network; expected parts "
                "of one multi-label model"
            )
    labels = tuple(label for model in parts for label in model.card.labels)
    return replace(
        first,
        card=replace(first.card, labels=labels, nulls=()),
        columns=tuple(column for model in parts for column in model.columns or ()),
        output_names=tuple(output for model in parts for output in model.output_names),
    )


def log_odds(model: Model, logits: npt.NDArray[np.float32]) -> Scores:
    """Log2 odds of the positive class, from logits.

    Two labels: ``(z_positive - z_negative) / ln 2``. C labels: ``(z_positive - logsumexp of the
    others) / ln 2``. Multi-label: ``z / ln 2`` for each.

    Parameters
    ----------
    model
        The model.
    logits
        Shape ``(n, labels)``, all labels of the network.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, outputs)``, float64; above 0, the positive class is the likelier one. Not
        finite where the logits are not.
    """
    exact = np.asarray(logits, dtype=np.float64)
    if model.card.task == "multi_label":
        own = exact if model.columns is None else exact[:, list(model.columns)]
        return own / math.log(2)
    positive = model.card.labels.index(model.card.positive_label or "")
    others = np.delete(exact, positive, axis=1)
    with np.errstate(invalid="ignore"):
        nats = exact[:, [positive]] - scipy.special.logsumexp(others, axis=1, keepdims=True)
    return np.asarray(nats / math.log(2))


def probability(log_odds: Scores) -> Scores:
    """Probability at given log2 odds: ``1 / (1 + 2**-x)``, exact at both ends.

    Parameters
    ----------
    log_odds
        Log2 odds, any shape.

    Returns
    -------
    numpy.ndarray
        Probabilities, same shape.

    Examples
    --------
    >>> probability(np.array([0.0, 1.0, -2000.0])).round(3).tolist()
    [0.5, 0.667, 0.0]
    """
    return np.asarray(scipy.special.expit(np.asarray(log_odds) * math.log(2)))


def _network(
    checkpoint: Checkpoint, device: torch.device, precision: Precision, backend: Backend
) -> DnabertNetwork:
    config = checkpoint.config
    network: DnabertNetwork
    with torch.device("meta"):  # no memory and no random numbers for weights that are replaced
        if backend == "openvino":
            network = OpenvinoNetwork(config, precision=precision)
        else:
            network = (GraphedNetwork if device.type == "cuda" else DnabertNetwork)(config)
    network.load_state_dict(
        from_checkpoint_names(checkpoint.tensors, config.num_hidden_layers), assign=True
    )
    network.requires_grad_(False).eval()
    if backend == "torch":
        network.to(device=device, dtype=_DTYPES[precision])
        if device.type == "cpu":
            network.pack()
    return network


def _choice(
    card: ModelCard, device: torch.device, precision: str, backend: str
) -> tuple[Precision, Backend]:
    """Precision and backend, the card having its say where it is ``auto``."""
    precisions = get_args(Precision) if precision == "auto" else (precision,)
    backends = get_args(Backend) if backend == "auto" else (backend,)
    known = {admission.backend for admission in card.admissions} | {"torch"}
    if backend == "auto":
        if "openvino" not in known or not has_openvino():
            backends = ("torch",)
    elif backend == "openvino":
        if device.type != "cpu":
            raise ModelError(f"backend 'openvino' on {device}; expected device 'cpu'")
        if precision == "fp16":
            raise ModelError("backend 'openvino' with precision 'fp16'; expected fp32 or bf16")
        require_openvino()
    return admitted(card, device.type, precisions=precisions, backends=backends)


def _check_choice(name: str, asked_for: str, known: Sequence[str]) -> None:
    if asked_for not in ("auto", *known):
        raise ModelError(f"{name} {asked_for!r}; expected auto, {', '.join(known)}")


def _device(asked_for: str) -> torch.device:
    present = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        present.append("mps")
    present.append("cpu")
    if asked_for == "auto":
        return torch.device(present[0])
    wanted = "cuda:0" if asked_for == "cuda" else asked_for
    if wanted not in present:
        raise ModelError(f"device {asked_for!r}; expected auto or one of: {', '.join(present)}")
    return torch.device(wanted)
