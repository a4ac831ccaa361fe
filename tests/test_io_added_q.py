"""q-values in finished files: right numbers, right place, and every other byte as it was."""

from __future__ import annotations

import itertools
import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enhancer_variants.errors import InputError, VariantFileError
from enhancer_variants.io import EffectTable, effect_writer, open_variants
from enhancer_variants.io.added_q import add_q
from enhancer_variants.schema import IDENTITY_COLUMNS, TFBS_TOP_COLUMNS, Column, model_columns

COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
HEADER = f"##fileformat=VCFv4.2\n##contig=<ID=1,length=9999>\n{COLUMNS}"
ALTS = ["C", "G,T", ".", "*", "C", "C"]
FORMATS = ["vcf", "vcf.gz", "bcf", "tsv", "tsv.gz", "parquet"]
MODELS = ("enhancer", "NKX2.5: a")

P = {
    # Six alleles: the third record has none, the fourth is not scored.
    "enhancer": [0.01, 0.04, 0.03, np.nan, np.nan, 0.5, 0.02],
    "NKX2.5: a": [0.2, np.nan, 0.1, np.nan, np.nan, 0.3, 0.4],
}


def by_hand(p: list[float]) -> list[float]:
    """Benjamini-Hochberg as the textbook has it: p times n over the rank, made monotone."""
    known = [(value, place) for place, value in enumerate(p) if value == value]
    q = [float("nan")] * len(p)
    smallest = 1.0
    for rank, (value, place) in reversed([*enumerate(sorted(known), 1)]):
        smallest = min(smallest, value * len(known) / rank)
        q[place] = smallest
    return q


Q = {model: by_hand(p) for model, p in P.items()}


def effects(
    folder: Path,
    written_as: str,
    *,
    calibrated: bool = True,
    columns: tuple[Column, ...] | None = None,
) -> Path:
    """A file of effects as a calibrated run writes it."""
    source_file = folder / "in.vcf"
    lines = (f"1\t{i + 10}\t.\tA\t{alt}\t.\t.\tAC={i}\n" for i, alt in enumerate(ALTS))
    source_file.write_text(HEADER + "".join(lines))
    columns = IDENTITY_COLUMNS + (
        columns
        or tuple(
            column for model in MODELS for column in model_columns(model, calibrated=calibrated)
        )
    )
    counts = [len(alt.split(",")) for alt in ALTS]
    rows = sum(counts)
    data: dict[str, Any] = {
        column.name: np.full(rows, 0.5) if column.type == "float" else ["none"] * rows
        for column in columns
    }
    data["pos"] = [10 + i for i, count in enumerate(counts) for _ in range(count)]
    data["record"] = [i for i, count in enumerate(counts) for _ in range(count)]
    data["allele"] = [1] * rows
    data["status"] = ["ok", "ok", "ok", "no_alt", "star_allele", "ok", "ok"]
    data["status_detail"] = [None] * 6 + ['a\t"tab" and\nline']
    data |= {f"{model}_p": np.array(p) for model, p in P.items()}
    output = folder / f"effects.{written_as}"
    with open_variants(source_file) as source:
        table = EffectTable([*source.records], counts, columns, data)
        provenance = {"models": [*MODELS]}
        with effect_writer(
            output, written_as, source, columns, provenance, contig_lengths={}
        ) as write:
            write(table)
    return output


def content(path: Path) -> bytes:
    """Bytes of a text file, decompressed by another program."""
    if path.suffix == ".gz":
        return subprocess.run(["bgzip", "-dc", path], check=True, capture_output=True).stdout
    return path.read_bytes()


