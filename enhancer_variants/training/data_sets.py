"""From positives and a genome to a data set that can be trained on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Interval, Reference, ReferenceSource
from enhancer_variants.io.labelled_sequence import LabelledSequence
from enhancer_variants.io.labelled_sequences import SequenceFormat, write_labelled_sequences
from enhancer_variants.io.output import is_stream, text_stream
from enhancer_variants.io.regions import read_bed
from enhancer_variants.training.card import data_card, source_of
from enhancer_variants.training.dinucleotides import dinucleotide_negatives
from enhancer_variants.training.duplicates import distinct_sequences, without_leakage
from enhancer_variants.training.negatives import (
    matched_negatives,
    require_some_on_reference,
    shuffled_negatives,
)
from enhancer_variants.training.splits import (
    HELD_OUT_CONTIGS,
    PUBLISHED_SHARES,
    require_both_classes,
    require_contigs,
    split_at_random,
    split_by_contig,
)
from enhancer_variants.training.window_files import WindowsOfFile, read_windows

__all__ = [
    "DATA_CARD_NAME",
    "DataSet",
    "DataSetRecipe",
    "NegativesKind",
    "make_data_set",
    "write_data_set",
]

NegativesKind: TypeAlias = Literal["matched", "shuffle", "dinucleotide", "given"]
"""Where negatives come from; `given` are those that files hold."""

DATA_CARD_NAME: Final = "data_card.json"
"""File of the card beside the splits."""

_ENDINGS: Final[Mapping[SequenceFormat, str]] = {
    "fasta": ".fa",
    "csv": ".csv",
    "tsv": ".tsv",
    "kmers": ".tsv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetRecipe:
    """How a data set is made; the same recipe and files give the same data set.

    Attributes
    ----------
    window
        Bases of every sequence, W.
    negatives
        - `matched`: same contig, GC and repeats, none overlapping an interval of the positives
          or the window around it (:func:`~enhancer_variants.training.negatives.matched_negatives`);
        - `shuffle`: same contig, at random, the published way
          (:func:`~enhancer_variants.training.negatives.shuffled_negatives`);
        - `dinucleotide`: shuffled positives
          (:func:`~enhancer_variants.training.dinucleotides.dinucleotide_negatives`);
        - `given`: those of a file of their own, or the sequences with label 0 among the positives.
    split
        `contig`, or stratified and random: `80:20` (train, dev) or `80:10:10` (train, dev, test).
    test_contigs, dev_contigs
        Contigs held out by the split `contig`, under any synonym; spaces around a name go.
    gc_tolerance, repeat_tolerance
        Largest difference of a `matched` negative, as shares of its bases.
    near_share
        Share of common 16-mers from which on two sequences are copies
        (:func:`~enhancer_variants.training.duplicates.distinct_sequences`).
    seed
        Of negatives and random splits.

    Raises
    ------
    InputError
        For a kind of negatives or a split that does not exist, or a number out of its range.

    Examples
    --------
    >>> DataSetRecipe(negatives="dinucleotide", split="80:20").window
    200
    """

    window: int = 200
    negatives: NegativesKind = "matched"
    split: str = "contig"
    test_contigs: tuple[str, ...] = HELD_OUT_CONTIGS
    dev_contigs: tuple[str, ...] = ()
    gc_tolerance: float = 0.02
    repeat_tolerance: float = 0.1
    near_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for option, found, known in (
            ("negatives", self.negatives, get_args(NegativesKind)),
            ("split", self.split, ("contig", *PUBLISHED_SHARES)),
        ):
            if found not in known:
                raise InputError(f"{option} is {found!r}; expected one of {', '.join(known)}")
        for option, number, fits, expected in (
            ("window", self.window, self.window >= 1, "1 base or more"),
            ("seed", self.seed, self.seed >= 0, "0 or more"),
            ("gc_tolerance", self.gc_tolerance, self.gc_tolerance >= 0, "0 or more"),
            ("repeat_tolerance", self.repeat_tolerance, self.repeat_tolerance >= 0, "0 or more"),
            ("near_share", self.near_share, 0 < self.near_share <= 1, "above 0 to 1"),
        ):
            if not fits:
                raise InputError(f"{option} is {number}; expected {expected}")
        for option in ("test_contigs", "dev_contigs"):
            names = getattr(self, option)
            if isinstance(names, str):
                raise InputError(f"{option} is {names!r}; expected several names, as ({names!r},)")
            stripped = (name.strip() for name in names)
            object.__setattr__(self, option, tuple(filter(None, stripped)))


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Labelled windows by split, and the card that describes them.

    Attributes
    ----------
    splits
        Sequences by the name of the split, training first.
    card
        JSON object (:func:`~enhancer_variants.training.card.data_card`).
    """

    splits: Mapping[str, Sequence[LabelledSequence]]
    card: Mapping[str, Any]


