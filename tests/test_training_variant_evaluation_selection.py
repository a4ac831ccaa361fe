"""Which variants are evaluated, and why every other one is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.genome import Reference
from enhancer_variants.training.variant_evaluation.selection import VariantSelection, select
from enhancer_variants.training.variant_evaluation.sources import AlleleSource, read_alleles

HEADER = """##fileformat=VCFv4.2
##INFO=<ID=LFC,Number=1,Type=Float,Description="Effect">
##INFO=<ID=P,Number=1,Type=Float,Description="P">
##INFO=<ID=TAGS,Number=1,Type=Integer,Description="Tags">
##INFO=<ID=ELEMENT,Number=1,Type=String,Description="Element">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""


def vcf(tmp_path: Path, *records: str) -> AlleleSource:
    path = tmp_path / "measured.vcf"
    path.write_text(HEADER + "".join(record.replace(" ", "\t") + "\n" for record in records))
    return read_alleles(path)


FULL = "LFC=1;P=0.1;TAGS=10;ELEMENT=one"
SELECTION = VariantSelection(effect="LFC", group="ELEMENT", p_value="P", minimum={"TAGS": 10})


def test_every_allele_is_evaluated_or_has_one_reason(tmp_path: Path) -> None:
    source = vcf(
        tmp_path,
        f"1 10 . A C . . {FULL}",
        f"1 x . A C . . {FULL}",
        f"1 10 . A . . . {FULL}",
        f"1 10 . A <DEL> . . {FULL}",
        f"1 10 . AC A . . {FULL}",
        f"1 10 . AC AT . . {FULL}",
        "1 10 . A C . . P=0.1;TAGS=1;ELEMENT=one",
        "1 10 . A C . . LFC=many;TAGS=10;ELEMENT=one",
        "1 10 . A C . . LFC=1;TAGS=1",
        "1 10 . A C . . LFC=1;TAGS=9;ELEMENT=one",
        "1 10 . A C . . LFC=1;ELEMENT=one",
        "1 10 . A C,G . . LFC=1;TAGS=10;ELEMENT=one",
        "1 10 . A G . . LFC=-1;TAGS=11;ELEMENT=two",
    )
    found = select(source, SELECTION, None)
    assert found.rows.tolist() == [0, 5, 13]
    assert found.kinds == ["snv"] * 3
    assert found.groups.tolist() == ["one", "one", "two"]
    assert found.effects.tolist() == [1.0, 1.0, -1.0]
    assert found.p_values[:2].tolist() == [0.1, 0.1]
    assert np.isnan(found.p_values[2])
    assert found.limited["TAGS"].tolist() == [10.0, 10.0, 11.0]
    assert found.left_out == {
        "invalid_record": 1,
        "no_alt": 1,
        "an allele of something else than A, C, G and T": 1,
        "kind deletion": 1,
        "no LFC": 1,
        "LFC is no number": 1,
        "no ELEMENT": 1,
        "TAGS below 10": 1,
        "no TAGS": 1,
        "LFC is one value for several alleles": 2,
    }
    assert sum(found.left_out.values()) + len(found.rows) == len(source.alleles)
    assert found.placed is None


def test_other_kinds_where_asked_for(tmp_path: Path) -> None:
    source = vcf(tmp_path, f"1 10 . AC A . . {FULL}", f"1 10 . A C . . {FULL}")
    found = select(source, VariantSelection(effect="LFC", kinds=("deletion",)), None)
    assert found.kinds == ["deletion"]
    assert found.groups.tolist() == ["all"]
    assert found.left_out == {"kind snv": 1}


def test_the_reference_says_which_windows_are_complete(
    tmp_path: Path, make_reference: Callable[..., Reference]
) -> None:
    source = vcf(
        tmp_path,
        f"chr1 2 . C T . . {FULL}",
        f"chr1 10 . C T . . {FULL}",
        f"chr1 10 . G T . . {FULL}",
        f"chr2 10 . C T . . {FULL}",
        f"chr1 25 . A T . . {FULL}",
    )
    reference = make_reference(chr1="AC" * 12 + "A" * 4 + "N" * 12)
    found = select(source, VariantSelection(effect="LFC", window=8), reference)
    assert found.rows.tolist() == [1, 4]
    assert found.left_out == {"edge": 1, "ref_mismatch": 1, "no_contig": 1}
    assert [allele.window.alt for allele in found.placed] == ["CACATACA", "ACACTAAA"]
    found = select(source, VariantSelection(effect="LFC", window=12), reference)
    assert found.left_out == {"edge": 1, "ref_mismatch": 1, "no_contig": 1, "has_n": 1}


def scored(**columns: object) -> AlleleSource:
    frame = pd.DataFrame({"chrom": "chr1", "pos": [10, 12, 14], "ref": "C", "alt": "T", "LFC": 1.0})
    return read_alleles(frame.assign(**columns))


def test_statuses_of_the_file_come_before_the_reference(
    make_reference: Callable[..., Reference],
) -> None:
    source = scored(status=["ok", "has_n", None])
    reference = make_reference(chr1="AC" * 6)
    found = select(source, VariantSelection(effect="LFC", window=8), reference)
    assert found.left_out == {"has_n": 1, "no status": 1}
    assert found.rows.tolist() == [0]
    assert found.placed[0].status.value == "edge"


def test_kinds_of_the_file_and_columns_that_are_somebody_elses() -> None:
    source = scored(status=["PASS", "PASS", "ok"], kind=["deletion", "enhancer", None])
    found = select(source, VariantSelection(effect="LFC"), None)
    assert found.rows.tolist() == [1, 2]
    assert found.left_out == {"kind deletion": 1}


def test_p_values_are_no_logarithms() -> None:
    with pytest.raises(InputError, match="P is 5; expected p-values from 0 to 1"):
        select(scored(P=[0.1, 5, 1]), VariantSelection(effect="LFC", p_value="P"), None)


def test_names_have_to_be_in_the_file() -> None:
    for wrong in ({"effect": "X"}, {"group": "X"}, {"p_value": "X"}, {"minimum": {"X": 1}}):
        with pytest.raises(InputError, match="has no X, named as"):
            select(scored(), VariantSelection(**{"effect": "LFC", **wrong}), None)


def test_nothing_left_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match=r"no variant is left to evaluate: LFC below 2: 3"):
        select(scored(), VariantSelection(effect="LFC", minimum={"LFC": 2}), None)
    nothing = read_alleles(pd.DataFrame(columns=["chrom", "pos", "ref", "alt", "LFC"]))
    with pytest.raises(InputError, match="it has none"):
        select(nothing, VariantSelection(effect="LFC"), None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ("snp",)},
        {"significant": 0},
        {"significant": 2},
        {"minimum": {"TAGS": float("nan")}},
    ],
)
def test_options_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"snp|significant|minimum of TAGS"):
        VariantSelection(effect="LFC", **wrong)
