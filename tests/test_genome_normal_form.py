from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome.normal_form import normal_form
from enhancer_variants.genome.reference import ContigSequence, InMemoryContig, Reference
from enhancer_variants.genome.variant import Variant

needs_bcftools = pytest.mark.skipif(shutil.which("bcftools") is None, reason="needs bcftools")


def applied(sequence: str, variant: Variant) -> str:
    assert sequence[variant.start : variant.end] == variant.ref
    return sequence[: variant.start] + variant.alt + sequence[variant.end :]


def in_normal_form(sequence: str, position: int, ref: str, alt: str) -> tuple[int, str, str]:
    form = normal_form(Variant("toy", position, ref, alt), InMemoryContig("toy", sequence))
    return form.position, form.ref, form.alt


@pytest.mark.parametrize(
    ("sequence", "spelling", "form"),
    [
        # substitutions
        ("ACGT", (2, "C", "T"), (2, "C", "T")),
        ("ACGT", (1, "ACGT", "ATGT"), (2, "C", "T")),
        ("ACGT", (1, "ACG", "ATA"), (2, "CG", "TA")),
        # a repeat of CA after G: every deletion of one unit is the same
        ("GCACACATT", (6, "CA", "C"), (6, "CA", "C")),
        ("GCACACATT", (5, "ACA", "A"), (1, "GCA", "G")),
        ("GCACACATT", (3, "ACA", "A"), (1, "GCA", "G")),
        ("GCACACATT", (7, "A", "ACA"), (1, "G", "GCA")),
        ("GCACACATT", (1, "GCACACATT", "GCACATT"), (1, "GCA", "G")),
        # the unit is turned while it moves
        ("GCACACATT", (7, "AT", "ACAT"), (1, "G", "GCA")),
        ("TGATGATGC", (8, "G", "GATG"), (1, "T", "TGAT")),
        # the contig's start: the following base is the anchor
        ("AAAC", (3, "AC", "C"), (1, "AA", "A")),
        ("AAAC", (1, "AA", "A"), (1, "AA", "A")),
        ("AAAC", (3, "A", "AA"), (1, "A", "AA")),
        ("ACGT", (1, "A", "GTA"), (1, "A", "GTA")),
        ("ACGT", (1, "ACG", "G"), (1, "ACG", "G")),
        # and so it is beside a base that is not A, C, G, T
        ("NAAC", (3, "AC", "C"), (2, "AA", "A")),
        ("NAAC", (3, "A", "AA"), (2, "A", "AA")),
        ("RACA", (2, "AC", "C"), (2, "AC", "C")),
        ("NAN", (2, "A", "TA"), (2, "A", "TA")),
        ("NAN", (2, "A", "AT"), (2, "A", "AT")),
        ("AANA", (4, "A", "AA"), (4, "A", "AA")),
        # neither a pure insertion nor a pure deletion
        ("ACGTT", (2, "CG", "T"), (2, "CG", "T")),
        ("ACGTT", (1, "ACGT", "ATT"), (2, "CG", "T")),
        ("ACGTT", (2, "CGT", "CGA"), (4, "T", "A")),
        ("ACGTT", (1, "ACG", "ACGT"), (3, "G", "GT")),
    ],
)
def test_known_answers(
    sequence: str, spelling: tuple[int, str, str], form: tuple[int, str, str]
) -> None:
    assert in_normal_form(sequence, *spelling) == form


@pytest.mark.parametrize("length", [1, 63, 64, 65, 191, 192, 193, 200_000])
def test_a_long_repeat_is_crossed_whole(length: int) -> None:
    sequence = "G" + "A" * length + "C"
    assert in_normal_form(sequence, length + 1, "AC", "C") == (1, "GA", "G")
    assert in_normal_form("A" * length + "C", length, "A", "AAAAA") == (1, "A", "AAAAA")


def test_a_long_unit_is_turned() -> None:
    unit = "".join(random.Random(1).choices("ACGT", k=1000))
    sequence = "TT" + unit + unit[:700] + "G"
    deletion = Variant("toy", 2 + 700, sequence[701:1702], sequence[701])
    form = normal_form(deletion, InMemoryContig("toy", sequence))
    assert applied(sequence, form) == applied(sequence, deletion)
    assert form.position <= 2


