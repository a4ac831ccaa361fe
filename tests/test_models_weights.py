"""Weights files: what is read, and what is refused before any of it runs."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import zipfile
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from enhancer_variants.errors import CheckpointError, UnsafeCheckpointError
from enhancer_variants.models.files import sha256_of
from enhancer_variants.models.weights import read_weights

STATE = {
    "bert.pooler.dense.weight": torch.arange(6.0).reshape(2, 3),
    "classifier.bias": torch.tensor([1.0, -1.0], dtype=torch.float16),
    "cls.predictions.bias": torch.zeros(4),
}


def save_safetensors(state: Any, folder: Path) -> Path:
    save_file(dict(state), folder / "model.safetensors")
    return folder / "model.safetensors"


def save_zip(state: Any, folder: Path) -> Path:
    torch.save(state, folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


def save_bare(state: Any, folder: Path) -> Path:
    path = folder / "pytorch_model.bin"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


TORCH = [save_zip, save_bare]
Save = Callable[[Any, Path], Path]


class Calls:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("save", [save_safetensors, *TORCH])
def test_tensors_come_back_in_their_own_memory(save: Save, tmp_path: Path) -> None:
    path = save(STATE, tmp_path)
    found = read_weights(path, without=("cls.",))
    path.write_bytes(b"")  # what was read does not depend on the file any more
    assert found.keys() == STATE.keys() - {"cls.predictions.bias"}
    for name, tensor in found.items():
        assert tensor.dtype == STATE[name].dtype
        assert torch.equal(tensor, STATE[name])


@pytest.mark.parametrize("save", TORCH)
def test_transposed_and_tied_tensors_are_read(save: Save, tmp_path: Path) -> None:
    words = torch.arange(6.0).reshape(2, 3)
    tied = {"a": words.T, "b": torch.nn.Parameter(words), "cls.decoder": words}
    found = read_weights(save(tied, tmp_path), without=("b", "cls."))
    assert torch.equal(found["a"], words.T)
    assert found["a"].is_contiguous()


@pytest.mark.parametrize("save", TORCH)
@pytest.mark.parametrize(
    ("call", "named"),
    [
        (Calls(os.system, "touch ran"), "system"),
        (Calls(eval, "open('ran', 'w')"), "eval"),
        (Calls(torch.load, "other.bin"), "load"),
        (Calls(getattr, "x", "upper"), "getattr"),
        (Calls(bytearray, 10**12), "bytearray"),
    ],
)
def test_a_pickle_that_calls_anything_is_refused_by_name_and_never_run(
    save: Save, call: Calls, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = {**STATE, "classifier.weight": call}
    with pytest.raises(UnsafeCheckpointError, match=f"calls '.*{named}', which could run code"):
        read_weights(save(state, tmp_path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("protocol", [0, 4])
def test_names_fetched_in_other_ways_are_refused(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    payload = pickle.dumps(OrderedDict(a=Calls(os.system, "true")), protocol)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", payload)
    with pytest.raises(UnsafeCheckpointError, match="could run code"):
        read_weights(path)


def test_an_argument_file_of_a_training_is_refused(tmp_path: Path) -> None:
    path = save_zip(Namespace(learning_rate=1e-4), tmp_path)
    with pytest.raises(UnsafeCheckpointError, match=r"'argparse.Namespace', which could run code"):
        read_weights(path)


@pytest.mark.parametrize("save", TORCH)
@pytest.mark.parametrize("state", [[torch.zeros(1)], {"model": STATE}, {1: torch.zeros(1)}])
def test_what_is_no_dictionary_of_tensors_is_refused(
    save: Save, state: Any, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=r"expected (a dictionary of )?tensors"):
        read_weights(save(state, tmp_path))


@pytest.mark.parametrize("save", TORCH)
def test_tensors_without_bytes_behind_them_are_refused(save: Save, tmp_path: Path) -> None:
    huge = torch.zeros(1).expand(40, 40)
    with pytest.raises(UnsafeCheckpointError, match=r"'w' of shape \(40, 40\) needs 6400 bytes"):
        read_weights(save({"w": huge}, tmp_path))
    shared = torch.zeros(1000)
    many = {f"layer{number}": shared for number in range(100)}
    with pytest.raises(UnsafeCheckpointError, match="that the file does not have"):
        read_weights(save(many, tmp_path))


@pytest.mark.parametrize("save", TORCH)
def test_sizes_larger_than_the_file_are_refused_before_torch_sees_them(
    save: Save, tmp_path: Path
) -> None:
    path = save({"w": torch.zeros(1).expand(10**6, 10**6)}, tmp_path)
    with pytest.raises(CheckpointError, match="claims a size of 1000000 in a file of"):
        read_weights(path)


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeCheckpointError, match="_rebuild_sparse_tensor"):
        read_weights(save_zip({"w": torch.eye(3).to_sparse()}, tmp_path))


def repacked(source: Path, **changes: Any) -> None:
    """Write an archive again with another compression or with more entries."""
    with zipfile.ZipFile(source) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(source, "w", changes.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in (entries | changes.get("more", {})).items():
            archive.writestr(name, content)


def test_a_compressed_archive_is_refused_as_a_bomb(tmp_path: Path) -> None:
    path = save_zip({"w": torch.zeros(100_000)}, tmp_path)
    repacked(path, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(UnsafeCheckpointError, match="is compressed and would inflate to"):
        read_weights(path)


def test_a_huge_pickle_is_refused(tmp_path: Path) -> None:
    path = save_zip(STATE, tmp_path)
    repacked(path, more={"pytorch_model/data.pkl": b"N" * (17 << 20)})
    with pytest.raises(UnsafeCheckpointError, match="expected at most 16777216"):
        read_weights(path)


def test_an_archive_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = save_zip(STATE, tmp_path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pytorch_model/data.pkl", b"N.")
    with pytest.raises(UnsafeCheckpointError, match="two of one name"):
        read_weights(path)


def test_entries_that_claim_the_same_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        archive.writestr("a/data/0", bytes(1000))
        first = archive.getinfo("a/data/0")
        for number in range(1, 20):  # further entries of the directory for the same 1000 bytes
            entry = zipfile.ZipInfo(f"a/data/{number}")
            for field in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(entry, field, getattr(first, field))
            archive.filelist.append(entry)
            archive.NameToInfo[entry.filename] = entry
    with pytest.raises(UnsafeCheckpointError, match="claim more bytes than the file has"):
        read_weights(path)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    with pytest.raises(CheckpointError, match=r"an archive without data.pkl"):
        read_weights(path)


@pytest.mark.parametrize("save", [save_safetensors, *TORCH])
@pytest.mark.parametrize("keep", [0.0, 0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_torn_file_is_damaged(save: Save, keep: float, tmp_path: Path) -> None:
    path = save({"w": torch.rand(300)}, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CheckpointError, match=rf"{path}: .*expected"):
        read_weights(path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_what_is_no_weights_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for content in (os.urandom(1000), b"<!DOCTYPE html>", b"version https://git-lfs.github.com"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="expected"):
            read_weights(path)


def test_a_safetensors_header_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for claimed in (2**63, 2**40, 1000):
        path.write_bytes(struct.pack("<Q", claimed) + b"{}")
        with pytest.raises(CheckpointError, match=f"the header claims {claimed} bytes"):
            read_weights(path)


def test_a_bare_pickle_without_torchs_own_start_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(pickle.dumps(Calls(os.system, "true")))
    with pytest.raises(CheckpointError, match="neither a zip archive nor a pickle of torch"):
        read_weights(path)


def test_a_bare_file_with_another_magic_number_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6D, 1001, {}):
        pickle.dump(value, stream, 2)
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(stream.getvalue())
    with pytest.raises(CheckpointError, match="neither a zip archive nor a pickle of torch"):
        read_weights(path)


def test_the_checksum_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"x" * 3_000_000)
    assert sha256_of(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    with pytest.raises(CheckpointError, match="expected a readable file"):
        sha256_of(tmp_path / "absent")
