"""The command ``pretrain``."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from enhancer_variants.cli import cli
from enhancer_variants.cli_pretrain import pretrain as command
from enhancer_variants.training.finetuning import NetworkSizes
from enhancer_variants.training.pretraining import PretrainConfig

SMALL = "-k 3 --hidden-size 8 --layers 1 --heads 2 --intermediate-size 8 --positions 40".split()


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    chance = random.Random(1)
    path = tmp_path / "genome.fa"
    texts = ("".join(chance.choices("ACGT", k=3000)) for _ in range(2))
    path.write_text("".join(f">chr{n}\n{text}\n" for n, text in zip((1, 8), texts, strict=True)))
    return path


def test_a_run_from_the_command_line(genome: Path, tmp_path: Path) -> None:
    output = tmp_path / "encoder"
    words = [str(genome), "-o", str(output), "--max-steps", "2", "--device", "cpu", *SMALL]
    result = CliRunner().invoke(cli, ["pretrain", *words], catch_exceptions=False)
    assert result.exit_code == 0
    lines = [line.partition(":")[0] for line in result.output.splitlines() if "perplexity" in line]
    assert lines == ["model", "unigram", "copying"]
    run = json.loads((output / "pretraining.json").read_text())["run"]
    assert run["data"]["training_bases"] + run["data"]["dev_bases"] == 3000
    assert run["start"]["network"]["max_position_embeddings"] == 40

    again = CliRunner().invoke(cli, ["pretrain", *words, "--resume", "--quiet"])
    assert (again.exit_code, again.output) == (0, "")
    refused = CliRunner().invoke(cli, ["pretrain", *words])
    assert "holds a run already" in str(refused.exception)


def test_defaults_are_those_of_the_library() -> None:
    context = command.make_context("pretrain", ["genome.fa", "-o", "encoder"])
    own = PretrainConfig(fasta="genome.fa", output="encoder")
    sizes = {"hidden_size", "layers", "heads", "intermediate_size", "positions"}
    for name in context.params.keys() - sizes - {"resume", "quiet"}:
        assert context.params[name] == getattr(own, name), name


def test_sizes_that_are_not_given_are_the_library_s() -> None:
    helped = CliRunner().invoke(cli, ["pretrain", "--help"]).output
    for size in (
        NetworkSizes().hidden_size,
        NetworkSizes().num_hidden_layers,
        NetworkSizes().intermediate_size,
        NetworkSizes().max_position_embeddings,
    ):
        assert f"[{size}]" in helped


def test_no_contig_is_left_out_by_an_empty_list(genome: Path, tmp_path: Path) -> None:
    output = tmp_path / "encoder"
    words = f"{genome} -o {output} --max-steps 1 --device cpu --contigs 8 --exclude-contigs".split()
    result = CliRunner().invoke(cli, ["pretrain", *words, "", *SMALL], catch_exceptions=False)
    assert result.exit_code == 0
    recipe = json.loads((output / "pretraining.json").read_text())["run"]["recipe"]
    assert recipe["contigs"] == ["8"]
    assert recipe["excluded_contigs"] == []
