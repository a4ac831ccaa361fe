"""Archives of models, and archives that pretend to be."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import CheckpointError, UnsafeCheckpointError
from enhancer_variants.models.registry import Limits, unpack_model
from enhancer_variants.models.registry.unpacking import MODEL_FILES

Files = Sequence[tuple[str, bytes]]

MODEL: Files = (
    ("model/config.json", b"{}"),
    ("model/pytorch_model.bin", b"weights"),
    ("model/vocab.txt", b"[PAD]\n"),
)


def zipped(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def tarred(files: Files, changed: Callable[[tarfile.TarInfo], object] = lambda _: None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            changed(info)
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return buffer.getvalue()


PACKED: dict[str, Callable[[Files], bytes]] = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@pytest.fixture
def unpacked(tmp_path: Path, folder: Path) -> Callable[..., dict[str, bytes]]:
    def unpack(content: bytes, **options: object) -> dict[str, bytes]:
        archive = tmp_path / "archive"
        archive.write_bytes(content)
        written = unpack_model(archive, folder, **options)
        assert sorted(written) == sorted(folder.iterdir())
        return {path.name: path.read_bytes() for path in written}

    return unpack


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("where", ["", "./", "some/where/"])
def test_the_files_of_a_model_are_taken_out(
    kind: str, where: str, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    files = [
        (f"{where}README", b"not taken"),
        *((f"{where}{name}", content) for name, content in MODEL),
        (f"{where}model/training_args.bin", b"not taken"),
        (f"{where}model/older/config.json", b"not taken"),
    ]
    assert unpacked(PACKED[kind](files)) == {
        "config.json": b"{}",
        "pytorch_model.bin": b"weights",
        "vocab.txt": b"[PAD]\n",
    }


@pytest.mark.parametrize("kind", PACKED)
def test_the_hint_chooses_among_models(
    kind: str, unpacked: Callable[..., dict[str, bytes]], folder: Path
) -> None:
    files = [
        (f"{number}/{name}", content)
        for number in ("model-201", "model-350")
        for name, content in (("config.json", number.encode()), ("model.safetensors", b""))
    ]
    assert unpacked(PACKED[kind](files), hint="350")["config.json"] == b"model-350"
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(CheckpointError, match=r"2 models \(model-201, model-350\); expected one"):
        unpacked(PACKED[kind](files), hint="other")
    with pytest.raises(CheckpointError, match="2 models"):
        unpacked(PACKED[kind](files))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        ([], "it is empty"),
        ([("a.zip", b"")], "a.zip"),
        ([("config.json", b"")], "config.json"),
        ([("a/config.json", b""), ("b/model.safetensors", b"")], "a/config.json, b/model.safet"),
    ],
)
@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_without_a_model_says_what_it_holds(
    kind: str, files: Files, shown: str, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    with pytest.raises(CheckpointError, match=f"no model .{shown}.*unpack it yourself"):
        unpacked(PACKED[kind](files))


@pytest.mark.parametrize(
    "name",
    [
        "/etc/config.json",
        "../config.json",
        "model/../../config.json",
        "..",
        "C:config.json",
        "c:/config.json",
        "model\\..\\config.json",
        "model/con\nfig.json",
        "model/con\x1b[2Jfig.json",
        "model/\u202econfig.json",
        "m" * 1001,
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_name_that_leaves_its_folder_or_cannot_be_printed_is_refused(
    kind: str, name: str, unpacked: Callable[..., dict[str, bytes]], folder: Path
) -> None:
    with pytest.raises(UnsafeCheckpointError, match="an entry is called"):
        unpacked(PACKED[kind]([*MODEL, (name, b"")]))
    assert list(folder.iterdir()) == []
    assert [path.name for path in folder.parent.iterdir() if path != folder] == ["archive"]


def test_a_name_cut_short_by_a_zero_byte_is_refused(
    unpacked: Callable[..., dict[str, bytes]],
) -> None:
    content = zipped([*MODEL, ("model/evilXtxt", b"")]).replace(b"evilXtxt", b"evil\0txt")
    with pytest.raises((UnsafeCheckpointError, CheckpointError)):
        unpacked(content)


@pytest.mark.parametrize("second", ["model/config.json", "model/CONFIG.json", "model//config.json"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(
    kind: str, second: str, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    with pytest.raises(UnsafeCheckpointError, match="two entries"):
        unpacked(PACKED[kind]([*MODEL, (second, b"another")]))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
@pytest.mark.parametrize("target", ["/etc/passwd", "config.json"])
def test_links_and_devices_in_a_tar_are_refused(
    kind: bytes, target: str, unpacked: Callable[..., dict[str, bytes]], folder: Path
) -> None:
    def link(info: tarfile.TarInfo) -> None:
        if info.name.endswith("link"):
            info.type, info.linkname, info.size = kind, target, 0

    with pytest.raises(UnsafeCheckpointError, match="is a link, a device or no plain file"):
        unpacked(tarred([*MODEL, ("model/link", b"")], link))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(
    kind: int, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    buffer = io.BytesIO(zipped(MODEL))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("model/link")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeCheckpointError, match="is a link, a device or no plain file"):
        unpacked(buffer.getvalue())


def test_folders_are_no_files_but_their_names_count(
    unpacked: Callable[..., dict[str, bytes]],
) -> None:
    def folder_entry(info: tarfile.TarInfo) -> None:
        if info.name.endswith("model") or info.name.endswith(".."):
            info.type, info.size = tarfile.DIRTYPE, 0

    unpacked(tarred([("model", b""), *MODEL], folder_entry))
    with pytest.raises(UnsafeCheckpointError, match="an entry is called"):
        unpacked(tarred([*MODEL, ("model/..", b"")], folder_entry))
    with pytest.raises(UnsafeCheckpointError, match="an entry is called"):
        unpacked(zipped([*MODEL, ("../", b"")]))


@pytest.mark.parametrize("kind", PACKED)
def test_a_bomb_is_refused(
    kind: str, unpacked: Callable[..., dict[str, bytes]], folder: Path
) -> None:
    bomb = PACKED[kind]([*MODEL, ("model/model.safetensors", bytes(3_000_000))])
    limits = Limits(always=100_000, size=1_000_000)
    with pytest.raises(UnsafeCheckpointError, match="bytes"):
        unpacked(bomb, limits=limits)
    assert list(folder.iterdir()) == []


def test_a_bomb_in_the_head_of_a_tar_is_refused(
    unpacked: Callable[..., dict[str, bytes]],
) -> None:
    info = tarfile.TarInfo("model/config.json")
    info.pax_headers = {"comment": "x" * 5_000_000}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    with pytest.raises(UnsafeCheckpointError, match="far more bytes than it has"):
        unpacked(gzip.compress(buffer.getvalue()), limits=Limits(always=100_000))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_too_many_files_are_refused(kind: str, unpacked: Callable[..., dict[str, bytes]]) -> None:
    files = [*MODEL, *((f"model/{number}", b"") for number in range(20))]
    with pytest.raises(UnsafeCheckpointError, match="expected at most 20 files"):
        unpacked(PACKED[kind](files), limits=Limits(files=20))


def test_an_honest_archive_of_any_ratio_up_to_the_limit_is_read(
    unpacked: Callable[..., dict[str, bytes]],
) -> None:
    weights = bytes(1_000_000)
    assert unpacked(zipped([("config.json", b""), ("model.safetensors", weights)])) == {
        "config.json": b"",
        "model.safetensors": weights,
    }


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_torn_archive_is_refused(
    kind: str, share: float, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    content = PACKED[kind]([*MODEL[:1], ("model/pytorch_model.bin", os.urandom(50_000))])
    if kind == "tar":
        share = min(share, 0.6)  # the end of a tar is padding
    with pytest.raises(CheckpointError, match=r"expected|no model"):
        unpacked(content[: int(len(content) * share)])


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x1f\x8b", b"BZh", bytes(2000)])
def test_what_is_no_archive_is_refused(
    content: bytes, unpacked: Callable[..., dict[str, bytes]]
) -> None:
    with pytest.raises(CheckpointError, match="expected"):
        unpacked(content)


def test_a_damaged_entry_is_refused(unpacked: Callable[..., dict[str, bytes]]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.safetensors", "the weights of a model")
    with pytest.raises(CheckpointError, match=r"cannot be read \(Bad CRC-32"):
        unpacked(buffer.getvalue().replace(b"the weights", b"the wrights"))


def test_an_entry_that_is_shorter_than_it_says_is_refused(
    unpacked: Callable[..., dict[str, bytes]],
) -> None:
    content = bytearray(zipped(MODEL))
    size = content.index(b"PK\x01\x02") + 24  # of the first file, in the list at the end
    content[size] += 10
    with pytest.raises(CheckpointError, match=r"'model/config.json' has not the 12 bytes"):
        unpacked(bytes(content))


def test_an_encrypted_archive_is_refused(unpacked: Callable[..., dict[str, bytes]]) -> None:
    content = bytearray(zipped(MODEL))
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    with pytest.raises(CheckpointError, match="encrypted"):
        unpacked(bytes(content))


def test_a_full_disk_is_not_taken_for_damage(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archive").write_bytes(zipped(MODEL))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("enhancer_variants.models.registry.unpacking._copy", full)
    with pytest.raises(OSError, match="No space left"):
        unpack_model(tmp_path / "archive", folder)


NAMES = st.one_of(
    st.sampled_from([name for name, _ in MODEL]),
    st.sampled_from(MODEL_FILES),
    st.text(st.sampled_from("aA./\\:\n\0é\u202e"), min_size=1, max_size=12),
    st.lists(
        st.sampled_from(["..", ".", "", "a", "config.json", "C:"]), min_size=1, max_size=5
    ).map("/".join),
)
KINDS = [
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
    tarfile.CHRTYPE,
    tarfile.GNUTYPE_SPARSE,
]


def inside_after(content: bytes) -> dict[str, set[str]]:
    """Unpack in a world of its own; give the names that are then in each folder of it."""
    with tempfile.TemporaryDirectory() as world:
        archive, folder = Path(world, "archive"), Path(world, "deep", "files")
        archive.write_bytes(content)
        folder.mkdir(parents=True)
        try:
            unpack_model(archive, folder)
        except (CheckpointError, UnsafeCheckpointError):
            assert list(folder.iterdir()) == [] or zipfile.is_zipfile(archive)
        assert not any(path.is_symlink() for path in Path(world).rglob("*"))
        return {
            "world": {path.name for path in Path(world).iterdir()},
            "deep": {path.name for path in Path(world, "deep").iterdir()},
            "files": {path.name for path in folder.iterdir()},
        }


@given(
    entries=st.lists(
        st.tuples(NAMES, st.sampled_from(KINDS), NAMES, st.binary(max_size=20)), max_size=6
    )
)
def test_no_tar_writes_anything_but_files_of_a_model_into_the_folder(
    entries: list[tuple[str, bytes, str, bytes]],
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, target, content in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    inside = inside_after(buffer.getvalue())
    assert inside["world"] == {"archive", "deep"}
    assert inside["deep"] == {"files"}
    assert inside["files"] <= set(MODEL_FILES)


@given(
    entries=st.lists(
        st.tuples(NAMES, st.sampled_from([0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR])),
        max_size=6,
    )
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_zip_writes_anything_but_files_of_a_model_into_the_folder(
    entries: list[tuple[str, int]],
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, kind in entries:
            info = zipfile.ZipInfo("name")
            info.filename = name  # past the cleaning that its constructor does
            info.external_attr = kind << 16
            archive.writestr(info, b"" if name.endswith("/") else b"content")
    inside = inside_after(buffer.getvalue())
    assert inside["world"] == {"archive", "deep"}
    assert inside["deep"] == {"files"}
    assert inside["files"] <= set(MODEL_FILES)


@given(
    content=st.sampled_from([pack(MODEL) for pack in PACKED.values()]),
    place=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
)
def test_a_changed_byte_is_an_error_or_does_no_harm(
    content: bytes, place: float, byte: int
) -> None:
    changed = bytearray(content)
    changed[int(place * len(changed))] = byte
    assert inside_after(bytes(changed))["files"] <= set(MODEL_FILES)
