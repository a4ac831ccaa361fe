"""What is known of each published model, read from the data file beside this module."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.models.card import Padding

__all__ = ["HubSource", "ModelEntry", "RecordSource", "find_entry", "published_models"]

_DATA = "published.toml"


@dataclass(frozen=True, slots=True)
class HubSource:
    """A folder of a repository of the Hugging Face hub.

    Attributes
    ----------
    repository
        ``owner/name``.
    revision
        A commit, which never changes, or a branch, which may.
    folder
        Folder in the repository, empty for its root.
    """

    repository: str
    revision: str = "main"
    folder: str = ""


@dataclass(frozen=True, slots=True)
class RecordSource:
    """A record of Zenodo with an archive of the model.

    Attributes
    ----------
    address
        Of the record's description in JSON, which names files, sizes and MD5 checksums.
    hint
        What the name of the right archive, or of a folder in it, contains.
    """

    address: str
    hint: str = ""


Source: TypeAlias = HubSource | RecordSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A published model: what it is, how it is used, who may use it, and where it lies.

    Attributes
    ----------
    name
        Name by which it is downloaded and used.
    description
        What it predicts, in a few words.
    collection
        Name of the collection that it belongs to, or None.
    label
        Name for the model's card, and so for its columns.
    base
        Whether it has no trained classifier: something to fine-tune, not to score with.
    kmer
        Bases of a k-mer.
    window_length, max_seq_length, padding
        As in a :class:`~enhancer_variants.models.ModelCard`; None for a base model.
    licence
        Licence of the weights, by its SPDX name.
    citation, homepage
        What to cite, and where a person reads more.
    size
        Bytes to download, as the publisher rounds them; None where it does not say.
    source
        Where the files are.
    sha256
        Published SHA-256 checksums by file name; of the other files, the first ones seen hold.
    unverified
        What could not be looked up, a sentence each.

    Examples
    --------
    >>> entry = find_entry("DNABERT-Enhancer-350")
    >>> entry.window_length, entry.licence, entry.non_commercial
    (350, 'Apache-2.0', False)
    """

    name: str
    description: str
    kmer: int
    licence: str
    citation: str
    homepage: str
    source: Source
    collection: str | None = None
    label: str = ""
    base: bool = False
    window_length: int | None = None
    max_seq_length: int | None = None
    padding: Padding | None = None
    size: int | None = None
    sha256: Mapping[str, str] = field(default_factory=dict, hash=False)
    unverified: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What the path of this model contains in an archive of several."""
        return self.source.hint if isinstance(self.source, RecordSource) else self.label

    @property
    def non_commercial(self) -> bool:
        """Whether the licence forbids commercial use (Creative Commons' NC)."""
        return "NC" in self.licence.split("-")


def published_models() -> tuple[ModelEntry, ...]:
    """Every model of the registry, in the order in which they are listed.

    Examples
    --------
    >>> [entry.name for entry in published_models()][:3]
    ['DNABERT-Enhancer-201', 'DNABERT-Enhancer-350', 'DNABERT-3']
    """
    text = resources.files(__package__).joinpath(_DATA).read_text(encoding="utf-8")
    content = tomllib.loads(text)
    alone = [_entry(table, table["name"]) for table in content["model"]]
    return (*alone, *(entry for table in content["collection"] for entry in _members(table)))


def find_entry(name: str) -> ModelEntry:
    """Find a model of the registry by its name.

    Parameters
    ----------
    name
        The name.

    Raises
    ------
    InputError
        If there is no such model; the message names those that are spelled alike.

    Examples
    --------
    >>> find_entry("DNABERT-6").source.repository
    'zhihan1996/DNA_bert_6'
    """
    entries = {entry.name: entry for entry in published_models()}
    if name in entries:
        return entries[name]
    collections = {entry.collection for entry in entries.values() if entry.collection}
    if name in collections:
        members = [entry.name for entry in entries.values() if entry.collection == name]
        raise InputError(
            f"{name} is a collection of {len(members)} models; expected the names of some, as "
            f"{members[0]}: 'enhancer-variants models list --all' shows them"
        )
    folded = {known.casefold(): known for known in entries}
    alike = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.75)
    meant = f"did you mean {', '.join(folded[match] for match in alike)}? " if alike else ""
    raise InputError(
        f"no published model is called {name!r:.80}; {meant}'enhancer-variants models list' shows "
        "all names"
    )


def _members(table: Mapping[str, Any]) -> tuple[ModelEntry, ...]:
    """Entries of a collection, whose values may contain ``{member}``."""
    known = table["weights_sha256"]
    entries = []
    for member in table["members"].split():
        values = {
            key: value.format(member=member) if isinstance(value, str) else value
            for key, value in table.items()
            if key not in {"members", "weights_sha256", "title"}
        }
        if member in known:
            values["sha256"] = {"pytorch_model.bin": known[member]}
        else:
            values["unverified"] = [*table["unverified"], "the checksum of the weights"]
        entries.append(_entry(values, member, collection=table["title"]))
    return tuple(entries)


def _entry(table: Mapping[str, Any], label: str, collection: str | None = None) -> ModelEntry:
    values = dict(table)
    source: Source
    if "record" in values:
        source = RecordSource(values.pop("record"), values.pop("hint"))
    else:
        source = HubSource(
            values.pop("repository"), values.pop("revision"), values.pop("folder", "")
        )
    values["unverified"] = tuple(values.get("unverified", ()))
    return ModelEntry(**values, source=source, label=label, collection=collection)
