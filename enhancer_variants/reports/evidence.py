"""What the evidence on one allele says, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from enhancer_variants.reports.effect_rows import (
    Row,
    models_of,
    number,
    shift_column,
    text,
    visible,
)
from enhancer_variants.schema import Status

__all__ = ["evidence_in_words"]

_NOTABLE: Final = 1.0
"""Log2 odds from which on a shift is named: a doubling of the odds, as in the rule of agreement."""

_SMALLEST_SHOWN: Final = 0.005
_SMALLEST_IN_FULL: Final = 0.001
_MOST_NAMED: Final = 3
_LONGEST_ALLELE: Final = 12


def evidence_in_words(row: Row, *, enhancers: Sequence[str] = ("enhancer",)) -> str:
    """Say in two to four plain sentences what the evidence on one allele is.

    First the enhancer score, then the other models, the strongest motif change and whether it
    agrees with a TFBS model; for an allele of a risk list what the risk allele does. Above 0, the
    ALT gains.

    Parameters
    ----------
    row
        One row of effects by column name, as ``effects.loc[0]`` gives it. Columns that it lacks
        are passed over.
    enhancers
        Names of the enhancer models; all other models count as TFBS models.

    Returns
    -------
    str
        Plain text, not HTML: names of the input stand in it as they are, but for control
        characters, so that it has to be escaped where it goes into a page. An allele that was not scored gets the reason why.

    Examples
    --------
    >>> row = {"ref": "A", "alt": "T", "status": "ok", "enhancer_log_odds_shift": -1.26,
    ...     "CTCF_log_odds_shift": -3.5}
    >>> print(evidence_in_words(row))
    T instead of A lowers the enhancer score by 1.26 log2 odds. 1 TFBS model moves by 1 log2 unit or more: CTCF (-3.50).
    >>> evidence_in_words({"status": "no_contig", "status_detail": "no contig chr9"})
    'Not scored (no_contig): the reference has no contig of this name. Found: no contig chr9.'
    """  # noqa: E501 - a sentence of the example is longer than a line
    models = models_of(row.keys())
    shifts = {m: s for m in models if (s := number(row, shift_column(m))) is not None}
    status = text(row, "status") or Status.OK
    motif = text(row, "motif_id")
    if not shifts and not motif:
        return visible(_not_scored(row, status))
    shown = [model for model in enhancers if model in shifts]
    sentences = [
        _some_not_scored(row, status),
        *(_of_enhancer(row, model, shifts[model]) for model in shown),
        _of_others({m: s for m, s in shifts.items() if m not in shown}, row, bool(shown), shifts),
        _of_motif(row) if motif else "",
        _of_risk_allele(row, shown[0] if shown else next(iter(shifts), "")),
    ]
    return visible(" ".join(filter(None, sentences)))


def _not_scored(row: Row, status: str) -> str:
    """Say why nothing was scored."""
    if status == Status.OK:
        return "No model and no motif was asked about this allele."
    reason = _meaning(status)
    said = f"Not scored ({status}){f': {reason}' if reason else ''}."
    one_for_all = all(part.endswith(f"={status}") for part in text(row, "status_detail").split(","))
    return said if one_for_all else said + _found(row)


def _some_not_scored(row: Row, status: str) -> str:
    """Say that only some models scored, if so."""
    if status == Status.OK:
        return ""
    return f"Not every model could score this allele ({status}).{_found(row)}"


def _found(row: Row) -> str:
    detail = text(row, "status_detail").rstrip(".")
    return f" Found: {detail}." if detail else ""


def _meaning(status: str) -> str:
    """Meaning of a status as the rest of a sentence, empty for one that is not declared."""
    try:
        meaning = Status(status).meaning
    except ValueError:
        return ""
    meaning = meaning.removeprefix("Risk lists: ").rstrip(".")
    is_word = meaning[:2].istitle() or meaning.startswith("A ")
    return meaning[0].lower() + meaning[1:] if is_word else meaning


def _of_enhancer(row: Row, model: str, shift: float) -> str:
    """Say what the allele does to the score of an enhancer model."""
    score = "the enhancer score" if model == "enhancer" else f"the score of the model {model}"
    parts = [_change(_allele(row), score, shift)]
    before, after = number(row, f"{model}_prob_ref"), number(row, f"{model}_prob_alt")
    if before is not None and after is not None:
        parts.append(f" (probability {before:.3g} to {after:.3g})")
    if (effect := text(row, f"{model}_effect")) in ("gain", "loss"):
        parts.append(f", across the model's decision threshold ({effect})")
    share, p = number(row, f"{model}_percentile"), number(row, f"{model}_p")
    if share is not None and p is not None:
        percent = min(int(share * 1000) / 10, 99.9)  # rounded down: never more than it is
        parts.append(
            f"; the shift is at least as large as {percent:g} % of the model's null distribution "
            f"(p = {_p(p)})"
        )
    return "".join(parts) + "."


def _change(subject: str, score: str, shift: float) -> str:
    if shift == 0:
        return f"{subject} leaves {score} as it is"
    verb = "raises" if shift > 0 else "lowers"
    if abs(shift) < _SMALLEST_SHOWN:
        return f"{subject} {verb} {score} by less than 0.01 log2 odds"
    return f"{subject} {verb} {score} by {abs(shift):.2f} log2 odds"


def _allele(row: Row) -> str:
    """Name what acts: short alleles by their bases, others by their kind."""
    ref, alt = text(row, "ref"), text(row, "alt")
    if ref and alt and max(len(ref), len(alt)) <= _LONGEST_ALLELE:
        return f"{alt} instead of {ref}"
    kind = text(row, "kind")
    return f"The {kind}" if kind in ("insertion", "deletion") else "The ALT allele"


def _of_others(
    factors: dict[str, float], row: Row, with_enhancer: bool, every: dict[str, float]
) -> str:
    """Say which TFBS models move, or that none does."""
    gain, loss = (text(row, f"tfbs_top_{way}") for way in ("gain", "loss"))
    for name, way in ((gain, "gain"), (loss, "loss")):
        shift = number(row, f"tfbs_top_{way}_shift")
        if name and shift is not None:
            factors = {**factors, name: shift}
    if not factors:
        return ""
    by_size = sorted(factors, key=lambda name: abs(factors[name]), reverse=True)
    moved = [name for name in by_size if abs(factors[name]) >= _NOTABLE]
    if not moved:
        largest = f"{by_size[0]} ({factors[by_size[0]]:+.2f})"
        weak = all(abs(shift) < _NOTABLE for shift in every.values())
        nobody = "No model" if with_enhancer and weak else "No TFBS model"
        return f"{nobody} moves by as much as 1 log2 unit; of the TFBS models {largest} moves most."
    named = [f"{name} ({factors[name]:+.2f})" for name in moved[:_MOST_NAMED]]
    more = len(moved) - len(named)
    if gain or loss:
        verb = "moves" if len(named) == 1 else "move"
        return f"Of all TFBS models, {_listed(named)} {verb} most."
    shown = _listed([*named, f"{more} more"] if more else named)
    models = "1 TFBS model moves" if len(moved) == 1 else f"{len(moved)} TFBS models move"
    return f"{models} by 1 log2 unit or more: {shown}."


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _of_motif(row: Row) -> str:
    """Say what happens to the motif that changes most, and whether a TFBS model agrees."""
    motif, factor = text(row, "motif_id"), text(row, "motif_tf")
    name = f"{factor} ({motif})" if factor else motif
    effect = text(row, "motif_effect")
    before, after = number(row, "motif_p_ref"), number(row, "motif_p_alt")
    what = "has no hit that changes" if effect in ("", "none") else f"is {effect}"
    p = [] if before is None or after is None else [f"p {_p(before)} in REF, {_p(after)} in ALT"]
    if (change := number(row, "motif_p_change")) is not None:
        p.append(f"p of such a change {_p(change)}")
    in_numbers = f" ({'; '.join(p)})" if p else ""
    return f"The motif that changes most, {name}, {what}{in_numbers}{_agreement(row)}."


def _agreement(row: Row) -> str:
    """Say whether a TFBS model and its factor's motif speak for the same."""
    if "agreement_tf" not in row:
        return ""
    factor = text(row, "agreement_tf")
    if not factor:
        return "; no TFBS model agrees with a motif of its factor"
    said = f"; model and motif of {factor} agree on a {text(row, 'agreement')} of binding"
    enhancer = text(row, "agreement_enhancer")
    if enhancer == "same":
        return f"{said}, and the enhancer score moves the same way"
    if enhancer == "opposite":
        return f"{said}, while the enhancer score moves the other way, as it may for a repressor"
    return said


