"""Parts of the documentation that are written from the code: tables, the error tree, commands.

``conf.py`` offers each function of :data:`PARTS` as a directive, ``{generated} NAME``; the tests
call them without a Sphinx build. What is declared in the code is described in the code, so that a
new column, status, option or public name is documented by being there.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import click

import enhancer_variants as ev
from enhancer_variants import errors, schema
from enhancer_variants.cli import cli
from enhancer_variants.gwas import LOCUS_COLUMNS
from enhancer_variants.models import ModelCard, published_models

MODEL = "enhancer"
"""Name of the model whose columns are listed."""

HOMES = {
    "enhancer_variants": "enhancer_variants.scorer",
    **{
        f"enhancer_variants.{part}": f"enhancer_variants.{part}"
        for part in (
            "genome",
            "io",
            "motifs",
            "models",
            "effects",
            "admission",
            "scoring_run",
            "runs",
            "calibration",
            "explanation",
            "prediction",
            "training",
            "training.evaluation",
            "gwas",
            "scan",
            "reports",
            "reports.plot",
            "schema",
            "errors",
            "demo",
        )
    },
}
"""Under which name public objects are described, and the module whose ``__all__`` lists them."""

_LONGEST_VALUE = 60


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown table; a vertical bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def status_table() -> str:
    """Every status in order of precedence, with its meaning."""
    rows = (
        [str(rank), f"`{status}`", _plain(status.meaning)]
        for rank, status in enumerate(schema.Status, 1)
    )
    return table(["", "status", "meaning"], rows)


def _calibrated_columns() -> tuple[schema.Column, ...]:
    """Give what calibration adds to a model's columns, the second pass included."""
    plain = len(schema.model_columns(MODEL))
    added = list(schema.model_columns(MODEL, calibrated=True)[plain:])
    q = schema.Q_VALUE
    key = schema.vcf_key(MODEL, q.name)
    behind_p = [column.name for column in added].index(f"{MODEL}_p") + 1
    added.insert(behind_p, replace(q, name=f"{MODEL}_{q.name}", vcf_key=key))
    return tuple(added)


COLUMN_GROUPS: dict[str, tuple[schema.Column, ...]] = {
    "columns": (*schema.IDENTITY_COLUMNS, *schema.model_columns(MODEL, averaged=True)),
    "columns calibrated": _calibrated_columns(),
    "columns tfbs": schema.TFBS_TOP_COLUMNS,
    "columns motif": (*schema.MOTIF_COLUMNS, *schema.MOTIF_SHIFT_SUM, schema.MOTIF_HITS),
    "columns agreement": schema.AGREEMENT_COLUMNS,
    "columns hits": schema.MOTIF_HIT_COLUMNS,
    "columns list": (
        *schema.LIST_COLUMNS,
        *schema.RISK_COLUMNS,
        *schema.PROXY_COLUMNS,
        schema.risk_shift_column(MODEL),
    ),
    "columns loci": LOCUS_COLUMNS,
    "columns comparison": schema.COMPARISON_COLUMNS,
    "columns combinations": schema.COMBINATION_COLUMNS,
    "columns windows": schema.SCAN_WINDOW_COLUMNS,
    "columns calls": schema.CALL_COLUMNS,
    "columns variant calls": schema.VARIANT_CALL_COLUMNS,
    "columns long": schema.long_table_columns(averaged=True, calibrated=True),
}
"""Tables of columns, by the name of their part."""


def column_table(group: str = "columns") -> str:
    """Every column of a group; of a run with one model and averaging by default."""
    columns = COLUMN_GROUPS[group]
    # These are never in a VCF.
    keyed = group not in {
        *("columns hits", "columns loci", "columns long"),
        *("columns comparison", "columns combinations", "columns windows", "columns calls"),
    }
    rows = (
        [
            f"`{column.name}`",
            column.type,
            column.unit,
            *([f"`{column.vcf_key}`" if column.vcf_key else ""] if keyed else []),
            _plain(column.description.removeprefix(f"{MODEL}: ")),
        ]
        for column in columns
    )
    keys = ["VCF INFO key"] if keyed else []
    return table(["column", "type", "unit", *keys, "description"], rows)


def error_tree() -> str:
    """Draw the tree as the module's docstring does."""
    _, _, text = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")
    drawn, _, _ = text.partition("\n\n")
    return f"```text\n{inspect.cleandoc(drawn)}\n```"


def card_table() -> str:
    """Every key of a model card, with the description in its docstring."""
    text = inspect.cleandoc(ModelCard.__doc__ or "")
    section = re.split(r"\nAttributes\n-+\n", text)[1].split("\n\n", 1)[0]
    entries = re.findall(r"^(\S.*)\n((?:    .*\n?)+)", section, flags=re.MULTILINE)
    rows = []
    for names, description in entries:
        one_line = " ".join(description.split()).replace("``", "`")
        rows += [[f"`{name}`", one_line] for name in names.split(", ")]
    return table(["key", "meaning"], rows)


def published_table() -> str:
    """Every published model, a collection as one line."""
    rows = {}
    for entry in published_models():
        name = f"{entry.collection}-NAME" if entry.collection else entry.name
        checksum = "published" if entry.sha256 else "first seen"
        if entry.collection:
            checksum = "published for some"
        rows[name] = [
            f"`{name}`",
            "base model" if entry.base else f"{entry.window_length} bp",
            str(entry.kmer),
            str(entry.max_seq_length or ""),
            entry.padding or "",
            entry.licence,
            checksum,
            f"[{entry.homepage.removeprefix('https://')}]({entry.homepage})",
        ]
    head = ["name", "window", "k", "max_seq_length", "padding", "licence", "checksum", "where"]
    return table(head, [*rows.values()])


