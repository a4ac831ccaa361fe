"""Sequences per second of a network at 200 bp: ours in every mode, transformers, the original.

    python benchmarks/network.py [--device cpu] [--threads 2] [--sequences 16] [--rounds 5]
    python benchmarks/network.py --compile

Two networks: 12 x 768, the size of DNABERT, with random weights, and the bundled one. Before any
timing ours is held against transformers: logits, and the shifts of single-base changes. Rounds are
interleaved in one process after a warm-up; a gain is the median of the gains of the rounds. "The
original's way" is eager attention over 350 tokens, as the published scripts pad; "the limit" is the
time of the large matrix products alone. All of ours go through `predict_logits`. On a GPU there
are also half precisions with the published padding and without CUDA graphs; with --compile, what
torch.compile makes of the network too.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats
import torch
from machine import save
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants.models import (
    BUNDLED_ENHANCER,
    DnabertNetwork,
    Model,
    Tokens,
    Vocabulary,
    bundled_directory,
    load_model,
    log_odds,
    predict_logits,
    tokenize,
)
from enhancer_variants.models.packed_linear import Linear, can_pack, plain

SDPA = "transformers, sdpa, fp32"
ORIGINAL = "the original's way"
EXACT = "ours, torch, fp32"
AS_PUBLISHED = ", padding as published"
ROWS = {"cpu": (4, 32), "cuda": (512, 2048)}
"""Rows of a batch, for 12 x 768 and for the bundled network."""
SEQUENCES = {"cpu": 16, "cuda": 4096}
"""Of 12 x 768; the bundled network reads forty times as many."""

Pass = Callable[[], Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    best = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=["cpu", "cuda"], default=best)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sequences", type=int, help="sequences of 12 x 768")
    parser.add_argument("--batch", type=int, help="rows of a batch of 12 x 768")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["12x768", "bundled"], help="nothing is saved")
    parser.add_argument("--compile", action="store_true", help="torch.compile too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    large, small = ROWS[options.device]
    sequences = options.sequences or SEQUENCES[options.device]
    results = {}
    if options.only != "bundled":
        with tempfile.TemporaryDirectory() as folder:
            write_random_model(Path(folder))
            batch = options.batch or large
            bench = Bench(Path(folder), options.device, batch, sequences, options.compile)
            results["12 x 768, random weights"] = bench.results(options.rounds, least_rank=0.0)
    if options.only != "12x768":
        bench = Bench(bundled_directory(), options.device, small, 40 * sequences, options.compile)
        results[BUNDLED_ENHANCER] = bench.results(options.rounds, least_rank=0.995)
    what = "sequences/s at 200 bp, medians; gain: median over the rounds, against transformers sdpa"
    result = {"what": what, "rounds": options.rounds, **results}
    if options.only:
        print(json.dumps(result, indent=1))
    else:
        save(f"network{'_compiled' if options.compile else ''}_{options.device}", result)


@dataclass(frozen=True)
class Bench:
    """One network and the sequences that it reads."""

    directory: Path
    device: str
    batch: int
    sequences: int
    compiled: bool

    def results(self, rounds: int, least_rank: float) -> dict[str, Any]:
        """Check, then time; `least_rank` is asserted of the opt-in modes."""
        models = self.models()
        windows = pairs_of_alleles(self.sequences // 2)
        tokens = tokenize(windows, models[EXACT].vocabulary)
        theirs = self.of_transformers(tokens)
        ours: dict[str, Pass] = {
            name: lambda model=model: predict_logits(model, tokens, batch_size=self.batch)
            for name, model in models.items()
        }
        checked = agreement(models, ours, theirs, least_rank)
        passes = {**theirs, **ours, **self.limits(models[EXACT], tokens)}
        timed = interleaved(passes, rounds)
        return {
            "batch": self.batch,
            "sequences": self.sequences,
            "tokens": int(tokens.ids.shape[1]),
            "agreement": checked,
            "speed": {name: self.speed(timed[name], timed[SDPA]) for name in passes},
            "published_padding_over_none": {
                name: round(gain(timed[name + AS_PUBLISHED], timed[name]), 3)
                for name in passes
                if name + AS_PUBLISHED in passes
            },
        }

    def speed(self, own: Timings, reference: Timings) -> dict[str, float]:
        """Give sequences per second, and the gain over the reference."""
        seconds = statistics.median(clock for clock, _ in own)
        return {
            "per_second": round(self.sequences / seconds, 2),
            "gain": round(gain(own, reference), 3),
            "gain_in_processor_time": round(gain(own, reference, of=1), 3),
        }

    def models(self) -> dict[str, Model]:
        """Ours, by name: in every precision, then with the other backend of a CPU."""
        models: dict[str, Model] = {}
        for precision in ("fp32", "fp16", "bf16") if self.device == "cuda" else ("fp32", "bf16"):
            name, model = f"ours, torch, {precision}", self.load(precision)
            models[name] = model
            if precision != "fp32" and self.device == "cuda":
                models[f"{name}, without CUDA graphs"] = recorded_never(model)
            if precision == "fp32" or self.device == "cuda":
                published = replace(model, padding="dnabert", max_seq_length=200)
                models[name + AS_PUBLISHED] = published
            if self.compiled:
                compiled: Any = torch.compile(recorded_never(model).network)
                models[f"{name}, compiled"] = replace(model, network=compiled)
        if self.device == "cpu":
            models["ours, openvino, fp32"] = self.load("fp32", "openvino")
            models["ours, openvino, bf16"] = self.load("bf16", "openvino")
        return models

    def load(self, precision: Any, backend: Any = "torch") -> Model:
        """Load the model without the padding that its card may have."""
        model = load_model(self.directory, device=self.device, precision=precision, backend=backend)
        return replace(model, padding="none", max_seq_length=None)

    def of_transformers(self, tokens: Tokens) -> dict[str, Pass]:
        """Give transformers' sdpa, and the original's way where the network has the places."""
        ids = torch.as_tensor(tokens.ids, device=self.device).long()
        padded = torch.nn.functional.pad(ids, (0, 350 - ids.shape[1]))
        mask = (torch.arange(350, device=self.device) < ids.shape[1]).long().expand(len(ids), -1)
        networks = {
            attention: BertForSequenceClassification.from_pretrained(
                self.directory, attn_implementation=attention, dtype=torch.float32
            )
            .eval()
            .to(self.device)
            for attention in ("sdpa", "eager")
        }

        @torch.inference_mode()
        def sdpa() -> np.ndarray:
            parts = [networks["sdpa"](part).logits for part in ids.split(self.batch)]
            return torch.cat(parts).cpu().numpy()

        @torch.inference_mode()
        def original() -> np.ndarray:
            both = zip(padded.split(self.batch), mask.split(self.batch), strict=True)
            parts = [networks["eager"](part, attention_mask=m).logits for part, m in both]
            return torch.cat(parts).cpu().numpy()

        # The bundled network has places for 230 tokens, and so is not padded to 350.
        places = networks["sdpa"].config.max_position_embeddings
        return {SDPA: sdpa, **({ORIGINAL: original} if places >= 350 else {})}

    def limits(self, model: Model, tokens: Tokens) -> dict[str, Pass]:
        """Compute the products of all layers with weights of the same shapes, and nothing else."""
        config = model.network.config
        width, wide = config.hidden_size, config.intermediate_size
        shapes = [(width, 3 * width), (width, width), (width, wide), (wide, width)]
        rows = self.batch * tokens.ids.shape[1]
        batches = -(-self.sequences // self.batch)

        def limit(dtype: torch.dtype) -> Pass:
            layers = [Linear(*shape, device=self.device, dtype=dtype) for shape in shapes]
            for layer in layers:
                layer.requires_grad_(False)
                if self.device == "cpu" and can_pack(dtype):
                    layer.pack()
            read = [torch.randn(rows, i, device=self.device, dtype=dtype) for i, _ in shapes]

            @torch.inference_mode()
            def products() -> None:
                for _ in range(batches * config.num_hidden_layers):
                    for layer, x in zip(layers, read, strict=True):
                        layer(x)
                if self.device == "cuda":
                    torch.cuda.synchronize()

            return products

        half = torch.float16 if self.device == "cuda" else torch.bfloat16
        return {
            "the limit: products alone, fp32": limit(torch.float32),
            f"the limit: products alone, {str(half).removeprefix('torch.')}": limit(half),
        }


def recorded_never(model: Model) -> Model:
    """Give the same network without CUDA graphs, its weights in their plain order."""
    with torch.device("meta"):
        network = DnabertNetwork(model.network.config)
    state = {name: plain(weight) for name, weight in model.network.state_dict().items()}
    network.load_state_dict(state, assign=True)
    return replace(model, network=network.requires_grad_(False).eval())


Timings = list[tuple[float, float]]
"""Clock and processor seconds of each round."""


def interleaved(passes: Mapping[str, Pass], rounds: int) -> dict[str, Timings]:
    for run in passes.values():
        run()
    timed: dict[str, Timings] = {name: [] for name in passes}
    for _ in range(rounds):
        for name, run in passes.items():
            clock, processor = time.perf_counter(), time.process_time()
            run()
            timed[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return timed


def gain(own: Timings, reference: Timings, of: int = 0) -> float:
    return statistics.median(r[of] / o[of] for o, r in zip(own, reference, strict=True))


def agreement(
    models: Mapping[str, Model], ours: Mapping[str, Pass], theirs: Mapping[str, Pass], rank: float
) -> dict[str, dict[str, float]]:
    """Largest differences from transformers, of logits and of shifts; asserted, then reported."""
    expected = theirs[SDPA]()
    for name, run in theirs.items():
        assert np.abs(run() - expected).max() < 1e-4, name
    found = {}
    for name, model in models.items():
        logits = ours[name]()
        if name.endswith(AS_PUBLISHED):  # other numbers on purpose: tests have the original's
            assert np.isfinite(logits).all()
            continue
        reference, shift = shifts(model, expected), shifts(model, logits)
        error = float(np.abs(shift - reference).max())
        correlations = [
            float(scipy.stats.spearmanr(reference[:, column], shift[:, column])[0])
            for column in range(reference.shape[1])
        ]
        if model.precision == "fp32":
            assert np.abs(logits - expected).max() < 1e-4, name
            assert error <= 1e-4, (name, error)
        else:
            assert min(correlations) >= rank, (name, correlations)
        found[name] = {
            "largest_logit_difference": float(np.abs(logits - expected).max()),
            "largest_shift_error": error,
            "rank_correlation": round(min(correlations), 5),
        }
    return found


def shifts(model: Model, logits: np.ndarray) -> np.ndarray:
    """ALT - REF, log2 units: rows are REF and ALT in turn."""
    odds = log_odds(model, logits)
    return odds[1::2] - odds[::2]


def pairs_of_alleles(count: int) -> list[str]:
    """Windows of 200 bp, REF and ALT in turn, that differ at index 100."""
    bases = random.Random(1)
    windows = []
    for _ in range(count):
        ref = "".join(bases.choices("ACGT", weights=(3, 2, 2, 3), k=200))
        alt = bases.choice([base for base in "ACGT" if base != ref[100]])
        windows += [ref, ref[:100] + alt + ref[101:]]
    return windows


def write_random_model(folder: Path) -> None:
    torch.manual_seed(0)
    vocabulary = Vocabulary.canonical(6)
    config = BertConfig(vocab_size=vocabulary.size, layer_norm_eps=1e-12)
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary.tokens()) + "\n")


if __name__ == "__main__":
    main()
