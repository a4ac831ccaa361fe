"""The report's page: what stands in it, read back from the HTML and its JSON."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import enhancer_variants as ev
from enhancer_variants.demo import demo_files
from enhancer_variants.reports import read_effects, report
from enhancer_variants.reports.page import pictures
from enhancer_variants.reports.page.counts import StatusCount, status_counts
from enhancer_variants.reports.page.histograms import shift_histograms
from enhancer_variants.reports.page.page_columns import page_columns
from enhancer_variants.reports.page.provenance_facts import model_facts, run_facts
from enhancer_variants.reports.page.ranking import ranking_of
from enhancer_variants.reports.page.rendering import page_of
from enhancer_variants.reports.page.table_data import json_for_script, table_data


def _effects(shifts: list[float], **columns: Any) -> pd.DataFrame:
    count = len(shifts)
    frame = pd.DataFrame(
        {
            "chrom": ["chr1"] * count,
            "pos": pd.array([10 * (row + 1) for row in range(count)], "Int64"),
            "id": [f"rs{row}" for row in range(count)],
            "ref": ["A"] * count,
            "alt": ["T"] * count,
            "record": range(count),
            "allele": [1] * count,
            "status": ["ok"] * count,
            "enhancer_log_odds_shift": np.array(shifts, dtype=float),
        }
    )
    return frame.assign(**columns)


def _page(effects: pd.DataFrame, folder: Path, **options: Any) -> str:
    report(effects, folder / "report.html", **options)
    return (folder / "report.html").read_text(encoding="utf-8")


def _data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def _names(page: str) -> list[str]:
    return [column["name"] for column in _data(page)["columns"]]


class _Elements(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_equal_effects_are_equal_bytes_without_time_or_path(tmp_path: Path) -> None:
    one = _page(_effects([1.0, -2.0]), tmp_path)
    (tmp_path / "other").mkdir()
    assert _page(_effects([1.0, -2.0]), tmp_path / "other") == one
    assert str(tmp_path) not in one


def test_the_policy_allows_the_pages_own_script_and_style_alone(tmp_path: Path) -> None:
    page = _page(_effects([1.0]), tmp_path)
    policy = html.unescape(re.search(r'Policy" content="([^"]+)"', page)[1])  # type: ignore[index]
    for tag in ("script", "style"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        checksum = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{checksum}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_nothing_in_the_page_points_outside(tmp_path: Path) -> None:
    elements = _Elements(_page(_effects([1.0, 2.0]), tmp_path)).elements
    addresses = [v for _, a in elements for k, v in a.items() if k in ("href", "src", "action")]
    assert addresses
    assert all(address and address.startswith("#") for address in addresses)
    assert not [k for _, a in elements for k in a if k == "style" or k.startswith("on")]


def test_every_anchor_and_label_leads_somewhere(tmp_path: Path) -> None:
    elements = _Elements(_page(_effects([1.0, 2.0]), tmp_path)).elements
    known = {a["id"] for _, a in elements if "id" in a}
    for tag, a in elements:
        wanted = {
            (a.get("href") or "").removeprefix("#"),
            (a.get("for") or "") if tag == "label" else "",
            a.get("aria-labelledby") or "",
            a.get("aria-describedby") or "",
            a.get("list") or "",
        }
        assert wanted - {""} <= known, a
    labelled = {a.get("for") for tag, a in elements if tag == "label"}
    fields = [a for tag, a in elements if tag in ("input", "select")]
    assert fields
    assert all(a["id"] in labelled for a in fields)


def test_counts_are_of_all_alleles_ok_first() -> None:
    effects = pd.DataFrame({"status": ["edge", "ok", "edge", None, "a word of later"]})
    counts = status_counts(effects)
    assert [(c.status, c.count) for c in counts] == [
        ("ok", 1),
        ("edge", 2),
        ("", 1),
        ("a word of later", 1),
    ]
    assert counts[1].meaning == "The window reaches over an end of the contig."
    assert sum(c.share for c in counts) == pytest.approx(1)


@pytest.mark.parametrize(
    ("share", "said"), [(1, "100.0 %"), (0.5, "50.0 %"), (1e-5, "< 0.1 %"), (0.99999, "> 99.9 %")]
)
def test_a_share_is_never_nothing_of_something(share: float, said: str) -> None:
    assert StatusCount("ok", "", 1, share).percent == said


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=60))
@settings(max_examples=40)
def test_every_shift_is_in_one_bar_of_its_sign(shifts: list[float]) -> None:
    (histogram,) = shift_histograms(pd.DataFrame({"m_log_odds_shift": shifts}))
    counted = {"gain": 0, "loss": 0}
    for bar in histogram.bars:
        counted[bar.sign] += int(bar.about.split()[0].replace(",", ""))
        assert bar.y + bar.height == pytest.approx(histogram.height, abs=0.02)
        assert 0 <= bar.x <= histogram.width - bar.width
    assert counted["loss"] == sum(shift < 0 for shift in shifts)
    assert counted["gain"] == sum(shift >= 0 for shift in shifts)


def test_a_model_that_scored_nothing_has_no_distribution() -> None:
    effects = pd.DataFrame({"a_log_odds_shift": [np.nan], "b_log_odds_shift": [0.0]})
    assert [histogram.model for histogram in shift_histograms(effects)] == ["b"]


def test_top_is_the_p_value_where_there_is_one_and_else_the_size_of_the_shift() -> None:
    effects = _effects([0.5, -2.0, np.nan, 1.0])
    assert ranking_of(effects).top(effects, 2) == [[1], [3]]
    effects = effects.assign(enhancer_percentile=0.5, enhancer_p=[0.01, 0.5, np.nan, 0.01])
    assert ranking_of(effects).top(effects, 9) == [[3], [0], [1]]
    assert str(ranking_of(effects)) == "smallest enhancer_p"


def test_top_can_be_of_another_column() -> None:
    effects = _effects([3.0, 2.0, 1.0], CTCF_log_odds_shift=[0.0, -1.0, 5.0])
    ranking = ranking_of(effects, "CTCF_log_odds_shift")
    assert (ranking.model, ranking.top(effects, 1)) == ("CTCF", [[2]])
    effects = effects.assign(motif_p_change=[0.5, 0.1, 0.9])
    assert ranking_of(effects, "motif_p_change").top(effects, 1) == [[1]]
    with pytest.raises(ev.EnhancerVariantsError, match="no column 'nonsense'"):
        ranking_of(effects, "nonsense")
    with pytest.raises(ev.InputError, match="chrom holds no numbers"):
        ranking_of(effects, "chrom")


def test_without_a_model_the_motifs_rank_and_without_anything_nothing_does() -> None:
    effects = _effects([1.0, 2.0]).drop(columns="enhancer_log_odds_shift")
    assert ranking_of(effects).top(effects, 5) == []
    assert str(ranking_of(effects)) == "nothing"
    effects["motif_log10_p_ratio"] = [0.5, -3.0]
    assert ranking_of(effects).top(effects, 1) == [[1]]


def test_rows_of_one_allele_share_a_card(tmp_path: Path) -> None:
    effects = _effects([1.0, 1.0, 0.5], pos=[10, 10, 20], list_row=range(3), TRAIT=["a", "b", "c"])
    effects = effects.assign(risk_allele="A", orientation="direct")
    effects = effects.assign(enhancer_risk_log_odds_shift=[-1.0, -1.0, np.nan])
    page = _page(effects, tmp_path)
    assert _data(page)["cards"] == [[0, 1], [2]]
    said = [f"List row {row} · {trait} · risk allele A · direct" for row, trait in enumerate("abc")]
    for line in (f"{said[0]} · risk shift \N{MINUS SIGN}1.00", f"{said[2]}<"):
        assert line in page


def test_of_many_rows_of_one_allele_a_card_names_twenty(tmp_path: Path) -> None:
    effects = _effects([1.0] * 22, pos=[10] * 22, list_row=range(22), TRAIT="a")
    page = _page(effects, tmp_path)
    assert page.count("<summary><bdi>List row") == 20
    assert "and 2 more rows of the list" in page


def test_a_list_brings_its_own_columns_hidden_but_no_genotypes(tmp_path: Path) -> None:
    effects = _effects(
        [1.0, -1.0],
        list_row=[0, 0],
        TRAIT=["height", "weight"],
        HG00096=["0/1", "./."],
        NA12878=["1|1:35:0.5", "."],
        enhancer_risk_log_odds_shift=[-1.0, 1.0],
        orientation=["complement", "direct"],
    )
    columns = {column.name: column for column in page_columns(effects, "enhancer")}
    assert not columns["TRAIT"].shown
    assert columns["enhancer_risk_log_odds_shift"].shown
    assert columns["enhancer_risk_log_odds_shift"].signed
    page = _page(effects, tmp_path)
    assert "HG00096" not in page
    assert "NA12878" not in page
    assert "weight" in page


def test_columns_that_are_not_ours_are_there_only_if_asked_for(tmp_path: Path) -> None:
    effects = _effects([1.0], sample=["0/1"], age=[61.5], count=[3])
    assert not {"sample", "age"} & set(_names(_page(effects, tmp_path)))
    assert "3 further columns" in _page(effects, tmp_path)
    page = _page(effects, tmp_path, columns=["age", "sample", "count"])
    assert _names(page)[-3:] == ["age", "sample", "count"]
    with pytest.raises(ev.InputError, match="no column 'nobody'"):
        report(effects, tmp_path / "report.html", columns=["nobody"])


def test_of_many_models_only_the_main_one_is_there_in_full() -> None:
    effects = _effects([1.0], enhancer_prob_ref=0.5)
    for number in range(5):
        effects[f"TF{number}_log_odds_shift"] = 1.0
        effects[f"TF{number}_prob_ref"] = 0.5
    names = {column.name: column for column in page_columns(effects, "enhancer")}
    assert "enhancer_prob_ref" in names
    assert "TF1_prob_ref" not in names
    assert not names["TF1_log_odds_shift"].shown
    few = effects.drop(columns=["TF3_log_odds_shift", "TF4_log_odds_shift"])
    assert "TF1_prob_ref" in {column.name for column in page_columns(few, "enhancer")}
    asked = page_columns(effects, "enhancer", ["TF1_log_odds_shift"])
    assert next(column for column in asked if column.name == "TF1_log_odds_shift").shown


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["chr2", "chr10", "chr1"])),
        max_size=12,
    ),
    st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3)), max_size=12),
)
@settings(max_examples=50)
def test_values_come_back_from_the_page(
    texts: list[str | None], numbers: list[float | None]
) -> None:
    size = min(len(texts), len(numbers))
    frame = _effects([0.0 if x is None else x for x in numbers[:size]])
    frame["id"] = pd.Series(texts[:size], dtype=object)
    frame["motif_p_change"] = pd.Series(numbers[:size], dtype=float)
    data = json.loads(json_for_script(table_data(frame, page_columns(frame, "enhancer"))))
    columns = {column["name"]: column for column in data["columns"]}
    ids, shifts = columns["id"], columns["enhancer_log_odds_shift"]
    assert [None if x is None else ids["texts"][x] for x in ids["values"]] == [
        text or None for text in texts[:size]
    ]
    for number, fixed, general in zip(
        numbers, shifts["values"], columns["motif_p_change"]["values"], strict=False
    ):
        assert fixed / 1e4 == pytest.approx(number or 0.0, abs=1.5e-4 + 1e-9)
        assert f"{fixed / 1e4:.2f}".strip("-") == f"{number or 0.0:.2f}".strip("-")
        assert general is None if number is None else general == pytest.approx(number, rel=5e-4)


def test_a_number_is_rounded_once() -> None:
    shifts = [0.125, 0.025, -0.05496, 0.0549999, 0.055, 1.005, -2.675, 0.375]
    (column,) = [
        column
        for column in table_data(_effects(shifts), page_columns(_effects(shifts), None))["columns"]
        if column["name"] == "enhancer_log_odds_shift"
    ]
    written = [f"{value / 1e4:.2f}" for value in column["values"]]
    assert written == [f"{shift:.2f}" for shift in shifts]


def test_a_numbers_place_in_a_natural_order_is_its_size() -> None:
    frame = pd.DataFrame({"chrom": ["chr10", "chrX", "chr2", "CHR1", "\u00b2", "7"]})
    (column,) = table_data(frame, page_columns(frame, None))["columns"]
    assert column["texts"] == ["7", "CHR1", "chr2", "chr10", "chrX", "\u00b2"]


_HOSTILE = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from(
            [
                *("</script>", "<script>", "<!--", "-->", "]]>", '"', "'", "`", "<b>", "&lt;"),
                *("\u2028", "\x00", "{{", "}}", "{%", "\\u003c", "onload=", "\ud800", "</style>"),
            ]
        ),
        max_size=6,
    ).map("".join),
)


@given(st.lists(_HOSTILE, min_size=8, max_size=8))
@settings(max_examples=8)
def test_names_are_never_markup(names: list[str]) -> None:
    page = page_of(_context(names), {"rows": 0, "columns": [], "name": names[7]}).decode()
    harmless = [re.sub(".+", "x", name[:1], flags=re.DOTALL) for name in names]
    expected = page_of(_context(harmless), {"rows": 0, "columns": [], "name": "x"}).decode()
    assert _tags(page) == _tags(expected)
    assert _data(page)["name"] == names[7]


def _context(names: list[str]) -> dict[str, Any]:
    """What a template is filled with, a name wherever the input can put one."""
    return {
        **dict.fromkeys(("title", "notice", "ranking", "provenance"), names[0]),
        "alleles": 2,
        "records": 1,
        "shown_rows": 1,
        "left_out": 0,
        "counts": [StatusCount(names[1], names[2], 1, 0.5)],
        "histograms": [],
        "cards": [],
        "facts": run_facts({"input": names[3], "reference": {"name": names[4]}}),
        "models": model_facts({"models": [{"name": names[5], "outputs": [names[6]]}]}),
    }


def _tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(attributes)) for tag, attributes in _Elements(page).elements]


def test_of_more_rows_the_table_has_the_best_in_their_order(tmp_path: Path) -> None:
    effects = _effects([0.0, 3.0, np.nan, -4.0, 1.0])
    page = _page(effects, tmp_path, rows=3, top=1)
    data = _data(page)
    (ids,) = [c for c in data["columns"] if c["name"] == "id"]
    assert ids["texts"] == ["rs1", "rs3", "rs4"]
    assert data["cards"] == [[1]]
    assert "The table has the 3 alleles" in page
    assert "of 5" in page
    assert _data(_page(effects, tmp_path, rows=0, top=1))["cards"] == [[]]


def test_a_card_says_what_the_row_says(tmp_path: Path) -> None:
    effects = _effects(
        [2.0],
        id=["."],
        alt=["A" * 30],
        enhancer_prob_ref=0.25,
        enhancer_prob_alt=4 / 7,
        enhancer_effect="gain",
        motif_id="MA1",
        motif_tf="GATA1",
        motif_effect="created",
        motif_strand="-",
        motif_p_ref=0.01,
        motif_p_alt=1.5e-6,
        motif_score_ref=-3.21,
        motif_score_alt=12.0,
        motif_log10_p_ratio=3.8,
        tfbs_top_gain="SPI1",
        tfbs_top_gain_shift=1.5,
    )
    text = " ".join(_Elements(_page(effects, tmp_path)).text.replace("\N{MINUS SIGN}", "-").split())
    assert "chr1:10 A>30 bp" in text
    assert "GATA1 motif created" in text
    assert "GATA1 (MA1)" in text
    assert "0.01 → 1.5e-6" in text
    assert "-3.2 → 12.0" in text
    assert "0.250" in text
    assert "▲ +2.00" in text
    assert "SPI1" in text


def test_provenance_of_any_shape_is_shown(tmp_path: Path) -> None:
    effects = _effects([1.0])
    assert "came without provenance" in _page(effects, tmp_path)
    for odd in ({"models": "many"}, {"models": [3, {"outputs": 5}]}, {"options": [1], "motifs": 2}):
        effects.attrs["enhancer_variants"] = odd
        assert "Provenance in full" in _page(effects, tmp_path)
    effects.attrs["enhancer_variants"] = "odd"
    assert "came without provenance" in _page(effects, tmp_path)


def test_model_facts_name_so_many_outputs_and_count_the_others() -> None:
    (facts,) = model_facts({"models": [{"outputs": [f"TF{n}" for n in range(30)]}]})
    assert facts.outputs.endswith("TF23 and 6 more")


@pytest.mark.parametrize("missing", ["chrom", "alt", "record", "status"])
def test_what_names_an_allele_has_to_be_there(missing: str, tmp_path: Path) -> None:
    with pytest.raises(ev.InputError, match=f"no column {missing}"):
        report(_effects([1.0]).drop(columns=missing), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    effects = _effects([1.0])
    twice = pd.concat([effects, effects[["id"]]], axis=1)
    with pytest.raises(ev.InputError, match="column id is there twice"):
        report(twice, tmp_path / "report.html")


def test_names_of_columns_may_be_numbers_and_shifts_may_not_be_words(tmp_path: Path) -> None:
    numbered = _effects([1.0], list_row=0).assign(**{"7": "seven"}).rename(columns={"7": 7})
    assert "7" in _names(_page(numbered, tmp_path))
    with pytest.raises(ev.InputError, match="enhancer_log_odds_shift holds no numbers"):
        _page(_effects([1.0], enhancer_log_odds_shift="much"), tmp_path)


@pytest.mark.parametrize("wrong", [{"top": -1}, {"rows": -1}])
def test_counts_below_nothing_are_refused(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ev.InputError, match="expected 0 or more"):
        report(_effects([1.0]), tmp_path / "report.html", **wrong)  # type: ignore[arg-type]


def test_no_effects_at_all_are_a_page_too(tmp_path: Path) -> None:
    page = _page(_effects([]), tmp_path)
    assert "0 alleles in 0 records" in page
    assert _data(page)["rows"] == 0


def test_without_jinja_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name == "jinja2":
            raise ImportError("No module named 'jinja2'")
        return found(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ev.MissingDependencyError, match=r"enhancer-variants\[report\]"):
        report(_effects([1.0]), tmp_path / "report.html")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Some of the example variants, scored by a toy model, and the files that this gave."""
    files = demo_files()
    models: dict[str, Any] = {"enhancer": files.planted_model, "NKX2-5: a, b": files.model}
    scorer = ev.VariantScorer(files.reference, enhancer=models, strand="both", progress=False)
    folder = tmp_path_factory.mktemp("scored")
    variants = folder / "variants.vcf"
    some = ("edge", "CTCF_site", "two_alts", "structural", "spanning", "monomorphic", "wrong_ref")
    lines = files.variants.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line[0] == "#" or line.split("\t")[2] in some]
    variants.write_text("".join(kept))
    for ending in ("parquet", "tsv", "tsv.gz", "vcf", "vcf.gz", "bcf"):
        scorer.annotate(variants, folder / f"effects.{ending}")
    return {"effects": scorer.score_vcf(variants), "folder": folder}


