"""Lines with p-values, taken apart and put together without touching anything else."""

from __future__ import annotations

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.io.added_q_as_text import (
    TsvEffects,
    VcfEffects,
    calibrated_prefixes,
    tsv_rows,
)
from enhancer_variants.schema import CALIBRATED_QUANTITIES

P = CALIBRATED_QUANTITIES[1].description

DECLARED = [
    b'##INFO=<ID=EV_X_PERCENTILE,Number=A,Type=Float,Description="X: share">\r\n',
    b'##INFO=<ID=EV_X_P,Number=A,Type=Float,Description="X: y: %s [a]">\r\n' % P.encode(),
    b'##INFO=<ID=EV_Y_P,Number=A,Type=Float,Description="a p without a percentile">\r\n',
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\r\n",
]
VCF = VcfEffects.of(DECLARED)


def test_only_calibrated_models_count() -> None:
    assert VCF.models == (b"EV_X",)
    assert calibrated_prefixes(["_percentile", "_p", "p", "a_p"]) == [""]


def test_the_declaration_stands_behind_that_of_p() -> None:
    assert VCF.header[0:2] == (DECLARED[0], DECLARED[1])
    assert VCF.header[2].startswith(b"##INFO=<ID=EV_X_Q,Number=A,Type=Float,")
    assert b'Description="X: y: Benjamini' in VCF.header[2]
    assert VCF.header[2].endswith(b'">\r\n')
    assert VcfEffects.of(VCF.header) == VCF


def test_a_declaration_without_a_model_in_it_is_called_by_its_key() -> None:
    lines = [DECLARED[0], b"##INFO=<ID=EV_X_P,Number=A,Type=Float>\n"]
    assert b'Description="EV_X: Benjamini' in VcfEffects.of(lines).header[2]


@pytest.mark.parametrize(
    ("line", "p", "with_q"),
    [
        (
            b"1\t5\t.\tA\tC\t.\t.\tEV_X_P=0.5\n",
            [b"0.5"],
            b"1\t5\t.\tA\tC\t.\t.\tEV_X_P=0.5;EV_X_Q=q\n",
        ),
        (
            b"1\t5\t.\tA\tC\t.\t.\tAC=1;EV_X_P=0.5;Z\tGT\t0/1\r\n",
            [b"0.5"],
            b"1\t5\t.\tA\tC\t.\t.\tAC=1;EV_X_P=0.5;EV_X_Q=q;Z\tGT\t0/1\r\n",
        ),
        (
            b"1\t5\t.\tA\tC\t.\t.\tEV_X_Q=7;EV_X_P=.;EV_Y_Q=8;",
            [b"."],
            b"1\t5\t.\tA\tC\t.\t.\tEV_X_P=.;EV_X_Q=q;EV_Y_Q=8;",
        ),
        (b"1\t5\t.\tA\t.\t.\t.\tEV_STATUS=a\n", [], b"1\t5\t.\tA\t.\t.\t.\tEV_STATUS=a\n"),
        (b"1\t5\t.\tA\tC\t.\t.\t.\r\n", [], b"1\t5\t.\tA\tC\t.\t.\t.\r\n"),
        (b"EV_X_P=0.5\tno record\n", [], b"EV_X_P=0.5\tno record\n"),
        (b"\n", [], b"\n"),
        (b"1\t5\t\xff\tA\tC\t.\t.\t\n", [], b"1\t5\t\xff\tA\tC\t.\t.\t\n"),
    ],
)
def test_vcf_lines(line: bytes, p: list[bytes], with_q: bytes) -> None:
    assert VCF.p_values(line) == [p]
    assert VCF.with_q(line, [[b"q"] * len(p)]) == with_q


def test_several_alleles() -> None:
    line = b"1\t5\t.\tA\tC,G\t.\t.\tEV_X_P=0.5,.\n"
    assert VCF.p_values(line) == [[b"0.5", b"."]]
    assert VCF.with_q(line, [[b"0.7", b"."]]).endswith(b";EV_X_Q=0.7,.\n")


def test_tsv_rows_and_names_keep_their_quotes() -> None:
    header = b'\xef\xbb\xbfx_p\tx_percentile\t"a""b_percentile"\t"a""b_p"\tx_q\tz\r\n'
    table = TsvEffects.of(header)
    assert table.header == (
        b'\xef\xbb\xbfx_p\tx_q\tx_percentile\t"a""b_percentile"\t"a""b_p"\t"a""b_q"\tz\r\n',
    )
    row = b'0.5\t1\t2\t"0.25"\told\t"tab\there"\r\n'
    assert table.p_values(row) == [[b"0.5"], [b"0.25"]]
    assert table.with_q(row, [[b"q"], [b""]]) == b'0.5\tq\t1\t2\t"0.25"\t\t"tab\there"\r\n'
    with pytest.raises(InputError, match="1 columns; expected 6"):
        table.p_values(b"\n")


def test_rows_of_several_lines() -> None:
    lines = [b'a\t"x\n', b'\ty""\n', b'z"\n', b"b\n", b'"open\n']
    assert [*tsv_rows(iter(lines))] == [b'a\t"x\n\ty""\nz"\n', b"b\n", b'"open\n']