def q_of(path: Path) -> dict[str, list[float]]:
    """q-values as a reader of each format finds them."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    elif "tsv" in path.name:
        frame = pd.read_csv(path, sep="\t")
    else:
        with pysam.VariantFile(str(path)) as reader:
            rows: list[dict[str, Any]] = []
            for record in reader:
                for place, _ in enumerate(record.alts or (None,)):
                    values = {key: record.info.get(key) for key in record.info}
                    rows.append(
                        {
                            f"{model}_q": values[key][place] if key in values else None
                            for model, key in (
                                ("enhancer", "EV_ENHANCER_Q"),
                                ("NKX2.5: a", "EV_NKX2.5__A_Q"),
                            )
                        }
                    )
        frame = pd.DataFrame(rows).astype(float)
    return {model: frame[f"{model}_q"].tolist() for model in MODELS}


@pytest.mark.parametrize("written_as", FORMATS)
def test_q_values_are_added_to_every_format(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as)
    add_q(path)
    found = q_of(path)
    for model in MODELS:
        assert found[model] == pytest.approx(Q[model], rel=1e-5, nan_ok=True)
    assert sorted(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("written_as", ["vcf", "vcf.gz", "tsv", "tsv.gz"])
def test_all_other_bytes_are_kept(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as)
    before = content(path)
    output = tmp_path / f"with_q.{written_as}"
    add_q(path, output)
    assert content(path) == before
    after = content(output)
    if "vcf" in written_as:
        lines = [line for line in after.splitlines(keepends=True) if b"_Q,Number" not in line]
        pruned = re.sub(rb";EV_(ENHANCER|NKX2\.5__A)_Q=[^;\n]*", b"", b"".join(lines))
        assert pruned == before
    else:
        assert len(after.splitlines()) == len(before.splitlines())
        assert b'"a\t""tab"" and\nline"' in after
        one, two = (pd.read_csv(p, sep="\t") for p in (path, output))
        pd.testing.assert_frame_equal(two.drop(columns=[f"{m}_q" for m in MODELS]), one)


@pytest.mark.parametrize("written_as", FORMATS)
def test_q_stands_behind_p_and_twice_is_once(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as)
    add_q(path)
    first, order = content(path), _order(path)
    add_q(path)
    assert content(path) == first
    assert order == _order(path)
    for before, name in itertools.pairwise(order):
        assert name[-1:].lower() != "q" or before[:-1] == name[:-1]
    assert sum(name.lower().endswith("_q") for name in order) == 2


def _order(path: Path) -> list[str]:
    """Names of the columns, or of the header's keys, in order."""
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    if "tsv" in path.name:
        return content(path).split(b"\n")[0].decode().split("\t")
    with pysam.VariantFile(str(path)) as reader:
        return list(reader.header.info)


def test_other_q_values_are_replaced(tmp_path: Path) -> None:
    path = effects(tmp_path, "vcf")
    add_q(path)
    right = path.read_bytes()
    path.write_bytes(
        right.replace(b"EV_ENHANCER_Q=0.05", b"EV_ENHANCER_Q=0.9").replace(b"AC=0", b"AC=0;EV_Q=7")
    )
    add_q(path)
    assert path.read_bytes() == right.replace(b"AC=0", b"AC=0;EV_Q=7")


def test_the_header_declares_what_is_added(tmp_path: Path) -> None:
    path = effects(tmp_path, "vcf.gz")
    add_q(path)
    with pysam.VariantFile(str(path)) as reader:
        declared = reader.header.info["EV_NKX2.5__A_Q"]
    assert (declared.number, declared.type) == ("A", "Float")
    assert declared.description.startswith("NKX2.5: a: Benjamini-Hochberg q-value")


def test_parquet_keeps_types_provenance_and_row_groups(tmp_path: Path) -> None:
    path = effects(tmp_path, "parquet")
    before = pq.read_table(path)
    pq.write_table(before, path, row_group_size=3)
    add_q(path)
    after = pq.read_table(path)
    assert after.drop_columns([f"{model}_q" for model in MODELS]).equals(
        before, check_metadata=True
    )
    field = after.schema.field("enhancer_q")
    assert field.metadata[b"unit"] == b"probability"
    assert field.metadata[b"description"].startswith(b"enhancer: Benjamini")
    assert json.loads(after.schema.metadata[b"enhancer_variants"]) == {"models": [*MODELS]}
    assert pq.read_metadata(path).num_row_groups == 3


def test_files_of_no_rows_get_the_columns(tmp_path: Path) -> None:
    path = effects(tmp_path, "parquet")
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    add_q(path)
    assert "enhancer_q" in pq.read_schema(path).names
    table = effects(tmp_path, "tsv")
    header = table.read_text().split("\n")[0]
    table.write_text(header + "\n")
    add_q(table)
    assert table.read_text().count("_q") == 2