def test_identifier_and_contig_are_kept() -> None:
    contig = InMemoryContig("other", "GAAC")
    for variant in (
        Variant("toy", 2, "A", "T", "rs1"),
        Variant("toy", 3, "AC", "C", "rs1"),
        Variant("toy", 3, "AC", "TG", "rs1"),
    ):
        assert (normal_form(variant, contig).contig, normal_form(variant, contig).id) == (
            "toy",
            "rs1",
        )


def test_no_change_is_refused() -> None:
    with pytest.raises(InputError, match="ALT equals REF"):
        normal_form(Variant("toy", 2, "AC", "AC"), InMemoryContig("toy", "GACT"))


@st.composite
def repetitive(draw: st.DrawFn, letters: str = "AC", max_size: int = 24) -> str:
    units = draw(st.lists(st.tuples(st.text(letters, min_size=1, max_size=3), st.integers(1, 5))))
    sequence = "".join(unit * times for unit, times in units)[:max_size]
    return sequence + draw(st.text(letters, min_size=2, max_size=4))


@st.composite
def changes(draw: st.DrawFn, letters: str = "AC") -> tuple[str, int, int, str]:
    """A sequence, and the 0-based half-open range of it that other bases replace."""
    sequence = draw(repetitive(letters))
    start = draw(st.integers(0, len(sequence)))
    end = draw(st.integers(start, min(len(sequence), start + 4)))
    inserted = draw(st.text("ACG", max_size=4))
    if inserted == sequence[start:end] or (not inserted and (start, end) == (0, len(sequence))):
        inserted += "G"
    return sequence, start, end, inserted


def spelled(sequence: str, start: int, end: int, inserted: str, left: int, right: int) -> Variant:
    """Write a change with some bases of context; at least one, if an allele has none."""
    first, last = max(0, start - left), min(len(sequence), end + right)
    ref = sequence[first:last]
    alt = sequence[first:start] + inserted + sequence[end:last]
    if ref and alt:
        return Variant("toy", first + 1, ref, alt)
    return spelled(sequence, start, end, inserted, left + 1, right + 1)


@given(changes(), st.integers(0, 5), st.integers(0, 5))
def test_every_spelling_has_one_normal_form_with_the_same_haplotype(
    change: tuple[str, int, int, str], left: int, right: int
) -> None:
    sequence = change[0]
    contig = InMemoryContig("toy", sequence)
    plain = spelled(*change, 0, 0)
    form = normal_form(plain, contig)
    assert normal_form(spelled(*change, left, right), contig) == form
    assert normal_form(form, contig) == form
    assert applied(sequence, form) == applied(sequence, plain)


@given(changes())
def test_no_spelling_of_the_haplotype_lies_further_left(
    change: tuple[str, int, int, str],
) -> None:
    """Brute force: of all ways to insert or delete, the normal form is the leftmost."""
    sequence, start, end, inserted = change
    if bool(inserted) == (end > start):
        return
    haplotype = sequence[:start] + inserted + sequence[end:]
    size = abs(len(haplotype) - len(sequence))
    longer, shorter = sorted((haplotype, sequence), key=len, reverse=True)
    places = [n for n in range(len(shorter) + 1) if longer[:n] + longer[n + size :] == shorter]
    contig = InMemoryContig("toy", sequence)
    form = normal_form(spelled(*change, 0, 0), contig)
    for place in places:
        gone = size if end > start else 0
        text = "" if gone else haplotype[place : place + size]
        assert normal_form(spelled(sequence, place, place + gone, text, 0, 0), contig) == form
    # Anchored on the base before the leftmost place, or at the contig's start on the one after.
    assert form.position == max(1, min(places))
    assert sorted((len(form.ref), len(form.alt))) == [1, size + 1]


@given(changes("ACN"))
def test_alignment_does_not_cross_other_letters(change: tuple[str, int, int, str]) -> None:
    sequence, start, end, inserted = change
    plain = spelled(sequence, start, end, inserted, 0, 0)
    if "N" in plain.ref + plain.alt:
        return
    form = normal_form(plain, InMemoryContig("toy", sequence))
    assert "N" not in form.ref + form.alt
    assert applied(sequence, form) == applied(sequence, plain)
    assert "N" not in sequence[form.start : plain.end]


