from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from enhancer_variants.errors import FastaError, InputError
from enhancer_variants.genome import fasta_blocks
from enhancer_variants.genome.fasta_blocks import BLOCK, FastaBlocks
from enhancer_variants.genome.fasta_index import indexed_fasta

LENGTH = 2 * BLOCK + 1000


@pytest.fixture(scope="module")
def sequence() -> str:
    return "".join(random.Random(7).choices("ACGTNacgtn", k=LENGTH))


@pytest.fixture
def blocks(tmp_path: Path, sequence: str) -> FastaBlocks:
    path = tmp_path / "toy.fa"
    lines = "\n".join(sequence[n : n + 60] for n in range(0, LENGTH, 60))
    path.write_text(f">long\n{lines}\n>short\nACGT\n")
    return FastaBlocks(indexed_fasta(path))


def test_blocks_are_the_upper_case_contig(blocks: FastaBlocks, sequence: str) -> None:
    assert blocks.lengths == {"long": LENGTH, "short": 4}
    starts = [0, BLOCK, 2 * BLOCK]
    assert "".join(blocks.block("long", start) for start in starts) == sequence.upper()
    assert blocks.block("short", 0) == "ACGT"
    assert blocks.fetch("long", 5, 9) == sequence[5:9].upper()


def test_a_kept_block_is_not_read_again(blocks: FastaBlocks) -> None:
    first = blocks.block("long", 0)
    blocks.close()
    assert blocks.block("long", 0) is first
    with pytest.raises(InputError, match="closed"):
        blocks.block("long", BLOCK)


def test_the_block_used_longest_ago_is_dropped(
    blocks: FastaBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fasta_blocks, "BLOCKS_KEPT", 2)
    for start in (0, BLOCK, 0, 2 * BLOCK):
        blocks.block("long", start)
    blocks.close()
    blocks.block("long", 0)
    blocks.block("long", 2 * BLOCK)
    with pytest.raises(InputError, match="closed"):
        blocks.block("long", BLOCK)


@pytest.mark.parametrize("size", [100_000, 0])
def test_a_file_cut_while_in_use_is_a_fasta_error(
    blocks: FastaBlocks, tmp_path: Path, size: int, capfd: pytest.CaptureFixture[str]
) -> None:
    os.truncate(tmp_path / "toy.fa", size)
    with pytest.raises(FastaError, match="long:65537-131072, 0 bases can be read"):
        blocks.block("long", BLOCK)
    assert capfd.readouterr() == ("", "")


def test_a_byte_that_is_no_letter_makes_the_contig_short(tmp_path: Path) -> None:
    path = tmp_path / "odd.fa"
    path.write_bytes(b">a\nAC\x00GT\nNNNNN\n")
    with pytest.raises(FastaError, match="damaged"):
        FastaBlocks(indexed_fasta(path)).block("a", 0)


def test_a_forked_process_reads_for_itself(blocks: FastaBlocks, sequence: str) -> None:
    blocks.block("long", 0)
    ours = blocks._fasta
    read, write = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - the child's coverage is not collected
        apart = blocks.block("long", BLOCK) == sequence[BLOCK : 2 * BLOCK].upper()
        os.write(write, b"right" if apart and blocks._fasta is not ours else b"wrong")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 5) == b"right"
    assert blocks.block("long", BLOCK) == sequence[BLOCK : 2 * BLOCK].upper()
    os.close(read)
    os.close(write)


def test_another_process_opens_the_file_again(
    blocks: FastaBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = blocks._fasta
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert blocks.fetch("short", 1, 3) == "CG"
    assert blocks._fasta is not before


def test_threads_share_the_file(blocks: FastaBlocks, sequence: str) -> None:
    wrong = []

    def read(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(200):
            start = choose.randrange(LENGTH - 300)
            if blocks.fetch("long", start, start + 300) != sequence[start : start + 300].upper():
                wrong.append(start)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
