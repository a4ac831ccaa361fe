"""Opening risk lists: what is told apart, what is refused, and that no row is ever lost."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enhancer_variants.errors import GwasFileError, InputError
from enhancer_variants.gwas import LIST_FORMATS, open_risk_list
from enhancer_variants.gwas.formats.table_lines import TableShape

TABLE = b"rsid\tCHR\tBP\tEA\tNEA\nrs1\t1\t7\tA\tC\n"


def _write(tmp_path: Path, content: bytes, name: str = "list.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_plain_gzip_and_bgzip_are_one(tmp_path: Path) -> None:
    plain = _write(tmp_path, TABLE)
    zipped = _write(tmp_path, gzip.compress(TABLE), "list.gz")
    blocked = tmp_path / "list.bgz"
    with pysam.BGZFile(str(blocked), "w") as file:
        file.write(TABLE)
    rows = []
    for path in (plain, zipped, blocked):
        with open_risk_list(path) as risk_list:
            rows.append(list(risk_list.rows))
            assert risk_list.name == path.name
            assert risk_list.fraction_read() == 1
    assert rows[0] == rows[1] == rows[2]
    assert len(rows[0]) == 1


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TABLE)))
    with open_risk_list("-") as risk_list:
        assert [row.variants[0].rsid for row in risk_list.rows] == ["rs1"]
        assert (risk_list.name, risk_list.fraction_read()) == ("standard input", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected"),
        (b"\xef\xbb\xbf \n\n", "is empty; expected"),
        (b"# one\n## two\n", "holds 2 lines of comments and nothing else"),
        (b"<!DOCTYPE html>\n<html>", "is a web page"),
        (b"\n  <html>", "is a web page"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "is an Excel workbook"),
        (b"PK\x03\x04" + bytes(30), "zip archive.*An Excel workbook"),
        (b"SNP\n\x00\x01", "begins with binary data"),
        ("SNP\nrs1\n".encode("utf-16"), "UTF-16 text.*iconv"),
        (b"SNP CHR BP\rrs1 1 7\r", "carriage return alone"),
        (b"rs1\t1\t7\tA\tC\n", "list.txt:1: begins with a row of 5 fields and no column names"),
        (b"# mine\nonce upon a time\n", "list.txt:2: 'once upon a time' names no column"),
        (gzip.compress(TABLE)[:-20], "compressed data"),
    ],
)
def test_a_bad_file_is_an_error_with_a_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(GwasFileError, match=f"(?s)list.txt.*{message}|{message}"):
        list(open_risk_list(_write(tmp_path, content)).rows)


def test_damage_further_down_surfaces_while_reading(tmp_path: Path) -> None:
    rows = b"".join(b"rs%d\t1\t7\tA\tC\n" % i for i in range(12_000))
    path = _write(tmp_path, gzip.compress(TABLE + rows)[:-200])
    risk_list = open_risk_list(path)
    with pytest.raises(GwasFileError, match="truncated or damaged"):
        list(risk_list.rows)
    risk_list.close()


def test_no_file_and_no_format(tmp_path: Path) -> None:
    with pytest.raises(GwasFileError, match="cannot be read"):
        open_risk_list(tmp_path / "absent")
    with pytest.raises(InputError, match=f"'bed'; expected one of {LIST_FORMATS[0]}"):
        open_risk_list(_write(tmp_path, TABLE), "bed")  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"SNP\nrs1\n", b"rs1\n", b"#CHROM\tPOS\tID\tREF\tALT\tQUAL"
    b"\tFILTER\tINFO\n1\t7\t.\tA\tC\t.\t.\t.\n"])  # fmt: skip
def test_an_effect_allele_is_no_option_of_lists_without_columns_for_it(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(GwasFileError, match="has no columns A1 and A2; leave it out"):
        open_risk_list(_write(tmp_path, content), effect_allele="A1")


def test_text_that_is_not_utf_8_is_latin_1(tmp_path: Path) -> None:
    content = "SNP\tCHR\tBP\tEA\tNEA\tAUTHOR\nrs1\t1\t7\tA\tC\tFrançois\n".encode("latin-1")
    with open_risk_list(_write(tmp_path, b"\xef\xbb\xbf" + content)) as risk_list:
        [row] = risk_list.rows
    assert row.cells[-1] == "François"
    assert row.variants[0].rsid == "rs1"


def test_quotes_are_taken_off_where_the_header_has_them(tmp_path: Path) -> None:
    spaces = b'"SNP"  "CHR" "BP" "A note"\n"rs1" "1"  7 "of  two words"\n'
    with open_risk_list(_write(tmp_path, spaces)) as risk_list:
        assert risk_list.columns == ("SNP", "CHR", "BP", "A note")
        assert [row.cells for row in risk_list.rows] == [("rs1", "1", "7", "of two words")]
    tabs = b'SNP\tCHR\tBP\tNOTE\nrs1\t1\t7\t"a lone one\nrs2\t1\t7\t""\n'
    with open_risk_list(_write(tmp_path, tabs)) as risk_list:
        assert [row.cells[3] for row in risk_list.rows] == ['"a lone one', '""']


def test_row_names_of_r_are_a_column(tmp_path: Path) -> None:
    content = b'"SNP" "CHR" "BP" "EA"\n"17" "rs1" 1 7 "A"\n"18" "rs2" 1 8 "C"\n'
    with open_risk_list(_write(tmp_path, content)) as risk_list:
        assert risk_list.columns == ("row.names", "SNP", "CHR", "BP", "EA")
        assert [row.cells for row in risk_list.rows] == [
            ("17", "rs1", "1", "7", "A"),
            ("18", "rs2", "1", "8", "C"),
        ]
    with open_risk_list(_write(tmp_path, b"SNP\tCHR\tBP\nrs1\t1\t7\t\n")) as risk_list:
        [row] = risk_list.rows
    assert row.variants[0].problem == "4 fields where the header has 3"
    with open_risk_list(_write(tmp_path, b"SNP\tCHR\tBP\n")) as risk_list:
        assert list(risk_list.rows) == []


def test_a_cell_beyond_the_parsers_limit_is_still_a_row(tmp_path: Path) -> None:
    content = b'SNP,NOTE\nrs1,"' + b"x" * 200_000 + b'"\n'
    with open_risk_list(_write(tmp_path, content)) as risk_list:
        [row] = risk_list.rows
    assert (row.variants[0].rsid, len(row.cells[1])) == ("rs1", 200_002)


def test_rows_with_other_numbers_of_fields_have_a_problem(tmp_path: Path) -> None:
    content = b"## made by hand\n" + TABLE + b"rs2\t1\n\nrs3\t1\t7\tA\tC\tD\tE\nrs4\t\t\t\t\n\n\n"
    with open_risk_list(_write(tmp_path, content)) as risk_list:
        rows = list(risk_list.rows)
    assert [row.number for row in rows] == [0, 1, 2, 3, 4]
    assert [row.variants[0].problem for row in rows] == [
        "",
        "2 fields where the header has 5",
        "an empty line",
        "7 fields where the header has 5",
        "",
    ]
    assert rows[1].cells == ("rs2", "1", "", "", "")
    assert rows[3].cells == ("rs3", "1", "7", "A", "C\tD\tE")


_CELL = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters='\x85"'),
    max_size=8,
)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    delimiter = draw(st.sampled_from("\t,;"))
    cell = _CELL.map(lambda text: text.replace(delimiter, ""))
    names = st.sampled_from(["rs1", "rs22", "chr1:5:A:T", "NA", "", "exm1"])
    numbers = st.sampled_from(["7", "1e+06", "0", "-3", "NA", "", "x", "1.5", "1e400"])
    row = st.tuples(names, st.sampled_from(["1", "chrX", "0", ""]), numbers, cell, cell, numbers)
    return delimiter, draw(st.lists(row.map(list), max_size=6))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=_tables())
def test_no_row_is_ever_lost(table: tuple[str, list[list[str]]], tmp_path: Path) -> None:
    delimiter, rows = table
    header = ["SNP", "CHR", "BP", "EA", "NEA", "OR"]
    lines = [delimiter.join(cells) for cells in (header, *rows)]
    path = _write(tmp_path, "\n".join([*lines, ""]).encode())
    with open_risk_list(path) as risk_list:
        found = list(risk_list.rows)
    assert [list(row.cells) for row in found] == rows
    assert [row.number for row in found] == list(range(len(rows)))
    for row in found:
        [variant] = row.variants
        assert bool(variant.problem) == (not variant.rsid and variant.position is None)


@given(
    line=st.text(max_size=30), shape=st.builds(TableShape, st.sampled_from("\t,; "), st.booleans())
)
def test_any_line_can_be_split(line: str, shape: TableShape) -> None:
    assert all(
        isinstance(cell, str) for cell in shape.cells(line.replace("\n", "").replace("\r", ""))
    )


def _options() -> list[Any]:
    return [pytest.param(name, id=name) for name in LIST_FORMATS if name not in ("vcf", "catalog")]


@pytest.mark.parametrize("name", _options())
def test_every_format_can_be_asked_for(tmp_path: Path, name: Any) -> None:
    with open_risk_list(_write(tmp_path, b"rsid\nrs1\n"), name) as risk_list:
        assert (risk_list.format, len(list(risk_list.rows))) == (name, 1)
