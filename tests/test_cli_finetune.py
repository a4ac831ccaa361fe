"""The command `finetune`: every option reaches its field, and errors are one line."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from enhancer_variants.cli import main
from enhancer_variants.cli_finetune import FINETUNE_OPTIONS, finetune, finetune_config
from enhancer_variants.errors import InputError
from enhancer_variants.models import load_model
from enhancer_variants.training import FinetuneConfig, FinetuneResult, NetworkSizes

ARGUMENTS = [
    *"data --output model --dev dev.csv --test test.csv --name toy --licence MIT".split(),
    *"--citation me --notes none -k 4 --layers 2 --hidden-size 32 --heads 2".split(),
    *"--intermediate-size 64 --positions 128 --task single_label --labels a,b,c".split(),
    *"--positive-label b --threshold mcc --class-weights 1,2,3 --window 40".split(),
    *"--max-seq-length 60 --padding dnabert --reverse-complement 0.5 --shift 3".split(),
    *"--optimizer dnabert --learning-rate 1e-3 --warmup-share 0.2 --weight-decay 0.1".split(),
    *"--gradient-clip 2 --epochs 1.5 --max-steps 9 --batch-size 8".split(),
    *"--gradient-accumulation 2 --dropout 0.2 --precision bf16 --seed 3".split(),
    *"--best-by auroc --early-stopping 4 --evaluate-every 10 --save-total-limit 3".split(),
    *"--keep-checkpoints --report-to wandb,tensorboard --project p --run-name r".split(),
    *"--tags x,y --logging-steps 5 --device cpu --threads 1 --workers 2".split(),
]
EXPECTED = FinetuneConfig(
    train="data",
    output="model",
    dev="dev.csv",
    test="test.csv",
    name="toy",
    licence="MIT",
    citation="me",
    notes="none",
    kmer=4,
    network=NetworkSizes(
        num_hidden_layers=2,
        hidden_size=32,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    ),
    labels=("a", "b", "c"),
    positive_label="b",
    threshold="mcc",
    class_weights=(1.0, 2.0, 3.0),
    window_length=40,
    max_seq_length=60,
    padding="dnabert",
    reverse_complement=0.5,
    shift=3,
    optimizer="dnabert",
    learning_rate=1e-3,
    warmup_share=0.2,
    weight_decay=0.1,
    gradient_clip=2.0,
    epochs=1.5,
    max_steps=9,
    batch_size=8,
    gradient_accumulation=2,
    dropout=0.2,
    precision="bf16",
    seed=3,
    best_by="auroc",
    early_stopping=4,
    evaluate_every=10,
    save_total_limit=3,
    keep_checkpoints=True,
    report_to=("wandb", "tensorboard"),
    project="p",
    run_name="r",
    tags=("x", "y"),
    logging_steps=5,
    device="cpu",
    threads=1,
    workers=2,
)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[FinetuneConfig, dict[str, Any]]]:
    """What the command asks the library for; nothing is trained."""
    calls: list[tuple[FinetuneConfig, dict[str, Any]]] = []

    def look(config: FinetuneConfig, **options: Any) -> FinetuneResult:
        calls.append((config, options))
        figures = {"auroc": 0.875, "auprc": float("nan"), "mcc": 0.5}
        return FinetuneResult(Path("model"), {"dev": figures}, 7, 0.5, ())

    monkeypatch.setattr("enhancer_variants.training.finetune", look)
    return calls


def test_every_option_reaches_its_field(called: list[Any]) -> None:
    outcome = CliRunner().invoke(finetune, ARGUMENTS, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    config, options = called[0]
    assert config == EXPECTED
    assert options == {"resume": False, "overwrite": False, "progress": None}
    assert outcome.stderr.splitlines() == [
        "model: weights of step 7 (best auroc)",
        "dev: AUROC 0.8750, MCC 0.5000",
    ]


def test_there_is_an_option_for_every_field() -> None:
    fields = {item.name for item in dataclasses.fields(FinetuneConfig)} - {"network"}
    fields |= {item.name for item in dataclasses.fields(NetworkSizes)}
    options = {parameter.name for parameter in finetune.params}
    assert fields <= options
    assert len(FINETUNE_OPTIONS) == len(fields) - 2  # train and output are the command's own


def test_defaults_in_the_help_are_those_of_the_configuration() -> None:
    plain = FinetuneConfig(train="data", output="model")
    values = {**dataclasses.asdict(NetworkSizes()), **dataclasses.asdict(plain), "kmer": 6}
    said = {
        str(parameter.name): parameter.help.rsplit("[", 1)[1].rstrip("]")
        for parameter in finetune.params
        if isinstance(parameter, click.Option) and parameter.help and "[" in parameter.help
    }
    compared = values.keys() & said.keys()
    assert len(compared) > 25
    for name in compared:
        number = isinstance(values[name], (int, float))
        assert (float(said[name]) if number else said[name]) == values[name], name


def test_what_is_not_given_is_left_to_the_library(called: list[Any]) -> None:
    outcome = CliRunner().invoke(finetune, ["data", "-o", "model", "-q", "--resume"])
    assert outcome.exit_code == 0
    assert called[0] == (
        FinetuneConfig(train="data", output="model"),
        {"resume": True, "overwrite": False, "progress": False},
    )
    assert outcome.output == ""


@pytest.mark.usefixtures("called")
def test_only_the_first_of_several_processes_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    outcome = CliRunner().invoke(finetune, ["data", "-o", "model", "--best-by", "last"])
    assert outcome.output == ""
    monkeypatch.setenv("RANK", "0")
    outcome = CliRunner().invoke(finetune, ["data", "-o", "model", "--best-by", "last"])
    assert outcome.stderr.startswith("model: weights of step 7\n")


def test_a_file_says_what_options_do_not(tmp_path: Path, called: list[Any]) -> None:
    file = tmp_path / "run.json"
    file.write_text(EXPECTED.to_json())
    outcome = CliRunner().invoke(finetune, ["--config", str(file), "--seed", "9", "--layers", "3"])
    assert outcome.exit_code == 0, outcome.output
    expected = dataclasses.replace(
        EXPECTED,
        seed=9,
        network=dataclasses.replace(EXPECTED.network or NetworkSizes(), num_hidden_layers=3),
    )
    assert called[0][0] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is no JSON"), ("3", "is no JSON object"), ('{"trains": 1}', "'trains' is no field")],
)
def test_a_file_that_is_no_configuration_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        finetune_config(str(file), {"train": "a", "output": "b"})
    with pytest.raises(InputError, match="cannot be read"):
        finetune_config(str(tmp_path / "absent"), {})
    file.write_text('{"network": 3}')
    with pytest.raises(InputError, match="network is 3; expected NetworkSizes"):
        finetune_config(str(file), {"train": "a", "output": "b", "num_hidden_layers": 2})


def test_training_data_and_output_must_be_named() -> None:
    with pytest.raises(click.UsageError, match="Missing TRAIN"):
        finetune_config(None, {"train": None, "output": "model"})
    with pytest.raises(click.UsageError, match="Missing --output"):
        finetune_config(None, {"train": "data", "output": None})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume", "--overwrite"], "expected one or the other"),
        (["--threshold", "high"], "neither 'mcc' nor a number"),
        (["--evaluate-every", "day"], "neither 'epoch' nor a number"),
        (["--class-weights", "1;2"], "neither 'balanced' nor numbers"),
        (["--task", "regression"], "is not one of"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(arguments: list[str], message: str) -> None:
    outcome = CliRunner().invoke(finetune, ["data", "-o", "model", *arguments])
    assert outcome.exit_code == 2
    assert message in outcome.output


def test_balanced_weights_and_numbers_are_read(called: list[Any]) -> None:
    arguments = ["data", "-o", "model", "--class-weights", "balanced", "--threshold", "-1.5"]
    CliRunner().invoke(finetune, [*arguments, "--evaluate-every", "epoch"])
    config = called[0][0]
    assert (config.class_weights, config.threshold) == ("balanced", -1.5)
    assert config.evaluate_every == "epoch"


def test_a_model_is_trained_from_the_command_line(tmp_path: Path) -> None:
    generator = random.Random(0)
    rows = [f"{''.join(generator.choices('ACGT', k=20))}\t{i % 2}" for i in range(12)]
    for name in ("train.tsv", "dev.tsv"):
        (tmp_path / name).write_text("\n".join(["sequence\tlabel", *rows]) + "\n")
    sizes = "-k 3 --layers 1 --hidden-size 8 --heads 2 --intermediate-size 16 --positions 32"
    command = ["finetune", str(tmp_path), "-o", str(tmp_path / "model"), *sizes.split(), "-q"]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--max-steps", "1", "--device", "cpu"])
    assert ended.value.code == 0
    assert load_model(tmp_path / "model", device="cpu").window_length == 20
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 1