def make_data_set(
    positives: str | os.PathLike[str],
    reference: ReferenceSource | Reference | None = None,
    recipe: DataSetRecipe | None = None,
    *,
    negatives_file: str | os.PathLike[str] | None = None,
    excluded: Sequence[str | os.PathLike[str]] = (),
) -> DataSet:
    r"""Make training and held-out sets: windows, negatives, no copies, splits, card.

    Parameters
    ----------
    positives
        BED, whose windows are read from the reference, or sequences in any format of
        :func:`~enhancer_variants.io.labelled_sequences.read_labelled_sequences`, cropped to the
        window; told by its content. Sequences with label 0 are no positives, and left out unless
        the negatives are `given`. Like all files here no pipe: it is read twice.
    reference
        FASTA; needed for BED files and for `matched` and `shuffle`. A path is opened here.
    recipe
        How; by default the matched negatives and held-out contigs of :class:`DataSetRecipe`.
    negatives_file
        BED or sequences that are the negatives, unlabelled or labelled 0; only with `given`.
    excluded
        BED files to keep `matched` and `shuffle` clear of, as a blacklist or gaps; only with
        these.

    Returns
    -------
    DataSet
        Without N and without copies. No sequence shares a 32-mer, on either strand, with one of a
        later split (test is the last): it is the training side that loses it. What was left out
        is counted in the card, and so are the few sequences without coordinates where the others
        have them and the split or the negatives need them.

    Raises
    ------
    InputError
        If a file or option is wrong, a reference is needed and not given, a contig to hold out
        (other than the default) has no sequence, or the training split is left without positives
        or without negatives.

    Warns
    -----
    UserWarning
        If a held-out split is left without positives or without negatives.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> recipe = DataSetRecipe(window=20, negatives="dinucleotide", split="80:20")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fasta = pathlib.Path(folder, "positives.fa")
    ...     _ = fasta.write_text(
    ...         ">a\nGATTACAGCTTAGACCATGC\n>b\nTTGACGAGTCCATAGACTGA\n>c\nCCATGCACGATTGCAGATAC\n"
    ...     )
    ...     data = make_data_set(fasta, recipe=recipe)
    >>> {name: len(split) for name, split in data.splits.items()}
    {'train': 4, 'dev': 2}
    """
    recipe = recipe or DataSetRecipe()
    if (negatives_file is not None) and recipe.negatives != "given":
        raise InputError(
            f"negatives are {recipe.negatives!r} and also in {Path(negatives_file).name}; "
            "expected 'given' with a file of negatives"
        )
    if excluded and recipe.negatives not in ("matched", "shuffle"):
        raise InputError(
            f"{Path(excluded[0]).name} is excluded, which has no effect where negatives are "
            f"{recipe.negatives!r}; expected 'matched' or 'shuffle'"
        )
    genome = None if reference is None else Reference.of(reference)
    files = [positives, *([negatives_file] if negatives_file is not None else []), *excluded]
    sources = _sources(files, genome)
    windows = read_windows(positives, genome, recipe.window, label=1)
    left_out = {f"positives_{reason}": count for reason, count in windows.left_out.items()}
    usable = _usable(windows.sequences, recipe, left_out)
    chosen = [record for record in usable if record.label != 0]
    if recipe.negatives == "given":
        others = [record for record in usable if record.label == 0]
        if negatives_file is not None:
            more = read_windows(negatives_file, genome, recipe.window, label=0)
            _require_negatives(more.sequences, negatives_file)
            left_out |= {f"negatives_{reason}": n for reason, n in more.left_out.items()}
            others += _usable(more.sequences, recipe, left_out)
    else:
        left_out["positives_labelled_0"] = len(usable) - len(chosen)
        distinct = distinct_sequences(chosen, recipe.near_share)
        chosen = [*distinct.sequences]
        left_out |= {
            "positives_exact": distinct.exact,
            "positives_contradictory": distinct.contradictory,
            "positives_near": distinct.near,
        }
        others = _negatives(chosen, windows, genome, recipe, excluded)
        left_out["positives_without_negative"] = len(chosen) - len(others)
    splits = _distinct_splits(chosen, others, recipe, left_out)
    card = data_card(splits, sources=sources, options=_json(recipe), left_out=left_out)
    return DataSet(splits, card)


