"""The masked language model against transformers', and the directory that it is written to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from transformers import BertForMaskedLM

from enhancer_variants.errors import CheckpointError
from enhancer_variants.models import DnabertNetwork, NetworkConfig, Vocabulary, load_model
from enhancer_variants.training.finetuning.config import NetworkSizes
from enhancer_variants.training.pretraining.config import PretrainConfig
from enhancer_variants.training.pretraining.encoder_files import starting_model, write_encoder
from enhancer_variants.training.pretraining.language_model import MaskedLanguageModel

SIZES = NetworkSizes(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=32,
)
SCRATCH = PretrainConfig(fasta="genome.fa", output="model", kmer=3, network=SIZES)

IDS = torch.tensor([[2, 10, 4, 4, 20, 3], [2, 11, 12, 13, 3, 0]])
LENGTHS = torch.tensor([6, 5])
LABELS = torch.tensor([[-100, -100, 5, 68, -100, -100], [-100, 11, -100, -100, -100, -100]])


@pytest.fixture
def model() -> MaskedLanguageModel:
    made, _, _ = starting_model(SCRATCH)
    torch.manual_seed(1)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter.data, std=0.3)
    return made.eval()


def written(model: MaskedLanguageModel, folder: Path) -> Path:
    folder.mkdir()
    write_encoder(model, Vocabulary.canonical(3), folder)
    return folder


def going_on_from(folder: Path) -> PretrainConfig:
    return replace(SCRATCH, model=folder, network=None, kmer=None)


def test_guesses_and_loss_are_those_of_transformers(
    model: MaskedLanguageModel, tmp_path: Path
) -> None:
    theirs = BertForMaskedLM.from_pretrained(written(model, tmp_path / "model")).eval()
    expected = theirs(IDS, attention_mask=(IDS > 0).long(), labels=LABELS)
    found = model.guesses(IDS, LENGTHS, LABELS)
    assert torch.allclose(found, expected.logits[LABELS != -100], atol=2e-5)
    assert model(IDS, LENGTHS, LABELS)["loss"].item() == pytest.approx(
        expected.loss.item(), abs=1e-5
    )


def test_nothing_hidden_is_no_loss(model: MaskedLanguageModel) -> None:
    loss = model(IDS, LENGTHS, torch.full_like(IDS, -100))["loss"]
    assert loss.item() == 0
    loss.backward()


def test_every_parameter_that_is_trained_gets_a_gradient(model: MaskedLanguageModel) -> None:
    model(IDS, LENGTHS, LABELS)["loss"].backward()
    names = {n for n, p in model.named_parameters() if p.requires_grad}
    assert names == {n for n, p in model.named_parameters() if p.grad is not None}
    untrained = {n for n, p in model.named_parameters() if not p.requires_grad}
    assert {name.split(".")[1] for name in untrained} == {"pooler", "classifier"}


def test_what_is_written_can_be_gone_on_from(model: MaskedLanguageModel, tmp_path: Path) -> None:
    folder = written(model, tmp_path / "model")
    again, vocabulary, provenance = starting_model(going_on_from(folder))
    assert provenance["from"] == "model"
    assert provenance["head"] == "kept"
    assert vocabulary == Vocabulary.canonical(3)
    own, others = model.state_dict(), again.state_dict()
    for name in own.keys() - {"network.classifier.weight", "network.classifier.bias"}:
        assert torch.equal(own[name], others[name]), name


def test_what_transformers_writes_can_be_gone_on_from(
    model: MaskedLanguageModel, tmp_path: Path
) -> None:
    BertForMaskedLM.from_pretrained(written(model, tmp_path / "a")).save_pretrained(tmp_path / "b")
    again, _, provenance = starting_model(going_on_from(tmp_path / "b"))
    assert provenance["head"] == "kept"
    assert torch.equal(
        again.eval().guesses(IDS, LENGTHS, LABELS), model.guesses(IDS, LENGTHS, LABELS)
    )


def test_an_untrained_classifier_cannot_score(model: MaskedLanguageModel, tmp_path: Path) -> None:
    folder = written(model, tmp_path / "model")
    names = safetensors.torch.load_file(folder / "model.safetensors").keys()
    assert not any(name.startswith("classifier.") for name in names)
    assert "cls.predictions.decoder.weight" in names
    with pytest.raises(CheckpointError, match=r"this is a base model; .* fine-tune it"):
        load_model(folder)


def test_a_checkpoint_of_the_published_code_is_gone_on_from(oracle: Path) -> None:
    model, vocabulary, provenance = starting_model(
        going_on_from(oracle / "checkpoints" / "base6_smallinit")
    )
    assert vocabulary.k == 6
    assert provenance["head"] == "new"
    assert len(provenance["sha256"]) == 64
    loss = model(IDS, LENGTHS, LABELS)["loss"].item()
    assert 5 < loss < 12  # ln 4101 is 8.3


def test_the_seed_decides_on_the_first_weights() -> None:
    first, again, other = (
        starting_model(replace(SCRATCH, seed=seed))[0].state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    for name in ("transform.weight", "network.word_embeddings.weight"):
        assert not torch.equal(first[name], other[name])
        assert first[name].std().item() == pytest.approx(0.02, rel=0.15)


def test_a_head_of_another_shape_is_not_taken_over(model: MaskedLanguageModel) -> None:
    wide = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2))
    before = model.head_tensors()
    assert not model.load_head(MaskedLanguageModel(wide).head_tensors())
    assert not model.load_head({})
    assert all(torch.equal(before[name], t) for name, t in model.head_tensors().items())
