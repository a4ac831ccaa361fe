"""The report in a real browser: search, sort, filter, cards, downloads, and nothing executed."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enhancer_variants.reports import report

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to try the page in")

HOSTILE = (
    "<script>window.hurt=1</script>",
    "</script><script>window.hurt=1</script>",
    "<!--<script>",
    '"><img src=x onerror="window.hurt=1">',
    "' onmouseover='window.hurt=1",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:window.hurt=1",
    "\u2028window.hurt=1//\u2029",
    "a\x00b\u202ec",
    "&lt;b&gt;${window.hurt=1}`",
    '=HYPERLINK("http://127.0.0.1:9/","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
)


def _effects(shifts: list[float | None], **columns: Any) -> pd.DataFrame:
    """Effects of one enhancer model and one factor, all at chr1 (or chr2 from the third on)."""
    count = len(shifts)
    shift = np.array([np.nan if x is None else x for x in shifts])
    ref = 0.5
    alt = 1 / (1 + 2.0**-shift)
    frame = pd.DataFrame(
        {
            "chrom": ["chr1" if row < 2 else "chr2" for row in range(count)],
            "pos": pd.array([1000 * (row + 1) for row in range(count)], "Int64"),
            "id": [f"rs{row}" for row in range(count)],
            "ref": ["A"] * count,
            "alt": ["T"] * count,
            "record": range(count),
            "allele": [1] * count,
            "status": ["edge" if np.isnan(x) else "ok" for x in shift],
            "enhancer_prob_ref": np.where(np.isnan(shift), np.nan, ref),
            "enhancer_prob_alt": alt,
            "enhancer_log_odds_shift": shift,
            "enhancer_effect": np.where(shift > 0, "gain", "loss"),
            "CTCF_log_odds_shift": -2 * shift,
            "motif_tf": ["GATA1" if row % 2 else "CTCF" for row in range(count)],
            "motif_effect": ["disrupted" if row % 2 else "created" for row in range(count)],
        }
    )
    frame.attrs["enhancer_variants"] = {"enhancer_variants": "0", "input": "toy.vcf"}
    return frame.assign(**columns)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM)
        yield opened
        opened.close()


Open = Callable[..., Any]


@pytest.fixture(scope="module")
def shared(browser: Any) -> Any:
    """One page for all tests, and what it did that no page may do."""
    seen: list[str] = []
    page = browser.new_page(accept_downloads=True)
    page.set_default_timeout(20_000)
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("request", lambda request: seen.append(request.url[:200]))
    return page, seen


@pytest.fixture
def opened(shared: Any, tmp_path: Path) -> Iterator[Open]:
    """Write a report and open it; the page may log nothing, fail nowhere and request nothing."""
    page, seen = shared
    path = tmp_path / "report.html"

    def watched(effects: pd.DataFrame, *, width: int = 1400, **options: Any) -> Any:
        report(effects, path, **options)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        return page

    yield watched
    found = [said for said in seen if said != path.as_uri()]
    seen.clear()
    assert found == []


def _column(page: Any, label: str) -> list[str]:
    """Texts of a column of the table, as they are seen."""
    heads = page.eval_on_selector_all("#head button", "all => all.map(b => b.firstChild.data)")
    place = heads.index(label) + 1
    texts: list[str] = page.eval_on_selector_all(
        f"#body tr td:nth-child({place})", "all => all.map(cell => cell.textContent)"
    )
    return texts


def _head(page: Any, label: str) -> Any:
    return page.locator("#head th").filter(has=page.get_by_role("button", name=label))


def _downloaded(page: Any, button: str, delimiter: str) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.click(button)
    text = Path(waiting.value.path()).read_bytes().decode()
    return [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]


def test_shifts_have_a_sign_a_glyph_and_a_colour_and_what_is_missing_is_empty(opened: Open) -> None:
    page = opened(_effects([1.234, -0.5, 0.0, None]))
    assert _column(page, "enhancer shift") == ["▲ +1.23", "▼ −0.50", "0.00", ""]
    assert _column(page, "position") == ["1,000", "2,000", "3,000", "4,000"]
    colours = page.eval_on_selector_all(
        "#body .gain, #body .loss", "all => all.map(e => getComputedStyle(e).color)"
    )
    assert len(set(colours)) == 2
    assert "log2 odds" in page.inner_text("#head")


def test_search_finds_words_positions_regions_and_alleles(opened: Open) -> None:
    page = opened(_effects([1.0, -2.0, 0.5, None]))
    for typed, found in {
        "rs2": ["rs2"],
        "GATA1 chr1": ["rs1"],
        "chr2": ["rs2", "rs3"],
        "chr1:1,000-2,000": ["rs0", "rs1"],
        "1:2000": ["rs1"],
        "3000": ["rs2"],
        "chr2:3000:A:T": ["rs2"],
        "chr2:3000:A:G": [],
        "nothing of the kind": [],
    }.items():
        page.fill("#search", typed)
        assert _column(page, "id") == found, typed
        assert page.inner_text("#count") == f"{len(found)} of 4 alleles"


def test_sort_goes_down_up_and_back_and_says_so(opened: Open) -> None:
    page = opened(_effects([1.0, -2.0, None, 3.0]))
    button = page.locator("#head").get_by_role("button", name="enhancer shift")
    orders = []
    for _ in range(3):
        button.click()
        said = _head(page, "enhancer shift").get_attribute("aria-sort")
        orders.append((said, _column(page, "id")))
    assert orders == [
        ("descending", ["rs3", "rs0", "rs1", "rs2"]),
        ("ascending", ["rs1", "rs0", "rs3", "rs2"]),
        ("none", ["rs0", "rs1", "rs2", "rs3"]),
    ]


def test_texts_sort_as_people_count(opened: Open) -> None:
    page = opened(_effects([1.0, 1.0, 1.0], id=["rs10", "rs9", "rs100"]))
    page.locator("#head").get_by_role("button", name="id").click()
    assert _column(page, "id") == ["rs9", "rs10", "rs100"]


def test_filters_narrow_and_clear(opened: Open) -> None:
    page = opened(_effects([1.0, -2.0, 0.5, None, -0.25]))
    page.select_option("#sign", "loss")
    assert _column(page, "id") == ["rs1", "rs4"]
    page.fill("#least", "1")
    assert _column(page, "id") == ["rs1"]
    page.select_option("#shift", label="CTCF shift")
    assert _column(page, "id") == ["rs0", "rs2"]
    page.click("text=Clear")
    page.locator("#count", has_text=re.compile("^5 alleles$")).wait_for()
    page.select_option("#status", label="edge")
    assert _column(page, "id") == ["rs3"]
    page.select_option("#status", "")
    page.select_option("#motif-effect", label="disrupted")
    page.fill("#factor", "gata")
    assert _column(page, "id") == ["rs1", "rs3"]


def test_a_row_opens_its_card(opened: Open) -> None:
    page = opened(_effects([0.1, -2.0, 0.5]), top=2)
    assert page.locator("details.card[open]").count() == 1
    page.locator("#body tr").nth(2).click()
    card = page.locator("#card-2")
    assert card.get_attribute("open") is not None
    assert "raises the enhancer score by 0.50" in card.inner_text()
    assert page.evaluate("document.activeElement.closest('details').id") == "card-2"
    page.locator("#body tr").nth(0).click()  # has none
    assert page.locator("details.card[open]").count() == 2


def test_the_keyboard_alone_searches_sorts_opens_and_downloads(opened: Open) -> None:
    page = opened(_effects([0.1, -2.0, 0.5]), top=1)
    press, focus = page.keyboard.press, "document.activeElement"
    press("Tab")
    assert page.evaluate(f"{focus}.textContent") == "Skip to the table"
    press("Enter")
    press("Tab")
    assert page.evaluate(f"{focus}.id") == "search"
    page.keyboard.type("rs1")
    assert _column(page, "id") == ["rs1"]
    for _ in range(40):
        press("Tab")
        if page.evaluate(f"{focus}.ariaLabel") == "Open card 1":
            break
    outline = page.evaluate(f"getComputedStyle({focus}).outlineStyle")
    assert outline != "none"
    press("Enter")
    assert page.evaluate(f"{focus}.closest('details').id") == "card-1"


def test_columns_can_be_chosen(opened: Open) -> None:
    page = opened(_effects([1.0]))
    assert page.locator("#head").get_by_role("button", name="record").count() == 0
    page.locator("#chooser summary").click()
    page.get_by_label("record").check()
    page.get_by_label("contig").uncheck()
    assert _column(page, "record") == ["0"]
    assert page.locator("#head").get_by_role("button", name="contig").count() == 0
    page.keyboard.press("Escape")
    assert page.locator("#chooser").get_attribute("open") is None


def test_a_download_has_what_is_filtered_and_shown_and_no_formula(opened: Open) -> None:
    ids = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", " =x", "-1.5", "+2e3", 'a,"b"\nc', "plain", "-"]
    page = opened(_effects([float(place + 1) for place in range(len(ids))], id=ids), top=0)
    harmless = [
        *("'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "' =x"),
        *("-1.5", "+2e3", 'a,"b"\nc', "plain", "-"),
    ]
    for button, delimiter in (("#tsv", "\t"), ("#csv", ",")):
        head, *rows = _downloaded(page, button, delimiter)
        assert [row[head.index("id")] for row in rows] == harmless
    page.fill("#least", "10.5")
    page.locator("#head").get_by_role("button", name="enhancer shift").click()
    head, *rows = _downloaded(page, "#tsv", "\t")
    places = [head.index(name) for name in ("pos", "enhancer_log_odds_shift")]
    assert [[row[p] for p in places] for row in rows] == [
        ["12000", "12.0000"],
        ["11000", "11.0000"],
    ]


def test_nothing_of_the_input_is_executed_and_all_of_it_is_shown(opened: Open) -> None:
    count = len(HOSTILE)
    effects = _effects([float(place) for place in range(count)], chrom=HOSTILE, id=HOSTILE)
    effects = effects.assign(ref=HOSTILE, alt=HOSTILE, status=HOSTILE, motif_tf=HOSTILE)
    effects = effects.assign(motif_id=HOSTILE, orientation=HOSTILE, list_row=range(count))
    for place, text in enumerate(HOSTILE):
        effects[f"{text}_log_odds_shift"] = 1.0
        effects[text] = HOSTILE
        effects.attrs["enhancer_variants"][text] = {text: [text]}
        effects.attrs["enhancer_variants"][("input", "reference", "models")[place % 3]] = text
    effects.attrs["enhancer_variants"]["lone surrogate"] = "\ud800"
    page = opened(effects, title=HOSTILE[0], top=count)
    page.click("#all-cards")
    page.fill("#search", "window.hurt")
    page.locator("#chooser summary").click()
    for box in page.locator("#choices input").all()[:4]:
        box.check()
    page.hover("#body td >> nth=2")
    assert page.evaluate("window.hurt") is None
    assert page.locator("img, iframe, script:not(#data)").count() == 1  # the page's own script
    assert page.title() == HOSTILE[0]
    assert page.inner_text("h1") == HOSTILE[0]
    page.fill("#search", "onerror")
    assert _column(page, "id") == [HOSTILE[3]]
    head, *_ = _downloaded(page, "#csv", ",")
    assert not [name for name in head if name.startswith(("=", "@"))]


def test_fifty_thousand_rows_are_paged(opened: Open) -> None:
    count = 50_000
    page = opened(_effects([row / count for row in range(count)]))
    assert page.locator("#body tr").count() == 50
    page.click("#last")
    assert _column(page, "id")[-1] == "rs49999"
    page.fill("#search", "rs4999")
    assert page.inner_text("#count") == "11 of 50,000 alleles"
    assert page.evaluate("document.documentElement.outerHTML.length") < 15e6


def test_the_page_is_as_wide_as_the_window_and_only_the_table_scrolls(opened: Open) -> None:
    long = ["chr1:" + "G" * 300, "rs" + "1" * 300]
    page = opened(_effects([2.0, -1.0], id=long, chrom=long, alt=["ACGT" * 60, "C"]))
    page.click("#all-cards")
    for width in (1400, 800, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_has_every_card_and_no_controls(opened: Open) -> None:
    page = opened(_effects([0.1, -2.0, 0.5]))
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.card[open]").count() == 3
    assert not page.locator("#controls").is_visible()
    assert page.locator("#table").is_visible()
    assert page.inner_text("#place") == "Page 1 of 1"  # paper has one page of the table
    assert not page.locator("#next").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.card[open]").count() == 1
    page.emulate_media(media="screen")


def _contrast(one: str, other: str) -> float:
    """Contrast of two rgb() colours, as the web's accessibility guidelines define it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_from_its_ground_by_day_and_by_night(opened: Open) -> None:
    page = opened(_effects([1.0, -2.0, 0.0]))
    style = "place => getComputedStyle(document.querySelector(place)).{}"
    places = ("body", ".hint", ".lead", "#body .gain", "#body .loss", "#body .still", "nav a")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        grounds = [
            page.evaluate(style.format("backgroundColor"), place) for place in ("body", ".controls")
        ]
        for place in places:
            colour = page.evaluate(style.format("color"), place)
            assert min(_contrast(colour, ground) for ground in grounds) >= 4.5, (scheme, place)
