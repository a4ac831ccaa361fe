"""What each allele does to motifs: the strongest change, all hits, and the sum over motifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.rows import AlleleRows
from enhancer_variants.effects.side_tables import SideTables
from enhancer_variants.io.effects_as_vcf import vcf_text
from enhancer_variants.motifs import (
    MotifChanges,
    MotifPanel,
    motif_shift_sum,
    strongest_changes,
)
from enhancer_variants.schema import (
    ALLELE_COLUMNS,
    MOTIF_COLUMNS,
    MOTIF_EFFECTS,
    MOTIF_HITS,
    MOTIF_SHIFT_SUM,
)

__all__ = ["MotifEvidence", "motif_evidence"]

_AT_ONCE = 2_048
"""Alleles for which all motifs are held at once."""

_EFFECTS = np.array(MOTIF_EFFECTS, dtype=object)
_STRANDS = np.array([None, "+", "-"], dtype=object)

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class MotifEvidence:
    """What motifs say about the alleles of a chunk.

    Attributes
    ----------
    columns
        The motif columns, a value for every row.
    signs
        By TFBS model whose factor has a motif, of any row: 1 where the strongest called change of
        the factor's motifs is a gain, -1 where it is a loss, 0 where none is called.
    """

    columns: Mapping[str, Sequence[Any]]
    signs: Mapping[str, npt.NDArray[np.int8]]


def motif_evidence(
    rows: AlleleRows,
    read: npt.NDArray[np.intp],
    panel: MotifPanel,
    factors: Sequence[str] = (),
    side_tables: SideTables | None = None,
) -> MotifEvidence:
    """Read alleles with every motif.

    Parameters
    ----------
    rows
        The alleles of a chunk.
    read
        The rows to read; the others stay empty.
    panel
        The motifs.
    factors
        Names of TFBS models, for the signs. A motif is a factor's if the factor is one of the
        parts of its name that :: joins, in either case; a dimer's, if both are.
    side_tables
        Who wants all hits.
    """
    tables = side_tables or SideTables()
    total = len(rows)
    columns: dict[str, Any] = {
        column.name: np.full(total, np.nan) if column.type == "float" else [None] * total
        for column in (*MOTIF_COLUMNS, *MOTIF_SHIFT_SUM, MOTIF_HITS)
    }
    motifs_of = _motifs_of(factors, panel)
    signs = {factor: np.zeros(total, dtype=np.int8) for factor in motifs_of}
    identity = rows.identity() if tables.motif_hits else {}
    margin = panel.margin
    for begin in range(0, len(read), _AT_ONCE):
        some = read[begin : begin + _AT_ONCE]
        changes = panel.changes([rows.context(row, margin) for row in some.tolist()])
        q_values = changes.q_change
        strongest = strongest_changes(changes)
        found = np.flatnonzero(strongest >= 0)
        cells = _cells(changes, q_values, (found, strongest[found]))
        _put(columns, cells, some[found])
        columns["motif_shift_sum"][some] = motif_shift_sum(changes, panel.weights)
        if motifs_of:
            called = np.where(changes.effects != 0, changes.log10_p_ratio, 0.0)
            for factor, motifs in motifs_of.items():
                signs[factor][some] = _sign(called[:, motifs])
        if tables.hit_lists:
            _put_lists(columns[MOTIF_HITS.name], changes, some, rows)
        if tables.motif_hits:
            hits = _hits(changes, panel)
            chosen = some[hits[0]].tolist()
            named = {c.name: [identity[c.name][row] for row in chosen] for c in ALLELE_COLUMNS}
            tables.motif_hits({**named, **_cells(changes, q_values, hits)})
    if not tables.hit_lists:
        del columns[MOTIF_HITS.name]
    return MotifEvidence(columns, signs)


def _motifs_of(factors: Sequence[str], panel: MotifPanel) -> dict[str, npt.NDArray[np.intp]]:
    """Columns of each factor's motifs, for the factors that have any."""
    named = [_parts(pwm.name) for pwm in panel.pwms]
    columns = {}
    for factor in factors:
        parts = _parts(factor)
        found = [column for column, name in enumerate(named) if parts <= name]
        if found:
            columns[factor] = np.array(found, dtype=np.intp)
    return columns


def _parts(name: str) -> frozenset[str]:
    return frozenset(part.strip().casefold() for part in name.split("::"))


