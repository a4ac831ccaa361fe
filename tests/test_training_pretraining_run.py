"""Pre-training runs: what is learned, what is written, and runs that were stopped."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

import enhancer_variants as ev
from enhancer_variants.errors import InputError, MissingDependencyError, ModelError
from enhancer_variants.genome import Reference
from enhancer_variants.models.encoder import read_encoder
from enhancer_variants.training.finetuning import NetworkSizes
from enhancer_variants.training.pretraining import PretrainConfig, PretrainResult, pretrain
from enhancer_variants.training.pretraining import trainer as trainer_module

REPEATS = ("A", "C", "AC", "AG", "ATC", "GTA", "TTG", "CAGT")


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tandem repeats: every hidden k-mer follows from those around it, and from nothing else."""
    chance = random.Random(1)
    units = [chance.choice(REPEATS) for _ in range(60)]
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(f">chr1\n{'N'.join((unit * 400)[:400] for unit in units)}\n")
    return path


def six_steps(genome: Path, output: Path) -> PretrainConfig:
    return PretrainConfig(
        fasta=genome,
        output=output,
        kmer=3,
        network=NetworkSizes(
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=48,
        ),
        max_steps=6,
        dev_share=0.1,
        dev_windows=60,
        batch_size=8,
        device="cpu",
    )


@pytest.fixture
def config(genome: Path, tmp_path: Path) -> PretrainConfig:
    return six_steps(genome, tmp_path / "encoder")


