"""The notebooks in examples/ are the tutorials of docs/, with their results."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted(p for p in (REPOSITORY / "docs" / "tutorials").glob("*.md") if p.stem != "index")
THE_THREE_USES = ("score_a_vcf", "annotate_a_gwas_list", "which_factor")


@pytest.fixture(scope="module")
def make_notebooks() -> ModuleType:
    path = REPOSITORY / "examples" / "make_notebooks.py"
    spec = importlib.util.spec_from_file_location("make_notebooks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def notebook(page: Path) -> Any:
    return nbformat.read(REPOSITORY / "examples" / f"{page.stem}.ipynb", as_version=4)


def shown(cells: list[Any]) -> list[Any]:
    """Code cells that a page shows."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    return [cell for cell in code if "remove-cell" not in cell.metadata.get("tags", [])]


def test_there_is_a_notebook_for_each_tutorial_and_no_other() -> None:
    notebooks = {path.stem for path in (REPOSITORY / "examples").glob("*.ipynb")}
    assert notebooks == {page.stem for page in PAGES}
    assert set(THE_THREE_USES) <= notebooks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_cells_are_those_of_the_page(page: Path, make_notebooks: ModuleType) -> None:
    of_page = [(c.cell_type, c.source) for c in make_notebooks.notebook_of(page).cells]
    kept = [(c.cell_type, c.source) for c in notebook(page).cells]
    assert kept == of_page, "run: python examples/make_notebooks.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_notebook_was_run_to_its_end_and_has_a_picture(page: Path) -> None:
    cells = [cell for cell in notebook(page).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path, make_notebooks: ModuleType) -> None:
    for cell in notebook(page).cells:
        if cell.cell_type == "markdown":
            for link in make_notebooks._LINK.findall(cell.source):
                assert (REPOSITORY / "examples" / link).is_file(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_uses_are_short(page: Path) -> None:
    lines = [line for cell in shown(notebook(page).cells) for line in cell.source.splitlines()]
    code = [line for line in lines if line.strip()]
    assert len(code) <= (10 if page.stem in THE_THREE_USES else 20), len(code)
