"""Draw docs/_static/report.png: the top of a report on the example data, as a browser shows it.

    python docs/make_report_picture.py

Needs playwright and chromium.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import enhancer_variants as ev
from enhancer_variants.demo import demo_files

PICTURE = Path(__file__).parent / "_static" / "report.png"
WIDTH, HEIGHT = 1180, 1200
COLOURS = 96


def main() -> None:
    """Score the example variants with the bundled models, write the report and look at it."""
    files = demo_files()
    scorer = ev.VariantScorer(files.reference)
    effects = scorer.score_vcf(files.variants)
    effects = effects[effects["status"].isin(["ok", "edge", "has_n"])]  # room for a card
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        ev.report(effects, page_file, scorer=scorer, top=2, title="Example variants")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        picture = page.screenshot()
        browser.close()
    Image.open(io.BytesIO(picture)).quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
