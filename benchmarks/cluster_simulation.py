"""Plan a run on many GPUs; measure and simulate what holds it up.

    python benchmarks/cluster_simulation.py    # measures and simulates; some minutes
    python benchmarks/cluster_simulation.py --plan --rate 6000 --models 400 --gpus 8 --price 3.5

Three steps, each the foundation of the next:

1. What the process that hands out shards does with each of them, measured with the real code:
   reading, sending to workers of a real Ray, writing with fsync, joining into one file.
2. A real Ray with workers that sleep instead of computing. Its time is compared with that of a
   simulation of events that knows nothing but the numbers of step 1 and the time of sleep.
3. That simulation with 1, 8 and 64 workers at the rate a GPU is assumed to have, with stragglers,
   slow reads from an object store, and lost workers. These figures are computed, not measured.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import pickle
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import ray
from machine import RESULTS, save
from pipeline import make_inputs

from enhancer_variants.demo import demo_files
from enhancer_variants.effects import Outputs, record_chunks
from enhancer_variants.genome import Reference
from enhancer_variants.io import open_variants
from enhancer_variants.io.effects_out import output_header
from enhancer_variants.io.pieces import join_effects, piece_format
from enhancer_variants.models.files import JSON
from enhancer_variants.runs import Piece, RunDirectory, Shard, run_shards
from enhancer_variants.runs.ray_cluster import connected
from enhancer_variants.runs.ray_engine import RayEngine
from enhancer_variants.scoring_run import MakeScoringWork, ScoringShard

SHARD = 16_384
PARAMETERS = 89_192_450  # of a 12x768 network with 4,101 tokens, 512 positions, 2 classes
LONG_ROW_BYTES = 16.7  # of a table of all models, from results/panel.json: 755 MiB / 47.3 million
QUESTIONS = {
    # Variants, and sequences of each: three SNVs of one position share their REF window.
    "120 million catalogued variants": (120e6, 2.0),
    "every SNV in all human cCREs": (732e6, 4 / 3),
}


# --- 1. What the driver does with a shard ---------------------------------------------------------


class Sleeper:
    """Work that sleeps as long as a shard says, and gives the bytes it was made with."""

    outline = None

    def __init__(self, files: dict[str, bytes]) -> None:
        self.conditions: dict[str, JSON] = {}
        self.files = files

    def __call__(self, shard: Shard, _: Callable[[float], None] | None = None) -> Piece:
        """Sleep."""
        time.sleep(shard.content[1])
        return Piece(self.files, {"ok": shard.size})


@dataclass(frozen=True)
class Seconds:
    """By the clock, and of this process's processor: what a core of its own would need at least."""

    clock: float
    processor: float

    def per(self, number: int) -> Seconds:
        """Divide."""
        return Seconds(self.clock / number, self.processor / number)


