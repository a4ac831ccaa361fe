from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pysam
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import InputError
from enhancer_variants.genome.alphabet import reverse_complement
from enhancer_variants.genome.normal_form import normal_form
from enhancer_variants.genome.placement import place
from enhancer_variants.genome.reference import (
    ContigSequence,
    InMemoryContig,
    Reference,
    ReverseComplementContig,
)
from enhancer_variants.genome.variant import Variant
from enhancer_variants.genome.windows import (
    AlleleWindow,
    AlleleWindows,
    WindowRule,
    allele_windows,
)
from enhancer_variants.schema import Status

needs_oracle = pytest.mark.skipif(
    not (shutil.which("bcftools") and shutil.which("samtools")), reason="needs bcftools, samtools"
)

#      0         1         2
#      0123456789012345678901234
TOY = "AACCGGTTAGCATCGATCGGATTAC"


def cut(variant: str, sequence: str = TOY, **rule: object) -> AlleleWindows:
    contig = InMemoryContig("toy", sequence)
    settings = WindowRule(**{"length": 8, **rule})  # type: ignore[arg-type]
    return allele_windows(Variant.parse(f"toy:{variant}"), contig, settings)


@pytest.mark.parametrize(
    ("variant", "length", "ref", "alt", "start"),
    [
        # v = 9, four bases before it
        ("10:G:T", 8, "GTTAGCAT", "GTTATCAT", 5),
        ("10:G:T", 7, "TTAGCAT", "TTATCAT", 6),
        ("10:G:T", 2, "AG", "AT", 8),
        ("10:GC:G", 8, "GTTAGCAT", "GTTAGATC", 5),
        ("10:GCAT:G", 8, "GTTAGCAT", "GTTAGCGA", 5),
        ("10:G:GTT", 8, "GTTAGCAT", "GTTAGTTC", 5),
        ("10:G:GTTT", 8, "GTTAGCAT", "GTTAGTTT", 5),
        ("10:GCA:TT", 8, "GTTAGCAT", "GTTATTTC", 5),
        # the whole contig
        ("13:T:A", 25, TOY, TOY[:12] + "A" + TOY[13:], 0),
    ],
)
def test_known_windows(variant: str, length: int, ref: str, alt: str, start: int) -> None:
    windows = cut(variant, length=length)
    assert windows == AlleleWindows(Status.OK, "", (AlleleWindow(ref, alt, start),))


@pytest.mark.parametrize(
    ("variant", "rule", "detail"),
    [
        ("10:GCATC:G", {}, "REF has 5 bases in normal form, windows of 8 have room for 4"),
        ("10:G:GTTTT", {}, "ALT has 5 bases in normal form, windows of 8 have room for 4"),
        ("10:GCAT:G", {"length": 7}, "REF has 4 bases in normal form, "
         "windows of 7 have room for 3"),
        ("10:G:GCTA", {"length": 7}, None),
        ("10:GCA:G", {"shifts": 1}, None),
        ("10:GCAT:G", {"shifts": 1}, "REF has 4 bases in normal form, "
         "windows of 8 moved by up to 1 have room for 3"),
        ("10:G:GTTT", {"shifts": 1}, "ALT has 4 bases in normal form, "
         "windows of 8 moved by up to 1 have room for 3"),
        ("10:GCATC:G", {"allow_n": True}, "REF has 5 bases in normal form, "
         "windows of 8 have room for 4"),
        ("1:AACCG:A", {}, "REF has 5 bases in normal form, windows of 8 have room for 4"),
    ],
)  # fmt: skip
def test_too_long(variant: str, rule: dict[str, object], detail: str | None) -> None:
    windows = cut(variant, **rule)
    if detail is None:
        assert windows.status is Status.OK
    else:
        assert windows == AlleleWindows(Status.TOO_LONG, detail, ())


