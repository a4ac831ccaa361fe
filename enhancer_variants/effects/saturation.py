"""Saturation mutagenesis: what changing each base of a sequence to each other one does.

The window stands still: all 3 * W changed sequences are read in the same window, so the map tells
what the model sees in this one stretch of DNA. Scoring a VCF is another question: it moves the
window along, so that every allele lies at index W // 2. For the base at index W // 2 both are the
same number; for the others they are not.

The gradient method is an approximation of the first order
(:mod:`enhancer_variants.effects.first_order`). Compare a few maps with the exact method before
trusting it (:func:`~enhancer_variants.effects.gradient_correlation`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from enhancer_variants.effects.first_order import first_order_shifts
from enhancer_variants.effects.plan import check_choice
from enhancer_variants.effects.saturation_map import (
    LETTERS,
    Method,
    SaturationMutagenesis,
    Strand,
    changes_of,
    check_place,
)
from enhancer_variants.errors import InputError, ModelError, WindowLengthError
from enhancer_variants.genome import (
    Reference,
    Variant,
    WindowRule,
    allele_windows,
    place,
    reverse_complement,
)
from enhancer_variants.models import Model, Tokens, log_odds, predict_logits, tokenize, truncate
from enhancer_variants.schema import Status

__all__ = ["saturation_by_output", "saturation_mutagenesis", "variant_saturation"]

Indices: TypeAlias = npt.NDArray[np.intp]


def saturation_mutagenesis(
    model: Model,
    sequence: str,
    *,
    output: str | None = None,
    method: Method = "exact",
    strand: Strand = "forward",
    batch_size: int | Literal["auto"] = "auto",
    contig: str | None = None,
    start: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> SaturationMutagenesis:
    """Change each base of a sequence to each other one, and see what the model says.

    The window stands still (see :mod:`enhancer_variants.effects.saturation`): the shift of a
    change at index W // 2 is the one that scoring this SNV gives, that of any other index is not,
    because scoring moves the window to the variant.

    Parameters
    ----------
    model
        The model.
    sequence
        Usually W bases: k at least, and no more than the model reads. Lower case is folded.
        Bases other than A, C, G and T are read as [UNK] and not changed.
    output
        Which label of a multi-label model; may be left out where there is one output alone.
    method
        ``exact`` reads 3 * W + 1 sequences; ``gradient`` is an approximation of the first order
        from one gradient, and needs a model in fp32.
    strand
        ``both`` averages the log-odds with those of the reverse complement.
    batch_size
        Sequences in one pass through the network.
    contig, start
        Where the first base lies, 0-based. Only kept.
    progress
        Called with the number of sequences that were read since: ``exact`` reads 3 for each base
        of A, C, G, T and the sequence itself, ``gradient`` the sequence alone; ``both`` strands
        are twice as many.

    Returns
    -------
    SaturationMutagenesis
        The map.

    Raises
    ------
    WindowLengthError
        If the sequence is longer than the model reads.
    InputError
        If it is shorter than k, or no string; if there are several outputs and none is named, or
        none has this name; if an option is unknown.
    ModelError
        If the model gives a logit that is not finite, or a gradient is asked of a model that is
        not in fp32.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> saturation = saturation_mutagenesis(load_model(demo_files().model), "ACGTTGCA")
    >>> saturation.shifts.shape, saturation.shifts[0, 0].item(), saturation.output
    ((8, 4), 0.0, 'random')
    """
    if output is None:
        if len(model.output_names) > 1:
            raise InputError(
                f"model {model.name} has {len(model.output_names)} outputs; expected output to be "
                f"one of them: {', '.join(model.output_names)}"
            )
        output = model.output_names[0]
    maps = saturation_by_output(
        model,
        sequence,
        outputs=(output,),
        method=method,
        strand=strand,
        batch_size=batch_size,
        contig=contig,
        start=start,
        progress=progress,
    )
    return maps[output]


def saturation_by_output(
    model: Model,
    sequence: str,
    *,
    outputs: Sequence[str] | None = None,
    bases: tuple[int, int] | None = None,
    method: Method = "exact",
    strand: Strand = "forward",
    batch_size: int | Literal["auto"] = "auto",
    contig: str | None = None,
    start: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, SaturationMutagenesis]:
    """Make the maps of several outputs of a model from the same passes through its network.

    Parameters
    ----------
    model, sequence
        As for :func:`saturation_mutagenesis`.
    outputs
        Which outputs, None for all. The exact method takes no longer for more of them, the
        gradient method takes one backward pass for each.
    bases
        First base that is changed and the one behind the last, by index; None for all. What is not
        changed is not read, and its shifts are NaN.
    method, strand, batch_size, contig, start, progress
        As for :func:`saturation_mutagenesis`.

    Returns
    -------
    dict
        A map for each output, by its name, in the order asked for.

    Raises
    ------
    WindowLengthError, InputError, ModelError
        As :func:`saturation_mutagenesis`.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> list(saturation_by_output(load_model(demo_files().model), "ACGTTGCA"))
    ['random']
    """
    sequence = _readable(model, sequence)
    check_place(contig, start)
    check_choice("method", method, get_args(Method))
    check_choice("strand", strand, get_args(Strand))
    names = model.output_names if outputs is None else tuple(outputs)
    columns = [_column(model, name) for name in names]
    positions, letters = changes_of(sequence)
    if bases is not None:
        wanted = (positions >= bases[0]) & (positions < bases[1])
        positions, letters = positions[wanted], letters[wanted]
    values = np.zeros((1 + len(positions), len(columns)))
    strands = (False, True) if strand == "both" else (False,)
    for reverse in strands:
        tokens = _tokens_of_changes(model, sequence, positions, letters, reverse=reverse)
        exactly_read = tokens
        if method == "gradient":
            values[1:] += first_order_shifts(model, tokens, columns)
            exactly_read = Tokens(tokens.ids[:1], tokens.lengths[:1])
        logits = predict_logits(model, exactly_read, batch_size=batch_size, progress=progress)
        _require_finite(model, logits, sequence, positions, letters)
        # With the gradient there is one row, which all changes are added to.
        values += log_odds(model, logits)[:, columns]
    values /= len(strands)
    maps = {}
    for name, (own, *changed) in zip(names, values.T, strict=True):
        shifts = np.full((len(sequence), len(LETTERS)), np.nan)
        shifts[positions] = 0.0
        shifts[positions, letters] = np.array(changed) - own
        maps[name] = SaturationMutagenesis(
            sequence, shifts, float(own), model.name, name, method, strand, contig, start
        )
    return maps


def variant_saturation(
    model: Model,
    variant: Variant,
    reference: Reference,
    *,
    allow_n: bool = False,
    output: str | None = None,
    method: Method = "exact",
    strand: Strand = "forward",
    batch_size: int | Literal["auto"] = "auto",
    progress: Callable[[int], None] | None = None,
) -> tuple[SaturationMutagenesis, SaturationMutagenesis]:
    """Make the maps of a variant's REF and ALT windows, to be seen side by side.

    The windows are those that scoring the variant reads: the variant's normal form begins at
    index W // 2 of both.

    Parameters
    ----------
    model
        The model.
    variant
        Any spelling of the allele.
    reference
        The genome.
    allow_n
        Whether windows may hold N and reach over a contig's end.
    output, method, strand, batch_size, progress
        As for :func:`saturation_mutagenesis`.

    Returns
    -------
    ref, alt : SaturationMutagenesis
        The map of the ALT of an insertion or deletion has no contig and start: behind the change
        its bases do not lie where a count from the start would put them.

    Raises
    ------
    InputError
        If the variant cannot be scored: the message has the status and what was found.
    WindowLengthError, ModelError
        As :func:`saturation_mutagenesis`.

    Examples
    --------
    >>> from enhancer_variants.demo import demo_files
    >>> from enhancer_variants.models import load_model
    >>> model, variant = load_model(demo_files().model), Variant.parse("chr1:4007:T:A")
    >>> with Reference(demo_files().reference) as reference:
    ...     ref, alt = variant_saturation(model, variant, reference, method="gradient")
    >>> ref.sequence[100], alt.sequence[100], ref.start
    ('T', 'A', 3906)
    """
    placement = place(variant.contig, variant.position, variant.ref, variant.alt, reference)
    status, detail = placement.status, placement.detail
    allele, contig = placement.variant, placement.contig
    if allele is not None and contig is not None:
        found = allele_windows(allele, contig, WindowRule(model.window_length, allow_n=allow_n))
        status, detail = found.status, found.detail
    if status is not Status.OK or allele is None:
        because = f" ({detail})" if detail else ""
        raise InputError(
            f"{variant}: {status.value}{because}; expected a variant that {model.name} can score"
        )
    window = found.windows[0]
    stays = len(allele.ref) == len(allele.alt)
    ref, alt = (
        saturation_mutagenesis(
            model,
            sequence,
            output=output,
            method=method,
            strand=strand,
            batch_size=batch_size,
            contig=allele.contig if placed else None,
            start=window.start if placed else None,
            progress=progress,
        )
        for sequence, placed in ((window.ref, True), (window.alt, stays))
    )
    return ref, alt


def _column(model: Model, output: str) -> int:
    if output not in model.output_names:
        raise InputError(
            f"model {model.name} has no output {output!r}; expected one of "
            f"{', '.join(model.output_names)}"
        )
    return model.output_names.index(output)


def _readable(model: Model, sequence: str) -> str:
    """Fold a sequence to upper case, if the model can read all of it."""
    if not isinstance(sequence, str):
        raise InputError(f"sequence is {sequence!r:.60}; expected a string of bases")
    if len(sequence) < model.vocabulary.k:
        raise InputError(
            f"a sequence of {len(sequence)} bases holds no {model.vocabulary.k}-mer; model "
            f"{model.name} reads windows of {model.window_length}"
        )
    if len(sequence) > model.longest:
        raise WindowLengthError(
            f"the sequence has {len(sequence)} bases, but model {model.name} reads "
            f"{model.longest} at most: cut it to {model.window_length}"
        )
    if not sequence.isascii():  # upper-casing could change the length
        raise InputError(f"sequence {sequence:.60} holds letters that are no bases")
    return sequence.upper()


def _tokens_of_changes(
    model: Model, sequence: str, positions: Indices, letters: Indices, *, reverse: bool
) -> Tokens:
    """Tokens of the sequence, then of each change: one look-up, hundredths of a second in all."""
    places = zip(positions.tolist(), letters.tolist(), strict=True)
    sequences = [sequence]
    sequences += [sequence[:at] + LETTERS[new] + sequence[at + 1 :] for at, new in places]
    if reverse:
        sequences = [reverse_complement(one) for one in sequences]
    return truncate(tokenize(sequences, model.vocabulary), model.token_limit)


def _require_finite(
    model: Model,
    logits: npt.NDArray[np.float32],
    sequence: str,
    positions: Indices,
    letters: Indices,
) -> None:
    finite = np.isfinite(logits).all(axis=1)
    if finite.all():
        return
    row, read = int(np.argmin(finite)), "the sequence itself"
    if row:
        at, letter = int(positions[row - 1]), int(letters[row - 1])
        read = f"{sequence[at]}{at + 1}{LETTERS[letter]}"
    remedy = "use precision='fp32'" if model.precision != "fp32" else "check the model"
    raise ModelError(
        f"model {model.name} gives {logits[row].tolist()} for {read}; expected finite logits. Its "
        f"weights overflow: {remedy}."
    )
