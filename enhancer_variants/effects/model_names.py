"""Which models are meant, and what their columns are called."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from enhancer_variants.errors import InputError
from enhancer_variants.models import ModelView, find_model, read_card
from enhancer_variants.models.bundled_models import (
    BUNDLED_ENHANCER,
    BUNDLED_FACTORS,
    BUNDLED_MODELS,
)
from enhancer_variants.models.card import CARD_FILE
from enhancer_variants.motifs import MotifSource

__all__ = [
    "RESERVED_NAMES",
    "FactorSource",
    "ModelSource",
    "enhancer_models",
    "factor_models",
    "named_models",
    "named_or_bundled",
]

ModelSource: TypeAlias = str | os.PathLike[str] | ModelView
"""A model: its directory, the name of a bundled or a downloaded one, or a part of one."""

FactorSource: TypeAlias = ModelSource | Sequence[ModelSource] | Mapping[str, ModelSource]
"""TFBS models: by name, or directories or names, or a folder of such directories."""

RESERVED_NAMES = frozenset({"enhancer", "motif", "tfbs", "agreement"})
"""What begins the names of other columns."""

_BUNDLED: Final = "bundled"
"""What a bundled model may be called beside its own name."""

_BUNDLED_MOTIFS: Final = "JASPAR2024"
_CONFIG: Final = "config.json"

Enhancers: TypeAlias = ModelSource | Mapping[str, ModelSource] | None


def named_or_bundled(
    enhancer: Enhancers, tfbs: FactorSource | None, motifs: MotifSource | None
) -> tuple[Enhancers, FactorSource | None, MotifSource | None]:
    """Nothing named means all that is bundled; something named means only what is named.

    Parameters
    ----------
    enhancer, tfbs
        As for :func:`enhancer_models` and :func:`factor_models`.
    motifs
        As for :func:`~enhancer_variants.motifs.motif_panel`.

    Examples
    --------
    >>> named_or_bundled(None, None, None)
    ('enhancer-mini', 'tfbs-mini', 'JASPAR2024')
    >>> named_or_bundled("models/enhancer", None, None)
    ('models/enhancer', None, None)
    """
    if enhancer is None and tfbs is None and motifs is None:
        return BUNDLED_ENHANCER, BUNDLED_FACTORS, _BUNDLED_MOTIFS
    return enhancer, tfbs, motifs


def named_models(
    enhancer: Enhancers,
    tfbs: FactorSource | None,
    *,
    or_else: object = None,
) -> tuple[dict[str, ModelView], dict[str, ModelView]]:
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
    >>> enhancers, factors = named_models("models/enhancer", {"CTCF": "models/ctcf"})
    >>> list(enhancers), list(factors)
    (['enhancer'], ['CTCF'])
    """
    enhancers, factors = enhancer_models(enhancer), factor_models(tfbs)
    if not enhancers and not factors and or_else is None:
        raise InputError(
            "no model is named: name a model directory (enhancer=DIR, or tfbs={'CTCF': DIR}; "
            "--enhancer DIR, --tfbs CTCF=DIR), or motifs (motifs='JASPAR2024'; "
            "--motifs JASPAR2024), or none of the three for the bundled models"
        )
    for name in enhancers.keys() & factors.keys():
        raise InputError(
            f"a TFBS model cannot be called {name!r}, which names other columns: "
            "call it by its transcription factor"
        )
    return enhancers, factors


def enhancer_models(enhancer: Enhancers) -> dict[str, ModelView]:
    """Enhancer models by name; a single one without a name is called `enhancer`.

    Parameters
    ----------
    enhancer
        A directory or a name (``enhancer-mini``), or ``{name: directory or name}`` for several.
        Of a multi-label model with the label `enhancer`, that output alone is meant.

    Raises
    ------
    InputError
        If a name is empty, or what it names is no directory's name.

    Examples
    --------
    >>> enhancer_models("models/enhancer-200")["enhancer"].directory.name
    'enhancer-200'
    """
    if enhancer is not None and not isinstance(enhancer, Mapping):
        enhancer = {"enhancer": enhancer}
    return _found(enhancer or {}, "enhancer")


def factor_models(tfbs: FactorSource | None) -> dict[str, ModelView]:
    """TFBS models by name, in the order given; those of a folder in that of their names.

    Parameters
    ----------
    tfbs
        ``{name: directory}``; one model's directory or name, or several, each called by its card's
        name or else the directory's; or a folder of such directories, each called by its
        directory's name. ``tfbs-mini`` and ``bundled`` are those that ship with the package. Of a
        multi-label model, all labels but `enhancer` are meant.

    Raises
    ------
    InputError
        If a name is empty, taken twice or that of other columns, or a folder holds no model.

    Examples
    --------
    >>> factor_models({"CTCF": "models/ctcf"})["CTCF"].part
    'factors'
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
        return _found(tfbs, "factors")
    if isinstance(tfbs, str | os.PathLike | ModelView):
        return _of_one(tfbs)
    if not isinstance(tfbs, Sequence):
        raise InputError(
            f"tfbs is {tfbs!r:.80}; expected {{name: directory}}, as {{'CTCF': DIR}}, a "
            "directory or several"
        )
    models: dict[str, ModelView] = {}
    for source in tfbs:
        if not isinstance(source, str | os.PathLike | ModelView):
            raise InputError(f"tfbs holds {source!r:.80}; expected the directory of a model")
        for name, view in _of_one(source).items():
            if name in models:
                raise InputError(
                    f"{models[name].directory} and {view.directory} are both called {name!r}: "
                    "name them, as {'CTCF': DIR}"
                )
            models[name] = view
    return models


def _of_one(source: ModelSource) -> dict[str, ModelView]:
    """Give the TFBS models of one name or directory: a model's, or a folder of them."""
    view = _view(source, "factors")
    if view.name is not None:
        return {view.name: view}
    path, card = view.directory, view.directory / CARD_FILE
    if (path / _CONFIG).exists():
        return {read_card(card).name if card.exists() else path.resolve().name: view}
    return {name: ModelView(model, "factors") for name, model in _of_folder(path).items()}


def _of_folder(path: Path) -> dict[str, Path]:
    """Give the model directories of a folder by their names."""
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
    return found


def _found(
    models: Mapping[str, ModelSource], part: Literal["enhancer", "factors"]
) -> dict[str, ModelView]:
    for name, source in models.items():
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f"a model's name is {name!r}; expected text, the prefix of the model's columns"
            )
        if not isinstance(source, str | os.PathLike | ModelView):
            raise InputError(f"model {name!r} is {source!r:.80}; expected its directory")
    return {name: _view(source, part) for name, source in models.items()}


def _view(source: ModelSource, part: Literal["enhancer", "factors"]) -> ModelView:
    """Find a model, and refuse a bundled one in the place of the other."""
    if source == _BUNDLED:
        source = BUNDLED_FACTORS if part == "factors" else BUNDLED_ENHANCER
    view = find_model(source, part)
    if view.name in BUNDLED_MODELS and view.part != part:
        raise InputError(
            f"{view.name!r} is named where models of the other kind are: expected "
            f"enhancer={BUNDLED_ENHANCER!r} or tfbs={BUNDLED_FACTORS!r}"
        )
    return view
