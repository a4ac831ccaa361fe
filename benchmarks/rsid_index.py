"""How fast an rsID index is made, how large it is, and how fast identifiers and places are found.

    python benchmarks/rsid_index.py [--records 10000000] [--sorted-rows 100000000] [--folder /tmp]

A generated file in dbSNP's layout: 24 contigs with NC_ names, FREQ of some of eight studies, and
rsIDs in random order, which is the worst case for the index's size (dbSNP numbers newer ones along
the genome). Correctness first: on a file of a fiftieth of the records, every identifier is asserted
to give what a plain scan gives. Building runs in a process of its own, whose largest resident
memory is told, with the largest size of its folder. To show that the sort of a file that is larger
than its memory is one on the disk, random rows without a file are sorted too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
from machine import save

from enhancer_variants.gwas import build_rsid_index, open_sites
from enhancer_variants.gwas.sites import rsid_index

HEADER = (
    "##fileformat=VCFv4.2\n##source=made up, in the layout of dbSNP\n"
    '##INFO=<ID=FREQ,Number=.,Type=String,Description="Allele frequencies by study">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)
STUDIES = ("1000Genomes", "GnomAD_genomes", "KOREAN", "Korea4K", "TOMMO", "TOPMED", "dbGaP_PopFreq")
CONTIGS = 24
CHUNK = 50_000
ASKED = (1_000, 20_000)
# What getrusage tells begins with the largest memory of the process that this was started by.
LARGEST_MEMORY = (
    "status = lambda: open('/proc/self/status').read();"
    "rss = lambda: int(status().partition('VmHWM:')[2].split()[0]) // 1024;"
)
TEXTS = 50_000
CHANGES = [f"{ref}\t{alt}" for ref, alt in itertools.permutations("ACGT", 2)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=10_000_000)
    arguments.add_argument("--sorted-rows", type=int, default=100_000_000)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--folder", default=tempfile.gettempdir())
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        check(folder, max(options.records // 50, 1_000))
        result = {
            "records": options.records,
            "building": building(folder, options.records),
            "finding": finding(folder / "sites.vcf.gz", options.rounds),
        }
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        result["sorting_alone"] = sorting(Path(name), options.sorted_rows)
    save("rsid_index", result)


def generate(path: Path, records: int) -> None:
    """Write a bgzipped and tabix-indexed file of that many SNVs."""
    rng = np.random.default_rng(records)
    numbers = rng.permutation(2 * records)[:records] + 1
    # The same text comes again far beyond what deflate remembers.
    frequencies = [studies(rng) for _ in range(TEXTS)]
    with pysam.BGZFile(str(path), "wb4", index=None) as file:
        file.write(HEADER.encode())
        for contig, part in enumerate(np.array_split(numbers, CONTIGS), 1):
            start = 0
            for begin in range(0, len(part), CHUNK):
                chunk = part[begin : begin + CHUNK]
                positions = start + np.cumsum(rng.integers(1, 6, len(chunk)))
                start = int(positions[-1])
                columns = positions, chunk, rng.integers(0, 12, len(chunk))
                texts = rng.integers(0, TEXTS, len(chunk))
                rows = zip(*(column.tolist() for column in (*columns, texts)), strict=True)
                lines = (
                    f"NC_{contig:06d}.11\t{position}\trs{number}\t{CHANGES[change]}\t.\t.\t"
                    f"RS={number};dbSNPBuildID=154;SSR=0;VC=SNV;GNO{frequencies[text]}\n"
                    for position, number, change, text in rows
                )
                file.write("".join(lines).encode())
    pysam.tabix_index(str(path), preset="vcf", force=True)


def studies(rng: np.random.Generator) -> str:
    """Frequencies of one record in some of the studies."""
    some = [
        f"{study}:{1 - share:.4g},{share:.4g}"
        for study, share, is_known in zip(STUDIES, rng.random(7), rng.random(7) < 0.35, strict=True)
        if is_known
    ]
    return f";FREQ={'|'.join(some)}" if some else ""


def check(folder: Path, records: int) -> None:
    """Assert that the index and tabix find each record of a smaller file, and nothing else."""
    path = folder / "small.vcf.gz"
    generate(path, records)
    scanned: dict[str, tuple[str, int, str, str]] = {}
    with pysam.BGZFile(str(path), "rb", index=None) as file:
        for line in file:
            if not line.startswith(b"#"):
                contig, position, name, ref, alt = line.decode().split("\t")[:5]
                scanned[name] = contig, int(position), ref, alt
    absent = [f"rs{number}" for number in range(1, 2 * records) if f"rs{number}" not in scanned]
    build_rsid_index(path)
    with open_sites(path) as sites:
        sites._identifiers = None  # read through the index, however small the file is
        sites._places = None
        named = sites.by_rsid([*scanned, *absent])
        placed = sites.at([record[:2] for record in scanned.values()])
    found = {
        name: [(s.contig, s.position, s.ref, *s.alts) for s in at] for name, at in named.items()
    }
    assert found == {name: [record] for name, record in scanned.items()}
    assert {name: list(at) for name, at in named.items()} == {
        name: list(placed[record[:2]]) for name, record in scanned.items()
    }


def building(folder: Path, records: int) -> dict[str, object]:
    """Build in a process of its own; give its seconds, memory and bytes."""
    path = folder / "sites.vcf.gz"
    generate(path, records)
    code = (
        "import json, sys, time; from enhancer_variants.gwas import build_rsid_index;"
        f"{LARGEST_MEMORY}"
        "import duckdb; before, start, cpu = rss(), time.perf_counter(), time.process_time();"
        "build_rsid_index(sys.argv[1], progress=False);"
        "print(json.dumps({'seconds': round(time.perf_counter() - start, 1),"
        "'cpu_seconds': round(time.process_time() - cpu, 1),"
        "'mib_before': before, 'mib_at_most': rss()}))"
    )
    told, largest = watched([sys.executable, "-c", code, str(path)], folder)
    index = Path(f"{path}{rsid_index.INDEX_ENDING}").stat().st_size
    return {
        **told,
        "records_per_second": round(records / told["seconds"]),
        "vcf_bytes": path.stat().st_size,
        "index_bytes": index,
        "index_bytes_per_record": round(index / records, 2),
        "disk_bytes_per_record_at_most": round(largest / records, 1),
    }


def watched(command: list[str], folder: Path) -> tuple[dict[str, float], int]:
    """Run a command; give what it prints, and by how much its folder grew at most."""
    before, largest = size_of(folder), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            largest = max(largest, size_of(folder) - before)
            time.sleep(0.1)
        assert process.stdout is not None
        printed = process.stdout.read()
    assert process.returncode == 0
    return json.loads(printed.splitlines()[-1]), largest


def size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def finding(path: Path, rounds: int) -> dict[str, object]:
    """Seconds for random identifiers and places, with the index open."""
    rng = np.random.default_rng(0)
    names, places = random_records(path, max(ASKED), rng)
    with open_sites(path) as sites:
        sites._identifiers = sites._places = None
        result = {}
        for count in ASKED:
            some, there = names[:count], places[:count]
            result[f"{count} identifiers"] = timed(lambda n=some: sites.by_rsid(n), some, rounds)
            result[f"{count} places"] = timed(lambda p=there: sites.at(p), there, rounds)
        return result


def timed(
    find: Callable[[], Mapping[object, object]], asked: list[object], rounds: int
) -> dict[str, float]:
    """Medians; the processor's seconds too, for a machine that others use."""
    seconds, processor = [], []
    for _ in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        found = find()
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - cpu)
        assert list(found) == asked
    return {
        "seconds": round(statistics.median(seconds), 3),
        "cpu_seconds": round(statistics.median(processor), 3),
    }