def unverified_list() -> str:
    """List what could not be looked up of each published model."""
    doubts: dict[str, list[str]] = {}
    for entry in published_models():
        name = entry.collection or entry.name
        for doubt in entry.unverified:
            if doubt not in doubts.setdefault(name, []):
                doubts[name].append(doubt)
    return "\n".join(f"- {name}: {'; '.join(said)}." for name, said in doubts.items() if said)


def public_names() -> str:
    """Every name of the package itself, linked to where it is described."""
    rows = []
    for name in ev.__all__:
        value = getattr(ev, name)
        home = _home(name)
        described = home is not None and f"{home}.{name}"
        linked = f"{{py:obj}}`{name} <{described}>`" if described else f"`{name}`"
        first = (inspect.getdoc(value) or "").splitlines()[0] if described else "Version."
        rows.append([linked, _plain(first)])
    return table(["name", "what it is"], rows)


def api(home: str) -> str:
    """Every public name of a package or module, by autodoc."""
    names = _all_of(HOMES[home])
    kinds: dict[str, list[str]] = {"Classes": [], "Functions": [], "Exceptions": [], "Values": []}
    for name in names:
        if isinstance(getattr(importlib.import_module(home), name), ModuleType):
            continue  # described on a page of its own
        kind, text = _described(home, name)
        kinds[kind].append(text)
    several = sum(map(bool, kinds.values())) > 1
    blocks = [f"```{{eval-rst}}\n.. py:module:: {home}\n```"]
    for kind, texts in kinds.items():
        if texts:
            blocks += [f"## {kind}"] if several else []
            blocks += [f"```{{eval-rst}}\n{text}\n```" for text in texts]
    return "\n\n".join(blocks)


def command_line() -> str:
    """Every command with its arguments and options, as ``--help`` has them."""
    context = click.Context(cli, **cli.context_settings)
    return "\n\n".join(_sections(cli, "enhancer-variants", context))


def _sections(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    yield f"## `{name}`"
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```"
    yield re.sub(r" *\n(?!\n)", " ", inspect.cleandoc(command.help or "")).strip()
    rows = [_option(option, context) for option in command.get_params(context)]
    yield table(["option", "default", "meaning"], [row for row in rows if row])
    if isinstance(command, click.Group):
        for sub, inner in sorted(command.commands.items()):
            yield from _sections(inner, f"{name} {sub}", click.Context(inner, parent=context))


def _option(option: click.Parameter, context: click.Context) -> list[str]:
    if not isinstance(option, click.Option):
        return []
    names, text = option.get_help_record(context) or ("", "")
    extra = option.get_help_extra(context)
    described = re.sub(r"\s+\[[^\]]*\]$", "", text) if extra else text
    default = "required" if extra.get("required") else str(extra.get("default", ""))
    return [f"`{names}`", default, _plain(described)]


def _home(name: str) -> str | None:
    """Package or module under which a name of the package is described."""
    listed = (home for home, module in HOMES.items() if name in _all_of(module))
    return next(listed, None)


def _all_of(module: str) -> Sequence[str]:
    names: Sequence[str] = importlib.import_module(module).__all__
    return names


def _described(home: str, name: str) -> tuple[str, str]:
    """Heading under which a name belongs, and its reStructuredText."""
    value = getattr(importlib.import_module(home), name)
    if inspect.isclass(value):
        if issubclass(value, Exception):
            return "Exceptions", f".. autoexception:: {home}.{name}\n   :show-inheritance:"
        return "Classes", f".. autoclass:: {home}.{name}\n   :members:"
    if inspect.isfunction(value):
        return "Functions", f".. autofunction:: {home}.{name}"
    text = f".. py:data:: {name}\n"
    if len(repr(value)) <= _LONGEST_VALUE:
        text += f"   :value: {value!r}\n"
    return "Values", f"{text}\n   {_comment(home, name)}\n"


def _comment(home: str, name: str) -> str:
    """Find the text that stands below an assignment in a module of `home`."""
    for module in _modules(importlib.import_module(home)):
        body = ast.parse(inspect.getsource(module)).body
        for statement, following in itertools.pairwise(body):
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            assigned = any(isinstance(t, ast.Name) and t.id == name for t in targets)
            if assigned and isinstance(following, ast.Expr):
                text = ast.literal_eval(following.value)
                return " ".join(inspect.cleandoc(text).split())
            if assigned:
                return ""
    return ""


def _modules(package: Any) -> Iterator[Any]:
    yield package
    for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def _plain(text: str) -> str:
    """Text of the code as Markdown: stars, angle brackets and roles are not markup there."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"([*<>\[\]_])", r"\\\1", piece)
        for piece in pieces
    )


PARTS: dict[str, Callable[[], str]] = {
    "statuses": status_table,
    **{group: functools.partial(column_table, group) for group in COLUMN_GROUPS},
    "errors": error_tree,
    "card": card_table,
    "published": published_table,
    "unverified": unverified_list,
    "names": public_names,
    "commands": command_line,
    **{f"api {home}": functools.partial(api, home) for home in HOMES},
}
"""What the directive ``{generated}`` can be asked for."""