@pytest.mark.parametrize(
    ("variant", "rule", "detail"),
    [
        ("4:C:T", {}, "the window needs bases 0 to 7 of toy, which has 25"),
        ("5:G:T", {}, None),
        ("5:G:T", {"shifts": 1}, "the window needs bases 0 to 7 of toy, which has 25"),
        ("22:T:A", {}, None),
        ("23:T:A", {}, "the window needs bases 19 to 26 of toy, which has 25"),
        # the mirrored window of an SNV lies one base further right if W is even
        ("5:G:T", {"anchors": "both"}, None),
        ("4:C:T", {"anchors": "both"}, "the window needs bases 0 to 7 of toy, which has 25"),
        ("21:A:T", {"anchors": "both"}, None),
        ("22:T:A", {"anchors": "both"}, "the window needs bases 19 to 26 of toy, which has 25"),
        # ALT needs a base beyond the REF window
        ("22:TT:T", {}, "the window needs bases 18 to 26 of toy, which has 25"),
        ("22:T:TC", {}, None),
    ],
)
def test_edge(variant: str, rule: dict[str, object], detail: str | None) -> None:
    windows = cut(variant, **rule)
    if detail is None:
        assert windows.status is Status.OK
    else:
        assert windows == AlleleWindows(Status.EDGE, detail, ())


def test_a_deletion_in_a_repeat_may_cross_an_edge_only_when_right_aligned() -> None:
    # The last A is base 23; with its anchor, C, and four bases after that it needs base 28.
    repeat = "GATCGGATCCG" + "A" * 12 + "CG"
    assert cut("11:GA:G", repeat).status is Status.OK
    assert cut("11:GA:G", repeat, anchors="both") == AlleleWindows(
        Status.EDGE, "the window needs bases 20 to 28 of toy, which has 25", ()
    )


@pytest.mark.parametrize(
    ("sequence", "variant", "rule", "detail"),
    [
        ("AANCGGTTAGCATCG", "7:T:A", {}, "the window holds N at toy:3"),
        ("AANCGGTTAGCATCG", "8:T:A", {}, None),
        ("AACCGGTTAGRATCG", "7:T:A", {}, None),
        ("AACCGGTTAGRATCG", "8:T:A", {}, "the window holds R at toy:11"),
        # only the ALT window reaches it
        ("AACCGGTTAGRATCG", "7:TT:T", {}, "the window holds R at toy:11"),
        # only the mirrored window reaches it; the letter is that of the forward strand
        ("AACCGGTTAGRATCG", "6:G:A", {"anchors": "both"}, None),
        ("AACCGGTTAGRATCG", "7:T:A", {"anchors": "both"}, "the window holds R at toy:11"),
        ("AACRGGTTAGAATCG", "8:T:A", {"anchors": "both"}, "the window holds R at toy:4"),
        ("AACCGGTTAGRATCG", "7:T:A", {"shifts": 1}, "the window holds R at toy:11"),
    ],
)
def test_has_n(sequence: str, variant: str, rule: dict[str, object], detail: str | None) -> None:
    windows = cut(variant, sequence, **rule)
    if detail is None:
        assert (windows.status, windows.detail) == (Status.OK, "")
    else:
        assert (windows.status, windows.windows) == (Status.HAS_N, ())
        assert detail in windows.detail


def test_the_first_status_in_order_of_precedence_wins() -> None:
    sequence = "NAACCGGTTAGC"
    assert cut("6:G:T", sequence).status is Status.OK
    assert cut("6:G:T", sequence, shifts=1).status is Status.HAS_N
    assert cut("5:C:T", sequence).status is Status.HAS_N
    assert cut("5:C:T", sequence, shifts=1).status is Status.EDGE
    assert cut("2:AACCG:A", sequence).status is Status.TOO_LONG


def test_allow_n_scores_letters_and_edges() -> None:
    sequence = "ARCCGGTT"
    assert cut("1:A:T", sequence, allow_n=True).windows == (
        AlleleWindow("NNNNARCC", "NNNNTRCC", -4),
    )
    assert cut("7:T:A", sequence, allow_n=True).windows == (
        AlleleWindow("CCGGTTNN", "CCGGATNN", 2),
    )
    assert cut("6:GT:G", sequence, allow_n=True).windows == (
        AlleleWindow("RCCGGTTN", "RCCGGTNN", 1),
    )
    both = cut("1:A:T", sequence, allow_n=True, anchors="both")
    assert both.windows[1] == AlleleWindow("NNNARCCG", "NNNTRCCG", -3)


def test_shifts_move_windows_in_order() -> None:
    windows = cut("13:T:A", shifts=2, anchors="both").windows
    assert [window.start for window in windows] == [6, 7, 8, 9, 10, 11, 10, 9, 8, 7]
    assert windows[2] == cut("13:T:A").windows[0]
    for window in windows:
        assert window.ref == TOY[window.start : window.start + 8]
        assert window.alt == (TOY[:12] + "A" + TOY[13:])[window.start : window.start + 8]