def test_a_table_of_alleles_and_models_is_corrected_model_by_model(tmp_path: Path) -> None:
    rows = [(model, p) for place in range(7) for model, ps in P.items() for p in [ps[place]]]
    frame = pd.DataFrame(rows, columns=["model", "p"]).assign(percentile=0.5, status="ok")
    expected = [Q[model][place] for place in range(7) for model in P]
    assert add_q(frame)["q"].tolist() == pytest.approx(expected, nan_ok=True)
    path = tmp_path / "long.parquet"
    frame.astype({"p": "float32"}).to_parquet(path)
    add_q(path)
    found = pd.read_parquet(path)
    assert found["q"].tolist() == pytest.approx(expected, rel=1e-6, nan_ok=True)
    assert list(found.columns) == ["model", "p", "q", "percentile", "status"]


def test_a_dataframe_gives_a_new_one() -> None:
    frame = pd.DataFrame({f"{m}_percentile": 0.5 for m in MODELS}, index=range(7))
    for model, p in P.items():
        frame[f"{model}_p"] = pd.array([None if x != x else x for x in p], dtype="Float64")
    frame["motif_p"] = 0.5
    frame.attrs["enhancer_variants"] = {"a": 1}
    added = add_q(frame)
    assert "enhancer_q" not in frame
    assert [c for c in added.columns if c.endswith("_q")] == [f"{m}_q" for m in MODELS]
    assert added.columns.get_loc("enhancer_q") == added.columns.get_loc("enhancer_p") + 1
    assert added["enhancer_q"].tolist() == pytest.approx(Q["enhancer"], nan_ok=True)
    assert added.attrs == frame.attrs
    pd.testing.assert_frame_equal(add_q(added), added)


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=30))
def test_q_is_what_the_textbook_says(p: list[float]) -> None:
    frame = pd.DataFrame({"x_percentile": 0.5, "x_p": np.array(p, dtype=float)})
    q = add_q(frame)["x_q"].to_numpy()
    assert q.tolist() == pytest.approx(by_hand(p), nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("written_as", FORMATS)
def test_effects_without_p_values_are_refused(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as, calibrated=False)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"no column of p-values .*--calibrated"):
        add_q(path)
    assert path.read_bytes() == before


def test_a_dataframe_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(InputError, match="the DataFrame: no column of p-values"):
        add_q(pd.DataFrame({"motif_p_change": [0.5], 1: [2]}))
    wrong = pd.DataFrame({"x_percentile": [0.5], "x_p": [1.5]})
    with pytest.raises(InputError, match=r"x_p, row 1: 1\.5 is no p-value; expected 0 to 1"):
        add_q(wrong)
    for twice in ("x_p", "x_percentile"):
        with pytest.raises(InputError, match=f"the DataFrame: column {twice} is there more than"):
            add_q(pd.concat([wrong, wrong[[twice]]], axis=1))
    with pytest.raises(InputError, match=r"largest shifts; .*, FILE\.tfbs\.parquet"):
        add_q(pd.DataFrame({"tfbs_top_gain": ["CTCF"]}))
    with pytest.raises(InputError, match="x_p holds no numbers"):
        add_q(wrong.assign(x_p="many"))
    with pytest.raises(InputError, match="output is a file, and a DataFrame"):
        add_q(wrong, "out.tsv")  # type: ignore[call-overload]


@pytest.mark.parametrize("written_as", ["vcf", "tsv"])
def test_a_p_value_that_is_no_number_is_refused_with_its_line(
    tmp_path: Path, written_as: str
) -> None:
    path = effects(tmp_path, written_as)
    path.write_bytes(path.read_bytes().replace(b"0.02", b"many"))
    number = 6 if written_as == "vcf" else 7
    with pytest.raises(InputError, match=rf"effects\.\w+: data line {number}: .*many"):
        add_q(path)
    path.write_bytes(path.read_bytes().replace(b"many", b"-1"))
    column = "EV_ENHANCER_P" if written_as == "vcf" else "enhancer_p"
    with pytest.raises(InputError, match=f"data line {number}: {column}: -1 is no p-value"):
        add_q(path)


