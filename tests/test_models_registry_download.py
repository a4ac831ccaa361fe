"""Downloads from a server of our own on this machine, which can be made to fail in many ways."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.errors import (
    CheckpointError,
    InputError,
    MissingDependencyError,
    ModelError,
    UnsafeCheckpointError,
)
from enhancer_variants.models import (
    HubSource,
    ModelEntry,
    RecordSource,
    locate_model,
    read_card,
    read_checkpoint,
)
from enhancer_variants.models.registry import ModelCache, download_entry, download_model
from enhancer_variants.models.registry.resuming import ResumingDownloader, fetch, get_json

pytest.importorskip("pooch", reason="the extra `hub` is not installed")

CONTENT = bytes(range(256)) * 2_000


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass
class Answer:
    """What the server says to one request; by default, what it should."""

    status: int | None = None
    stop_after: int | None = None
    only: int | None = None
    location: str | None = None
    body: bytes | None = None
    hang: threading.Event | None = None
    headers: dict[str, str | None] = field(default_factory=dict)


class Server(http.server.ThreadingHTTPServer):
    """Files by path, with ETag and Range; answers that were queued for a path come first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.queued: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.with_version = True
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that is gone, as killed ones are."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        wanted = self.headers.get("Range")
        self.server.asked.append((path, wanted))
        queued = self.server.queued.get(path)
        answer = queued.pop(0) if queued else Answer()
        body = answer.body if answer.body is not None else self.server.files.get(path)
        if answer.location:
            self._send(302, b"", {"Location": answer.location})
        elif answer.status or body is None:
            self._send(answer.status or 404, b"no", answer.headers)
        else:
            self._send_file(body, wanted, answer)

    def _send_file(self, body: bytes, wanted: str | None, answer: Answer) -> None:
        version = f'"{md5(body)}"'
        headers = {"ETag": version} if self.server.with_version else {}
        headers |= answer.headers
        start = 0
        if wanted and self.headers.get("If-Range") == version:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            if start >= len(body):
                self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
                return
        sent = body[start:] if answer.only is None else body[start : start + answer.only]
        self._send(206 if start else 200, sent, headers, answer)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str | None],
        answer: Answer | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if answer is None or answer.stop_after is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: answer.stop_after])
        self.wfile.flush()
        if answer.hang is not None:
            answer.hang.wait(60)
        self.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enhancer_variants.models.registry.resuming.time.sleep", lambda _: None)


@pytest.fixture
def downloader(tmp_path: Path) -> ResumingDownloader:
    return ResumingDownloader(tmp_path / "file.part", wait=0, progress=False)


# ---------------------------------------------------------------- one file


