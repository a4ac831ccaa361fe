"""How the documentation is built: offline, every page's code executed, warnings as errors."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from pathlib import Path

import jupyter_client
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))

from generated import PARTS

from enhancer_variants import __version__ as release

project = "enhancer_variants"
author = "The enhancer_variants developers"
copyright = author
version = release

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
html_theme = "furo"
html_title = "enhancer_variants"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_theme_options = {"announcement": "For research, not for clinical use."}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Every cell is executed at every build, and an exception in one ends the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
# Progress bars and hints about notebook widgets; errors end the build all the same.
nb_output_stderr = "remove"

# Pages may be read side by side (`sphinx-build -j 2`), so the process of each keeps to one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
SOCKETS = tempfile.TemporaryDirectory(prefix="kernels")


class KernelOfItsOwn(jupyter_client.AsyncKernelManager):
    """What runs a page's cells: two that start at once would choose the same ports."""

    transport = "ipc"

    def _ip_default(self) -> str:
        return str(Path(SOCKETS.name, uuid.uuid4().hex[:12]))


jupyter_client.AsyncKernelManager = KernelOfItsOwn

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False


class Generated(SphinxDirective):
    """``{generated} NAME``: a part that is written from the code when the page is built."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Write the part and read it as if it stood in the page."""
        text = PARTS[self.arguments[0]]()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known to Sphinx."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