def random_records(
    path: Path, count: int, rng: np.random.Generator
) -> tuple[list[str], list[tuple[str, int]]]:
    """Names and places of records all over the file, in random order."""
    index = pq.read_table(f"{path}{rsid_index.INDEX_ENDING}")
    rows = rng.choice(len(index), count, replace=False)
    names = [f"rs{key}" for key in index.column("key").to_numpy()[rows].tolist()]
    with open_sites(path) as sites:
        sites._identifiers = None
        found = sites.by_rsid(names)
    return names, [(found[name][0].contig, found[name][0].position) for name in names]


def sorting(folder: Path, rows: int) -> dict[str, object]:
    """Sort random rows, as many as do not fit into the sort's memory."""
    unsorted = folder / "unsorted.parquet"
    rng = np.random.default_rng(rows)
    schema = pa.schema([("key", pa.int64()), ("address", pa.int64())])
    with pq.ParquetWriter(unsorted, schema, compression="zstd", use_dictionary=False) as writer:
        for begin in range(0, rows, 1_000_000):
            count = min(1_000_000, rows - begin)
            keys = rng.integers(1, 2 * rows, count)
            blocks = (begin + np.sort(rng.integers(0, 1_000_000, count))) // 400 * 17_000
            addresses = (blocks << 16) | rng.integers(0, 1 << 16, count)
            writer.write_batch(
                pa.record_batch([pa.array(keys), pa.array(addresses)], schema=schema)
            )
    code = (
        "import json, sys, time; from pathlib import Path;"
        f"{LARGEST_MEMORY}"
        "from enhancer_variants.gwas.sites import rsid_index as ours;"
        "folder = Path(sys.argv[1]); start, cpu = time.perf_counter(), time.process_time();"
        "ours._sort(ours._duckdb(), folder / 'unsorted.parquet', folder / 'sorted', '{}');"
        "print(json.dumps({'seconds': round(time.perf_counter() - start, 1),"
        "'cpu_seconds': round(time.process_time() - cpu, 1),"
        "'mib_at_most': rss()}))"
    )
    told, largest = watched([sys.executable, "-c", code, str(folder)], folder)
    file = pq.ParquetFile(folder / "sorted")
    assert file.metadata.num_rows == rows
    last = None
    for group in range(file.num_row_groups):
        keys = file.read_row_group(group, ["key"]).column("key").to_numpy()
        assert (np.diff(keys) >= 0).all()
        assert last is None or last <= keys[0]
        last = keys[-1]
    return {
        "rows": rows,
        **told,
        "rows_per_second": round(rows / told["seconds"]),
        "bytes_per_row": round((folder / "sorted").stat().st_size / rows, 2),
        "disk_bytes_per_row_at_most": round((largest + unsorted.stat().st_size) / rows, 1),
    }


if __name__ == "__main__":
    main()