def _sources(
    files: Sequence[str | os.PathLike[str]], genome: Reference | None
) -> list[dict[str, str]]:
    """Name and checksum all files, before any work is done on what cannot be read twice."""
    for path in files:
        if is_stream(path):
            raise InputError(
                f"{os.fspath(path)}: is no file; expected one, which can be read twice: once for "
                "its checksum"
            )
    sources = [source_of(path) for path in files]
    if genome is not None:
        sources.append({"name": genome.name, "sha256": genome.sha256()})
    return sources


def _require_negatives(sequences: Sequence[LabelledSequence], path: str | os.PathLike[str]) -> None:
    if others := [record for record in sequences if record.label != 0]:
        raise InputError(
            f"{os.fspath(path)}: {len(others)} of {len(sequences)} negatives have another label "
            f"than 0, as {others[0].label}; expected 0 or none"
        )


def _usable(
    sequences: Sequence[LabelledSequence], recipe: DataSetRecipe, left_out: dict[str, int]
) -> Sequence[LabelledSequence]:
    """Leave out and count the few that have no coordinates where these are needed.

    A file of which no sequence has any is kept: what needs them says so.
    """
    placed = [record for record in sequences if record.contig is not None]
    if not placed or (recipe.split != "contig" and recipe.negatives in ("dinucleotide", "given")):
        return sequences
    left_out["without_coordinates"] = (
        left_out.get("without_coordinates", 0) + len(sequences) - len(placed)
    )
    return placed


def _negatives(
    positives: Sequence[LabelledSequence],
    windows: WindowsOfFile,
    genome: Reference | None,
    recipe: DataSetRecipe,
    excluded: Sequence[str | os.PathLike[str]],
) -> list[LabelledSequence]:
    if recipe.negatives == "dinucleotide":
        return dinucleotide_negatives(positives, recipe.seed)
    if genome is None:
        raise InputError(
            f"negatives of the kind {recipe.negatives!r} are read from a reference; name one, "
            "or choose 'dinucleotide'"
        )
    avoid: list[Interval] = []
    for path in excluded:
        intervals = read_bed(path)
        require_some_on_reference(intervals, genome, os.fspath(path))
        avoid += intervals
    if recipe.negatives == "shuffle":
        found = shuffled_negatives(positives, genome, seed=recipe.seed, excluded=avoid)
    else:
        found = matched_negatives(
            positives,
            genome,
            seed=recipe.seed,
            gc_tolerance=recipe.gc_tolerance,
            repeat_tolerance=recipe.repeat_tolerance,
            excluded=[*avoid, *windows.intervals, *windows.around(recipe.window)],
        )
    return [*found.sequences]


