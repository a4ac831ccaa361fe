"""Train the toy model that ships in enhancer_variants/demo/planted: one or two minutes on a core.

    python examples/make_planted_model.py

A small DNABERT that learns, from made-up sequences alone, to tell those that hold a binding site
of GATA1 or of AP-1 (FOS::JUN) from those that hold none. Most sequences without a site hold some
with a base changed, so that single bases matter to it. On one machine it is always the same
bytes; on another one, rounding may make it another model that does the same.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save, save_file
from torch.nn import functional

from enhancer_variants.models import (
    DnabertNetwork,
    NetworkConfig,
    Tokens,
    Vocabulary,
    convert_checkpoint,
    tokenize,
    write_card,
)
from enhancer_variants.models.card import CARD_FILE
from enhancer_variants.models.files import sha256_of
from enhancer_variants.models.network import to_checkpoint_names
from enhancer_variants.motifs import Motif, Pwm, bundled_motifs
from enhancer_variants.motifs.pwm import BASES

FOLDER = Path(__file__).parents[1] / "enhancer_variants" / "demo" / "planted"
SEED = 2025
WINDOW = 200
KMER = 6
MOTIFS = ("MA0035.5", "MA0099.4")
SITE_SHARE = 0.8
"""A site scores at least this share of its motif's largest score ..."""

BROKEN_SHARE = 0.65
"""... and a broken one less than this, so that a changed base decides clearly."""

POOL = 2_000
"""Sites drawn of each motif."""

BATCH = 64
STAGES = ((40, 700), (100, 200), (200, 500))
"""Length of the sequences and number of steps: a site is found sooner in a short sequence."""

LEARNING_RATE = 5e-3
LABEL_SMOOTHING = 0.02
"""Keeps the log-odds finite: the model is never asked to be surer than 99 to 1."""

NETWORK = NetworkConfig(
    vocab_size=Vocabulary.canonical(KMER).size,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=200,
    type_vocab_size=2,
    layer_norm_eps=1e-12,
    num_labels=2,
)

Codes = npt.NDArray[np.intp]
"""Bases as 0 to 3 in the order A, C, G, T, so that 3 - code is the complement."""


@dataclass(frozen=True)
class Sites:
    """Sites of one motif, and sites that one changed base has broken: lists of codes (L,)."""

    pwm: Pwm
    whole: list[Codes]
    broken: list[Codes]

    @property
    def threshold(self) -> float:
        """Smallest score of a site, bits."""
        return SITE_SHARE * self.pwm.largest_score


def draw_sites(motif: Motif, random: np.random.Generator) -> Sites:
    """Draw sites from the motif's frequencies, and break each of them at a place of its own."""
    pwm = Pwm.from_motif(motif)
    frequencies = motif.counts / motif.counts.sum(axis=1, keepdims=True)
    sites = Sites(pwm, [], [])
    places = range(pwm.length)
    while len(sites.whole) < POOL:
        whole = np.array([random.choice(4, p=row) for row in frequencies])
        broken = whole.copy()
        place = random.integers(pwm.length)
        broken[place] = (broken[place] + random.integers(1, 4)) % 4
        scores = [pwm.scores[places, codes].sum() for codes in (whole, broken)]
        if scores[0] >= sites.threshold and scores[1] < BROKEN_SHARE * pwm.largest_score:
            sites.whole.append(whole)
            sites.broken.append(broken)
    return sites


def has_site(sequences: Codes, sites: Sites) -> npt.NDArray[np.bool_]:
    """Whether any placement on either strand of (n, length) codes scores as a site does."""
    placements = np.lib.stride_tricks.sliding_window_view(sequences, sites.pwm.length, axis=1)
    places = range(sites.pwm.length)
    best = [
        scores[places, placements].sum(axis=2).max(axis=1)
        for scores in (sites.pwm.scores, sites.pwm.scores[::-1, ::-1])
    ]
    return np.maximum(*best) >= sites.threshold


