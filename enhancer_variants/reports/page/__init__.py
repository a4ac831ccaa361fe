"""Effects as one page of HTML that opens offline, to send to a colleague."""

from __future__ import annotations

from enhancer_variants.reports.page.effects_file import read_effects
from enhancer_variants.reports.page.report_page import report

__all__ = ["read_effects", "report"]