def test_a_file_comes_as_it_is(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_dropped_connection_is_gone_on_with(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [Answer(stop_after=100_000), Answer(stop_after=50_000)]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    starts = [wanted for _, wanted in server.asked]
    assert starts[0] is None
    first, second = (int(re.findall(r"\d+", wanted)[0]) for wanted in starts[1:])
    assert 0 < first <= 100_000 < second <= 150_000


def test_drops_do_not_count_as_long_as_more_comes(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [Answer(stop_after=70_000) for _ in range(6)]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_may_give_less_than_it_was_asked_for(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [Answer(stop_after=100_000), Answer(only=50_000)]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_a_file_that_changed_in_between_begins_again(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT[::-1]
    server.queued["/file"] = [Answer(body=CONTENT, stop_after=100_000)]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]
    assert server.asked[1][1] is not None


def test_a_part_of_an_unknown_version_is_not_gone_on_with(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"], server.with_version = CONTENT, False
    server.queued["/file"] = [
        Answer(stop_after=100_000),
        Answer(stop_after=10, headers={"ETag": 'W/"weak"'}),
    ]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, None, None]


def test_the_time_of_the_last_change_tells_versions_apart_too(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    changed = {"Last-Modified": "Wed, 18 Mar 2026 10:00:00 GMT"}
    server.files["/file"], server.with_version = CONTENT, False
    server.queued["/file"] = [Answer(stop_after=100_000, headers=changed)]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert server.asked[1][1] is not None  # asked for the rest; this server sent everything
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_of_another_address_is_not_gone_on_with(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/one"] = server.files["/two"] = CONTENT
    server.queued["/one"] = [Answer(stop_after=1_000) for _ in range(9)]
    with pytest.raises(ModelError, match="goes on where it ended"):
        replace(downloader, attempts=1)(f"{server.address}/one", str(tmp_path / "file"))
    downloader(f"{server.address}/two", str(tmp_path / "file"))
    assert server.asked[-1] == ("/two", None)


def test_a_complete_part_is_only_put_into_place(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    url = f"{server.address}/file"
    downloader.part.write_bytes(CONTENT)
    note = {"url": url, "version": f'"{md5(CONTENT)}"'}
    downloader.part.with_name("file.part.json").write_text(json.dumps(note))
    downloader(url, str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [("/file", f"bytes={len(CONTENT)}-")]


def test_a_part_that_is_too_long_is_thrown_away(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    url = f"{server.address}/file"
    downloader.part.write_bytes(CONTENT + b"more")
    note = {"url": url, "version": f'"{md5(CONTENT)}"'}
    downloader.part.with_name("file.part.json").write_text(json.dumps(note))
    downloader(url, str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("note", ["", "{", '{"url": 1}', "[]"])
def test_a_damaged_note_begins_again(
    note: str, server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    downloader.part.write_bytes(b"rubbish")
    downloader.part.with_name("file.part.json").write_text(note)
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_server_is_asked_again(
    status: int, server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [Answer(status=status)] * 3
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT
    server.queued["/file"] = [Answer(status=status)] * 4
    with pytest.raises(ModelError, match=f"HTTP status {status}"):
        downloader(f"{server.address}/file", str(tmp_path / "again"))


def test_a_missing_file_is_an_error_at_once(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"/none: HTTP status 404; expected the file"):
        downloader(f"{server.address}/none", str(tmp_path / "file"))
    assert len(server.asked) == 1


def test_redirections_are_followed(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/there"] = CONTENT
    server.queued["/here"] = [Answer(location="/there")]
    downloader(f"{server.address}/here", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_redirection_away_from_https_is_refused(
    downloader: ResumingDownloader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Redirected:
        url = "http://elsewhere/file"
        history = ()

        def __enter__(self) -> Redirected:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("requests.get", lambda *_, **__: Redirected())
    with pytest.raises(ModelError, match=r"redirected to http://elsewhere/file; expected .* https"):
        downloader("https://publisher/file", str(tmp_path / "file"))


@pytest.mark.parametrize("said", ["bytes 5-9/10", "bytes */10", ""])
def test_another_part_than_was_asked_for_is_refused(
    said: str, server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [
        Answer(stop_after=100_000),
        Answer(status=206, headers={"Content-Range": said}),
    ]
    with pytest.raises(ModelError, match="a part of the file that was not asked for"):
        downloader(f"{server.address}/file", str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("headers", "match"),
    [({}, "512000 bytes; expected at most 1000"), ({"Content-Length": None}, "more bytes than")],
)
def test_an_enormous_or_endless_file_is_refused(
    headers: dict[str, str | None],
    match: str,
    server: Server,
    downloader: ResumingDownloader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.files["/file"] = CONTENT
    server.queued["/file"] = [Answer(stop_after=len(CONTENT), headers=headers)]
    monkeypatch.setattr("enhancer_variants.models.registry.resuming._LARGEST_FILE", 1_000)
    with pytest.raises(ModelError, match=match):
        downloader(f"{server.address}/file", str(tmp_path / "file"))


def test_a_file_of_unknown_size_comes_as_it_is(
    server: Server, downloader: ResumingDownloader, tmp_path: Path
) -> None:
    answer = Answer(body=CONTENT, stop_after=len(CONTENT), headers={"Content-Length": None})
    server.queued["/file"] = [answer]
    downloader(f"{server.address}/file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_no_connection_and_no_address(downloader: ResumingDownloader, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no connection"):
        downloader("http://127.0.0.1:9/file", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="expected an address as https://"):
        downloader("https:///", str(tmp_path / "file"))


def test_a_checksum_is_checked_and_a_wrong_file_does_not_stay(
    server: Server, tmp_path: Path
) -> None:
    server.files["/file"] = CONTENT
    url, file = f"{server.address}/file", tmp_path / "folder" / "file"
    with pytest.raises(CheckpointError, match=r"/file: .*expected md5:0{32}"):
        fetch(url, file, f"md5:{'0' * 32}", progress=False)
    assert list(file.parent.iterdir()) == []
    assert fetch(url, file, f"md5:{md5(CONTENT)}", progress=False) == file
    server.asked.clear()
    fetch(url, file, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}", progress=False)
    assert server.asked == []


def test_json_that_is_none(server: Server) -> None:
    server.files |= {"/list": b"[]", "/text": b"<html>", "/object": b"{}"}
    assert get_json(f"{server.address}/object") == {}
    with pytest.raises(ModelError, match="a list; expected a JSON object"):
        get_json(f"{server.address}/list")
    with pytest.raises(ModelError, match="expected a JSON object"):
        get_json(f"{server.address}/text")
    with pytest.raises(ModelError, match="HTTP status 404"):
        get_json(f"{server.address}/none")


# ---------------------------------------------------------------- models


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of a small model as the published DNABERT code writes them."""
    folder = tmp_path_factory.mktemp("published")
    checkpoint = read_checkpoint(demo_files().model)
    torch.save(dict(checkpoint.tensors), folder / "pytorch_model.bin")
    config = json.loads((demo_files().model / "config.json").read_text())
    del config["transformers_version"]
    config |= {"num_labels": 2, "finetuning_task": "dnaprom"}
    (folder / "config.json").write_text(json.dumps(config))
    shutil.copyfile(demo_files().model / "vocab.txt", folder / "vocab.txt")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def base_weights(published: dict[str, bytes]) -> bytes:
    """Weights of a base model: an encoder and the head of its pre-training."""
    tensors = torch.load(io.BytesIO(published["pytorch_model.bin"]), weights_only=True)
    tensors = {k: v for k, v in tensors.items() if not k.startswith("classifier")}
    tensors["cls.predictions.bias"] = torch.zeros(4101)
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    return buffer.getvalue()


def archive_of(files: dict[str, bytes], folder: str = "DNABERT-Enhancer-201") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}/{name}", content)
        archive.writestr(f"{folder}/training_args.bin", b"a pickle of anything")
    return buffer.getvalue()


ENTRY = ModelEntry(
    name="toy",
    label="toy-label",
    description="a toy",
    kmer=6,
    licence="Apache-2.0",
    citation="Toy et al.",
    homepage="https://example.org/toy",
    source=RecordSource("", "201"),
    window_length=201,
    max_seq_length=200,
    padding="dnabert",
    unverified=("something",),
)


@pytest.fixture
def record(server: Server, published: dict[str, bytes]) -> ModelEntry:
    """A toy model in an archive of a record."""
    content = archive_of(published)
    server.files["/files/model_201.zip"] = content
    server.files["/files/model_350.zip"] = b"another"
    listed = [
        {
            "key": name,
            "links": {"self": f"{server.address}/files/{name}"},
            "checksum": f"md5:{md5(server.files[f'/files/{name}'])}",
        }
        for name in ("model_201.zip", "model_350.zip")
    ]
    server.files["/records/1"] = json.dumps({"files": [*listed, _text(server)]}).encode()
    return replace(ENTRY, source=RecordSource(f"{server.address}/records/1", "201"))


def _text(server: Server) -> dict[str, object]:
    return {"key": "README_201.md", "links": {"self": f"{server.address}/files/README_201.md"}}


@pytest.fixture
def hub(
    server: Server, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ModelEntry]:
    """Make a toy model on a hub of our own."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", server.address)

    def make(files: dict[str, bytes] = published, folder: str = "models/toy") -> ModelEntry:
        siblings = []
        for name, content in files.items():
            server.files[f"/lab/models/resolve/{'c' * 40}/{folder}/{name}"] = content
            large = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            lfs = {"lfs": {**large, "pointerSize": 134}} if name.endswith(".bin") else {}
            siblings.append({"rfilename": f"{folder}/{name}", "size": len(content), **lfs})
        info = {"id": "lab/models", "modelId": "lab/models", "sha": "c" * 40, "siblings": siblings}
        server.files["/api/models/lab/models/revision/main"] = json.dumps(info).encode()
        return replace(ENTRY, source=HubSource("lab/models", "main", folder))

    return make


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache.at(tmp_path / "cache")


def weights_url(entry: ModelEntry) -> str:
    return f"/lab/models/resolve/{'c' * 40}/{entry.source.folder}/pytorch_model.bin"


def download(entry: ModelEntry, cache: ModelCache, **options: object) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return download_entry(entry, cache, progress=False, **options)


def test_a_model_of_a_record_becomes_a_directory_with_a_card(
    record: ModelEntry, cache: ModelCache, published: dict[str, bytes], server: Server
) -> None:
    sha256 = hashlib.sha256(published["pytorch_model.bin"]).hexdigest()
    with pytest.warns(UserWarning, match=f"no SHA-256 .* was known in advance; {sha256} is noted"):
        directory = download_entry(record, cache, progress=False)
    assert directory == cache.directory("toy")
    card = read_card(directory / "enhancer_variants.json")
    assert (card.name, card.licence, card.citation) == ("toy-label", "Apache-2.0", "Toy et al.")
    assert (card.window_length, card.max_seq_length, card.padding) == (201, 200, "dnabert")
    assert card.notes == "Published at https://example.org/toy. Not verified: something."
    assert {path.name for path in directory.iterdir()} == {
        "LICENCE.txt",
        "config.json",
        "enhancer_variants.json",
        "model.safetensors",
        "tokenizer_config.json",
        "vocab.txt",
    }
    assert not cache.partial("toy").exists()
    assert cache.checksums("toy")["pytorch_model.bin"] == sha256
    server.asked.clear()
    assert download_entry(record, cache) == directory
    assert server.asked == []


def test_a_model_of_the_hub_becomes_a_directory_with_a_card(
    hub: Callable[..., ModelEntry], cache: ModelCache, server: Server
) -> None:
    directory = download(hub(), cache)
    assert read_checkpoint(directory).card.name == "toy-label"
    assert [path.rpartition("/")[2] for path, _ in server.asked] == [
        "main",
        "config.json",
        "vocab.txt",
        "pytorch_model.bin",
    ]


def test_a_published_checksum_holds_and_needs_no_warning(
    hub: Callable[..., ModelEntry], cache: ModelCache, published: dict[str, bytes]
) -> None:
    digest = hashlib.sha256(published["pytorch_model.bin"]).hexdigest()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        download_entry(replace(hub(), sha256={"pytorch_model.bin": digest}), cache, progress=False)
    wrong = replace(hub(), name="other", sha256={"pytorch_model.bin": "0" * 64})
    with pytest.raises(CheckpointError, match=f"sha256 {digest}; expected {'0' * 64}, as publish"):
        download(wrong, cache)
    assert not cache.holds("other")


def test_weights_beside_those_with_a_checksum_are_not_used(
    cache: ModelCache, published: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "both"
    shutil.copytree(demo_files().model, folder)
    for name, content in published.items():
        (folder / name).write_bytes(content)
    (folder / "enhancer_variants.json").unlink()
    (folder / "model.safetensors").write_bytes(b"other weights, which reading would prefer")
    digest = hashlib.sha256(published["pytorch_model.bin"]).hexdigest()
    entry = replace(ENTRY, sha256={"pytorch_model.bin": digest})
    assert read_checkpoint(download(entry, cache, source=folder)).card.name == "toy-label"


def test_what_was_seen_first_holds(
    hub: Callable[..., ModelEntry], cache: ModelCache, published: dict[str, bytes]
) -> None:
    entry = hub()
    shutil.rmtree(download(entry, cache))
    shutil.rmtree(download(hub(), cache))  # the same again
    changed = {**published, "vocab.txt": published["vocab.txt"] + b"\n"}
    with pytest.raises(CheckpointError, match=r"vocab.txt has sha256 .* first downloaded") as error:
        download(hub(changed), cache)
    assert str(cache.checksums_file("toy")) in str(error.value)
    assert not cache.holds("toy")
    cache.checksums_file("toy").unlink()
    download(hub(), cache)


def test_our_own_conversion_of_it_is_accepted_from_another_machine(
    hub: Callable[..., ModelEntry], cache: ModelCache, tmp_path: Path
) -> None:
    entry = hub()
    copy = tmp_path / "copy"
    shutil.move(download(entry, cache), copy)
    assert read_checkpoint(download(entry, cache, source=copy)).card.licence == "Apache-2.0"
    shutil.rmtree(cache.directory("toy"))
    (copy / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(CheckpointError, match="first downloaded"):
        download(entry, cache, source=copy)


def test_a_damaged_note_of_checksums_says_what_to_delete(
    hub: Callable[..., ModelEntry], cache: ModelCache
) -> None:
    path = cache.checksums_file("toy")
    path.parent.mkdir(parents=True)
    path.write_text('{"sha256": {"vocab.txt": 3}}')
    with pytest.raises(CheckpointError, match="delete the file"):
        download(hub(), cache)


def test_a_base_model_is_kept_as_it_is(
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    published: dict[str, bytes],
    base_weights: bytes,
) -> None:
    entry = replace(hub({**published, "pytorch_model.bin": base_weights}), base=True)
    directory = download(entry, cache)
    assert (directory / "pytorch_model.bin").read_bytes() == base_weights
    assert "Licence: Apache-2.0" in (directory / "LICENCE.txt").read_text()
    assert cache.checked_directory(entry) == directory
    with pytest.raises(CheckpointError, match=r"this is a base model.*fine-tune it"):
        read_checkpoint(directory)
    (directory / "pytorch_model.bin").write_bytes(published["pytorch_model.bin"])
    with pytest.raises(CheckpointError, match="delete the directory and run"):
        cache.checked_directory(entry)
    (directory / "pytorch_model.bin").unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        cache.checked_directory(entry)
    cache.checksums_file("toy").unlink()
    assert cache.checked_directory(entry) == directory  # nothing is known of it any more


def test_a_base_model_of_another_k_is_refused(
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    published: dict[str, bytes],
    base_weights: bytes,
) -> None:
    entry = replace(hub({**published, "pytorch_model.bin": base_weights}), base=True, kmer=3)
    with pytest.raises(CheckpointError, match="a model of 6-mers; expected 3-mers"):
        download(entry, cache)


def test_a_hostile_pickle_is_refused_and_nothing_is_noted(
    hub: Callable[..., ModelEntry], cache: ModelCache, published: dict[str, bytes]
) -> None:
    buffer = io.BytesIO()
    torch.save({"w": os.system}, buffer)
    with pytest.raises(UnsafeCheckpointError, match="could run code"):
        download(hub({**published, "pytorch_model.bin": buffer.getvalue()}), cache)
    assert not cache.holds("toy")
    assert not cache.checksums_file("toy").exists()


def test_a_changed_model_in_the_cache_is_found(
    hub: Callable[..., ModelEntry], cache: ModelCache
) -> None:
    entry = hub()
    card = download(entry, cache) / "enhancer_variants.json"
    digest = json.loads(card.read_text())["weights_sha256"]
    card.write_text(card.read_text().replace(digest, "0" * 64))
    with pytest.raises(CheckpointError, match=f"{'0' * 64}, but {digest} was noted"):
        cache.checked_directory(entry)


def test_a_non_commercial_licence_has_to_be_accepted(
    hub: Callable[..., ModelEntry], cache: ModelCache, server: Server
) -> None:
    entry = replace(hub(), licence="CC-BY-NC-4.0")
    with pytest.raises(InputError, match=r"CC-BY-NC-4.0, which forbids .* --accept-licence"):
        download_entry(entry, cache)
    assert server.asked == []
    assert not cache.folder.exists()
    directory = download(entry, cache, accept_licence=True)
    assert read_card(directory / "enhancer_variants.json").licence == "CC-BY-NC-4.0"


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ([], "files none; expected one archive"),
        (["a.zip", "b.zip"], "files a.zip, b.zip; expected one archive"),
        (["x201.zip", "y201.zip"], "expected one archive"),
        (["model.bin"], "--from URL"),
    ],
)
def test_a_record_without_one_archive_says_what_it_has(
    files: list[str], match: str, record: ModelEntry, server: Server, cache: ModelCache
) -> None:
    listed = [{"key": name, "links": {"self": server.address}} for name in files]
    server.files["/records/1"] = json.dumps({"files": listed}).encode()
    with pytest.raises(CheckpointError, match=match):
        download(record, cache)


@pytest.mark.parametrize("content", [{}, {"files": [{"key": "a"}]}, {"files": 3}])
def test_what_is_no_record_is_refused(
    content: object, record: ModelEntry, server: Server, cache: ModelCache
) -> None:
    server.files["/records/1"] = json.dumps(content).encode()
    with pytest.raises(CheckpointError, match="description of a Zenodo record"):
        download(record, cache)


def test_the_only_archive_of_a_record_needs_no_hint(
    record: ModelEntry, server: Server, cache: ModelCache
) -> None:
    server.files["/any.zip"] = server.files["/files/model_201.zip"]
    listed = [{"key": "any.zip", "links": {"self": f"{server.address}/any.zip"}}]
    server.files["/records/1"] = json.dumps({"files": listed}).encode()
    assert download(record, cache).is_dir()


def test_a_file_at_an_address_of_another_kind_is_refused(
    record: ModelEntry, server: Server, cache: ModelCache
) -> None:
    listed = [{"key": "201.zip", "links": {"self": "file:///etc/passwd"}}]
    server.files["/records/1"] = json.dumps({"files": listed}).encode()
    with pytest.raises(CheckpointError, match="a file at file:///etc/passwd"):
        download(record, cache)


def test_an_archive_that_does_not_match_its_record_is_refused(
    record: ModelEntry, server: Server, cache: ModelCache
) -> None:
    server.files["/files/model_201.zip"] += b"\0"
    with pytest.raises(CheckpointError, match="expected md5:"):
        download(record, cache)
    assert not cache.holds("toy")


def test_a_useless_archive_is_not_found_again(
    record: ModelEntry, server: Server, cache: ModelCache, published: dict[str, bytes]
) -> None:
    server.files["/mine.zip"] = archive_of({"README": b""})
    with pytest.raises(CheckpointError, match="no model"):
        download(record, cache, source=f"{server.address}/mine.zip")
    server.files["/mine.zip"] = archive_of(published)
    assert download(record, cache, source=f"{server.address}/mine.zip").is_dir()


def test_a_missing_file_on_the_hub_is_named(
    hub: Callable[..., ModelEntry], cache: ModelCache, published: dict[str, bytes]
) -> None:
    files = {name: content for name, content in published.items() if name != "vocab.txt"}
    with pytest.raises(CheckpointError, match=r"no models/toy/vocab.txt at revision main"):
        download(hub(files), cache)


def test_weights_that_the_hub_says_are_others_are_refused(
    hub: Callable[..., ModelEntry], cache: ModelCache, server: Server
) -> None:
    entry = hub()
    server.files[weights_url(entry)] = b"x" * 1_000
    with pytest.raises(CheckpointError, match="expected sha256:"):
        download(entry, cache)


def test_an_interrupted_download_from_the_hub_goes_on(
    hub: Callable[..., ModelEntry], cache: ModelCache, server: Server
) -> None:
    entry = hub()
    server.queued[weights_url(entry)] = [
        Answer(stop_after=200_000),
        *[Answer(status=503)] * 4,
    ]
    with pytest.raises(ModelError, match="goes on where it ended; without a network: get"):
        download(entry, cache)
    assert (cache.partial("toy") / "files" / "pytorch_model.bin.part").stat().st_size > 100_000
    assert not cache.holds("toy")
    server.asked.clear()
    download(entry, cache)
    assert server.asked[-1][0] == weights_url(entry)
    assert server.asked[-1][1].startswith("bytes=1")


def test_offline_says_which_files_to_get_and_asks_nobody(
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = hub()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids") as error:
        download(entry, cache)
    assert "https://huggingface.co/lab/models/tree/main/models/toy" in str(error.value)
    assert "models download toy --from FOLDER" in str(error.value)
    assert server.asked == []


def test_an_unreachable_hub_and_an_unreachable_record(
    hub: Callable[..., ModelEntry], cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = hub()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"does not give it \(.*without a network"):
        download(entry, cache)
    nowhere = replace(ENTRY, source=RecordSource("http://127.0.0.1:9/records/1"))
    with pytest.raises(ModelError, match="without a network: get the archive of toy from https://"):
        download(nowhere, cache)


def test_an_unknown_repository_is_said_to_be_one(
    hub: Callable[..., ModelEntry], cache: ModelCache
) -> None:
    entry = replace(hub(), source=HubSource("lab/none"))
    with pytest.raises(ModelError, match="lab/none: the Hugging Face hub does not give it"):
        download(entry, cache)


def test_files_without_a_network(
    cache: ModelCache, published: dict[str, bytes], tmp_path: Path
) -> None:
    archive = tmp_path / "model.zip"
    archive.write_bytes(archive_of(published))
    directory = download(ENTRY, cache, source=archive)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in published.items():
        (folder / name).write_bytes(content)
    other = download(replace(ENTRY, name="other"), cache, source=folder)
    weights = [path / "model.safetensors" for path in (directory, other)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert {path.name for path in folder.iterdir()} == set(published)
    with pytest.warns(UserWarning, match="third.zip was not read"):
        assert download_entry(ENTRY, cache, source=tmp_path / "third.zip") == directory
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no config.json; expected the folder of third"):
        download(replace(ENTRY, name="third"), cache, source=tmp_path / "empty")
    with pytest.raises(InputError, match="no such file or folder; expected an archive of third"):
        download(replace(ENTRY, name="third"), cache, source=tmp_path / "none")


def test_no_room_is_said_before_anything_is_fetched(
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match=r"0.0 GiB are free; expected .* make room"):
        download(hub(), cache)
    assert len(server.asked) == 1


def test_a_full_disk_is_an_error_and_what_came_is_kept(
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = hub()
    opened = Path.open

    def full(path: Path, mode: str = "r", *arguments: object, **more: object) -> object:
        file = opened(path, mode, *arguments, **more)
        if path.name == "pytorch_model.bin.part":
            write = file.write

            class Full:
                def __enter__(self) -> Full:
                    return self

                def __exit__(self, *_: object) -> None:
                    file.close()

                def write(self, piece: bytes) -> None:
                    if file.tell() > 100_000:
                        raise OSError(28, os.strerror(28))
                    write(piece)

            return Full()
        return file

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        with pytest.raises(ModelError, match=r"No space left on device; expected room"):
            download(entry, cache)
    assert not cache.holds("toy")
    server.asked.clear()
    download(entry, cache)
    assert server.asked[-1][1].startswith("bytes=1")


def test_a_cache_that_cannot_be_written_to_is_named(
    hub: Callable[..., ModelEntry], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="expected a folder to write to: name another"):
        download(hub(), ModelCache.at(tmp_path / "file"))


@pytest.mark.parametrize("module", ["pooch", "huggingface_hub"])
def test_a_missing_library_names_the_extra(
    module: str,
    hub: Callable[..., ModelEntry],
    cache: ModelCache,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'enhancer-variants\[hub\]'"):
        download(hub(), cache)


def test_a_scorer_finds_a_downloaded_model_by_its_name_and_carries_its_licence(
    published: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENHANCER_VARIANTS_CACHE", str(tmp_path / "models"))
    name, files = "DNABERT-Enhancer-201", demo_files()
    with pytest.raises(InputError, match=f"enhancer-variants models download {name}'"):
        ev.VariantScorer(files.reference, enhancer=name)
    archive = tmp_path / "model.zip"
    archive.write_bytes(archive_of(published))
    with pytest.warns(UserWarning, match="is noted now"):
        directory = download_model(name, source=archive)
    assert locate_model(name) == directory
    output = tmp_path / "effects.vcf"
    ev.VariantScorer(files.reference, enhancer=name).annotate(files.variants, output)
    header = output.read_text()
    assert '"licence": "Apache-2.0"' in header
    assert '"card_name": "DNABERT-Enhancer-201"' in header


# ---------------------------------------------------------------- several processes


def program(cache: Path, source: str) -> subprocess.Popen[bytes]:
    command = ["models", "download", "DNABERT-Enhancer-201", "--cache", str(cache)]
    return subprocess.Popen(
        [sys.executable, "-m", "enhancer_variants", *command, "--from", source],
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert true(), "it never came so far"


def test_a_killed_download_leaves_a_part_to_go_on_with(
    server: Server, published: dict[str, bytes], tmp_path: Path
) -> None:
    server.files["/201.zip"] = archive_of(published)
    hanging = threading.Event()
    server.queued["/201.zip"] = [Answer(stop_after=300_000, hang=hanging)]
    process = program(tmp_path, f"{server.address}/201.zip")
    cache = ModelCache.at(tmp_path)
    parts = cache.partial("DNABERT-Enhancer-201")
    received = "archive-*.part"
    wait_until(lambda: sum(part.stat().st_size for part in parts.glob(received)) > 100_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hanging.set()
    assert not cache.holds("DNABERT-Enhancer-201")
    with pytest.raises(InputError, match="has not been downloaded"):
        locate_model("DNABERT-Enhancer-201", cache=tmp_path)
    server.asked.clear()
    with pytest.warns(UserWarning, match="is noted now"):
        download_model(
            "DNABERT-Enhancer-201",
            cache=tmp_path,
            source=f"{server.address}/201.zip",
            progress=False,
        )
    assert int(re.findall(r"\d+", server.asked[0][1])[0]) > 100_000
    assert read_checkpoint(cache.directory("DNABERT-Enhancer-201")).card.window_length == 201


def test_two_processes_at_once_download_it_once_and_who_waits_is_told(
    server: Server, published: dict[str, bytes], tmp_path: Path
) -> None:
    server.files["/201.zip"] = archive_of(published)
    hanging = threading.Event()
    # The connection breaks off behind the pause, so the rest is asked for in a second request:
    # a whole archive would be all that the other process waits for.
    server.queued["/201.zip"] = [Answer(stop_after=300_000, hang=hanging)]
    process = program(tmp_path, f"{server.address}/201.zip")
    wait_until(lambda: bool(server.asked))
    told: list[str] = []

    def go_on(message: Warning | str, *_: object, **__: object) -> None:
        told.append(str(message))
        hanging.set()  # the other process may end once this one has said that it waits

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = go_on
        directory = download_model(
            "DNABERT-Enhancer-201",
            cache=tmp_path,
            source=f"{server.address}/201.zip",
            progress=False,
        )
    assert re.match("another process is downloading .*: waiting for it", told[0])
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert [bool(wanted) for _, wanted in server.asked] == [False, True]
    assert read_checkpoint(directory).card.max_seq_length == 200
