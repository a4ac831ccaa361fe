"""Which known motifs a motif resembles, and how unlikely so much resemblance is by chance.

Tomtom (Gupta S et al. 2007, Genome Biol 8:R24) slides one motif along another, on both strands,
adds up the Euclidean distances between their columns, and takes p from the distribution of such
sums over all columns of all targets. The implementation is memelite's, which the extra ``tomtom``
installs; its first call in a new environment compiles for a minute or two.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from enhancer_variants.errors import InputError, MissingDependencyError
from enhancer_variants.motifs.pwm import PSEUDOCOUNT, Motif, Pwm

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare_motifs"]


def compare_motifs(queries: Sequence[Motif | Pwm], targets: Sequence[Motif | Pwm]) -> pd.DataFrame:
    """Compare each query with each target, as Tomtom does.

    Parameters
    ----------
    queries
        Motifs to be named, at least one. Flat positions resemble the flat positions of other
        motifs, so leave off flanks that hold nothing (``AttentionMotif.core``).
    targets
        Known motifs, such as ``bundled_motifs("JASPAR2024")``. They are also the background that
        p is against: with fewer than some fifty it depends on which ones they are.

    Returns
    -------
    pandas.DataFrame
        One row for each query and target; queries in their order, the best target first: by p,
        then by more overlap, then in the order of the targets.

        query_id, target_id, target_name
            The motifs.
        p
            Probability of a resemblance as good or better, at the best of all offsets and both
            strands.
        q
            Benjamini-Hochberg over the query's targets.
        offset
            Positions from the target's start to the query's: 2 if the query begins at the target's
            third position, -2 if two of its positions stand before the target.
        overlap
            Positions that both have.
        strand
            ``+``, or ``-`` where the target's reverse complement was compared; the offset is then
            counted along that.

    Raises
    ------
    InputError
        If there is no query or no target.
    MissingDependencyError
        If memelite is not installed.

    Examples
    --------
    >>> from enhancer_variants.motifs import bundled_motifs
    >>> known = bundled_motifs("JASPAR2024")
    >>> compare_motifs(known[:1], known).target_id[0]  # doctest: +SKIP
    'MA0002.3'
    """
    if not queries or not targets:
        raise InputError(
            f"{len(queries)} queries and {len(targets)} targets; expected at least one of each"
        )
    import pandas as pd  # noqa: PLC0415 - importing the package does not import pandas
    import scipy.stats  # noqa: PLC0415 - slow to import, and only a comparison needs it here

    tomtom = _tomtom()
    p, _, offset, overlap, strand = tomtom(
        [_columns(query) for query in queries], [_columns(target) for target in targets]
    )
    tables = []
    for row, query in enumerate(queries):
        of_query = np.clip(p[row], 0, 1)  # scipy refuses a 1 with a rounding error
        table = pd.DataFrame(
            {
                "query_id": query.id,
                "target_id": [target.id for target in targets],
                "target_name": [target.name for target in targets],
                "p": of_query,
                "q": scipy.stats.false_discovery_control(of_query),
                "offset": offset[row].astype(np.int64),
                "overlap": overlap[row].astype(np.int64),
                "strand": np.where(strand[row] == 0, "+", "-"),
            }
        )
        tables.append(table.iloc[np.lexsort((-table["overlap"], table["p"]))])
    return pd.concat(tables, ignore_index=True)


def _columns(motif: Motif | Pwm) -> npt.NDArray[np.float64]:
    """Probabilities of the bases, (4, L), with the pseudocount that scoring has."""
    pwm = Pwm.from_motif(motif, PSEUDOCOUNT) if isinstance(motif, Motif) else motif
    probabilities = 2.0**pwm.scores * np.array(pwm.background)
    return np.ascontiguousarray(probabilities.T / probabilities.sum(axis=1))


def _tomtom() -> Any:
    try:
        return importlib.import_module("memelite").tomtom
    except ImportError as error:
        raise MissingDependencyError(
            "comparing motifs needs memelite, which is not installed: "
            "pip install 'enhancer-variants[tomtom]'"
        ) from error
