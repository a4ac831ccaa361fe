"""Which models are meant, and what their columns are called."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.models import read_card
from enhancer_variants.models.card import CARD_FILE

__all__ = [
    "RESERVED_NAMES",
    "FactorSource",
    "ModelSource",
    "enhancer_models",
    "factor_models",
    "named_models",
]

ModelSource: TypeAlias = str | os.PathLike[str]
"""The directory of a model."""

FactorSource: TypeAlias = ModelSource | Sequence[ModelSource] | Mapping[str, ModelSource]
"""TFBS models: by name, or directories, or a folder of such directories."""

RESERVED_NAMES = frozenset({"enhancer", "motif", "tfbs", "agreement"})
"""What begins the names of other columns."""

_CONFIG = "config.json"


def named_models(
    enhancer: ModelSource | Mapping[str, ModelSource] | None,
    tfbs: FactorSource | None,
    *,
    or_else: object = None,
) -> tuple[dict[str, ModelSource], dict[str, ModelSource]]:
    """Enhancer models and TFBS models by name, each name once.

    Parameters
    ----------
    enhancer, tfbs
        As for :func:`enhancer_models` and :func:`factor_models`.
    or_else
        What may be named instead of a model.

    Raises
    ------
    InputError
        If nothing at all is named, or a TFBS model has an enhancer model's name.

    Examples
    --------
    >>> named_models("models/enhancer", {"CTCF": "models/ctcf"})
    ({'enhancer': 'models/enhancer'}, {'CTCF': 'models/ctcf'})
    """
    enhancers, factors = enhancer_models(enhancer), factor_models(tfbs)
    if not enhancers and not factors and or_else is None:
        raise InputError(
            "no model is named and none is bundled yet: name a model directory "
            "(enhancer=DIR, or tfbs={'CTCF': DIR}; --enhancer DIR, --tfbs CTCF=DIR), or motifs "
            "(motifs='JASPAR2024'; --motifs JASPAR2024)"
        )
    for name in enhancers.keys() & factors.keys():
        raise InputError(
            f"a TFBS model cannot be called {name!r}, which names other columns: "
            "call it by its transcription factor"
        )
    return enhancers, factors


def enhancer_models(
    enhancer: ModelSource | Mapping[str, ModelSource] | None,
) -> dict[str, ModelSource]:
    """Enhancer models by name; a single one without a name is called `enhancer`.

    Raises
    ------
    InputError
        If a name is empty, or what it names is no directory's name.

    Examples
    --------
    >>> enhancer_models("models/enhancer-200")
    {'enhancer': 'models/enhancer-200'}
    """
    if enhancer is not None and not isinstance(enhancer, Mapping):
        enhancer = {"enhancer": enhancer}
    return _checked(dict(enhancer or {}))


def factor_models(tfbs: FactorSource | None) -> dict[str, ModelSource]:
    """TFBS models by name, in the order given; those of a folder in that of their names.

    Parameters
    ----------
    tfbs
        ``{name: directory}``; one model's directory, or several, each called by its card's name
        or else the directory's; or a folder of such directories, each called by its directory's
        name.

    Raises
    ------
    InputError
        If a name is empty, taken twice or that of other columns, or a folder holds no model.

    Examples
    --------
    >>> factor_models({"CTCF": "models/ctcf"})
    {'CTCF': 'models/ctcf'}
    """
    if tfbs is None:
        return {}
    if isinstance(tfbs, Mapping):
        for name in tfbs:
            if isinstance(name, str) and name.casefold() in RESERVED_NAMES:
                raise InputError(
                    f"a TFBS model cannot be called {name!r}, which names other columns: "
                    "call it by its transcription factor"
                )
        return _checked(dict(tfbs))
    if isinstance(tfbs, str | os.PathLike):
        return _of_path(Path(tfbs))
    if not isinstance(tfbs, Sequence):
        raise InputError(
            f"tfbs is {tfbs!r:.80}; expected {{name: directory}}, as {{'CTCF': DIR}}, a "
            "directory or several"
        )
    models: dict[str, ModelSource] = {}
    for source in tfbs:
        if not isinstance(source, str | os.PathLike):
            raise InputError(f"tfbs holds {source!r:.80}; expected the directory of a model")
        for name, directory in _of_path(Path(source)).items():
            if name in models:
                raise InputError(
                    f"{models[name]} and {directory} are both called {name!r}: name them, as "
                    "{'CTCF': DIR}"
                )
            models[name] = directory
    return models


def _of_path(path: Path) -> dict[str, ModelSource]:
    """Give the models of one path: a model's directory, or a folder of them."""
    if (path / _CONFIG).exists():
        card = path / CARD_FILE
        return _checked({read_card(card).name if card.exists() else path.resolve().name: path})
    inside = sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else []
    found = {p.name: p for p in inside if (p / _CONFIG).exists()}
    if not found:
        what = "a folder without any" if path.is_dir() else "no directory"
        raise InputError(
            f"{path}: {what}; expected the directory of a TFBS model (one with {_CONFIG}) or a "
            "folder of such directories"
        )
    others = [p.name for p in inside if p.name not in found]
    if others:
        warnings.warn(
            f"{path}: {len(others)} directories without {_CONFIG} are no models and are left out "
            f"({', '.join(others[:5])})",
            UserWarning,
            stacklevel=2,
        )
    return _checked(dict(found))


def _checked(models: Mapping[str, ModelSource]) -> dict[str, ModelSource]:
    for name, source in models.items():
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f"a model's name is {name!r}; expected text, the prefix of the model's columns"
            )
        if not isinstance(source, str | os.PathLike):
            raise InputError(f"model {name!r} is {source!r:.80}; expected its directory")
    return dict(models)
