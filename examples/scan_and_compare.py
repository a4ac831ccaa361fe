"""Scan a stretch of GRCh37 with an enhancer model, and compare the calls with known enhancers.

    python examples/scan_and_compare.py chr20_1Mb.fa.gz --place z=chr20:1000000 \
        --chain hg19ToHg38.over.chain.gz \
        --known cohn=human_enhancers_cohn --known ensembl=human_enhancers_ensembl -o compared

The FASTA's contigs may be slices (`--place CONTIG=CHROMOSOME:OFFSET`). Windows and calls are
lifted to GRCh38 by their centres and ends, where the known enhancers are: folders of Genomic
Benchmarks (`*/positive.csv.gz` with region, start, end). Written: the scan's files, `compared.tsv`
as `enhancer-variants compare` gives it, with permutations within what was scanned, and
`judged.json`: the AUROC of windows by whether their centre is in a known enhancer, beside that of
the windows' share of G and C, which needs no model.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score, roc_auc_score

import enhancer_variants as ev
from enhancer_variants.gwas.liftover import Liftover

BUILD = "hg38"


def main() -> None:
    asked = _asked()
    asked.output.mkdir(parents=True, exist_ok=True)
    options = {"step": asked.step, "threshold": asked.threshold, "device": "cpu"}
    scanner = ev.GenomeScanner(asked.reference, **options)
    files = [asked.output / name for name in ("windows.parquet", "calls.bed", "track.bw")]
    run_dir = asked.run_dir or asked.output / "run"
    print(scanner.write(files, asked.regions, run_dir=run_dir))
    chain = Liftover.read(asked.chain)
    windows = pq.read_table(files[0]).to_pandas()
    windows["gc"] = _gc(scanner, windows)
    windows = _lifted_windows(windows, chain, asked.places)
    calls = pd.read_csv(files[1], sep="\t").rename(columns={"#chrom": "chrom"})
    lifted = _lifted_calls(calls, chain, asked.places)
    print(f"{len(lifted)} of {len(calls)} calls and {len(windows)} windows have a place in {BUILD}")
    known = {name: _known(folder) for name, folder in asked.known.items()}
    gaps = _not_scanned(windows)
    near = {name: _overlapping(table, gaps) for name, table in known.items()}
    found = ev.compare_calls(
        lifted, near, genome=BUILD, gaps=gaps, permutations=asked.permutations, seed=0
    )
    table = found.to_frame()
    table.to_csv(asked.output / "compared.tsv", sep="\t", index=False)
    shown = ["database", "reciprocal_overlap", "calls_fraction", "known", "known_fraction"]
    print(table[[*shown, "fold", "fold_low", "fold_high", "p_enriched"]].to_string(index=False))
    judged = {name: _judged(windows, table_, asked.threshold) for name, table_ in near.items()}
    (asked.output / "judged.json").write_text(json.dumps(judged, indent=1) + "\n")
    print(json.dumps(judged, indent=1))


def _gc(scanner: ev.GenomeScanner, windows: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Share of G and C in each window."""
    shares = np.empty(len(windows))
    for row, (name, start, end) in enumerate(
        windows[["chrom", "start", "end"]].itertuples(index=False)
    ):
        contig = scanner.reference.find(name)
        assert contig is not None
        bases = contig.bases(start, end)
        shares[row] = (bases.count("G") + bases.count("C")) / len(bases)
    return shares


def _lifted_windows(
    windows: pd.DataFrame, chain: Liftover, places: dict[str, tuple[str, int]]
) -> pd.DataFrame:
    """Windows with the place of their centre in the other build; those without one are left out."""
    rows = []
    columns = ["chrom", "centre", "probability", "log_odds", "gc"]
    for row in windows.itertuples(index=False):
        contig, offset = places.get(row.chrom, (row.chrom, 0))
        centre = chain.lift(contig, offset + (row.start + row.end) // 2 + 1)
        if centre is not None and centre.contig in _MAIN:
            rows.append((centre.contig, centre.position - 1, row.probability, row.log_odds, row.gc))
    return pd.DataFrame(rows, columns=columns)


def _lifted_calls(
    calls: pd.DataFrame, chain: Liftover, places: dict[str, tuple[str, int]]
) -> pd.DataFrame:
    """Give calls whose first and last base have places as far apart as before, or nearly."""
    rows = []
    for row in calls.itertuples(index=False):
        contig, offset = places.get(row.chrom, (row.chrom, 0))
        ends = [chain.lift(contig, offset + place) for place in (row.start + 1, row.end)]
        lifted = sorted((end for end in ends if end is not None), key=lambda end: end.position)
        if len({end.contig for end in lifted}) != 1 or len(lifted) != 2:
            continue
        start, end = lifted[0].position - 1, lifted[1].position
        if abs((end - start) - (row.end - row.start)) <= (row.end - row.start) / 10:
            rows.append((lifted[0].contig, start, end, row.name))
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "name"])


