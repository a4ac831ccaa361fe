"""Rules that the package as a whole keeps: layers, exports, imports, documentation."""

from __future__ import annotations

import ast
import doctest
import graphlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import enhancer_variants as ev
from enhancer_variants import errors

PACKAGE = Path(ev.__file__).parent
REPOSITORY = Path(__file__).parents[1]

LAYERS = [
    {"_version", "errors", "schema"},
    {"genome"},
    {"io", "motifs", "models"},
    {"effects"},
    {"progress", "provenance", "runs", "summary"},
    {"scorer"},
    {"scoring_run"},
    {"admission", "calibration", "explanation", "prediction", "training", "scan", "gwas", "demo"},
    {"reports"},
    {
        "cli",
        "cli_compare",
        "cli_evaluate",
        "cli_finetune",
        "cli_gwas",
        "cli_models",
        "cli_options",
        "cli_pretrain",
        "cli_report",
        "cli_scan",
        "cli_sweep",
        "cli_training",
        "__main__",
    },
]
"""Imports go from a later layer to an earlier one; io, motifs and models not to each other."""

_FOUND = [*pkgutil.walk_packages(ev.__path__, "enhancer_variants.")]
MODULES = sorted(info.name for info in _FOUND)
PACKAGES = {info.name for info in _FOUND if info.ispkg}


def _layer(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


def _imported(module: str) -> set[str]:
    """Names of the package that a module imports anywhere: lazily, or for its types alone."""
    names = set[str]()
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("enhancer_variants.")}


def _source(module: str) -> str:
    return Path(importlib.util.find_spec(module).origin).read_text()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    part = module.split(".")[1]
    for imported in {name.split(".")[1] for name in _imported(module)} - {part}:
        assert _layer(imported) <= _layer(part), f"{module} imports upward: {imported}"
        if {imported, part} <= {"io", "motifs", "models"}:
            pytest.fail(f"{module} imports {imported}, which stands beside it")


def test_no_module_needs_one_that_needs_it() -> None:
    """A package's `__init__` only says where its names are."""
    files = set(MODULES) - PACKAGES
    graphlib.TopologicalSorter({module: _imported(module) & files for module in files}).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_documented_and_of_a_size_to_read(module: str) -> None:
    source = _source(module)
    assert ast.get_docstring(ast.parse(source))
    assert len(source.splitlines()) <= 500


def test_public_names_are_one_sorted_list_and_all_resolve() -> None:
    assert ev.__all__ == sorted(ev.__all__, key=lambda name: (name.islower(), name))
    for name in ev.__all__:
        assert getattr(ev, name) is not None
    assert dir(ev) == ev.__all__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ev.nonsense


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("__main__")])
def test_every_exported_name_exists_and_has_a_docstring(module: str) -> None:
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", []):
        value = getattr(loaded, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, f"{module}.{name} has no docstring"


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("__main__")])
@pytest.mark.usefixtures("one_penalty")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_examples_in_docstrings_run(module: str) -> None:
    result = doctest.testmod(
        importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.failed == 0


def test_importing_the_package_loads_nothing_of_weight() -> None:
    code = (
        "import sys, enhancer_variants as ev; ev.Variant; ev.Status; ev.InputError;"
        "heavy = {'torch', 'transformers', 'matplotlib', 'sklearn'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line_shows_help_without_torch() -> None:
    code = (
        "import sys; from enhancer_variants.cli import main\n"
        "try: main(['score', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_every_error_is_exported_and_drawn_in_the_tree() -> None:
    for name in errors.__all__:
        error = getattr(errors, name)
        assert issubclass(error, errors.EnhancerVariantsError)
        assert name in errors.__doc__
    assert issubclass(ev.InputError, ValueError)
    assert issubclass(ev.MissingDependencyError, ImportError)


def test_no_module_calls_print_or_configures_logging() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", path


def test_readme_and_ci_share_the_test_line() -> None:
    readme, ci = (REPOSITORY / name for name in ("README.md", ".ci/run"))
    if not ci.exists():
        pytest.skip("not in a checkout of the repository")
    lines = [line for line in readme.read_text().splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[1] in ci.read_text().splitlines()


def test_the_version_is_the_installed_one() -> None:
    assert importlib.metadata.version("enhancer-variants") == ev.__version__
