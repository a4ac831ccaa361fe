"""The documentation names what there is, all of it, and nothing else."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import enhancer_variants as ev
from enhancer_variants import errors, schema
from enhancer_variants.cli import cli
from enhancer_variants.genome import InMemoryContig, Variant, WindowRule, allele_windows
from enhancer_variants.io.effects_as_vcf import header_of_contigs, header_with_effects

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"

PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts]
SOURCES = [*PAGES, REPOSITORY / "README.md"]

PUBLIC_PACKAGES = [
    "genome",
    "io",
    "motifs",
    "models",
    "effects",
    "calibration",
    "explanation",
    "reports",
    "reports.plot",
    "schema",
    "errors",
    "demo",
]

COLUMNS_OF_NO_MODEL = (
    *schema.TFBS_TOP_COLUMNS,
    *schema.MOTIF_COLUMNS,
    *schema.MOTIF_SHIFT_SUM,
    schema.MOTIF_HITS,
    *schema.AGREEMENT_COLUMNS,
)

NOT_COLUMNS = {
    *("enhancer_variants", "CTCF_site", "toy_model"),
    *("motif_disruption", "motif_options", "motif_panel", "tfbs_panels", "tfbs_table"),
}
"""Words of the pages that only look like columns."""

_FENCED_BASH = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_TARGET = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|^:::.*?$|^---\n.*?\n---$", re.MULTILINE | re.DOTALL)


def _identify(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def _commands(
    command: click.Command = cli, name: str = "enhancer-variants"
) -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line by its full name, groups included."""
    yield name, command
    if isinstance(command, click.Group):
        for sub, inner in command.commands.items():
            yield from _commands(inner, f"{name} {sub}")


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    """The module that writes parts of the documentation from the code."""
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(markdown: str) -> list[list[str]]:
    """Cells of a Markdown table, without its head; code marks taken off."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")][2:]
    return [
        [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]


def test_the_pages_ask_for_every_generated_part_and_no_other(generated: ModuleType) -> None:
    text = "".join(page.read_text() for page in PAGES)
    asked_for = re.findall(r"^```\{generated\} (.+)$", text, re.MULTILINE)
    assert set(asked_for) == set(generated.PARTS)


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.M | re.S):
            entries = [line for line in block.splitlines() if line and not line.startswith(":")]
            listed |= {(page.parent / f"{entry}.md").resolve() for entry in entries}
    assert listed == set(PAGES)


def test_definitions_come_first() -> None:
    toctree = (DOCS / "index.md").read_text().split("{toctree}")[1].splitlines()
    assert next(line for line in toctree[1:] if line and line[0] != ":") == "definitions"


def test_every_column_stands_in_the_table_with_its_unit_and_key(generated: ModuleType) -> None:
    columns = (*schema.IDENTITY_COLUMNS, *schema.model_columns("enhancer", averaged=True))
    rows = _rows(generated.column_table())
    assert [row[:4] for row in rows] == [[c.name, c.type, c.unit, c.vcf_key] for c in columns]
    assert all(row[4] for row in rows)


@pytest.mark.parametrize(
    ("group", "columns"),
    [
        ("columns tfbs", schema.TFBS_TOP_COLUMNS),
        ("columns motif", (*schema.MOTIF_COLUMNS, *schema.MOTIF_SHIFT_SUM, schema.MOTIF_HITS)),
        ("columns agreement", schema.AGREEMENT_COLUMNS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_column_of_no_model_stands_in_a_table(
    group: str, columns: tuple[schema.Column, ...], generated: ModuleType
) -> None:
    rows = _rows(generated.column_table(group))
    assert [row[:4] for row in rows] == [[c.name, c.type, c.unit, c.vcf_key] for c in columns]
    assert all(row[4] for row in rows)


@pytest.mark.parametrize(
    ("group", "columns"),
    [
        ("columns hits", schema.MOTIF_HIT_COLUMNS),
        ("columns long", schema.long_table_columns(averaged=True, calibrated=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_tables_beside_the_output_are_described_without_keys(
    group: str, columns: tuple[schema.Column, ...], generated: ModuleType
) -> None:
    rows = _rows(generated.column_table(group))
    assert [row[:3] for row in rows] == [[c.name, c.type, c.unit] for c in columns]
    assert all(len(row) == 4 and row[3] for row in rows)


def test_the_table_of_calibration_has_all_its_columns_and_q_behind_p(
    generated: ModuleType,
) -> None:
    rows = _rows(generated.column_table("columns calibrated"))
    assert [row[0] for row in rows] == [f"enhancer_{q}" for q in ("percentile", "p", "q", "phred")]
    plain = {column.name for column in schema.model_columns("enhancer")}
    added = schema.model_columns("enhancer", calibrated=True)
    assert {column.name for column in added} - plain <= {row[0] for row in rows}


def test_the_table_of_info_keys_says_what_the_header_declares() -> None:
    columns = (
        *schema.IDENTITY_COLUMNS,
        *schema.model_columns("enhancer", calibrated=True),
        *COLUMNS_OF_NO_MODEL,
    )
    header = b"".join(header_with_effects(header_of_contigs({}), columns, {})).decode()
    text = (DOCS / "input_and_output.md").read_text()
    said = dict(re.findall(r"^\| `(EV_[^`]+)` \| `(.)` \|", text, re.MULTILINE))
    other = said.pop("EV_<MODEL>_<QUANTITY>")
    for key, number in re.findall(r"##INFO=<ID=(\w+),Number=(.),", header):
        assert said.pop(key, other) == number, key
    assert not said


def test_every_status_stands_in_the_table_in_order_of_precedence(generated: ModuleType) -> None:
    rows = _rows(generated.status_table())
    assert [row[1] for row in rows] == [status.value for status in schema.Status]
    assert all(row[2] for row in rows)


def test_the_prose_names_every_status() -> None:
    prose = (DOCS / "how_scoring_works.md").read_text() + (DOCS / "input_and_output.md").read_text()
    prose += (DOCS / "gwas_lists.md").read_text()
    missing = [status for status in schema.Status if f"`{status}`" not in prose]
    assert not missing


@pytest.mark.parametrize("kind", [*schema.KINDS, *schema.EFFECTS])
def test_the_definitions_name_every_kind_and_effect(kind: str) -> None:
    assert f"| `{kind}` |" in (DOCS / "definitions.md").read_text()


def test_the_definitions_say_the_sign_of_the_shift() -> None:
    text = (DOCS / "definitions.md").read_text()
    assert "log_odds_shift = log_odds(ALT) - log_odds(REF)" in text
    assert "**Above 0, the ALT gains; below 0, the ALT loses.**" in text
    assert "logOR = -log_odds_shift" in text


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_drawn_and_described(name: str, generated: ModuleType) -> None:
    assert re.search(rf"\b{name}\b", generated.error_tree())
    described = generated.api("enhancer_variants.errors")
    assert f".. autoexception:: enhancer_variants.errors.{name}\n" in described


def test_every_public_name_is_listed_and_linked_to_its_description(generated: ModuleType) -> None:
    descriptions = "".join(generated.api(home) for home in generated.HOMES)
    listed = generated.public_names()
    for name in ev.__all__:
        assert re.search(rf"`{re.escape(name)}\b", listed), name
        if name != "__version__":
            target = re.search(rf"`{name} <(enhancer_variants[\w.]+)>`", listed)
            assert target is not None, f"{name} is not linked"
            assert f":: {target[1]}\n" in descriptions, name


@pytest.mark.parametrize("package", PUBLIC_PACKAGES)
def test_every_public_name_of_a_package_is_described(package: str, generated: ModuleType) -> None:
    home = f"enhancer_variants.{package}"
    described = generated.api(home)
    for name in importlib.import_module(home).__all__:
        if f"{home}.{name}" in generated.HOMES:
            continue  # a module, described by itself
        qualified = re.search(rf"auto\w+:: {home}\.{name}\n", described)
        assert qualified or re.search(rf"py:data:: {name}\n(.*\n)*?\n   \S", described), name


def test_every_key_of_the_model_card_is_described(generated: ModuleType) -> None:
    rows = _rows(generated.card_table())
    assert sorted(row[0] for row in rows) == sorted(ev.ModelCard.__dataclass_fields__)
    assert all(row[1] for row in rows)


@pytest.mark.parametrize(("name", "command"), [*_commands()], ids=lambda value: str(value)[:40])
def test_every_command_and_option_is_described(
    name: str, command: click.Command, generated: ModuleType
) -> None:
    text = generated.command_line()
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts} has no help"
            for spelling in parameter.opts:
                assert re.search(rf"(?<![\w-]){spelling}(?![\w-])", section[1]), spelling
        else:
            assert parameter.make_metavar(click.Context(command)) in section[1]


def test_the_prose_names_every_command() -> None:
    prose = "".join(page.read_text() for page in PAGES if page.name != "command_line.md")
    for name, command in _commands():
        if not isinstance(command, click.Group):
            assert name in prose


def test_the_table_of_steps_names_every_option_of_score() -> None:
    text = (DOCS / "how_scoring_works.md").read_text().split("## Which option", 1)[1]
    options = [p for p in cli.commands["score"].params if isinstance(p, click.Option)]
    elsewhere = {"--reference"}  # not an option in the sense of a choice: it is required
    for option in options:
        spelling = max(option.opts, key=len)
        assert spelling in elsewhere or f"`{spelling}`" in text, spelling


def _shown_commands() -> list[tuple[str, list[str]]]:
    """Command lines of this program in fenced bash blocks, with the file that shows them."""
    shown = []
    for source in SOURCES:
        for block in _FENCED_BASH.findall(source.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
                lexer.whitespace_split = True
                shown += [(_identify(source), words) for words in _simple_commands([*lexer])]
    return [(page, words) for page, words in shown if Path(words[0]).name == "enhancer-variants"]


def _simple_commands(words: list[str]) -> Iterator[list[str]]:
    """Split at pipes and the like; what follows a redirection is a file, not an argument."""
    command: list[str] = []
    for place, word in enumerate(words):
        if set(word) <= set("|&;") or word in "()":
            if command:
                yield command
            command = []
        elif not (set(word) <= set("<>") or (place and set(words[place - 1]) <= set("<>"))):
            command.append(word)
    if command:
        yield command


@pytest.mark.parametrize(
    ("page", "words"),
    _shown_commands(),
    ids=[f"{page}-{' '.join(words[1:])[:40]}" for page, words in _shown_commands()],
)
def test_every_command_line_shown_is_one(page: str, words: list[str]) -> None:
    command: click.Command = cli
    name, arguments, context = "enhancer-variants", words[1:], None
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        context = click.Context(command, parent=context, info_name=name)
        name, *arguments = arguments
        found = command.get_command(context, name)
        assert found is not None, f"{page}: no command {name}"
        command = found
    assert not isinstance(command, click.Group) or arguments, f"{page}: {words} does nothing"
    with contextlib.suppress(click.exceptions.Exit):  # --help and --version end here
        command.make_context(name, arguments, parent=context)


@pytest.mark.parametrize("source", SOURCES, ids=_identify)
def test_no_page_names_an_option_that_does_not_exist(source: Path) -> None:
    options = {
        spelling for _, command in _commands() for p in command.params for spelling in p.opts
    }
    for option in re.findall(r"`(--[a-z][a-z0-9_-]*)", _CODE.sub("", source.read_text())):
        if option == "--do_visualize":
            continue  # of the published DNABERT code
        assert option in options, f"{_identify(source)}: {option}"


def test_command_lines_are_found_in_what_is_shown() -> None:
    assert {words[1] for _, words in _shown_commands()} >= {"score", "models", "demo"}


def _anchors(page: Path) -> set[str]:
    text = _CODE.sub("", page.read_text())
    slugs = set(_TARGET.findall(page.read_text()))
    for heading in _HEADING.findall(text):
        plain = re.sub(r"[^\w\s-]", "", heading.lower())
        slugs.add(re.sub(r"\s", "-", plain.strip()))
    return slugs


@pytest.mark.parametrize("source", SOURCES, ids=_identify)
def test_every_internal_link_leads_somewhere(source: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", source.read_text())):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (source.parent / path).resolve() if path else source
        assert target.exists(), f"{_identify(source)}: {link}"
        if anchor:
            assert anchor in _anchors(target), f"{_identify(source)}: {link}"


@pytest.mark.parametrize("source", SOURCES, ids=_identify)
def test_no_page_names_a_column_or_key_that_does_not_exist(source: Path) -> None:
    text = source.read_text()
    keys = {"EV_STATUS", "EV_STATUS_DETAIL", "EV_KIND"}
    columns = {column.name for column in schema.MOTIF_HIT_COLUMNS}
    columns |= {column.name for column in schema.VARIANT_CALL_COLUMNS}
    keys |= {column.vcf_key for column in schema.VARIANT_CALL_COLUMNS}
    of_models = itertools.chain.from_iterable(
        schema.model_columns(model, averaged=True, calibrated=True)
        for model in ("enhancer", "CTCF", "NKX2-5", "toy")
    )
    of_risk = (schema.risk_shift_column(model) for model in ("enhancer", "CTCF"))
    for column in (*of_models, *of_risk, *COLUMNS_OF_NO_MODEL):
        columns.add(column.name)
        keys.add(column.vcf_key)
    named = r"(?<![\w./-])(?:enhancer|CTCF|toy|motif|tfbs|agreement)_[a-z]\w*"
    for token in re.findall(named, text):
        known = (
            token in columns or token in NOT_COLUMNS or token == f"enhancer_{schema.Q_VALUE.name}"
        )
        assert known, f"{_identify(source)}: {token}"
    for token in re.findall(r"\bEV_[A-Z0-9_.]*[A-Z0-9]\b", text):
        whole = token in keys or any(key.startswith(f"{token}_") for key in keys)
        assert whole, f"{_identify(source)}: {token}"


@pytest.mark.parametrize("page", ["index.md", "quickstart.md"])
def test_the_first_pages_say_what_this_is_not_for(page: str) -> None:
    text = " ".join((DOCS / page).read_text().split())
    assert "For research, not for clinical use." in text


def test_the_drawn_window_is_the_rule_s() -> None:
    """The drawing in the definitions, held against the code."""
    text = (DOCS / "definitions.md").read_text()
    rows = re.findall(r"^(genome|REF window|ALT window)( +[ACGT]+(?:  [ACGT]+)?)", text, re.M)
    drawn = dict(rows)
    contig = InMemoryContig("toy", drawn["genome"].strip())
    variant = Variant.parse("toy:9:GCT:G")
    assert str(variant) in text
    (window,) = allele_windows(variant, contig, WindowRule(length=10)).windows
    assert drawn["REF window"].strip() == window.ref
    assert drawn["ALT window"].replace(" ", "") == window.alt
    left = drawn["genome"].index(contig.sequence) + len("genome")
    assert drawn["REF window"].index(window.ref) + len("REF window") == left + window.start
