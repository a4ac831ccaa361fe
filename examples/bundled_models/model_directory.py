"""The trained network as a model directory: checked, rounded to half precision, with its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from compiled_network import (
    VOCABULARY,
    compiled,
    largest_difference,
    network_config,
    smallest_attention,
)
from data import HELD_OUT_CONTIGS, Codes
from sampling import DEVELOPMENT_CONTIGS, LABELS, WINDOW
from scan_network import KMER, ScanNetwork
from sources import COLLECTIONS, SEQUENCES, checksums
from starting_point import MOTIFS

from enhancer_variants.models import ModelCard
from enhancer_variants.models.card import JSON
from enhancer_variants.models.network import (
    DnabertNetwork,
    from_checkpoint_names,
    to_checkpoint_names,
)
from enhancer_variants.models.saving import write_model
from enhancer_variants.motifs.bundled import BUNDLED_MOTIFS

__all__ = ["NAME", "save_model"]

NAME: Final = "mini"

_SAME_FUNCTION: Final = 1e-4
_ROUNDING: Final = 0.02
_LEAST_ATTENTION: Final = 0.99

_LICENCE: Final = "Apache-2.0; motifs CC BY 4.0"
_NOTES: Final = (
    "A small DNABERT with one output for enhancers and one for each of 14 transcription factors, "
    "made by examples/bundled_models. Trained on: {collections}. These sequences come without a "
    "licence to hand them on; none of them is part of the model. No sequence with coordinates on "
    "{held_out} was trained on, nor any that shares 32 bases, on either strand, with one of the "
    "test sets, with the bases of these contigs that were at hand or with an element whose "
    "variants were measured (Kircher et al. 2019). Sequences without coordinates (the twelve "
    "H1-hESC factors, NHLF, the 202 bp sample, some negatives of iEnhancer-2L) may be from these "
    "contigs where their bases were not at hand. No measured effect of a variant was read, so "
    "nothing was trained or selected on one here (but motif_shift_sum, see below, was defined "
    "anew once after such effects had been looked at). Sequences of {development} were set aside "
    "while the recipe was chosen, and then trained on like the others; the weights are those of "
    "the last step. The first layer began as a scan with motifs of JASPAR 2024. The enhancer "
    "output learnt from a logistic regression on motifs and k-mers, and with single-base changes "
    "of training sequences to change with the sum of motif changes (motif_shift_sum); those of "
    "factors that have a motif, to change with it. So the shifts and the motif columns are not "
    "independent evidence. The enhancer output ranks sequences and is weak on single bases. "
    "GC content is most "
    "of what tells the enhancers of these collections from their negatives. The outputs of "
    "factors are for H1-hESC, that of CTCF for the cells its peaks are from."
)


def save_model(
    scan: ScanNetwork, folder: Path, sequences: Sequence[Codes], training: dict[str, JSON]
) -> None:
    """Check and write the model.

    Parameters
    ----------
    scan
        The trained network.
    folder
        Folder to write to; made if it does not exist.
    sequences
        Real sequences of one length to check with.
    training
        How it was trained, for the card.

    Raises
    ------
    ValueError
        If the network in DNABERT's form gives other log-odds than the scan, or rounding the
        weights changes them, or what layer 1 looks at, by too much.
    """
    scan = scan.eval()
    network = compiled(scan)
    difference = largest_difference(scan, network, sequences)
    _require(difference < _SAME_FUNCTION, "compiled network: largest difference", difference)
    tensors = to_checkpoint_names(network.state_dict(), len(network.layers))
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    rounded = DnabertNetwork(network_config(len(LABELS))).eval()
    rounded.load_state_dict(
        from_checkpoint_names({name: half.float() for name, half in halves.items()}, 2)
    )
    difference = largest_difference(scan, rounded, sequences)
    _require(difference < _ROUNDING, "half precision: largest difference", difference)
    attention = smallest_attention(rounded, sequences)
    _require(attention > _LEAST_ATTENTION, "half precision: smallest attention", attention)
    folder.mkdir(parents=True, exist_ok=True)
    write_model(folder, network_config(len(LABELS)), halves, VOCABULARY, _card(training))


def _require(holds: bool, what: str, value: float) -> None:
    print(f"{what} {value:.3g}", flush=True)
    if not holds:
        raise ValueError(f"{what} {value:.3g}: the model is not written")


def _card(training: dict[str, JSON]) -> ModelCard:
    trained_on = sorted({source.collection for source in SEQUENCES if source.part == "train"})
    motifs = BUNDLED_MOTIFS[MOTIFS]
    return ModelCard(
        name=NAME,
        task="multi_label",
        labels=LABELS,
        window_length=WINDOW,
        kmer=KMER,
        padding="none",
        licence=_LICENCE,
        citation=(
            f"JASPAR 2024: {motifs.citation}. Enhancers: Liu B et al. 2016, Bioinformatics "
            "32:362-369. DNABERT: Ji Y et al. 2021, Bioinformatics 37:2112-2120."
        ),
        notes=_NOTES.format(
            collections="; ".join(COLLECTIONS[name] for name in trained_on),
            held_out=", ".join(_in_order(HELD_OUT_CONTIGS)),
            development=", ".join(_in_order(DEVELOPMENT_CONTIGS)),
        ),
        training={
            **training,
            "script": "examples/bundled_models/train.py",
            "held_out_contigs": list(_in_order(HELD_OUT_CONTIGS)),
            "development_contigs": list(_in_order(DEVELOPMENT_CONTIGS)),
            "collections": dict(COLLECTIONS),
            "motifs": {
                "name": MOTIFS,
                "licence": motifs.licence,
                "citation": motifs.citation,
                "sha256": motifs.sha256(),
            },
            "sources_sha256": dict(checksums()),
            "torch": torch.__version__.split("+")[0],
        },
    )


def _in_order(contigs: frozenset[str]) -> list[str]:
    return sorted(contigs, key=lambda contig: int(contig.removeprefix("chr")))