def test_a_p_value_out_of_range_is_refused_with_its_row(tmp_path: Path) -> None:
    path = effects(tmp_path, "parquet")
    table = pq.read_table(path)
    place = table.schema.get_field_index("enhancer_p")
    pq.write_table(table.set_column(place, "enhancer_p", [[0.1] * 4 + [7.5] + [0.1] * 2]), path)
    with pytest.raises(InputError, match=r"parquet: enhancer_p, row 5: 7\.5 is no p-value"):
        add_q(path)


def test_columns_that_are_there_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "effects.tsv"
    path.write_text("x_percentile\tx_p\tx_p\n0.5\t0.1\t0.2\n")
    with pytest.raises(InputError, match=r"effects\.tsv: column x_p is there more than once"):
        add_q(path)


@pytest.mark.parametrize("written_as", FORMATS)
def test_of_many_tfbs_models_the_table_beside_is_named(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as, columns=TFBS_TOP_COLUMNS)
    with pytest.raises(InputError, match=rf"TFBS models .* {path.name}\.tfbs\.parquet"):
        add_q(path)


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_private_file_stays_private(tmp_path: Path, written_as: str) -> None:
    path = effects(tmp_path, written_as)
    for permissions in (0o600, 0o664):
        path.chmod(permissions)
        add_q(path)
        assert stat.S_IMODE(path.stat().st_mode) == permissions


def test_a_row_of_another_width_is_refused(tmp_path: Path) -> None:
    path = effects(tmp_path, "tsv")
    path.write_bytes(path.read_bytes() + b"1\t2\n")
    with pytest.raises(InputError, match="data line 8: 2 columns; expected 30"):
        add_q(path)


def test_what_cannot_be_read_twice_or_is_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="-: cannot be read twice"):
        add_q("-")
    with pytest.raises(VariantFileError, match="cannot be read"):
        add_q(tmp_path / "absent.vcf")
    cut = effects(tmp_path, "vcf.gz")
    cut.write_bytes(cut.read_bytes()[:-28])
    with pytest.raises(VariantFileError, match="truncated"):
        add_q(cut)
    parquet = effects(tmp_path, "parquet")
    parquet.write_bytes(parquet.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        add_q(parquet)
    text = effects(tmp_path, "parquet")
    table = pq.read_table(text)
    place = table.schema.get_field_index("enhancer_p")
    pq.write_table(table.set_column(place, "enhancer_p", [["a"] * 7]), text)
    with pytest.raises(InputError, match="enhancer_p is string; expected numbers"):
        add_q(text)


def test_the_format_stays_and_compression_may_change(tmp_path: Path) -> None:
    path = effects(tmp_path, "vcf")
    for name in ("effects.tsv", "effects.bcf", "effects.parquet"):
        with pytest.raises(InputError, match=r"effects\.vcf is vcf; expected this format"):
            add_q(path, tmp_path / name)
    with pytest.raises(InputError, match="its ending names no format"):
        add_q(path, tmp_path / "effects.docx")
    packed = tmp_path / "packed.vcf.gz"
    add_q(path, packed)
    add_q(path)
    assert content(packed) == path.read_bytes()
    renamed = path.rename(tmp_path / "effects.txt")
    add_q(renamed)
    assert renamed.read_bytes() == content(packed)


def test_the_provenance_beside_a_table_goes_with_it(tmp_path: Path) -> None:
    path = effects(tmp_path, "tsv")
    add_q(path, tmp_path / "with_q.tsv.gz")
    beside = tmp_path / "with_q.tsv.gz.json"
    assert beside.read_bytes() == (tmp_path / "effects.tsv.json").read_bytes()
    (tmp_path / "effects.tsv.json").unlink()
    add_q(path, tmp_path / "other.tsv")
    assert not (tmp_path / "other.tsv.json").exists()


def test_standard_output(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = effects(tmp_path, "tsv")
    add_q(path, "-")
    printed = capfdbinary.readouterr().out
    add_q(path)
    assert printed == path.read_bytes()
