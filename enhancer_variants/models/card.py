"""The model card: what a model is, in a file ``enhancer_variants.json`` beside its weights."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.files import JSON, read_json_object, write_atomically

__all__ = ["CARD_FILE", "ModelCard", "read_card", "write_card"]

CARD_FILE = "enhancer_variants.json"
"""Name of the card's file in a model directory."""

Task = Literal["single_label", "multi_label"]
Padding = Literal["dnabert", "none"]

_FORMAT = 1
_LARGEST_CARD = 1_000_000
_LONGEST_NAME = 200
_LARGEST_LENGTH = 1_000_000
_LARGEST_THRESHOLD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a model is and how it wants to be used; None where the card does not say.

    Attributes
    ----------
    name
        Name of the model, the default prefix of its columns.
    task
        ``single_label`` (softmax over the labels) or ``multi_label`` (one sigmoid each).
    labels
        Name of each output of the classifier, in order.
    positive_label
        For ``single_label``: the label whose log-odds are reported.
    window_length
        Bases the model reads, W.
    kmer
        Bases of a k-mer.
    max_seq_length
        Tokens of the padded input, [CLS] and [SEP] included.
    padding
        ``dnabert``: padded to `max_seq_length`, the padding attended as in the published code;
        ``none``: padding has no influence.
    licence, citation, notes
        Free text.
    training
        Provenance of the weights: JSON values by name.
    weights_sha256
        SHA-256 of the weights file, 64 lower-case hexadecimal digits.
    decision_threshold
        Log2 odds at which the call changes from negative to positive; 0 is P = 0.5.
    format
        Version of the card's format.

    Raises
    ------
    CheckpointError
        If a value is of another type or outside its range; the message names the key.

    Examples
    --------
    >>> card = ModelCard(name="CTCF", task="single_label", labels=("no", "yes"), window_length=301)
    >>> card.padding is None, card.decision_threshold
    (True, 0.0)
    """

    name: str
    task: Task
    labels: tuple[str, ...]
    positive_label: str | None = None
    window_length: int | None = None
    kmer: int | None = None
    max_seq_length: int | None = None
    padding: Padding | None = None
    licence: str | None = None
    citation: str | None = None
    training: Mapping[str, JSON] = field(default_factory=dict, hash=False)
    weights_sha256: str | None = None
    decision_threshold: float = 0.0
    notes: str | None = None
    format: int = _FORMAT

    def __post_init__(self) -> None:
        _check_format(self.format)
        _check_labels(self)
        _check_lengths(self)
        _check_text(self)
        _check_training(self.training)
        if not _is_threshold(self.decision_threshold):
            expected = f"a number (log2 odds) from -{_LARGEST_THRESHOLD} to {_LARGEST_THRESHOLD}"
            raise _wrong("decision_threshold", self.decision_threshold, expected)
        if not (self.padding is None or self.padding in get_args(Padding)):
            raise _wrong("padding", self.padding, '"dnabert", "none" or null')


def read_card(path: str | Path) -> ModelCard:
    """Read a model card.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        If it is no card: not JSON, an unknown or missing key, a value of another type, a format
        that is newer than this version reads. The message names file, key and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> card = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, CARD_FILE)
    ...     write_card(card, file)
    ...     read_card(file) == card
    True
    """
    path = Path(path)
    content = read_json_object(path, _LARGEST_CARD)
    try:
        # The format first: a newer one may well have keys that are unknown here.
        _check_format(content.get("format"))
        known = {item.name for item in fields(ModelCard)}
        unknown = sorted(content.keys() - known)
        if unknown:
            raise CheckpointError(
                f"key {unknown[0]!r} is unknown; expected {', '.join(sorted(known))}"
            )
        missing = sorted({"name", "task", "labels"} - content.keys())
        if missing:
            raise CheckpointError(f"key {missing[0]!r} is missing; expected name, task and labels")
        if not isinstance(content["labels"], list):
            raise _wrong("labels", content["labels"], "a list of names")
        # The constructor checks every type; nothing that it accepts is of another one.
        return ModelCard(**{**content, "labels": tuple(content["labels"])})  # type: ignore[arg-type]
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def write_card(card: ModelCard, path: str | Path) -> None:
    """Write a model card: equal cards are equal bytes, and no half-written card is ever seen.

    Parameters
    ----------
    card
        The card.
    path
        The file; replaced if it exists.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, CARD_FILE)
    ...     write_card(ModelCard(name="CTCF", task="multi_label", labels=("CTCF",)), file)
    ...     file.read_text().splitlines()[1]
    '  "citation": null,'
    """
    text = json.dumps(asdict(card), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(Path(path), (text + "\n").encode("utf-8"))


def _wrong(key: str, found: object, expected: str) -> CheckpointError:
    shown = repr(found)
    return CheckpointError(f"key {key!r} is {shown[:80]}; expected {expected}")


def _check_format(value: object) -> None:
    if not _is_whole(value, 1):
        raise _wrong("format", value, f"a whole number, {_FORMAT} today")
    if value != _FORMAT:
        raise CheckpointError(
            f"key 'format' is {value}, newer than this version of enhancer_variants reads "
            f"({_FORMAT}): update enhancer_variants"
        )


def _check_labels(card: ModelCard) -> None:
    if card.task not in get_args(Task):
        raise _wrong("task", card.task, '"single_label" or "multi_label"')
    fewest = 2 if card.task == "single_label" else 1
    if not isinstance(card.labels, tuple) or len(card.labels) < fewest:
        raise _wrong("labels", card.labels, f"a list of {fewest} or more names for {card.task}")
    for label in card.labels:
        if not _is_name(label):
            raise _wrong("labels", label, f"printable names of 1 to {_LONGEST_NAME} characters")
    if len(set(card.labels)) < len(card.labels):
        raise _wrong("labels", card.labels, "each name once")
    if card.positive_label is not None:
        if card.task == "multi_label":
            raise _wrong("positive_label", card.positive_label, "null for a multi_label model")
        if card.positive_label not in card.labels:
            raise _wrong("positive_label", card.positive_label, f"one of the labels {card.labels}")


def _check_lengths(card: ModelCard) -> None:
    for key, least, most in (
        ("window_length", 1, _LARGEST_LENGTH),
        ("kmer", 1, 8),
        ("max_seq_length", 3, _LARGEST_LENGTH),
    ):
        value = getattr(card, key)
        if value is not None and not (_is_whole(value, least) and value <= most):
            raise _wrong(key, value, f"a whole number from {least} to {most}, or null")


def _check_text(card: ModelCard) -> None:
    if not _is_name(card.name):
        raise _wrong("name", card.name, f"a printable name of 1 to {_LONGEST_NAME} characters")
    for key in ("licence", "citation", "notes"):
        value = getattr(card, key)
        if not (value is None or isinstance(value, str)):
            raise _wrong(key, value, "text or null")
    digest = card.weights_sha256
    if digest is not None and not (
        isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
    ):
        raise _wrong("weights_sha256", digest, "64 lower-case hexadecimal digits or null")


def _check_training(training: object) -> None:
    expected = "an object of JSON values"
    if not isinstance(training, Mapping):
        raise _wrong("training", training, expected)
    try:
        same = json.loads(json.dumps(dict(training), allow_nan=False)) == training
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong("training", training, f"{expected} ({error})") from error
    if not same:
        raise _wrong("training", training, f"{expected}: names as keys, lists rather than tuples")


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_threshold(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= _LARGEST_THRESHOLD


def _is_name(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_NAME
        and value.isprintable()
        and value == value.strip()
    )