def measured_driver(
    fasta: Path, vcf: Path, folder: Path, shards: int
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Microseconds per record of what one process does for all workers; the piece of a shard."""
    contents, read = _timed(lambda: list(_contents(vcf)))
    sent, send = _timed(lambda: [pickle.dumps(content) for content in contents])
    shard = Shard(0, contents[0], SHARD)
    report = {"read and cut": read.per(SHARD * 4), "pickle": send.per(SHARD * 4)}
    pieces: dict[str, dict[str, bytes]] = {}
    for written_as in ("vcf.gz", "parquet"):
        out = folder / f"effects.{written_as}"
        with open_variants(vcf) as source:
            lengths = dict(source.contig_lengths)
            about: tuple[Any, ...] = (str(fasta), {"enhancer": str(demo_files().model)}, vcf.name)
            made = MakeScoringWork(*about, {}, Outputs(out), piece_format(written_as), lengths)()
            context = (source, made.outline.columns, made.outline.provenance)
            header = output_header(*context, Reference(fasta).lengths, overwrite_info=False)
        piece = made(shard)
        assert piece.counts["records"] == SHARD
        pieces[written_as] = dict(piece.files)
        with RunDirectory(folder / written_as) as directory:
            _, keep = _timed(
                lambda d=directory, p=piece: [d.keep(Shard(n, None, 1), p) for n in range(shards)]
            )
            paths = list(directory.pieces(made.outline.pieces[0], shards))
            columns, provenance = made.outline.columns, made.outline.provenance
            _, join = _timed(
                partial(join_effects, paths, out, written_as, columns, provenance, header)
            )
        report[f"write and fsync ({written_as})"] = keep.per(shards * SHARD)
        report[f"join ({written_as})"] = join.per(shards * SHARD)
    clock = {name: round(seconds.clock * 1e6, 2) for name, seconds in report.items()}
    processor = {name: round(seconds.processor * 1e6, 2) for name, seconds in report.items()}
    sizes = {n: sum(map(len, files.values())) for n, files in pieces.items()}
    about_bytes = {"of a shard, pickled": len(sent[0]), **sizes}
    return (
        {
            "records_of_a_shard": SHARD,
            "microseconds_per_record": {"clock": clock, "processor": processor},
            "bytes": about_bytes,
        },
        pieces["vcf.gz"],
    )


def _contents(vcf: Path) -> Iterator[ScoringShard]:
    with open_variants(vcf) as source:
        chunks = record_chunks(source.records)
        while some := tuple(islice(chunks, 4)):
            yield ScoringShard(some, 64)


def _timed(do: Callable[[], Any]) -> tuple[Any, Seconds]:
    clock, processor = time.perf_counter(), time.process_time()
    result = do()
    return result, Seconds(time.perf_counter() - clock, time.process_time() - processor)


# --- 2. A real Ray whose workers sleep ------------------------------------------------------------


def measured_ray(vcf: Path, folder: Path, files: dict[str, bytes], workers: int) -> dict[str, Any]:
    """Seconds of real runs with workers that sleep, beside those of the simulation."""
    runs, seconds_of_a_shard = [], (0.25, 1.0, 3.0)
    with connected(None, workers), RayEngine(workers, cpus_per_worker=1) as engine:
        engine.start(partial(Sleeper, files))
        _sleeping(engine, folder / "warm", vcf, 0.0, workers)
        full = [_sleeping(engine, folder / f"full{n}", vcf, 0.0, 4 * workers) for n in range(3)]
        driver = Seconds(
            *(statistics.median(getattr(s, name) for s in full) for name in ("clock", "processor"))
        ).per(4 * workers)
        for sleep in seconds_of_a_shard:
            shards = max(3, int(6 / sleep)) * workers
            real = _sleeping(engine, folder / f"{sleep}", vcf, sleep, shards).clock
            cluster = Cluster(workers=workers, shard_seconds=sleep, driver_seconds=driver.clock)
            computed = simulate(cluster, shards)
            runs.append(
                {
                    "workers": workers,
                    "seconds_of_a_shard": sleep,
                    "shards": shards,
                    "seconds": round(real, 2),
                    "simulated": round(computed.seconds, 2),
                    "efficiency": round(shards * sleep / workers / real, 3),
                    "simulated_efficiency": round(computed.efficiency, 3),
                }
            )
    return {
        "ray": ray.__version__,
        "what": "real Ray on this machine, workers that sleep; real shards, pieces and fsync",
        "driver_seconds_of_a_shard": {
            "clock": round(driver.clock, 4),
            "processor": round(driver.processor, 4),
        },
        "driver_records_per_second": {
            "clock": round(SHARD / driver.clock),
            "processor": round(SHARD / driver.processor),
        },
        "runs": runs,
        "largest_error_of_the_simulation": round(
            max(abs(r["simulated"] / r["seconds"] - 1) for r in runs), 3
        ),
    }


def _sleeping(engine: RayEngine, folder: Path, vcf: Path, sleep: float, shards: int) -> Seconds:
    """Time of a run from the first record read to the last piece written."""
    with RunDirectory(folder) as directory:
        directory.begin({}, {}, {})
        again_and_again = chain.from_iterable(_contents(vcf) for _ in count())
        each = (
            Shard(number, (content, sleep), SHARD)
            for number, content in enumerate(islice(again_and_again, shards))
        )
        finished, seconds = _timed(lambda: run_shards(directory, engine, each))
        assert finished.shards == shards
    return seconds


# --- 3. The simulation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cluster:
    """What a simulated run has; times in seconds.

    `driver_seconds` are for each shard, one after the other. `slow_workers` of the workers take
    `slow_factor` times as long; each shard's time has a log-normal `spread`; a read from the object
    store takes `read_seconds`, and one in a hundred fifty times that. A worker is lost after
    `hours_to_loss` on average and replaced, models loaded, after `replacement_seconds`.
    """

    workers: int
    shard_seconds: float
    driver_seconds: float
    slow_workers: float = 0.0
    slow_factor: float = 2.0
    spread: float = 0.0
    read_seconds: float = 0.0
    hours_to_loss: float = math.inf
    replacement_seconds: float = 300.0


@dataclass(frozen=True)
class Simulated:
    """What a simulated run came to."""

    seconds: float
    efficiency: float
    lost_workers: int


def simulate(cluster: Cluster, shards: int, seed: int = 1) -> Simulated:
    """Run shards through a driver and workers that hold two each, as `RayEngine` does."""
    chance = random.Random(seed)
    number = math.ceil(cluster.workers * cluster.slow_workers) if cluster.workers > 1 else 0
    slow = set(chance.sample(range(cluster.workers), number))
    todo, again = iter(range(shards)), 0
    queued = [0] * cluster.workers  # shards with each worker, the one under way included
    free = [0.0] * cluster.workers  # when each has done what it was given
    dies = [_life(cluster, chance) for _ in free]
    events: list[tuple[float, int, int]] = []  # when a shard's answer comes, from whom, whose life
    lives = [0] * cluster.workers
    clock, done, lost = 0.0, 0, 0

    def hand_out() -> None:
        nonlocal again
        for load in (1, 2):
            for worker in range(cluster.workers):
                if queued[worker] >= load or free[worker] == math.inf:
                    continue
                if again:
                    again -= 1
                elif next(todo, None) is None:
                    return
                queued[worker] += 1
                took = _shard_seconds(cluster, worker in slow, chance)
                free[worker] = max(free[worker], clock) + took
                heapq.heappush(events, (min(free[worker], dies[worker]), worker, lives[worker]))

    hand_out()
    while done < shards:
        when, worker, life = heapq.heappop(events)
        clock = max(clock, when)
        if life != lives[worker]:
            continue  # of a worker that was lost meanwhile
        if when >= dies[worker]:
            lost += 1
            again += queued[worker]
            queued[worker], lives[worker] = 0, life + 1
            free[worker] = when + cluster.replacement_seconds
            dies[worker] = free[worker] + _life(cluster, chance)
        else:
            queued[worker] -= 1
            done += 1
            clock += cluster.driver_seconds
        hand_out()
    ideal = shards * cluster.shard_seconds / cluster.workers
    return Simulated(clock, ideal / clock, lost)


def _life(cluster: Cluster, chance: random.Random) -> float:
    if math.isinf(cluster.hours_to_loss):
        return math.inf
    return chance.expovariate(1 / (cluster.hours_to_loss * 3600))


def _shard_seconds(cluster: Cluster, slow: bool, chance: random.Random) -> float:
    read = cluster.read_seconds * (50 if chance.random() < 0.01 else 1)
    spread = math.exp(chance.gauss(0, cluster.spread)) if cluster.spread else 1.0
    return cluster.shard_seconds * (cluster.slow_factor if slow else 1) * spread + read


def simulated(driver_seconds: float, rate: float) -> list[dict[str, Any]]:
    """Efficiencies of 120 million variants against workers, models and size of shards."""
    rows = []
    for models in (1, 400):
        for records in (2_048, SHARD, 131_072):
            shards = math.ceil(120e6 / records)
            for workers in (1, 8, 64):
                even = Cluster(workers, records * models / rate, driver_seconds * records / SHARD)
                uneven = replace(even, spread=0.1, read_seconds=0.1)
                straggling = replace(uneven, slow_workers=1 / 16)
                losing = replace(uneven, hours_to_loss=24.0)
                trouble = {
                    "even": even, "uneven": uneven, "stragglers": straggling, "losses": losing
                }  # fmt: skip
                came_to = {name: simulate(c, shards) for name, c in trouble.items()}
                rows.append(
                    {
                        "models": models,
                        "records_of_a_shard": records,
                        "workers": workers,
                        "seconds_of_a_shard": round(even.shard_seconds, 2),
                        "hours": round(came_to["uneven"].seconds / 3600, 2),
                        "efficiency": {n: round(s.efficiency, 3) for n, s in came_to.items()},
                        "lost_workers": came_to["losses"].lost_workers,
                    }
                )
    return rows


# --- The plan -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Time, cost and sizes of a run."""

    gpu_hours: float
    hours: float
    held_up_by: str
    cost: float
    join_hours: float
    shards: int
    long_table_terabytes: float
    weights_gigabytes: float


def plan(
    variants: float,
    sequences: float,
    models: int,
    gpus: int,
    rate: float,
    price: float,
    driver_rate: float,
    join_rate: float,
) -> Plan:
    """Plan a run.

    `rate` is variants/s of one GPU and one model with two sequences for each variant; the network's
    time is ``variants * sequences / 2 * models / (rate * gpus)``, and no run is faster than its
    driver, ``variants / driver_rate``. `price` is of one GPU for one hour.
    """
    gpu_hours = variants * sequences / 2 * models / rate / 3600
    driver = variants / driver_rate / 3600
    hours = max(gpu_hours / gpus, driver)
    return Plan(
        gpu_hours,
        hours,
        "GPUs" if hours > driver else "driver",
        hours * gpus * price,
        variants / join_rate / 3600,
        math.ceil(variants / SHARD),
        variants * models * LONG_ROW_BYTES / 1e12,
        models * PARAMETERS * 4 / 1e9,
    )


def printed_plans(options: argparse.Namespace) -> None:
    found = json.loads((RESULTS / "cluster_simulation.json").read_text())
    joining = found["driver"]["microseconds_per_record"]["processor"]["join (vcf.gz)"]
    rates = found["real_ray"]["driver_records_per_second"]["clock"], 1e6 / joining
    print("| question | models | GPUs | hours | held up by | cost | GPU hours |")
    print("|---|---|---|---|---|---|---|")
    for question, (variants, sequences) in QUESTIONS.items():
        for models in options.models:
            for gpus in options.gpus:
                made = plan(variants, sequences, models, gpus, options.rate, options.price, *rates)
                print(
                    f"| {question} | {models} | {gpus} | {made.hours:,.1f} | {made.held_up_by} | "
                    f"{made.cost:,.0f} | {made.gpu_hours:,.1f} |"
                )
            print(
                f"  {question}, {models} models: {made.shards:,} shards, one vcf.gz joined in "
                f"{made.join_hours:.1f} h, table of all models {made.long_table_terabytes:,.2f} "
                f"TB, weights {made.weights_gigabytes:,.1f} GB for each worker"
            )


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--plan", action="store_true", help="print plans, measure nothing")
    arguments.add_argument(
        "--rate", type=float, default=6000, help="variants/s of one GPU and one model"
    )
    arguments.add_argument("--models", type=int, nargs="+", default=[1, 400])
    arguments.add_argument("--gpus", type=int, nargs="+", default=[1, 8, 64])
    arguments.add_argument("--price", type=float, default=3.5, help="of one GPU for one hour")
    arguments.add_argument("--workers", type=int, default=8, help="of the real Ray that sleeps")
    arguments.add_argument("--shards", type=int, default=16, help="that are written and joined")
    options = arguments.parse_args()
    if options.plan:
        printed_plans(options)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fasta, vcf = make_inputs(folder, SHARD * 4)
        driver, files = measured_driver(fasta, vcf, folder, options.shards)
        real = measured_ray(vcf, folder, files, options.workers)
    rows = simulated(real["driver_seconds_of_a_shard"]["clock"], options.rate)
    save(
        "cluster_simulation",
        {
            "what": "the driver and a real Ray of sleeping workers, measured; 1, 8 and 64 workers "
            "at an assumed rate, simulated",
            "driver": driver,
            "real_ray": real,
            "assumed_variants_per_second_of_a_gpu": options.rate,
            "simulated_120_million_variants": rows,
            "median_efficiency_of_64_workers": statistics.median(
                row["efficiency"]["uneven"] for row in rows if row["workers"] == 64
            ),
        },
    )


if __name__ == "__main__":
    main()
