"""The model card: what a model is, in a file ``enhancer_variants.json`` beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, get_args

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models.admission import Admission, admissions_from_json
from enhancer_variants.models.card_checks import (
    LONGEST_NAME,
    is_name,
    is_sha256,
    is_whole,
    wrong_value,
)
from enhancer_variants.models.files import JSON, read_json_object, write_atomically
from enhancer_variants.models.null_set import (
    MOST_NULL_SETS,
    NullConditions,
    NullSet,
    null_sets_beside,
    null_sets_from_json,
)

__all__ = [
    "CARD_FILE",
    "ModelCard",
    "read_card",
    "require_room_for_nulls",
    "with_assumptions_noted",
    "write_card",
]

CARD_FILE = "enhancer_variants.json"
"""Name of the card's file in a model directory."""

Task = Literal["single_label", "multi_label"]
Padding = Literal["dnabert", "none"]

_FORMAT = 1
_LARGEST_CARD = 1_000_000
"""Bytes of a card without its null distributions."""

_LARGEST_FILE = 64 * 2**20
"""Bytes with them: room for 1,190 labels."""

_NULL_BYTES = 28_100
"""Bytes of a null distribution of one output and kind, at most: 14 for each number."""

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
    nulls
        Null distributions of the log-odds shift, once for each way to use the model that was
        calibrated (:class:`~enhancer_variants.models.null_set.NullSet`).
    admissions
        Precisions and backends that were found good enough, by kind of device
        (:class:`~enhancer_variants.models.admission.Admission`). Written only where there are any.
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
    nulls: tuple[NullSet, ...] = field(default=(), repr=False)
    admissions: tuple[Admission, ...] = ()
    format: int = _FORMAT

    def __post_init__(self) -> None:
        _check_format(self.format)
        _check_labels(self)
        _check_lengths(self)
        _check_text(self)
        _check_training(self.training)
        _check_nulls(self)
        _check_admissions(self.admissions)
        if not _is_threshold(self.decision_threshold):
            expected = f"a number (log2 odds) from -{_LARGEST_THRESHOLD} to {_LARGEST_THRESHOLD}"
            raise wrong_value("decision_threshold", self.decision_threshold, expected)
        if not (self.padding is None or self.padding in get_args(Padding)):
            raise wrong_value("padding", self.padding, '"dnabert", "none" or null')

    @property
    def number_of_outputs(self) -> int:
        """Log-odds that the model gives: one for each label of a multi-label model, else one."""
        return len(self.labels) if self.task == "multi_label" else 1


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
    content = read_json_object(path, _LARGEST_FILE)
    nulls = content.pop("nulls", [])
    try:
        # The format first: a newer one may well have keys that are unknown here.
        _check_format(content.get("format"))
        _check_size(json.dumps(content, ensure_ascii=False))
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
            raise wrong_value("labels", content["labels"], "a list of names")
        admissions = admissions_from_json(content.pop("admissions", []))
        own = {**content, "labels": tuple(content["labels"]), "admissions": admissions}
        # The constructor checks every type; nothing that it accepts is of another one.
        card = ModelCard(**own)  # type: ignore[arg-type]
        return replace(card, nulls=null_sets_from_json(nulls, card.number_of_outputs))
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
    CheckpointError
        If the card is larger than one that can be read.
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
    path = Path(path)
    written = _json_of(card)
    if len(written) > _LARGEST_FILE:
        raise CheckpointError(
            f"{path}: {len(written)} bytes of a card; expected at most {_LARGEST_FILE}: keep null "
            "distributions for fewer ways to use the model"
        )
    write_atomically(path, written)


def require_room_for_nulls(card: ModelCard, conditions: NullConditions) -> None:
    """Refuse further null distributions that a card would have no room for.

    Parameters
    ----------
    card
        The card as it is.
    conditions
        How the model is used for the new ones; those for the same give way.

    Raises
    ------
    CheckpointError
        If the card could become larger than one that can be read, or would hold too many.

    Examples
    --------
    >>> card = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",))
    >>> use = NullConditions(
    ...     weights_sha256="0" * 64, window_length=200, max_seq_length=None, padding="none",
    ...     positive_label=None, strand="forward", anchors="left", shifts=0)
    >>> require_room_for_nulls(card, use)
    """
    kept = null_sets_beside(card.nulls, conditions)
    size = len(_json_of(replace(card, nulls=kept)))
    added = 2 * card.number_of_outputs * _NULL_BYTES
    if not kept and size + added > _LARGEST_FILE:
        raise CheckpointError(
            f"null distributions of {card.number_of_outputs} outputs may take {added} bytes beside "
            f"the {size} of the card; expected at most {_LARGEST_FILE}, as for 1,190 outputs"
        )
    if size + added > _LARGEST_FILE or len(kept) >= MOST_NULL_SETS:
        raise CheckpointError(
            f"the card has {size} bytes with null distributions for {len(kept)} other ways to use "
            f"the model, and these may take {added} more; expected at most {_LARGEST_FILE} bytes "
            f"and {MOST_NULL_SETS} ways: calibrate a copy of the model directory, with 'nulls' in "
            "its card emptied, for other options"
        )