def make_batch(
    motifs: list[Sites], rows: int, length: int, random: np.random.Generator
) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Random sequences, two fifths with a site, two fifths with broken ones; and their labels."""
    sequences = random.integers(0, 4, (rows, length))
    for row, draw in enumerate(random.random(rows)):
        for _ in range(1 if draw < 0.4 else random.integers(1, 4) if draw < 0.8 else 0):
            sites = motifs[random.integers(len(motifs))]
            site = (sites.whole if draw < 0.4 else sites.broken)[random.integers(POOL)]
            if random.random() < 0.5:
                site = 3 - site[::-1]
            start = random.integers(length - len(site) + 1)
            sequences[row, start : start + len(site)] = site
    # Chance makes sites too, and later ones overwrite earlier ones: only the sequence tells.
    labels = np.any([has_site(sequences, sites) for sites in motifs], axis=0)
    letters = np.array(list(BASES))[sequences]
    return ["".join(row) for row in letters], labels.astype(np.intp)


def token_ids(sequences: list[str], vocabulary: Vocabulary) -> torch.Tensor:
    tokens: Tokens = tokenize(sequences, vocabulary)
    return torch.from_numpy(tokens.ids)


def learning_rates() -> Iterator[float]:
    """Rise over a tenth of the steps, then fall to nothing, both in a straight line."""
    steps = sum(count for _, count in STAGES)
    rising = steps // 10
    for step in range(steps):
        yield LEARNING_RATE * min((step + 1) / rising, (steps - step) / (steps - rising))


def train() -> tuple[DnabertNetwork, float]:
    """Train the network; return it with its accuracy on fresh sequences."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    by_id = {motif.id: motif for motif in bundled_motifs("JASPAR2024")}
    motifs = [draw_sites(by_id[name], random) for name in MOTIFS]
    vocabulary = Vocabulary.canonical(KMER)
    network = DnabertNetwork(NETWORK)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    torch.nn.init.zeros_(network.position_embeddings.weight)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    lengths = [length for length, count in STAGES for _ in range(count)]
    for length, rate in zip(lengths, learning_rates(), strict=True):
        sequences, labels = make_batch(motifs, BATCH, length, random)
        logits = network(token_ids(sequences, vocabulary))
        loss = functional.cross_entropy(
            logits, torch.from_numpy(labels), label_smoothing=LABEL_SMOOTHING
        )
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    sequences, labels = make_batch(motifs, 1_000, WINDOW, random)
    with torch.inference_mode():
        called = network(token_ids(sequences, vocabulary)).argmax(dim=1).numpy()
    return network, float((called == labels).mean())


def write_model(network: DnabertNetwork, accuracy: float, folder: Path) -> None:
    """Write a model directory by way of a bare checkpoint, which the package then converts."""
    tensors = to_checkpoint_names(network.state_dict(), NETWORK.num_hidden_layers)
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    settings = {
        **asdict(NETWORK),
        "model_type": "bert",
        "hidden_act": "gelu",
        "id2label": {"0": "other", "1": "enhancer"},
    }
    vocabulary = Vocabulary.canonical(KMER)
    with tempfile.TemporaryDirectory() as bare:
        save_file(halves, Path(bare, "model.safetensors"))
        Path(bare, "config.json").write_text(json.dumps(settings))
        Path(bare, "vocab.txt").write_text("\n".join(vocabulary.tokens()) + "\n")
        for old in folder.glob("*"):
            old.unlink()
        card = convert_checkpoint(
            bare,
            folder,
            name="planted",
            window=WINDOW,
            max_seq_length=WINDOW,
            padding="none",
            positive_label="enhancer",
            licence="Apache-2.0",
            notes=(
                "A toy: trained by examples/make_planted_model.py on made-up sequences to tell "
                "those with a site of GATA1 (JASPAR MA0035.5) or FOS::JUN (MA0099.4) from those "
                f"without, right in {accuracy:.0%} of such sequences, broken sites included. It "
                "knows nothing of real enhancers."
            ),
        )
    # The same numbers in half of the bytes: a converted model is written in float32.
    weights = folder / "model.safetensors"
    weights.write_bytes(save(halves, metadata={"format": "pt"}))
    write_card(replace(card, weights_sha256=sha256_of(weights)), folder / CARD_FILE)


def main() -> None:
    network, accuracy = train()
    write_model(network, accuracy, FOLDER)
    print(f"{FOLDER}: right in {accuracy:.1%} of 1,000 fresh sequences")


if __name__ == "__main__":
    main()