def _distinct_splits(
    positives: Sequence[LabelledSequence],
    negatives: Sequence[LabelledSequence],
    recipe: DataSetRecipe,
    left_out: dict[str, int],
) -> dict[str, list[LabelledSequence]]:
    """Take copies out, split, take out what later splits share; count all of it."""
    distinct = distinct_sequences([*positives, *negatives], recipe.near_share)
    left_out |= {
        "exact": distinct.exact,
        "contradictory": distinct.contradictory,
        "near": distinct.near,
    }
    if len({record.label == 0 for record in distinct.sequences}) < 2:
        raise InputError(
            f"of {len(positives)} positives and {len(negatives)} negatives of {recipe.window} "
            f"bases one class is left or none; expected some of both. Left out: {left_out}"
        )
    if recipe.split == "contig":
        named = (*recipe.test_contigs, *recipe.dev_contigs)
        if recipe.test_contigs == HELD_OUT_CONTIGS:
            named = recipe.dev_contigs
        require_contigs([*positives, *negatives], named)
        splits = split_by_contig(distinct.sequences, recipe.test_contigs, recipe.dev_contigs)
    else:
        shares = PUBLISHED_SHARES[recipe.split]
        splits = split_at_random(distinct.sequences, shares, recipe.seed)
    clean = without_leakage(splits)
    left_out["shared_with_later_split"] = sum(map(len, splits.values())) - sum(
        map(len, clean.values())
    )
    require_both_classes(clean)
    return clean


def _json(recipe: DataSetRecipe) -> dict[str, Any]:
    """Options as JSON has them; contigs only where they decide."""
    options = asdict(recipe)
    for name in ("test_contigs", "dev_contigs"):
        options[name] = [*options[name]] if recipe.split == "contig" else []
    return options


def write_data_set(
    data_set: DataSet,
    folder: str | os.PathLike[str],
    format: SequenceFormat = "kmers",  # noqa: A002 # what the rest of the package calls it
    *,
    k: int = 6,
) -> list[Path]:
    """Write a file for each split that holds sequences, and the card.

    Parameters
    ----------
    data_set
        What to write.
    folder
        Made where it is absent; files of the same names are replaced. Those of another data set
        would be taken for this one's, so there must be none.
    format
        `kmers` (``train.tsv``, as DNABERT reads it), `fasta` (``train.fa``), `csv` or `tsv`.
    k
        Length of the k-mers.

    Returns
    -------
    list of Path
        The splits' files in order, then ``data_card.json``.

    Raises
    ------
    InputError
        If the format is unknown, the folder is a file or cannot be made, or it holds files of
        splits that would not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> data_set = DataSet({"train": [LabelledSequence("GATTACA", 1)]}, {})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_data_set(data_set, folder, "fasta")]
    ['train.fa', 'data_card.json']
    """
    if format not in _ENDINGS:
        raise InputError(f"format {format!r} is not one of {', '.join(_ENDINGS)}")
    directory = Path(folder)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"{folder}: is a file; expected a folder to write into") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be made as a folder ({error.strerror})") from error
    paths = {
        directory / f"{name}{_ENDINGS[format]}": split
        for name, split in data_set.splits.items()
        if split
    }
    _require_no_others(directory, [*paths])
    for path, split in paths.items():
        write_labelled_sequences(split, path, format, k=k)
    card = directory / DATA_CARD_NAME
    with text_stream(card) as stream:
        stream.write((json.dumps(data_set.card, indent=2) + "\n").encode())
    return [*paths, card]


def _require_no_others(directory: Path, paths: Sequence[Path]) -> None:
    """Make sure that no split of another data set stays beside those to be written."""
    possible = (
        directory / f"{name}{ending}"
        for name in ("train", "dev", "test")
        for ending in dict.fromkeys(_ENDINGS.values())
    )
    if stale := [path.name for path in possible if path not in paths and path.exists()]:
        raise InputError(
            f"{directory}: holds {', '.join(stale)} of another data set, which would not be "
            "replaced; remove them or name another folder"
        )
