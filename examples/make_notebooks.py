"""Make the notebooks in this folder from the tutorials in docs/tutorials, with their results.

    python examples/make_notebooks.py            all of them
    python examples/make_notebooks.py NAME ...   some, as which_factor

The pages are the source: a cell that is changed here is overwritten. Each notebook runs from top to
bottom in a kernel of its own, offline, with what the extra ``test`` brings.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient

HERE = Path(__file__).parent
TUTORIALS = HERE.parent / "docs" / "tutorials"

_LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#]+)")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def pages() -> list[Path]:
    """Tutorials, without their table of contents."""
    return sorted(page for page in TUTORIALS.glob("*.md") if page.stem != "index")


def notebook_of(page: Path) -> Any:
    """Give the notebook that a page is, without results: links lead to the pages of docs/."""
    notebook = read_myst_markdown_notebook(page.read_text())
    notebook.metadata = nbformat.from_dict(_METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{page.stem.replace('_', '-')}-{number}"
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(lambda link: _from_here(page, link[1]), cell.source)
    return notebook


def _from_here(page: Path, link: str) -> str:
    target = (page.parent / link).resolve()
    return f"../{target.relative_to(HERE.parent.resolve())}"


def executed(notebook: Any) -> Any:
    """Run a notebook and keep what it shows, but neither times nor hints on standard error."""
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    notebook.metadata = nbformat.from_dict(_METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    return notebook


def main() -> None:
    wanted = sys.argv[1:]
    for page in pages():
        if wanted and page.stem not in wanted:
            continue
        notebook = executed(notebook_of(page))
        nbformat.validate(notebook)
        text = nbformat.writes(notebook, version=4)
        (HERE / f"{page.stem}.ipynb").write_text(text.rstrip("\n") + "\n")


if __name__ == "__main__":
    main()
