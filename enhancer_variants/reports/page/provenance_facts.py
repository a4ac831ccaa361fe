"""What was run, in the few facts that a reader looks for first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from enhancer_variants.reports.page.cards import Fact

__all__ = ["ModelFacts", "model_facts", "run_facts"]

_CHECKSUM_SHOWN: Final = 12
_MOST_OUTPUTS: Final = 24


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One line of the table of models; every value as text, empty where it is not known."""

    name: str
    card_name: str
    outputs: str
    window_length: str
    padding: str
    precision: str
    licence: str
    sha256: str


def run_facts(provenance: Mapping[str, Any]) -> list[Fact]:
    """Choose the facts on a run. Provenance of any shape is taken, what is not there left out.

    Examples
    --------
    >>> run_facts({"enhancer_variants": "0.1.0", "input": "a.vcf", "reference": None})
    [Fact(name='Input', value='a.vcf'), Fact(name='enhancer_variants', value='0.1.0')]
    """
    reference, motifs = _part(provenance, "reference"), _part(provenance, "motifs")
    options = _part(provenance, "options")
    assembly = _text(reference.get("assembly"))
    facts = [
        Fact("Input", _text(provenance.get("input"))),
        Fact("Reference", _text(reference.get("name")) + (f" ({assembly})" if assembly else "")),
        Fact("Motifs", _motifs(motifs)),
        Fact("Options", _options(options)),
        Fact("enhancer_variants", _text(provenance.get("enhancer_variants"))),
    ]
    return [fact for fact in facts if fact.value]


def model_facts(provenance: Mapping[str, Any]) -> list[ModelFacts]:
    """One line for each model."""
    models = provenance.get("models")
    return [
        ModelFacts(
            _text(model.get("name")),
            _text(model.get("card_name")),
            _outputs(model.get("outputs")),
            _text(model.get("window_length")),
            _text(model.get("padding")),
            _text(model.get("precision")),
            _text(model.get("licence")),
            _text(model.get("sha256"))[:_CHECKSUM_SHOWN],
        )
        for model in (models if isinstance(models, Sequence) else ())
        if isinstance(model, Mapping)
    ]


def _part(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = provenance.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _motifs(motifs: Mapping[str, Any]) -> str:
    name, count = _text(motifs.get("name")), motifs.get("motifs")
    return f"{name} ({count} motifs)" if name and isinstance(count, int) else name


def _options(options: Mapping[str, Any]) -> str:
    said = (f"{name} {_option(value)}" for name, value in options.items() if value is not None)
    return ", ".join(said)


def _option(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _outputs(outputs: object) -> str:
    names = [str(name) for name in outputs] if isinstance(outputs, list) else []
    more = len(names) - _MOST_OUTPUTS
    return ", ".join(names[:_MOST_OUTPUTS]) + (f" and {more} more" if more > 0 else "")