@pytest.fixture(scope="module")
def finished(
    genome: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[PretrainConfig, PretrainResult]:
    """Give a run that has ended; tests leave it as it is."""
    config = six_steps(genome, tmp_path_factory.mktemp("finished") / "encoder")
    return config, ev.pretrain(config, progress=False)


def weights(result: PretrainResult) -> bytes:
    return (result.directory / "model.safetensors").read_bytes()


class _Killed(BaseException):
    """What stops a run in the middle."""


def killed_after(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every run stop after a step as if its process were gone."""

    class Killer(TrainerCallback):
        def on_step_begin(
            self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
        ) -> None:
            if state.global_step == step:
                raise _Killed

    make = trainer_module.pretraining_trainer

    def make_with_killer(*arguments: object, **more: object) -> object:
        trainer = make(*arguments, **more)
        trainer.add_callback(Killer())
        return trainer

    monkeypatch.setattr(trainer_module, "pretraining_trainer", make_with_killer)


def test_hidden_kmers_are_learned_from_those_around_them(config: PretrainConfig) -> None:
    learning = replace(
        config,
        network=replace(config.network, hidden_size=64),
        max_steps=100,
        learning_rate=8e-3,
        batch_size=32,
        dropout=0.0,
    )
    metrics = pretrain(learning).metrics
    assert metrics["model"]["accuracy"] > metrics["unigram"]["accuracy"] + 0.3
    assert metrics["model"]["perplexity"] < metrics["unigram"]["perplexity"] / 4
    assert metrics["model"]["perplexity"] < metrics["copying"]["perplexity"]


def test_what_is_written(finished: tuple[PretrainConfig, PretrainResult]) -> None:
    config, result = finished
    assert sorted(path.name for path in result.directory.iterdir()) == [
        "config.json",
        "model.safetensors",
        "pretraining.json",
        "tokenizer_config.json",
        "vocab.txt",
    ]
    record = json.loads((result.directory / "pretraining.json").read_text())
    assert record["metrics"] == result.metrics
    assert record["run"]["start"]["from"] == "scratch"
    assert record["run"]["recipe"]["mask_probability"] == 0.15
    (source,) = record["run"]["data"]["sources"]
    with Reference(config.fasta_files[0]) as genome:
        assert source == {"name": genome.name, "sha256": genome.sha256()}
    assert record["run"]["data"]["training_bases"] + record["run"]["data"]["dev_bases"] == 24_000
    assert str(config.output) not in json.dumps(record)
    assert {"loss", "learning_rate"} <= result.history[0].keys()
    assert result.history[-1]["eval_accuracy"] == pytest.approx(
        result.metrics["model"]["accuracy"], abs=1e-6
    )
    assert read_encoder(result.directory).config.hidden_size == 32


def test_equal_runs_are_equal_bytes_and_other_seeds_are_not(
    config: PretrainConfig, tmp_path: Path
) -> None:
    first, again, other = (
        pretrain(replace(config, output=tmp_path / name, seed=seed))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert weights(first) == weights(again) != weights(other)
    assert first.metrics == again.metrics
    assert first.history == again.history


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_killed_run_comes_to_what_it_would_have_come_to(
    config: PretrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accumulation: int
) -> None:
    config = replace(config, evaluate_every=2, gradient_accumulation=accumulation)
    whole = pretrain(replace(config, output=tmp_path / "whole"))
    with monkeypatch.context() as patched:
        killed_after(5, patched)
        with pytest.raises(_Killed):
            pretrain(config)
    newest = Path(config.output, "checkpoints", "checkpoint-4")
    assert newest.is_dir()
    # What a later checkpoint left when its writer was killed.
    (newest.with_name("checkpoint-6")).mkdir()
    resumed = pretrain(config, resume=True)
    assert weights(resumed) == weights(whole)
    assert resumed.history == whole.history
    assert resumed.metrics == whole.metrics


def test_a_finished_run_is_given_as_it_is(
    finished: tuple[PretrainConfig, PretrainResult],
) -> None:
    config, first = finished
    changed = (first.directory / "model.safetensors").stat().st_mtime_ns
    assert pretrain(config, resume=True) == first
    assert (first.directory / "model.safetensors").stat().st_mtime_ns == changed


def test_a_folder_with_something_else_is_refused(
    finished: tuple[PretrainConfig, PretrainResult], tmp_path: Path
) -> None:
    config, _ = finished
    with pytest.raises(InputError, match=r"holds a run already; .* --resume"):
        pretrain(config)
    with pytest.raises(InputError, match=r"recipe.batch_size 8, and this one has 4"):
        pretrain(replace(config, batch_size=4), resume=True)
    Path(tmp_path, "notes").mkdir()
    Path(tmp_path, "notes", "thesis.txt").touch()
    with pytest.raises(InputError, match=r"holds thesis.txt, which is of no run"):
        pretrain(replace(config, output=tmp_path / "notes"))
    with pytest.raises(InputError, match="is a file"):
        pretrain(replace(config, output=tmp_path / "notes" / "thesis.txt"))


def test_a_run_goes_on_from_another_s_encoder(
    finished: tuple[PretrainConfig, PretrainResult], tmp_path: Path
) -> None:
    config, first = finished
    further = replace(
        config, model=first.directory, network=None, kmer=None, output=tmp_path / "further"
    )
    second = pretrain(replace(further, learning_rate=1e-9))
    start = json.loads((second.directory / "pretraining.json").read_text())["run"]["start"]
    assert (start["from"], start["head"], start["kmer"]) == ("encoder", "kept", 3)
    assert second.metrics["model"]["cross_entropy"] == pytest.approx(
        first.metrics["model"]["cross_entropy"], abs=1e-3
    )
    tensors = safetensors.torch.load_file(second.directory / "model.safetensors")
    assert not any(name.startswith("classifier") for name in tensors)


def test_epochs_are_how_often_a_base_is_seen(config: PretrainConfig) -> None:
    result = pretrain(replace(config, max_steps=None, epochs=0.5))
    # About 21,600 bases to train on, and 37.6 on average in a window: 8 of them in a step.
    assert result.history[-1]["step"] == pytest.approx(0.5 * 21_600 / 37.6 / 8, rel=0.06)


def test_a_run_that_diverges_says_so(config: PretrainConfig) -> None:
    with pytest.raises(ModelError, match="smaller learning_rate"):
        pretrain(replace(config, learning_rate=1e30, warmup_share=0.0, gradient_clip=1e30))


def test_without_accelerate_the_extra_is_named(
    config: PretrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"enhancer-variants\[train\]"):
        pretrain(config)


def test_a_gpu_that_is_not_there(config: PretrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="device is 'cuda' and there is none"):
        pretrain(replace(config, device="cuda"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("fasta", (), "fasta names no file"),
        ("contigs", "chr1", "contigs is 'chr1'; expected several names"),
        ("seed", -1, "seed is -1; expected a whole number from 0 on"),
        ("seed", 2**32, "seed is 4294967296; expected at most 4294967295"),
        ("max_steps", 0.5, "max_steps is 0.5"),
        ("dev_share", 0, "dev_share is 0; expected a number above 0"),
        ("dev_share", 0.7, "expected a number from 0 to 0.5"),
        ("dropout", 1, "dropout is 1; expected less"),
        ("precision", "fp8", "precision is 'fp8'; expected fp32 or bf16 or fp16"),
        ("network", 4, "network is 4; expected NetworkSizes"),
        ("model", "encoder", "model is given, and network or kmer too"),
        ("window", 3, "window is 3; expected 7 to 48 bases"),
    ],
)
def test_values_that_no_field_can_have(
    config: PretrainConfig, field: str, value: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pretrain(replace(config, **{field: value}))


def test_contigs_are_named_without_spaces() -> None:
    config = PretrainConfig(fasta="g.fa", output="o", excluded_contigs=(" chr8", "", "chr9 "))
    assert config.excluded_contigs == ("chr8", "chr9")
