"""Weights files, read without running anything that they contain.

Three formats: safetensors, the zip archive that torch writes today, and the bare pickle that it
wrote before version 1.6, in which many published DNABERT models still are. The last two hold a
pickle, a program for a small machine. It is read instruction by instruction before torch sees
the file: it may name tensor-building functions only, and no size larger than the file. torch then
loads it with ``weights_only=True``, and every tensor must be backed by bytes of the file.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch

from enhancer_variants.errors import CheckpointError, UnsafeCheckpointError
from enhancer_variants.models.files import open_regular

__all__ = ["Weights", "read_weights"]

_ZIP_START = b"PK\x03\x04"
_LARGEST_PICKLE = 16 << 20
_LARGEST_HEADER = 100 << 20
_MOST_ENTRIES = 100_000
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C

_TENSOR_BUILDING = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_parameter",
        "torch._utils _rebuild_tensor",
        "torch._utils _rebuild_tensor_v2",
        *(
            f"torch {kind}Storage"
            for kind in (
                "BFloat16",
                "Bool",
                "Byte",
                "Char",
                "Double",
                "Float",
                "Half",
                "Int",
                "Long",
                "Short",
            )
        ),
    }
)
# Instructions that fetch or call something other than by a name written in front of a call.
_NEVER_IN_TENSOR_FILES = frozenset(
    {
        "STACK_GLOBAL",
        "INST",
        "OBJ",
        "NEWOBJ",
        "NEWOBJ_EX",
        "EXT1",
        "EXT2",
        "EXT4",
        "PERSID",
        "NEXT_BUFFER",
    }
)

Weights = Mapping[str, torch.Tensor]


def read_weights(path: Path, without: tuple[str, ...] = ()) -> dict[str, torch.Tensor]:
    """Tensors of a weights file, as they are in it.

    Parameters
    ----------
    path
        ``model.safetensors`` or ``pytorch_model.bin``; which format it is in is told from its
        name (safetensors) or first bytes (torch).
    without
        Beginnings of names to leave out.

    Returns
    -------
    dict
        Dense tensors by name, in memory of their own.

    Raises
    ------
    CheckpointError
        If the file is torn, damaged or holds something other than named tensors.
    UnsafeCheckpointError
        If loading it would run code, or make more bytes than the file has.

    Examples
    --------
    >>> import tempfile
    >>> from safetensors.torch import save_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "model.safetensors")
    ...     save_file({"classifier.bias": torch.tensor([1.0, 2.0])}, file)
    ...     read_weights(file)
    {'classifier.bias': tensor([1., 2.])}
    """
    with open_regular(path) as file:
        start = file.read(8)
    if path.suffix == ".safetensors":
        return _read_safetensors(path, start, without)
    if start.startswith(_ZIP_START):
        _check_archive(path)
    else:
        _check_bare_pickles(path)
    return _read_torch(path, mmap=start.startswith(_ZIP_START), without=without)


def _read_safetensors(
    path: Path, start: bytes, without: tuple[str, ...]
) -> dict[str, torch.Tensor]:
    header = int.from_bytes(start, "little")
    size = path.stat().st_size
    if len(start) < 8 or header > min(_LARGEST_HEADER, size - 8):
        raise CheckpointError(
            f"{path}: the header claims {header} bytes of a file of {size}; expected a safetensors "
            "file: it is cut short or of another format"
        )
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            names = [name for name in file.keys() if not name.startswith(without)]  # noqa: SIM118 - not a dict
            # Copied, because the reader's tensors are windows onto the file.
            return {name: file.get_tensor(name).clone() for name in names}
    except Exception as error:  # whatever a damaged header makes the reader raise
        raise _damaged(path, error) from error


def _check_archive(path: Path) -> None:
    """Refuse an archive that inflates, and one whose pickle names more than tensors."""
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or len({e.filename for e in entries}) < len(entries):
                raise UnsafeCheckpointError(
                    f"{path}: {len(entries)} entries, or two of one name; expected the archive of "
                    "one state dictionary"
                )
            for entry in entries:
                if (
                    entry.compress_type != zipfile.ZIP_STORED
                    or entry.file_size != entry.compress_size
                ):
                    raise UnsafeCheckpointError(
                        f"{path}: entry {entry.filename!r} is compressed and would inflate to "
                        f"{entry.file_size} bytes; expected stored entries, as torch writes them"
                    )
            if sum(entry.file_size for entry in entries) > size:
                raise UnsafeCheckpointError(
                    f"{path}: the entries claim more bytes than the file has ({size}); expected "
                    "each byte to be there once"
                )
            pickles = [entry for entry in entries if entry.filename.endswith(".pkl")]
            for entry in pickles:
                if entry.file_size > _LARGEST_PICKLE:
                    raise UnsafeCheckpointError(
                        f"{path}: {entry.filename!r} has {entry.file_size} bytes; expected at most "
                        f"{_LARGEST_PICKLE} for the names and shapes of a network"
                    )
                _check_pickle(path, io.BytesIO(archive.read(entry)), size)
    except UnsafeCheckpointError:
        raise
    except Exception as error:  # whatever a damaged archive makes zipfile raise
        raise _damaged(path, error) from error
    if not pickles:
        raise CheckpointError(
            f"{path}: an archive without data.pkl; expected what torch.save writes"
        )


def _check_bare_pickles(path: Path) -> None:
    """Check the pickles in front of the tensors' bytes in a file from before torch 1.6."""
    size = path.stat().st_size
    with open_regular(path) as file:
        head = io.BytesIO(file.read(_LARGEST_PICKLE))
    if not head.getbuffer()[:16].tobytes().startswith(pickle.dumps(_TORCH_MAGIC, 2)):
        raise CheckpointError(
            f"{path}: neither a zip archive nor a pickle of torch; expected what torch.save "
            "writes: is the download complete?"
        )
    # Magic number, protocol version, system, the tensors (the only sizes), order of the storages.
    for largest in (math.inf, math.inf, math.inf, size, math.inf):
        _check_pickle(path, head, largest)