def _known(folder: Path) -> pd.DataFrame:
    tables = [pd.read_csv(path) for path in sorted(folder.glob("*/positive.csv.gz"))]
    known = pd.concat(tables).rename(columns={"region": "chrom"})
    return known[["chrom", "start", "end"]].drop_duplicates()


_MAIN = {f"chr{name}" for name in (*range(1, 23), "X", "Y")}
_WIDEST_STEP = 300
"""Lifted centres with at most so many bases between them belong to one stretch."""


def _not_scanned(windows: pd.DataFrame) -> pd.DataFrame:
    """Find what lies between the stretches that were scanned, on their contigs."""
    rows = []
    for contig, centres in windows.groupby("chrom")["centre"]:
        ordered = np.sort(centres.to_numpy())
        edges = np.flatnonzero(np.diff(ordered) > _WIDEST_STEP)
        starts = ordered[np.concatenate([[0], edges + 1])] - 100
        ends = ordered[np.concatenate([edges, [len(ordered) - 1]])] + 100
        borders = zip([0, *ends], [*starts, 2**31 - 1], strict=True)
        rows += [(contig, max(a, 0), b) for a, b in borders if b > a]
    return pd.DataFrame(rows, columns=["chrom", "start", "end"])


def _overlapping(known: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Known enhancers that lie on what was scanned, whole."""
    kept = []
    for contig, table in known.groupby("chrom"):
        own = gaps[gaps["chrom"] == contig]
        for row in table.itertuples(index=False):
            outside = (own["start"] < row.end) & (own["end"] > row.start)
            if len(own) and not outside.any():
                kept.append(row)
    return pd.DataFrame(kept, columns=["chrom", "start", "end"])


def _judged(windows: pd.DataFrame, known: pd.DataFrame, threshold: float) -> dict[str, float]:
    """AUROC and average precision of windows, by whether their centre is in a known enhancer."""
    inside = np.zeros(len(windows), dtype=bool)
    for contig, table in known.groupby("chrom"):
        of_contig = (windows["chrom"] == contig).to_numpy()
        centres = windows["centre"].to_numpy()
        for row in table.itertuples(index=False):
            inside |= of_contig & (centres >= row.start) & (centres < row.end)
    called = (windows["probability"] >= threshold).to_numpy()
    return {
        "windows": len(windows),
        "in_known": int(inside.sum()),
        "share_in_known": float(inside.mean()),
        "auroc": float(roc_auc_score(inside, windows["log_odds"])),
        "auroc_of_gc": float(roc_auc_score(inside, windows["gc"])),
        "average_precision": float(average_precision_score(inside, windows["log_odds"])),
        "called_of_in_known": float(called[inside].mean()),
        "called_of_others": float(called[~inside].mean()),
    }


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reference", type=Path, help="FASTA of GRCh37, or slices of it")
    parser.add_argument("--place", action="append", default=[], metavar="CONTIG=CHROMOSOME:OFFSET")
    parser.add_argument("--chain", type=Path, required=True, help="from GRCh37 to GRCh38")
    parser.add_argument("--known", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--regions", action="append", metavar="REGION")
    parser.add_argument("--step", type=int, default=50)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--run-dir", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    asked.places = {}
    for text in asked.place:
        contig, place = text.split("=")
        chromosome, offset = place.split(":")
        asked.places[contig] = (chromosome, int(offset))
    asked.known = {name: Path(folder) for name, folder in (k.split("=", 1) for k in asked.known)}
    return asked


if __name__ == "__main__":
    main()
