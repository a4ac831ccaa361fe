"""Hundreds of TFBS models that do not fit into memory, over one large chunk of variants.

    python benchmarks/panel.py [--models 464] [--records 100000]

Small networks of two window lengths and two k stand in for 12 x 768 ones; `model_memory` is set so
low that none of them stays loaded, as 400 real ones would not. Correctness first: the long table
has a row for each allele and model, a model's rows are what it gives alone, and the gain and loss
at the top are the largest of the long table. Resident memory is read along the way; the files are
counted as they are opened, to show that each model is read once a chunk.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import torch
from machine import save
from pipeline import make_inputs
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

from enhancer_variants import VariantScorer
from enhancer_variants.models import ModelCard, Vocabulary, shelf, write_card


def make_model(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    k, window = 3 + number % 2, 16 + 4 * (number // 2 % 2)
    vocabulary = Vocabulary.canonical(k)
    config = BertConfig(
        vocab_size=vocabulary.size,
        hidden_size=4,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=4,
        max_position_embeddings=32,
    )
    torch.manual_seed(number)
    network = BertForSequenceClassification(config)
    tensors = {n: 20 * t for n, t in network.state_dict().items() if t.is_floating_point()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary.tokens()) + "\n")
    card = ModelCard(
        name=folder.name,
        task="single_label",
        labels=("other", "bound"),
        positive_label="bound",
        window_length=window,
        kmer=k,
        padding="none",
    )
    write_card(card, folder / "enhancer_variants.json")


class Memory(threading.Thread):
    """Largest resident memory, read ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest, self.process = 0, psutil.Process()

    def run(self) -> None:
        """Read it until the process ends."""
        while True:
            self.largest = max(self.largest, self.process.memory_info().rss)
            time.sleep(0.1)


def run(models: int, records: int, folder: Path) -> dict[str, float]:
    panel = folder / f"panel{models}"
    for number in range(models):
        make_model(panel / f"TF{number:03d}", number)
    fasta, vcf = make_inputs(folder, records)
    read = Counter[str]()
    load_model = shelf.load_model

    def counted(directory: Path, *given: object, **options: object) -> object:
        read[directory.name] += 1
        return load_model(directory, *given, **options)

    shelf.load_model = counted
    memory = Memory()
    memory.start()
    start = time.perf_counter()
    scorer = VariantScorer(fasta, tfbs=panel, model_memory=0, progress=False)
    made = time.perf_counter()
    output = folder / f"effects{models}.parquet"
    summary = scorer.annotate(vcf, output)
    end = time.perf_counter()
    shelf.load_model = load_model
    long = Path(f"{output}.tfbs.parquet")
    check(output, long, panel, fasta, vcf, models)
    assert set(read.values()) == {2}, "once to check it, once for the one chunk"
    return {
        "models": models,
        "alleles": summary.alleles,
        "seconds_to_check_models": made - start,
        "seconds_to_score": end - made,
        "largest_resident_mib": memory.largest / 2**20,
        "long_table_mib": long.stat().st_size / 2**20,
    }


def check(output: Path, long: Path, panel: Path, fasta: Path, vcf: Path, models: int) -> None:
    effects = pq.read_table(output).to_pandas()
    assert pq.read_metadata(long).num_rows == models * len(effects)
    table = ds.dataset(long)
    largest = np.full(len(effects), -np.inf)
    for directory in sorted(panel.iterdir()):
        of_model = table.to_table(
            columns=["log_odds_shift"], filter=ds.field("model") == directory.name
        )
        largest = np.fmax(largest, of_model["log_odds_shift"].to_numpy())
    scored = effects["tfbs_top_gain_shift"].notna().to_numpy()
    assert np.allclose(largest[scored], effects["tfbs_top_gain_shift"][scored], rtol=1e-6)
    name = sorted(panel.iterdir())[-1].name
    alone = VariantScorer(fasta, tfbs={name: panel / name}, progress=False).score_vcf(vcf)
    rows = table.to_table(columns=["log_odds_shift"], filter=ds.field("model") == name)
    expected = alone[f"{name}_log_odds_shift"].to_numpy()
    assert np.allclose(rows["log_odds_shift"].to_numpy(), expected, atol=1e-4, equal_nan=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=464)
    parser.add_argument("--records", type=int, default=100_000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        few = run(max(17, asked.models // 10), asked.records, Path(folder))
        many = run(asked.models, asked.records, Path(folder))
    save("panel", {"few": few, "many": many})


if __name__ == "__main__":
    main()