def _check_pickle(path: Path, stream: io.BytesIO, largest: float) -> None:
    """Read one pickle's instructions up to its end, executing none of them.

    No number in it may be above `largest`, the bytes of the file where it states sizes.
    """
    try:
        for instruction, argument, _ in pickletools.genops(stream):
            name = instruction.name
            if name in _NEVER_IN_TENSOR_FILES or (
                name == "GLOBAL" and argument not in _TENSOR_BUILDING
            ):
                named = str(argument).replace(" ", ".") if name == "GLOBAL" else name
                raise UnsafeCheckpointError(
                    f"{path}: its pickle calls {named[:100]!r}, which could run code; expected a "
                    "dictionary of tensors: have it saved again as safetensors"
                )
            if isinstance(argument, int) and abs(argument) > largest:
                raise CheckpointError(
                    f"{path}: its pickle claims a size of {argument} in a file of {largest} "
                    "bytes; expected tensors whose bytes are in the file: is it complete?"
                )
    except (ValueError, EOFError, OverflowError, MemoryError) as error:
        raise _damaged(path, error) from error


def _read_torch(path: Path, *, mmap: bool, without: tuple[str, ...]) -> dict[str, torch.Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # whatever a damaged pickle makes torch raise
        raise _damaged(path, error) from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path}: a {type(state).__name__}; expected a dictionary of tensors")
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise CheckpointError(
                f"{path}: entry {str(name)[:80]!r} is a {type(tensor).__name__}; expected tensors "
                "by name: is this a whole training state rather than a model?"
            )
        if not name.startswith(without):
            tensors[name] = tensor
    _check_backed(path, tensors)
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }


def _check_backed(path: Path, tensors: Weights) -> None:
    """Refuse tensors that have more elements than bytes of the file stand behind."""
    total = 0
    for name, tensor in tensors.items():
        needed = tensor.numel() * tensor.element_size()
        total += needed
        if needed > tensor.untyped_storage().nbytes() or total > path.stat().st_size:
            raise UnsafeCheckpointError(
                f"{path}: tensor {name[:80]!r} of shape {tuple(tensor.shape)} needs {needed} bytes "
                "that the file does not have; expected tensors whose bytes are in the file"
            )


def _damaged(path: Path, error: BaseException) -> CheckpointError:
    return CheckpointError(
        f"{path}: cannot be read ({_first_line(error)}); expected a complete weights file: copy or "
        "download it again"
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
