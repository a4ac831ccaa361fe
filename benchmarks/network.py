"""Sequences per second of one 12x768 network at 200 bp: ours, transformers, the original's way.

    python benchmarks/network.py [--device cpu] [--sequences 32] [--rounds 5]

Interleaved rounds in one process after a warm-up; before any timing, the logits of ours and of
transformers are asserted to agree within 1e-4. "The original's way" is eager attention over 350
tokens, as the published scripts pad.
"""

from __future__ import annotations

import argparse
import random
from typing import Any

import numpy as np
import torch
from machine import interleaved, save
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.models import DnabertNetwork, NetworkConfig, Tokens, Vocabulary, tokenize
from enhancer_variants.models.network import from_checkpoint_names

BATCH = {"cpu": 4, "cuda": 512}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--sequences", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    device = torch.device(options.device)
    batch = BATCH[device.type]

    bases = random.Random(1)
    vocabulary = Vocabulary.canonical(6)
    sequences = ["".join(bases.choices("ACGT", k=200)) for _ in range(options.sequences)]
    tokens = tokenize(sequences, vocabulary)
    networks = _networks(vocabulary, device)

    ids = torch.as_tensor(tokens.ids, device=device).long()
    padded = torch.nn.functional.pad(ids, (0, 350 - ids.shape[1]))
    mask = (torch.arange(350, device=device) < ids.shape[1]).long().expand(len(ids), -1)

    @torch.inference_mode()
    def ours() -> torch.Tensor:
        return torch.cat([networks["ours"](part) for part in ids.split(batch)])

    @torch.inference_mode()
    def sdpa() -> torch.Tensor:
        return torch.cat([networks["sdpa"](part).logits for part in ids.split(batch)])

    @torch.inference_mode()
    def original() -> torch.Tensor:
        parts = zip(padded.split(batch), mask.split(batch), strict=True)
        eager = networks["eager"]
        return torch.cat([eager(part, attention_mask=m).logits for part, m in parts])

    difference = float((ours() - sdpa()).abs().max())
    assert difference < 1e-4, difference
    assert float((original() - sdpa()).abs().max()) < 1e-4

    def synchronised(run: Any) -> Any:
        def timed() -> None:
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()

        return timed

    contestants = {"ours": ours, "transformers sdpa": sdpa, "the original's way": original}
    seconds = interleaved({n: synchronised(r) for n, r in contestants.items()}, options.rounds)
    rates = {name: options.sequences / s["median"] for name, s in seconds.items()}
    save(
        f"network_{device.type}",
        {
            "what": "sequences/s, 12x768, 200 bp, fp32, random weights, medians",
            "batch": batch,
            "rounds": options.rounds,
            "largest_logit_difference": difference,
            "sequences_per_second": {name: round(rate, 2) for name, rate in rates.items()},
            "ours_over_sdpa": round(rates["ours"] / rates["transformers sdpa"], 3),
            "ours_over_original": round(rates["ours"] / rates["the original's way"], 3),
            "tokens": _shape(tokens),
        },
    )


def _shape(tokens: Tokens) -> list[int]:
    return list(np.shape(tokens.ids))


def _networks(vocabulary: Vocabulary, device: torch.device) -> dict[str, torch.nn.Module]:
    """One set of random weights in our network and in transformers', sdpa and eager."""
    torch.manual_seed(0)
    config = BertConfig(vocab_size=vocabulary.size, layer_norm_eps=1e-12)
    config._attn_implementation = "sdpa"
    sdpa = BertForSequenceClassification(config).eval().to(device)
    eager_config = BertConfig(vocab_size=vocabulary.size, layer_norm_eps=1e-12)
    eager_config._attn_implementation = "eager"
    eager = BertForSequenceClassification(eager_config).eval().to(device)
    eager.load_state_dict(sdpa.state_dict())
    ours = DnabertNetwork(NetworkConfig(vocabulary.size, 768, 12, 12, 3072, 512, 2, 1e-12, 2))
    ours.load_state_dict(from_checkpoint_names(sdpa.state_dict(), 12))
    return {"ours": ours.eval().to(device), "sdpa": sdpa, "eager": eager}


if __name__ == "__main__":
    main()