def bcftools_norm(
    fasta: Path, contigs: dict[str, int], variants: list[Variant], folder: Path
) -> list[Variant]:
    """Normalise with bcftools; the identifier carries the order over its sorting."""
    header = ["##fileformat=VCFv4.2"]
    header += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    header.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    numbered = sorted(enumerate(variants), key=lambda pair: (pair[1].contig, pair[1].position))
    lines = [f"{v.contig}\t{v.position}\t{n}\t{v.ref}\t{v.alt}\t.\t.\t." for n, v in numbered]
    path = folder / "in.vcf"
    path.write_text("\n".join(header + lines) + "\n")
    command = ["bcftools", "norm", "--no-version", "-f", str(fasta), str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    records = [line.split("\t")[:5] for line in output.splitlines() if not line.startswith("#")]
    assert len(records) == len(variants)
    by_number = {int(r[2]): Variant(r[0], int(r[1]), r[3], r[4]) for r in records}
    return [by_number[n] for n in range(len(variants))]


def random_genome(choose: random.Random) -> dict[str, str]:
    contigs = {}
    for n in range(3):
        pieces = []
        for _ in range(12):
            unit = "".join(choose.choices("ACGT", k=choose.randint(1, 6)))
            pieces.append(unit * choose.randint(1, 30))
        contigs[f"chr{n}"] = "".join(pieces) + "ACGT"
    return contigs


def random_spelling(choose: random.Random, name: str, sequence: str) -> Variant | None:
    start = choose.choice([0, choose.randrange(len(sequence)), choose.randrange(len(sequence))])
    end = min(len(sequence), start + choose.choice([0, 0, 1, 1, 2, 3, 6, 12]))
    nearby = sequence[end : end + choose.choice([1, 2, 3, 4, 6])]
    inserted = choose.choice(["", nearby, "".join(choose.choices("ACGT", k=choose.randint(1, 4)))])
    if inserted == sequence[start:end]:
        return None
    first = max(0, start - choose.choice([0, 1, 2, 10]))
    last = min(len(sequence), end + choose.choice([0, 0, 1, 5]))
    alleles = sequence[first:last], sequence[first:start] + inserted + sequence[end:last]
    return Variant(name, first + 1, *alleles) if all(alleles) else None


@needs_bcftools
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_bcftools_norm_agrees(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    choose = random.Random(seed)
    folder = tmp_path_factory.mktemp("norm")
    genome = random_genome(choose)
    fasta = folder / "toy.fa"
    fasta.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in genome.items()))
    drawn = [random_spelling(choose, *choose.choice(list(genome.items()))) for _ in range(400)]
    variants = [variant for variant in drawn if variant]
    expected = bcftools_norm(fasta, {n: len(s) for n, s in genome.items()}, variants, folder)
    contigs: dict[str, ContigSequence] = {n: InMemoryContig(n, s) for n, s in genome.items()}
    assert [normal_form(variant, contigs[variant.contig]) for variant in variants] == expected


@needs_bcftools
@pytest.mark.realdata
def test_bcftools_norm_agrees_on_a_megabase_of_1000_genomes(tmp_path: Path) -> None:
    folder = os.environ.get("ENHANCER_VARIANTS_DATA")
    if folder is None:
        pytest.skip("ENHANCER_VARIANTS_DATA is not set")
    variants = []
    with gzip.open(Path(folder, "genome", "chr20_1Mb.vcf.gz"), "rt") as stream:
        for line in stream:
            if not line.startswith("#"):
                contig, position, _, ref, alts = line.split("\t")[:5]
                variants += [Variant(contig, int(position), ref, alt) for alt in alts.split(",")]
    variants = [variant for variant in variants if "<" not in variant.alt]
    assert len(variants) > 28_000
    fasta = Path(folder, "genome", "chr20_1Mb.fa.gz")
    expected = bcftools_norm(fasta, {"z": 1_000_000}, variants, tmp_path)
    with Reference(fasta) as reference:
        contig = reference.find("z")
        assert contig is not None
        assert [normal_form(variant, contig) for variant in variants] == expected
    assert sum(variant != form for variant, form in zip(variants, expected, strict=True)) > 20