@pytest.mark.parametrize("ending", ["parquet", "tsv", "tsv.gz", "vcf", "vcf.gz", "bcf"])
def test_a_file_of_effects_comes_back_as_the_table_it_was(
    scored: dict[str, Any], ending: str
) -> None:
    effects = scored["effects"]
    back = read_effects(scored["folder"] / f"effects.{ending}")
    assert list(back.columns) == list(effects.columns)
    assert back.attrs == effects.attrs
    if ending == "bcf":  # has no place for an empty ID, and stores single precision
        back = back.assign(id=effects["id"])
    pd.testing.assert_frame_equal(back, effects, rtol=1e-4, atol=1e-5)


def test_samples_of_a_vcf_are_not_read(scored: dict[str, Any], tmp_path: Path) -> None:
    lines = (scored["folder"] / "effects.vcf").read_text().splitlines()
    with_sample = [
        line
        if line.startswith("##")
        else f"{line}\tFORMAT\tNA12878"
        if line[0] == "#"
        else line + "\tGT\t0/1"
        for line in lines
    ]
    path = tmp_path / "with_sample.vcf"
    path.write_text("\n".join(with_sample) + "\n")
    report(path, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "NA12878" not in page
    assert list(read_effects(path).columns) == list(scored["effects"].columns)


def test_a_line_that_is_no_record_is_a_row(scored: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "damaged.vcf"
    path.write_text((scored["folder"] / "effects.vcf").read_text() + "chr1\tx\n")
    last = read_effects(path).iloc[-1]
    assert (last["status"], last["status_detail"]) == ("invalid_record", "2 of the 8 columns")


def test_provenance_that_is_damaged_is_none(scored: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "effects.tsv"
    path.write_bytes((scored["folder"] / "effects.tsv").read_bytes())
    (tmp_path / "effects.tsv.json").write_text("{")
    assert read_effects(path).attrs == {}


def test_files_that_hold_no_effects_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("chrom\tpos\nchr1\t5\n")
    with pytest.raises(ev.InputError, match=r"table\.tsv: no column id, ref"):
        read_effects(table)
    names = "chrom\tpos\tid\tref\talt\trecord\tallele\tstatus"
    table.write_text(f"{names}\nchr1\tfive\t.\tA\tC\t0\t1\tok\n")
    with pytest.raises(ev.InputError, match="column pos holds no numbers"):
        read_effects(table)
    table.write_text("")
    with pytest.raises(ev.InputError, match="cannot be read as a table"):
        read_effects(table)
    with pytest.raises(ev.InputError, match="its header declares no EV_ keys"):
        read_effects(demo_files().variants)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1, it says")
    with pytest.raises(ev.InputError, match="cannot be read as Parquet"):
        read_effects(tmp_path / "broken.parquet")


def test_other_columns_of_a_table_are_numbers_where_all_are(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    names = "chrom\tpos\tid\tref\talt\trecord\tallele\tstatus\tlist_row\tBETA\tTRAIT\tNOTHING"
    path.write_text(
        f"{names}\nchr1\t5\t.\tA\tC\t0\t1\tok\t0\t0.5\tx\t\n" + "chr1\t6" + "\t" * 10 + "\n"
    )
    effects = read_effects(path)
    assert effects["BETA"].tolist()[0] == 0.5
    assert effects["TRAIT"].dtype == "string"
    assert "enhancer_variants" not in effects.attrs


def test_a_wrong_value_in_a_vcf_is_an_error(scored: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "wrong.vcf"
    text = (scored["folder"] / "effects.vcf").read_text()
    path.write_text(re.sub(r"(EV_ENHANCER_PROB_REF=)[0-9]", r"\1x", text, count=1))
    with pytest.raises(ev.VariantFileError, match="holds no number"):
        read_effects(path)


def test_the_report_is_not_written_over_its_effects(scored: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "effects.tsv"
    path.write_bytes((scored["folder"] / "effects.tsv").read_bytes())
    with pytest.raises(ev.InputError, match="is the file of effects"):
        report(path, path)


def test_with_the_scorer_a_card_has_a_picture(
    scored: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = demo_files()
    scorer = ev.VariantScorer(files.reference, enhancer=files.planted_model, progress=False)
    page = _page(scored["effects"], tmp_path, scorer=scorer, top=1)
    (picture,) = [a for tag, a in _Elements(page).elements if tag == "img"]
    content = base64.b64decode((picture["src"] or "").removeprefix("data:image/png;base64,"))
    assert content.startswith(b"\x89PNG")
    # The bases that the card leaves unread are none that it would show.
    monkeypatch.setattr(pictures, "FLANK", 200)
    place = int(scored["effects"]["enhancer_log_odds_shift"].abs().argmax())
    (whole,) = pictures.pictures_of(scorer, scored["effects"], [place], "enhancer").values()
    assert whole.address == picture["src"]
    assert "saturation mutagenesis" in (picture["alt"] or "")


def test_no_picture_is_drawn_where_windows_are_averaged_or_the_model_is_another(
    scored: dict[str, Any], tmp_path: Path
) -> None:
    files = demo_files()
    averaging = ev.VariantScorer(files.reference, enhancer=files.planted_model, shifts=1)
    assert "<img" not in _page(scored["effects"], tmp_path, scorer=averaging, top=1)
    other = ev.VariantScorer(files.reference, enhancer=files.model)
    with pytest.raises(ev.InputError, match="scored with another enhancer"):
        report(scored["effects"], tmp_path / "report.html", scorer=other)
