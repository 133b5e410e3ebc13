"""The field app as the server sends it in; how heavy its parts are, packed, out. For `make test` and the bench."""

import re

import brotli

from bench.large_form import workbook
from khula.analysis.packs.device import device_form
from khula.analysis.packs.forms import compile_form
from khula.server.field import program

#: What runs a form: the evaluator, the interview with its controls, and the style sheet.
RUNTIME = (
    "forms/values.js",
    "forms/functions.js",
    "forms/nodes.js",
    "forms/form.js",
    "screens/dom.js",
    "screens/everyday_controls.js",
    "screens/controls.js",
    "screens/interview.js",
)


def runtime_bytes() -> int:
    """The runtime's part of the one file, packed as that is; and the style sheet."""
    begun = re.compile(r"^WHOLE\['([^']+)'\] = ", re.MULTILINE)
    _, *pieces = begun.split(program.whole().text)
    parts = dict(zip(pieces[::2], pieces[1::2], strict=True))
    packed = program._packed(program._smaller("\n".join(parts[path] for path in RUNTIME)), ".js")
    style = program.file_at("shell/app.css")
    assert style is not None
    return len(packed.forms["br"]) + len(style.forms["br"])


#: What the page and its first screens ask for.
FIRST = ("", "program.js", "shell/app.js", "shell/app.css", "shell/pictures.svg", "shell/manifest.webmanifest")


def first_form_bytes() -> int:
    """A form of 160 questions in four languages."""
    return len(brotli.compress(device_form(compile_form(workbook(160)).xml)))