def _of_risk_allele(row: Row, model: str) -> str:
    """Say what a list's risk allele does, or why that cannot be said; empty for no list's row."""
    orientation = text(row, "orientation")
    if not orientation:
        return ""
    proxy, r2 = text(row, "proxy_of"), number(row, "proxy_r2")
    of = f" (a proxy of {proxy}{'' if r2 is None else f', r2 {r2:.2f}'})" if proxy else ""
    shift = number(row, f"{model}_risk_log_odds_shift")
    if orientation == "palindromic":
        return (
            f"The strand of the list's alleles cannot be told (palindromic){of}, so the sign for "
            "the risk allele stays open."
        )
    risk, other = text(row, "risk_allele"), text(row, "other_allele")
    if shift is None and risk:
        against = f" with {other}" if other else ""
        return f"The list compares {risk}{against}{of}, which is another change than this one."
    if shift is None:
        return f"Which allele carries the risk is not known{of}, so its sign stays open."
    alleles = f"The risk allele{f' {risk}' if risk else ''}{of}"
    against = f" than {other}" if other else ""
    score = "enhancer score" if model == "enhancer" else f"score of {model}"
    if shift == 0:
        said = f"{alleles} has the same {score}"
    else:
        article = "a" if against else "the"
        said = f"{alleles} has {article} {'higher' if shift > 0 else 'lower'} {score}{against}"
    strand = ", if the list writes the forward strand" if orientation == "assumed" else ""
    return f"{said} ({shift:+.2f} log2 odds{strand})."


def _p(value: float) -> str:
    """Write a p-value: two digits, and small ones as 1.2e-6."""
    if not 0 < value < _SMALLEST_IN_FULL:
        return f"{value:.2g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