@pytest.mark.parametrize(
    "rule",
    [{"length": 1}, {"length": -5}, {"anchors": "right"}, {"shifts": -1}, {"shifts": 100},
     {"length": 9, "shifts": 4}],
)  # fmt: skip
def test_an_impossible_rule_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(InputError, match="expected"):
        WindowRule(**rule)  # type: ignore[arg-type]
    assert WindowRule(length=200, shifts=99) == WindowRule(200, "left", 99, allow_n=False)


rules = st.integers(2, 16).flatmap(
    lambda length: st.builds(
        WindowRule,
        st.just(length),
        st.sampled_from(["left", "both"]),
        st.integers(0, length // 2 - 1),
        st.booleans(),
    )
)


@st.composite
def placed(draw: st.DrawFn, letters: str = "ACGT") -> tuple[InMemoryContig, Variant]:
    """A contig, often a repeat, and a variant in normal form on it."""
    unit = draw(st.text(letters, min_size=1, max_size=4))
    middle = unit * draw(st.integers(1, 6))
    sequence = draw(st.text(letters, max_size=12)) + middle + draw(st.text(letters, max_size=12))
    start = draw(st.integers(0, len(sequence) - 1))
    ref = sequence[start : start + draw(st.integers(1, 5))]
    alt = draw(st.text("ACGT", min_size=1, max_size=5) | st.just(ref + ref) | st.just(ref[:1]))
    assume(ref != alt and set(ref + alt) <= set("ACGT"))
    contig = InMemoryContig("toy", sequence)
    return contig, normal_form(Variant("toy", start + 1, ref, alt), contig)


@settings(max_examples=300)
@given(placed() | placed("ACGTN"), rules)
def test_windows_hold_both_haplotypes(
    example: tuple[InMemoryContig, Variant], rule: WindowRule
) -> None:
    contig, variant = example
    cuts = allele_windows(variant, contig, rule)
    if cuts.status is not Status.OK:
        assert cuts.detail
        assert cuts.windows == ()
        assert cuts.status is Status.TOO_LONG or not rule.allow_n
        return
    anchors = 2 if rule.anchors == "both" else 1
    assert len(cuts.windows) == anchors * (2 * rule.shifts + 1)
    assert cuts == allele_windows(variant, contig, rule)
    pad = "N" * 60
    reference = pad + contig.sequence + pad
    start, end = variant.start + len(pad), variant.end + len(pad)
    haplotype = reference[:start] + variant.alt + reference[end:]
    change = len(variant.alt) - len(variant.ref)
    for number, window in enumerate(cuts.windows):
        first = window.start + len(pad)
        assert window.ref == reference[first : first + rule.length]
        # Left anchors share the bases before the allele, right anchors those after it.
        moved = change if number > 2 * rule.shifts else 0
        assert window.alt == haplotype[first + moved : first + moved + rule.length]
        if not rule.allow_n:
            assert set(window.ref + window.alt) <= set("ACGT")


@settings(max_examples=300)
@given(placed() | placed("ACGTN"), rules)
def test_both_anchors_see_the_same_from_either_strand(
    example: tuple[InMemoryContig, Variant], rule: WindowRule
) -> None:
    contig, variant = example
    rule = WindowRule(rule.length, "both", rule.shifts, rule.allow_n)
    mirror = ReverseComplementContig(contig)
    position = contig.length - variant.end + 1
    ref, alt = reverse_complement(variant.ref), reverse_complement(variant.alt)
    mirrored = normal_form(Variant("toy", position, ref, alt), mirror)
    ours = allele_windows(variant, contig, rule)
    theirs = allele_windows(mirrored, mirror, rule)
    assert ours.status is theirs.status
    assert Counter(ours.windows) == Counter(
        AlleleWindow(
            reverse_complement(window.ref),
            reverse_complement(window.alt),
            contig.length - window.start - rule.length,
        )
        for window in theirs.windows
    )


def consensus_windows(
    genome: dict[str, str], variants: list[Variant], length: int, folder: Path
) -> list[tuple[str, str]]:
    """REF and ALT windows by samtools and bcftools; each variant has a contig of its own."""
    fasta = folder / "genome.fa"
    fasta.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in genome.items()))
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={name},length={len(s)}>" for name, s in genome.items()]
    lines += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += [f"{v.contig}\t{v.position}\t.\t{v.ref}\t{v.alt}\t.\t.\t." for v in variants]
    vcf = folder / "variants.vcf"
    vcf.write_text("\n".join(lines) + "\n")
    pysam.tabix_index(str(vcf), preset="vcf", force=True)
    changed = folder / "changed.fa"
    command = ["bcftools", "consensus", "-f", str(fasta), "-o", str(changed), f"{vcf}.gz"]
    subprocess.run(command, check=True, capture_output=True)
    starts = [v.position - 1 - length // 2 for v in variants]
    regions = folder / "regions.txt"
    names = [f"{v.contig}:{s + 1}-{s + length}" for v, s in zip(variants, starts, strict=True)]
    regions.write_text("\n".join(names) + "\n")
    pairs = []
    for path in (fasta, changed):
        command = ["samtools", "faidx", "-n", "0", "-r", str(regions), str(path)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        records = [record.partition("\n") for record in output.split(">")[1:]]
        assert [header for header, _, _ in records] == names
        pairs.append([sequence.replace("\n", "") for _, _, sequence in records])
    return list(zip(*pairs, strict=True))


def ours(variant: Variant, contig: ContigSequence, length: int) -> tuple[str, str]:
    cuts = allele_windows(variant, contig, WindowRule(length))
    assert cuts.status is Status.OK
    return cuts.windows[0].ref, cuts.windows[0].alt


@needs_oracle
@pytest.mark.parametrize("length", [200, 201, 350])
def test_consensus_agrees(tmp_path: Path, length: int) -> None:
    choose = random.Random(length)
    genome: dict[str, str] = {}
    variants = []
    while len(variants) < 300:
        name = f"contig{len(variants)}"
        unit = "".join(choose.choices("ACGT", k=choose.randint(1, 5)))
        flanks = ["".join(choose.choices("ACGT", k=400)) for _ in range(2)]
        sequence = flanks[0] + unit * choose.randint(1, 8) + flanks[1]
        start = choose.randrange(400, len(sequence) - 400)
        ref = sequence[start : start + choose.choice([1, 1, 2, 5, 20])]
        inserted = "".join(choose.choices("ACGT", k=choose.choice([1, 1, 2, 5, 20, 100])))
        alt = choose.choice([inserted, ref + inserted, ref[:1], ref + unit])
        if ref == alt or len(alt) > length // 2:
            continue
        genome[name] = sequence
        contig = InMemoryContig(name, sequence)
        variants.append(normal_form(Variant(name, start + 1, ref, alt), contig))
    expected = consensus_windows(genome, variants, length, tmp_path)
    assert {variant.kind for variant in variants} >= {"snv", "insertion", "deletion", "delins"}
    for variant, pair in zip(variants, expected, strict=True):
        contig = InMemoryContig(variant.contig, genome[variant.contig])
        assert ours(variant, contig, length) == pair


@needs_oracle
@pytest.mark.realdata
def test_consensus_agrees_on_1000_genomes(tmp_path: Path) -> None:
    folder = os.environ.get("ENHANCER_VARIANTS_DATA")
    if folder is None:
        pytest.skip("ENHANCER_VARIANTS_DATA is not set")
    records = []
    with gzip.open(Path(folder, "genome", "chr20_1Mb.vcf.gz"), "rt") as stream:
        for line in stream:
            fields = line.split("\t", 5)[:5]
            if not line.startswith("#"):
                records += [(int(fields[1]), fields[3], alt) for alt in fields[4].split(",")]
    choose = random.Random(20)
    indels = [record for record in records if len(record[1]) != len(record[2])]
    flank, length = 700, 200
    genome, variants, pairs = {}, [], []
    with Reference(Path(folder, "genome", "chr20_1Mb.fa.gz")) as reference:
        for position, ref, alt in choose.sample(indels, 200) + choose.sample(records, 200):
            placement = place("z", position, ref, alt, reference)
            variant, contig = placement.variant, placement.contig
            if variant is None or contig is None:
                assert placement.status is Status.SYMBOLIC
                continue
            if allele_windows(variant, contig, WindowRule()).status is Status.OK:
                name = f"contig{len(variants)}"
                genome[name] = contig.bases(variant.start - flank, variant.start + flank)
                variants.append(Variant(name, flank + 1, variant.ref, variant.alt))
                pairs.append(ours(variant, contig, length))
    assert len(pairs) >= 300
    assert consensus_windows(genome, variants, length, tmp_path) == pairs