def with_assumptions_noted(card: ModelCard, when: str, assumptions: Sequence[str]) -> ModelCard:
    r"""Note in a card which of its values nobody has said.

    Parameters
    ----------
    card
        The completed card. Its own notes stay, before the new one.
    when
        Occasion on which the values were assumed, as ``calibrated``.
    assumptions
        A sentence for each; where there is none the card is given as it is.

    Examples
    --------
    >>> card = ModelCard(name="CTCF", task="multi_label", labels=("CTCF",), notes="Mine.")
    >>> with_assumptions_noted(card, "calibrated", ["Nothing says W: 200 is assumed."]).notes
    'Mine.\nAssumed when the model was calibrated: Nothing says W: 200 is assumed.'
    """
    if not assumptions:
        return card
    noted = f"Assumed when the model was {when}: {' '.join(assumptions)}"
    return replace(card, notes=f"{card.notes}\n{noted}" if card.notes else noted)


def _json_of(card: ModelCard) -> bytes:
    content = asdict(card)
    if not card.admissions:
        del content["admissions"]  # a card without any keeps the bytes it had before there were any
    lines = []
    for key in sorted(content):
        text = _compact(content[key]) if key == "nulls" else _indented(content[key])
        lines.append(f"  {json.dumps(key)}: {text}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8")


def _indented(value: object) -> str:
    """JSON of a value of a card, as it stands one level deep."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.replace("\n", "\n  ")  # line ends in JSON are never part of a text


def _compact(values: Sequence[object]) -> str:
    """JSON of values that hold many numbers, one line for each."""
    if not values:
        return "[]"
    lines = (
        json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False) for value in values
    )
    return "[\n    " + ",\n    ".join(lines) + "\n  ]"


def _check_size(text: str) -> None:
    if len(text.encode()) > _LARGEST_CARD:
        raise CheckpointError(
            f"larger than {_LARGEST_CARD} bytes without its nulls; expected far less"
        )


def _check_format(value: object) -> None:
    if not is_whole(value, 1):
        raise wrong_value("format", value, f"a whole number, {_FORMAT} today")
    if value != _FORMAT:
        raise CheckpointError(
            f"key 'format' is {value}, newer than this version of enhancer_variants reads "
            f"({_FORMAT}): update enhancer_variants"
        )


def _check_labels(card: ModelCard) -> None:
    if card.task not in get_args(Task):
        raise wrong_value("task", card.task, '"single_label" or "multi_label"')
    fewest = 2 if card.task == "single_label" else 1
    if not isinstance(card.labels, tuple) or len(card.labels) < fewest:
        raise wrong_value(
            "labels", card.labels, f"a list of {fewest} or more names for {card.task}"
        )
    for label in card.labels:
        if not is_name(label):
            raise wrong_value("labels", label, f"printable names of 1 to {LONGEST_NAME} characters")
    if len(set(card.labels)) < len(card.labels):
        raise wrong_value("labels", card.labels, "each name once")
    if card.positive_label is not None:
        if card.task == "multi_label":
            raise wrong_value("positive_label", card.positive_label, "null for a multi_label model")
        if card.positive_label not in card.labels:
            raise wrong_value(
                "positive_label", card.positive_label, f"one of the labels {card.labels}"
            )


def _check_lengths(card: ModelCard) -> None:
    for key, least, most in (
        ("window_length", 1, _LARGEST_LENGTH),
        ("kmer", 1, 8),
        ("max_seq_length", 3, _LARGEST_LENGTH),
    ):
        value = getattr(card, key)
        if value is not None and not (is_whole(value, least) and value <= most):
            raise wrong_value(key, value, f"a whole number from {least} to {most}, or null")


def _check_text(card: ModelCard) -> None:
    if not is_name(card.name):
        raise wrong_value("name", card.name, f"a printable name of 1 to {LONGEST_NAME} characters")
    for key in ("licence", "citation", "notes"):
        value = getattr(card, key)
        if not (value is None or isinstance(value, str)):
            raise wrong_value(key, value, "text or null")
    digest = card.weights_sha256
    if not (digest is None or is_sha256(digest)):
        raise wrong_value("weights_sha256", digest, "64 lower-case hexadecimal digits or null")


def _check_training(training: object) -> None:
    expected = "an object of JSON values"
    if not isinstance(training, Mapping):
        raise wrong_value("training", training, expected)
    try:
        same = json.loads(json.dumps(dict(training), allow_nan=False)) == training
    except (TypeError, ValueError, RecursionError) as error:
        raise wrong_value("training", training, f"{expected} ({error})") from error
    if not same:
        raise wrong_value(
            "training", training, f"{expected}: names as keys, lists rather than tuples"
        )


def _check_nulls(card: ModelCard) -> None:
    if not isinstance(card.nulls, tuple) or not all(isinstance(n, NullSet) for n in card.nulls):
        raise wrong_value("nulls", card.nulls, "a tuple of NullSet")
    if len({null.conditions for null in card.nulls}) < len(card.nulls):
        raise wrong_value("nulls", card.nulls[0].conditions, "each set of conditions once")
    for null in card.nulls:
        if len(null.outputs) != card.number_of_outputs:
            expected = f"{card.number_of_outputs} outputs, as many as the model has"
            raise wrong_value("nulls", len(null.outputs), expected)


def _check_admissions(admissions: object) -> None:
    if not isinstance(admissions, tuple) or not all(isinstance(a, Admission) for a in admissions):
        raise wrong_value("admissions", admissions, "a tuple of Admission")
    keys = [admission.key for admission in admissions]
    for key in keys:
        if keys.count(key) > 1:
            expected = "each precision and backend once for a kind of device"
            raise wrong_value("admissions", " ".join(key), expected)


def _is_threshold(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= _LARGEST_THRESHOLD
