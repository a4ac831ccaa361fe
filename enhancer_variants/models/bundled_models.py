"""The models that ship with the package: their names, and where their weights are.

One network with several outputs serves both names: ``enhancer-mini`` is its output `enhancer`,
``tfbs-mini`` all others, each the binding of a transcription factor.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from enhancer_variants.errors import InputError

__all__ = ["BUNDLED_ENHANCER", "BUNDLED_FACTORS", "BUNDLED_MODELS", "bundled_directory"]

BUNDLED_ENHANCER: Final = "enhancer-mini"
"""Name of the bundled enhancer model."""

BUNDLED_FACTORS: Final = "tfbs-mini"
"""Name of the bundled TFBS models."""

BUNDLED_MODELS: Final[dict[str, Literal["enhancer", "factors"]]] = {
    BUNDLED_ENHANCER: "enhancer",
    BUNDLED_FACTORS: "factors",
}
"""Names of the bundled models, and which outputs of the one network each stands for."""

_FOLDER = Path(__file__).parent / "bundled" / "mini"


def bundled_directory() -> Path:
    """Directory of the network that ships with the package.

    Raises
    ------
    InputError
        If this installation has none; the message says what to name in its place.

    Examples
    --------
    >>> bundled_directory().name
    'mini'
    """
    if not _FOLDER.is_dir():
        raise InputError(
            "the bundled models are not part of this installation: install enhancer-variants with "
            "its models/bundled folder, or name a model directory (enhancer=DIR, or "
            "tfbs={'CTCF': DIR}; --enhancer DIR, --tfbs CTCF=DIR) or motifs (motifs='JASPAR2024'; "
            "--motifs JASPAR2024)"
        )
    return _FOLDER