def _hits(changes: MotifChanges, panel: MotifPanel) -> Pairs:
    """Rows and columns of what is a hit in REF or in ALT."""
    hit = panel.options.hit
    with np.errstate(invalid="ignore"):
        rows, columns = np.nonzero((changes.p_ref <= hit) | (changes.p_alt <= hit))
    return rows, columns


def _sign(called: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """Direction of the strongest of some motifs' changes, 0 for those that are not called."""
    strongest = np.abs(called).argmax(axis=1)
    return np.asarray(np.sign(called[np.arange(len(called)), strongest]), dtype=np.int8)


def _cells(
    changes: MotifChanges, q_values: npt.NDArray[np.floating[Any]], pairs: Pairs
) -> dict[str, Any]:
    """Values of the motif columns for some rows and columns of the changes."""
    pwms = [changes.pwms[column] for column in pairs[1].tolist()]
    p_ref, p_alt = changes.p_ref[pairs], changes.p_alt[pairs]
    better = np.where(p_alt < p_ref, changes.strands_alt[pairs], changes.strands_ref[pairs])
    return {
        "motif_id": [pwm.id for pwm in pwms],
        "motif_tf": [pwm.name for pwm in pwms],
        "motif_family": [pwm.family or None for pwm in pwms],
        "motif_length": [pwm.length for pwm in pwms],
        "motif_effect": _EFFECTS[changes.effects[pairs]].tolist(),
        "motif_strand": _STRANDS[better].tolist(),
        "motif_strand_ref": _STRANDS[changes.strands_ref[pairs]].tolist(),
        "motif_strand_alt": _STRANDS[changes.strands_alt[pairs]].tolist(),
        "motif_start_ref": _starts(changes.starts_ref[pairs], changes.strands_ref[pairs]),
        "motif_start_alt": _starts(changes.starts_alt[pairs], changes.strands_alt[pairs]),
        "motif_score_ref": changes.scores_ref[pairs],
        "motif_score_alt": changes.scores_alt[pairs],
        "motif_score_shift": changes.score_shift[pairs],
        "motif_p_ref": p_ref,
        "motif_p_alt": p_alt,
        "motif_log10_p_ratio": changes.log10_p_ratio[pairs],
        "motif_p_change": changes.p_change[pairs],
        "motif_q_change": q_values[pairs],
        "motif_inserted_alt": changes.inserted_alt[pairs],
    }


def _starts(starts: npt.NDArray[np.int32], strands: npt.NDArray[np.int8]) -> list[int | None]:
    pairs = zip(starts.tolist(), strands.tolist(), strict=True)
    return [start if strand else None for start, strand in pairs]


def _put(columns: Mapping[str, Any], cells: Mapping[str, Any], rows: npt.NDArray[np.intp]) -> None:
    for column in MOTIF_COLUMNS:
        target, values = columns[column.name], cells[column.name]
        if isinstance(target, np.ndarray):
            target[rows] = values
        else:
            for row, value in zip(rows.tolist(), values, strict=True):
                target[row] = value


def _put_lists(
    lists: list[str | None],
    changes: MotifChanges,
    rows: npt.NDArray[np.intp],
    alleles: AlleleRows,
) -> None:
    """Write the called changes of each row as a VCF has them, the strongest p first."""
    called = changes.called()
    best = np.minimum(changes.p_ref[called], changes.p_alt[called])
    order = np.lexsort((called[1], best, called[0]))
    pairs = (called[0][order], called[1][order])
    cells = _cells(changes, np.full_like(changes.p_ref, np.nan), pairs)
    texts: dict[int, list[str]] = {}
    numbers = zip(*(cells[name] for name in _LISTED_NUMBERS), strict=True)
    words = zip(*(cells[name] for name in _LISTED_WORDS), strict=True)
    for place, word, number in zip(pairs[0].tolist(), words, numbers, strict=True):
        row = int(rows[place])
        fields = (
            str(alleles.numbers[row]),
            *(vcf_text(w) for w in word),
            *(f"{n:.4g}" for n in number),
        )
        texts.setdefault(row, []).append("|".join(fields))
    for row, entries in texts.items():
        lists[row] = ",".join(entries)


_LISTED_WORDS = (
    "motif_id",
    "motif_tf",
    "motif_effect",
    "motif_strand_ref",
    "motif_strand_alt",
    "motif_start_ref",
    "motif_start_alt",
)
_LISTED_NUMBERS = ("motif_score_ref", "motif_score_alt", "motif_p_ref", "motif_p_alt")
