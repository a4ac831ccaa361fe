"""Genotypes of a reference panel, and how strongly two alleles go together in it."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.genome import Interval, canonical_contig
from enhancer_variants.io import VariantRecord, open_variants

__all__ = ["FEWEST_SAMPLES", "Dosages", "GenotypePanel", "PanelAllele", "correlations"]

FEWEST_SAMPLES = 10
"""An r2 of fewer people than this says nothing."""

_BLOCK = 250_000
_BLOCKS_HELD = 40
_MISSING = -1
_FIXED_COLUMNS = 9
_ROWS_TOGETHER = 2_048


@dataclass(frozen=True, slots=True)
class PanelAllele:
    """An ALT of a panel: position 1-based, everything else as the panel writes it."""

    position: int
    id: str
    ref: str
    alt: str


@dataclass(frozen=True, slots=True)
class Dosages:
    """How many copies of each ALT every sample has.

    Attributes
    ----------
    alleles
        The ALTs, by position.
    counts
        Copies, shape ``(alleles, samples)``; -1 where the genotype is missing.
    """

    alleles: tuple[PanelAllele, ...]
    counts: npt.NDArray[np.int8]


class GenotypePanel:
    """A bgzipped, indexed VCF or BCF with genotypes, read region by region.

    Parameters
    ----------
    path
        The file; its index stands beside it.

    Raises
    ------
    VariantFileError
        If it cannot be read, is cut, or has no index.
    InputError
        If it has fewer than 10 samples.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name, self._path = Path(path).name, path
        if not any(Path(f"{os.fspath(path)}{ending}").exists() for ending in (".tbi", ".csi")):
            raise VariantFileError(
                f"{path}: an LD panel is read through its index, and there is none beside it: "
                f"bcftools index -t {self.name}"
            )
        with open_variants(path) as opened:
            header = opened.header
        if header is None:
            raise VariantFileError(f"{self.name}: is no VCF; expected one with genotypes")
        self.contig_lengths = header.contig_lengths
        self.samples = max(0, len(header.lines[-1].split(b"\t")) - _FIXED_COLUMNS)
        if self.samples < FEWEST_SAMPLES:
            raise InputError(
                f"{self.name}: has {self.samples} samples; expected a panel with the genotypes of "
                f"{FEWEST_SAMPLES} people at least"
            )
        self._blocks: OrderedDict[tuple[str, int], Dosages] = OrderedDict()

    def blocks(self, contig: str, start: int, end: int) -> Iterator[Dosages]:
        """ALTs that vary among the samples, block by block, of at least a region.

        Parameters
        ----------
        contig
            Under any of its names; one that the panel does not have gives nothing.
        start, end
            0-based half-open; blocks reach further.
        """
        for number in range(max(0, start) // _BLOCK, (end - 1) // _BLOCK + 1):
            yield self._block(canonical_contig(contig), number)

    def _block(self, contig: str, number: int) -> Dosages:
        key = (contig, number)
        if key not in self._blocks:
            self._blocks[key] = self._read(Interval(contig, number * _BLOCK, (number + 1) * _BLOCK))
            if len(self._blocks) > _BLOCKS_HELD:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return self._blocks[key]

    def _read(self, region: Interval) -> Dosages:
        alleles: list[PanelAllele] = []
        counts: list[npt.NDArray[np.int8]] = []
        for record in self._records(region):
            position = record.position or 0
            if not region.start < position <= region.end:
                continue  # it begins in the block before
            genotypes = self._genotypes(record)
            if len(set(genotypes)) == 1:
                continue
            copies = _copies(genotypes, len(record.alts))
            for alt, of_alt in zip(record.alts, copies, strict=True):
                known = of_alt[of_alt != _MISSING]
                if known.size and known.min() != known.max():
                    named = "" if record.id == "." else record.id
                    alleles.append(PanelAllele(position, named, record.ref, alt))
                    counts.append(of_alt)
        shape = (len(counts), self.samples)
        return Dosages(tuple(alleles), np.array(counts, dtype=np.int8).reshape(shape))

    def _records(self, region: Interval) -> Iterator[VariantRecord]:
        try:
            opened = open_variants(self._path, [region])
        except VariantFileError:
            raise
        except InputError:
            return  # it has no such contig
        with opened:
            yield from opened.records

    def _genotypes(self, record: VariantRecord) -> list[bytes]:
        """Genotype of each sample, as ``0|1``."""
        cells = record.line.rstrip(b"\r\n").split(b"\t")
        form, of_samples = cells[_FIXED_COLUMNS - 1 : _FIXED_COLUMNS], cells[_FIXED_COLUMNS:]
        where = f"{self.name}: {record.contig}:{record.position}"
        if not form or form[0].split(b":", 1)[0] != b"GT":
            raise VariantFileError(
                f"{where} has no genotypes (GT); expected a panel that has them at every record"
            )
        if record.problem or len(of_samples) != self.samples:
            raise VariantFileError(
                f"{where} has {len(of_samples)} genotypes, and the header {self.samples} samples"
            )
        if form[0] == b"GT":
            return of_samples
        return [cell.partition(b":")[0] for cell in of_samples]


def _copies(genotypes: list[bytes], alts: int) -> npt.NDArray[np.int8]:
    """Count the copies of each ALT in each sample, shape (ALTs, samples).

    A genotype with a missing allele is missing.
    """
    codes = {genotype: code for code, genotype in enumerate(dict.fromkeys(genotypes))}
    of_code = np.full((alts, len(codes)), _MISSING, dtype=np.int8)
    for genotype, code in codes.items():
        alleles = genotype.replace(b"|", b"/").split(b"/")
        if all(allele.isdigit() for allele in alleles):
            numbers = [int(allele) for allele in alleles]
            of_code[:, code] = [numbers.count(alt) for alt in range(1, alts + 1)]
    columns = np.fromiter(map(codes.__getitem__, genotypes), dtype=np.intp, count=len(genotypes))
    copies: npt.NDArray[np.int8] = of_code[:, columns]
    return copies


def correlations(
    counts: npt.NDArray[np.int8], lead: npt.NDArray[np.int8]
) -> npt.NDArray[np.float64]:
    """Correlation of each allele's copies with those of one other allele.

    Parameters
    ----------
    counts
        Copies of each allele, shape ``(alleles, samples)``; -1 where missing.
    lead
        Copies of the other allele, shape ``(samples,)``.

    Returns
    -------
    numpy.ndarray
        Pearson's r over the samples in which both are known, from -1 to 1, shape ``(alleles,)``;
        above 0, the two ALTs come together. NaN where one of them does not vary there, or fewer
        than 10 samples remain.

    Examples
    --------
    >>> lead = np.array([0, 1, 2, 1, 0, 2, 0, 1, 2, 1, -1], dtype=np.int8)
    >>> correlations(np.stack([lead, 2 - np.abs(lead)]).astype(np.int8), lead).round(6).tolist()
    [1.0, -1.0]
    """
    known_lead = (lead != _MISSING).astype(np.float64)
    y = np.where(lead != _MISSING, lead, 0).astype(np.float64)
    found = np.full(len(counts), np.nan)
    for first in range(0, len(counts), _ROWS_TOGETHER):
        some = counts[first : first + _ROWS_TOGETHER]
        known = (some != _MISSING).astype(np.float64)
        x = np.where(some != _MISSING, some, 0).astype(np.float64)
        # Sums over the samples that know both: x is 0 where it is missing, and so is y.
        n, sum_x, sum_y = known @ known_lead, x @ known_lead, known @ y
        spread_x = n * (x**2 @ known_lead) - sum_x**2
        spread_y = n * (known @ y**2) - sum_y**2
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (n * (x @ y) - sum_x * sum_y) / np.sqrt(spread_x * spread_y)
        enough = (n >= FEWEST_SAMPLES) & (spread_x > 0) & (spread_y > 0)
        found[first : first + _ROWS_TOGETHER] = np.where(enough, np.clip(r, -1, 1), np.nan)
    return found
