"""A page of HTML in which everything is inline and nothing of the input is markup."""

from __future__ import annotations

import base64
import hashlib
import importlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from enhancer_variants.errors import MissingDependencyError
from enhancer_variants.reports.page.table_data import json_for_script
from enhancer_variants.reports.page.written import p_text, share_text, signed_text

__all__ = ["page_of", "require_jinja"]

_TEMPLATE: Final = "page.html.jinja"


def require_jinja() -> Any:
    """Import jinja2.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return importlib.import_module("jinja2")
    except ImportError as error:
        raise MissingDependencyError(
            f"a report needs jinja2, which cannot be imported ({error}): "
            "pip install 'enhancer-variants[report]'"
        ) from error


def page_of(context: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
    """Fill the template.

    Parameters
    ----------
    context
        Values of the template; whatever stands in them is escaped.
    data
        What the page's script reads, as JSON.

    Returns
    -------
    bytes
        UTF-8. The page's own policy allows its one script and its one style sheet, by their
        checksums, and pictures that are in it; a request that leaves it is allowed nowhere.
    """
    jinja = require_jinja()
    environment = jinja.Environment(
        loader=jinja.FunctionLoader(_part),
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"signed": signed_text, "share": share_text, "p": p_text}
    markup = importlib.import_module("markupsafe").Markup
    style, script = _part("page.css"), _part("page.js")
    page: str = environment.get_template(_TEMPLATE).render(
        **context,
        style=markup(style),
        script=markup(script),
        data=markup(json_for_script(data)),
        style_hash=_checksum(style),
        script_hash=_checksum(script),
    )
    # A lone surrogate, which a damaged name may hold, has no UTF-8.
    return page.encode("utf-8", "replace")


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _checksum(text: str) -> str:
    """Checksum of an inline element's text, as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
